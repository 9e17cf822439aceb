import { describe, expect, it } from 'vitest';
import { distressOf } from '../../../daemon/distress.ts';
import { type HandOverFacts, HandOvers, type Restraint } from '../../../daemon/hand-overs.ts';
import { asideCount, expiringCount } from '../../../daemon/metrics-source.ts';
import { giveSettings, settingsOf, withWrongClock } from '../../../daemon/node-settings.ts';
import { RaftTimings } from '../../../daemon/raft-timings.ts';
import type { RaftSettings } from '../../../src/raft/index.ts';
import { NOW, threeNodes } from '../cluster/world.ts';
import { OWN as config } from '../config/loaded.ts';

const well: HandOverFacts = {
  ...{ distress: null, isLeading: true, diskLatencyMs: 5, now: 0, wall: NOW },
  others: [{ nodeId: 'n2', diskLatencyMs: 4 }],
};
const lagging = { reason: 'the event loop lags', isUrgent: false };
const standing = { reason: 'nothing committed', isUrgent: true };
const PAUSE: Restraint = {
  pause: { owner: 'ann', reason: '', since: NOW, expires: NOW + 60_000 },
  cooldowns: {},
};
const COOLING: Restraint = {
  pause: null,
  cooldowns: { 'hand-over': { since: NOW, until: NOW + 60_000, cause: 'n3: slow' } },
};

/** Decisions of so many seconds with a disk that is much slower than another one. */
function race(handOvers: HandOvers, seconds: number, from = 0) {
  return Array.from({ length: seconds }, (_, s) =>
    handOvers.decide({ ...well, diskLatencyMs: 200, now: (from + s) * 1000, wall: NOW + (from + s) * 1000 }),
  ).filter((decision) => decision !== null);
}

function restrained(restraint: Restraint): HandOvers {
  const handOvers = new HandOvers();
  handOvers.restrain(restraint);
  return handOvers;
}

describe('HandOvers', () => {
  it('gives up in distress, offers to a quicker disk, and does nothing when all is well or another leads', () => {
    const handOvers = new HandOvers();
    expect(handOvers.decide(well)).toBeNull();
    expect(handOvers.decide({ ...well, distress: standing, isLeading: false })).toBeNull();
    expect(handOvers.decide({ ...well, distress: lagging })).toEqual({
      kind: 'give-up',
      cause: 'the event loop lags',
    });
    expect(race(new HandOvers(), 5)).toEqual([
      { kind: 'offer', to: 'n2', cause: 'the disk of n2 is much quicker' },
    ]);
  });

  it.each([
    ['a pause', PAUSE, 'the cluster is paused by ann'],
    [
      'a cool-down',
      COOLING,
      'leadership was given away lately (n3: slow): automatic hand-overs rest for 60 s more',
    ],
  ])('%s keeps back what can wait, and it is told', (_what, restraint, because) => {
    const handOvers = restrained(restraint);
    const held = { kind: 'held', cause: 'the event loop lags', because };
    expect(handOvers.decide({ ...well, distress: lagging })).toEqual(held);
    expect(handOvers.decide({ ...well, distress: lagging, now: 9999 })).toBeNull();
    expect(handOvers.decide({ ...well, distress: lagging, now: 10_000 })).toEqual(held);
    expect(race(restrained(restraint), 5)).toMatchObject([{ kind: 'held' }]);
  });

  it('no pause keeps back a leader that serves nobody', () => {
    expect(restrained(PAUSE).decide({ ...well, distress: standing })).toEqual({
      kind: 'give-up',
      cause: 'nothing committed',
    });
  });

  it('a cool-down keeps it back for four looks: an overloaded machine gives each leader a bad second', () => {
    const handOvers = restrained(COOLING);
    const looks = (seconds: number, distress: HandOverFacts['distress'], from: number) =>
      Array.from({ length: seconds }, (_, s) =>
        handOvers.decide({ ...well, distress, now: (from + s) * 1000, wall: NOW + (from + s) * 1000 }),
      );
    const held = {
      ...{ kind: 'held', cause: 'nothing committed' },
      because: 'leadership was given away lately (n3: slow): again when this lasts 4 s',
    };
    expect(looks(3, standing, 0)).toEqual([held, null, null]);
    expect(looks(1, null, 3)).toEqual([null]);
    expect(looks(4, standing, 4)).toEqual([
      null,
      null,
      null,
      { kind: 'give-up', cause: 'nothing committed' },
    ]);
    // and where it leads again it is counted anew
    expect(handOvers.decide({ ...well, distress: standing, isLeading: false })).toBeNull();
    expect(looks(3, standing, 30).at(-1)).toBeNull();
    expect(looks(1, standing, 61)).toEqual([{ kind: 'give-up', cause: 'nothing committed' }]);
  });

  it('is free again when the time is over', () => {
    const late = { ...well, distress: lagging, wall: NOW + 60_000 };
    expect(restrained(COOLING).decide(late)).toMatchObject({ kind: 'give-up' });
    // a pause is over when the record says so, whatever this node's clock shows
    const paused = restrained(PAUSE);
    expect(paused.decide(late)).toMatchObject({ kind: 'held' });
    paused.restrain({ ...PAUSE, pause: null });
    expect(paused.decide(late)).toMatchObject({ kind: 'give-up' });
  });
});

