/** `sqlcc metrics`: one node's current values, also as the text that a scraper reads. */
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';

export const metrics: Run = async (context, { flags }) => {
  const { printer } = context;
  const client = await context.client();
  const node = given('node', flags.text('node'));
  if (printer.format === 'prometheus' || printer.format === 'openmetrics') {
    printer.raw(await client.metricsText(printer.format, node));
    return EXIT.ok;
  }
  const answer = await client.metrics(node);
  await printer.answer(answer, () => {
    printer.table<[string, number]>(
      [
        { name: 'METRIC', of: ([name]) => name },
        { name: 'VALUE', of: ([, value]) => value, align: 'right' },
      ],
      Object.entries(answer.metrics),
    );
  });
  return EXIT.ok;
};
