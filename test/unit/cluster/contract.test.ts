/** Pause, node maintenance, switchover, schedule and cool-down: what each means for the others. */
import { describe, expect, it } from 'vitest';
import { drainsDue, maintenanceDue, pauseDue } from '../../../daemon/due-commands.ts';
import { LIMITS } from '../../../src/base/index.ts';
import type { ClusterCommand, ClusterState, PlanFacts, Planned } from '../../../src/cluster/index.ts';
import {
  decodeState,
  handOverCooldown,
  pauseInForce,
  planFailover,
  planMaintenance,
  planRemoval,
  planSwitchover,
  refusalCode,
  scheduledDue,
  skipCause,
} from '../../../src/cluster/index.ts';
import { campaign, fact, facts, type Ledger, NOW, threeNodes } from './world.ts';

const HOUR = 3_600_000;

type Ending = Extract<ClusterCommand, { kind: 'cluster-resume' | 'maintenance-disable' | 'drain-disable' }>;

function pause(changes: { owner?: string; reason?: string; forMs?: number } = {}): ClusterCommand {
  return { kind: 'cluster-pause', owner: 'ann', reason: 'network work', forMs: HOUR, ...changes };
}

function paused(): Ledger {
  const ledger = threeNodes();
  ledger.done(pause());
  return ledger;
}

function reasons(planned: Planned): readonly string[] {
  return planned.kind === 'refused' ? planned.reasons : [];
}

const failed = ({ plan }: Planned) => plan.checks.filter((c) => c.result === 'fail').map((c) => c.name);
const move = (to: string | null, expectLeader: string | null = null) => ({
  to,
  expectTerm: null,
  expectLeader,
});

describe('a pause of the cluster', () => {
  it('has owner, reason, beginning and end, is told, audited, and ends by itself', () => {
    const ledger = paused();
    const until = NOW + HOUR;
    const record = { owner: 'ann', reason: 'network work', since: NOW, expires: until };
    expect(ledger.cluster.pause).toEqual(record);
    expect(ledger.kinds()).toEqual(['cluster-paused']);
    expect(ledger.cluster.audit.at(-1)).toMatchObject({
      ...{ action: 'cluster-pause', actor: 'ann', reason: 'network work', before: null, outcome: 'ok' },
      after: `by ann until ${new Date(until).toISOString()}`,
    });
    expect(pauseInForce(ledger.cluster, until - 1)).toEqual(record);
    expect(pauseInForce(ledger.cluster, until)).toBeNull();
    ledger.done({ kind: 'cluster-resume', cause: 'expired' });
    expect(ledger.cluster.pause).toBeNull();
    expect(ledger.kinds()).toEqual(['cluster-resumed']);
    expect(ledger.done({ kind: 'cluster-resume', cause: '' })).toEqual({ changed: false });
  });

  it('is extended by its owner only, and is no longer than the limit', () => {
    const ledger = paused();
    expect(ledger.refused(pause({ owner: 'bob' }), 'conflict')).toBe(
      'the cluster is paused by ann already: network work',
    );
    ledger.now = NOW + 60_000;
    ledger.done(pause({ forMs: 2 * HOUR }));
    expect(ledger.cluster.pause).toMatchObject({ since: NOW, expires: NOW + 60_000 + 2 * HOUR });
    for (const forMs of [0, -1, LIMITS.maxPauseMs + 1, Number.NaN])
      ledger.refused(pause({ forMs }), 'invalid_argument');
    ledger.now = NOW + 4 * HOUR;
    ledger.done(pause({ owner: 'bob' }));
    expect(ledger.cluster.pause).toMatchObject({ owner: 'bob', since: ledger.now });
  });

  it.each([planFailover, planSwitchover])(
    'lets leadership move only to a node that is named (%s)',
    (plan) => {
      const { cluster } = paused();
      expect(reasons(plan(cluster, facts(), move(null), NOW))).toEqual([
        'the cluster is paused by ann for another 1h: leadership moves only to a node that is named (--to)',
      ]);
      const named = plan(cluster, facts(), move('n2'), NOW);
      expect(named.kind).toBe('ready');
      expect(named.plan.checks).toContainEqual(expect.objectContaining({ name: 'pause', result: 'warn' }));
      expect(plan(cluster, facts(), move(null), NOW + HOUR).kind).toBe('ready');
    },
  );

  it('keeps the leader from being put aside or removed before leadership was moved', () => {
    const { cluster } = paused();
    const wish = { enable: true, forMs: HOUR, owner: 'ann', allowSwitchover: true };
    expect(failed(planMaintenance(cluster, facts(), { ...wish, nodeId: 'n1' }, NOW))).toEqual(['pause']);
    expect(planMaintenance(cluster, facts(), { ...wish, nodeId: 'n2' }, NOW).kind).toBe('ready');
    expect(failed(planRemoval(cluster, facts(), { nodeId: 'n1' }, NOW))).toEqual(['pause']);
    expect(planRemoval(cluster, facts(), { nodeId: 'n2' }, NOW).kind).toBe('ready');
  });
});

