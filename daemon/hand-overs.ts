/**
 * Whether a leader gives leadership away by itself now. It must where it serves nobody: writes would stand
 * still as long as it stays, so neither pause nor cool-down keeps that back. What only makes the cluster
 * slower than it could be waits for both, and is told. Pure: measurements and times in, a decision out.
 */
import type { Duration, Instant, NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import { handOverCooldown } from '../src/cluster/index.ts';
import { type Contender, DiskRace, type Distress } from './distress.ts';

/** What keeps automatic hand-overs back, as the record says. */
export type Restraint = Pick<ClusterState, 'pause' | 'cooldowns'>;

export interface HandOverFacts {
  readonly distress: Distress | null;
  readonly isLeading: boolean;
  /** p99 of a write on the own disk. */
  readonly diskLatencyMs: Duration;
  readonly others: readonly Contender[];
  /** Monotonic. */
  readonly now: Instant;
  readonly wall: Timestamp;
}

export type HandOver =
  /** To the best successor, or just away. */
  | { readonly kind: 'give-up'; readonly cause: string }
  | { readonly kind: 'offer'; readonly to: NodeId; readonly cause: string }
  /** It would happen if `because` did not keep it back. */
  | { readonly kind: 'held'; readonly cause: string; readonly because: string };

/** What is kept back is told once in this time. */
const TELL_HELD_MS = 10_000;

export class HandOvers {
  readonly #race = new DiskRace();
  #restraint: Restraint = { pause: null, cooldowns: {} };
  #toldAt: Instant = Number.NEGATIVE_INFINITY;

  restrain(restraint: Restraint): void {
    this.#restraint = restraint;
  }

  /** To be asked once a second. */
  decide(facts: HandOverFacts): HandOver | null {
    const { distress, isLeading, diskLatencyMs, others, now, wall } = facts;
    if (!isLeading) return null;
    if (distress?.isUrgent === true) return { kind: 'give-up', cause: distress.reason };
    const to = this.#race.observe(diskLatencyMs, others, now);
    const cause = distress?.reason ?? (to === null ? null : `the disk of ${to} is much quicker`);
    if (cause === null) return null;
    const because = this.#heldBy(wall);
    if (because === null) {
      return distress !== null || to === null ? { kind: 'give-up', cause } : { kind: 'offer', to, cause };
    }
    if (now - this.#toldAt < TELL_HELD_MS) return null;
    this.#toldAt = now;
    return { kind: 'held', cause, because };
  }

  #heldBy(wall: Timestamp): string | null {
    // by the record alone: the leader itself takes out one whose time is over, by more than its own clock
    const { pause } = this.#restraint;
    if (pause !== null) return `the cluster is paused by ${pause.owner}`;
    const cooldown = handOverCooldown(this.#restraint, wall);
    if (cooldown === null) return null;
    const left = Math.ceil((cooldown.until - wall) / 1000);
    const rest = `automatic hand-overs rest for ${left} s more`;
    return `leadership was given away lately (${cooldown.cause}): ${rest}`;
  }
}
