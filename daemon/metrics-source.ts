/**
 * Readings of the moment for `MetricsCollector`: what the parts of this node know, under the seed's names.
 */
import { Availability, rollUp } from '../src/health/index.ts';
import type { ClusterMetrics, NodeMetrics, RaftMetrics, Readings } from '../src/metrics/index.ts';
import { CONTENT_TYPES, MetricsCollector } from '../src/metrics/index.ts';
import type { HealthLoop } from './health-loop.ts';
import type { NodeParts } from './node-parts.ts';
import { VERSION } from './version.ts';

export class MetricsSource {
  readonly #parts: NodeParts;
  readonly #health: HealthLoop;
  readonly #collector = new MetricsCollector();
  readonly #availability = new Availability();

  constructor(parts: NodeParts, health: HealthLoop) {
    this.#parts = parts;
    this.#health = health;
    parts.latencies.onRecord = (ms) => this.#collector.observeQuery(ms);
  }

  /** All known values by the seed's names. */
  values(): Readonly<Record<string, number>> {
    this.#collect();
    return this.#collector.getRealTimeMetrics();
  }

  exposition(format: 'prometheus'): { contentType: string; text: string } {
    this.#collect();
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

  /** Counts the time since the last call as led or not; called with every sample of health. */
  observeLeader(): void {
    this.#availability.observe((this.#parts.consensus.status?.leaderId ?? null) !== null, performance.now());
  }

  #collect(): void {
    const readings: Readings = {
      node: this.#node(),
      cluster: this.#cluster(),
      raft: this.#raft(),
      replication: {
        replicaCount:
          this.#parts.state.cluster === null ? 0 : Object.keys(this.#parts.state.cluster.nodes).length,
        syncLagBytes: null,
        logBytes: null,
      },
    };
    this.#collector.collect(readings, performance.now());
  }

  #node(): NodeMetrics {
    const { latencies, startedAt } = this.#parts;
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
      totalQueries: requests,
      totalErrors: errors,
    };
  }

  #cluster(): ClusterMetrics {
    const { state, consensus, gossip, facts } = this.#parts;
    const { cluster } = state;
    const leaderId = consensus.status?.leaderId ?? null;
    const own = this.#health.ownFacts();
    const rolled = rollUp(
      Object.keys(cluster?.nodes ?? {}).map((nodeId) => {
        const member = nodeId === facts.nodeId ? own : gossip.member(nodeId);
        return {
          alive: member?.liveness === 'alive',
          status: member?.digest?.health ?? 'UNKNOWN',
          role: nodeId === leaderId ? 'leader' : 'follower',
          loadFactor: member?.digest?.loadFactor ?? null,
        } as const;
      }),
    );
    return {
      ...rolled,
      clusterAvailability: this.#availability.ratio,
      configVersion: cluster?.configs.findLast((c) => c.isActive)?.version ?? 0,
      alertsFiring: cluster?.alerts.filter((a) => a.state === 'firing').length ?? 0,
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
      heartbeatCount: null,
      fsyncMs: consensus.diskLatencyMs,
    };
  }
}
