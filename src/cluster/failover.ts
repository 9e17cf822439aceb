/**
 * A failover or switchover by hand: whether it may happen now, to whom, and all that speaks against it. A
 * switchover is for a cluster that is well: everybody there, the target healthy and in step. A failover is
 * for one that is not, and takes what can lead.
 */
import type { NodeId, Timestamp } from '../base/index.ts';
import { candidateReasons, candidateTable, MAX_CANDIDATE_LAG_ENTRIES } from './candidates.ts';
import type { CandidateRow, ClusterState } from './cluster-state.ts';
import { cooldownChecks } from './hand-over.ts';
import { aliveOf } from './live-copies.ts';
import { moveChecks } from './move-checks.ts';
import { runningOperation } from './operations.ts';
import { pauseChecks } from './pause.ts';
import type { Check, Expected, PlanFacts, Planned } from './plan.ts';
import { check, planned } from './plan.ts';
import { expectedGap } from './write-gap.ts';

export interface FailoverRequest extends Expected {
  /** null = the best candidate. */
  readonly to: NodeId | null;
}

/** A switchover's target is at most this far behind when it begins; the rest it gets before it takes over. */
const MAX_SWITCHOVER_LAG_ENTRIES = 100;

/** What is not as the asker believes: another term, or another leader. */
export function expectedChecks(
  { leaderId, term }: Pick<PlanFacts, 'leaderId' | 'term'>,
  { expectTerm = null, expectLeader = null }: Expected,
): Check[] {
  const checks: Check[] = [];
  if (expectTerm !== null && expectTerm !== term) {
    const text = `the term moved from ${expectTerm} to ${term}: look again and decide again`;
    checks.push(check('term', 'fail', text));
  }
  if (expectLeader !== null && expectLeader !== leaderId) {
    checks.push(check('expected-leader', 'fail', `${leaderId ?? 'nobody'} leads, not ${expectLeader}`));
  }
  return checks;
}

/** No leader, or not what the asker has seen. */
export function leaderChecks(facts: PlanFacts, expected: Expected): Check[] {
  const { leaderId, term } = facts;
  return [
    leaderId === null
      ? check('leader', 'fail', 'there is no leader: an election is under way, or a majority is gone')
      : check('leader', 'pass', `${leaderId} leads term ${term}`),
    ...expectedChecks(facts, expected),
  ];
}

/** Another operation, a transfer or a change of the membership is under way. */
export function busyChecks(state: ClusterState, facts: PlanFacts): Check[] {
  const running = runningOperation(state);
  const checks = [
    running === undefined
      ? check('operation', 'pass', 'no other operation is running')
      : check('operation', 'fail', `operation ${running.id} (${running.kind}) is running`),
  ];
  if (facts.transferringTo !== null) {
    checks.push(check('transfer', 'fail', `leadership is being handed to ${facts.transferringTo} already`));
  }
  if (!facts.membershipSettled) {
    checks.push(check('membership', 'fail', 'a change of the membership is under way'));
  }
  return checks;
}

/**
 * Voters that answer, against the majority that is needed. `without` is counted as gone, of `voters` or of
 * fewer.
 */
export function quorumCheck(facts: PlanFacts, without: NodeId | null, voters: readonly NodeId[]): Check {
  const alive = aliveOf(
    facts,
    voters.filter((id) => id !== without),
  ).length;
  const needed = Math.floor(voters.length / 2) + 1;
  const absent = without === null || !voters.includes(without) ? '' : ` without ${without}`;
  const text = `${alive} of ${voters.length} voters are alive${absent}, ${needed} are needed`;
  if (alive < needed) return check('quorum', 'fail', text);
  return check('quorum', alive === needed && voters.length > 1 ? 'warn' : 'pass', text);
}

