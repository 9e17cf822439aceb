import { describe, expect, it } from 'vitest';
import { packProposals, unpackProposals } from '../../../daemon/packed-proposals.ts';

describe('packProposals', () => {
  it('gives back every proposal in order, whatever it holds', () => {
    const proposals = ['', 'a', 'x'.repeat(70_000), 'é'].map((text, n) => ({
      ...{ id: n + 7, kind: n % 2 === 0 ? ('sql' as const) : ('command' as const) },
      data: new Uint8Array(Buffer.from(text)),
    }));
    const packed = packProposals(proposals);
    expect(packed.data.byteLength).toBe(70_003);
    const back = unpackProposals(packed).map((p) => ({ ...p, data: new Uint8Array(p.data) }));
    expect(back).toEqual(proposals);
    expect(unpackProposals(packProposals([]))).toEqual([]);
  });

  it('a proposal whose bytes are missing is a bug', () => {
    const packed = packProposals([{ id: 1, kind: 'sql', data: new Uint8Array(4) }]);
    expect(() => unpackProposals({ ...packed, ends: [5] })).toThrow('without its bytes');
  });
});
