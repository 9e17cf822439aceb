import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterState, ReplacementFacts, ReplacementPolicy } from '../../../src/cluster/index.ts';
import { planReplacement, replacementDue, seatOf } from '../../../src/cluster/index.ts';
import { fact, facts, type Ledger, NOW, record, started, threeNodes, token } from './world.ts';

const MINUTE = 60_000;
const POLICY: ReplacementPolicy = {
  replaceDeadVoterAfterMs: 10 * MINUTE,
  minVoters: 3,
  replaceCooldownMs: 30 * MINUTE,
};

/** n1 … n3 vote, n4 and n5 follow without a vote; n2 has been dead since NOW. */
function withDead(): Ledger {
  const ledger = threeNodes();
  for (const id of ['n4', 'n5']) {
    ledger.done({ kind: 'token-create', token: token(`t${id}`, { role: 'observer' }) });
    ledger.done({ kind: 'node-admit', node: record(id, { suffrage: 'observer' }), tokenId: `t${id}` });
  }
  ledger.done({ kind: 'node-liveness', nodeId: 'n2', liveness: 'dead', by: ['n1'], cause: 'test' });
  return ledger;
}

const spare = (nodeId: string, changes: Partial<ReplacementFacts['spares'][number]> = {}) =>
  ({ nodeId, liveness: 'alive', health: 'HEALTHY', caughtUpMs: 60_000, ...changes }) as const;

function seen(changes: Partial<ReplacementFacts> = {}): ReplacementFacts {
  return {
    voters: ['n1', 'n2', 'n3'],
    membershipSettled: true,
    spares: [spare('n4'), spare('n5')],
    stableMs: LIMITS.spareStableMs,
    alive: new Set(['n1', 'n3', 'n4', 'n5']),
    ...changes,
  };
}

const LATE = NOW + 10 * MINUTE;

describe('replacementDue', () => {
  it('gives a dead voter’s place to a spare once the time of the policy is over', () => {
    const { cluster } = withDead();
    expect(replacementDue(cluster, POLICY, seen(), LATE)).toMatchObject({
      kind: 'due',
      from: 'n2',
      to: 'n4',
    });
    expect(replacementDue(cluster, POLICY, seen(), LATE - 1000)).toEqual({
      kind: 'waits',
      nodeId: 'n2',
      why: 'it is replaced when it stays dead for another 1s',
    });
  });

  it('does nothing without a policy, however long a voter is dead', () => {
    const off = { ...POLICY, replaceDeadVoterAfterMs: 0 };
    expect(replacementDue(withDead().cluster, off, seen(), NOW + 1e9)).toEqual({ kind: 'none' });
  });

  it('believes gossip before the record: who answers is not replaced', () => {
    const alive = new Set(['n1', 'n2', 'n3', 'n4']);
    expect(replacementDue(withDead().cluster, POLICY, seen({ alive }), LATE)).toEqual({ kind: 'none' });
  });

  it.each<[string, (ledger: Ledger) => ClusterState, Partial<ReplacementFacts>, string]>([
    [
      'a pause',
      (l) => ({ ...l.cluster, pause: { owner: 'ann' } }) as unknown as ClusterState,
      {},
      'the cluster is paused',
    ],
    [
      'maintenance of the dead node',
      (l) => {
        l.done({ kind: 'maintenance-enable', nodeId: 'n2', owner: 'ann', reason: '', forMs: 1e9 });
        return l.cluster;
      },
      {},
      'it is in maintenance',
    ],
    [
      'too few voters',
      (l) => l.cluster,
      { voters: ['n1', 'n2'] },
      'there are 2 voters, fewer than membership.min_voters (3): it is left to people',
    ],
    [
      'a change under way',
      (l) => l.cluster,
      { membershipSettled: false },
      'a change of the membership is under way',
    ],
    ['no spare', (l) => l.cluster, { spares: [] }, 'there is no spare: join an observer'],
    [
      'spares that are not fit',
      (l) => l.cluster,
      { spares: [spare('n4', { caughtUpMs: null }), spare('n5', { health: 'DEGRADED', caughtUpMs: 100 })] },
      'no spare is ready: n4 has not caught up; n5 is degraded, is caught up for 100ms of 10s',
    ],
  ])('waits for %s and says so', (_case, stateOf, changes, why) => {
    const state = stateOf(withDead());
    expect(replacementDue(state, POLICY, seen(changes), LATE)).toEqual({ kind: 'waits', nodeId: 'n2', why });
  });

  it('takes the fit spare, not the first one', () => {
    const spares = [spare('n4', { liveness: 'suspect' }), spare('n5')];
    expect(replacementDue(withDead().cluster, POLICY, seen({ spares }), LATE)).toMatchObject({ to: 'n5' });
  });

  it('waits between two of its own, and for an operation that runs', () => {
    const ledger = withDead();
    const operation = {
      ...({ id: 'o1', kind: 'replace-voter', from: 'n3', to: 'n5', phase: 'catching-up' } as const),
      ...{ reason: '', forMs: null, candidates: [] },
    };
    ledger.now = LATE;
    ledger.done({ kind: 'operation-begin', operation }, { actor: 'system' });
    const due = (now: number) => replacementDue(ledger.cluster, POLICY, seen(), now);
    expect(due(LATE)).toMatchObject({ why: 'operation o1 (replace-voter) is running' });
    ledger.done({ kind: 'operation-end', id: 'o1', state: 'done', error: null });
    expect(due(LATE + MINUTE)).toMatchObject({
      why: 'the last replacement was a short while ago: wait 29m more',
    });
    expect(due(LATE + POLICY.replaceCooldownMs)).toMatchObject({ kind: 'due' });
  });
});

