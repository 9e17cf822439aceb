/** Levels of reads over real message ports: the test plays both worker threads. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { ConsensusLink } from '../../../daemon/consensus-link.ts';
import type { ConsensusToMain, MainToConsensus, MainToState, StateToMain } from '../../../daemon/protocol.ts';
import { Reads } from '../../../daemon/reads.ts';
import { StateLink } from '../../../daemon/state-link.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import type { RaftStatus } from '../../../src/raft/index.ts';

const cluster = {
  nodes: {
    n1: { nodeId: 'n1', host: 'h1', port: 1, clientPort: 2 },
    n2: { nodeId: 'n2', host: 'h2', port: 3, clientPort: 4 },
  },
} as unknown as ClusterState;

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function nothing(): void {}

/** A node n1 whose worker threads are this test. */
function node() {
  const [c, s] = [new MessageChannel(), new MessageChannel()];
  ports.push(c.port1, c.port2, s.port1, s.port2);
  const consensus = new ConsensusLink(c.port1, {
    events: nothing,
    status: nothing,
    handOver: nothing,
    measures: nothing,
    committed: nothing,
    leader: () => null,
    peer: nothing,
    log: nothing,
  });
  const state = new StateLink(s.port1, {
    ...{ applied: nothing, restored: nothing, mark: nothing, diverged: nothing, snapshot: nothing },
    log: nothing,
  });
  const reads = new Reads('n1', consensus, state);
  const say = (message: ConsensusToMain): void => c.port2.postMessage(message);
  const status = (changes: Partial<RaftStatus>): void =>
    say({
      kind: 'status',
      status: { role: 'follower', leaderId: null, commitIndex: 0, silenceMs: 10, ...changes } as RaftStatus,
      ...{ links: [], diskLatencyMs: 0, loopLagMs: 0 },
      traffic: { logBytes: 0, logEntries: 0, heartbeats: 0, errors: 0 },
    } as ConsensusToMain);
  const open = (appliedIndex: number): void =>
    s.port2.postMessage({ kind: 'open', appliedIndex, clusterState: cluster } satisfies StateToMain);
  const applied = (appliedIndex: number, settledIndex = appliedIndex): void =>
    s.port2.postMessage({
      ...{ kind: 'applied', appliedIndex, settledIndex, results: { puts: null, others: '' } },
      ...{ events: [], clusterState: null, kvChanges: [], hear: null },
    } satisfies StateToMain);
  let asks = 0;
  s.port2.on('message', (m: MainToState) => (m.kind === 'settle' ? asks++ : undefined));
  const settle = (index: number): void =>
    s.port2.postMessage({ kind: 'settled', index } satisfies StateToMain);
  const asked = new Promise<number[]>((resolve) => {
    c.port2.on('message', (m: MainToConsensus) => m.kind === 'read-index' && resolve([...m.ids]));
  });
  return { reads, state, consensus, say, status, open, applied, settle, asks: () => asks, asked };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('Reads', () => {
  it('untilLeaderBeside waits for a leader at another address, whoever that is, and not longer than asked', async () => {
    const n = node();
    n.open(5);
    n.status({ leaderId: 'n2' });
    await settled();
    let isOver = false;
    const waiting = n.reads.untilLeaderBeside('h2:3', 5000).then(() => {
      isOver = true;
    });
    n.status({ leaderId: null });
    n.status({ leaderId: 'n2' });
    await settled();
    expect(isOver).toBe(false);
    n.status({ leaderId: 'n1', role: 'leader' });
    await waiting;
    await n.reads.untilLeaderBeside('h2:3', 5000);
    const began = performance.now();
    await n.reads.untilLeaderBeside('[h1]:1', 30);
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  });

  it('linearizable waits for the barrier and for its own state to reach it', async () => {
    const n = node();
    n.open(5);
    const reading = n.reads.prepare({ level: 'linearizable', minIndex: 0 }, 2000);
    const [id] = await n.asked;
    n.say({ kind: 'reads', results: [{ id: id as number, index: 8 }] });
    let done = false;
    void reading.then(() => {
      done = true;
    });
    await settled();
    expect(done).toBe(false);
    n.applied(8);
    await expect(reading).resolves.toMatchObject({ mode: 'quorum', age_ms: 0, applied_index: 8 });
  });

  it('linearizable and session wait until what was applied can be read, however long that takes', async () => {
    const n = node();
    n.open(5);
    n.applied(8, 5);
    const readings = [
      n.reads.prepare({ level: 'linearizable', minIndex: 0 }, 2000),
      n.reads.prepare({ level: 'session', minIndex: 8 }, 2000),
    ];
    const [id] = await n.asked;
    n.say({ kind: 'reads', results: [{ id: id as number, index: 8 }] });
    let done = 0;
    for (const reading of readings) void reading.then(() => done++);
    const began = performance.now();
    while (performance.now() - began < 60) await settled();
    expect(done).toBe(0);
    n.settle(8);
    await expect(Promise.all(readings)).resolves.toMatchObject([{ mode: 'quorum' }, { mode: 'stale' }]);
  });

  it('session waits for an index, none waits for nothing', async () => {
    const n = node();
    n.open(5);
    await settled();
    await expect(n.reads.prepare({ level: 'none', minIndex: 0 }, 100)).resolves.toMatchObject({
      mode: 'stale',
    });
    const reading = n.reads.prepare({ level: 'session', minIndex: 7 }, 2000);
    n.applied(7);
    await expect(reading).resolves.toMatchObject({ mode: 'stale', applied_index: 7 });
  });

  it('what was applied is read when it is in the file: whoever waits for it asks for that, once', async () => {
    const n = node();
    n.open(5);
    n.applied(9, 5);
    await settled();
    const readings = [
      n.reads.prepare({ level: 'session', minIndex: 7 }, 2000),
      n.reads.prepare({ level: 'session', minIndex: 9 }, 2000),
    ];
    let done = 0;
    for (const reading of readings) void reading.then(() => done++);
    await settled();
    expect([n.asks(), done]).toEqual([1, 0]);
    n.settle(9);
    await Promise.all(readings);
    await n.reads.prepare({ level: 'session', minIndex: 9 }, 2000);
    expect(n.asks()).toBe(1);
  });

  it('a read that waits for nothing waits a moment for what was applied, and no longer', async () => {
    const n = node();
    n.open(5);
    n.applied(9, 5);
    await settled();
    const soon = n.reads.prepare({ level: 'none', minIndex: 0 }, 2000);
    await settled();
    expect(n.asks()).toBe(1);
    n.settle(9);
    await expect(soon).resolves.toMatchObject({ mode: 'stale', applied_index: 9 });
    n.applied(12, 9);
    await settled();
    // the applier is at something long and does not answer
    await expect(n.reads.prepare({ level: 'none', minIndex: 0 }, 2000)).resolves.toMatchObject({
      mode: 'stale',
    });
  });

  it('requireLeader names the leader, and takes the election that comes while it waits', async () => {
    const n = node();
    n.open(1);
    n.status({ leaderId: 'n2' });
    await settled();
    await expect(n.reads.requireLeader(1000)).rejects.toMatchObject({
      code: 'not_leader',
      details: { leader: { node_id: 'n2', host: 'h2', port: 3, client_port: 4 } },
    });
    n.status({ leaderId: null });
    await settled();
    const waiting = n.reads.requireLeader(1000);
    n.status({ role: 'leader', leaderId: 'n1' });
    await expect(waiting).resolves.toBeUndefined();
  });

  it('a stale answer is at least as old as the lag of its own state', async () => {
    const n = node();
    n.open(5);
    n.status({ leaderId: 'n2', commitIndex: 5, silenceMs: 3 });
    await settled();
    expect(n.reads.info('stale').age_ms).toBeLessThan(1000);
    n.status({ leaderId: 'n2', commitIndex: 900, silenceMs: 3 });
    await settled();
    const began = performance.now();
    while (performance.now() - began < 60);
    expect(n.reads.info('stale').age_ms).toBeGreaterThanOrEqual(59);
    expect(n.reads.info('quorum').age_ms).toBe(0);
  });
});