describe('the end of what is over', () => {
  const n2 = { nodeId: 'n2', owner: 'ann', reason: 'cable' } as const;
  const kinds = [
    [{ kind: 'cluster-pause', owner: 'ann', reason: 'cable' }, pauseDue, (s: ClusterState) => s.pause],
    [{ kind: 'maintenance-enable', ...n2 }, maintenanceDue, (s: ClusterState) => s.maintenance['n2']],
    [{ kind: 'drain-enable', ...n2 }, drainsDue, (s: ClusterState) => s.drains?.['n2']],
  ] as const;

  it.each(kinds)('is not that of what was set anew meanwhile: %j', (enable, dueAt, inForce) => {
    const ledger = threeNodes();
    ledger.done({ ...enable, forMs: 1000 });
    const due = dueAt(ledger.cluster, NOW + 1000);
    expect(due).toHaveLength(1);
    ledger.now = NOW + 1001;
    ledger.done({ ...enable, forMs: HOUR });
    ledger.now = NOW + 1002;
    for (const command of due)
      expect(ledger.refused(command, 'conflict')).toContain('was set anew by ann, until 2023-11-14T23:13:21');
    expect(inForce(ledger.cluster)).toMatchObject({ expires: NOW + 1001 + HOUR });
    for (const command of dueAt(ledger.cluster, NOW + 1001 + HOUR)) ledger.done(command);
    expect(inForce(ledger.cluster) ?? null).toBeNull();
  });

  it.each(kinds)(
    'in an entry of before, which does not name it, ends what is there: %j',
    (enable, due, is) => {
      const ledger = threeNodes();
      ledger.done({ ...enable, forMs: 1000 });
      for (const { expires: _unknown, ...command } of due(ledger.cluster, NOW + 1000) as Ending[]) {
        ledger.done({ ...enable, forMs: HOUR });
        ledger.done(command as ClusterCommand);
      }
      expect(is(ledger.cluster) ?? null).toBeNull();
    },
  );
});

