import { describe, expect, it } from 'vitest';
import { bridged, RaftTimings } from '../../../daemon/raft-timings.ts';
import type { RaftSettings } from '../../../src/raft/index.ts';

function settings(
  heartbeatIntervalMs: number,
  electionTimeoutMs: number,
  avoid: string[] = [],
): RaftSettings {
  return { heartbeatIntervalMs, electionTimeoutMs, hintStaggerMs: 7, autoPromote: [], avoid };
}

/** The consensus thread as a list of what it was given, and timers that the test fires. */
function rig(initial: RaftSettings) {
  const given: [number, number, number][] = [];
  let timer: { readonly ms: number; readonly fn: () => void } | null = null;
  const timings = new RaftTimings(initial, {
    settings: (s) => given.push([s.heartbeatIntervalMs, s.electionTimeoutMs, s.avoid.length]),
    after: (ms, fn) => {
      timer = { ms, fn };
      return () => {
        timer = null;
      };
    },
  });
  const fire = () => {
    const due = timer;
    timer = null;
    due?.fn();
  };
  return { timings, given, fire, waits: () => timer?.ms ?? null };
}

describe('RaftTimings', () => {
  it('gives what is no timing at once, and the same settings not again', () => {
    const { timings, given, waits } = rig(settings(50, 150));
    timings.follow(settings(50, 150));
    timings.follow(settings(50, 150, ['n2']));
    timings.follow(settings(50, 150, ['n2']));
    expect(given).toEqual([[50, 150, 1]]);
    expect(waits()).toBeNull();
  });

  it('keeps the faster beat and the longer timeout until others have followed, up and down', () => {
    const { timings, given, fire, waits } = rig(settings(50, 150));
    timings.follow(settings(1000, 3000));
    expect([given.at(-1), waits()]).toEqual([[50, 3000, 0], 9000]);
    fire();
    expect([given.at(-1), waits()]).toEqual([[1000, 3000, 0], null]);
    timings.follow(settings(50, 150));
    expect([given.at(-1), waits()]).toEqual([[50, 3000, 0], 9000]);
    fire();
    expect([given.at(-1), waits()]).toEqual([[50, 150, 0], null]);
  });

  it('waits for nothing where the change suits both', () => {
    const { timings, given, waits } = rig(settings(50, 150));
    timings.follow(settings(40, 200));
    expect([given, waits()]).toEqual([[[40, 200, 0]], null]);
  });

  it('bridges from what is in force, also when a change comes before the last one is through', () => {
    const { timings, given, fire } = rig(settings(50, 150));
    timings.follow(settings(1000, 3000));
    timings.follow(settings(20, 60));
    expect(given.at(-1)).toEqual([20, 3000, 0]);
    fire();
    expect(given.at(-1)).toEqual([20, 60, 0]);
    timings.follow(settings(200, 600));
    timings.stop();
    fire();
    expect(given.at(-1)).toEqual([20, 600, 0]);
  });

  it('keeps the beat within half of the timeout on the bridge, whatever the two were', () => {
    const valid = [
      [5, 20],
      [50, 150],
      [400, 800],
      [10_000, 60_000],
    ] as const;
    for (const [a, b] of valid)
      for (const [c, d] of valid) {
        const { heartbeatIntervalMs, electionTimeoutMs } = bridged(settings(a, b), settings(c, d));
        expect(heartbeatIntervalMs * 2).toBeLessThanOrEqual(electionTimeoutMs);
        expect(heartbeatIntervalMs).toBeLessThanOrEqual(Math.min(a, c));
        expect(electionTimeoutMs).toBeGreaterThanOrEqual(Math.max(b, d));
      }
  });
});
