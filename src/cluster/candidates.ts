/** Who could lead next, and why not: one row a voter, with all reasons. The best comes first. */
import type { Duration, NodeId, Timestamp } from '../base/index.ts';
import { formatDuration, formatSize, plural } from '../base/index.ts';
import type { CandidateRow, ClusterState } from './cluster-state.ts';
import { divergedReason } from './comparison.ts';
import { own } from './outcome.ts';
import type { NodeFact, PlanFacts } from './plan.ts';

/** A target this far behind is caught up within a blink; a longer way would be felt by writers. */
export const MAX_CANDIDATE_LAG_ENTRIES = 1000;

/**
 * A wall clock this far from all others takes good certificates for ended or not valid yet: who leads by it
 * refuses whoever connects anew.
 */
const WRONG_CLOCK_MS = 60_000;

/** A node's distance to the nearest other clock, by its own word; null where it knows none. */
export interface ClockDistance {
  readonly nodeId: NodeId;
  readonly offsetMs: Duration | null;
}

/**
 * Nodes whose wall clock is wrong. Each knows only how far the nearest other one is: of two that differ both
 * say so, and neither can know who is right. So there is one to be blamed only where more clocks are near
 * another than are not.
 */
export function wrongClocks(clocks: readonly ClockDistance[]): NodeId[] {
  const known = clocks.filter(({ offsetMs }) => offsetMs !== null);
  const wrong = known.filter(({ offsetMs }) => (offsetMs ?? 0) >= WRONG_CLOCK_MS);
  return wrong.length < known.length / 2 ? wrong.map(({ nodeId }) => nodeId) : [];
}

/** Better first. */
const HEALTH_RANK: Readonly<Record<NodeFact['health'], number>> = {
  HEALTHY: 0,
  DEGRADED: 1,
  UNKNOWN: 2,
  UNHEALTHY: 3,
};

/** A node is in maintenance until its time is over, also before the leader has cleared the record. */
export function isInMaintenance(state: ClusterState, nodeId: NodeId, now: Timestamp): boolean {
  const maintenance = own(state.maintenance, nodeId);
  return maintenance !== undefined && maintenance.expires > now;
}

function lagReason(fact: NodeFact, facts: PlanFacts): string | null {
  if (fact.lagBytes !== null && fact.lagBytes > facts.lagThresholdBytes) {
    const limit = formatSize(facts.lagThresholdBytes);
    return `is ${formatSize(fact.lagBytes)} of log behind, at most ${limit} is allowed`;
  }
  if (fact.lagEntries === null) return 'has told nobody how far its log is';
  if (fact.lagEntries > MAX_CANDIDATE_LAG_ENTRIES) {
    return `is ${fact.lagEntries} entries behind, at most ${MAX_CANDIDATE_LAG_ENTRIES} are allowed`;
  }
  return null;
}

function wrongNow({ nodes }: PlanFacts): NodeId[] {
  const alive = nodes.filter(({ liveness }) => liveness === 'alive');
  return wrongClocks(alive.map(({ nodeId, clockOffsetMs }) => ({ nodeId, offsetMs: clockOffsetMs ?? null })));
}

/** None where the leader's own clock is as far off: whoever follows it makes nothing worse. */
function clockReason({ nodeId, clockOffsetMs }: NodeFact, facts: PlanFacts): string | null {
  const offsetMs = clockOffsetMs ?? 0;
  const leading = facts.nodes.find((n) => n.nodeId === facts.leaderId)?.clockOffsetMs ?? 0;
  if (leading >= offsetMs || !wrongNow(facts).includes(nodeId)) return null;
  return `has a wall clock that is ${formatDuration(offsetMs)} off`;
}

/** Everything that speaks against handing leadership to `nodeId` now; empty = nothing does. */
export function candidateReasons(
  state: ClusterState,
  facts: PlanFacts,
  nodeId: NodeId,
  now: Timestamp,
): string[] {
  if (own(state.nodes, nodeId) === undefined) return ['is no node of this cluster'];
  const reasons: string[] = [];
  if (nodeId === facts.leaderId) reasons.push('is the leader already');
  if (!facts.voters.includes(nodeId)) reasons.push('is no voter');
  const fact = facts.nodes.find((n) => n.nodeId === nodeId);
  if (isInMaintenance(state, nodeId, now)) reasons.push('is in maintenance');
  if ((own(state.drains ?? {}, nodeId)?.expires ?? 0) > now) reasons.push('is drained');
  if (fact === undefined || fact.liveness !== 'alive') {
    // how far a node that can't be reached has come does not matter
    return [...reasons, fact === undefined ? 'is unknown to gossip' : `is ${fact.liveness}`];
  }
  if (fact.health === 'UNHEALTHY') reasons.push('is unhealthy');
  const diverged = divergedReason(state, nodeId);
  if (diverged !== null) reasons.push(diverged);
  const clock = clockReason(fact, facts);
  if (clock !== null) reasons.push(clock);
  const lag = nodeId === facts.leaderId ? null : lagReason(fact, facts);
  if (lag !== null) reasons.push(lag);
  return reasons;
}

function assets(fact: NodeFact | undefined): string[] {
  if (fact === undefined) return [];
  const lag = fact.lagEntries;
  const behind = lag === null ? '? entries behind' : `${plural(lag, 'entry', 'entries')} behind`;
  const words = [behind, fact.health.toLowerCase()];
  return fact.rttMs === null ? words : [...words, `rtt ${Math.round(fact.rttMs * 10) / 10} ms`];
}

/**
 * One row for each voter but the leader: eligible ones with a right clock by health, lag, round trip, name;
 * then the rest.
 */
export function candidateTable(state: ClusterState, facts: PlanFacts, now: Timestamp): CandidateRow[] {
  const factOf = new Map(facts.nodes.map((n) => [n.nodeId, n]));
  const wrong = new Set(wrongNow(facts));
  const rank = (row: CandidateRow): readonly number[] => {
    const fact = factOf.get(row.nodeId);
    const health = HEALTH_RANK[fact?.health ?? 'UNKNOWN'];
    const far = Number.MAX_SAFE_INTEGER;
    const gone = fact?.liveness === 'alive' ? 0 : 1;
    const off = wrong.has(row.nodeId) ? 1 : 0;
    return [row.eligible ? 0 : 1, gone, off, health, row.lagEntries ?? far, fact?.rttMs ?? far];
  };
  const before = (a: CandidateRow, b: CandidateRow): number => {
    const [left, right] = [rank(a), rank(b)];
    const differing = left.findIndex((value, n) => value !== right[n]);
    if (differing >= 0) return (left[differing] ?? 0) - (right[differing] ?? 0);
    return a.nodeId < b.nodeId ? -1 : 1;
  };
  return facts.voters
    .filter((nodeId) => nodeId !== facts.leaderId)
    .map((nodeId): CandidateRow => {
      const against = candidateReasons(state, facts, nodeId, now);
      const fact = factOf.get(nodeId);
      const reasons = against.length > 0 ? against : assets(fact);
      return { nodeId, eligible: against.length === 0, reasons, lagEntries: fact?.lagEntries ?? null };
    })
    .sort(before);
}
