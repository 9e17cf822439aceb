/**
 * Readings of the moment for `MetricsCollector`: what the parts of this node know, under the seed's names.
 */

import type { NodeId, Timestamp } from '../src/base/index.ts';
import { type ClusterState, electionCount, peopleExpiry } from '../src/cluster/index.ts';
import { type AvailabilityReport, type HealthStatus, ratioOf, rollUp } from '../src/health/index.ts';
import type {
  ClusterMetrics,
  ExpositionFormat,
  NodeMetrics,
  RaftMetrics,
  ReplicationMetrics,
  SeriesRow,
} from '../src/metrics/index.ts';
import { CONTENT_TYPES, MetricsCollector } from '../src/metrics/index.ts';
import { chainEnd } from '../src/pki/index.ts';
import type { RaftRole } from '../src/raft/index.ts';
import { healthyNodes } from './alert-readings.ts';
import { currentAlerts, firingCount } from './current-alerts.ts';
import type { NodePki } from './data-files.ts';
import type { HealthLoop } from './health-loop.ts';
import { Leadership } from './leadership.ts';
import type { NodeParts } from './node-parts.ts';
import { divergencesOf, type MemberFacts } from './node-view.ts';
import { VERSION } from './version.ts';

/** Before its end a maintenance is announced to whoever forgot it. */
const MAINTENANCE_NOTICE_MS = 5 * 60_000;

type PutAside = Pick<ClusterState, 'maintenance' | 'drains' | 'pause'>;

/**
 * Maintenances and drains, and the pause of the cluster, that end soon. A short one is announced when half of
 * it is over: its beginning is no news of its end.
 */
export function expiringCount({ maintenance, drains = {}, pause }: PutAside, now: Timestamp): number {
  const all = [...Object.values(maintenance), ...Object.values(drains), ...(pause === null ? [] : [pause])];
  return all.filter(({ since, expires }) => {
    const noticeMs = Math.min(MAINTENANCE_NOTICE_MS, (expires - since) / 2);
    return expires - now < noticeMs;
  }).length;
}

/** Nodes that are in maintenance, drained, or both. */
export function asideCount({ maintenance, drains = {} }: Omit<PutAside, 'pause'>): number {
  return new Set([...Object.keys(maintenance), ...Object.keys(drains)]).size;
}

export type TextFormat = Exclude<ExpositionFormat, 'json'>;

/** Everything that `GET /v1/metrics` tells. */
export interface MetricsAnswer {
  /** All known values by the seed's names. */
  readonly values: Readonly<Record<string, number>>;
  readonly series: readonly SeriesRow[];
  readonly cluster: ClusterMetrics;
  readonly node: NodeMetrics;
}

/** Before the consensus thread's first word nothing was observed. */
const NOTHING_OBSERVED = { observedMs: 0, servingMs: 0 } as const;

/** The number of each role on `/metrics`; they never change. */
const STATE_NUMBERS: Readonly<Record<RaftRole, number>> = {
  learner: 0,
  follower: 1,
  'pre-candidate': 2,
  candidate: 3,
  leader: 4,
};

const HEALTH_NUMBERS: Readonly<Record<HealthStatus, number>> = {
  HEALTHY: 0,
  DEGRADED: 1,
  UNHEALTHY: 2,
  UNKNOWN: 3,
};

export class MetricsSource {
  readonly #parts: NodeParts;
  readonly #health: HealthLoop;
  readonly #collector = new MetricsCollector();
  readonly #leadership: Leadership;
  #isCollected = false;
  #certificateEnds: Timestamp;

  constructor(parts: NodeParts, health: HealthLoop) {
    this.#parts = parts;
    this.#health = health;
    this.#certificateEnds = chainEnd(parts.pki.nodeCert, parts.pki.caCert);
    this.#leadership = new Leadership(parts.facts.nodeId, (incident) => this.#collector.observe(incident));
    parts.latencies.onRecord = (ms) => this.#collector.observe({ kind: 'query', ms });
    parts.events.heardRaft = (event) => this.#leadership.onRaft(event, performance.now());
    parts.events.heardApplied = (events) => this.#leadership.onApplied(events, performance.now());
  }

  /** The node got another certificate, or others to trust. */
  renewed({ nodeCert, caCert }: Pick<NodePki, 'nodeCert' | 'caCert'>): void {
    this.#certificateEnds = chainEnd(nodeCert, caCert);
  }

  /** A notification came to its end. */
  notified(channel: string, result: 'delivered' | 'dead'): void {
    this.#collector.observe({ kind: 'notification', channel, result });
  }

