import { describe, expect, it } from 'vitest';
import { FullDisk, freeBytes, type RoomFacts } from '../../../daemon/full-disk.ts';
import { LIMITS } from '../../../src/base/index.ts';

const MB = 1_000_000;
const FULL = LIMITS.minFreeDiskBytes - 1;
const ROOM = 2 * LIMITS.minFreeDiskBytes;

/** Facts of a leader beside voters with so much free each; `null` = it said nothing. */
function facts(own: number | null, free: Record<string, number | null>, unfit: string[] = []): RoomFacts {
  const others = Object.keys(free).map((nodeId) => ({
    ...{ nodeId, eligible: !unfit.includes(nodeId), reasons: [], lagEntries: 0 },
  }));
  return { ownFreeBytes: () => own, others: () => others, freeBytesOf: (id) => free[id] ?? null, now: 0 };
}

describe('FullDisk', () => {
  it('goes to the best successor that has room, with the cause', () => {
    expect(new FullDisk().observe(facts(40 * MB, { n2: ROOM, n3: ROOM }))).toEqual({
      to: 'n2',
      cause: 'the data disk has 40 MB left, that of n2 has room',
    });
    // of five the other three that have room are a majority
    const five = { n2: FULL, n3: ROOM, n4: ROOM, n5: ROOM };
    expect(new FullDisk().observe(facts(FULL, five))?.to).toBe('n3');
  });

  it.each([
    ['it has room', facts(LIMITS.minFreeDiskBytes, { n2: ROOM, n3: ROOM })],
    ['its disk was not read yet', facts(null, { n2: ROOM, n3: ROOM })],
    ['it is alone', facts(FULL, {})],
    ['all disks are full', facts(FULL, { n2: FULL, n3: FULL })],
    ['one more disk is nearly full', facts(FULL, { n2: ROOM, n3: ROOM - 1 })],
    ['another says nothing', facts(FULL, { n2: ROOM, n3: null })],
    [
      'another can not lead, so that all would hang on the full one',
      facts(FULL, { n2: ROOM, n3: ROOM }, ['n3']),
    ],
  ])('keeps leadership where %s', (_why, given) => {
    expect(new FullDisk().observe(given)).toBeNull();
  });

  it('does not repeat an offer within ten seconds', () => {
    const disk = new FullDisk();
    const offers = [0, 100, 9999, 10_000].map((now) =>
      disk.observe({ ...facts(FULL, { n2: ROOM, n3: ROOM }), now }),
    );
    expect(offers.map((offer) => offer?.to ?? null)).toEqual(['n2', null, null, 'n2']);
  });

  it('reads disks once a second, however often it is asked', () => {
    const disk = new FullDisk();
    let looks = 0;
    const ownFreeBytes = (): number => {
      looks++;
      return ROOM;
    };
    const given = { ...facts(ROOM, { n2: ROOM, n3: ROOM }), ownFreeBytes };
    for (let now = 0; now < 5000; now += 100) disk.observe({ ...given, now });
    expect(looks).toBe(5);
  });

  it('freeBytes is what a digest leaves, null without one', () => {
    expect(freeBytes({ capacity: 10, diskUsedBytes: 7 })).toBe(3);
    expect([freeBytes(null), freeBytes(undefined)]).toEqual([null, null]);
  });
});