function targetChecks(
  state: ClusterState,
  facts: PlanFacts,
  choice: { to: NodeId | null; candidates: readonly CandidateRow[]; now: Timestamp },
): Check[] {
  const { to, candidates, now } = choice;
  if (to === null) {
    const rows = candidates.map((c) => `${c.nodeId} ${c.reasons.join(', ')}`);
    const why = rows.length === 0 ? 'there is no other voter' : rows.join('; ');
    return [check('target', 'fail', `no node can take over: ${why}`)];
  }
  const against = candidateReasons(state, facts, to, now);
  if (against.length > 0) return against.map((reason) => check('target', 'fail', `${to} ${reason}`));
  const health = facts.nodes.find((n) => n.nodeId === to)?.health ?? 'UNKNOWN';
  if (health !== 'HEALTHY') return [check('target', 'warn', `${to} is ${health.toLowerCase()}`)];
  return [check('target', 'pass', `${to} can take over`)];
}

/** What an orderly move asks for beyond what any does; a failover does without. */
function orderlyChecks(facts: PlanFacts, to: NodeId | null): Check[] {
  const instead = 'cluster failover moves leadership nevertheless';
  const absent = facts.voters.filter(
    (id) =>
      id !== facts.leaderId && facts.nodes.find((n) => n.nodeId === id)?.liveness !== 'alive' && id !== to,
  );
  const checks =
    absent.length === 0
      ? [check('voters', 'pass', 'all voters are alive')]
      : [check('voters', 'fail', `not alive: ${absent.join(', ')}; ${instead}`)];
  const target = facts.nodes.find((n) => n.nodeId === to);
  if (target === undefined || target.liveness !== 'alive' || target.nodeId === facts.leaderId) return checks;
  const { nodeId, health, lagEntries } = target;
  if (health === 'DEGRADED' || health === 'UNKNOWN')
    checks.push(check('target-health', 'fail', `${nodeId} is ${health.toLowerCase()}; ${instead}`));
  const lag = lagEntries ?? 0;
  if (lag > MAX_SWITCHOVER_LAG_ENTRIES && lag <= MAX_CANDIDATE_LAG_ENTRIES) {
    const most = `at most ${MAX_SWITCHOVER_LAG_ENTRIES} are allowed`;
    checks.push(check('target-lag', 'fail', `${nodeId} is ${lag} entries behind, ${most}; ${instead}`));
  }
  return checks;
}

/**
 * Plans a failover on the leader's view of the moment. Refused with all reasons when there is no leader, the
 * term moved, something else is under way, no majority answers, the cluster is paused and no target was
 * named, or the target can't lead.
 */
export function planFailover(
  state: ClusterState,
  facts: PlanFacts,
  request: FailoverRequest,
  now: Timestamp,
): Planned {
  return planMove('failover', state, facts, { request, now });
}

/** The same for a switchover: refused too unless all voters live and the target is well and in step. */
export function planSwitchover(
  state: ClusterState,
  facts: PlanFacts,
  request: FailoverRequest,
  now: Timestamp,
): Planned {
  return planMove('switchover', state, facts, { request, now });
}

function planMove(
  kind: 'failover' | 'switchover',
  state: ClusterState,
  facts: PlanFacts,
  { request, now }: { request: FailoverRequest; now: Timestamp },
): Planned {
  const candidates = candidateTable(state, facts, now);
  const to = request.to ?? candidates.find((c) => c.eligible)?.nodeId ?? null;
  return planned({
    kind,
    from: facts.leaderId,
    to,
    term: facts.term,
    checks: [
      ...leaderChecks(facts, request),
      ...busyChecks(state, facts),
      ...pauseChecks(state, request.to !== null, now),
      ...cooldownChecks(state, now),
      quorumCheck(facts, null, facts.voters),
      ...targetChecks(state, facts, { to, candidates, now }),
      ...(kind === 'switchover' ? orderlyChecks(facts, to) : []),
      ...moveChecks(facts, to),
    ],
    candidates,
    ...expectedGap(state, facts, to),
    command: `sqlcc cluster ${kind}${to === null ? '' : ` --to ${to}`} --yes`,
  });
}
