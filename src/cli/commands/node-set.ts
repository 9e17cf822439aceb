/**
 * `sqlcc node set`: zone and metadata of a node. The record takes metadata as a whole, so what is there is
 * read first and sent again, bound to what was read: nobody's words are lost, whoever writes meanwhile.
 */
import { SqlccError } from '../../base/index.ts';
import type { SqlccClient } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';

type Words = Readonly<Record<string, string>>;

interface Wish {
  readonly id: string;
  readonly zone: string | undefined;
  /** An empty value takes the word away. */
  readonly words: ReadonlyMap<string, string>;
  /** Words that must be so, whoever wrote them; an empty value: no such word. */
  readonly expected: ReadonlyMap<string, string>;
  /** Whether the zone must be what was read. */
  readonly isZoneBound: boolean;
}

/** Tries against others who write other words of the same node. */
const TRIES = 5;

/** `disk=ssd`, `disk=`. */
function wordsOf(texts: readonly string[]): Map<string, string> {
  return new Map(
    texts.map((text): [string, string] => {
      const at = text.indexOf('=');
      if (at < 1) {
        const hint = 'for example: disk=ssd, or disk= to take it away';
        throw new SqlccError('invalid_argument', `"${text}" is no KEY=VALUE`, { hint });
      }
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

const shown = (value: string | undefined): string => (value === undefined || value === '' ? 'unset' : value);

function changed(metadata: Words, words: ReadonlyMap<string, string>): Record<string, string> {
  const out = new Map([...Object.entries(metadata), ...words]);
  return Object.fromEntries([...out].filter(([, value]) => value !== ''));
}

function conflict(id: string, differences: readonly string[]): SqlccError {
  return new SqlccError('conflict', `${differences.join('; ')}: nothing was changed`, {
    hint: `sqlcc node show ${id} has what is there now; decide again`,
  });
}

/** Refuses where `expected` words are others than those of the record. */
function requireWords(id: string, metadata: Words, expected: ReadonlyMap<string, string>): void {
  const wrong = [...expected].filter(([key, value]) => (metadata[key] ?? '') !== value);
  if (wrong.length === 0) return;
  const texts = wrong.map(
    ([key, value]) => `${key} of ${id} is ${shown(metadata[key])}, not ${shown(value)}`,
  );
  throw conflict(id, texts);
}

/** Writes; where others changed other words meanwhile, once more on top of theirs. */
async function write(client: SqlccClient, wish: Wish, read: { zone: string; metadata: Words }) {
  const { id, zone, words, expected, isZoneBound } = wish;
  let metadata = read.metadata;
  const before = new Map([...words.keys(), ...expected.keys()].map((key) => [key, metadata[key] ?? '']));
  for (let n = 1; ; n++) {
    const change = {
      ...given('zone', zone),
      ...(words.size > 0 && { metadata: changed(metadata, words) }),
      expect: { ...(isZoneBound && { zone: read.zone }), ...(before.size > 0 && { metadata }) },
    };
    try {
      return await client.updateNode(id, change);
    } catch (error) {
      if (!(error instanceof SqlccError && error.code === 'conflict') || n === TRIES) throw error;
      const { node } = await client.node(id);
      if (isZoneBound && node.zone !== read.zone) throw error;
      // the very words that are to be written: whoever wrote them meanwhile was first
      requireWords(id, node.metadata, before);
      metadata = node.metadata;
    }
  }
}

export const nodeSet: Run = async (context, { args, flags }) => {
  const [id = '', ...texts] = args;
  const [zone, words] = [flags.text('zone'), wordsOf(texts)];
  const [expectZone, expected] = [flags.text('expectZone'), wordsOf(flags.texts('expect'))];
  if (zone === undefined && words.size === 0) {
    const hint = `sqlcc node set ${id} --zone east, or sqlcc node set ${id} disk=ssd`;
    throw new SqlccError('invalid_argument', `what shall be set of ${id}?`, { hint });
  }
  const client = await context.client();
  const { node } = await client.node(id);
  requireWords(id, node.metadata, expected);
  if (expectZone !== undefined && expectZone !== node.zone)
    throw conflict(id, [`the zone of ${id} is ${shown(node.zone)}, not ${shown(expectZone)}`]);
  const isZoneBound = zone !== undefined || expectZone !== undefined;
  const answer = await write(client, { id, zone, words, expected, isZoneBound }, node);
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
