/** Plans for one node: into maintenance, out of it, out of the cluster. The quorum must survive each. */
import type { NodeId, Timestamp } from '../base/index.ts';
import { flagDuration, formatDuration, plural } from '../base/index.ts';
import { candidateTable, isInMaintenance } from './candidates.ts';
import type { CandidateRow, ClusterState } from './cluster-state.ts';
import { busyChecks, leaderChecks, quorumCheck } from './failover.ts';
import { copiesCheck } from './live-copies.ts';
import { own } from './outcome.ts';
import { pauseChecks, pauseInForce } from './pause.ts';
import type { Check, Expected, PlanFacts, Planned } from './plan.ts';
import { check, planned, yesCluster } from './plan.ts';
import { expectedGap } from './write-gap.ts';

/** The node that leadership moves away from, where it leads. */
export interface Leaving {
  readonly nodeId: NodeId;
  /** Who takes over if it can, else the best candidate does; null or absent = the best. */
  readonly successor?: NodeId | null;
}

export interface MaintenanceRequest extends Expected, Leaving {
  readonly enable: boolean;
  /** Length when it is enabled, ms. */
  readonly forMs: number;
  /** Who asks; extending one's own maintenance is no conflict. */
  readonly owner: string;
  /** It may lead: leadership moves away first. */
  readonly allowSwitchover?: boolean;
  /** The others may be left without a majority when it stops. */
  readonly acceptQuorumRisk?: boolean;
}

export interface RemovalRequest extends Expected, Leaving {}

export interface Successor {
  readonly to: NodeId | null;
  readonly candidates: readonly CandidateRow[];
  readonly checks: readonly Check[];
}

/** When the node leads, leadership moves first: to whom, or why it can't. */
export function successorOf(
  state: ClusterState,
  facts: PlanFacts,
  { nodeId, successor = null }: Leaving,
  now: Timestamp,
): Successor {
  if (facts.leaderId !== nodeId) return { to: null, candidates: [], checks: [] };
  const candidates = candidateTable(state, facts, now);
  const able = candidates.filter((c) => c.eligible);
  const to = (able.find((c) => c.nodeId === successor) ?? able[0])?.nodeId ?? null;
  if (to !== null) {
    const text = `${nodeId} leads: leadership moves to ${to} first`;
    return { to, candidates, checks: [check('successor', 'warn', text)] };
  }
  const why = candidates.map((c) => `${c.nodeId} ${c.reasons.join(', ')}`).join('; ');
  const text = `${nodeId} leads and nobody can take over: ${why === '' ? 'there is no other voter' : why}`;
  return { to, candidates, checks: [check('successor', 'fail', text)] };
}

export function knownCheck(state: ClusterState, nodeId: NodeId): Check {
  if (own(state.nodes, nodeId) !== undefined) return check('node', 'pass', `${nodeId} is known`);
  return check('node', 'fail', `${nodeId} is no node of this cluster`);
}

function enableChecks(
  state: ClusterState,
  facts: PlanFacts,
  request: MaintenanceRequest,
  now: Timestamp,
): Check[] {
  const { nodeId, owner } = request;
  const checks = [knownCheck(state, nodeId), ...busyChecks(state, facts)];
  const current = own(state.maintenance, nodeId);
  if (current !== undefined && isInMaintenance(state, nodeId, now)) {
    const left = formatDuration(current.expires - now);
    const text = `${nodeId} is in maintenance by ${current.owner} for another ${left}`;
    checks.push(check('maintenance', current.owner === owner ? 'warn' : 'fail', text));
  }
  const others = facts.voters.filter((id) => id !== nodeId && isInMaintenance(state, id, now));
  if (others.length > 0) {
    checks.push(check('others', 'warn', `in maintenance too: ${others.join(', ')}`));
  }
  if (facts.voters.includes(nodeId)) {
    checks.push(marginCheck(facts, nodeId, others, request), standingCopies(state, facts, request, now));
  }
  return checks;
}

/** Votes stay, but whoever maintains nodes may stop them: the rest must be able to go on without. */
function marginCheck(
  facts: PlanFacts,
  nodeId: NodeId,
  others: readonly NodeId[],
  { acceptQuorumRisk }: MaintenanceRequest,
): Check {
  const standing = {
    ...facts,
    nodes: facts.nodes.filter((n) => !others.includes(n.nodeId) || n.nodeId === facts.leaderId),
  };
  const found = quorumCheck(standing, nodeId, facts.voters);
  if (found.result !== 'fail') return found;
  const text =
    others.length === 0 ? found.text : `${found.text}; ${others.join(', ')} may be stopped as well`;
  if (acceptQuorumRisk === true) return check('quorum', 'warn', `${text}; accepted`);
  return check('quorum', 'fail', `${text}; --accept-quorum-risk overrides`);
}

