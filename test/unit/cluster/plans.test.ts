import { describe, expect, it } from 'vitest';
import type { PlanFacts, Planned } from '../../../src/cluster/index.ts';
import {
  MAX_CANDIDATE_LAG_ENTRIES,
  planDrain,
  planFailover,
  planMaintenance,
  planRemoval,
  planReplacement,
} from '../../../src/cluster/index.ts';
import { fact, facts, NOW, threeNodes } from './world.ts';

function maintained(nodeId: string) {
  const ledger = threeNodes();
  ledger.done({ kind: 'maintenance-enable', nodeId, owner: 'ann', reason: '', forMs: 60_000 });
  return ledger.cluster;
}

function failover(given: PlanFacts, to: string | null = 'n2', expectTerm: number | null = null): Planned {
  return planFailover(threeNodes().cluster, given, { to, expectTerm }, NOW);
}

/** How far the nearest other clock is, as n1 (who leads), n2 and n3 say; null: silent and dead. */
function clocks(...offsetsMs: readonly (number | null)[]): PlanFacts {
  const nodes = offsetsMs.map((clockOffsetMs, n) => {
    return fact(`n${n + 1}`, clockOffsetMs === null ? { liveness: 'dead' } : { clockOffsetMs });
  });
  return facts({ voters: nodes.map((n) => n.nodeId), nodes });
}

function reasons(planned: Planned): readonly string[] {
  return planned.kind === 'refused' ? planned.reasons : [];
}