describe('maintenance of a node', () => {
  const wish = { enable: true, forMs: HOUR, owner: 'ann' };

  it('of the leader needs the word that leadership may move', () => {
    const { cluster } = threeNodes();
    const planned = planMaintenance(cluster, facts(), { ...wish, nodeId: 'n1' }, NOW);
    expect(reasons(planned)).toEqual(['n1 leads; --allow-switchover lets leadership move first']);
    const allowed = planMaintenance(cluster, facts(), { ...wish, nodeId: 'n1', allowSwitchover: true }, NOW);
    expect(allowed).toMatchObject({ kind: 'ready', plan: { to: 'n2' } });
    expect(allowed.plan.command).toContain('--allow-switchover');
  });

  it('counts nodes in maintenance as gone, and says what overrides the refusal', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'maintenance-enable', nodeId: 'n3', owner: 'ann', reason: '', forMs: HOUR });
    const planned = planMaintenance(ledger.cluster, facts(), { ...wish, nodeId: 'n2' }, NOW);
    expect(reasons(planned)).toEqual([
      '1 of 3 voters are alive without n2, 2 are needed; n3 may be stopped as well; --accept-quorum-risk overrides',
      '1 live copy is left, min_replicas is 2; --accept-quorum-risk overrides',
    ]);
    const risk = { ...wish, nodeId: 'n2', acceptQuorumRisk: true };
    const accepted = planMaintenance(ledger.cluster, facts(), risk, NOW);
    expect(accepted.kind).toBe('ready');
    expect(accepted.plan.checks).toContainEqual(expect.objectContaining({ name: 'quorum', result: 'warn' }));
  });
});

describe('planSwitchover', () => {
  it.each<[string, PlanFacts, string[]]>([
    ['a voter that is gone', facts({}, [fact('n3', { liveness: 'dead' })]), ['voters']],
    ['a target that is not well', facts({}, [fact('n2', { health: 'DEGRADED' })]), ['target-health']],
    ['a target that is not in step', facts({}, [fact('n2', { lagEntries: 101 })]), ['target-lag']],
  ])('is refused with %s, where a failover goes on', (_what, given, names) => {
    const { cluster } = threeNodes();
    const planned = planSwitchover(cluster, given, move('n2'), NOW);
    expect(failed(planned)).toEqual(names);
    expect(reasons(planned).join()).toContain('cluster failover moves leadership nevertheless');
    expect(planFailover(cluster, given, move('n2'), NOW).kind).toBe('ready');
  });

  it('is ready in a cluster that is well, and names its candidates', () => {
    const planned = planSwitchover(threeNodes().cluster, facts(), move(null), NOW);
    expect(planned).toMatchObject({ kind: 'ready', plan: { kind: 'switchover', from: 'n1', to: 'n2' } });
    expect(planned.plan.candidates.map((c) => c.nodeId)).toEqual(['n2', 'n3']);
    expect(planned.plan.command).toBe('sqlcc cluster switchover --to n2 --yes');
  });

  it('holds against the leader that was expected', () => {
    const { cluster } = threeNodes();
    expect(planSwitchover(cluster, facts(), move('n2', 'n1'), NOW).kind).toBe('ready');
    const planned = planSwitchover(cluster, facts(), move('n2', 'n3'), NOW);
    expect(reasons(planned)).toEqual(['n1 leads, not n3']);
  });
});

describe('refusalCode', () => {
  it.each([
    [['term'], 'conflict'],
    [['operation', 'expected-leader'], 'conflict'],
    [['term', 'target'], 'failed_precondition'],
    [['pause'], 'failed_precondition'],
  ] as const)('of %s is %s', (names, code) => {
    expect(refusalCode(names.map((name) => ({ name })))).toBe(code);
  });
});

const entry = {
  id: 's1',
  kind: 'switchover',
  to: 'n2',
  expectLeader: null,
  at: NOW + 1000,
  reason: 'night',
} as const;
const start = {
  kind: 'schedule-start',
  id: 's1',
  operation: { id: 'o1', from: 'n1', to: 'n2', candidates: [] },
} as const;