  /** All known values by the seed's names. */
  values(): Readonly<Record<string, number>> {
    if (!this.#isCollected) this.observe();
    return this.#collector.getRealTimeMetrics();
  }

  answer(): MetricsAnswer {
    if (!this.#isCollected) this.observe();
    return {
      values: this.values(),
      series: this.#collector.getSeries(),
      cluster: this.#collector.collectClusterMetrics() ?? this.#cluster(),
      node: this.#collector.collectNodeMetrics() ?? this.#node(),
    };
  }

  exposition(format: TextFormat): { contentType: string; text: string } {
    if (!this.#isCollected) this.observe();
    const { config } = this.#parts.inForce;
    const labels = { cluster: config.name, node: config.nodeId };
    const text = this.#collector.exportMetrics({
      format,
      labels,
      version: VERSION,
      selection: config.metrics,
    });
    return { contentType: CONTENT_TYPES[format], text };
  }

  /** Called with every sample of health: rates are per sample, however often somebody looks. */
  observe(): void {
    this.#isCollected = true;
    this.#collector.collect(
      {
        node: this.#node(),
        cluster: this.#cluster(),
        raft: this.#raft(),
        replication: this.#replication(),
      },
      performance.now(),
    );
    this.#giveSeries();
  }

  /** What is counted elsewhere: in the consensus thread, by the loops, by gossip. */
  #giveSeries(): void {
    const { consensus, sampler, gossip, facts } = this.#parts;
    const { measures } = consensus;
    const main = { label: 'main', value: sampler.loopLag.histogram };
    const consensusLag = measures === null ? [] : [{ label: 'consensus', value: measures.loopLag }];
    this.#collector.give('event_loop_lag', [main, ...consensusLag]);
    const rtts = [...gossip.members().values()].flatMap(({ nodeId, rttMs }) =>
      nodeId === facts.nodeId || rttMs === null ? [] : [{ label: nodeId, value: rttMs / 1000 }],
    );
    this.#collector.give('peer_rtt', rtts);
    if (measures === null) return;
    this.#collector.give('fsync', [{ label: '', value: measures.fsync }]);
    this.#collector.give('append_rtt', measures.appendRtt);
    const windows = this.#parts.availability
      .report(Date.now())
      .windows.map((w) => ({ label: w.name, value: ratioOf(w) }));
    this.#collector.give('availability', windows);
  }

  #node(): NodeMetrics {
    const { denials, gossip, latencies, startedAt } = this.#parts;
    const lanes = gossip.probeLanes();
    const { sample, connections } = this.#health;
    const { requests, errors } = latencies.totals;
    const links = this.#parts.consensus.links.filter((l) => l.connected).length;
    return {
      cpuUsage: sample.cpuUsage,
      cpuThrottled: sample.cpuThrottled,
      cpuPressure: sample.cpuPressure,
      memoryUsage: sample.memoryUsage,
      diskUsage: sample.diskUsage,
      diskIoReadBytes: sample.ioReadBytes,
      diskIoWriteBytes: sample.ioWriteBytes,
      diskReadRate: sample.ioReadRate,
      diskWriteRate: sample.ioWriteRate,
      healthStatus: HEALTH_NUMBERS[this.#health.health.status],
      networkConnections: connections + links,
      activeConnections: connections,
      queryLatencyP50Ms: latencies.quantile(0.5),
      queryLatencyP95Ms: latencies.quantile(0.95),
      queryLatencyP99Ms: latencies.quantile(0.99),
      residentMemoryBytes: sample.rssBytes,
      eventLoopLagMs: sample.loopLagP99Ms,
      uptimeMs: Date.now() - startedAt,
      certificateExpiresInMs: this.#certificateEnds - Date.now(),
      clockOffsetMs: gossip.clockOffsetMs(),
      probeLaneUdp: lanes.udp,
      probeLaneH2: lanes.h2,
      totalQueries: requests,
      totalErrors: errors,
      totalDenied: denials.total,
      diverged: this.#diverged(),
    };
  }

  /** 1 where this node, by its own word or another's, has computed another result; null = not known. */
  #diverged(): number | null {
    const { state, facts, gossip } = this.#parts;
    const record = state.cluster?.nodes[facts.nodeId];
    if (record === undefined) return null;
    const members = [this.#health.ownFacts(), ...gossip.members().values()];
    return Math.min(1, divergencesOf(members, record).length);
  }

  /** What is known of each node of the record; undefined = nothing yet. */
  #members(): (MemberFacts | undefined)[] {
    const { state, gossip, facts } = this.#parts;
    const ids = Object.keys(state.cluster?.nodes ?? {});
    return ids.map((id) => (id === facts.nodeId ? this.#health.ownFacts() : gossip.member(id)));
  }

  /** As rules count them, so that Prometheus' and the own NodeUnreachable are one. */
  #healthyNodes(cluster: ClusterState): number | null {
    const { gossip, facts } = this.#parts;
    const { nodeId } = facts;
    const members = new Map<NodeId, MemberFacts>(gossip.members());
    return healthyNodes({ nodeId, cluster, members: members.set(nodeId, this.#health.ownFacts()) });
  }

  #cluster(): ClusterMetrics {
    const { state, consensus, events } = this.#parts;
    const { cluster } = state;
    const leaderId = consensus.status?.leaderId ?? null;
    const rules = this.#parts.inForce.config.alerts;
    const leadership = { leaderId, leaderlessMs: events.leaderlessMs, rules };
    const rolled = rollUp(
      this.#members().map((member) => ({
        alive: member?.liveness === 'alive',
        status: member?.digest?.health ?? 'UNKNOWN',
        role: member !== undefined && member.nodeId === leaderId ? 'leader' : 'follower',
        loadFactor: member?.digest?.loadFactor ?? null,
        requests: member?.digest?.requests ?? null,
        errors: member?.digest?.errors ?? null,
      })),
    );
    const availability: AvailabilityReport | null = consensus.measures?.availability ?? null;
    const { observedMs, servingMs } = availability ?? NOTHING_OBSERVED;
    const people = cluster === null ? null : peopleExpiry(cluster, Date.now());
    return {
      totalNodes: rolled.totalNodes,
      healthyNodes: cluster === null ? null : this.#healthyNodes(cluster),
      leaderNodes: rolled.leaderNodes,
      followerNodes: rolled.followerNodes,
      averageLoad: rolled.averageLoad,
      totalQueries: rolled.totalQueries,
      totalErrors: rolled.totalErrors,
      clusterAvailability: ratioOf({ observedMs, servingMs }),
      downtimeMs: observedMs - servingMs,
      errorBudgetMs: availability === null ? null : this.#parts.availability.report(Date.now()).budgetMs,
      configVersion: cluster?.configs.findLast((c) => c.isActive)?.version ?? 0,
      alertsFiring: cluster === null ? 0 : firingCount(currentAlerts(cluster, leadership, Date.now())),
      maintenanceActive: cluster === null ? 0 : asideCount(cluster),
      operationsRunning: (cluster?.operations ?? []).filter((o) => o.state === 'running').length,
      epoch: cluster?.primary.epoch ?? null,
      maintenanceExpiring: cluster === null ? 0 : expiringCount(cluster, Date.now()),
      personCertificatesExpiring: people?.endingSoon ?? 0,
      personCertificateExpiresInMs: people?.firstEndsInMs ?? null,
    };
  }

  #raft(): RaftMetrics {
    const { commits, consensus, state } = this.#parts;
    const { status } = consensus;
    return {
      currentTerm: status?.term ?? 0,
      logIndex: status?.last.index ?? 0,
      commitIndex: status?.commitIndex ?? 0,
      appliedIndex: state.appliedIndex,
      electionCount: state.cluster === null ? 0 : electionCount(state.cluster),
      heartbeatCount: consensus.traffic.heartbeats,
      fsyncMs: consensus.diskLatencyMs,
      commitLatencyMs: commits.quantile(0.95),
      raftState: status === null ? null : STATE_NUMBERS[status.role],
      leaderChanges: this.#leadership.changes,
    };
  }

  #replication(): ReplicationMetrics {
    const { consensus, facts } = this.#parts;
    const { status, traffic } = consensus;
    const lag = this.#health.lag();
    const voters = status?.membership.voters ?? [];
    const holders = voters.filter(({ nodeId }) => {
      const match = status?.peers.find((p) => p.nodeId === nodeId)?.match ?? -1;
      return nodeId === facts.nodeId || match >= (status?.commitIndex ?? 0);
    });
    return {
      replicaCount: this.#members().filter((m) => m?.liveness === 'alive').length,
      syncLagBytes: lag.log,
      replayLagBytes: lag.applied,
      syncRequired: voters.length === 0 ? null : Math.floor(voters.length / 2) + 1,
      syncObserved: status?.role === 'leader' ? holders.length : null,
      logBytes: traffic.logBytes,
      errors: traffic.errors,
    };
  }
}
