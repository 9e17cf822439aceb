import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type IsolationFacts, isolationOf, isolationText } from '../../../daemon/isolation.ts';
import { IsolationWatch, verifiedEvent } from '../../../daemon/isolation-watch.ts';
import { LIMITS } from '../../../src/base/index.ts';

const member = (nodeId: string) => ({ nodeId, instanceId: `i-${nodeId}`, address: `${nodeId}:1` });

function facts(
  silences: Record<string, number | null>,
  { leaderId = null as string | null, liveness = 'alive' } = {},
): IsolationFacts {
  const membership = { voters: ['n1', 'n2', 'n3'].map(member), outgoing: [], learners: [], learnersNext: [] };
  return {
    self: 'n3',
    raft: { leaderId, membership },
    leaderlessMs: 12_000,
    memberOf: (id) => (id in silences ? { liveness, silenceMs: silences[id] ?? null } : undefined),
  };
}

describe('isolationOf', () => {
  it('names who is missing, since when, and what works', () => {
    const isolation = isolationOf(facts({ n1: 9000, n2: 9000 }));
    expect(isolation).toMatchObject({ reached: ['n3'], missing: ['n1', 'n2'], needs: 2 });
    expect(isolation === null ? '' : isolationText(isolation)).toBe(
      'cut off from n1, n2 since 12s: 1 of 3 voters reached, needs 2; ' +
        'writes and linearizable reads are refused here; --stale reads work',
    );
  });

  it('is none with a leader, or with a majority that will elect one', () => {
    expect(isolationOf(facts({ n1: 9000, n2: 9000 }, { leaderId: 'n1' }))).toBeNull();
    expect(isolationOf(facts({ n1: 9000, n2: 100 }))).toBeNull();
  });

  it('counts a member as reached only when it is alive and was heard a moment ago', () => {
    expect(isolationOf(facts({ n1: 100, n2: 100 }, { liveness: 'suspect' }))?.missing).toEqual(['n1', 'n2']);
    expect(isolationOf(facts({ n1: null }))?.missing).toEqual(['n1', 'n2']);
  });

  it('is the same for a node without a vote: it counts the voters', () => {
    const observer = { ...facts({ n1: 100, n2: 9000, n3: 9000 }), self: 'n4' };
    expect(isolationOf(observer)).toMatchObject({ reached: ['n1'], missing: ['n2', 'n3'] });
  });
});

describe('IsolationWatch', () => {
  it('has a node that was dead compared when it is calm again, and waits anew when it dies again', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let asked = 0;
    const watch = new IsolationWatch({
      ...{ nodeId: 'n3', hub: { publishOwn: () => {} }, logger: { log: () => {} } },
      ...{ isolation: () => null, hasPlace: () => true, askWhetherKnown: () => {} },
      http: { request: () => Promise.reject(new Error('not asked without a leader')) },
      reads: {
        isLeader: false,
        leader: () => {
          asked++;
          return null;
        },
      },
    });
    const event = { at: 1, index: 7, severity: 'info', message: 'n3 is back', data: {} } as const;
    const isBack = () => watch.onApplied([{ ...event, kind: 'node-alive', nodeId: 'n3' }]);
    isBack();
    vi.advanceTimersByTime(29_000);
    isBack();
    vi.advanceTimersByTime(29_000);
    watch.onApplied([{ ...event, kind: 'node-alive', nodeId: 'n2' }]);
    expect(asked).toBe(0);
    vi.advanceTimersByTime(1000);
    expect(asked).toBe(1);
    watch.stop();
  });
});

describe('IsolationWatch after a partition', () => {
  it('has itself compared with the leader as soon as a partition has healed, and says how that went', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const cut = isolationOf(facts({ n1: 9000, n2: 9000 }));
    let isolation = cut;
    let leader: { node_id: string; host: string; port: number } | null = null;
    const [told, asked]: [string[], string[]] = [[], []];
    const nodes = ['n1', 'n3'].map((node_id) => ({
      ...{ node_id, state: 'ok', damage: null, applied_index: 9, error: null, differences: [] },
    }));
    const said = { schemaVersion: 1, verdict: 'ok', index: 9, took_ms: 5, parts: 7, rows: 20, nodes };
    const watch = new IsolationWatch({
      ...{ nodeId: 'n3', logger: { log: () => {} } },
      hub: { publishOwn: ({ kind }) => told.push(kind) },
      ...{ isolation: () => isolation, hasPlace: () => true, askWhetherKnown: () => {} },
      http: {
        request: async ({ endpoint, path }) => {
          asked.push(`${endpoint}${path}`);
          return { status: 200, headers: {}, body: Buffer.alloc(0), text: '', json: () => said };
        },
      } as ConstructorParameters<typeof IsolationWatch>[0]['http'],
      reads: { isLeader: false, leader: () => leader } as never,
    });
    watch.start();
    await vi.advanceTimersByTimeAsync(2000);
    expect([told, asked]).toEqual([['partition-suspected'], []]);
    // a majority is there again, and a moment later it has elected somebody
    isolation = null;
    await vi.advanceTimersByTimeAsync(1000);
    expect(told).toEqual(['partition-suspected']);
    leader = { node_id: 'n1', host: '10.0.0.1', port: 5433 };
    await vi.advanceTimersByTimeAsync(300);
    expect(asked).toEqual(['10.0.0.1:5433/v1/nodes/n3/verify']);
    expect(told).toEqual(['partition-suspected', 'partition-healed', 'replica-verified']);
    watch.stop();
  });
});

