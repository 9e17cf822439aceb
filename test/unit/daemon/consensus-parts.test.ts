import { describe, expect, it } from 'vitest';
import { DiskRace, distressOf, hangOf, Progress, runawayOf, type Vitals } from '../../../daemon/distress.ts';
import { livenessDue, maintenanceDue, pauseDue } from '../../../daemon/due-commands.ts';
import { payloadGroups } from '../../../daemon/payload-groups.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import { encodeMessages, type RaftMessage } from '../../../src/raft/index.ts';

const envelope = (to: string) => ({ from: 'n1', to, fromInstance: 'i', toInstance: 'j', term: 3 });

function append(to: string, ...sizes: number[]): RaftMessage {
  const entries = sizes.map((size, n) => ({
    ...{ index: n + 1, term: 3, kind: 'sql' as const, timestamp: 0 },
    data: new Uint8Array(size),
  }));
  return {
    kind: 'append',
    ...envelope(to),
    prev: { term: 0, index: 0 },
    entries,
    commit: 0,
    round: 1,
    session: 1,
  };
}

const heartbeat = (to: string): RaftMessage => ({
  ...{ kind: 'heartbeat', ...envelope(to), commit: 1, round: 1, session: 1, ranks: [] },
});

describe('payloadGroups', () => {
  it('keeps heartbeats apart from entries, and peers apart', () => {
    const groups = payloadGroups([append('n2', 10), heartbeat('n2'), heartbeat('n3'), append('n2', 20)]);
    expect(groups.map((g) => [g.peer, g.purpose, g.group.length])).toEqual([
      ['n2', 'bulk', 2],
      ['n2', 'control', 1],
      ['n3', 'control', 1],
    ]);
  });

  it.each([
    ['appends of half a megabyte', Array.from({ length: 40 }, () => append('n2', 512 * 1024))],
    ['entries of the largest size', Array.from({ length: 5 }, () => append('n2', LIMITS.maxEntryBytes))],
    ['many small messages', Array.from({ length: 60_000 }, () => append('n2', 300))],
  ])('never makes a payload that is longer than a frame: %s', (_name, messages) => {
    const groups = payloadGroups(messages);
    for (const { group } of groups) expect(encodeMessages(group).length).toBeLessThan(LIMITS.maxFrameBytes);
    expect(groups.flatMap((g) => g.group)).toEqual(messages);
  });
});