describe('planFailover', () => {
  it('is ready when all is well', () => {
    const told = { term: 4, connections: 2, clockOffsetMs: 3 };
    const nodes = ['n1', 'n2', 'n3'].map((id) => fact(id, told));
    const planned = failover(facts({ writesWaiting: 0 }, nodes));
    expect(planned.kind).toBe('ready');
    expect(planned.plan).toMatchObject({
      kind: 'failover',
      from: 'n1',
      to: 'n2',
      term: 4,
      expectedGapMs: 78,
      measuredGapsMs: [],
      command: 'sqlcc cluster failover --to n2 --yes',
    });
    expect(planned.plan.checks.map((c) => [c.name, c.result])).toEqual([
      ['leader', 'pass'],
      ['operation', 'pass'],
      ['quorum', 'pass'],
      ['target', 'pass'],
      ['votes', 'pass'],
      ['clocks', 'pass'],
      ['work', 'pass'],
    ]);
  });

  it('expects what the last three hand-overs took, and says an estimate where there was none', () => {
    const ledger = threeNodes();
    const elect = (nodeId: string, election: { silenceMs: number | null; electionMs: number }) => {
      const term = ledger.cluster.primary.epoch + 1;
      const cause = 'transfer';
      ledger.done({ kind: 'leader-started', term, nodeId, cause, ...election, votes: ['n1', 'n2'] });
      return term;
    };
    // what the new leader does between its first entry and the end of the operation keeps no writer waiting
    const moved = (id: string, ms: number, state: 'done' | 'failed' = 'done') => {
      const operation = { id, kind: 'failover', from: 'n1', to: 'n2', reason: '', candidates: [] } as const;
      ledger.done({ kind: 'operation-begin', operation: { ...operation, phase: 'accepted', forMs: null } });
      ledger.now += 500;
      ledger.done({ kind: 'operation-phase', id, phase: 'transferring', result: 'ok' });
      ledger.now += ms;
      elect('n2', { silenceMs: null, electionMs: 20 });
      ledger.now += 120;
      ledger.done({ kind: 'operation-end', id, state, error: null });
    };
    const gaps = () => {
      const { expectedGapMs, measuredGapsMs } = planFailover(ledger.cluster, facts(), { to: 'n2' }, NOW).plan;
      return { expectedGapMs, measuredGapsMs };
    };
    moved('o1', 5000, 'failed');
    moved('o2', 0);
    moved('o2a', 19);
    expect(gaps(), 'it failed, or clocks differ by so much that it took less than its election').toEqual({
      ...{ expectedGapMs: 78, measuredGapsMs: [] },
    });
    for (const [id, ms] of [
      ['o3', 900],
      ['o4', 85],
      ['o5', 65],
      ['o6', 70],
    ] as const)
      moved(id, ms);
    expect(gaps()).toEqual({ expectedGapMs: 85, measuredGapsMs: [85, 65, 70] });
    // one by itself is recorded afterwards: its election says how long nobody led
    const term = elect('n2', { silenceMs: 176, electionMs: 43 });
    const own = { id: 'h1', from: 'n1', term: term - 1, cause: 'its disk is slow', candidates: [] };
    ledger.done({ kind: 'hand-over-record', ...own } as Parameters<typeof ledger.done>[0]);
    expect(gaps()).toEqual({ expectedGapMs: 219, measuredGapsMs: [65, 70, 219] });
    const stays = planFailover(ledger.cluster, facts({ leaderId: 'n2' }), { to: 'n2' }, NOW).plan;
    expect(stays).toMatchObject({ expectedGapMs: null, measuredGapsMs: [] });
  });

  it('takes nobody who is known to hold something else, nor gives them a vote; of two that differ either', () => {
    const found = (undecided?: readonly string[]) => {
      const ledger = threeNodes();
      const differs = 'table accounts';
      const node = { nodeId: 'n2', instanceId: 'i-n2', differs };
      const nodes = [undecided === undefined ? node : { ...node, undecided }];
      ledger.done({ kind: 'verify-result', index: 65, nodes });
      return ledger.cluster;
    };
    const planned = planFailover(found(), facts(), { to: null }, NOW);
    expect(planned.plan).toMatchObject({ to: 'n3' });
    expect(planned.plan.candidates.find((c) => c.nodeId === 'n2')).toMatchObject({
      eligible: false,
      reasons: ['holds something else than the others at 65'],
    });
    expect(reasons(planFailover(found(), facts(), { to: 'n2' }, NOW))).toEqual([
      'n2 holds something else than the others at 65',
    ]);
    const undecided = planFailover(found(['n1', 'n2']), facts(), { to: 'n2' }, NOW);
    expect(reasons(undecided)).toEqual([]);
    const spare = { nodeId: 'n3', by: 'n2', stays: false };
    const swap = planReplacement(found(), facts({ voters: ['n1', 'n3'] }), spare, NOW);
    expect(reasons(swap)).toEqual(['n2 holds something else than the others at 65: join it anew first']);
  });

  it('leaves a leader whose clock may be wrong: of two that live both are as far from the other', () => {
    expect(reasons(failover(clocks(120_000, 120_000, null)))).toEqual([]);
    // which of two pairs is right nobody knows either
    expect(reasons(failover(clocks(0, 120_000, 120_000, 0)))).toEqual([]);
  });

  it('leaves a leader whose clock is wrong for whomever it can, those with a right one first', () => {
    const both = clocks(120_000, 90_000, 0, 0, 0);
    expect(reasons(failover(both))).toEqual([]);
    const eligible = failover(both, null).plan.candidates.filter((c) => c.eligible);
    expect(eligible.map((c) => c.nodeId)).toEqual(['n3', 'n2']);
  });

  it.each<[string, PlanFacts, string]>([
    [
      'without a leader',
      facts({ leaderId: null }),
      'there is no leader: an election is under way, or a majority is gone',
    ],
    ['to a dead target', facts({}, [fact('n2', { liveness: 'dead' })]), 'n2 is dead'],
    ['to a suspect target', facts({}, [fact('n2', { liveness: 'suspect' })]), 'n2 is suspect'],
    [
      'to a target whose wall clock is far off',
      clocks(0, 3_600_000, 5),
      'n2 has a wall clock that is 1h off',
    ],
    ['to an unhealthy target', facts({}, [fact('n2', { health: 'UNHEALTHY' })]), 'n2 is unhealthy'],
    ['to a learner', facts({ voters: ['n1', 'n3'] }), 'n2 is no voter'],
    [
      'to a lagging target',
      facts({}, [fact('n2', { lagEntries: MAX_CANDIDATE_LAG_ENTRIES + 1 })]),
      'n2 is 1001 entries behind, at most 1000 are allowed',
    ],
    [
      'to a target that lags by bytes',
      facts({}, [fact('n2', { lagBytes: 200_000_000 })]),
      'n2 is 200 MB of log behind, at most 100 MB is allowed',
    ],
    [
      'to a target of unknown lag',
      facts({}, [fact('n2', { lagEntries: null })]),
      'n2 has told nobody how far its log is',
    ],
    ['during a transfer', facts({ transferringTo: 'n3' }), 'leadership is being handed to n3 already'],
    [
      'during a change of the membership',
      facts({ membershipSettled: false }),
      'a change of the membership is under way',
    ],
  ])('refuses %s', (_case, given, reason) => {
    expect(reasons(failover(given))).toEqual([reason]);
  });

  it('refuses the leader itself, an unknown node and a term that moved', () => {
    expect(reasons(failover(facts(), 'n1'))).toEqual(['n1 is the leader already']);
    expect(reasons(failover(facts(), 'n9'))).toEqual(['n9 is no node of this cluster']);
    expect(reasons(failover(facts(), 'n2', 3))).toEqual([
      'the term moved from 3 to 4: look again and decide again',
    ]);
    expect(failover(facts(), 'n2', 4).kind).toBe('ready');
  });

  it('refuses a target in maintenance until its time is over', () => {
    const cluster = maintained('n2');
    const request = { to: 'n2', expectTerm: null };
    expect(reasons(planFailover(cluster, facts(), request, NOW))).toEqual(['n2 is in maintenance']);
    expect(planFailover(cluster, facts(), request, NOW + 60_000).kind).toBe('ready');
  });

  it('refuses while another operation runs', () => {
    const ledger = threeNodes();
    const operation = { id: 'o1', kind: 'failover', from: 'n1', to: 'n2', reason: '', forMs: null } as const;
    ledger.done({ kind: 'operation-begin', operation: { ...operation, candidates: [], phase: 'accepted' } });
    const planned = planFailover(ledger.cluster, facts(), { to: 'n2', expectTerm: null }, NOW);
    expect(reasons(planned)).toEqual(['operation o1 (failover) is running']);
  });

  it('says all reasons, not the first', () => {
    const given = facts({ membershipSettled: false, voters: ['n1', 'n3'] }, [
      fact('n2', { liveness: 'dead' }),
    ]);
    expect(reasons(failover(given, 'n2', 1))).toHaveLength(4);
  });

  it('chooses health, then lag, then round trip, then name', () => {
    const chosen = (n2: Partial<Parameters<typeof fact>[1]>, n3: Partial<Parameters<typeof fact>[1]>) =>
      failover(facts({}, [fact('n2', n2), fact('n3', n3)]), null).plan.to;
    expect(chosen({ health: 'DEGRADED' }, { lagEntries: 5 })).toBe('n3');
    expect(chosen({ lagEntries: 5 }, { rttMs: 9 })).toBe('n3');
    expect(chosen({ rttMs: 9 }, { rttMs: 2 })).toBe('n3');
    expect(chosen({}, {})).toBe('n2');
  });

  it('lists every other voter with its reasons and says why nobody can take over', () => {
    const given = facts({}, [fact('n2', { liveness: 'dead' }), fact('n3', { lagEntries: 5000 })]);
    const planned = failover(given, null);
    expect(planned.plan).toMatchObject({ to: null, expectedGapMs: null });
    expect(planned.plan.candidates.map((c) => [c.nodeId, c.eligible])).toEqual([
      ['n3', false],
      ['n2', false],
    ]);
    expect(reasons(planned).at(-1)).toBe(
      'no node can take over: n3 is 5000 entries behind, at most 1000 are allowed; n2 is dead',
    );
  });

  it('needs a majority that answers', () => {
    const given = facts({}, [fact('n2', { liveness: 'dead' }), fact('n3', { liveness: 'dead' })]);
    expect(reasons(failover(given))).toContain('1 of 3 voters are alive, 2 are needed');
  });
});