describe('IsolationWatch of a node that leads after a partition', () => {
  it('asks nobody and warns of nothing: the others are compared with its log', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let isolation = isolationOf(facts({ n1: 9000, n2: 9000 }));
    const [told, logged, asked]: [string[], string[], string[]] = [[], [], []];
    const watch = new IsolationWatch({
      ...{ nodeId: 'n3', hub: { publishOwn: ({ kind }) => told.push(kind) } },
      logger: { log: (_level, event) => void logged.push(event) },
      ...{ isolation: () => isolation, hasPlace: () => true, askWhetherKnown: () => {} },
      http: { request: ({ path }: { path: string }) => asked.push(path) } as never,
      reads: { isLeader: true, leader: () => ({ node_id: 'n3', host: '10.0.0.3', port: 5433 }) } as never,
    });
    watch.start();
    await vi.advanceTimersByTimeAsync(2000);
    isolation = null;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual(['partition-suspected', 'partition-healed']);
    expect(logged).toEqual(['partition-suspected', 'partition-healed']);
    expect(asked).toEqual([]);
    watch.stop();
  });
});

describe('verifiedEvent', () => {
  const row = (node_id: string, state: 'ok' | 'differs', part?: string) => ({
    ...{ node_id, state, damage: null, applied_index: 9, error: null },
    differences: part === undefined ? [] : [{ part, rows: 3, expected_rows: 3 }],
  });
  const said = { schemaVersion: 1 as const, index: 9, took_ms: 5, parts: 7, rows: 20 };

  it('says what was compared, and is critical with the table where it differs', () => {
    const good = { ...said, verdict: 'ok' as const, nodes: [row('n1', 'ok'), row('n3', 'ok')] };
    expect(verifiedEvent('n3', good)).toMatchObject({
      ...{ kind: 'replica-verified', severity: 'info' },
      message: 'n3 is back and holds what n1 holds at 9: 20 rows',
    });
    const nodes = [row('n1', 'ok'), row('n3', 'differs', 'table t')];
    expect(verifiedEvent('n3', { ...said, verdict: 'differs', nodes })).toMatchObject({
      ...{ kind: 'replica-diverged', severity: 'critical', nodeId: 'n3' },
      message: 'n3 is back and differs from n1 at 9: table t',
    });
  });

  it('names the first few of very many tables', () => {
    const lost = Array.from({ length: 5000 }, (_, n) => ({
      part: `table t${n}`,
      rows: null,
      expected_rows: 1,
    }));
    const nodes = [row('n1', 'ok'), { ...row('n3', 'differs'), differences: lost }];
    const { message, data } = verifiedEvent('n3', { ...said, verdict: 'differs', nodes });
    expect(message).toMatch(/^n3 is back and differs from n1 at 9: table t0, .* and 4992 more$/);
    expect(`${data['differs']}`.length).toBeLessThan(LIMITS.maxAuditText);
  });

  it('is about the leader where that one differs from most, and accuses nobody without a majority', () => {
    const wrong = [row('n1', 'differs', 'table t'), row('n2', 'ok'), row('n3', 'ok')];
    expect(verifiedEvent('n3', { ...said, verdict: 'differs', nodes: wrong })).toMatchObject({
      ...{ kind: 'replica-diverged', nodeId: 'n1', data: { differs: 'table t' } },
      message: 'n3 is back and holds what most voters hold at 9; n1 differs: table t',
    });
    const open = [row('n1', 'differs'), row('n3', 'differs', 'table t')];
    expect(verifiedEvent('n3', { ...said, verdict: 'differs', nodes: open }).message).toBe(
      'n3 is back and differs from n1 at 9, no majority says which is right: table t',
    );
  });
});
