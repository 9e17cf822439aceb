/**
 * Finds the new leader when the old one broke away: asks every known node at once for
 * its own view, over lanes that stay open. Nodes keep the question until they know
 * another leader than the lost one, so that the answer comes when there is one and an
 * election is not disturbed by questions. The lane to the winner is warm by the time it
 * wins; all callers share one search.
 */
import { formatEndpoint } from './failure.ts';
import type { LanePool } from './lane-pool.ts';
import type { LeaderTracker } from './leader-tracker.ts';
import { routeOf } from './routes.ts';
import { WarmLanes } from './warm-lanes.ts';
import type { Endpoint, WireRequest } from './wire.ts';

/** How long one node may think about its own view. */
const PROBE_TIMEOUT_MS = 1000;
/** How long it keeps the question who leads beside the lost one: a node may have become useless meanwhile. */
const BESIDE_MS = 400;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;
/** An address that refused is asked again after this long: a dead process needs no more. */
const REFUSED_PAUSE_MS = 25;
/** Pauses stay short for this long: elections that go well end within it. */
const EAGER_MS = 400;

/** Callers that doubt at the same time ask once. */
const DOUBT_SPACING_MS = 30;
/** A call silent for so long makes the client ask the other nodes who leads: about an election timeout. */
export const FIRST_DOUBT_MS = 150;
const EAGER_DOUBT_MS = 50;
const CALM_DOUBT_MS = 400;
/** By then an election that goes well is over. */
const EAGER_DOUBT_FOR_MS = 1000;
/** A follower that heard its leader this lately has a living one: two heartbeats and some. */
const HEARD_MS = 120;

/**
 * When to ask again, while a call has been silent for `silentMs`. `heardMs`: how long ago others heard the
 * leader when they were asked, null = nobody said. A slow answer of a living leader is no reason to hurry.
 */
export function doubtPause(silentMs: number, heardMs: number | null): number {
  const isCalm = silentMs >= EAGER_DOUBT_FOR_MS || (heardMs !== null && heardMs <= HEARD_MS);
  return isCalm ? CALM_DOUBT_MS : EAGER_DOUBT_MS;
}

/** The pause after a search has lasted `elapsedMs`. */
function searchPause(elapsedMs: number): number {
  if (elapsedMs < EAGER_MS) return FIRST_PAUSE_MS;
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS + (elapsedMs - EAGER_MS) / 10);
}

/** A node's own word on who leads, and how long ago it heard of it. */
interface View {
  readonly leader_id?: string;
  readonly host?: string;
  readonly port?: number;
  readonly term?: number;
  readonly read?: { readonly age_ms?: number };
}

/** A call without an answer yet; `timer` once it is doubted. */
interface WatchedCall {
  readonly endpoint: Endpoint;
  readonly began: number;
  timer: NodeJS.Timeout | undefined;
}