describe('planMaintenance', () => {
  const request = { nodeId: 'n2', enable: true, forMs: 3_600_000, owner: 'ann' };

  it('is ready for a follower and warns that no failure more is tolerated', () => {
    const planned = planMaintenance(threeNodes().cluster, facts(), request, NOW);
    expect(planned).toMatchObject({ kind: 'ready', plan: { from: 'n2', to: null, expectedGapMs: null } });
    expect(planned.plan.command).toBe('sqlcc node maintenance enable --node n2 --for 1h');
    expect(planned.plan.checks).toContainEqual({
      name: 'quorum',
      result: 'warn',
      text: '2 of 3 voters are alive without n2, 2 are needed',
    });
  });

  it('moves leadership first when the node leads, and is refused when nobody can take over', () => {
    const leading = { ...request, nodeId: 'n1', allowSwitchover: true };
    expect(planMaintenance(threeNodes().cluster, facts(), leading, NOW).plan).toMatchObject({
      from: 'n1',
      to: 'n2',
    });
    const alone = facts({}, [fact('n2', { liveness: 'dead' }), fact('n3', { health: 'UNHEALTHY' })]);
    const planned = planMaintenance(threeNodes().cluster, alone, leading, NOW);
    expect(reasons(planned)).toEqual([
      '1 of 3 voters are alive without n1, 2 are needed; --accept-quorum-risk overrides',
      '1 live copy is left, min_replicas is 2; --accept-quorum-risk overrides',
      'n1 leads and nobody can take over: n3 is unhealthy; n2 is dead',
    ]);
  });

  it('is refused when the others could not go on, or when somebody else has it in maintenance', () => {
    const given = facts({}, [fact('n3', { liveness: 'dead' })]);
    expect(reasons(planMaintenance(threeNodes().cluster, given, request, NOW))).toHaveLength(2);
    const planned = planMaintenance(maintained('n2'), facts(), { ...request, owner: 'bob' }, NOW);
    expect(reasons(planned)).toEqual(['n2 is in maintenance by ann for another 1m']);
    expect(planMaintenance(maintained('n2'), facts(), request, NOW).kind).toBe('ready');
  });

  it('is left only by a node that is in it', () => {
    const leave = { ...request, enable: false };
    expect(reasons(planMaintenance(threeNodes().cluster, facts(), leave, NOW))).toEqual([
      'n2 is not in maintenance',
    ]);
    expect(planMaintenance(maintained('n2'), facts(), leave, NOW).kind).toBe('ready');
  });
});

