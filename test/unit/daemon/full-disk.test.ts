import { describe, expect, it } from 'vitest';
import { FullDisk, freeBytes, type RoomFacts } from '../../../daemon/full-disk.ts';
import { type NodeContext, proposeCommand } from '../../../daemon/node-context.ts';
import { putKey } from '../../../daemon/routes/data.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterCommand } from '../../../src/cluster/index.ts';
import type { Call } from '../../../src/rpc/index.ts';
import { threeNodes } from '../cluster/world.ts';

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

describe('a leader whose data disk is nearly full', () => {
  const operation = { id: 'o1', reason: '', candidates: [], forMs: null, phase: 'accepted' };
  const helps: ClusterCommand[] = [
    { kind: 'operation-begin', operation: { ...operation, kind: 'failover', from: 'n1', to: 'n2' } },
    {
      kind: 'operation-begin',
      operation: { ...operation, kind: 'maintenance-enable', from: 'n1', to: 'n2' },
    },
    { kind: 'operation-begin', operation: { ...operation, kind: 'remove-node', from: 'n3', to: null } },
    { kind: 'alert-acknowledge', id: 'DiskSpaceLow:n1' },
    { kind: 'token-revoke', id: 't2' },
  ];
  const call = {
    ...{ params: { key: 'k' }, query: {}, headers: {}, body: { value: 'v' }, remoteAddress: '127.0.0.1' },
    identity: { kind: 'certificate', role: 'administrator', id: 'ann', serial: '4a' },
    remainingMs: () => 1000,
  } as unknown as Call;

  function leader(diskFreeBytes: number, cluster = threeNodes().cluster) {
    const proposed: string[] = [];
    const context = {
      facts: { nodeId: 'n1' },
      reads: { isLeader: true },
      state: { cluster },
      sample: () => ({ diskFreeBytes }),
      consensus: {
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => {
            proposed.push(JSON.parse(new TextDecoder().decode(data)).command.kind);
            return { result: { ok: true, value: { timestamp: 0 } } };
          },
        },
      },
    } as unknown as NodeContext;
    /** What became of it: null = it went into the log. */
    const hintOf = async (what: () => Promise<unknown>): Promise<string | null> =>
      what().then(
        () => null,
        (error: { code: string; hint: string }) => `${error.code}: ${error.hint}`,
      );
    const control = (command: ClusterCommand) => hintOf(async () => proposeCommand(context, command, call));
    return { proposed, control, put: () => hintOf(async () => putKey(context, call)) };
  }

  it('refuses data and takes what moves, frees and silences; the hint names that', async () => {
    const { proposed, control, put } = leader(FULL);
    expect(await put()).toBe(
      'storage_failed: free some space there, or move leadership (sqlcc cluster failover): commands of control still work',
    );
    for (const command of helps) expect(await control(command)).toBeNull();
    expect(proposed).toEqual(helps.map(({ kind }) => kind));
  });

  it('takes both with room, and neither below the reserve, which begun operations end with', async () => {
    const roomy = leader(LIMITS.minFreeDiskBytes);
    for (const hint of [await roomy.put(), await roomy.control(helps[0] as ClusterCommand)])
      expect(hint).toBeNull();
    const full = leader(LIMITS.minFreeControlBytes - 1);
    for (const hint of [await full.put(), await full.control(helps[0] as ClusterCommand)])
      expect(hint).toMatch(/^storage_failed: free some space there, or stop its daemon/);
    expect(full.proposed).toEqual([]);
    expect(LIMITS.minFreeOwnBytes).toBeLessThan(LIMITS.minFreeControlBytes);
  });

  it('that is alone has no one to move to', async () => {
    const { nodes, ...rest } = threeNodes().cluster;
    const [[id, alone] = ['n1', undefined]] = Object.entries(nodes);
    const lone = leader(FULL, { ...rest, nodes: alone === undefined ? {} : { [id]: alone } });
    expect(await lone.put()).toBe('storage_failed: free some space there');
  });
});
