/**
 * One observed edge: what this node itself heard of one subject and what it thinks of
 * that. Only first-hand silence makes an opinion. What helpers say they heard can hold a
 * vote back, never lift a suspicion (a relayed heartbeat must not keep the dead alive).
 */
import { type Duration, type Instant, NEVER } from '../base/index.ts';
import { type Level, QUIET, SUSPECTS, VOTES_DEAD, VOTES_SILENT } from './votes.ts';

export interface Edge {
  /** Observed since; silence before that means nothing. */
  readonly since: Instant;
  /** Time in which this node stood still and could not have heard anything, since the last word; ms. */
  allowanceMs: Duration;
  /** Its process was found dead and has not been heard since. */
  hard: boolean;
  /** The latest instant at which an asked observer had heard it. */
  indirectAt: Instant;
  askAt: Instant;
  /** Asked since the last answer. */
  unanswered: number;
  probeAt: Instant;
}

/**
 * A watch that begins now. Of a member that is suspect already it counts as begun earlier
 * (`since`): an observer that replaces a dead one must not hold the verdict up for a whole
 * S2, as long as it has probed for a while itself.
 */
export function newEdge(now: Instant, since: Instant = now): Edge {
  return {
    since,
    allowanceMs: 0,
    hard: false,
    indirectAt: Number.NEGATIVE_INFINITY,
    askAt: 0,
    unanswered: 0,
    probeAt: now,
  };
}

/** Silence that counts: from the last word or the start of the watch, without own standstills. */
export function silenceMs(edge: Edge, heardAt: Instant | null, now: Instant): Duration {
  return Math.max(0, now - Math.max(edge.since, heardAt ?? edge.since) - edge.allowanceMs);
}

/** What this node thinks of the subject at `now`. `suspectMs` is S1 as widened by own health. */
export function levelAt(
  edge: Edge,
  heardAt: Instant | null,
  now: Instant,
  limits: { readonly suspectMs: Duration; readonly voteMs: Duration },
): Level {
  if (edge.hard) return VOTES_DEAD;
  const silence = silenceMs(edge, heardAt, now);
  if (silence >= limits.voteMs && now - edge.indirectAt >= limits.voteMs) return VOTES_SILENT;
  return silence >= limits.suspectMs ? SUSPECTS : QUIET;
}

/** The next instant after `now` at which the level may rise; never when it can't. */
export function riseAt(
  edge: Edge,
  heardAt: Instant | null,
  now: Instant,
  limits: { readonly suspectMs: Duration; readonly voteMs: Duration },
): Instant {
  const base = Math.max(edge.since, heardAt ?? edge.since) + edge.allowanceMs;
  const suspectAt = base + limits.suspectMs;
  const voteAt = Math.max(base, edge.indirectAt) + limits.voteMs;
  if (suspectAt > now) return Math.min(suspectAt, voteAt);
  return voteAt > now ? voteAt : NEVER;
}
