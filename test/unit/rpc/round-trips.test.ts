import { describe, expect, it } from 'vitest';
import { RoundTrips } from '../../../src/rpc/round-trips.ts';

function recorded(...samples: readonly (readonly [peer: string, ms: number])[]): number {
  const trips = new RoundTrips();
  for (const [peer, ms] of samples) trips.record(peer, ms);
  return trips.p99();
}

const times = (n: number, ms: number, peer = 'n2'): [string, number][] =>
  Array.from({ length: n }, () => [peer, ms]);

describe('RoundTrips', () => {
  it('p99 is 0 before anything is known, and of what is known afterwards', () => {
    expect(recorded()).toBe(0);
    expect(recorded(...times(100, 3))).toBe(3);
  });

  it('an answer that came late once is an outage, not a distance', () => {
    expect(recorded(...times(20, 1), ['n2', 1900], ...times(20, 1))).toBe(1);
    // also when it is the first of a peer, or several peers were out at the same time
    expect(recorded(['n2', 1900], ...times(20, 1))).toBe(1);
    expect(recorded(['n3', 2], ...times(20, 1), ['n2', 1900], ['n3', 1800], ['n3', 2], ...times(9, 1))).toBe(
      1,
    );
  });

  it('a link that is slow is slow twice in a row, beside a fast one too', () => {
    expect(recorded(...times(20, 1), ...times(20, 90, 'n3'))).toBe(90);
    const jitter = Array.from({ length: 60 }, (_, i): [string, number] => ['n2', 150 + (i % 7) * 15]);
    expect(recorded(...jitter)).toBeGreaterThanOrEqual(225);
  });

  it('of few samples two high ones may be chance, three are a fact', () => {
    expect(recorded(...times(20, 1), ...times(3, 80))).toBe(1);
    expect(recorded(...times(20, 1), ...times(4, 80))).toBe(80);
    expect(recorded(...times(2, 80))).toBe(80);
  });

  it('keeps the last 256, and forgets what a peer was like at its old address', () => {
    const trips = new RoundTrips();
    for (const [peer, ms] of [...times(20, 500), ...times(257, 1)]) trips.record(peer, ms);
    expect(trips.p99()).toBe(1);
    trips.record('n2', 800);
    trips.forget('n2');
    trips.record('n2', 900);
    expect(trips.p99()).toBe(1);
  });
});
