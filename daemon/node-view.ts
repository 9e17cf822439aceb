/**
 * Joins what three sources know about each node into the row that people see:
 * the replicated record (who), Raft (what it counts for), gossip (how it is).
 * Sources in, rows out; nothing is read or asked here.
 */
import type { AlertRecord, AlertRule } from '../src/alerts/index.ts';
import type {
  CandidateView,
  ElectionRow,
  LeaderResponse,
  NodeRow,
  ReadInfo,
  StatusResponse,
} from '../src/api/index.ts';
import {
  compareText,
  type Duration,
  formatDuration,
  LIMITS,
  type LogIndex,
  type NodeId,
  type Term,
  type Timestamp,
} from '../src/base/index.ts';
import {
  type CandidateRow,
  type ClusterState,
  drainOf,
  type Election,
  electionCause,
  type Maintenance,
  type NodeRecord,
  type ReplacementPolicy,
  type ScheduledOperation,
  seatOf,
} from '../src/cluster/index.ts';
import { type AvailabilityReport, type AvailabilityWindows, ratioOf } from '../src/health/index.ts';
import type { RaftRole, RaftStatus } from '../src/raft/index.ts';
import { clusterHealth } from './cluster-health.ts';
import { currentAlerts, firingCount } from './current-alerts.ts';
import type { Accused } from './divergence.ts';
import { type Isolation, isolationOf, isolationText } from './isolation.ts';
import { lagOf } from './log-pace.ts';
import { replacementWords } from './replacement-duty.ts';
import type { ToldIncident, ToldReadings } from './told.ts';

/** What gossip knows of a member, with its own newest word about itself. */
export interface MemberFacts {
  readonly nodeId: NodeId;
  readonly liveness: 'alive' | 'suspect' | 'dead' | 'left';
  /** Since its newest sign of life, ms; null = never. */
  readonly silenceMs: number | null;
  readonly rttMs: number | null;
  /** Of the newest round trips that this node measured; absent or null = it measured none. */
  readonly rttSpread?: { readonly p50Ms: number; readonly p99Ms: number } | null;
  readonly digest: DigestFacts | null;
}

/** A node's word about itself, at most some seconds old. */
export interface DigestFacts {
  readonly health: 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY' | 'UNKNOWN';
  readonly issues: readonly string[];
  readonly at: Timestamp;
  readonly role: RaftRole;
  readonly term: Term;
  readonly leaderId: NodeId | null;
  readonly appliedIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly cpuUsage: number;
  readonly memoryUsage: number;
  readonly diskUsage: number;
  readonly diskUsedBytes: number;
  readonly capacity: number;
  readonly loadFactor: number;
  readonly connections: number;
  readonly latencyP95Ms: number | null;
  readonly startedAt: Timestamp;
  /** Nodes whose results it found to differ, LIMITS.maxVoters of them; an older version does not say it. */
  readonly diverged?: readonly Accused[];
  /** Requests and failed ones since its start; null = an older version, which does not say it. */
  readonly requests?: number | null;
  readonly errors?: number | null;
  /** Further metrics, under their names; an older version does not say them. */
  readonly readings?: ToldReadings;
  /** LeaderDown that it told of and that is not on record yet. */
  readonly told?: ToldIncident | null;
}

/** All that a node knows at one moment. */
export interface ViewSources {
  readonly nodeId: NodeId;
  readonly cluster: ClusterState;
  readonly raft: RaftStatus;
  readonly members: ReadonlyMap<NodeId, MemberFacts>;
  readonly minReplicas: number;
  readonly membershipPolicy: ReplacementPolicy;
  /** How long this node has known of no leader. */
  readonly leaderlessMs: Duration;
  /** Alert rules in force. */
  readonly rules: readonly AlertRule[];
  readonly now: Timestamp;
}

const STATE_OF_ROLE: Readonly<Record<RaftRole, NonNullable<NodeRow['state']>>> = {
  leader: 'LEADER',
  candidate: 'CANDIDATE',
  'pre-candidate': 'CANDIDATE',
  follower: 'FOLLOWER',
  learner: 'FOLLOWER',
};

/** RFC 3339 with milliseconds. */
let lastTime: { readonly at: Timestamp; readonly text: string } = { at: Number.NaN, text: '' };

/** RFC 3339. Many answers tell the same millisecond: the last one is kept. */
export function isoTime(at: Timestamp): string {
  if (at !== lastTime.at) lastTime = { at, text: new Date(at).toISOString() };
  return lastTime.text;
}

export function maintenanceView(m: Maintenance | null | undefined): NodeRow['maintenance'] {
  if (m === undefined || m === null) return null;
  return { owner: m.owner, reason: m.reason, since: isoTime(m.since), expires: isoTime(m.expires) };
}

