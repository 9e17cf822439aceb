import { describe, expect, it } from 'vitest';
import { ClockOffsets } from '../../../daemon/clock-offsets.ts';
import { knowsTime } from '../../../daemon/shared-time.ts';

const WALL = 1_800_000_000_000;

/** Words of `peer` for `seconds`, one a second, each so many ms on its way; its clock is `aheadMs` ahead. */
function hear(
  clocks: ClockOffsets,
  peer: string,
  { from = 0, seconds = 10, aheadMs = 0, lateMs = (_n: number): number => 2 } = {},
) {
  for (let n = from; n < from + seconds; n++) {
    const ours = WALL + n * 1000;
    clocks.note(peer, ours - lateMs(n) + aheadMs, ours, n * 1000);
  }
}

describe('ClockOffsets', () => {
  it('is what the shortest way leaves, however late most words are', () => {
    const clocks = new ClockOffsets();
    hear(clocks, 'n2', { lateMs: (n) => (n === 7 ? 3 : 900) });
    expect(clocks.offsetMs(10_000)).toBe(3);
  });

  it('says nothing before enough was heard, and of nobody who fell silent', () => {
    const clocks = new ClockOffsets();
    hear(clocks, 'n2', { seconds: 4, aheadMs: 9000 });
    expect(clocks.offsetMs(4000)).toBeNull();
    hear(clocks, 'n2', { from: 4, seconds: 1, aheadMs: 9000 });
    expect(clocks.offsetMs(5000)).toBe(8998);
    expect(clocks.offsetMs(70_000)).toBeNull();
  });

  it('blames the one clock that differs from all, ahead or behind, not those beside it', () => {
    for (const aheadMs of [5000, -5000]) {
      const sound = new ClockOffsets();
      hear(sound, 'n2');
      hear(sound, 'wrong', { aheadMs });
      expect(sound.offsetMs(10_000)).toBe(2);
      const wrong = new ClockOffsets();
      for (const peer of ['n1', 'n2']) hear(wrong, peer, { aheadMs: -aheadMs });
      expect(Math.abs((wrong.offsetMs(10_000) ?? 0) - 5000)).toBe(2);
    }
  });

  it('knows the voters by what lines measure, among however many whose own words are not heard', () => {
    const clocks = new ClockOffsets();
    const words = ['n2', 'n3'].map((nodeId) => ({ nodeId, lateMs: 3_600_002 }));
    for (let n = 0; n < 5; n++) {
      expect(clocks.aheadMs(n * 1000, ['n2', 'n3'])).toEqual([]);
      clocks.measured(words, WALL + n * 1000, n * 1000);
    }
    hear(clocks, 'o7', { seconds: 5 });
    expect(clocks.aheadMs(5000, ['n2', 'n3'])).toEqual([3_600_002, 3_600_002]);
    expect(knowsTime(5, 2, 0)).toBe(true);
    // measured while it ran by this clock: nothing was set
    expect(clocks.sharedTime(WALL + 5000, 5000, ['n2', 'n3'])).toBe(WALL + 5000 - 3_600_002);
  });

  it('follows a clock that is set right within a minute', () => {
    const clocks = new ClockOffsets();
    hear(clocks, 'n2', { aheadMs: 5000 });
    hear(clocks, 'n2', { from: 10, seconds: 65 });
    expect(clocks.offsetMs(75_000)).toBe(2);
  });
});