describe('a schedule', () => {
  it('begins its operation once, in the name of who made it', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'schedule-add', entry }, { actor: 'bob' });
    expect(scheduledDue(ledger.cluster, NOW + 999)).toBeUndefined();
    expect(scheduledDue(ledger.cluster, NOW + 1000)).toMatchObject({
      id: 's1',
      state: 'waiting',
      actor: 'bob',
    });
    ledger.done(start, { actor: 'system' });
    expect(ledger.kinds()).toEqual(['schedule-started', 'operation-started']);
    expect(ledger.cluster.schedule[0]).toMatchObject({ state: 'started', operation: 'o1' });
    expect(ledger.cluster.operations.at(-1)).toMatchObject({
      ...{ id: 'o1', kind: 'switchover', actor: 'bob', reason: 'night', state: 'running' },
    });
    ledger.refused({ ...start, operation: { ...start.operation, id: 'o2' } }, 'conflict');
    expect(scheduledDue(ledger.cluster, NOW + 1000)).toBeUndefined();
  });

  it('goes on waiting when another operation runs at its time', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'schedule-add', entry });
    const running = { id: 'o0', kind: 'failover', from: 'n1', to: 'n2', reason: '', candidates: [] } as const;
    ledger.done({ kind: 'operation-begin', operation: { ...running, forMs: null, phase: 'accepted' } });
    ledger.refused(start, 'conflict');
    expect(ledger.cluster.schedule[0]).toMatchObject({ state: 'waiting' });
  });

  it('is cancelled while it waits, and refused before its time, too far ahead, twice or beyond the limit', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'schedule-add', entry });
    ledger.refused({ kind: 'schedule-add', entry }, 'conflict');
    ledger.refused({ kind: 'schedule-add', entry: { ...entry, id: 's2', at: NOW } }, 'invalid_argument');
    const far = NOW + LIMITS.maxScheduleAheadMs + 1;
    ledger.refused({ kind: 'schedule-add', entry: { ...entry, id: 's2', at: far } }, 'invalid_argument');
    ledger.done({ kind: 'schedule-cancel', id: 's1', cause: 'by ann' });
    expect(ledger.kinds()).toEqual(['schedule-cancelled']);
    ledger.refused({ kind: 'schedule-cancel', id: 's1', cause: '' }, 'conflict');
    ledger.refused({ kind: 'schedule-cancel', id: 's9', cause: '' }, 'not_found');
    for (let n = 0; n < LIMITS.maxScheduled; n++)
      ledger.done({ kind: 'schedule-add', entry: { ...entry, id: `w${n}` } });
    ledger.refused({ kind: 'schedule-add', entry: { ...entry, id: 'more' } }, 'overloaded');
  });

  it('forgets those that are over first, never one that waits', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'schedule-add', entry: { ...entry, id: 'keep' } });
    for (let n = 0; n < LIMITS.scheduleHistory + 10; n++) {
      ledger.done({ kind: 'schedule-add', entry: { ...entry, id: `x${n}` } });
      ledger.done({ kind: 'schedule-skip', id: `x${n}`, cause: 'no' });
    }
    expect(ledger.cluster.schedule).toHaveLength(LIMITS.scheduleHistory);
    expect(ledger.cluster.schedule[0]?.id).toBe('keep');
  });

  it('is skipped by a pause and when its time was missed, with the cause', () => {
    const due = (state: ClusterState) => state.schedule[0] as NonNullable<ReturnType<typeof scheduledDue>>;
    const ledger = threeNodes();
    ledger.done({ kind: 'schedule-add', entry });
    const late = entry.at + LIMITS.scheduleGraceMs;
    expect(skipCause(ledger.cluster, due(ledger.cluster), late)).toBeNull();
    expect(skipCause(ledger.cluster, due(ledger.cluster), late + 1000)).toContain('was missed by 1m1s');
    ledger.done(pause());
    expect(skipCause(ledger.cluster, due(ledger.cluster), entry.at)).toBe(
      'the cluster is paused by ann (network work)',
    );
    ledger.done({ kind: 'schedule-skip', id: 's1', cause: 'the cluster is paused by ann' });
    expect(ledger.cluster.schedule[0]).toMatchObject({
      state: 'skipped',
      cause: 'the cluster is paused by ann',
    });
    expect(ledger.events.at(-1)).toMatchObject({ kind: 'schedule-skipped', severity: 'warning' });
  });
});

