/**
 * Whether a leader gives leadership away by itself now. It must where it serves nobody: writes would stand
 * still as long as it stays, so no pause keeps that back, and a cool-down only as long as one bad second may
 * be all there is: nodes of a machine that is overloaded would pass leadership round in a circle. What only
 * makes the cluster slower than it could be waits for both, and is told. Pure: measurements and times in, a
 * decision out.
 */
import type { Duration, Instant, NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterState, Cooldown } from '../src/cluster/index.ts';
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
/** Looks, one a second, that must find an urgent cause one after the other while the cool-down stands. */
const LOOKS_AGAIN = 4;

export class HandOvers {
  readonly #race = new DiskRace();
  #restraint: Restraint = { pause: null, cooldowns: {} };
  #toldAt: Instant = Number.NEGATIVE_INFINITY;
  #urgentLooks = 0;

  restrain(restraint: Restraint): void {
    this.#restraint = restraint;
  }

  /** To be asked once a second. */
  decide(facts: HandOverFacts): HandOver | null {
    const { distress, isLeading, diskLatencyMs, others, now, wall } = facts;
    const isUrgent = isLeading && distress?.isUrgent === true;
    this.#urgentLooks = isUrgent ? this.#urgentLooks + 1 : 0;
    if (!isLeading) return null;
    if (isUrgent) return this.#urgent(distress.reason, now, wall);
    const to = this.#race.observe(diskLatencyMs, others, now);
    const cause = distress?.reason ?? (to === null ? null : `the disk of ${to} is much quicker`);
    if (cause === null) return null;
    const because = this.#heldBy(wall);
    if (because !== null) return this.#held(cause, because, now);
    return distress !== null || to === null ? { kind: 'give-up', cause } : { kind: 'offer', to, cause };
  }

  #urgent(cause: string, now: Instant, wall: Timestamp): HandOver | null {
    const cooldown = handOverCooldown(this.#restraint, wall);
    if (cooldown === null || this.#urgentLooks >= LOOKS_AGAIN) return { kind: 'give-up', cause };
    return this.#held(cause, `${lately(cooldown)}: again when this lasts ${LOOKS_AGAIN} s`, now);
  }

  /** What is kept back is told, but not each second. */
  #held(cause: string, because: string, now: Instant): HandOver | null {
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
    return `${lately(cooldown)}: automatic hand-overs rest for ${left} s more`;
  }
}

function lately({ cause }: Cooldown): string {
  return `leadership was given away lately (${cause})`;
}
