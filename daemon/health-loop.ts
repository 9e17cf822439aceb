/**
 * Every `sample_interval_ms`: read the machine, let the health rules judge this node, spread
 * the word by gossip, keep a point of history. Every `health_check_interval_ms` the full
 * check: look at what all other nodes say of themselves and tell of what changed, try a
 * durable write and a quorum (check-now.ts); what that found is judged with the next sample.
 * What healthy means is decided in src/health.
 */

import type { NodeId } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { NodeHealth } from '../src/health/index.ts';
import {
  HEALTH_CHECKS,
  HealthMonitor,
  lagCheck,
  networkCheck,
  PROBE_TIMEOUT_MS,
  probeChecks,
} from '../src/health/index.ts';
import { CheckNow, type HealthCheckReport, type ProbeTimes } from './check-now.ts';
import { healthEvent, healthOf } from './health-words.ts';
import type { HistoryPoint } from './history.ts';
import { LogPace, lagOf, type OwnLag, ownLag } from './log-pace.ts';
import type { NodeParts } from './node-parts.ts';
import type { DigestFacts, MemberFacts } from './node-view.ts';
import type { SystemSample } from './system-sampler.ts';
import type { ToldIncident, ToldReadings } from './told.ts';

export interface HealthLoopOptions {
  readonly parts: NodeParts;
  /** Open sockets of people and programs. */
  readonly connections: () => number;
  /** Further metrics of this node, and what it told of; both go round with its word. */
  readonly readings?: () => ToldReadings;
  readonly told?: () => ToldIncident | null;
}

interface RequestRates {
  readonly queriesPerSecond: number | null;
  readonly errorRate: number | null;
}

export class HealthLoop {
  readonly #options: HealthLoopOptions;
  readonly #monitor: HealthMonitor;
  readonly #pace = new LogPace();
  #sample: SystemSample;
  #rates: RequestRates = { queriesPerSecond: null, errorRate: null };
  #counted = { requests: 0, errors: 0, at: performance.now() };
  #checkedAt = 0;
  readonly #fullCheck: CheckNow;
  /** What the last full check tried. */
  #probed: ProbeTimes | null = null;
  #isChecking = false;
  /** Status of each node as it was last told. */
  readonly #told = new Map<NodeId, NodeHealth['status']>();
  readonly #followers: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #intervalMs = 0;

