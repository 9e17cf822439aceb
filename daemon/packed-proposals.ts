/**
 * The proposals of one turn in one buffer: a transferred buffer for each of them would
 * cost more than the proposal itself.
 */
import { assert } from '../src/base/index.ts';

/** A proposal on its way to the log; `data` is an encoded envelope. */
export interface OutgoingProposal {
  readonly id: number;
  readonly kind: 'command' | 'sql' | 'config';
  readonly data: Uint8Array;
}

/** The nth proposal has the nth id and kind (one for all, as a rule), and the bytes up to the nth end. */
export interface PackedProposals {
  readonly ids: readonly number[];
  readonly kinds: OutgoingProposal['kind'] | readonly OutgoingProposal['kind'][];
  readonly ends: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

export function packProposals(proposals: readonly OutgoingProposal[]): PackedProposals {
  const ends: number[] = [];
  let size = 0;
  for (const { data } of proposals) {
    size += data.byteLength;
    ends.push(size);
  }
  const data = new Uint8Array(size);
  let at = 0;
  for (const proposal of proposals) {
    data.set(proposal.data, at);
    at += proposal.data.byteLength;
  }
  const first = proposals[0]?.kind ?? 'command';
  const kinds = proposals.every(({ kind }) => kind === first) ? first : proposals.map((p) => p.kind);
  return { ids: proposals.map((p) => p.id), kinds, ends, data };
}

/** What was packed; the bytes of each are a view. */
export function unpackProposals({ ids, kinds, ends, data }: PackedProposals): OutgoingProposal[] {
  let from = 0;
  return ids.map((id, n) => {
    const kind = typeof kinds === 'string' ? kinds : kinds[n];
    const end = ends[n];
    assert(kind !== undefined && end !== undefined && end <= data.byteLength, 'a proposal without its bytes');
    const view = data.subarray(from, end);
    from = end;
    return { id, kind, data: view };
  });
}
