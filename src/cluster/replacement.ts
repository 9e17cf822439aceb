/**
 * A vote moves from one node to another in a single joint change, so that the quorum never
 * grows on the way: by hand (`node replace`), or by the policy of the configuration, where a
 * voter has been dead for long and a spare that follows without a vote is ready.
 */
import type { Duration, NodeId, Timestamp } from '../base/index.ts';
import { formatDuration, plural } from '../base/index.ts';
import { isInMaintenance } from './candidates.ts';
import type { CandidateRow, ClusterState } from './cluster-state.ts';
import { divergedReason } from './comparison.ts';
import { busyChecks, leaderChecks, quorumCheck } from './failover.ts';
import { copiesCheck } from './live-copies.ts';
import { successorOf } from './node-plans.ts';
import { runningOperation } from './operations.ts';
import { own } from './outcome.ts';
import type { Check, Expected, PlanFacts, Planned } from './plan.ts';
import { check, planned, yesCluster } from './plan.ts';
import { seatOf } from './seats.ts';
import { expectedGap } from './write-gap.ts';

export interface ReplacementRequest extends Expected {
  /** The voter that gives its place. */
  readonly nodeId: NodeId;
  /** The node without a vote that takes it. */
  readonly by: NodeId;
  /** The old one stays as a spare instead of leaving the cluster. */
  readonly stays: boolean;
}

function takerChecks(state: ClusterState, facts: PlanFacts, by: NodeId, now: Timestamp): Check[] {
  if (own(state.nodes, by) === undefined) {
    return [check('replacement', 'fail', `${by} is no node of this cluster: join it as observer first`)];
  }
  if (facts.voters.includes(by)) return [check('replacement', 'fail', `${by} has a vote already`)];
  const fact = facts.nodes.find((n) => n.nodeId === by);
  const checks: Check[] = [];
  if (fact?.liveness !== 'alive') {
    checks.push(check('replacement', 'fail', `${by} is ${fact?.liveness ?? 'unknown to gossip'}`));
  }
  if (fact?.health === 'UNHEALTHY') checks.push(check('replacement', 'fail', `${by} is unhealthy`));
  const diverged = divergedReason(state, by);
  if (diverged !== null) checks.push(check('replacement', 'fail', `${by} ${diverged}: join it anew first`));
  if (isInMaintenance(state, by, now)) {
    checks.push(check('replacement', 'fail', `${by} is in maintenance`));
  }
  if (checks.length > 0) return checks;
  const lag = fact?.lagEntries ?? null;
  const text =
    lag === null
      ? `${by} catches up first`
      : `${by} is ${plural(lag, 'entry', 'entries')} behind, it catches up first`;
  return [
    check('replacement', lag === null || lag > 0 ? 'warn' : 'pass', lag === 0 ? `${by} is up to date` : text),
  ];
}

function replacementChecks(state: ClusterState, facts: PlanFacts, request: ReplacementRequest): Check[] {
  const { nodeId, by } = request;
  if (!facts.voters.includes(nodeId)) {
    const what =
      own(state.nodes, nodeId) === undefined ? 'is no node of this cluster' : 'has no vote to give';
    return [check('node', 'fail', `${nodeId} ${what}`)];
  }
  // the joint change needs a majority of the voters before it and one of those behind it
  const before = quorumCheck(facts, null, facts.voters);
  const gives = check('node', 'pass', `${nodeId} gives its vote`);
  // a name that stands for no new voter makes no group to count
  if (own(state.nodes, by) === undefined || facts.voters.includes(by)) return [gives, before];
  const after = [...facts.voters.filter((id) => id !== nodeId), by];
  const quorum = before.result === 'fail' ? before : quorumCheck(facts, null, after);
  const instead = `wait until ${by} is alive, or lower replication.min_replicas`;
  const copies = copiesCheck(facts, { before: facts.voters, after, instead });
  return [gives, quorum, copies];
}

/** Refused when either node is the wrong one, the taker is not fit, or a majority would miss on the way. */
export function planReplacement(
  state: ClusterState,
  facts: PlanFacts,
  request: ReplacementRequest,
  now: Timestamp,
): Planned {
  const { nodeId, by, stays } = request;
  const successor = successorOf(state, facts, { nodeId }, now);
  return planned({
    kind: stays ? 'replace-voter' : 'replace-node',
    from: nodeId,
    to: by,
    term: facts.term,
    checks: [
      ...leaderChecks(facts, request),
      ...busyChecks(state, facts),
      ...replacementChecks(state, facts, request),
      ...takerChecks(state, facts, by, now),
      ...successor.checks,
    ],
    candidates: successor.candidates,
    ...expectedGap(state, facts, successor.to),
    command: `sqlcc node replace ${nodeId} ${by}${stays ? ' --keep' : ''} ${yesCluster(state)}`,
  });
}

/** `membership.*` of the replicated configuration. */
export interface ReplacementPolicy {
  /** A voter that has been dead this long is replaced, ms; 0 = never. */
  readonly replaceDeadVoterAfterMs: Duration;
  /** A group of fewer voters is left to people. */
  readonly minVoters: number;
  /** Between two replacements that nobody asked for. */
  readonly replaceCooldownMs: Duration;
}

/** A node that follows without a vote, as the leader sees it. */
export interface SpareFact {
  readonly nodeId: NodeId;
  readonly liveness: PlanFacts['nodes'][number]['liveness'];
  readonly health: PlanFacts['nodes'][number]['health'];
  /** How long it has been caught up, ms; null = it is not. */
  readonly caughtUpMs: Duration | null;
}

