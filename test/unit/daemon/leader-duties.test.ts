/** The duties of a leader over a record that its commands change at once, in time that tests move. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClockOffsets } from '../../../daemon/clock-offsets.ts';
import { EventHub } from '../../../daemon/event-hub.ts';
import { type DutyParts, LeaderDuties } from '../../../daemon/leader-duties.ts';
import { type EventParts, NodeEvents } from '../../../daemon/node-events.ts';
import { givingUp, OperationRefusals } from '../../../daemon/operation-refusals.ts';
import { PhaseClock } from '../../../daemon/phase-clock.ts';
import { LIMITS, SqlccError } from '../../../src/base/index.ts';
import { seatOf } from '../../../src/cluster/index.ts';
import type { RaftMember, RaftStatus } from '../../../src/raft/index.ts';
import { type Ledger, record, threeNodes, token } from '../cluster/world.ts';

const member = (nodeId: string): RaftMember => ({
  nodeId,
  instanceId: `i-${nodeId}`,
  address: `10.0.0.1:${record(nodeId).peerPort}`,
});

/** n1 leads n1 … n3; n4 follows without a vote. */
class World {
  readonly ledger: Ledger = threeNodes();
  readonly logged: Record<string, unknown>[] = [];
  readonly hub = new EventHub('n1', 'boot-a');
  /** What Raft answers to a change; null = it is taken, and nothing becomes of it. */
  refusal: string | null = 'a voter is not to be heard';
  caughtUpMs: number = LIMITS.learnerStableMs;
  /** The group as Raft says it, and whether that is committed. */
  voters = ['n1', 'n2', 'n3'];
  isCommitted = true;
  /** What a change comes to otherwise than by `refusal`. */
  change: () => void = () => {
    if (this.refusal !== null) throw new SqlccError('failed_precondition', this.refusal);
  };
  /** What the consensus thread has done by the time at which it answers a read. */
  behindRead: () => void = () => {};
  readonly #duties: LeaderDuties;

  constructor() {
    const { ledger, logged, hub } = this;
    const log = (_level: string, event: string, more: object) => void logged.push({ event, ...more });
    ledger.now = Date.now();
    ledger.done({
      kind: 'token-create',
      token: token('t4', { role: 'observer', expires: ledger.now + 1e9 }),
    });
    ledger.done({ kind: 'node-admit', node: record('n4', { suffrage: 'observer' }), tokenId: 't4' });
    const all = ['n1', 'n2', 'n3', 'n4'];
    const membership = () => ({
      ...{ voters: this.voters.map(member), outgoing: [], learnersNext: [] },
      learners: all.filter((id) => !this.voters.includes(id)).map(member),
    });
    const isCommitted = () => this.isCommitted;
    const peers = () => [{ nodeId: 'n4', caughtUpMs: this.caughtUpMs, match: 9 }];
    this.#duties = new LeaderDuties({
      nodeId: 'n1',
      consensus: {
        get status(): RaftStatus {
          const group = { membership: membership(), membershipCommitted: isCommitted() };
          const status = { nodeId: 'n1', role: 'leader', term: 1, peers: peers() };
          return { ...status, ...group, transferringTo: null } as unknown as RaftStatus;
        },
        changeMembership: async () => this.change(),
        readBarrier: async () => this.behindRead(),
        proposals: {
          propose: async (_kind: string, data: Uint8Array) => {
            ledger.now = Date.now();
            const { command, actor } = JSON.parse(new TextDecoder().decode(data));
            return { result: ledger.apply(command, { actor }) };
          },
        },
      },
      state: ledger,
      gossip: { clocks: new ClockOffsets(), member: () => undefined },
      inForce: {
        config: {
          ...{ alerts: [], membership: { replaceDeadVoterAfterMs: 0 } },
          replication: { replicaLagThresholdBytes: 1e8 },
        },
      },
      alerts: {
        duty: { enter: () => {}, tell: async () => {}, look: async () => {} },
        ...{ told: () => [], sources: () => null, sink: {} },
      },
      logger: { log },
      events: new NodeEvents({ nodeId: 'n1', hub, logger: { log } } as unknown as EventParts),
      ownFacts: () => ({ digest: null }),
      trial: { due: () => null },
      ...{ reads: {}, http: {}, bytesOf: () => null },
    } as unknown as DutyParts);
    this.#duties.start();
  }

  begin(kind: 'remove-node' | 'replace-node', phase: string): void {
    const operation = { id: 'o1', kind, from: 'n3', to: kind === 'remove-node' ? null : 'n4', phase };
    this.ledger.done({
      kind: 'operation-begin',
      operation: { ...operation, reason: 'old', forMs: null, candidates: [] },
    });
  }

  get operation() {
    return this.ledger.cluster.operations.at(-1);
  }

  stop(): void {
    this.#duties.stop();
  }
}

