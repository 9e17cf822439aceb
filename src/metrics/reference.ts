/** The catalogue as documentation: a Markdown table of all metrics. It can't drift. */
import { isExposed, METRICS } from './catalogue.ts';
import { FAMILIES } from './families.ts';
import { exposedName, kindOf } from './names.ts';

/** Every metric with its name in alert conditions and on `/metrics`. */
export function metricsReference(): string {
  const metrics = METRICS.map((metric) => {
    const shown = isExposed(metric) ? `\`${exposedName(metric)}\`` : 'as a histogram';
    const unit = metric.unit === '' ? 'count' : metric.unit;
    return `| \`${metric.id}\` | ${metric.group} | ${shown} | ${kindOf(metric)} | ${unit} | | ${metric.help} |`;
  });
  const families = FAMILIES.map((family) => {
    const { id, group, kind, label, help } = family;
    const unit = family.unit === '' ? 'count' : family.unit;
    const labelled = label === null ? '' : `\`${label}\``;
    return `| \`${id}\` | ${group} | \`${exposedName(family)}\` | ${kind} | ${unit} | ${labelled} | ${help} |`;
  });
  return [
    '| name | group | on `/metrics` | kind | unit | label | meaning |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...metrics,
    ...families,
    '',
  ].join('\n');
}
