/** The catalogue as documentation: a Markdown table of all metrics. It can't drift. */
import { isExposed, METRICS } from './catalogue.ts';
import { BUILD_INFO, FAMILIES } from './families.ts';
import type { MetricUnit } from './names.ts';
import { exposedName, kindOf } from './names.ts';

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

const unitText = (unit: MetricUnit): string => (unit === '' ? 'count' : unit);

/**
 * Every metric with its name on `/metrics`. `conditionsOf`: of whom conditions of alerts may ask it, empty
 * where none can.
 */
export function metricsReference(conditionsOf: (id: string) => string): string {
  const metrics = METRICS.map((metric) => {
    const { id, group, unit, help } = metric;
    const shown = isExposed(metric) ? `\`${exposedName(metric)}\`` : 'as a histogram';
    const ids = [`\`${id}\``, group, conditionsOf(id), shown];
    return row([...ids, kindOf(metric), unitText(unit), '', help]);
  });
  const families = FAMILIES.map((family) => {
    const { id, group, kind, unit, label, help } = family;
    const labelled = (label?.split(',') ?? []).map((name) => `\`${name}\``).join(' ');
    const ids = [`\`${id}\``, group, '', `\`${exposedName(family)}\``];
    return row([...ids, kind, unitText(unit), labelled, help]);
  });
  const { group, kind, unit, label, help } = BUILD_INFO;
  const build = ['none', group, `\`${exposedName(BUILD_INFO)}\``, kind, unitText(unit), `\`${label}\``, help];
  return [
    row(['name', 'group', 'conditions', 'on `/metrics`', 'kind', 'unit', 'label', 'meaning']),
    row(Array<string>(8).fill('---')),
    ...metrics,
    ...families,
    row(build),
    '',
  ].join('\n');
}