describe('an automatic hand-over', () => {
  const rows = [{ nodeId: 'n2', eligible: true, reasons: ['0 entries behind'], lagEntries: 0 }];
  const command = {
    kind: 'hand-over-record',
    id: 'h1',
    from: 'n1',
    term: 1,
    cause: 'slow disk',
    candidates: rows,
  } as const;

  function handedOver(): Ledger {
    const ledger = threeNodes();
    ledger.done({ kind: 'leader-started', ...campaign('n2', 2) });
    ledger.done(command);
    return ledger;
  }

  it('is an operation with its reasons and candidates, and starts the cool-down', () => {
    const ledger = handedOver();
    expect(ledger.cluster.operations.at(-1)).toMatchObject({
      ...{ kind: 'hand-over', state: 'done', from: 'n1', to: 'n2', actor: 'system', reason: 'slow disk' },
      candidates: rows,
    });
    expect(ledger.kinds()).toEqual(['hand-over-recorded']);
    const end = NOW + LIMITS.handOverCooldownMs;
    expect(handOverCooldown(ledger.cluster, end - 1)).toMatchObject({ until: end, cause: 'n1: slow disk' });
    expect(handOverCooldown(ledger.cluster, end)).toBeNull();
    ledger.done(command);
    expect(ledger.kinds()).toEqual([]);
  });

  it('that nobody took is a failed one and starts none', () => {
    const ledger = threeNodes();
    ledger.done(command);
    expect(ledger.cluster.operations.at(-1)).toMatchObject({
      state: 'failed',
      error: 'nobody took leadership over',
    });
    expect(handOverCooldown(ledger.cluster, NOW)).toBeNull();
  });

  it('keeps back nothing that people ask for, and is shown with the time that is left', () => {
    const { cluster } = handedOver();
    const planned = planFailover(cluster, facts(), move('n3'), NOW + 20_000);
    expect(planned.kind).toBe('ready');
    expect(planned.plan.checks).toContainEqual({
      ...{ name: 'cool-down', result: 'warn' },
      text: 'automatic hand-overs rest for another 40s (n1: slow disk); what you ask for does not',
    });
  });

  it('is not begun by what people asked for', () => {
    const ledger = threeNodes();
    const asked = { id: 'o0', kind: 'switchover', from: 'n1', to: 'n2', reason: '', candidates: [] } as const;
    ledger.done({ kind: 'operation-begin', operation: { ...asked, forMs: null, phase: 'accepted' } });
    ledger.done({ kind: 'leader-started', ...campaign('n2', 2) });
    ledger.done({ kind: 'operation-end', id: 'o0', state: 'done', error: null });
    expect(handOverCooldown(ledger.cluster, NOW)).toBeNull();
  });
});

describe('cancelling a switchover', () => {
  it.each([
    [[], true],
    [['catching-up'], true],
    [['catching-up', 'transferring'], false],
  ] as const)('after the phases %j is possible: %s', (phases, isPossible) => {
    const ledger = threeNodes();
    const asked = { id: 'o0', kind: 'switchover', from: 'n1', to: 'n2', reason: '', candidates: [] } as const;
    ledger.done({ kind: 'operation-begin', operation: { ...asked, forMs: null, phase: 'accepted' } });
    for (const phase of phases) ledger.done({ kind: 'operation-phase', id: 'o0', phase, result: null });
    const cancel = { kind: 'operation-end', id: 'o0', state: 'cancelled', error: 'by ann' } as const;
    if (isPossible) ledger.done(cancel);
    else expect(ledger.refused(cancel, 'conflict')).toContain("can't be called back any more: transferring");
  });
});

describe('decodeState', () => {
  it('gives a state of format 2 what format 3 added', () => {
    const { pause: _p, schedule: _s, cooldowns: _c, ...old } = threeNodes().cluster;
    const bytes = new TextEncoder().encode(JSON.stringify({ format: 2, state: old }));
    const added = { pause: null, schedule: [], cooldowns: {}, users: {}, revoked: [] };
    expect(decodeState(bytes)).toMatchObject({ ...old, ...added });
  });
});
