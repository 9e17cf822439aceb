import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HandOverReporter, type HandOverReporterParts } from '../../../daemon/hand-over-report.ts';
import type { NodeContext } from '../../../daemon/node-context.ts';
import { reportHandOver } from '../../../daemon/routes/steering.ts';
import type { Call } from '../../../src/rpc/index.ts';

const decode = (data: Uint8Array) =>
  JSON.parse(new TextDecoder().decode(data)) as { command: object; actor: string };

/** A former leader `n1` of term 4, and the cluster as it sees it; tests change it while time goes on. */
class World {
  status: { term: number; leaderId: string | null } = { term: 4, leaderId: 'n1' };
  isLeader = true;
  leader: { host: string; port: number } | null = null;
  answer = 200;
  readonly proposed: object[] = [];
  readonly told: { endpoint: string; path: string; body: object }[] = [];
  readonly logged: string[] = [];
  readonly reporter: HandOverReporter;

  constructor() {
    const world = this;
    const proposals = {
      propose: async (_kind: string, data: Uint8Array) => {
        world.proposed.push(decode(data));
        return { result: { ok: true, value: {} } };
      },
    };
    this.reporter = new HandOverReporter({
      nodeId: 'n1',
      consensus: {
        proposals,
        get status() {
          return world.status;
        },
      },
      reads: {
        get isLeader() {
          return world.isLeader;
        },
        leader: () => world.leader,
      },
      http: {
        request: async (request: { endpoint: string; path: string; body: object }) => {
          world.told.push(request);
          return { status: world.answer };
        },
      },
      logger: { log: (_level: string, event: string) => void world.logged.push(event) },
      candidates: () => [{ nodeId: 'n2', eligible: true, reasons: ['healthy'], lagEntries: 0 }],
    } as unknown as HandOverReporterParts);
  }

  follows(leaderId: string | null, term = 5): void {
    this.status = { term, leaderId };
    this.isLeader = leaderId === 'n1';
    this.leader = leaderId === null ? null : { host: '::1', port: 5433 };
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('HandOverReporter', () => {
  it('tells whoever leads next, once, with the candidates of the moment when it began', async () => {
    const world = new World();
    world.reporter.begun('a slow disk');
    world.reporter.begun('a slow disk');
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.told).toEqual([]);
    world.follows('n2');
    await vi.advanceTimersByTimeAsync(300);
    expect(world.told).toMatchObject([
      {
        endpoint: '[::1]:5433',
        path: '/v1/nodes/n1/hand-over',
        body: {
          term: 4,
          cause: 'a slow disk',
          candidates: [{ node_id: 'n2', eligible: true, lag_entries: 0 }],
        },
      },
    ]);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(world.told).toHaveLength(1);
  });

  it('says it again until it is taken, while nobody leads too, and gives up after 20 s with a line', async () => {
    const world = new World();
    world.reporter.begun('a lagging loop');
    world.follows(null);
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.told).toEqual([]);
    world.follows('n3');
    world.answer = 503;
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.told.length).toBeGreaterThan(2);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(world.logged).toEqual(['hand-over-not-reported']);
    const told = world.told.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(world.told).toHaveLength(told);
  });

  it('that leads on after 5 s records by itself that nobody took over', async () => {
    const world = new World();
    world.reporter.begun('entries reach nobody');
    await vi.advanceTimersByTimeAsync(4900);
    expect(world.proposed).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(world.proposed).toMatchObject([
      {
        actor: 'n1',
        command: { kind: 'hand-over-record', from: 'n1', term: 4, cause: 'entries reach nobody' },
      },
    ]);
  });
});

describe('reportHandOver', () => {
  const report = { id: 'h1', term: 4, cause: 'slow', candidates: [] };
  const call = (id: string) =>
    ({
      params: { id: 'n1' },
      identity: { kind: 'certificate', role: 'voter', id, serial: '4a' },
      body: report,
      remainingMs: () => 1000,
      query: {},
      headers: {},
      remoteAddress: '127.0.0.1',
    }) as unknown as Call;
  const context = (proposed: unknown[]) =>
    ({
      reads: { requireLeader: async () => {} },
      sample: () => ({ diskFreeBytes: 1e12 }),
      consensus: {
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => {
            proposed.push(decode(data).command);
            return { result: { ok: true, value: {} } };
          },
        },
      },
    }) as unknown as NodeContext;

  it('records what a former leader says of itself, and nothing that another says of it', async () => {
    const proposed: unknown[] = [];
    await expect(reportHandOver(context(proposed), call('n2'))).rejects.toMatchObject({
      code: 'permission_denied',
    });
    expect(proposed).toEqual([]);
    expect(await reportHandOver(context(proposed), call('n1'))).toEqual({ body: {} });
    expect(proposed).toMatchObject([{ kind: 'hand-over-record', from: 'n1', term: 4, cause: 'slow' }]);
  });
});
