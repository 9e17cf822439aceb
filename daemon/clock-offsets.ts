/**
 * How far this machine's wall clock is off. Every node's word says when it was made; it arrives a little
 * later, so the least difference of a while is the difference of the clocks and the shortest way. A node
 * whose clock is wrong differs from all others, one beside it from that one alone: the nearest counts.
 */
import type { Duration, Instant, NodeId, Timestamp } from '../src/base/index.ts';
import type { ClockWord } from '../src/rpc/index.ts';
import { SharedTime } from './shared-time.ts';

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
  readonly #time = new SharedTime();

  /** A word of `peer` that it made at `theirs` has come at `ours`, both by the wall. */
  note(peer: NodeId, theirs: Timestamp, ours: Timestamp, now: Instant): void {
    this.#time.note({ wall: ours, at: now }, () => this.aheadMs(now));
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

  /**
   * What lines between voters measured. Every voter has one to every other, so that whoever leads knows their
   * clocks, among however many nodes: gossip hears a few neighbours' own words.
   */
  measured(words: readonly ClockWord[], ours: Timestamp, now: Instant): void {
    for (const { nodeId, lateMs } of words) this.note(nodeId, ours - lateMs, ours, now);
  }

  /** How far this clock is ahead of each of `peers` that said enough of late; negative = behind. */
  aheadMs(now: Instant, peers: Iterable<NodeId> = this.#peers.keys()): Duration[] {
    return [...peers]
      .map((peer) => this.#peers.get(peer))
      .filter((known) => known !== undefined)
      .filter(({ since, words }) => words >= ENOUGH && now - since <= 2 * SPAN_MS)
      .map(({ least, before }) => Math.min(least, before));
  }

  /** The time by which ends in the record are judged; `voters`: whose clocks count. */
  sharedTime(wall: Timestamp, now: Instant, voters?: Iterable<NodeId>): Timestamp {
    return this.#time.read({ wall, at: now }, this.aheadMs(now, voters));
  }

  /** Distance to the nearest clock; null while nobody has said enough. */
  offsetMs(now: Instant): Duration | null {
    const offsets = this.aheadMs(now).map((ahead) => Math.abs(ahead));
    return offsets.length === 0 ? null : Math.min(...offsets);
  }
}
