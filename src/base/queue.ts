/**
 * A bounded first-in first-out queue. What happens at the limit is chosen where it is made, never by
 * accident.
 */
import { assert } from './assert.ts';

/** `reject`: push answers false. `drop-oldest`: the oldest item makes room and is counted. */
export type QueuePolicy = 'reject' | 'drop-oldest';

export class BoundedQueue<T> {
  readonly limit: number;
  readonly policy: QueuePolicy;
  #items: T[] = [];
  #head = 0;
  #dropped = 0;

  constructor(limit: number, policy: QueuePolicy) {
    assert(limit > 0, 'a queue holds at least one item');
    this.limit = limit;
    this.policy = policy;
  }

  /** Items waiting. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Items lost to `drop-oldest` since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** False when the queue is full and its policy is `reject`. */
  push(item: T): boolean {
    if (this.size >= this.limit) {
      if (this.policy === 'reject') return false;
      this.shift();
      this.#dropped++;
    }
    this.#items.push(item);
    return true;
  }

  /** The oldest item, taken out; undefined when empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined as T;
    this.#head++;
    if (this.#head > 32 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** All items, oldest first; the queue is empty afterwards. */
  drain(): T[] {
    const out = this.#head === 0 ? this.#items : this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return out;
  }
}
