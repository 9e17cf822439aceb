/**
 * How long followers take to make entries durable, as the leader sees it: from sending to the answer that
 * covers them. One append a follower is timed at once (as TCP times its round trips): enough to know the
 * distribution, and nothing to clean up when answers never come.
 */
import type { Instant, LogIndex, NodeId } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import { familyOf, Histogram, type Series } from '../src/metrics/index.ts';
import type { RaftMessage } from '../src/raft/index.ts';

/** An answer that is out for so long is given up: another append is timed. */
const GIVEN_UP_MS = 10_000;

interface Timed {
  readonly index: LogIndex;
  readonly session: number;
  readonly at: Instant;
}

export class AppendTimes {
  readonly #open = new Map<NodeId, Timed>();
  readonly #histograms = new Map<NodeId, Histogram>();

  /** Messages on their way out. */
  sent(messages: readonly RaftMessage[], now: Instant): void {
    for (const message of messages) {
      if (message.kind !== 'append') continue;
      const last = message.entries.at(-1);
      const open = this.#open.get(message.to);
      if (last === undefined || (open !== undefined && now - open.at < GIVEN_UP_MS)) continue;
      this.#open.set(message.to, { index: last.index, session: message.session, at: now });
    }
  }

  /** A message that came in. */
  heard(message: RaftMessage, now: Instant): void {
    if (message.kind !== 'append-response') return;
    const open = this.#open.get(message.from);
    if (open === undefined) return;
    // a new session, or a refusal: what was sent is sent anew, and this one's time says nothing
    const isVoid = message.session !== open.session || !message.accepted;
    if (!isVoid && message.index < open.index) return;
    this.#open.delete(message.from);
    if (!isVoid) this.#histogram(message.from)?.observe((now - open.at) / 1000);
  }

  /** By follower, in seconds; those of a former leadership stay, as counts do. */
  series(): Series[] {
    return [...this.#histograms].map(([label, histogram]) => ({ label, value: histogram.snapshot() }));
  }

  #histogram(peer: NodeId): Histogram | null {
    const found = this.#histograms.get(peer);
    if (found !== undefined) return found;
    if (this.#histograms.size >= LIMITS.maxMetricSeries) return null;
    const made = new Histogram(familyOf('append_rtt')?.buckets ?? []);
    this.#histograms.set(peer, made);
    return made;
  }
}
