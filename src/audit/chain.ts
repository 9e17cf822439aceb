/**
 * Lines that are tied together by hashes: whoever changes, drops or inserts one has to
 * change all that follow, on every node, or the chain tells where it was broken.
 *
 *     hash(n) = SHA-256(hash(n-1) "\n" JSON of line n without its hash, keys sorted, no spaces)
 *
 * A chain that forgot its oldest lines keeps the place and hash of the last one that it
 * forgot: its anchor.
 */
import { createHash } from 'node:crypto';
import type { Linked } from './record.ts';

/** Where a chain begins or ends: the place and hash of a line. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

/** Before the first line there ever was. */
export const GENESIS: ChainEnd = { seq: 0, hash: '0'.repeat(64) };

export type ChainVerdict =
  | { readonly ok: true; readonly head: ChainEnd }
  | { readonly ok: false; readonly seq: number; readonly reason: string };

/** Flat lines only: text, numbers, null. */
function canonical(line: object): string {
  const fields = Object.entries(line)
    .filter(([name, value]) => name !== 'hash' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(fields));
}

function hashOf(previous: string, line: object): string {
  return createHash('sha256')
    .update(`${previous}\n${canonical(line)}`, 'utf8')
    .digest('hex');
}

/** `line` as the one behind `end`. */
export function linked<Line extends object>(end: ChainEnd, line: Line): Line & Linked {
  const numbered = { seq: end.seq + 1, ...line };
  return { ...numbered, hash: hashOf(end.hash, numbered) };
}

/** The last line of a chain as an end to go on from. */
export function endOf(anchor: ChainEnd, lines: readonly Linked[]): ChainEnd {
  const last = lines.at(-1);
  return last === undefined ? anchor : { seq: last.seq, hash: last.hash };
}

/** Walks the chain from its anchor; names the first line that does not follow from the one before. */
export function verifyChain(anchor: ChainEnd, lines: readonly Linked[]): ChainVerdict {
  let end = anchor;
  for (const line of lines) {
    const due = end.seq + 1;
    if (line.seq !== due)
      return { ok: false, seq: due, reason: `line ${due} is missing: ${line.seq} follows` };
    if (hashOf(end.hash, line) !== line.hash) {
      return {
        ok: false,
        seq: due,
        reason: 'its words do not give its hash: it, or one before, was changed',
      };
    }
    end = line;
  }
  return { ok: true, head: { seq: end.seq, hash: end.hash } };
}