describe('distressOf', () => {
  const vitals = {
    ...{ syncMs: 0, slowestSyncMs: 0, quickestOtherMs: 1, applyStalledMs: 0, commitStalledMs: 0 },
    ...{ isLagging: false, electionTimeoutMs: 150, mainSilentMs: 0, grownBytes: 0 },
  };

  it.each([
    [{ slowestSyncMs: 1100 }, true],
    [{ applyStalledMs: 6000 }, true],
    [{ commitStalledMs: 3100 }, true],
    [{ mainSilentMs: 5100 }, true],
    [{ isLagging: true }, false],
  ])('of %j is urgent: %s', (changes, isUrgent) => {
    expect(distressOf({ ...vitals, ...changes })).toMatchObject({ isUrgent });
  });
});

describe('settingsOf', () => {
  it('promotes nobody by itself while the cluster is paused', () => {
    const ledger = threeNodes();
    expect(settingsOf(config, ledger.cluster, []).autoPromote).toEqual(['n1', 'n2', 'n3']);
    ledger.done({ kind: 'cluster-pause', owner: 'ann', reason: 'r', forMs: 60_000 });
    expect(settingsOf(config, ledger.cluster, []).autoPromote).toEqual([]);
    ledger.done({ kind: 'cluster-resume', cause: '' });
    expect(settingsOf(config, ledger.cluster, []).autoPromote).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('withWrongClock', () => {
  const own = { nodeId: 'n0', offsetMs: 100 };
  const member = (nodeId: string, readings: object | undefined, liveness = 'alive') =>
    ({ nodeId, liveness, digest: readings === undefined ? null : { readings } }) as never;

  it('names who is a minute or more from all others by its own word, and these are spared', () => {
    const members = [
      member('n1', { clock_offset: 59.9 }),
      member('n2', { clock_offset: 3600 }),
      member('n3', {}),
      member('n4', undefined),
    ];
    expect(withWrongClock(own, members)).toEqual(['n2']);
    const { avoid } = settingsOf(config, threeNodes().cluster, withWrongClock(own, members));
    expect(avoid).toEqual(['n2']);
  });

  it('names nobody where none of those that live are beside each other: who knows which of two is right', () => {
    const two = [member('n1', { clock_offset: 120 }), member('n2', { clock_offset: 120 })];
    const dead = member('n3', { clock_offset: 0.1 }, 'dead');
    const gone = member('n4', { clock_offset: 0.1 }, 'left');
    expect(withWrongClock({ ...own, offsetMs: null }, [...two, dead, gone, member('n5', {})])).toEqual([]);
    expect(withWrongClock(own, [...two, member('n3', { clock_offset: 0.1 })])).toEqual([]);
    expect(withWrongClock({ ...own, offsetMs: 120_000 }, two.slice(1))).toEqual([]);
  });
});

describe('giveSettings', () => {
  it('spares whose clock jumps, and leads on once it is put right, though nothing is recorded', () => {
    const clock = new Map(['n2', 'n3'].map((id) => [id, 0.1]));
    let offsetMs = 100;
    const { cluster } = threeNodes();
    const members = () => {
      const rows = [...clock].map(([nodeId, clock_offset]) => {
        return { nodeId, liveness: 'alive', digest: { readings: { clock_offset } } } as never;
      });
      return new Map(rows.map((row: { nodeId: string }) => [row.nodeId, row as never]));
    };
    const given: (readonly string[])[] = [];
    const port = { settings: (s: RaftSettings) => given.push(s.avoid), after: () => () => {} };
    const timings = new RaftTimings(settingsOf(config, cluster, []), port);
    const divergence = { accused: () => [] };
    const parts = {
      ...{ facts: { nodeId: 'n1' }, inForce: { config }, state: { cluster }, events: { divergence } },
      gossip: { members, clockOffsetMs: () => offsetMs },
    };
    const look = () => giveSettings(parts, timings);
    look();
    clock.set('n2', 3600);
    look();
    look();
    clock.set('n2', 0.1);
    look();
    offsetMs = 3_600_000;
    look();
    expect(given).toEqual([['n2'], [], ['n1']]);
  });
});

describe('expiringCount', () => {
  it('counts maintenances and the pause from five minutes before their end', () => {
    const end = NOW + 600_000;
    const one = { owner: 'ann', reason: '', since: NOW, expires: end };
    const record = { maintenance: { n1: one, n2: { ...one, expires: end + 60_000 } }, pause: one };
    expect(expiringCount(record, end - 300_000)).toBe(0);
    expect(expiringCount(record, end - 299_999)).toBe(2);
    expect(expiringCount({ ...record, pause: null }, end - 299_999)).toBe(1);
  });

  it('counts drains as well, and a short one not from its very beginning', () => {
    const drain = { owner: 'ann', reason: '', since: NOW, expires: NOW + 3_600_000 };
    const drained = { maintenance: {}, drains: { n3: drain }, pause: null };
    expect(expiringCount(drained, drain.expires - 300_000)).toBe(0);
    expect(expiringCount(drained, drain.expires - 299_999)).toBe(1);
    const short = { ...drained, drains: {}, maintenance: { n1: { ...drain, expires: NOW + 240_000 } } };
    expect([0, 120_000, 120_001].map((ms) => expiringCount(short, NOW + ms))).toEqual([0, 0, 1]);
  });
});

describe('asideCount', () => {
  it('counts each node that is in maintenance or drained once', () => {
    const one = { owner: 'ann', reason: '', since: NOW, expires: NOW + 1 };
    expect(asideCount({ maintenance: {} })).toBe(0);
    expect(asideCount({ maintenance: { n1: one, n2: one }, drains: { n2: one, n3: one } })).toBe(3);
  });
});