export class LeaderSearch {
  readonly #tracker: LeaderTracker;
  readonly #lanes: LanePool;
  readonly #warm: WarmLanes;
  readonly #probing = new Set<Endpoint>();
  readonly #failedAt = new Map<Endpoint, number>();
  readonly #waiters = new Set<() => void>();
  #running = false;
  #doubtedAt = Number.NEGATIVE_INFINITY;
  /** How long ago the others heard the leader, by the best word: of this doubt, and of the one before. */
  #heardMs: number | null = null;
  #heardBeforeMs: number | null = null;
  /** Calls whose first doubt is to come, oldest first. */
  readonly #watched = new Set<WatchedCall>();
  /** Those behind it. */
  readonly #doubted = new Set<WatchedCall>();
  #look: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(tracker: LeaderTracker, lanes: LanePool) {
    this.#tracker = tracker;
    this.#lanes = lanes;
    this.#warm = new WarmLanes(tracker, lanes);
  }

  close(): void {
    this.#closed = true;
    this.#warm.close();
    clearTimeout(this.#look);
    this.#wake();
  }

  /**
   * Resolves when the tracker has a leader, when `timeoutMs` has passed, or, with
   * `failFast`, once every address has failed. The tracker holds the result.
   */
  async find(timeoutMs: number, failFast: boolean): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    if (!this.#running) void this.#run();
    while (this.#tracker.leader === null && !this.#closed) {
      const left = deadline - performance.now();
      if (left <= 0 || (failFast && this.#tracker.allFailed)) return;
      await this.#news(left);
    }
  }

  /**
   * Follows a call to `endpoint` that has no answer yet: asks the others whether it still leads, eagerly
   * while they say that they do not hear it either. Once another leads, the lane is left, and the watch is
   * over. Answers what ends the watch.
   */
  watch(endpoint: Endpoint): () => void {
    const call: WatchedCall = { endpoint, began: performance.now(), timer: undefined };
    this.#watched.add(call);
    this.#look ??= setTimeout(this.#lookAtOldest, FIRST_DOUBT_MS).unref();
    return () => {
      this.#watched.delete(call);
      this.#doubted.delete(call);
      clearTimeout(call.timer);
    };
  }

  /** One timer for the first doubt of all calls, which nearly all are answered before; then one each. */
  readonly #lookAtOldest = (): void => {
    this.#look = undefined;
    for (const call of this.#watched) {
      const left = call.began + FIRST_DOUBT_MS - performance.now();
      if (left > 0) {
        this.#look = setTimeout(this.#lookAtOldest, Math.ceil(left)).unref();
        return;
      }
      this.#watched.delete(call);
      this.#doubted.add(call);
      this.#askAbout(call);
    }
  };

  #askAbout(call: WatchedCall): void {
    this.#doubt(call.endpoint);
    const heardMs = this.#heardMs ?? this.#heardBeforeMs;
    call.timer = setTimeout(() => this.#askAbout(call), doubtPause(performance.now() - call.began, heardMs));
  }

  #doubt(endpoint: Endpoint): void {
    const sinceMs = performance.now() - this.#doubtedAt;
    if (sinceMs < DOUBT_SPACING_MS) return;
    this.#doubtedAt = performance.now();
    // answers to this one are on their way; an old doubt's say nothing
    this.#heardBeforeMs = sinceMs > EAGER_DOUBT_FOR_MS ? null : this.#heardMs;
    this.#heardMs = null;
    for (const other of this.#tracker.endpoints) {
      if (other === endpoint) continue;
      // each by itself: a node that is gone as well must not hold up what the others say
      void this.#askBeside(other, endpoint);
    }
  }

  /** Whether `other` knows a newer leader than `doubted`; if it misses that one too, as soon as it does. */
  async #askBeside(other: Endpoint, doubted: Endpoint): Promise<void> {
    const heardMs = await this.#probe(other);
    if (heardMs !== null && heardMs > HEARD_MS) await this.#probe(other, doubted);
    const { leader } = this.#tracker;
    if (leader !== null && leader !== doubted) this.#leave(doubted);
  }

  /** Lets the lane go. A call that stays with it asks nothing more: the next lane there is not its own. */
  #leave(endpoint: Endpoint): void {
    for (const calls of [this.#watched, this.#doubted])
      for (const call of calls) {
        if (call.endpoint !== endpoint) continue;
        calls.delete(call);
        clearTimeout(call.timer);
      }
    this.#lanes.leave(endpoint);
  }

  #news(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiters.add(done);
    });
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }

  async #run(): Promise<void> {
    this.#running = true;
    const began = performance.now();
    try {
      do {
        for (const endpoint of this.#tracker.endpoints) {
          const failedAt = this.#failedAt.get(endpoint) ?? Number.NEGATIVE_INFINITY;
          if (performance.now() - failedAt >= REFUSED_PAUSE_MS)
            void this.#probe(endpoint, this.#tracker.lost);
        }
        await new Promise((resolve) => setTimeout(resolve, searchPause(performance.now() - began)));
      } while (this.#tracker.leader === null && this.#waiters.size > 0 && !this.#closed);
    } finally {
      this.#running = false;
      // for the next search, once nodes have come back
      this.#warm.keepSoon();
    }
  }

  /** See WarmLanes: from now on the next leader's lane is there when it is needed. */
  warm(): void {
    this.#warm.keep();
  }

  /**
   * Asks for the node's own view; answers how long ago it heard its leader, null = not told. With `lost` it
   * is answered when the node knows somebody beside that one, who itself is asked what it thinks now.
   */
  async #probe(endpoint: Endpoint, lost: Endpoint | null = null): Promise<number | null> {
    if (this.#probing.has(endpoint) || this.#closed) return null;
    this.#probing.add(endpoint);
    try {
      const beside = lost === null || lost === endpoint ? undefined : lost;
      const request: WireRequest = { ...routeOf('leader', {}, { stale: 1, beside }), headers: {} };
      const lane = await this.#lanes.get(endpoint);
      const answer = await lane.call(request, beside === undefined ? PROBE_TIMEOUT_MS : BESIDE_MS);
      this.#tracker.answered(endpoint);
      const view = answer.body as View | null;
      const ageMs = view?.read?.age_ms ?? null;
      if (answer.status !== 200 || typeof view?.host !== 'string' || typeof view.port !== 'number')
        return ageMs;
      const leader = formatEndpoint(view.host, view.port);
      if (ageMs !== null) this.#heardMs = Math.min(ageMs, this.#heardMs ?? ageMs);
      this.#tracker.hint({ leader, term: view.term ?? 0, from: endpoint });
      return ageMs;
    } catch {
      // a node that can't be asked has no view; the next round asks again
      this.#tracker.failed(endpoint);
      this.#failedAt.set(endpoint, performance.now());
      return null;
    } finally {
      this.#probing.delete(endpoint);
      this.#wake();
    }
  }
}
