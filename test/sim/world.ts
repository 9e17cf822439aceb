/**
 * Virtual time: one heap of events for the whole simulated world, ties broken by the
 * order of planning, so that one seed gives one history.
 */
import type { Cancel, Clock, Instant } from '../../src/base/index.ts';

interface Planned {
  readonly at: Instant;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class World {
  now: Instant = 0;
  #heap: Planned[] = [];
  #order = 0;
  /** Events run so far. */
  steps = 0;

  /** Runs `run` after `ms`; the returned function takes it back. */
  after(ms: number, run: () => void): Cancel {
    const planned: Planned = { at: this.now + Math.max(0, ms), order: this.#order++, run, cancelled: false };
    this.#push(planned);
    return () => {
      planned.cancelled = true;
    };
  }

  /** Runs the next event; false when nothing is planned or it lies behind `until`. */
  step(until: Instant): boolean {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) return false;
      this.#pop();
      if (next.cancelled) continue;
      this.now = next.at;
      this.steps++;
      next.run();
      return true;
    }
  }

  #before(a: Planned, b: Planned): boolean {
    return a.at === b.at ? a.order < b.order : a.at < b.at;
  }

  #push(item: Planned): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(item);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up] as Planned;
      if (!this.#before(item, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = item;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as Planned, heap[child] as Planned))
        child++;
      if (!this.#before(heap[child] as Planned, last)) break;
      heap[i] = heap[child] as Planned;
      i = child;
    }
    heap[i] = last;
  }
}

/**
 * A node's view of time. Everything that it plans dies with it: after `kill` no
 * callback of this life runs. A pause holds callbacks back until it ends.
 */
export class NodeClock implements Clock {
  readonly #world: World;
  #alive = true;
  #pausedUntil: Instant = 0;

  constructor(world: World) {
    this.#world = world;
  }

  kill(): void {
    this.#alive = false;
  }

  pauseUntil(at: Instant): void {
    this.#pausedUntil = at;
  }

  now(): Instant {
    return this.#world.now;
  }

  wall(): number {
    return 1_700_000_000_000 + Math.floor(this.#world.now);
  }

  wakeAt(at: Instant, fn: () => void): Cancel {
    if (at === Number.POSITIVE_INFINITY) return () => {};
    return this.after(at - this.#world.now, fn);
  }

  after(ms: number, fn: () => void): Cancel {
    let cancel = this.#world.after(ms, () => this.#run(fn, (c) => (cancel = c)));
    return () => cancel();
  }

  #run(fn: () => void, replan: (cancel: Cancel) => void): void {
    if (!this.#alive) return;
    if (this.#world.now < this.#pausedUntil) {
      replan(this.#world.after(this.#pausedUntil - this.#world.now, () => this.#run(fn, replan)));
    } else fn();
  }
}
