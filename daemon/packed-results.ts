/**
 * Results of applied entries on their way to who waits for them. Nearly all are those of plain
 * writes of keys, which are four numbers: they go as such, the others as JSON, which is cheaper
 * to hand over than so many small objects.
 */
import type { EntryResult } from '../src/state/index.ts';
import type { AppliedResult, PackedResults } from './protocol.ts';

const NUMBERS = 4;

/**
 * `tags`: log index and proposal id of the entries that were proposed on this node, one behind the
 * other; both in the order of the log.
 */
export function packResults(results: readonly EntryResult[], tags: readonly number[]): PackedResults {
  const puts: number[] = [];
  const others: AppliedResult[] = [];
  let at = 0;
  for (const { index, term, putAt, result } of results) {
    while (at < tags.length && (tags[at] as number) < index) at += 2;
    if (tags[at] !== index) continue;
    const proposalId = tags[at + 1] as number;
    if (putAt === null) others.push({ proposalId, index, result });
    else puts.push(proposalId, index, term, putAt);
  }
  return {
    puts: puts.length === 0 ? null : Float64Array.from(puts),
    others: others.length === 0 ? '' : JSON.stringify(others),
  };
}

/** What was packed; the key of a plain write is left out: who asked for it has it. */
export function unpackResults({ puts, others }: PackedResults): AppliedResult[] {
  const results: AppliedResult[] = others === '' ? [] : (JSON.parse(others) as AppliedResult[]);
  for (let n = 0; puts !== null && n < puts.length; n += NUMBERS) {
    const index = puts[n + 1] as number;
    const value = { version: index, term: puts[n + 2], timestamp: puts[n + 3] };
    results.push({ proposalId: puts[n] as number, index, result: { ok: true, value } });
  }
  return results;
}
