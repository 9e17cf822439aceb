/**
 * Readings of the moment for `MetricsCollector`: what the parts of this node know, under the seed's names.
 */
import { Availability, rollUp } from '../src/health/index.ts';
import type {
  ClusterMetrics,
  ExpositionFormat,
  NodeMetrics,
  RaftMetrics,
  Readings,
} from '../src/metrics/index.ts';
import { CONTENT_TYPES, MetricsCollector } from '../src/metrics/index.ts';
import { currentAlerts, firingCount } from './current-alerts.ts';
import type { HealthLoop } from './health-loop.ts';
import type { NodeParts } from './node-parts.ts';
import type { MemberFacts } from './node-view.ts';
import { VERSION } from './version.ts';

export type TextFormat = Exclude<ExpositionFormat, 'json'>;

export class MetricsSource {
  readonly #parts: NodeParts;
  readonly #health: HealthLoop;
  readonly #collector = new MetricsCollector();
  readonly #availability = new Availability();
  #isCollected = false;

  constructor(parts: NodeParts, health: HealthLoop) {
    this.#parts = parts;
    this.#health = health;
    parts.latencies.onRecord = (ms) => this.#collector.observeQuery(ms);
  }

  /** All known values by the seed's names. */
  values(): Readonly<Record<string, number>> {
    if (!this.#isCollected) this.#collect();
    return this.#collector.getRealTimeMetrics();
  }

  exposition(format: TextFormat): { contentType: string; text: string } {
    if (!this.#isCollected) this.#collect();
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
    this.#availability.observe((this.#parts.consensus.status?.leaderId ?? null) !== null, performance.now());
    this.#collect();
  }

  #collect(): void {
    this.#isCollected = true;
    const readings: Readings = {
      node: this.#node(),
      cluster: this.#cluster(),
      raft: this.#raft(),
      replication: {
        replicaCount: this.#members().filter((m) => m?.liveness === 'alive').length,
        syncLagBytes: this.#health.lag().log,
        logBytes: this.#parts.consensus.traffic.logBytes,
      },
    };
    this.#collector.collect(readings, performance.now());
  }

  #node(): NodeMetrics {
    const { denials, gossip, latencies, startedAt } = this.#parts;
    const lanes = gossip.probeLanes();
    const { sample, connections } = this.#health;
    const { requests, errors } = latencies.totals;
    const links = this.#parts.consensus.links.filter((l) => l.connected).length;
    return {
      cpuUsage: sample.cpuUsage,
      memoryUsage: sample.memoryUsage,
      diskUsage: sample.diskUsage,
      diskIoReadBytes: sample.ioReadBytes,
      diskIoWriteBytes: sample.ioWriteBytes,
      networkConnections: connections + links,
      activeConnections: connections,
      queryLatencyP50Ms: latencies.quantile(0.5),
      queryLatencyP95Ms: latencies.quantile(0.95),
      queryLatencyP99Ms: latencies.quantile(0.99),
      residentMemoryBytes: sample.rssBytes,
      eventLoopLagMs: sample.loopLagP99Ms,
      uptimeMs: Date.now() - startedAt,
      probeLaneUdp: lanes.udp,
      probeLaneH2: lanes.h2,
      totalQueries: requests,
      totalErrors: errors,
      totalDenied: denials.total,
    };
  }

  /** What is known of each node of the record; undefined = nothing yet. */
  #members(): (MemberFacts | undefined)[] {
    const { state, gossip, facts } = this.#parts;
    const ids = Object.keys(state.cluster?.nodes ?? {});
    return ids.map((id) => (id === facts.nodeId ? this.#health.ownFacts() : gossip.member(id)));
  }

  #cluster(): ClusterMetrics {
    const { state, consensus, events } = this.#parts;
    const { cluster } = state;
    const leaderId = consensus.status?.leaderId ?? null;
    const leadership = { leaderId, leaderlessMs: events.leaderlessMs };
    const rolled = rollUp(
      this.#members().map((member) => ({
        alive: member?.liveness === 'alive',
        status: member?.digest?.health ?? 'UNKNOWN',
        role: member !== undefined && member.nodeId === leaderId ? 'leader' : 'follower',
        loadFactor: member?.digest?.loadFactor ?? null,
      })),
    );
    return {
      ...rolled,
      clusterAvailability: this.#availability.ratio,
      configVersion: cluster?.configs.findLast((c) => c.isActive)?.version ?? 0,
      alertsFiring: cluster === null ? 0 : firingCount(currentAlerts(cluster, leadership, Date.now())),
      maintenanceActive: Object.keys(cluster?.maintenance ?? {}).length,
    };
  }

  #raft(): RaftMetrics {
    const { consensus, state } = this.#parts;
    const { status } = consensus;
    return {
      currentTerm: status?.term ?? 0,
      logIndex: status?.last.index ?? 0,
      commitIndex: status?.commitIndex ?? 0,
      appliedIndex: state.appliedIndex,
      electionCount: state.cluster?.elections.length ?? 0,
      heartbeatCount: consensus.traffic.heartbeats,
      fsyncMs: consensus.diskLatencyMs,
    };
  }
}
