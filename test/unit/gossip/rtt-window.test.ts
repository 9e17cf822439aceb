import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/base/index.ts';
import { GossipFailureDetector, type GossipInput } from '../../../src/gossip/index.ts';
import { RttWindow } from '../../../src/gossip/rtt-window.ts';

describe('RttWindow', () => {
  it('has the middle and the slow end of its newest 128 samples, by nearest rank', () => {
    const window = new RttWindow();
    expect(window.spread).toBeNull();
    window.record(7);
    expect(window.spread).toEqual({ p50Ms: 7, p99Ms: 7 });
    for (let ms = 1; ms <= 99; ms++) window.record(ms);
    expect(window.spread).toEqual({ p50Ms: 49, p99Ms: 98 });
    // the slow ones of before are forgotten
    for (let i = 0; i < 128; i++) window.record(i < 126 ? 2 : 50);
    expect(window.spread).toEqual({ p50Ms: 2, p99Ms: 50 });
  });

  it('is told of a member once a ping to it was answered, with how long that took', () => {
    const detector = new GossipFailureDetector({
      ...{ clusterId: 'c', nodeId: 'a', address: 'a:1', bootCounter: 4 },
      random: seededRandom(1),
    });
    let now = 1000;
    const incarnation = { boot: 1, refutation: 0 };
    const put = (input: GossipInput) => detector.handle(input, now);
    const hear = (body: { kind: 'news' } | { kind: 'ack'; sequence: number }) =>
      put({ kind: 'packet', from: 'b', message: { ...body, incarnation, updates: [] } });
    put({ kind: 'known', nodes: [{ nodeId: 'b', address: 'b:1' }] });
    hear({ kind: 'news' });
    expect(detector.member('b', now)?.rttSpread).toBeNull();
    const waits = [3, 3, 20];
    for (let i = 0; i < 2000 && waits.length > 0; i++) {
      now += 10;
      const [ping] = put({ kind: 'tick' }).packets.flatMap(({ message }) =>
        message.kind === 'ping' ? [message.sequence] : [],
      );
      if (ping === undefined) continue;
      now += waits.shift() ?? 0;
      hear({ kind: 'ack', sequence: ping });
    }
    expect(detector.member('b', now)?.rttSpread).toEqual({ p50Ms: 3, p99Ms: 20 });
  });
});
