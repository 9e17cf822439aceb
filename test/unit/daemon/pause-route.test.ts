import { describe, expect, it } from 'vitest';
import type { NodeContext } from '../../../daemon/node-context.ts';
import {
  boundCommand,
  lengthOf,
  planOperation,
  requireLength,
  shortenedChecks,
} from '../../../daemon/operations.ts';
import { cancelSchedule, pauseCluster } from '../../../daemon/routes/steering.ts';
import type { OperationRequest, PauseRequest } from '../../../src/api/index.ts';
import type { Identity } from '../../../src/auth/index.ts';
import { COMMANDS } from '../../../src/cli/tree/commands.ts';
import type { ClusterCommand } from '../../../src/cluster/index.ts';
import type { Call } from '../../../src/rpc/index.ts';
import { type Ledger, NOW, threeNodes } from '../cluster/world.ts';

const DAY_MS = 86_400_000;

const CALL = {
  ...{ query: {}, headers: {}, remoteAddress: '127.0.0.1', remainingMs: () => 1000 },
  identity: { kind: 'certificate', role: 'operator', id: 'ann', serial: '4a' },
};

/** Asks a leader whose configuration allows pauses of `maxPauseMs`; answers what went into the log. */
async function paused(
  maxPauseMs: number,
  forMs?: number,
  expected: Pick<PauseRequest, 'expect_term' | 'expect_leader'> = {},
): Promise<{ readonly proposed: object[]; readonly answer: object }> {
  const proposed: object[] = [];
  const context = {
    config: { membership: { maxPauseMs } },
    reads: { requireLeader: async () => {} },
    sample: () => ({ diskFreeBytes: 1e12 }),
    state: { cluster: threeNodes().cluster },
    consensus: {
      status: { term: 4, leaderId: 'n1' },
      proposals: {
        propose: async (_kind: string, data: Uint8Array) => {
          proposed.push(JSON.parse(new TextDecoder().decode(data)).command);
          return { result: { ok: true, value: {} } };
        },
      },
    },
  } as unknown as NodeContext;
  const call = {
    ...{ ...CALL, params: {} },
    body: { reason: 'network work', ...(forMs !== undefined && { for_ms: forMs }), ...expected },
  } as unknown as Call;
  const { body } = await pauseCluster(context, call);
  return { proposed, answer: body as object };
}

async function pause(...asked: Parameters<typeof paused>): Promise<object[]> {
  return (await paused(...asked)).proposed;
}

describe('pauseCluster', () => {
  it('takes pauses up to what the configuration says', async () => {
    expect(await pause(7 * DAY_MS, 7 * DAY_MS)).toMatchObject([{ kind: 'cluster-pause', forMs: 7 * DAY_MS }]);
    expect(await pause(14 * DAY_MS, 10 * DAY_MS)).toMatchObject([{ forMs: 10 * DAY_MS }]);
  });

  it('lasts as long as it may where nobody said how long and an hour is too long, and says so', async () => {
    const [cut, asked, usual] = [
      await paused(60_000),
      await paused(60_000, 30_000),
      await paused(7 * DAY_MS),
    ];
    expect(cut).toMatchObject({ proposed: [{ forMs: 60_000 }], answer: { longest_ms: 60_000 } });
    expect(asked.proposed).toMatchObject([{ forMs: 30_000 }]);
    expect(usual.proposed).toMatchObject([{ forMs: 3_600_000 }]);
    for (const { answer } of [asked, usual]) expect(answer).toEqual({ pause: null });
  });

  it('refuses longer ones, and all where none may begin', async () => {
    const refused = { code: 'invalid_argument', hint: expect.stringContaining('membership.max_pause') };
    await expect(pause(7 * DAY_MS, 7 * DAY_MS + 1)).rejects.toMatchObject(refused);
    await expect(pause(60_000, 60_001)).rejects.toMatchObject(refused);
    await expect(pause(0)).rejects.toMatchObject(refused);
    await expect(pause(0, 1000)).rejects.toMatchObject(refused);
  });
});

describe('pauseCluster for who believes something of term and leader', () => {
  it.each([
    [{ expect_term: 3 }, 'conflict', 'refused: the term moved from 3 to 4: look again and decide again'],
    [{ expect_leader: 'n2' }, 'conflict', 'refused: n1 leads, not n2'],
    [{ expect_leader: 'n9' }, 'not_found', 'no node "n9"'],
  ] as const)('refuses what is not so, and puts nothing into the log: %j', async (expected, code, text) => {
    const message = expect.stringContaining(text);
    await expect(pause(7 * DAY_MS, 60_000, expected)).rejects.toMatchObject({ code, message });
  });

  it('pauses where it is so', async () => {
    const expected = { expect_term: 4, expect_leader: 'n1' };
    expect(await pause(7 * DAY_MS, 60_000, expected)).toMatchObject([{ kind: 'cluster-pause' }]);
  });
});

describe('cancelSchedule', () => {
  /** Asks a leader that has one schedule; its record takes the command as the log would. */
  async function cancel(id: string, ledger: Ledger) {
    const context = {
      reads: { requireLeader: async () => {} },
      sample: () => ({ diskFreeBytes: 1e12 }),
      state: { cluster: ledger.cluster },
      consensus: {
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => ({
            result: ledger.apply(JSON.parse(new TextDecoder().decode(data)).command),
          }),
        },
      },
    } as unknown as NodeContext;
    await cancelSchedule(context, { ...CALL, params: { id }, body: null } as unknown as Call);
  }

  it('says where to look when there is none of that id, or it does not wait any more', async () => {
    const ledger = threeNodes();
    const wish = { to: null, expectLeader: null, reason: '' };
    ledger.done({ kind: 'schedule-add', entry: { id: 's1', kind: 'failover', ...wish, at: NOW + DAY_MS } });
    await expect(cancel('s2', ledger)).rejects.toMatchObject({
      ...{ code: 'not_found', hint: expect.stringContaining('"sqlcc schedule list"') },
    });
    await cancel('s1', ledger);
    await expect(cancel('s1', ledger)).rejects.toMatchObject({
      ...{ code: 'conflict', message: 'schedule s1 does not wait any more: cancelled' },
      hint: expect.stringContaining('"sqlcc schedule list --all"'),
    });
  });
});