/** The leader's word on how far a follower is, the follower's own word, or null. */
function matchIndex(sources: ViewSources, nodeId: NodeId, digest: DigestFacts | null): LogIndex | null {
  const { raft } = sources;
  if (raft.role === 'leader') {
    if (nodeId === sources.nodeId) return raft.last.index;
    const peer = raft.peers.find((p) => p.nodeId === nodeId);
    // a new leader knows nothing of a follower before its first answer
    if (peer !== undefined && peer.match > 0) return peer.match;
  }
  return digest?.lastIndex ?? null;
}

function livenessOf(
  sources: ViewSources,
  record: NodeRecord,
  member: MemberFacts | undefined,
): NodeRow['liveness'] {
  if (record.nodeId === sources.nodeId) return 'alive';
  if (member !== undefined) return member.liveness;
  return record.liveness === 'alive' ? 'unknown' : record.liveness;
}

/** A reading of its word in ms; null = it did not say it. */
function toldMs(digest: DigestFacts | null, name: keyof ToldReadings): number | null {
  const seconds = digest?.readings?.[name];
  return seconds === undefined ? null : Math.round(seconds * 10_000) / 10;
}

function readings(digest: DigestFacts | null) {
  return {
    load_factor: digest?.loadFactor ?? null,
    capacity: digest?.capacity ?? null,
    cpu_usage: digest?.cpuUsage ?? null,
    memory_usage: digest?.memoryUsage ?? null,
    disk_usage: digest?.diskUsage ?? null,
    disk_used_bytes: digest?.diskUsedBytes ?? null,
    active_connections: digest?.connections ?? null,
    query_latency_p95_ms: digest?.latencyP95Ms ?? null,
    clock_offset_ms: toldMs(digest, 'clock_offset'),
    event_loop_lag_ms: toldMs(digest, 'event_loop_lag'),
    fsync_ms: toldMs(digest, 'fsync'),
    commit_latency_p95_ms: toldMs(digest, 'commit_latency'),
    queries_per_second: digest?.readings?.queries_per_second ?? null,
    error_rate: digest?.readings?.error_rate ?? null,
  };
}

/**
 * Who says in its newest word that this life of the node computed another result, and up to where; null = by
 * the record a comparison has found it.
 */
export function divergencesOf(
  members: Iterable<Pick<MemberFacts, 'nodeId' | 'digest'>>,
  record: Pick<NodeRecord, 'nodeId' | 'instanceId' | 'diverged' | 'verified'>,
): { readonly by: NodeId | null; readonly index: LogIndex }[] {
  const { nodeId, instanceId, diverged, verified = -1 } = record;
  const compared = diverged === undefined ? [] : [{ by: null, index: diverged }];
  const told = [...members].flatMap((member) => {
    const found = member.digest?.diverged?.find(
      // who is behind, or is silent by now, may not have learned yet that a comparison found it equal
      (a) => a.nodeId === nodeId && a.instanceId === instanceId && a.index > verified,
    );
    return found === undefined ? [] : [{ by: member.nodeId, index: found.index }];
  });
  return [...compared, ...told];
}

/** What other nodes, and it itself, found wrong with its results. */
function divergenceIssues({ members }: ViewSources, record: NodeRecord): string[] {
  return divergencesOf(members.values(), record).map(({ by, index }) => {
    const others = record.undecided?.filter((id) => id !== record.nodeId) ?? [];
    if (by === null && others.length > 0)
      return `holds something else than ${others.join(', ')} at ${index}, and who is right is not known`;
    if (by === null) return `holds something else than the others at ${index}: take it out and join it anew`;
    const accuser = by === record.nodeId ? 'most others' : by;
    return `computed another result than ${accuser} up to ${index}: take it out and join it anew`;
  });
}

/** What a node that is to vote waits for; only the leader knows. */
function voteIssues({ cluster, raft }: ViewSources, record: NodeRecord): string[] {
  if (raft.role !== 'leader' || seatOf(record) !== 'voter') return [];
  if (!raft.membership.learners.some((l) => l.nodeId === record.nodeId)) return [];
  const peer = raft.peers.find((p) => p.nodeId === record.nodeId);
  const isBusy = cluster.operations.some((o) => o.state === 'running');
  if (peer === undefined || peer.caughtUpMs === null) {
    return [`has no vote yet: it is at ${peer?.match ?? 0} of ${raft.last.index}`];
  }
  const [has, needs] = [formatDuration(peer.caughtUpMs), formatDuration(LIMITS.learnerStableMs)];
  if (peer.caughtUpMs < LIMITS.learnerStableMs) return [`has no vote yet: caught up for ${has} of ${needs}`];
  return isBusy ? ['has no vote yet: an operation is running'] : [];
}

