/**
 * Keeps a lane open to every node that a long-lived client knows, for the hour when another one leads: to dial
 * takes 30 to 60 ms of two machines, of which a new leader has better use. A lane that is missing is looked
 * for soon and then ever less often; nodes that are gone for good cost one attempt every eight seconds.
 */
import { type Duration, LIMITS } from '../base/index.ts';
import type { LanePool } from './lane-pool.ts';
import type { LeaderTracker } from './leader-tracker.ts';

/** A node that comes back is dialled within this, twice as late each time that it did not answer. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;
/** While all lanes are open: how long one that broke may be missing. */
const CALM_PAUSE_MS = 1000;

export class WarmLanes {
  readonly #tracker: LeaderTracker;
  readonly #lanes: LanePool;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs: Duration = FIRST_PAUSE_MS;
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
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#look();
  }

  /** The same, a little later: those that are busy with an election are left alone. */
  keepSoon(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#plan(this.#pauseMs);
  }

  #look(): void {
    let missing = 0;
    for (const endpoint of this.#tracker.endpoints.slice(0, LIMITS.maxVoters)) {
      if (this.#lanes.peek(endpoint) !== undefined) continue;
      missing++;
      this.#lanes.get(endpoint).catch(() => {}); // still down: dialled again at the next look
    }
    if (missing === 0) {
      this.#pauseMs = FIRST_PAUSE_MS;
      return this.#plan(CALM_PAUSE_MS);
    }
    this.#plan(this.#pauseMs);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
  }

  #plan(pauseMs: Duration): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), pauseMs).unref();
  }
}
