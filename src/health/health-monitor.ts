/**
 * The seed's `HealthMonitor`: samples in, the node's opinion of itself out; beside it the opinions that the
 * other nodes have of themselves. A reading must stay over a limit for the check's hold
 * time before the status follows, and stay below nine tenths of it, as long, before it
 * recovers: a value that trembles at a limit does not make the status tremble. Each limit
 * counts for itself: a reading that swings between bad and worse is bad all the time. No
 * reading is over no limit. Time is handed in.
 */
import type { Instant, NodeId } from '../base/index.ts';
import { elapsed, formatDuration, formatSize } from '../base/index.ts';
import type { HealthCheck } from './checks.ts';
import { HEALTH_CHECKS, PLAIN_READINGS } from './checks.ts';
import type { CheckedReading, HealthSample, HealthStatus, NodeHealth } from './sample.ts';

/** A reading recovers when it is below this part of the limit that it was over. */
const RECOVERY = 0.9;

type Level = 0 | 1 | 2;

/** One limit of one check. */
interface Tracked {
  /** What counts. */
  isOver: boolean;
  /** What the readings say now, and since when they say so without a break. */
  seen: boolean;
  since: Instant;
  /** The newest reading that was over it. */
  value: number;
}

/** What counts of a check: how bad, the newest reading that spoke for it, and which limit that was over. */
interface Verdict {
  readonly level: Level;
  readonly over: number;
  readonly limit: number;
  /** The newest reading no longer speaks for it: the hold time alone does. */
  readonly isHeld: boolean;
}

function figure(unit: CheckedReading['unit'], value: number): string {
  if (unit === 'ratio') return `${Math.round(value * 100)} %`;
  return unit === 'bytes' ? formatSize(value) : `${Math.round(value)} ms`;
}

/** Says the newest reading; where that is well already, also what it was and when the status will follow. */
function issueOf(check: HealthCheck, value: number | null, { over, limit, isHeld }: Verdict): string {
  const { unit, holdMs } = check;
  const was = check.text(over);
  if (!isHeld) return was;
  const hold = holdMs === 0 ? '' : ` for ${formatDuration(holdMs)}`;
  const clears = `clears below ${figure(unit, limit * RECOVERY)}${hold}`;
  if (value === null) return `${was} when it was read last: ${clears}`;
  const now = check.text(value);
  return now === was ? `${was}: ${clears}` : `${now}, was ${figure(unit, over)}: ${clears}`;
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
      const verdict = this.#follow(check, value, now);
      const { level } = verdict;
      const status = value === null ? 'UNKNOWN' : (STATUS_OF_LEVEL[level] ?? 'UNKNOWN');
      checks.push({ name, unit, value, limit, status });
      if (level > 0) issues.push(issueOf(check, value, verdict));
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

  /** The level that counts now, and the newest reading that spoke for it. */
  #follow(check: HealthCheck, value: number | null, now: Instant): Verdict {
    const degraded = this.#followLimit(`${check.name} 1`, check, { limit: check.degraded, value, now });
    const limit = check.unhealthy ?? Number.POSITIVE_INFINITY;
    const unhealthy = this.#followLimit(`${check.name} 2`, check, { limit, value, now });
    const verdict = (level: Level, { value: over, seen }: Tracked, at: number): Verdict => ({
      ...{ level, over, limit: at, isHeld: !seen },
    });
    if (unhealthy.isOver) return verdict(2, unhealthy, limit);
    return verdict(degraded.isOver ? 1 : 0, degraded, check.degraded);
  }

  #followLimit(
    key: string,
    { holdMs }: HealthCheck,
    { limit, value, now }: { readonly limit: number; readonly value: number | null; readonly now: Instant },
  ): Tracked {
    const fresh: Tracked = { isOver: false, seen: false, since: now, value: 0 };
    const tracked = this.#tracked.get(key) ?? fresh;
    this.#tracked.set(key, tracked);
    const seen = value !== null && value >= (tracked.isOver ? limit * RECOVERY : limit);
    if (seen) tracked.value = value;
    if (seen !== tracked.seen) {
      tracked.seen = seen;
      tracked.since = now;
    }
    if (elapsed(tracked.since, now) >= holdMs) tracked.isOver = tracked.seen;
    return tracked;
  }
}