/** Its own word; results that differ make it degraded, whatever it says. */
function healthOf(sources: ViewSources, record: NodeRecord, digest: DigestFacts | null) {
  const differs = divergenceIssues(sources, record);
  const own = digest?.health ?? 'UNKNOWN';
  const health: NodeRow['health'] = differs.length > 0 && own === 'HEALTHY' ? 'DEGRADED' : own;
  return { health, issues: [...(digest?.issues ?? []), ...differs, ...voteIssues(sources, record)] };
}

/** A measurement in ms without the digits that no clock has. */
function toMicros(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 1000) / 1000;
}

/** One row; an unreachable node has `state` null and `liveness` says why. */
export function nodeRow(sources: ViewSources, record: NodeRecord): NodeRow {
  const { cluster, raft, now } = sources;
  const member = sources.members.get(record.nodeId);
  const liveness = livenessOf(sources, record, member);
  const reachable = liveness === 'alive' || liveness === 'suspect';
  const digest = reachable ? (member?.digest ?? null) : null;
  const isVoter = [...raft.membership.voters, ...raft.membership.outgoing].some(
    (m) => m.nodeId === record.nodeId,
  );
  const own = record.nodeId === sources.nodeId;
  const role = own ? raft.role : (digest?.role ?? null);
  const match = matchIndex(sources, record.nodeId, digest);
  const { health, issues } = healthOf(sources, record, digest);
  return {
    node_id: record.nodeId,
    host: record.host,
    port: record.port,
    client_port: record.clientPort,
    state: role === null ? null : STATE_OF_ROLE[role],
    role,
    voter: isVoter,
    liveness,
    health,
    issues: reachable ? issues : [`${liveness}: no word from it`, ...issues],
    last_check: digest === null ? null : isoTime(digest.at),
    maintenance: maintenanceView(cluster.maintenance[record.nodeId]),
    drain: maintenanceView(drainOf(cluster, record.nodeId, now)),
    version: record.version,
    zone: record.zone,
    metadata: { ...record.metadata },
    term: own ? raft.term : (digest?.term ?? null),
    match_index: match,
    lag_entries: lagOf(raft, record.nodeId, match),
    last_heartbeat_ms: own
      ? 0
      : member?.silenceMs === undefined || member.silenceMs === null
        ? null
        : Math.round(member.silenceMs),
    ...readings(digest),
    rtt_ms: own ? 0 : (member?.rttMs ?? null),
    rtt_p50_ms: own ? null : toMicros(member?.rttSpread?.p50Ms),
    rtt_p99_ms: own ? null : toMicros(member?.rttSpread?.p99Ms),
    uptime_ms: digest === null ? null : Math.max(0, now - digest.startedAt),
  };
}

/** All rows: leader first, then voters, then learners, each by name. */
export function nodeRows(sources: ViewSources): NodeRow[] {
  const rank = (row: NodeRow): number => (row.role === 'leader' ? 0 : row.voter ? 1 : 2);
  return Object.values(sources.cluster.nodes)
    .map((record) => nodeRow(sources, record))
    .sort((a, b) => rank(a) - rank(b) || compareText(a.node_id, b.node_id));
}

export function candidateView(row: CandidateRow): CandidateView {
  const { nodeId, eligible, reasons, lagEntries } = row;
  return { node_id: nodeId, eligible, reasons: [...reasons], lag_entries: lagEntries };
}

function electionRow(cluster: ClusterState, election: Election): ElectionRow {
  return {
    term: election.term,
    node_id: election.nodeId,
    at: isoTime(election.at),
    cause: electionCause(cluster, election),
    detect_ms: election.silenceMs,
    election_ms: election.electionMs,
    votes: [...election.votes],
    why: election.why ?? null,
    candidates: (election.candidates ?? []).map(candidateView),
  };
}

export function leaderView(sources: ViewSources, read: ReadInfo): LeaderResponse {
  const { cluster, raft } = sources;
  const record = raft.leaderId === null ? undefined : cluster.nodes[raft.leaderId];
  const election = cluster.elections.findLast((e) => e.term === raft.term);
  return {
    schemaVersion: 1,
    leader_id: raft.leaderId,
    term: raft.term,
    host: record?.host ?? null,
    port: record?.port ?? null,
    client_port: record?.clientPort ?? null,
    since: election === undefined || raft.leaderId === null ? null : isoTime(election.at),
    primary: {
      node_id: raft.leaderId === null ? null : cluster.primary.nodeId,
      epoch: cluster.primary.epoch,
    },
    read,
  };
}

/** The alerts as they are now. */
export function alertsOf(sources: ViewSources): readonly AlertRecord[] {
  const { cluster, raft, leaderlessMs, rules, now } = sources;
  return currentAlerts(cluster, { leaderId: raft.leaderId, leaderlessMs, rules }, now);
}

