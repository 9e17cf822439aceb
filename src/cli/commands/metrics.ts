/** `sqlcc metrics`: one node's current values, also as text that a scraper reads. */
import type { ResponseOf } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

function escapeLabel(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

/** `name{node="n1"} value` lines; a name that has labels already keeps them. */
function exposition({ metrics, node_id }: ResponseOf<'metrics'>, isOpen: boolean): string {
  const lines = Object.entries(metrics).map(([name, value]) => {
    const full = name.startsWith('sqlcc_') ? name : `sqlcc_${name}`;
    const labels = NAME.test(full) ? `{node="${escapeLabel(node_id)}"}` : '';
    return `${full}${labels} ${Number.isFinite(value) ? value : 'NaN'}`;
  });
  return `${lines.join('\n')}\n${isOpen ? '# EOF\n' : ''}`;
}

export const metrics: Run = async (context, { flags }) => {
  const { printer } = context;
  const client = await context.client();
  const answer = await client.metrics(given('node', flags.text('node')));
  if (printer.format === 'prometheus' || printer.format === 'openmetrics') {
    printer.raw(exposition(answer, printer.format === 'openmetrics'));
    return EXIT.ok;
  }
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