describe('boundCommand', () => {
  it('carries the term, the leader where leadership moves, and the reason', () => {
    const move = { kind: 'failover', from: 'n1', command: 'sqlcc cluster failover --yes' } as const;
    const bound = `${move.command} --expect-leader n1 --expect-term 9`;
    expect(boundCommand(move, 9)).toBe(bound);
    expect(boundCommand(move, 9, 'the new kernel')).toBe(`${bound} --reason 'the new kernel'`);
    expect(boundCommand({ ...move, from: null }, 9)).toBe(`${move.command} --expect-term 9`);
    const leave = { kind: 'remove-node', from: 'n1', command: 'sqlcc node leave n1' } as const;
    expect(boundCommand(leave, 9)).toBe('sqlcc node leave n1 --expect-term 9');
    const rotation = { kind: 'rotate-ca', from: null, command: 'sqlcc cert rotate-ca' } as const;
    expect(boundCommand(rotation, 9)).toBe('sqlcc cert rotate-ca');
  });

  it('has flags that its command line takes', () => {
    const moves = ['cluster failover', 'cluster switchover'];
    const nodes = ['maintenance enable', 'maintenance disable', 'drain', 'undrain', 'leave', 'replace'];
    for (const path of [...moves, ...nodes.map((word) => `node ${word}`)]) {
      const flags = COMMANDS.find((c) => c.path === path)
        ?.flags?.map((f) => f.flags)
        .join(' ');
      expect(flags, path).toMatch(/--expect-leader .*--expect-term /);
    }
  });
});

describe('planOperation', () => {
  const plan = (maxMaintenanceMs: number, request: Partial<OperationRequest>) => {
    const context = { config: { membership: { maxMaintenanceMs } } } as unknown as NodeContext;
    const wish = { kind: 'maintenance', node_id: 'n2', ...request } as OperationRequest;
    return () => planOperation(context, wish, { kind: 'certificate', id: 'ann' } as unknown as Identity);
  };

  it.each([
    ['maintenance', 'maintenance lasts up to 7d here, not 8d'],
    ['drain', 'a drain lasts up to 7d here, not 8d'],
  ] as const)('refuses a longer %s than the configuration allows, in words', (kind, text) => {
    const hint = expect.stringContaining('membership.max_maintenance');
    expect(plan(7 * DAY_MS, { kind, for_ms: 8 * DAY_MS })).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: text, hint }),
    );
    expect(plan(0, { kind })).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });

  it('means an hour where nothing is said, and no more than is allowed', () => {
    const usual = (maxMaintenanceMs: number, request = {}) =>
      lengthOf({ config: { membership: { maxMaintenanceMs } } }, request);
    expect(usual(30 * DAY_MS)).toEqual({ enable: true, forMs: 3_600_000 });
    expect(usual(1_800_000)).toEqual({ enable: true, forMs: 1_800_000 });
    expect(usual(1_800_000, { for_ms: 3_600_000 })).toMatchObject({ forMs: 3_600_000 });
    expect(plan(1_800_000, { for_ms: 3_600_000 })).toThrow(
      expect.objectContaining({ details: { longest_ms: 1_800_000 } }),
    );
  });

  it('says so where the hour is cut that nobody asked for', () => {
    const said = (maxMaintenanceMs: number, request: Partial<OperationRequest>) =>
      shortenedChecks(
        { config: { membership: { maxMaintenanceMs } } },
        { kind: 'drain', node_id: 'n2', ...request },
      ).map((check) => check.text);
    expect(said(1_800_000, {})).toEqual(['for 30m: membership.max_maintenance allows no more']);
    expect(said(1_800_000, { for_ms: 60_000 })).toEqual([]);
    expect(said(1_800_000, { enable: false })).toEqual([]);
    expect(said(1_800_000, { kind: 'remove-node' })).toEqual([]);
    expect(said(DAY_MS, {})).toEqual([]);
  });

  it('takes what is as long as it may be', () => {
    const most = { mostMs: 7 * DAY_MS, key: 'membership.max_maintenance' } as const;
    expect(() => requireLength('maintenance', 7 * DAY_MS, most)).not.toThrow();
  });
});

describe('a length in the record', () => {
  const n2 = { nodeId: 'n2', owner: 'ann', reason: '' } as const;
  const MORE = 31 * DAY_MS;

  it.each<[ClusterCommand, string]>([
    [{ kind: 'maintenance-enable', ...n2, forMs: MORE }, 'maintenance lasts up to 30d, not 31d'],
    [{ kind: 'drain-enable', ...n2, forMs: MORE }, 'a drain lasts up to 30d, not 31d'],
    [{ kind: 'cluster-pause', owner: 'ann', reason: '', forMs: MORE }, 'a pause lasts up to 30d, not 31d'],
    [{ kind: 'maintenance-enable', ...n2, forMs: 0 }, 'maintenance lasts up to 30d, not 0'],
  ])('that is none is refused in words: %j', (command, text) => {
    expect(threeNodes().refused(command, 'invalid_argument')).toBe(text);
  });
});
