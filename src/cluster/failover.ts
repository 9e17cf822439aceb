/** A failover by hand: whether it may happen now, to whom, and all that speaks against it. */
import type { NodeId, Term, Timestamp } from '../base/index.ts';
import { candidateReasons, candidateTable, expectedGapMs } from './candidates.ts';
import type { CandidateRow, ClusterState } from './cluster-state.ts';
import { runningOperation } from './operations.ts';
import type { Check, PlanFacts, Planned } from './plan.ts';
import { check, planned } from './plan.ts';

export interface FailoverRequest {
  /** null = the best candidate. */
  readonly to: NodeId | null;
  /** Compare-and-set: the term that the asker has seen; null = whatever it is. */
  readonly expectTerm: Term | null;
}

/** No leader, or one of a term that the asker has not seen. */
export function leaderChecks(facts: PlanFacts, expectTerm: Term | null): Check[] {
  const { leaderId, term } = facts;
  const checks = [
    leaderId === null
      ? check('leader', 'fail', 'there is no leader: an election is under way, or a majority is gone')
      : check('leader', 'pass', `${leaderId} leads term ${term}`),
  ];
  if (expectTerm !== null && expectTerm !== term) {
    checks.push(
      check('term', 'fail', `the term moved from ${expectTerm} to ${term}: look again and decide again`),
    );
  }
  return checks;
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
  const alive = voters.filter(
    (id) =>
      id !== without &&
      (id === facts.leaderId || facts.nodes.some((n) => n.nodeId === id && n.liveness === 'alive')),
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

/**
 * Plans a failover on the leader's view of the moment. Refused with all reasons when there is no leader, the
 * term moved, something else is under way, no majority answers, or the target can't lead.
 */
export function planFailover(
  state: ClusterState,
  facts: PlanFacts,
  request: FailoverRequest,
  now: Timestamp,
): Planned {
  const candidates = candidateTable(state, facts, now);
  const to = request.to ?? candidates.find((c) => c.eligible)?.nodeId ?? null;
  return planned({
    kind: 'failover',
    from: facts.leaderId,
    to,
    term: facts.term,
    checks: [
      ...leaderChecks(facts, request.expectTerm),
      ...busyChecks(state, facts),
      quorumCheck(facts, null, facts.voters),
      ...targetChecks(state, facts, { to, candidates, now }),
    ],
    candidates,
    expectedGapMs: expectedGapMs(facts, to),
    command: `sqlcc cluster failover${to === null ? '' : ` --to ${to}`} --yes`,
  });
}