function wordsOnReplacement({ cluster, membershipPolicy, raft, members, now }: ViewSources): string | null {
  return replacementWords(cluster, membershipPolicy, { raft, memberOf: (id) => members.get(id) }, now);
}

/** From whom the answering node is cut off; null where it is not. */
function isolationIn({ nodeId, raft, leaderlessMs, members }: ViewSources): Isolation | null {
  return isolationOf({ self: nodeId, raft, leaderlessMs, memberOf: (id) => members.get(id) });
}

function isolationView(isolation: Isolation | null): StatusResponse['isolation'] {
  if (isolation === null) return null;
  const { sinceMs, reached, missing, needs } = isolation;
  const text = isolationText(isolation);
  return { since_ms: Math.round(sinceMs), reached: [...reached], missing: [...missing], needs, text };
}

function healthOfAll(
  sources: ViewSources,
  rows: readonly NodeRow[],
): Pick<StatusResponse['cluster'], 'health' | 'reasons'> {
  const { raft, minReplicas } = sources;
  const isolation = isolationIn(sources);
  return clusterHealth({
    ...{ rows, leaderId: raft.leaderId, minReplicas, alerts: alertsOf(sources) },
    isolated: isolation === null ? null : isolationText(isolation),
    replacement: raft.leaderId === null ? null : wordsOnReplacement(sources),
  });
}

/** The configuration that is on trial; null when none is. */
export function tentativeView({ tentative }: Pick<ClusterState, 'tentative'>) {
  if (tentative === undefined) return null;
  const { version, previous, since, withinMs } = tentative;
  return { version, previous, expires: isoTime(since + withinMs) };
}

/** What the cluster does not do by itself for a while, and what it will do next. */
function steeringView(cluster: ClusterState, now: Timestamp) {
  const cooldowns = Object.entries(cluster.cooldowns)
    .filter(([, { until }]) => until > now)
    .map(([name, { until, cause }]) => ({ name, until: isoTime(until), remaining_ms: until - now, cause }));
  const [next] = cluster.schedule.filter((s) => s.state === 'waiting').sort((a, b) => a.at - b.at);
  const scheduled = next === undefined ? null : { ...pick(next), at: isoTime(next.at) };
  return { pause: maintenanceView(cluster.pause), cooldowns, scheduled };
}

const pick = ({ id, kind, to }: ScheduledOperation) => ({ id, kind, to });

export interface StatusExtras {
  readonly engine: string;
  readonly heartbeatIntervalMs: number;
  /** Null before the node has counted. */
  readonly availability: (AvailabilityReport & AvailabilityWindows) | null;
}

function availabilityView(
  report: AvailabilityReport & AvailabilityWindows,
): NonNullable<StatusResponse['availability']> {
  return {
    ratio: ratioOf(report),
    observed_ms: Math.round(report.observedMs),
    downtime_ms: Math.round(report.observedMs - report.servingMs),
    windows: Object.fromEntries(report.windows.map((w) => [w.name, ratioOf(w)])),
    error_budget_ms: Math.round(report.budgetMs),
  };
}

export function statusView(sources: ViewSources, read: ReadInfo, extras: StatusExtras): StatusResponse {
  const { cluster, raft } = sources;
  const rows = nodeRows(sources);
  const voters = raft.membership.voters.map((v) => v.nodeId);
  const quorum = Math.floor(voters.length / 2) + 1;
  const alive = rows.filter((r) => r.voter && r.liveness === 'alive').length;
  return {
    schemaVersion: 1,
    cluster: {
      name: cluster.name,
      id: cluster.clusterId,
      engine: extras.engine,
      ...healthOfAll(sources, rows),
      read,
    },
    raft: {
      leader_id: raft.leaderId,
      term: raft.term,
      commit_index: raft.commitIndex,
      applied_index: read.applied_index,
      voters,
      quorum,
      tolerates: Math.max(0, alive - quorum),
      election_timeout_ms: Math.round(raft.electionTimeoutMs),
      heartbeat_interval_ms: extras.heartbeatIntervalMs,
    },
    isolation: isolationView(isolationIn(sources)),
    primary: {
      node_id: raft.leaderId === null ? null : cluster.primary.nodeId,
      epoch: cluster.primary.epoch,
    },
    config: {
      version: cluster.configs.findLast((c) => c.isActive)?.version ?? 0,
      tentative: tentativeView(cluster),
    },
    maintenance: Object.keys(cluster.maintenance).sort(),
    ...steeringView(cluster, sources.now),
    operation: cluster.operations.findLast((o) => o.state === 'running')?.id ?? null,
    alerts: { firing: firingCount(alertsOf(sources)) },
    ...(extras.availability === null ? {} : { availability: availabilityView(extras.availability) }),
    elections: cluster.elections.slice(-20).map((e) => electionRow(cluster, e)),
    nodes: rows,
  };
}
