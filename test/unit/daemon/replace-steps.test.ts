/** A replacement walked through by one leader after another: who votes at each moment, and how it ends. */
import { describe, expect, it } from 'vitest';
import { nextStep } from '../../../daemon/operation-steps.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { OPERATION_PHASES, seatOf } from '../../../src/cluster/index.ts';
import type { Membership, RaftMember, RaftStatus } from '../../../src/raft/index.ts';
import { EMPTY_MEMBERSHIP, leaveJoint, planChange } from '../../../src/raft/membership.ts';
import { campaign, type Ledger, record, threeNodes, token } from '../cluster/world.ts';

const member = (nodeId: string): RaftMember => ({
  nodeId,
  instanceId: `i-${nodeId}`,
  address: `${nodeId}:1`,
});

/** Three voters and n4, which follows without a vote. */
function withSpare(): Ledger {
  const ledger = threeNodes();
  ledger.done({ kind: 'token-create', token: token('t4', { role: 'observer' }) });
  ledger.done({ kind: 'node-admit', node: record('n4', { suffrage: 'observer' }), tokenId: 't4' });
  return ledger;
}

interface Walk {
  readonly ledger: Ledger;
  membership: Membership;
  leader: string;
  term: number;
  caughtUpMs: number | null;
  /** How long the leader has seen the phase. */
  inPhaseMs: number;
  /** Voters needed for a majority at each configuration that was in force. */
  readonly quorums: number[];
}

function begin(kind: 'replace-node' | 'replace-voter', from = 'n2'): Walk {
  const ledger = withSpare();
  const phase = OPERATION_PHASES[kind][0] as string;
  const operation = { id: 'o1', kind, from, to: 'n4', reason: 'r', forMs: null, candidates: [], phase };
  ledger.done({ kind: 'operation-begin', operation });
  const membership = {
    ...EMPTY_MEMBERSHIP,
    voters: ['n1', 'n2', 'n3'].map(member),
    learners: [member('n4')],
  };
  return {
    ledger,
    membership,
    leader: 'n1',
    term: 4,
    caughtUpMs: LIMITS.learnerStableMs,
    inPhaseMs: 0,
    quorums: [],
  };
}

function status({ leader, term, membership, caughtUpMs }: Walk): RaftStatus {
  const peers = [{ nodeId: 'n4', caughtUpMs }];
  const told = { nodeId: leader, term, transferringTo: null, membershipCommitted: true, membership, peers };
  return told as unknown as RaftStatus;
}

/** One step by whoever leads; what it was. */
function step(walk: Walk): string {
  const running = walk.ledger.cluster.operations.at(-1);
  if (running?.state !== 'running') return running?.state ?? 'none';
  const next = nextStep(running, walk.ledger.cluster, status(walk), walk.inPhaseMs);
  if (next.kind === 'propose') walk.ledger.done(next.command);
  if (next.kind === 'transfer') lead(walk, walk.leader === 'n1' ? 'n3' : 'n1');
  if (next.kind === 'change-members') {
    const plan = planChange(walk.membership, next.change);
    if (plan.kind === 'refused') throw new TypeError(plan.reason);
    for (const m of [plan.membership, leaveJoint(plan.membership)]) {
      walk.quorums.push(Math.floor(m.voters.length / 2) + 1);
      walk.membership = m;
    }
  }
  return next.kind;
}

function lead(walk: Walk, leader: string): void {
  walk.leader = leader;
  walk.term++;
  walk.ledger.done({ kind: 'leader-started', ...campaign(leader, walk.term) });
}

function finish(walk: Walk): void {
  for (let turn = 0; turn < 30 && walk.ledger.cluster.operations.at(-1)?.state === 'running'; turn++)
    step(walk);
}

const voters = (walk: Walk): string[] => walk.membership.voters.map((v) => v.nodeId).sort();

