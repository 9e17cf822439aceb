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
  readonly order: number;
  readonly run: () => void;
  /** Whose event it is: none of a dead process runs, those of a paused one wait. */
  readonly clock: NodeClock | null;
  isCancelled = false;

  constructor(order: number, run: () => void, clock: NodeClock | null) {
    this.order = order;
    this.run = run;
    this.clock = clock;
  }
}

export class World {
  now: Instant = 0;
  /** Instants stand beside their events, here and below: a list of numbers is compared without a look at any. */
  readonly #heapAt: Instant[] = [];
  readonly #heap: Planned[] = [];
  /** Events that are due in one turn; they come in order by themselves. */
  #soonAt: Instant[] = [];
  #soon: Planned[] = [];
  #head = 0;
  /** Of the event that was taken out last. */
  #at: Instant = 0;
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
    const planned = new Planned(this.#order++, run, clock);
    this.#push(this.now + Math.max(0, ms), planned);
    return planned;
  }

  /** One turn of the process's event loop later. */
  soon(run: () => void, clock: NodeClock): void {
    this.#soonAt.push(this.now + SOON_MS);
    this.#soon.push(new Planned(this.#order++, run, clock));
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
        if (clock.pausedUntil > this.#at) {
          this.#push(clock.pausedUntil, next);
          continue;
        }
      }
      this.now = this.#at;
      this.steps++;
      next.run();
      return true;
    }
  }

  /** Takes the first event out, if it is due. */
  #next(until: Instant): Planned | null {
    if (this.#head < this.#soon.length && this.#isSoonFirst()) {
      const at = this.#soonAt[this.#head] as Instant;
      if (at > until) return null;
      this.#at = at;
      return this.#shift();
    }
    if (this.#heap.length === 0) return null;
    const at = this.#heapAt[0] as Instant;
    if (at > until) return null;
    this.#at = at;
    return this.#pop();
  }

  #isSoonFirst(): boolean {
    if (this.#heap.length === 0) return true;
    const soonAt = this.#soonAt[this.#head] as Instant;
    const heapAt = this.#heapAt[0] as Instant;
    if (soonAt !== heapAt) return soonAt < heapAt;
    return (this.#soon[this.#head] as Planned).order < (this.#heap[0] as Planned).order;
  }

  #shift(): Planned {
    const soon = this.#soon[this.#head++] as Planned;
    if (this.#head === this.#soon.length || this.#head === 4096) {
      this.#soonAt = this.#soonAt.slice(this.#head);
      this.#soon = this.#soon.slice(this.#head);
      this.#head = 0;
    }
    return soon;
  }

  #push(at: Instant, item: Planned): void {
    const heapAt = this.#heapAt;
    const heap = this.#heap;
    let i = heap.length;
    heapAt.push(at);
    heap.push(item);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const upAt = heapAt[up] as Instant;
      const parent = heap[up] as Planned;
      if (upAt < at || (upAt === at && parent.order < item.order)) break;
      heapAt[i] = upAt;
      heap[i] = parent;
      i = up;
    }
    heapAt[i] = at;
    heap[i] = item;
  }

  #pop(): Planned {
    const heapAt = this.#heapAt;
    const heap = this.#heap;
    const first = heap[0] as Planned;
    const at = heapAt.pop() as Instant;
    const last = heap.pop() as Planned;
    const size = heap.length;
    if (size === 0) return first;
    let i = 0;
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && this.#isLess(child + 1, child)) child++;
      const leastAt = heapAt[child] as Instant;
      const least = heap[child] as Planned;
      if (at < leastAt || (at === leastAt && last.order < least.order)) break;
      heapAt[i] = leastAt;
      heap[i] = least;
      i = child;
    }
    heapAt[i] = at;
    heap[i] = last;
    return first;
  }

  #isLess(a: number, b: number): boolean {
    const aAt = this.#heapAt[a] as Instant;
    const bAt = this.#heapAt[b] as Instant;
    return aAt < bAt || (aAt === bAt && (this.#heap[a] as Planned).order < (this.#heap[b] as Planned).order);
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
