/**
 * Every time and threshold of the detector in one place. Silence is soft evidence: it
 * needs `voteMs` and an agreement of `high` observers. Hard evidence needs only the
 * agreement. Own trouble widens suspicion, never the vote: the promise of < 5 s stays.
 */
import type { Duration } from '../base/index.ts';

export interface Timing {
  /** Between two probes of one subject. */
  readonly probeMs: Duration;
  /** After this much silence the subject is probed again every `reprobeMs`. */
  readonly lateMs: Duration;
  readonly reprobeMs: Duration;
  /** S1: silence before one observer suspects. */
  readonly suspectMs: Duration;
  /** S2: silence before one observer votes. */
  readonly voteMs: Duration;
}

/**
 * In a mesh a node's probes cost members ÷ period, and one costs some 150 bytes on the wire: this much time
 * for each other member keeps them near 6 kB/s. Silence is followed up every `reprobeMs` at any period, so
 * suspicion and vote keep their limits.
 */
const PROBE_MS_PER_MEMBER: Duration = 25;
const LEAST_PROBE_MS: Duration = 100;
const LARGE: Timing = { probeMs: 500, lateMs: 560, reprobeMs: 100, suspectMs: 1500, voteMs: 3000 };

/** Up to this many members are suspected within a second. */
export const SMALL_CLUSTER = 16;
/**
 * Up to five are promised within a second on real machines, where two have to suspect and all have to
 * hear of it: up to 0.27 s beside the silence.
 */
const FEW = 5;
const SMALL: readonly Timing[] = Array.from({ length: SMALL_CLUSTER + 1 }, (_, members) => {
  const probeMs = Math.max(LEAST_PROBE_MS, PROBE_MS_PER_MEMBER * (members - 1));
  const suspectMs = members <= FEW ? 700 : 800;
  return { probeMs, lateMs: probeMs + 60, reprobeMs: 100, suspectMs, voteMs: 3000 };
});

/** Between L and H for longer than this: the member is reported as partly connected. */
export const DEGRADED_AFTER_MS: Duration = 10_000;
/** Nobody fails for silence who was not suspected for at least this long. */
export const MIN_SUSPECT_MS: Duration = 300;
/** An observer that takes over the watch of a suspect probes it at least this long before it votes. */
export const OWN_WATCH_MS: Duration = 600;
/** A failure that others claim and this node can't verify is believed if nobody refutes it for this long. */
export const CLAIM_GRACE_MS: Duration = 1500;
/** How long failed and left members are remembered, so that no late packet brings an old life back. */
export const TOMBSTONE_MS: Duration = 24 * 3_600_000;
export const ASK_INTERVAL_MS: Duration = 500;
/** Other observers asked about a silent subject (SWIM's k). */
export const ASKED = 3;
export const SYNC_INTERVAL_MS: Duration = 10_000;
/** After somebody came or went, tables are compared this soon. */
export const COMPARE_SOON_MS: Duration = 1000;
/** Between two retries of failed members by one node of a small cluster; see `retryIntervalMs`. */
const RETRY_INTERVAL_MS: Duration = 1000;
/** Routine words about oneself to all neighbours together, in bytes a second; urgent ones don't wait. */
const DIGEST_BYTES_PER_SECOND = 1000;
/** Times members: how often a node's routine word goes to everybody, in clusters that are no mesh. */
const DIGEST_SPREAD_MS: Duration = 2000;
/** Steps of own health; see awareness.ts. */
export const MAX_OWN_HEALTH = 8;

export function timingFor(members: number): Timing {
  // who watches whom does not depend on the size above a mesh, so neither does the rhythm
  return SMALL[members] ?? LARGE;
}

/** S1 as this node uses it now: `suspectMs` ≤ result < `voteMs`. */
export function widenedSuspectMs(timing: Timing, ownHealth: number): Duration {
  return timing.suspectMs + ((timing.voteMs - timing.suspectMs) * ownHealth) / (MAX_OWN_HEALTH + 2);
}

/** A wake-up later than this means that this node stood still, not the others. */
export function stallMs(timing: Timing): Duration {
  return Math.max(100, timing.probeMs / 2);
}

/** L and H of Rapid's cut detection for `observers` live observers: 1 ≤ low ≤ high ≤ max(1, observers). */
export function thresholds(observers: number): { readonly low: number; readonly high: number } {
  // ⌈0.3·k⌉ and ⌈0.7·k⌉ in integers: 0.7 · 10 is not 7 in binary
  return {
    low: Math.max(1, Math.ceil((3 * observers) / 10)),
    high: Math.max(1, Math.ceil((7 * observers) / 10)),
  };
}

/** Between two routine words of `bytes` to one of so many neighbours. */
export function digestIntervalMs(bytes: number, neighbours: number): Duration {
  return (bytes * neighbours * 1000) / DIGEST_BYTES_PER_SECOND;
}

/** Between two routine words of one node to everybody: all together say one in `DIGEST_SPREAD_MS`. */
export function digestSpreadIntervalMs(members: number): Duration {
  return DIGEST_SPREAD_MS * members;
}

/** Between two retries by one node: in a large cluster all together make about 16 tries a second. */
export function retryIntervalMs(liveMembers: number): Duration {
  return RETRY_INTERVAL_MS * Math.max(1, liveMembers / SMALL_CLUSTER);
}
