/**
 * Every kind of file that a data folder holds, and what becomes of it with a flipped bit. A kind that is not
 * here fails the tests of a real folder and of the names in the sources: say here what its bits may do, and
 * flip them where it says so.
 */

/** What a flipped bit may do: the start names the file · it is made again · what is lost is told · nobody reads it. */
type Fate = 'refused' | 'made again' | 'told' | 'forgotten' | 'unread';

export interface FileKind {
  readonly name: string;
  /** Paths in the folder. */
  readonly paths: RegExp;
  readonly fate: Fate;
  /** The test that flips its bits, from the root. */
  readonly triedIn: string;
}

const SMALL = 'test/storage/small-files.test.ts';
const MEMORIES = 'test/storage/memories.test.ts';
const ROT = 'test/storage/node-rot.test.ts';
const WAL = 'test/storage/wal-rot.test.ts';
const STATE = 'test/storage/state-rot.test.ts';

export const KINDS: readonly FileKind[] = [
  { name: 'identity', paths: /^identity\.json$/, fate: 'refused', triedIn: SMALL },
  { name: 'count of starts', paths: /^boot\.json$/, fate: 'refused', triedIn: SMALL },
  { name: 'seeds', paths: /^seeds\.json$/, fate: 'refused', triedIn: SMALL },
  { name: 'certificates, keys', paths: /^pki\/(ca|node)\.(crt|key)$/, fate: 'refused', triedIn: SMALL },
  { name: 'key of the next CA', paths: /^pki\/ca-next\.key$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'bridge of a CA', paths: /^pki\/ca-bridge\.crt$/, fate: 'made again', triedIn: MEMORIES },
  { name: 'what was signed', paths: /^pki\/issued(\.sending)?\.jsonl$/, fate: 'told', triedIn: MEMORIES },
  { name: 'refusals', paths: /^denials(\.1)?\.jsonl$/, fate: 'told', triedIn: MEMORIES },
  { name: 'a join under way', paths: /^join\.json$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'addresses of names', paths: /^hosts\.json$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'a told incident', paths: /^told\.json$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'availability so far', paths: /^availability\.json$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'mark of the audit', paths: /^audit-logged\.json$/, fate: 'forgotten', triedIn: MEMORIES },
  { name: 'segment', paths: /^wal\/\d+-\d+\.wal$/, fate: 'refused', triedIn: WAL },
  { name: 'watermark', paths: /^wal\/watermark$/, fate: 'refused', triedIn: WAL },
  { name: 'state', paths: /^engine\/state-\d+\.db$/, fate: 'made again', triedIn: STATE },
  { name: 'log of the state', paths: /^engine\/state-\d+\.db-wal$/, fate: 'made again', triedIn: STATE },
  { name: 'sums of the state', paths: /^engine\/state-\d+\.db\.sums$/, fate: 'made again', triedIn: STATE },
  { name: 'snapshot', paths: /^snapshots\/[^/]+\.snap$/, fate: 'made again', triedIn: ROT },
  // room, locks, and what an earlier life did not bring to its end
  { name: 'ballast', paths: /^wal\/ballast$/, fate: 'unread', triedIn: ROT },
  { name: 'lock', paths: /^LOCK(-journal|\.owner)?$/, fate: 'unread', triedIn: ROT },
  { name: 'shared memory of the state', paths: /^engine\/state-\d+\.db-shm$/, fate: 'unread', triedIn: ROT },
  { name: 'half a file', paths: /\.(tmp|part)$/, fate: 'unread', triedIn: ROT },
  { name: 'put aside', paths: /\.broken$/, fate: 'unread', triedIn: ROT },
];

/** The kind of a file by its path in the folder, or null. */
export function kindOf(path: string): FileKind | null {
  return KINDS.find(({ paths }) => paths.test(path)) ?? null;
}
