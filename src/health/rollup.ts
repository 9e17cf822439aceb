/** Healths of nodes → the cluster's counts, and the share of time in which it could serve. */
import type { Instant } from '../base/index.ts';
import { elapsed } from '../base/index.ts';
import type { HealthStatus } from './sample.ts';

export interface RolledNode {
  readonly alive: boolean;
  readonly status: HealthStatus;
  readonly role: 'leader' | 'follower' | 'other';
  readonly loadFactor: number | null;
}

export interface ClusterRollup {
  readonly totalNodes: number;
  /** Alive and not UNHEALTHY. */
  readonly healthyNodes: number;
  readonly leaderNodes: number;
  readonly followerNodes: number;
  /** Mean load of the nodes that told theirs; null without any. */
  readonly averageLoad: number | null;
}

export function rollUp(nodes: readonly RolledNode[]): ClusterRollup {
  const alive = nodes.filter((n) => n.alive);
  const loads = alive.flatMap((n) => (n.loadFactor === null ? [] : [n.loadFactor]));
  return {
    totalNodes: nodes.length,
    healthyNodes: alive.filter((n) => n.status !== 'UNHEALTHY').length,
    leaderNodes: alive.filter((n) => n.role === 'leader').length,
    followerNodes: alive.filter((n) => n.role === 'follower').length,
    averageLoad: loads.length === 0 ? null : loads.reduce((a, b) => a + b, 0) / loads.length,
  };
}

/** Share of the observed time in which the cluster could serve, 0–1. */
export class Availability {
  #last: { readonly at: Instant; readonly serving: boolean } | null = null;
  #totalMs = 0;
  #servingMs = 0;

  /** Says how it is at `now`; the time since the last call counts as it was then. */
  observe(serving: boolean, now: Instant): void {
    if (this.#last !== null) {
      const ms = elapsed(this.#last.at, now);
      this.#totalMs += ms;
      if (this.#last.serving) this.#servingMs += ms;
    }
    this.#last = { at: now, serving };
  }

  /** 1 before anything was observed for a while: nothing has failed yet. */
  get ratio(): number {
    return this.#totalMs === 0 ? 1 : this.#servingMs / this.#totalMs;
  }
}