/** A node that is maintained may be stopped, and its copy with it. */
function standingCopies(
  state: ClusterState,
  facts: PlanFacts,
  { nodeId, acceptQuorumRisk }: MaintenanceRequest,
  now: Timestamp,
): Check {
  const before = facts.voters.filter((id) => !isInMaintenance(state, id, now));
  return copiesCheck(facts, {
    before,
    after: before.filter((id) => id !== nodeId),
    instead: '--accept-quorum-risk overrides',
    accepted: acceptQuorumRisk === true,
  });
}

/** A node that leads is put aside only by who knows that leadership moves; in a pause not at all. */
function leaderMoveChecks(
  state: ClusterState,
  facts: PlanFacts,
  { nodeId, allowSwitchover }: MaintenanceRequest,
  now: Timestamp,
): Check[] {
  if (facts.leaderId !== nodeId) return [];
  if (pauseInForce(state, now) !== null) return pauseChecks(state, false, now);
  if (allowSwitchover === true) return [];
  return [check('switchover', 'fail', `${nodeId} leads; --allow-switchover lets leadership move first`)];
}

/**
 * Refused when the node is unknown, in somebody else's maintenance, or the others could not go on without
 * it, or would be fewer live copies than `min_replicas`.
 */
export function planMaintenance(
  state: ClusterState,
  facts: PlanFacts,
  request: MaintenanceRequest,
  now: Timestamp,
): Planned {
  const { nodeId, enable, forMs } = request;
  const verb = enable ? 'enable' : 'disable';
  const length = enable ? ` --for ${flagDuration(forMs)}` : '';
  const successor = enable
    ? successorOf(state, facts, request, now)
    : { to: null, candidates: [], checks: [] };
  const moves = successor.to === null ? '' : ' --allow-switchover';
  const current = own(state.maintenance, nodeId);
  const ownChecks = enable
    ? enableChecks(state, facts, request, now)
    : [
        knownCheck(state, nodeId),
        ...busyChecks(state, facts),
        current === undefined
          ? check('maintenance', 'fail', `${nodeId} is not in maintenance`)
          : check('maintenance', 'pass', `${nodeId} is in maintenance by ${current.owner}`),
      ];
  return planned({
    kind: enable ? 'maintenance-enable' : 'maintenance-disable',
    from: nodeId,
    to: successor.to,
    term: facts.term,
    checks: [
      ...leaderChecks(facts, request),
      ...ownChecks,
      ...(enable ? leaderMoveChecks(state, facts, request, now) : []),
      ...successor.checks,
    ],
    candidates: successor.candidates,
    ...expectedGap(state, facts, successor.to),
    command: `sqlcc node maintenance ${verb} --node ${nodeId}${length}${moves}`,
  });
}

function removalChecks(state: ClusterState, facts: PlanFacts, nodeId: NodeId): Check[] {
  const checks = [knownCheck(state, nodeId), ...busyChecks(state, facts)];
  if (!facts.voters.includes(nodeId)) return checks;
  const rest = facts.voters.filter((id) => id !== nodeId);
  if (rest.length === 0) {
    return [...checks, check('quorum', 'fail', `${nodeId} is the only voter: a cluster needs one`)];
  }
  // the change itself needs a majority of the old voters, everything after it one of the new
  const before = quorumCheck(facts, null, facts.voters);
  checks.push(before.result === 'fail' ? before : quorumCheck(facts, null, rest));
  const tolerates = Math.floor((rest.length - 1) / 2);
  const left = plural(rest.length, 'voter is left, it tolerates', 'voters are left, they tolerate');
  const text = `${left} ${plural(tolerates, 'failure')}`;
  checks.push(check('tolerance', tolerates === 0 ? 'warn' : 'pass', text));
  const instead = 'join a voter before, or lower replication.min_replicas';
  checks.push(copiesCheck(facts, { before: facts.voters, after: rest, instead }));
  return checks;
}

/**
 * Refused when the node is unknown, the last voter, leads without a successor, or the rest would have no
 * majority or fewer live copies than `min_replicas`.
 */
export function planRemoval(
  state: ClusterState,
  facts: PlanFacts,
  request: RemovalRequest,
  now: Timestamp,
): Planned {
  const { nodeId } = request;
  const successor = successorOf(state, facts, request, now);
  return planned({
    kind: 'remove-node',
    from: nodeId,
    to: successor.to,
    term: facts.term,
    checks: [
      ...leaderChecks(facts, request),
      ...removalChecks(state, facts, nodeId),
      ...(facts.leaderId === nodeId ? pauseChecks(state, false, now) : []),
      ...successor.checks,
    ],
    candidates: successor.candidates,
    ...expectedGap(state, facts, successor.to),
    command: `sqlcc node leave --node ${nodeId} ${yesCluster(state)}`,
  });
}
