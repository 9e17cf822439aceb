import { describe, expect, it } from 'vitest';
import { decodeDigest, encodeDigest } from '../../../daemon/digest-codec.ts';
import type { DigestFacts } from '../../../daemon/node-view.ts';

const DIGEST: DigestFacts = {
  health: 'DEGRADED',
  issues: ['disk is slow'],
  at: 1_790_000_000_123,
  role: 'leader',
  term: 17,
  leaderId: 'node-a',
  appliedIndex: 120_345,
  lastIndex: 120_346,
  cpuUsage: 0.1234,
  memoryUsage: 0.5,
  diskUsage: 0.0001,
  diskUsedBytes: 123_456_789,
  capacity: 1,
  loadFactor: 0.25,
  connections: 12,
  latencyP95Ms: 3.21,
  startedAt: 1_790_000_000_000,
  diverged: [{ nodeId: 'node-b', instanceId: 'i', index: 4 }],
  requests: 1234,
  errors: 5,
  readings: {
    error_rate: 0.0123,
    queries_per_second: 1234.5,
    fsync: 0.0021,
    certificate_expires_in: 7_775_999,
  },
  told: { incident: 'term-16', channels: ['email', 'slack'] },
};

describe('encodeDigest', () => {
  it('gives back what was said, and no field is left out', () => {
    expect(decodeDigest(encodeDigest(DIGEST))).toEqual(DIGEST);
    const none = { readings: {}, told: null };
    const plain = { ...DIGEST, issues: [], leaderId: null, latencyP95Ms: null, diverged: [], ...none };
    expect(decodeDigest(encodeDigest(plain))).toEqual(plain);
  });

  it('takes less than half of the same word with names', () => {
    const usual = { ...DIGEST, issues: [], diverged: [], told: null };
    expect(encodeDigest(usual).length).toBeLessThan(200);
    expect(JSON.stringify(usual).length).toBeGreaterThan(400);
  });
});

describe('decodeDigest', () => {
  it('knows nothing of what another version writes', () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const row = JSON.parse(new TextDecoder().decode(encodeDigest(DIGEST))) as unknown[];
    const strange = ['', '{', '[]', '[2]', JSON.stringify(DIGEST), JSON.stringify([3, ...row.slice(1)])];
    for (const text of [...strange, JSON.stringify([2, 99, ...row.slice(2)])]) {
      expect(decodeDigest(bytes(text))).toBeNull();
    }
    // an older version knows less, a later one more
    const older = decodeDigest(bytes(JSON.stringify(row.slice(0, 19))));
    const unknown = { requests: null, errors: null, readings: {}, told: null };
    expect(older).toEqual({ ...DIGEST, ...unknown });
    expect(decodeDigest(bytes(JSON.stringify([...row, 'a field of a later version'])))).toEqual(DIGEST);
  });
});