  constructor(options: HealthLoopOptions) {
    this.#options = options;
    const { inForce } = options.parts;
    const threshold = (): number => inForce.config.replication.replicaLagThresholdBytes;
    const electionTimeout = (): number => inForce.config.raft.electionTimeoutMs;
    // the second of two in a row is known so long after the first, and the sample that shows it one later
    const secondKnownMs = (): number => {
      const { healthCheckIntervalMs, sampleIntervalMs } = inForce.config.monitoring;
      return healthCheckIntervalMs + PROBE_TIMEOUT_MS + 2 * sampleIntervalMs;
    };
    const judged = [lagCheck(threshold), networkCheck(electionTimeout), ...probeChecks(secondKnownMs)];
    const checks = [...HEALTH_CHECKS, ...judged];
    this.#monitor = new HealthMonitor(options.parts.facts.nodeId, checks);
    this.#monitor.addHealthCheckCallback((nodeId, health) => this.#tell(nodeId, health));
    const { consensus } = options.parts;
    this.#fullCheck = new CheckNow({
      dataDir: options.parts.facts.dataDir,
      sample: (times) => {
        this.#probed = times;
        // no sample of its own: readings since the last one belong to the next, which metrics and alerts see
        this.#observe();
        return this.health;
      },
      barrier: (timeoutMs) => consensus.readBarrier(timeoutMs),
    });
    this.#sample = options.parts.sampler.sample();
    this.#observe();
  }

  /** The newest reading. */
  get sample(): SystemSample {
    return this.#sample;
  }

  get health(): NodeHealth {
    return this.#monitor.health;
  }

  /** Of all nodes, by the newest words that gossip brought. */
  getAllNodeHealths(): ReadonlyMap<NodeId, NodeHealth> {
    this.#lookAtOthers();
    return this.#monitor.getAllNodeHealths();
  }

  /** A full check of this node on demand. */
  checkNow(): Promise<HealthCheckReport> {
    return this.#fullCheck.run();
  }

  /** A full check is under way. */
  get isChecking(): boolean {
    return this.#isChecking;
  }

  /** Open sockets of people and programs. */
  get connections(): number {
    return this.#options.connections();
  }

  /** Calls `fn` at every sample, before this node's word of it goes out. */
  onTick(fn: () => void): void {
    this.#followers.push(fn);
  }

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
    this.#pace.observe(parts.consensus.traffic);
    this.#takeSample();
    const { healthCheckIntervalMs } = parts.inForce.config.monitoring;
    if (performance.now() - this.#checkedAt >= healthCheckIntervalMs) this.#check();
    // whoever hears the sample makes readings of it, and they are part of the word
    for (const follower of this.#followers) follower();
    this.publish();
    parts.history.add(Date.now(), this.#points());
  }

  /** Gives this node's word as it is now to gossip. */
  publish(): void {
    this.#options.parts.gossip.publishDigest(this.#digest());
  }

  #takeSample(): void {
    this.#sample = this.#options.parts.sampler.sample();
    this.#rates = this.#countRates();
    this.#observe();
  }

  #check(): void {
    this.#checkedAt = performance.now();
    this.#lookAtOthers();
    this.#isChecking = true;
    void this.#fullCheck.probe().then((times) => {
      this.#probed = times;
      this.#isChecking = false;
    });
  }

  /** All other nodes: what each says of itself by its newest word. */
  #lookAtOthers(): void {
    const members = [...this.#options.parts.gossip.members().values()];
    this.#monitor.learn(new Map(members.map((member) => [member.nodeId, healthOf(member)])));
  }

  #tell(nodeId: NodeId, health: NodeHealth): void {
    const { hub, facts, logger } = { ...this.#options.parts, logger: this.#options.parts.options.logger };
    const before = this.#told.get(nodeId) ?? 'UNKNOWN';
    this.#told.set(nodeId, health.status);
    const event = healthEvent(facts.nodeId, { nodeId, before, health }, Date.now());
    if (event === null) return;
    hub.publishOwn(event);
    logger.log('info', 'health', { node: nodeId, status: health.status, issues: health.issues.join('; ') });
  }

  /** Requests since the last sample. */
  #countRates(): RequestRates {
    const now = { ...this.#options.parts.latencies.totals, at: performance.now() };
    const last = this.#counted;
    const elapsedMs = now.at - last.at;
    if (elapsedMs <= 0) return { queriesPerSecond: null, errorRate: null };
    this.#counted = now;
    const requests = now.requests - last.requests;
    return {
      queriesPerSecond: requests / (elapsedMs / 1000),
      errorRate: requests === 0 ? 0 : (now.errors - last.errors) / requests,
    };
  }

  /** Round trip to the slowest node that lives; null alone. */
  #slowestRtt(): number | null {
    const { gossip, facts } = this.#options.parts;
    const rtts = [...gossip.members().values()].flatMap(({ nodeId, liveness, rttMs }) =>
      nodeId === facts.nodeId || liveness !== 'alive' || rttMs === null ? [] : [rttMs],
    );
    return rtts.length === 0 ? null : Math.max(...rtts);
  }

  #observe(): void {
    const { parts } = this.#options;
    const sample = this.#sample;
    this.#monitor.observe(
      {
        cpuUsage: sample.cpuUsage,
        cpuThrottled: sample.cpuThrottled,
        memoryUsage: sample.memoryUsage,
        diskUsage: sample.diskUsage,
        loopLagMs: Math.max(sample.loopLagP99Ms, parts.consensus.loopLagMs),
        fsyncLatencyMs: parts.consensus.diskLatencyMs,
        activeConnections: this.#options.connections(),
        diskReadRate: sample.ioReadRate,
        diskWriteRate: sample.ioWriteRate,
        ...this.#rates,
        queryLatencyP50Ms: parts.latencies.quantile(0.5),
        queryLatencyP95Ms: parts.latencies.quantile(0.95),
        queryLatencyP99Ms: parts.latencies.quantile(0.99),
        networkRttMs: this.#slowestRtt(),
        lagBytes: this.lag().log,
        ...this.#probed,
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
      health: this.health.status,
      // what waits for a restart is said, and makes nobody less healthy
      issues: [...this.health.issues, ...parts.ownFile.issues()],
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
      readings: this.#options.readings?.() ?? {},
      told: this.#options.told?.() ?? null,
    };
  }

  #points(): HistoryPoint[] {
    const { parts } = this.#options;
    const { commitIndex = 0, leaderId = null } = parts.consensus.status ?? {};
    const at = Date.now();
    const point = (nodeId: NodeId, digest: DigestFacts | null): HistoryPoint => ({
      at,
      nodeId,
      cpuUsage: digest?.cpuUsage ?? null,
      lagEntries: lagOf({ commitIndex, leaderId }, nodeId, digest?.lastIndex ?? null),
      appliedIndex: digest?.appliedIndex ?? 0,
    });
    // the last word of a dead node is none of now
    const others = [...parts.gossip.members().values()].filter(
      (m) => m.nodeId !== parts.facts.nodeId && (m.liveness === 'alive' || m.liveness === 'suspect'),
    );
    return [point(parts.facts.nodeId, this.#digest()), ...others.map((m) => point(m.nodeId, m.digest))];
  }
}