describe('a replacement', () => {
  it.each(['replace-node', 'replace-voter'] as const)('%s never needs more voters than before', (kind) => {
    const walk = begin(kind);
    finish(walk);
    expect(walk.ledger.cluster.operations.at(-1)).toMatchObject({ state: 'done', error: null });
    expect(voters(walk)).toEqual(['n1', 'n3', 'n4']);
    expect(Math.max(...walk.quorums)).toBe(2);
    const { nodes } = walk.ledger.cluster;
    expect(seatOf(nodes['n4'] as never)).toBe('voter');
    if (kind === 'replace-node') {
      expect(nodes['n2']).toBeUndefined();
      expect(walk.ledger.cluster.removed.map((r) => r.nodeId)).toEqual(['n2']);
    } else {
      expect(seatOf(nodes['n2'] as never)).toBe('observer');
      expect(walk.membership.learners.map((l) => l.nodeId)).toEqual(['n2']);
    }
  });

  it('hands leadership over before the leader gives its vote, and walks all phases', () => {
    for (const kind of ['replace-node', 'replace-voter'] as const) {
      const walk = begin(kind, 'n1');
      finish(walk);
      expect(walk.leader).toBe('n3');
      expect(voters(walk)).toEqual(['n2', 'n3', 'n4']);
      const phases = walk.ledger.cluster.operations.at(-1)?.phases.map((p) => p.name);
      expect(phases).toEqual(OPERATION_PHASES[kind]);
    }
  });

  it('waits until the new node has been caught up for a while', () => {
    const walk = begin('replace-node');
    for (const caughtUpMs of [null, 0, LIMITS.learnerStableMs - 1]) {
      walk.caughtUpMs = caughtUpMs;
      expect(step(walk)).toBe('wait');
    }
    walk.caughtUpMs = LIMITS.learnerStableMs;
    expect(step(walk)).toBe('propose');
  });

  it('ends in the same state when another node leads after each step', () => {
    for (let broken = 0; broken < 8; broken++) {
      const walk = begin('replace-node');
      for (let n = 0; n < broken; n++) step(walk);
      lead(walk, 'n3');
      finish(walk);
      expect(walk.ledger.cluster.operations.at(-1)).toMatchObject({ state: 'done' });
      expect(voters(walk)).toEqual(['n1', 'n3', 'n4']);
      expect(Object.keys(walk.ledger.cluster.nodes).sort()).toEqual(['n1', 'n3', 'n4']);
    }
  });

  it('is called off when the new node is not ready any more for minutes, and leaves it without a seat', () => {
    const walk = begin('replace-voter');
    while (seatOf(walk.ledger.cluster.nodes['n4'] as never) !== 'voter') step(walk);
    walk.caughtUpMs = 0;
    walk.inPhaseMs = LIMITS.operationSwapMs - 1;
    expect(step(walk)).toBe('wait');
    walk.inPhaseMs += 1;
    finish(walk);
    const error = 'n4 is not caught up after 5m: nothing was changed';
    expect(walk.ledger.cluster.operations.at(-1)).toMatchObject({ state: 'failed', error });
    expect(seatOf(walk.ledger.cluster.nodes['n4'] as never)).toBe('observer');
    expect(voters(walk)).toEqual(['n1', 'n2', 'n3']);
  });

  it('is called off when the new node dies, and leaves it without a seat', () => {
    const early = begin('replace-node');
    const death = { kind: 'node-liveness', nodeId: 'n4', liveness: 'dead', by: [], cause: 'test' } as const;
    early.ledger.done(death);
    finish(early);
    expect(early.ledger.cluster.operations.at(-1)).toMatchObject({ state: 'failed', error: 'n4 is dead' });
    const late = begin('replace-node');
    while (seatOf(late.ledger.cluster.nodes['n4'] as never) !== 'voter') step(late);
    late.caughtUpMs = null;
    late.ledger.done(death);
    finish(late);
    expect(late.ledger.cluster.operations.at(-1)).toMatchObject({ state: 'failed' });
    expect(seatOf(late.ledger.cluster.nodes['n4'] as never)).toBe('observer');
    expect(voters(late)).toEqual(['n1', 'n2', 'n3']);
  });
});
