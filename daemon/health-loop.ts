/**
 * Once a second: read the machine, let the health rules judge, spread the word by
 * gossip, keep a point of history. It measures and hands on; what healthy means is
 * decided in src/health.
 */

import type { NodeId } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { NodeHealth } from '../src/health/index.ts';
import { HEALTH_CHECKS, HealthMonitor, lagCheck } from '../src/health/index.ts';
import type { HistoryPoint } from './history.ts';
import { LogPace, type OwnLag, ownLag } from './log-pace.ts';
import type { NodeParts } from './node-parts.ts';
import type { DigestFacts, MemberFacts } from './node-view.ts';
import type { SystemSample } from './system-sampler.ts';

export interface HealthLoopOptions {
  readonly parts: NodeParts;
  /** Open sockets of people and programs. */
  readonly connections: () => number;
}

export class HealthLoop {
  readonly #options: HealthLoopOptions;
  readonly #monitor: HealthMonitor;
  readonly #pace = new LogPace();
  #sample: SystemSample;
  #health: NodeHealth;
  #timer: NodeJS.Timeout | null = null;
  #intervalMs = 0;

  constructor(options: HealthLoopOptions) {
    this.#options = options;
    const { inForce } = options.parts;
    const threshold = (): number => inForce.config.replication.replicaLagThresholdBytes;
    this.#monitor = new HealthMonitor([...HEALTH_CHECKS, lagCheck(threshold)]);
    this.#sample = options.parts.sampler.sample();
    this.#health = this.#observe();
  }

  /** The newest reading. */
  get sample(): SystemSample {
    return this.#sample;
  }

  get health(): NodeHealth {
    return this.#health;
  }

  /** Open sockets of people and programs. */
  get connections(): number {
    return this.#options.connections();
  }

  /** Hears every sample; set once by whoever follows them. */
  onTick: () => void = () => {};

  start(): void {
    this.#schedule();
    this.#tick();
  }

  /** The configuration changed: its interval counts from now on, not from behind the one under way. */
  follow(): void {
    if (this.#timer !== null) this.#schedule();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#options.parts.sampler.stop();
  }

  /** Estimated bytes of so many entries of the log; null when nobody knows. */
  bytesOf(entries: number | null): number | null {
    return this.#pace.bytesOf(entries);
  }

  /** How far this node's log and state are behind the leader's, in bytes by estimate. */
  lag(): OwnLag {
    const { consensus, gossip, state } = this.#options.parts;
    const leaderId = consensus.status?.leaderId ?? null;
    const leader = leaderId === null ? undefined : gossip.member(leaderId);
    const lag = ownLag(consensus.status, state.appliedIndex, leader?.digest?.lastIndex ?? null);
    return { log: this.bytesOf(lag.log), applied: this.bytesOf(lag.applied) };
  }

  /** This node as it sees itself now. */
  ownFacts(): MemberFacts {
    const { nodeId } = this.#options.parts.facts;
    return { nodeId, liveness: 'alive', silenceMs: 0, rttMs: 0, digest: this.#digest() };
  }

  /** The interval follows the configuration. */
  #schedule(): void {
    const { sampleIntervalMs } = this.#options.parts.inForce.config.monitoring;
    if (this.#timer !== null && sampleIntervalMs === this.#intervalMs) return;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#intervalMs = sampleIntervalMs;
    this.#timer = setInterval(() => this.#tick(), sampleIntervalMs);
  }

  #tick(): void {
    this.#schedule();
    const { parts } = this.#options;
    this.#sample = parts.sampler.sample();
    this.#pace.observe(parts.consensus.traffic);
    this.#health = this.#observe();
    parts.gossip.publishDigest(this.#digest());
    parts.history.add(Date.now(), this.#points());
    this.onTick();
  }

  #observe(): NodeHealth {
    const { parts } = this.#options;
    const sample = this.#sample;
    return this.#monitor.observe(
      {
        cpuUsage: sample.cpuUsage,
        memoryUsage: sample.memoryUsage,
        diskUsage: sample.diskUsage,
        loopLagMs: Math.max(sample.loopLagP99Ms, parts.consensus.loopLagMs),
        fsyncLatencyMs: parts.consensus.diskLatencyMs,
        activeConnections: this.#options.connections(),
        queryLatencyP95Ms: parts.latencies.quantile(0.95),
        lagBytes: this.lag().log,
        at: Date.now(),
      },
      performance.now(),
    );
  }

  #digest(): DigestFacts {
    const { parts } = this.#options;
    const raft = parts.consensus.status;
    const sample = this.#sample;
    return {
      health: this.#health.status,
      // what waits for a restart is said, and makes nobody less healthy
      issues: [...this.#health.issues, ...parts.ownFile.issues()],
      at: Date.now(),
      role: raft?.role ?? 'learner',
      term: raft?.term ?? 0,
      leaderId: raft?.leaderId ?? null,
      appliedIndex: parts.state.appliedIndex,
      lastIndex: raft?.last.index ?? 0,
      cpuUsage: sample.cpuUsage,
      memoryUsage: sample.memoryUsage,
      diskUsage: sample.diskUsage,
      diskUsedBytes: sample.diskUsedBytes,
      capacity: sample.capacity,
      loadFactor: sample.loadFactor,
      connections: this.#options.connections(),
      latencyP95Ms: parts.latencies.quantile(0.95),
      startedAt: parts.startedAt,
      ...parts.latencies.totals,
      diverged: parts.events.divergence.accused(parts.state.cluster).slice(0, LIMITS.maxVoters),
    };
  }

  #points(): HistoryPoint[] {
    const { parts } = this.#options;
    const commit = parts.consensus.status?.commitIndex ?? 0;
    const at = Date.now();
    const point = (nodeId: NodeId, digest: DigestFacts | null): HistoryPoint => ({
      at,
      nodeId,
      cpuUsage: digest?.cpuUsage ?? null,
      lagEntries: digest === null ? null : Math.max(0, commit - digest.lastIndex),
      appliedIndex: digest?.appliedIndex ?? 0,
    });
    const others = [...parts.gossip.members().values()].filter((m) => m.nodeId !== parts.facts.nodeId);
    return [point(parts.facts.nodeId, this.#digest()), ...others.map((m) => point(m.nodeId, m.digest))];
  }
}