export interface ReplacementFacts {
  readonly voters: readonly NodeId[];
  readonly membershipSettled: boolean;
  readonly spares: readonly SpareFact[];
  /** A spare must have been caught up for so long. */
  readonly stableMs: Duration;
  /** Voters that answer gossip now: what is alive there is not replaced, whatever the record says. */
  readonly alive: ReadonlySet<NodeId>;
}

export type ReplacementVerdict =
  /** Nothing to do: no policy, or no voter is dead. */
  | { readonly kind: 'none' }
  | { readonly kind: 'waits'; readonly nodeId: NodeId; readonly why: string }
  | {
      readonly kind: 'due';
      readonly from: NodeId;
      readonly to: NodeId;
      readonly candidates: readonly CandidateRow[];
    };

function spareReasons(
  state: ClusterState,
  facts: ReplacementFacts,
  spare: SpareFact,
  now: Timestamp,
): string[] {
  const reasons: string[] = [];
  if (spare.liveness !== 'alive') reasons.push(`is ${spare.liveness}`);
  else if (spare.health !== 'HEALTHY') reasons.push(`is ${spare.health.toLowerCase()}`);
  if (isInMaintenance(state, spare.nodeId, now)) reasons.push('is in maintenance');
  if (spare.caughtUpMs === null) reasons.push('has not caught up');
  else if (spare.caughtUpMs < facts.stableMs) {
    reasons.push(`is caught up for ${formatDuration(spare.caughtUpMs)} of ${formatDuration(facts.stableMs)}`);
  }
  return reasons;
}

function spareTable(state: ClusterState, facts: ReplacementFacts, now: Timestamp): CandidateRow[] {
  return facts.spares
    .filter(({ nodeId }) => {
      const node = own(state.nodes, nodeId);
      return node !== undefined && seatOf(node) === 'observer' && !facts.voters.includes(nodeId);
    })
    .map((spare): CandidateRow => {
      const against = spareReasons(state, facts, spare, now);
      const reasons = against.length > 0 ? against : ['is healthy and caught up'];
      return { nodeId: spare.nodeId, eligible: against.length === 0, reasons, lagEntries: null };
    })
    .sort((a, b) => Number(b.eligible) - Number(a.eligible) || (a.nodeId < b.nodeId ? -1 : 1));
}

/** Until when no further replacement begins by itself; null = one may. */
function coolUntil(state: ClusterState, policy: ReplacementPolicy, now: Timestamp): Timestamp | null {
  const last = state.operations.findLast((o) => o.kind === 'replace-voter' && o.actor === 'system');
  if (last === undefined) return null;
  const until = (last.endedAt ?? last.startedAt) + policy.replaceCooldownMs;
  return until > now ? until : null;
}

/** Why a dead voter is not replaced now though the policy is on; null = a spare may take its place. */
function obstacle(
  state: ClusterState,
  facts: ReplacementFacts,
  at: { readonly nodeId: NodeId; readonly policy: ReplacementPolicy; readonly now: Timestamp },
): string | null {
  const { nodeId, policy, now } = at;
  const record = own(state.nodes, nodeId);
  if (state.pause !== null) return 'the cluster is paused';
  if (isInMaintenance(state, nodeId, now)) return 'it is in maintenance';
  const left = (record?.livenessSince ?? now) + policy.replaceDeadVoterAfterMs - now;
  if (left > 0) return `it is replaced when it stays dead for another ${formatDuration(left)}`;
  if (facts.voters.length < policy.minVoters) {
    const few = `there are ${facts.voters.length} voters, fewer than membership.min_voters`;
    return `${few} (${policy.minVoters}): it is left to people`;
  }
  const running = runningOperation(state);
  if (running !== undefined) return `operation ${running.id} (${running.kind}) is running`;
  if (!facts.membershipSettled) return 'a change of the membership is under way';
  const until = coolUntil(state, policy, now);
  if (until !== null)
    return `the last replacement was a short while ago: wait ${formatDuration(until - now)} more`;
  return null;
}

/** Which dead voter's place a spare shall take now, or what that waits for. */
export function replacementDue(
  state: ClusterState,
  policy: ReplacementPolicy,
  facts: ReplacementFacts,
  now: Timestamp,
): ReplacementVerdict {
  if (policy.replaceDeadVoterAfterMs === 0) return { kind: 'none' };
  const dead = facts.voters
    .filter((id) => own(state.nodes, id)?.liveness === 'dead' && !facts.alive.has(id))
    .sort((a, b) => (state.nodes[a]?.livenessSince ?? 0) - (state.nodes[b]?.livenessSince ?? 0));
  let waits: ReplacementVerdict = { kind: 'none' };
  for (const nodeId of dead) {
    const why = obstacle(state, facts, { nodeId, policy, now });
    const candidates = spareTable(state, facts, now);
    const [best] = candidates;
    if (why === null && best?.eligible === true) {
      return { kind: 'due', from: nodeId, to: best.nodeId, candidates };
    }
    const unfit = candidates.map((c) => `${c.nodeId} ${c.reasons.join(', ')}`).join('; ');
    const none = unfit === '' ? 'there is no spare: join an observer' : `no spare is ready: ${unfit}`;
    if (waits.kind === 'none') waits = { kind: 'waits', nodeId, why: why ?? none };
  }
  return waits;
}
