/**
 * Keeps a lane open to every node that a long-lived client knows, for the hour when another one leads: to
 * dial takes 30 to 60 ms of two machines, of which a new leader has better use. A lane that has been missing
 * for a time is dialled again after a quarter of it; nodes that are gone for good cost one attempt in eight
 * seconds.
 */
import { type Duration, type Instant, LIMITS } from '../base/index.ts';
import type { LanePool } from './lane-pool.ts';
import type { LeaderTracker } from './leader-tracker.ts';

const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;
/** While all lanes are open: how long one that broke may be missing. */
const CALM_PAUSE_MS = 1000;

export class WarmLanes {
  readonly #tracker: LeaderTracker;
  readonly #lanes: LanePool;
  #timer: NodeJS.Timeout | undefined;
  /** Since when a lane has been missing; null while all are open. */
  #missingSince: Instant | null = null;
  #closed = false;

  constructor(tracker: LeaderTracker, lanes: LanePool) {
    this.#tracker = tracker;
    this.#lanes = lanes;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Dials every node that has no lane, now and from now on. Waits for nothing. */
  keep(): void {
    this.#missingSince = null;
    this.#look();
  }

  /** The same, a little later: those that are busy with an election are left alone. */
  keepSoon(): void {
    this.#missingSince = null;
    this.#plan(SHORTEST_PAUSE_MS);
  }

  #look(): void {
    let missing = 0;
    for (const endpoint of this.#tracker.endpoints.slice(0, LIMITS.maxVoters)) {
      if (this.#lanes.peek(endpoint) !== undefined) continue;
      missing++;
      this.#lanes.get(endpoint).catch(() => {}); // still down: dialled again at the next look
    }
    if (missing === 0) {
      this.#missingSince = null;
      return this.#plan(CALM_PAUSE_MS);
    }
    const now = performance.now();
    this.#missingSince ??= now;
    const quarterMs = (now - this.#missingSince) / 4;
    this.#plan(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, quarterMs)));
  }

  #plan(pauseMs: Duration): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), pauseMs).unref();
  }
}
