/**
 * Virtual time: one heap of events for the whole simulated world, ties broken by the
 * order of planning, so that one seed gives one history. What is due "soon" (the next
 * turn of an event loop) stands in a queue beside the heap: most events are.
 */
import type { Cancel, Clock, Instant } from '../../src/base/index.ts';

/** One turn of an event loop, ms. */
const SOON_MS = 0.001;
/** A wake-up comes this much behind its instant, so that rounding never makes it early. */
const WAKE_MS = 1e-6;

class Planned {
  at: Instant;
  readonly order: number;
  readonly run: () => void;
  /** Whose event it is: none of a dead process runs, those of a paused one wait. */
  readonly clock: NodeClock | null;
  isCancelled = false;

  constructor(at: Instant, order: number, run: () => void, clock: NodeClock | null) {
    this.at = at;
    this.order = order;
    this.run = run;
    this.clock = clock;
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class World {
  now: Instant = 0;
  readonly #heap: Planned[] = [];
  /** Events that are due in one turn; they come in order by themselves. */
  #soon: Planned[] = [];
  #head = 0;
  #order = 0;
  /** Events run so far. */
  steps = 0;

  /** Runs `run` after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): Cancel {
    const planned = this.plan(ms, run, null);
    return () => {
      planned.isCancelled = true;
    };
  }

  /** The same, as an event of one process. */
  plan(ms: number, run: () => void, clock: NodeClock | null): Planned {
    const planned = new Planned(this.now + Math.max(0, ms), this.#order++, run, clock);
    this.#push(planned);
    return planned;
  }

  /** One turn of the process's event loop later. */
  soon(run: () => void, clock: NodeClock): void {
    this.#soon.push(new Planned(this.now + SOON_MS, this.#order++, run, clock));
  }

  /** Runs the next event; false when nothing is planned or it lies behind `until`. */
  step(until: Instant): boolean {
    for (;;) {
      const next = this.#next(until);
      if (next === null) return false;
      if (next.isCancelled) continue;
      const { clock } = next;
      if (clock !== null) {
        if (!clock.isAlive) continue;
        if (clock.pausedUntil > next.at) {
          next.at = clock.pausedUntil;
          this.#push(next);
          continue;
        }
      }
      this.now = next.at;
      this.steps++;
      next.run();
      return true;
    }
  }

  /** Takes the first event out, if it is due. */
  #next(until: Instant): Planned | null {
    const soon = this.#soon[this.#head];
    const top = this.#heap[0];
    if (soon !== undefined && (top === undefined || isBefore(soon, top))) {
      if (soon.at > until) return null;
      this.#head++;
      if (this.#head === this.#soon.length) {
        this.#soon = [];
        this.#head = 0;
      } else if (this.#head === 4096) {
        this.#soon = this.#soon.slice(4096);
        this.#head = 0;
      }
      return soon;
    }
    if (top === undefined || top.at > until) return null;
    this.#pop();
    return top;
  }

  #push(item: Planned): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(item);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up] as Planned;
      if (!isBefore(item, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    const size = heap.length;
    if (size === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      let least = heap[child] as Planned;
      if (child + 1 < size) {
        const right = heap[child + 1] as Planned;
        if (isBefore(right, least)) {
          child++;
          least = right;
        }
      }
      if (!isBefore(least, last)) break;
      heap[i] = least;
      i = child;
    }
    heap[i] = last;
  }
}

/**
 * A process's view of time. Everything that it plans dies with it: after `kill` no
 * callback of this life runs. A pause holds callbacks back until it ends. Its clock may
 * run a little faster or slower than the world's.
 */
export class NodeClock implements Clock {
  readonly #world: World;
  /** Its milliseconds in one of the world's. */
  readonly #rate: number;
  isAlive = true;
  pausedUntil: Instant = 0;

  constructor(world: World, rate = 1) {
    this.#world = world;
    this.#rate = rate;
  }

  kill(): void {
    this.isAlive = false;
  }

  /** A second pause within a longer one does not end that: what was put off to its end would be overtaken. */
  pauseUntil(at: Instant): void {
    this.pausedUntil = Math.max(this.pausedUntil, at);
  }

  get isPaused(): boolean {
    return this.pausedUntil > this.#world.now;
  }

  now(): Instant {
    return this.#world.now * this.#rate;
  }

  wall(): number {
    return 1_700_000_000_000 + Math.floor(this.#world.now);
  }

  wakeAt(at: Instant, fn: () => void): Cancel {
    if (at === Number.POSITIVE_INFINITY) return () => {};
    return this.after(at / this.#rate - this.#world.now + WAKE_MS, fn);
  }

  /** `ms` of the world's time. */
  after(ms: number, fn: () => void): Cancel {
    const planned = this.#world.plan(ms, fn, this);
    return () => {
      planned.isCancelled = true;
    };
  }

  /** The same, when nobody will take it back. */
  later(ms: number, fn: () => void): void {
    this.#world.plan(ms, fn, this);
  }

  soon(fn: () => void): void {
    this.#world.soon(fn, this);
  }
}