describe('planReplacement', () => {
  const nodes = [fact('n4'), fact('n2', { liveness: 'dead' })];
  const given = () => {
    const all = facts({}, nodes);
    return { ...all, nodes: [...all.nodes, fact('n4')] };
  };
  const plan = (nodeId: string, by: string, world = given()) =>
    planReplacement(withDead().cluster, world, { nodeId, by, stays: false }, NOW);

  it('is ready for a dead voter and a node without a vote', () => {
    const { kind, plan: drawn } = plan('n2', 'n4');
    expect(kind).toBe('ready');
    expect(drawn).toMatchObject({ kind: 'replace-node', from: 'n2', to: 'n4' });
    expect(drawn.command).toBe('sqlcc node replace n2 n4 --yes-cluster trial');
    const cluster = { ...withDead().cluster, name: 'our shop' };
    const wish = { nodeId: 'n2', by: 'n4', stays: false };
    const { plan: spaced } = planReplacement(cluster, given(), wish, NOW);
    expect(spaced.command).toBe('sqlcc node replace n2 n4 --yes-cluster "our shop"');
  });

  it('is refused for the wrong nodes and where a majority would miss on the way', () => {
    const reasons = (nodeId: string, by: string, world = given()) => {
      const planned = plan(nodeId, by, world);
      return planned.kind === 'refused' ? planned.reasons : [];
    };
    expect(reasons('n4', 'n5')).toContain('n4 has no vote to give');
    expect(reasons('n2', 'n3')).toContain('n3 has a vote already');
    expect(reasons('n2', 'n9')).toContain('n9 is no node of this cluster: join it as observer first');
    expect(reasons('n2', 'n5')).toContain('n5 is unknown to gossip');
    // a mistyped name, or one that votes already, says nothing of those that live
    const whole = { ...facts({}, [fact('n4')]), nodes: ['n1', 'n2', 'n3', 'n4'].map((id) => fact(id)) };
    for (const by of ['n9', 'n3']) {
      const { checks } = plan('n2', by, whole).plan;
      const text = '3 of 3 voters are alive, 2 are needed';
      expect(checks.find(({ name }) => name === 'quorum')).toEqual({ name: 'quorum', result: 'pass', text });
      expect(checks.map(({ name }) => name)).not.toContain('replicas');
    }
    const world = given();
    const lonely = {
      ...world,
      nodes: world.nodes.map((n) => (n.nodeId === 'n3' ? fact('n3', { liveness: 'dead' }) : n)),
    };
    expect(reasons('n2', 'n4', lonely)).toContain('1 of 3 voters are alive, 2 are needed');
  });
});

describe('a seat', () => {
  it('moves with an event and a line of the audit, once', () => {
    const ledger = withDead();
    const wanted = { kind: 'node-seat', nodeId: 'n4', seat: 'voter', reason: 'instead of n2' } as const;
    ledger.done(wanted);
    expect(ledger.kinds()).toEqual(['node-seat-moved']);
    expect(seatOf(ledger.cluster.nodes['n4'] as never)).toBe('voter');
    const line = ledger.cluster.audit.at(-1);
    expect(line).toMatchObject({
      action: 'node-seat',
      before: 'wanted as observer',
      after: 'wanted as voter',
    });
    ledger.done(wanted);
    expect(ledger.kinds()).toEqual([]);
    ledger.refused({ ...wanted, nodeId: 'n9' }, 'not_found');
  });

  it('that was lost while the node was dead is told when it is back, by gossip or by its start', () => {
    for (const back of [
      { kind: 'node-liveness', nodeId: 'n2', liveness: 'alive', by: [], cause: 'answers' } as const,
      started('n2'),
    ]) {
      const ledger = withDead();
      ledger.done(back);
      expect(ledger.kinds()).not.toContain('node-readmitted');
      ledger.done({ kind: 'node-liveness', nodeId: 'n2', liveness: 'dead', by: [], cause: 'again' });
      ledger.done({ kind: 'node-seat', nodeId: 'n2', seat: 'observer', reason: 'n4 votes instead' });
      ledger.done(back.kind === 'node-started' ? { ...back, bootCounter: 2 } : back);
      expect(ledger.kinds()).toContain('node-readmitted');
      expect(ledger.events.at(-1)?.message).toContain('n2 is back as a spare');
    }
  });
});
