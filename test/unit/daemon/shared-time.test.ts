import { describe, expect, it } from 'vitest';
import { ClockOffsets } from '../../../daemon/clock-offsets.ts';
import { pauseDue } from '../../../daemon/due-commands.ts';
import { aheadOfMost, knowsTime } from '../../../daemon/shared-time.ts';

/** True time. */
const WALL = 1_800_000_000_000;
const HOUR = 3_600_000;
const OTHERS = ['n2', 'n3'];

/** One node's clocks beside others that are right: `errorMs` is how far its own wall clock is ahead. */
class World {
  readonly clocks = new ClockOffsets();
  errorMs = 0;
  now = 0;

  /** Everybody says a word each second. */
  run(seconds: number, errorsOf: Readonly<Record<string, number>> = { n2: 0, n3: 0 }): this {
    for (let n = 0; n < seconds; n++) {
      this.now += 1000;
      const true_ = WALL + this.now;
      for (const [peer, errorMs] of Object.entries(errorsOf))
        this.clocks.note(peer, true_ - 3 + errorMs, true_ + this.errorMs, this.now);
    }
    return this;
  }

  /** How far what it goes by is ahead of the true time. */
  off(): number {
    return this.clocks.sharedTime(WALL + this.now + this.errorMs, this.now, OTHERS) - (WALL + this.now);
  }
}

function world(errorMs: number): World {
  const made = new World();
  made.errorMs = errorMs;
  return made;
}

describe('the time by which ends are judged', () => {
  it('is that of most voters for a successor that is an hour ahead: it ends no pause early', () => {
    const { clocks, now, errorMs } = world(HOUR).run(30);
    const wall = WALL + now + errorMs;
    const pause = { owner: 'ann', reason: '', since: WALL, expires: WALL + HOUR / 2 };
    expect(pauseDue({ pause }, wall)).toHaveLength(1);
    expect(pauseDue({ pause }, clocks.sharedTime(wall, now, OTHERS))).toEqual([]);
    expect(Math.abs(world(HOUR).run(30).off())).toBeLessThanOrEqual(3);
  });

  it('is late, never early, where a clock is behind or two can not agree', () => {
    expect(world(-HOUR).run(30).off()).toBe(-HOUR);
    expect(world(0).run(30, { n2: HOUR }).off()).toBe(0);
    expect(world(0).run(30, { n2: -HOUR }).off()).toBe(-HOUR - 3);
    expect(world(HOUR).run(30, { n2: 0 }).off()).toBe(-3);
  });

  it('is the own one where it agrees, whatever one other says', () => {
    expect(world(200).run(30).off()).toBe(200);
    expect(world(0).run(30, { n2: 0, n3: HOUR }).off()).toBe(0);
    expect(world(0).run(30, { n2: 0, n3: -HOUR }).off()).toBe(0);
  });

  it('does not jump with a clock that is set, to the wrong time or back', () => {
    const set = world(0).run(40);
    set.errorMs = HOUR;
    for (let n = 0; n < 150; n++) expect(Math.abs(set.run(1).off())).toBeLessThanOrEqual(5);
    set.errorMs = 0;
    for (let n = 0; n < 150; n++) expect(Math.abs(set.run(1).off())).toBeLessThanOrEqual(5);
    set.errorMs = -HOUR;
    for (let n = 0; n < 150; n++) expect(set.run(1).off()).toBeLessThanOrEqual(5);
  });
});

describe('aheadOfMost', () => {
  it.each([
    [[], 0],
    [[999], 0],
    [[HOUR], HOUR],
    [[-HOUR], 0],
    [[HOUR, HOUR], HOUR],
    [[HOUR, 0], 0],
    [[0, 0, HOUR, HOUR], 0],
    [[HOUR, HOUR, HOUR, 0], HOUR],
  ])('of %j is %i', (ahead, expected) => {
    expect(aheadOfMost(ahead)).toBe(expected);
  });
});

describe('knowsTime', () => {
  it('needs the clocks of a majority, itself included, or a minute of leading', () => {
    expect([0, 1, 2].map((known) => knowsTime(3, known, 0))).toEqual([false, true, true]);
    expect([0, 1, 2].map((known) => knowsTime(5, known, 0))).toEqual([false, false, true]);
    expect(knowsTime(1, 0, 0)).toBe(true);
    expect([knowsTime(3, 0, 59_999), knowsTime(3, 0, 60_000)]).toEqual([false, true]);
  });
});
