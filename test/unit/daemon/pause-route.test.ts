import { describe, expect, it } from 'vitest';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { cancelSchedule, pauseCluster } from '../../../daemon/routes/steering.ts';
import type { Call } from '../../../src/rpc/index.ts';
import { type Ledger, NOW, threeNodes } from '../cluster/world.ts';

const DAY_MS = 86_400_000;

const CALL = {
  ...{ query: {}, headers: {}, remoteAddress: '127.0.0.1', remainingMs: () => 1000 },
  identity: { kind: 'certificate', role: 'operator', id: 'ann', serial: '4a' },
};

/** Asks a leader whose configuration allows pauses of `maxPauseMs`; answers what went into the log. */
async function pause(maxPauseMs: number, forMs?: number): Promise<object[]> {
  const proposed: object[] = [];
  const context = {
    config: { membership: { maxPauseMs } },
    reads: { requireLeader: async () => {} },
    sample: () => ({ diskFreeBytes: 1e12 }),
    state: { cluster: threeNodes().cluster },
    consensus: {
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
    body: { reason: 'network work', ...(forMs !== undefined && { for_ms: forMs }) },
  } as unknown as Call;
  await pauseCluster(context, call);
  return proposed;
}

describe('pauseCluster', () => {
  it('takes pauses up to what the configuration says', async () => {
    expect(await pause(7 * DAY_MS, 7 * DAY_MS)).toMatchObject([{ kind: 'cluster-pause', forMs: 7 * DAY_MS }]);
    expect(await pause(14 * DAY_MS, 10 * DAY_MS)).toMatchObject([{ forMs: 10 * DAY_MS }]);
  });

  it('refuses longer ones, also the default where that is too long, and all where none may begin', async () => {
    const refused = { code: 'invalid_argument', hint: expect.stringContaining('membership.max_pause') };
    await expect(pause(7 * DAY_MS, 7 * DAY_MS + 1)).rejects.toMatchObject(refused);
    await expect(pause(60_000)).rejects.toMatchObject(refused);
    await expect(pause(0, 1000)).rejects.toMatchObject(refused);
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
