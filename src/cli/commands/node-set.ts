/** `sqlcc node set`: zone and metadata of a node. */
import { SqlccError } from '../../base/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';

/** `disk=ssd` sets a word of the metadata, `disk=` takes it away; the others stay as they are. */
function changed(
  metadata: Readonly<Record<string, string>>,
  words: readonly string[],
): Record<string, string> {
  const out = new Map(Object.entries(metadata));
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) {
      const hint = 'for example: disk=ssd, or disk= to take it away';
      throw new SqlccError('invalid_argument', `"${word}" is no KEY=VALUE`, { hint });
    }
    const [key, value] = [word.slice(0, at), word.slice(at + 1)];
    if (value === '') out.delete(key);
    else out.set(key, value);
  }
  return Object.fromEntries(out);
}

export const nodeSet: Run = async (context, { args, flags }) => {
  const [id = '', ...words] = args;
  const zone = flags.text('zone');
  if (zone === undefined && words.length === 0) {
    const hint = `sqlcc node set ${id} --zone east, or sqlcc node set ${id} disk=ssd`;
    throw new SqlccError('invalid_argument', `what shall be set of ${id}?`, { hint });
  }
  const client = await context.client();
  // the record takes metadata as a whole: what is there now is kept by being sent again
  const metadata = words.length === 0 ? undefined : changed((await client.node(id)).node.metadata, words);
  const answer = await client.updateNode(id, { ...given('zone', zone), ...given('metadata', metadata) });
  const { printer } = context;
  const labels = Object.entries(answer.node.metadata).map(([key, value]) => `${key}=${value}`);
  await printer.answer(answer, () =>
    printer.facts([
      ['Name', answer.node.node_id],
      ['Zone', answer.node.zone],
      ['Metadata', labels.join(', ')],
    ]),
  );
  return EXIT.ok;
};
