import { describe, expect, it } from 'vitest';
import { type NodeClaim, type NodeRoster, nodeRefusal } from '../../../src/auth/index.ts';

const roster: NodeRoster = {
  nodes: {
    n1: { suffrage: 'voter', keySha256: 'k1' },
    n2: { suffrage: 'voter', keySha256: 'k2-new' },
    n3: { suffrage: 'observer', keySha256: null },
  },
  removed: [
    { nodeId: 'n2', keySha256: 'k2-old' },
    { nodeId: 'n4', keySha256: 'k4' },
    { nodeId: 'n5', keySha256: null },
  ],
  revoked: [{ serial: '4bad' }],
};
const claim = (nodeId: string, keySha256: string, role: NodeClaim['role'] = 'voter'): NodeClaim => ({
  ...{ nodeId, keySha256, role },
});

describe('nodeRefusal', () => {
  it.each([
    ['the node of the record', claim('n1', 'k1'), null],
    ['the disk that a new one replaced', claim('n2', 'k2-old'), /another key on record/],
    ['its successor', claim('n2', 'k2-new'), null],
    ['a node whose key is not on record', claim('n3', 'whatever', 'observer'), null],
    ['an observer with the certificate of a voter', claim('n3', 'k3', 'voter'), /is observer on record/],
    ['a voter with the certificate of an observer', claim('n1', 'k1', 'observer'), /is voter on record/],
    ['a removed disk', claim('n4', 'k4'), /was removed/],
    ['a removed disk under another name', claim('n9', 'k4'), /was removed/],
    ['a removed node whose key nobody kept', claim('n5', 'k5'), /was removed/],
    // this node may have been away while n4 was admitted again, and n4 may lead now
    ['a new disk of a removed name', claim('n4', 'k4-new'), null],
    ['a node that came while this one was away', claim('n7', 'k7'), null],
    [
      'the node of the record with a revoked certificate',
      { ...claim('n1', 'k1'), serial: '4bad' },
      /was revoked/,
    ],
    ['the same with its next certificate', { ...claim('n1', 'k1'), serial: '4bae' }, null],
    ['a name from the prototype', claim('constructor', 'k'), null],
  ])('%s', (_who, shown, reason) => {
    if (reason === null) expect(nodeRefusal(roster, shown)).toBeNull();
    else expect(nodeRefusal(roster, shown)).toMatch(reason);
  });

  it('refuses who has nothing but the word of a CA that is gone, also on a connection that is older', () => {
    const of = (nodeId: string, key: string, caSha256: string, role: NodeClaim['role'] = 'voter') => ({
      ...claim(nodeId, key, role),
      caSha256,
    });
    const both = { ...roster, authorities: { signing: { sha256: 'new' }, beside: { sha256: 'old' } } };
    const settled = { ...roster, authorities: { signing: { sha256: 'new' }, beside: null } };
    const unknown = of('n7', 'k7', 'old');
    expect(nodeRefusal(both, unknown)).toBeNull();
    expect(nodeRefusal(settled, unknown)).toMatch(/of a CA that was replaced/);
    expect(nodeRefusal(settled, of('n7', 'k7', ''))).toMatch(/of a CA that was replaced/);
    expect(nodeRefusal(settled, of('n3', 'k3', 'old', 'observer'))).toMatch(/of a CA that was replaced/);
    expect(nodeRefusal(settled, of('n7', 'k7', 'new'))).toBeNull();
    // a key on record needs no CA to be known by: what stands between nodes stands
    expect(nodeRefusal(settled, of('n1', 'k1', 'old'))).toBeNull();
    expect(nodeRefusal(settled, of('n1', 'k2', 'old'))).toMatch(/another key on record/);
  });

  it('knows nothing before there is a record', () => {
    expect(nodeRefusal(null, claim('n4', 'k4'))).toBeNull();
  });
});
