/** `sqlcc metrics`: one node's current values, also as the text that a scraper reads. */
import type { MetricsResponse } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';

type Series = MetricsResponse['series'][number];

/** A value by its labels; a histogram as its number of observations and their mean. */
function seriesRows({ id, labels, value, count = 0, sum = 0 }: Series): (readonly [string, number])[] {
  const pairs = Object.entries(labels).map(([name, label]) => `${name}=${label}`);
  const name = (suffix: string) => `${id}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`}`;
  if (value !== undefined) return [[name(''), value]];
  if (count === 0) return [[name('_count'), 0]];
  return [
    [name('_count'), count],
    [name('_mean'), Number((sum / count).toPrecision(4))],
  ];
}

export const metrics: Run = async (context, { flags }) => {
  const { printer } = context;
  if (flags.is('dashboard') || flags.is('rules')) {
    const { monitoringFile } = await import('../../../daemon/index.ts');
    printer.raw(monitoringFile(flags.is('dashboard') ? 'dashboard' : 'rules'));
    return EXIT.ok;
  }
  const client = await context.client();
  const node = given('node', flags.text('node'));
  if (printer.format === 'prometheus' || printer.format === 'openmetrics') {
    printer.raw(await client.metricsText(printer.format, node));
    return EXIT.ok;
  }
  const answer = await client.metrics(node);
  await printer.answer(answer, () => {
    printer.table<readonly [string, number]>(
      [
        { name: 'METRIC', of: ([name]) => name },
        { name: 'VALUE', of: ([, value]) => value, align: 'right' },
      ],
      [...Object.entries(answer.metrics), ...answer.series.flatMap(seriesRows)],
    );
  });
  return EXIT.ok;
};
