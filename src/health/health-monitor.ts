/**
 * The seed's `HealthMonitor`: samples in, the node's opinion of itself out. A reading
 * must stay over a limit for the check's hold time before the status follows, and come
 * back below nine tenths of it, as long, before it recovers: a value that trembles at
 * a limit does not make the status tremble. Time is handed in.
 */
import type { Instant } from '../base/index.ts';
import { elapsed } from '../base/index.ts';
import type { HealthCheck } from './checks.ts';
import { HEALTH_CHECKS } from './checks.ts';
import type { HealthSample, HealthStatus, NodeHealth } from './sample.ts';

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
};

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
  readonly #checks: readonly HealthCheck[];
  readonly #tracked = new Map<string, Tracked>();
  #health: NodeHealth = NOTHING_KNOWN;

  constructor(checks: readonly HealthCheck[] = HEALTH_CHECKS) {
    this.#checks = checks;
  }

  /** The opinion after the last sample; UNKNOWN before the first. */
  get health(): NodeHealth {
    return this.#health;
  }

  /** Takes a sample; call it in the order of `now`. */
  observe(sample: HealthSample, now: Instant): NodeHealth {
    const issues: string[] = [];
    let worst: Level = 0;
    for (const check of this.#checks) {
      const value = check.read(sample);
      if (value === null) continue;
      const level = this.#follow(check, value, now);
      if (level > 0) issues.push(check.text(value));
      if (level > worst) worst = level;
    }
    this.#health = {
      status: STATUS_OF_LEVEL[worst] ?? 'UNKNOWN',
      issues,
      cpuUsage: sample.cpuUsage,
      memoryUsage: sample.memoryUsage,
      diskUsage: sample.diskUsage,
      activeConnections: sample.activeConnections,
      queryLatencyP95Ms: sample.queryLatencyP95Ms,
      lastCheck: sample.at,
    };
    return this.#health;
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