describe('planRemoval', () => {
  it('is ready for a dead node as long as the rest has a majority', () => {
    const given = facts({}, [fact('n3', { liveness: 'dead' })]);
    const planned = planRemoval(threeNodes().cluster, given, { nodeId: 'n3' }, NOW);
    expect(planned.kind).toBe('ready');
    expect(planned.plan.checks).toContainEqual({
      name: 'tolerance',
      result: 'warn',
      text: '2 voters are left, they tolerate 0 failures',
    });
    const two = facts({ voters: ['n1', 'n2'] });
    expect(planRemoval(threeNodes().cluster, two, { nodeId: 'n2' }, NOW).plan.checks).toContainEqual({
      ...{ name: 'tolerance', result: 'warn' },
      text: '1 voter is left, it tolerates 0 failures',
    });
  });

  it('is refused for a live node when the rest would have no majority', () => {
    const given = facts({}, [fact('n3', { liveness: 'dead' })]);
    const planned = planRemoval(threeNodes().cluster, given, { nodeId: 'n2' }, NOW);
    expect(reasons(planned)).toEqual([
      '1 of 2 voters are alive, 2 are needed',
      '1 live copy is left, min_replicas is 2; join a voter before, or lower replication.min_replicas',
    ]);
  });

  it('is refused for an unknown node and for the last voter', () => {
    const { cluster } = threeNodes();
    expect(reasons(planRemoval(cluster, facts(), { nodeId: 'n9' }, NOW))).toEqual([
      'n9 is no node of this cluster',
    ]);
    const last = facts({ voters: ['n1'] });
    expect(reasons(planRemoval(cluster, last, { nodeId: 'n1' }, NOW))).toContain(
      'n1 is the only voter: a cluster needs one',
    );
  });

  it('moves leadership away from a leader first', () => {
    const { plan } = planRemoval(threeNodes().cluster, facts(), { nodeId: 'n1' }, NOW);
    expect(plan).toMatchObject({ from: 'n1', to: 'n2' });
  });
});

describe('a plan for the node that leads', () => {
  it('names who was shown to take over while that one can, else the best', () => {
    const { cluster } = threeNodes();
    const wish = { nodeId: 'n1', enable: true, forMs: 1000, owner: 'ann', allowSwitchover: true };
    const targets = (given: PlanFacts, successor?: string) => [
      planMaintenance(cluster, given, { ...wish, successor: successor ?? null }, NOW).plan.to,
      planDrain(cluster, given, { ...wish, successor: successor ?? null }, NOW).plan.to,
      planRemoval(cluster, given, { ...wish, successor: successor ?? null }, NOW).plan.to,
    ];
    expect(targets(facts())).toEqual(['n2', 'n2', 'n2']);
    expect(targets(facts(), 'n3')).toEqual(['n3', 'n3', 'n3']);
    const dead = facts({}, [fact('n3', { liveness: 'dead' })]);
    expect(targets(dead, 'n3')).toEqual(['n2', 'n2', 'n2']);
    expect(targets(facts(), 'n1'), 'itself').toEqual(['n2', 'n2', 'n2']);
  });
});

describe('every plan for a node', () => {
  it.each([
    ['nothing', {}, []],
    ['what is so', { expectTerm: 4, expectLeader: 'n1' }, []],
    ['no word at all', { expectTerm: null, expectLeader: null }, []],
    ['an earlier term', { expectTerm: 3 }, ['the term moved from 3 to 4: look again and decide again']],
    ['another leader', { expectLeader: 'n3' }, ['n1 leads, not n3']],
  ])('holds against what the asker believes of term and leader: %s', (_, expected, why) => {
    const { cluster } = threeNodes();
    const wish = { nodeId: 'n2', enable: true, forMs: 1000, owner: 'ann', ...expected };
    const drained = threeNodes();
    drained.done({ kind: 'drain-enable', nodeId: 'n2', owner: 'ann', reason: '', forMs: 60_000 });
    const plans = [
      planMaintenance(cluster, facts(), wish, NOW),
      planMaintenance(maintained('n2'), facts(), { ...wish, enable: false }, NOW),
      planDrain(cluster, facts(), wish, NOW),
      planDrain(drained.cluster, facts(), { ...wish, enable: false }, NOW),
      planRemoval(cluster, facts(), wish, NOW),
    ];
    for (const plan of plans) expect(reasons(plan)).toEqual(why);
    // n4 is no node here, and that is told beside it
    const swap = planReplacement(cluster, facts(), { ...wish, by: 'n4', stays: false }, NOW);
    expect(reasons(swap)).toEqual(expect.arrayContaining(why));
  });
});