let world: World;
beforeEach(() => {
  vi.useFakeTimers();
  world = new World();
});
afterEach(() => {
  world.stop();
  vi.useRealTimers();
});

describe('an operation whose change of the group is refused', () => {
  it('says so once, with its id, and ends failed with the reason: another one may begin', async () => {
    world.begin('remove-node', 'accepted');
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    expect(world.operation).toMatchObject({ state: 'running', phase: 'leaving-raft' });
    // "op show" and "op list" have it on every node
    expect(world.operation?.phases.at(-1)).toMatchObject({
      ...{ name: 'leaving-raft', elapsedMs: null },
      result: 'refused and tried again: a voter is not to be heard',
    });
    const refused = world.logged.filter((line) => line['event'] === 'operation-step-refused');
    expect(refused).toEqual([
      {
        ...{ event: 'operation-step-refused', operation: 'o1', kind: 'remove-node', phase: 'leaving-raft' },
        reason: 'a voter is not to be heard',
      },
    ]);
    // whoever follows the events hears it while it lasts
    const start = world.hub.begin({ index: -1, nth: null, own: null });
    expect(world.hub.read(start, () => true, 0).filter((e) => e.severity === 'warning')).toMatchObject([
      {
        ...{ kind: 'operation-phase', nodeId: 'n3', data: { operation: 'o1', phase: 'leaving-raft' } },
        message: 'remove-node o1: leaving-raft is refused and tried again: a voter is not to be heard',
      },
    ]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.operation).toMatchObject({
      state: 'failed',
      error: 'leaving-raft: refused for 60 s: a voter is not to be heard',
    });
    expect(world.operation?.phases.at(-1)?.result).toBe(world.operation?.error);
  });

  it('is tried for as long anew once a step was taken', async () => {
    world.begin('remove-node', 'accepted');
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    world.refusal = null;
    await vi.advanceTimersByTimeAsync(200);
    world.refusal = 'not now';
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    expect(world.operation?.state).toBe('running');
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.operation?.state).toBe('failed');
  });

  it('is tried for as long anew once it waited', async () => {
    world.begin('remove-node', 'leaving-raft');
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    world.isCommitted = false;
    await vi.advanceTimersByTimeAsync(2 * LIMITS.operationRefusedMs);
    world.isCommitted = true;
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    expect(world.operation?.state).toBe('running');
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.operation?.state).toBe('failed');
  });

  it('leaves the taker of the vote a spare', async () => {
    world.begin('replace-node', 'swapping');
    await vi.advanceTimersByTimeAsync(1000);
    expect(seatOf(world.ledger.cluster.nodes['n4'] as never)).toBe('voter');
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs);
    expect(world.operation).toMatchObject({ state: 'failed' });
    expect(seatOf(world.ledger.cluster.nodes['n4'] as never)).toBe('observer');
  });
});

describe('an operation whose change of the group has an unknown outcome', () => {
  const unknown = () => {
    throw new SqlccError('outcome_unknown', 'not confirmed within 2000 ms');
  };
  const seat = () => seatOf(world.ledger.cluster.nodes['n4'] as never);

  it('is not given up by it, however often, and a refusal counts from then on', async () => {
    world.begin('replace-node', 'swapping');
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    const refuse = world.change;
    world.change = unknown;
    await vi.advanceTimersByTimeAsync(2 * LIMITS.operationRefusedMs);
    expect([world.operation?.state, seat()]).toEqual(['running', 'voter']);
    world.change = refuse;
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs - 1000);
    expect(world.operation?.state).toBe('running');
    await vi.advanceTimersByTimeAsync(2000);
    expect([world.operation?.state, seat()]).toEqual(['failed', 'observer']);
  });

  it('goes on when that is committed: the taker keeps its vote and its seat', async () => {
    world.begin('replace-node', 'swapping');
    // with the next refusal it would be given up
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs);
    world.change = () => {
      world.isCommitted = false;
      unknown();
    };
    await vi.advanceTimersByTimeAsync(2 * LIMITS.operationRefusedMs);
    expect([world.operation?.state, seat()]).toEqual(['running', 'voter']);
    world.voters = ['n1', 'n2', 'n4'];
    world.isCommitted = true;
    world.change = () => {};
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.operation).toMatchObject({ state: 'running', phase: 'removing' });
    expect(seat()).toBe('voter');
  });

  it('takes no step by a status of before it, also when the taker is dead by then', async () => {
    world.begin('replace-node', 'swapping');
    world.change = () => {
      const death = { nodeId: 'n4', liveness: 'dead', by: ['n2'], cause: 'silent' } as const;
      world.ledger.done({ kind: 'node-liveness', ...death });
      world.behindRead = () => {
        throw new SqlccError('no_quorum', 'no leader confirmed a read');
      };
      unknown();
    };
    await vi.advanceTimersByTimeAsync(10_000);
    expect([world.operation?.state, seat()]).toEqual(['running', 'voter']);
    // the thread comes to it, and the change is in the log
    world.behindRead = () => {
      world.voters = ['n1', 'n2', 'n4'];
    };
    world.change = () => {};
    await vi.advanceTimersByTimeAsync(1000);
    expect(world.operation).toMatchObject({ state: 'running', phase: 'removing' });
    expect(seat()).toBe('voter');
  });
});

