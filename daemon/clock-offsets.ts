/**
 * How far this machine's wall clock is off. Every node's word says when it was made; it arrives a little
 * later, so the least difference of a while is the difference of the clocks and the shortest way. A node
 * whose clock is wrong differs from all others, one beside it from that one alone: the nearest counts.
 */
import type { Duration, Instant, NodeId, Timestamp } from '../src/base/index.ts';

/** Least differences are those of this while and of the one before it. */
const SPAN_MS = 30_000;
/** Fewer words say nothing: a first one may have lain somewhere for long. */
const ENOUGH = 5;

interface Peer {
  readonly least: number;
  readonly before: number;
  readonly since: Instant;
  readonly words: number;
}

export class ClockOffsets {
  readonly #peers = new Map<NodeId, Peer>();

  /** A word of `peer` that it made at `theirs` has come at `ours`, both by the wall. */
  note(peer: NodeId, theirs: Timestamp, ours: Timestamp, now: Instant): void {
    const late = ours - theirs;
    const known = this.#peers.get(peer);
    if (known === undefined || now - known.since > 2 * SPAN_MS) {
      this.#peers.set(peer, { least: late, before: Number.POSITIVE_INFINITY, since: now, words: 1 });
    } else if (now - known.since > SPAN_MS) {
      this.#peers.set(peer, { least: late, before: known.least, since: now, words: known.words + 1 });
    } else {
      this.#peers.set(peer, { ...known, least: Math.min(known.least, late), words: known.words + 1 });
    }
  }

  /** Distance to the nearest clock; null while nobody has said enough. */
  offsetMs(now: Instant): Duration | null {
    const offsets = [...this.#peers.values()]
      .filter(({ since, words }) => words >= ENOUGH && now - since <= 2 * SPAN_MS)
      .map(({ least, before }) => Math.abs(Math.min(least, before)));
    return offsets.length === 0 ? null : Math.min(...offsets);
  }
}
