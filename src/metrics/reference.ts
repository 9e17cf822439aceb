/** The catalogue as documentation: a Markdown table of all metrics. It can't drift. */
import { isExposed, METRICS } from './catalogue.ts';
import { FAMILIES } from './families.ts';
import type { MetricUnit } from './names.ts';
import { exposedName, kindOf } from './names.ts';

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const unitText = (unit: MetricUnit): string => (unit === '' ? 'count' : unit);

/** Every metric with its name in alert conditions and on `/metrics`. */
export function metricsReference(): string {
  const metrics = METRICS.map((metric) => {
    const { id, group, unit, help } = metric;
    const shown = isExposed(metric) ? `\`${exposedName(metric)}\`` : 'as a histogram';
    return row([`\`${id}\``, group, shown, kindOf(metric), unitText(unit), '', help]);
  });
  const families = FAMILIES.map((family) => {
    const { id, group, kind, unit, label, help } = family;
    const labelled = (label?.split(',') ?? []).map((name) => `\`${name}\``).join(' ');
    return row([`\`${id}\``, group, `\`${exposedName(family)}\``, kind, unitText(unit), labelled, help]);
  });
  return [
    row(['name', 'group', 'on `/metrics`', 'kind', 'unit', 'label', 'meaning']),
    row(Array<string>(7).fill('---')),
    ...metrics,
    ...families,
    '',
  ].join('\n');
}