describe('distress', () => {
  const well: Vitals = {
    ...{ syncMs: 0, slowestSyncMs: 0, applyStalledMs: 0, commitStalledMs: 0 },
    ...{ isLagging: false, electionTimeoutMs: 150, quickestOtherMs: 2, mainSilentMs: 0, grownBytes: 0 },
  };

  it.each([
    [{}, null, null],
    [{ slowestSyncMs: 900 }, null, null],
    [{ slowestSyncMs: 1100 }, 'the disk takes 1100 ms to sync', null],
    [{ slowestSyncMs: 1100, electionTimeoutMs: 800 }, null, null],
    [{ slowestSyncMs: 10_001 }, 'the disk takes', null],
    // all disks are slow: nobody is better off
    [{ slowestSyncMs: 1100, quickestOtherMs: 700 }, null, null],
    [{ slowestSyncMs: 1100, quickestOtherMs: 500 }, 'the disk takes 1100 ms to sync', null],
    [{ slowestSyncMs: 1100, quickestOtherMs: null }, 'the disk takes 1100 ms to sync', null],
    [{ syncMs: 10_001, slowestSyncMs: 10_001 }, 'the disk takes', 'a write has not come back'],
    [{ applyStalledMs: 4000 }, null, null],
    [{ applyStalledMs: 6000 }, 'nothing applied for 6000 ms', null],
    [{ applyStalledMs: 61_000 }, 'nothing applied', 'nothing was applied'],
    [{ commitStalledMs: 2900 }, null, null],
    [{ commitStalledMs: 3100 }, 'nothing committed for 3100 ms', null],
    [{ commitStalledMs: 3100, electionTimeoutMs: 600 }, null, null],
    [{ isLagging: true }, 'the event loop lags', null],
    [{ mainSilentMs: 4000, grownBytes: 2 ** 31 }, null, null],
    [{ mainSilentMs: 60_000, grownBytes: 2 ** 29 }, 'the main thread has taken nothing', null],
    [{ mainSilentMs: 9000, grownBytes: 2 ** 31 }, 'the main thread has taken nothing', null],
    [
      { mainSilentMs: 12_000, grownBytes: 2 ** 30 },
      'the main thread has taken nothing',
      'taken nothing for 12 s, and the process grew by 1024',
    ],
  ] as const)('of %j: hand over %s, stop %s', (changes, reason, hang) => {
    const vitals = { ...well, ...changes };
    if (reason === null) expect(distressOf(vitals)).toBeNull();
    else expect(distressOf(vitals)?.reason).toContain(reason);
    const stop = hangOf(vitals) ?? runawayOf(vitals);
    if (hang === null) expect(stop).toBeNull();
    else expect(stop).toContain(hang);
  });

  it('DiskRace offers leadership to the quickest disk once it was seen to be much quicker, and not at once again', () => {
    const race = new DiskRace();
    const others = [
      { nodeId: 'n2', diskLatencyMs: 30 },
      { nodeId: 'n3', diskLatencyMs: 4 },
    ];
    const offers = Array.from({ length: 15 }, (_, s) => race.observe(200, others, s * 1000));
    const expected = offers.map((_, s) => (s === 2 || s === 12 ? 'n3' : null));
    expect(offers).toEqual(expected);
  });

  it.each([
    ['it is quick enough', 90, [1, 1]],
    ['the others are slow too', 700, [700, 300]],
    ['there is nobody', 700, []],
  ])('DiskRace keeps leadership where it is when %s', (_why, own, others) => {
    const race = new DiskRace();
    const contenders = others.map((diskLatencyMs, i) => ({ nodeId: `n${i}`, diskLatencyMs }));
    for (let s = 0; s < 20; s++) expect(race.observe(own, contenders, s * 1000)).toBeNull();
  });

  it('DiskRace is not moved by one slow second in three', () => {
    const race = new DiskRace();
    const others = [{ nodeId: 'n2', diskLatencyMs: 4 }];
    for (let s = 0; s < 30; s++) expect(race.observe(s % 3 === 0 ? 400 : 5, others, s * 1000)).toBeNull();
  });

  it('Progress counts only while something is left to be reached', () => {
    const progress = new Progress();
    expect(progress.observe(5, 5, 1000)).toBe(0);
    expect(progress.observe(5, 9, 2000)).toBe(1000);
    expect(progress.observe(6, 9, 3000)).toBe(0);
    expect(progress.observe(6, 9, 9000)).toBe(6000);
    expect(progress.observe(9, 9, 9500)).toBe(0);
  });
});

describe('due commands', () => {
  const nodes = { n1: 'alive', n2: 'alive', n3: 'dead', n4: 'alive', n5: 'left' };
  const cluster = {
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([nodeId, liveness]) => [nodeId, { nodeId, liveness }]),
    ),
    maintenance: { n2: { expires: 100 }, n4: { expires: 300 } },
  } as unknown as ClusterState;

  it('livenessDue records what gossip says of others, and nothing twice', () => {
    const member = (liveness: 'alive' | 'dead' | 'left') => ({
      liveness,
      accusedBy: ['n1'],
      cause: 'silent',
    });
    const opinions = {
      n1: member('dead'),
      n2: member('dead'),
      n3: member('alive'),
      n4: member('left'),
      n5: member('left'),
    };
    const due = livenessDue(cluster, 'n1', (id) => opinions[id as keyof typeof opinions]);
    expect(due).toEqual([
      { kind: 'node-liveness', nodeId: 'n2', liveness: 'dead', by: ['n1'], cause: 'silent' },
      { kind: 'node-liveness', nodeId: 'n3', liveness: 'alive', by: [], cause: 'answers again' },
      { kind: 'node-stopped', nodeId: 'n4' },
    ]);
    expect(livenessDue(cluster, 'n1', () => undefined)).toEqual([]);
  });

  it('maintenanceDue ends what has run out', () => {
    expect(maintenanceDue(cluster, 99)).toEqual([]);
    expect(maintenanceDue(cluster, 100)).toEqual([
      { kind: 'maintenance-disable', nodeId: 'n2', cause: 'expired', expires: 100 },
    ]);
  });

  it('pauseDue ends a pause that has run out', () => {
    const pause = { owner: 'ann', reason: '', since: 0, expires: 100 };
    expect(pauseDue({ pause }, 99)).toEqual([]);
    expect(pauseDue({ pause }, 100)).toEqual([{ kind: 'cluster-resume', cause: 'expired', expires: 100 }]);
    expect(pauseDue({ pause: null }, 100)).toEqual([]);
  });
});
