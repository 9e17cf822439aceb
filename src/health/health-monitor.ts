/**
 * The seed's `HealthMonitor`: samples in, the node's opinion of itself out; beside it the opinions that the
 * other nodes have of themselves. A reading
 * must stay over a limit for the check's hold time before the status follows, and come
 * back below nine tenths of it, as long, before it recovers: a value that trembles at
 * a limit does not make the status tremble. Time is handed in.
 */
import type { Instant, NodeId } from '../base/index.ts';
import { elapsed } from '../base/index.ts';
import type { HealthCheck } from './checks.ts';
import { HEALTH_CHECKS, PLAIN_READINGS } from './checks.ts';
import type { CheckedReading, HealthSample, HealthStatus, NodeHealth } from './sample.ts';

/** A reading recovers when it is below this part of the limit that it was over. */
const RECOVERY = 0.9;

type Level = 0 | 1 | 2;

interface Tracked {
  /** What counts. */
  level: Level;
  /** What the readings say now, and since when they say so without a break. */
  seen: Level;
  since: Instant;
}

const STATUS_OF_LEVEL: readonly HealthStatus[] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY'];

const NOTHING_KNOWN: NodeHealth = {
  status: 'UNKNOWN',
  issues: [],
  cpuUsage: null,
  memoryUsage: null,
  diskUsage: null,
  activeConnections: null,
  queryLatencyP95Ms: null,
  lastCheck: null,
  checks: [],
};

/** Hears every change of a node's status, this one's own and others'. */
export type HealthCallback = (nodeId: NodeId, health: NodeHealth) => void;

/** The level that a value speaks for, given the one that counts now. */
function levelOf(check: HealthCheck, value: number, current: Level): Level {
  const limit = (level: 1 | 2): number => {
    const full = level === 1 ? check.degraded : (check.unhealthy ?? Number.POSITIVE_INFINITY);
    return current >= level ? full * RECOVERY : full;
  };
  if (value >= limit(2)) return 2;
  return value >= limit(1) ? 1 : 0;
}

export class HealthMonitor {
  readonly #nodeId: NodeId;
  readonly #checks: readonly HealthCheck[];
  readonly #tracked = new Map<string, Tracked>();
  readonly #callbacks = new Set<HealthCallback>();
  #healths: ReadonlyMap<NodeId, NodeHealth> = new Map();

  constructor(nodeId: NodeId, checks: readonly HealthCheck[] = HEALTH_CHECKS) {
    this.#nodeId = nodeId;
    this.#checks = checks;
  }

  /** This node's opinion of itself after the last sample; UNKNOWN before the first. */
  get health(): NodeHealth {
    return this.checkNodeHealth(this.#nodeId);
  }

  /** The newest opinion; UNKNOWN of a node that nobody has heard of. */
  checkNodeHealth(nodeId: NodeId): NodeHealth {
    return this.#healths.get(nodeId) ?? NOTHING_KNOWN;
  }

  /** Of this node and all that were learned of. */
  getAllNodeHealths(): ReadonlyMap<NodeId, NodeHealth> {
    return this.#healths;
  }

  /** Calls back until the returned function is called. */
  addHealthCheckCallback(callback: HealthCallback): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  /** Takes a sample; call it in the order of `now`. */
  observe(sample: HealthSample, now: Instant): NodeHealth {
    const issues: string[] = [];
    const checks: CheckedReading[] = [];
    let worst: Level = 0;
    for (const check of this.#checks) {
      const { name, unit, degraded: limit } = check;
      const value = check.read(sample);
      const level = value === null ? 0 : this.#follow(check, value, now);
      const status = value === null ? 'UNKNOWN' : (STATUS_OF_LEVEL[level] ?? 'UNKNOWN');
      checks.push({ name, unit, value, limit, status });
      if (level > 0 && value !== null) issues.push(check.text(value));
      if (level > worst) worst = level;
    }
    for (const { name, unit, read } of PLAIN_READINGS) {
      const value = read(sample);
      checks.push({ name, unit, value, limit: null, status: value === null ? 'UNKNOWN' : 'HEALTHY' });
    }
    const health: NodeHealth = {
      status: STATUS_OF_LEVEL[worst] ?? 'UNKNOWN',
      issues,
      cpuUsage: sample.cpuUsage,
      memoryUsage: sample.memoryUsage,
      diskUsage: sample.diskUsage,
      activeConnections: sample.activeConnections,
      queryLatencyP95Ms: sample.queryLatencyP95Ms,
      lastCheck: sample.at,
      checks,
    };
    this.#take(new Map(this.#healths).set(this.#nodeId, health));
    return health;
  }

  /** What the other nodes say of themselves; whoever is not among them is forgotten. */
  learn(others: ReadonlyMap<NodeId, NodeHealth>): void {
    const own = this.#healths.get(this.#nodeId);
    const healths = new Map([...others].filter(([nodeId]) => nodeId !== this.#nodeId));
    this.#take(own === undefined ? healths : healths.set(this.#nodeId, own));
  }

  #take(healths: ReadonlyMap<NodeId, NodeHealth>): void {
    const before = this.#healths;
    this.#healths = healths;
    for (const nodeId of new Set([...before.keys(), ...healths.keys()])) {
      const health = healths.get(nodeId) ?? NOTHING_KNOWN;
      if ((before.get(nodeId) ?? NOTHING_KNOWN).status === health.status) continue;
      for (const callback of this.#callbacks) callback(nodeId, health);
    }
  }

  #follow(check: HealthCheck, value: number, now: Instant): Level {
    const tracked = this.#tracked.get(check.name) ?? { level: 0, seen: 0, since: now };
    this.#tracked.set(check.name, tracked);
    const seen = levelOf(check, value, tracked.level);
    if (seen !== tracked.seen) {
      tracked.seen = seen;
      tracked.since = now;
    }
    if (elapsed(tracked.since, now) >= check.holdMs) tracked.level = tracked.seen;
    return tracked.level;
  }
}
