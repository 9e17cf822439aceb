/**
 * A drained node serves no clients: they are sent to the leader, and those that stay are let go after
 * a while. It gives up leadership and is no candidate, but keeps its vote and its copy. It ends by itself.
 */
import type { Timestamp } from '../base/index.ts';
import { flagDuration, formatDuration, LIMITS, type NodeId } from '../base/index.ts';
import { isInMaintenance } from './candidates.ts';
import type { ClusterState, Drain } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { busyChecks, leaderChecks } from './failover.ts';
import { copiesCheck } from './live-copies.ts';
import { isSetAnew, MAX_MAINTENANCE_MS, setAnew, tooLong } from './maintenance.ts';
import { knownCheck, type Leaving, type Successor, successorOf } from './node-plans.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused, without } from './outcome.ts';
import type { Check, Expected, PlanFacts, Planned } from './plan.ts';
import { check, planned } from './plan.ts';
import { expectedGap } from './write-gap.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

/** Who drained the node, why and until when; undefined for one that is not drained (at `now`, if given). */
export function drainOf(
  state: ClusterState,
  nodeId: NodeId,
  now: Timestamp = Number.NEGATIVE_INFINITY,
): Drain | undefined {
  const drain = own(state.drains ?? {}, nodeId);
  return drain !== undefined && drain.expires > now ? drain : undefined;
}

export function enableDrain(
  state: ClusterState,
  command: CommandOf<'drain-enable'>,
  at: ApplyPosition,
): Outcome {
  const { nodeId, owner, reason, forMs, operation } = command;
  const current = own(state.drains ?? {}, nodeId);
  // whoever only wants more time leaves the clients theirs
  const graceMs = command.graceMs ?? (current?.owner === owner ? current.graceMs : undefined);
  if (own(state.nodes, nodeId) === undefined) {
    return refused('not_found', `no node "${nodeId}" in this cluster`);
  }
  if (!(forMs > 0) || forMs > MAX_MAINTENANCE_MS) {
    return refused('invalid_argument', tooLong('a drain', MAX_MAINTENANCE_MS, forMs));
  }
  if (graceMs !== undefined && !(graceMs >= 0 && graceMs <= LIMITS.maxDrainGraceMs)) {
    const text = `clients get up to ${formatDuration(LIMITS.maxDrainGraceMs)} to go, not ${graceMs} ms`;
    return refused('invalid_argument', text);
  }
  const since = current?.since ?? at.timestamp;
  const length = { since, expires: at.timestamp + forMs, ...(graceMs !== undefined && { graceMs }) };
  const drain: Drain = { owner, reason, ...length, ...(operation !== undefined && { operation }) };
  const more = current === undefined ? '' : ` for another ${formatDuration(forMs)}`;
  const event: EventDraft = {
    kind: 'drain-enabled',
    nodeId,
    message: `${nodeId} is drained by ${owner}${more}${reason === '' ? '' : `: ${reason}`}`,
    data: {
      owner,
      reason,
      since_ms: since,
      expires_ms: drain.expires,
      grace_ms: graceMs ?? LIMITS.drainGraceMs,
    },
  };
  return done({ ...state, drains: { ...state.drains, [nodeId]: drain } }, [event]);
}

export function disableDrain(
  state: ClusterState,
  { nodeId, cause, expires }: CommandOf<'drain-disable'>,
  at: ApplyPosition,
): Outcome {
  const current = own(state.drains ?? {}, nodeId);
  if (current === undefined) return done(state, []);
  if (isSetAnew(current, expires)) return setAnew(`the drain of ${nodeId}`, current);
  const event: EventDraft = {
    kind: 'drain-disabled',
    nodeId,
    message: `${nodeId} takes clients again${cause === '' ? '' : `: ${cause}`}`,
    data: { cause, owner: current.owner, lasted_ms: Math.max(0, at.timestamp - current.since) },
  };
  return done({ ...state, drains: without(state.drains ?? {}, nodeId) }, [event]);
}

export interface DrainRequest extends Expected, Leaving {
  readonly enable: boolean;
  /** Length when it is enabled, ms. */
  readonly forMs: number;
  /** What clients get to go by themselves, where one was named. */
  readonly graceMs?: number | undefined;
  readonly owner: string;
}

/** Clients need somewhere to go. */
function placesCheck(state: ClusterState, facts: PlanFacts, nodeId: NodeId, now: Timestamp): Check {
  const open = facts.nodes.filter(
    (n) =>
      n.nodeId !== nodeId &&
      n.liveness === 'alive' &&
      !isInMaintenance(state, n.nodeId, now) &&
      drainOf(state, n.nodeId, now) === undefined,
  );
  if (open.length === 0) return check('clients', 'fail', 'no other node would take the clients');
  return check('clients', 'pass', `clients go to ${open.map((n) => n.nodeId).join(', ')}`);
}

/** A drain takes no copy away; who goes on to stop the node sees here how many there are. */
function keptCopies(facts: PlanFacts): Check {
  const { voters } = facts;
  return copiesCheck(facts, { before: voters, after: voters, instead: '' });
}

const NOBODY: Successor = { to: null, candidates: [], checks: [] };

/** Refused when the node is unknown, somebody else's already, leads without a successor, or is the last. */
export function planDrain(
  state: ClusterState,
  facts: PlanFacts,
  request: DrainRequest,
  now: Timestamp,
): Planned {
  const { nodeId, enable, forMs, owner } = request;
  const successor = enable ? successorOf(state, facts, request, now) : NOBODY;
  const current = drainOf(state, nodeId, now);
  const checks = [...leaderChecks(facts, request), knownCheck(state, nodeId), ...busyChecks(state, facts)];
  if (enable) {
    checks.push(placesCheck(state, facts, nodeId, now), ...successor.checks);
    checks.push(keptCopies(facts));
  }
  if (enable && current !== undefined) {
    const left = formatDuration(current.expires - now);
    const text = `${nodeId} is drained by ${current.owner} for another ${left}`;
    checks.push(check('drain', current.owner === owner ? 'warn' : 'fail', text));
  }
  if (!enable && current === undefined) checks.push(check('drain', 'fail', `${nodeId} is not drained`));
  const { graceMs } = request;
  const grace = graceMs === undefined ? '' : ` --grace ${flagDuration(graceMs)}`;
  const length = enable ? ` --for ${flagDuration(forMs)}${grace}` : '';
  return planned({
    kind: enable ? 'drain-enable' : 'drain-disable',
    from: nodeId,
    to: successor.to,
    term: facts.term,
    checks,
    candidates: successor.candidates,
    ...expectedGap(state, facts, successor.to),
    command: `sqlcc node ${enable ? 'drain' : 'undrain'} ${nodeId}${length}`,
  });
}
