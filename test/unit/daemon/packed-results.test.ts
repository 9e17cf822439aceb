import { describe, expect, it } from 'vitest';
import { packResults, unpackResults } from '../../../daemon/packed-results.ts';
import type { EntryResult } from '../../../src/state/index.ts';

const put = (index: number): EntryResult => ({
  ...{ index, term: 3, digest: 0, putAt: 1_700_000_000_000 + index },
  result: { ok: true, value: { key: 'k', version: index, term: 3, timestamp: 1_700_000_000_000 + index } },
});
const refused = (index: number): EntryResult => ({
  ...{ index, term: 3, digest: 0, putAt: null },
  result: { ok: false, code: 'precondition_failed', message: 'no', details: { version: 1 } },
});

describe('packResults', () => {
  it('hands on the results of this node’s proposals, each with its id', () => {
    const packed = packResults([put(7), refused(8), put(9), put(10)], [7, 70, 8, 80, 10, 100]);
    expect(unpackResults(structuredClone(packed)).sort((a, b) => a.index - b.index)).toEqual([
      {
        ...{ proposalId: 70, index: 7 },
        result: { ok: true, value: { version: 7, term: 3, timestamp: 1_700_000_000_007 } },
      },
      { proposalId: 80, index: 8, result: refused(8).result },
      {
        ...{ proposalId: 100, index: 10 },
        result: { ok: true, value: { version: 10, term: 3, timestamp: 1_700_000_000_010 } },
      },
    ]);
  });

  it('skips tags of entries that are not among the results', () => {
    const packed = packResults([put(5), put(6)], [3, 30, 6, 60, 9, 90]);
    expect(unpackResults(packed).map((r) => r.proposalId)).toEqual([60]);
  });

  it('is nothing where nobody waits', () => {
    expect(packResults([put(7)], [])).toEqual({ puts: null, others: '' });
    expect(unpackResults({ puts: null, others: '' })).toEqual([]);
  });
});