describe('what an operation waits for', () => {
  const seat = () => seatOf(world.ledger.cluster.nodes['n4'] as never);

  it.each([-600_000, 600_000])('has its time also where the clock of before was off by %i ms', async (ms) => {
    world.ledger.now = Date.now() + ms;
    world.begin('replace-node', 'swapping');
    // it was ready, and is not any more: the record came before
    world.ledger.done({ kind: 'node-seat', nodeId: 'n4', seat: 'voter', reason: 'instead of n3' });
    world.caughtUpMs = 0;
    await vi.advanceTimersByTimeAsync(LIMITS.operationSwapMs - 1000);
    expect([world.operation?.state, seat()]).toEqual(['running', 'voter']);
    await vi.advanceTimersByTimeAsync(2000);
    expect([world.operation?.state, seat()]).toEqual(['failed', 'observer']);
  });
});

describe('PhaseClock', () => {
  it('begins anew with another operation, another phase and another leadership', () => {
    const standing = { id: 'o1', phase: 'swapping', term: 4 };
    for (const other of [{ id: 'o2' }, { phase: 'removing' }, { term: 5 }]) {
      const clock = new PhaseClock();
      expect([clock.inPhaseMs(standing, 10), clock.inPhaseMs(standing, 70)]).toEqual([0, 60]);
      const moved = { ...standing, ...other };
      expect([clock.inPhaseMs(moved, 80), clock.inPhaseMs(moved, 90)]).toEqual([0, 10]);
    }
  });
});

describe('OperationRefusals', () => {
  const standing = { id: 'o1', phase: 'swapping', term: 4 };

  it('counts refusals without a break, of one operation in one phase under one leadership', () => {
    const others = [{ id: 'o2' }, { phase: 'removing' }, { term: 5 }];
    for (const other of others) {
      const refusals = new OperationRefusals();
      expect(refusals.refused(standing, 'no', 0).isOver).toBe(false);
      expect(refusals.refused(standing, 'no', LIMITS.operationRefusedMs).isOver).toBe(true);
      const moved = { ...standing, ...other };
      expect(refusals.refused(moved, 'no', LIMITS.operationRefusedMs).isOver).toBe(false);
    }
    const refusals = new OperationRefusals();
    refusals.refused(standing, 'no', 0);
    refusals.broken();
    expect(refusals.refused(standing, 'no', LIMITS.operationRefusedMs).isOver).toBe(false);
  });

  it('tells each reason of an operation once, also behind a break', () => {
    const refusals = new OperationRefusals();
    expect(refusals.refused(standing, 'no', 0).isNew).toBe(true);
    refusals.broken();
    expect(refusals.refused(standing, 'no', 1).isNew).toBe(false);
    expect(refusals.refused(standing, 'not yet', 2).isNew).toBe(true);
    expect(refusals.refused({ ...standing, id: 'o2' }, 'no', 3).isNew).toBe(true);
  });
});

describe('giving up a replacement', () => {
  it('waits until no change of the group is under way', async () => {
    world.begin('replace-node', 'swapping');
    await vi.advanceTimersByTimeAsync(1000);
    const operation = world.operation as never;
    const kinds = (membershipCommitted: boolean, outgoing: RaftMember[] = []) => {
      const membership = { voters: ['n1', 'n2', 'n3'].map(member), outgoing };
      const reached = { cluster: world.ledger.cluster, raft: { membershipCommitted, membership } as never };
      return givingUp(operation, reached, 'not now').map((command) => command.kind);
    };
    expect(kinds(false)).toEqual([]);
    expect(kinds(true, [member('n3')])).toEqual([]);
    expect(kinds(true)).toEqual(['node-seat', 'operation-end']);
  });

  it('leaves the seat to a taker that got its vote another way', async () => {
    world.begin('replace-node', 'swapping');
    await vi.advanceTimersByTimeAsync(1000);
    world.voters = ['n1', 'n2', 'n3', 'n4'];
    await vi.advanceTimersByTimeAsync(LIMITS.operationRefusedMs + 1000);
    expect(world.operation).toMatchObject({ state: 'failed' });
    expect(seatOf(world.ledger.cluster.nodes['n4'] as never)).toBe('voter');
  });
});

describe('what ends by itself', () => {
  it('ends once enough clocks are known, or a leader knew none for a minute', async () => {
    world.ledger.done({ kind: 'cluster-pause', owner: 'ann', reason: '', forMs: 1000 });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(world.ledger.cluster.pause).not.toBeNull();
    await vi.advanceTimersByTimeAsync(2000);
    expect(world.ledger.cluster.pause).toBeNull();
  });
});
