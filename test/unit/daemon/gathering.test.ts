import { describe, expect, it } from 'vitest';
import { Gathering } from '../../../daemon/gathering.ts';

const LONGEST_WAIT_MS = 20;

/** `count` writes of 300 bytes come at `now`. */
function come(gathering: Gathering, count: number, now: number): void {
  for (let n = 0; n < count; n++) gathering.came(300, now);
}

/** So many left at 0. */
function underWay(count: number): Gathering {
  const gathering = new Gathering(LONGEST_WAIT_MS);
  come(gathering, count, 0);
  gathering.left(0);
  return gathering;
}

describe('Gathering', () => {
  it('lets few callers go at once, whoever is under way', () => {
    const gathering = underWay(10);
    come(gathering, 5, 1);
    expect(gathering.waitMs(1)).toBe(0);
    come(gathering, 1, 1);
    expect(gathering.waitMs(1)).toBe(LONGEST_WAIT_MS);
  });

  it('lets the smaller part wait for the larger, never the larger for the smaller', () => {
    const [small, large] = [underWay(40), underWay(20)];
    come(small, 20, 3);
    expect(small.waitMs(4)).toBe(LONGEST_WAIT_MS - 1);
    expect(small.waitMs(3 + LONGEST_WAIT_MS)).toBe(0);
    come(large, 40, 3);
    expect(large.waitMs(4)).toBe(0);
  });

  it('waits a moment for those who were just answered, but for few of them not at all', () => {
    const gathering = underWay(40);
    come(gathering, 24, 2);
    gathering.answered(40, 8);
    expect(gathering.waitMs(8)).toBeGreaterThan(0);
    expect(gathering.waitMs(8)).toBeLessThan(2);
    expect(gathering.waitMs(10)).toBe(0);
    come(gathering, 32, 8.5);
    expect(gathering.waitMs(8.5)).toBeGreaterThan(0);
    come(gathering, 1, 8.5);
    expect(gathering.waitMs(8.5)).toBe(0);
  });

  it('waits the longer for those who come back the longer a round takes, within bounds', () => {
    const waitOf = (roundMs: number): number => {
      const gathering = new Gathering(LONGEST_WAIT_MS);
      for (let n = 0; n < 30; n++) {
        come(gathering, 40, n * roundMs);
        gathering.left(n * roundMs);
        gathering.answered(40, (n + 1) * roundMs);
      }
      come(gathering, 10, 30 * roundMs);
      return gathering.waitMs(30 * roundMs);
    };
    expect(waitOf(1)).toBe(1.5);
    expect(waitOf(20)).toBeCloseTo(5, 1);
    expect(waitOf(500)).toBe(8);
  });

  it('makes one round of two that alternate, and keeps it one', () => {
    const gathering = underWay(32);
    come(gathering, 32, 4);
    expect(gathering.waitMs(4)).toBeGreaterThan(0);
    gathering.answered(32, 8);
    come(gathering, 32, 9);
    expect(gathering.waitMs(9)).toBe(0);
    gathering.left(9);
    for (let now = 17; now < 100; now += 8) {
      gathering.answered(64, now);
      come(gathering, 64, now + 1);
      expect(gathering.waitMs(now + 1)).toBe(0);
      gathering.left(now + 1);
    }
  });

  it('a large batch waits for nobody', () => {
    const gathering = underWay(40);
    gathering.came(256 * 1024, 1);
    expect(gathering.waitMs(1)).toBe(0);
  });
});
