/**
 * Watches of keys: a ring of changes, bounded in count and bytes, so that a watcher can
 * go on behind a version without a gap, or is told `compacted` when the ring no longer
 * reaches back. A watcher is a position in the ring: nothing is kept for it alone.
 */

import type { LogIndex } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { KvChange } from '../src/state/index.ts';

/** What is watched: one key, or all that begin with a prefix. An exact key is never a prefix. */
export type KeySelector = { readonly key: string } | { readonly prefix: string };

export function selects(selector: KeySelector, key: string): boolean {
  return 'key' in selector ? key === selector.key : key.startsWith(selector.prefix);
}

/** A watcher: everything that it wants up to `version` was given to it. */
export interface KeyPosition {
  readonly selector: KeySelector;
  version: LogIndex;
}

/** Two bytes a character at most, and what an object costs. */
function sizeOf({ key, value }: KvChange): number {
  return 2 * (key.length + (value?.length ?? 0)) + 100;
}

/** The first place in `ring` with a version above `version`. */
function placeBehind(ring: readonly KvChange[], version: LogIndex): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle]?.version ?? 0) > version) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class KeyWatch {
  readonly #wakes = new Set<() => void>();
  #ring: KvChange[] = [];
  #bytes = 0;
  /** Changes with a version at or below this are not in the ring. */
  #floor: LogIndex;
  #appliedIndex: LogIndex;

  constructor(appliedIndex: LogIndex) {
    this.#floor = appliedIndex;
    this.#appliedIndex = appliedIndex;
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** Oldest version behind which a watch can be resumed without a gap. */
  get floor(): LogIndex {
    return this.#floor;
  }

  get isFull(): boolean {
    return this.#wakes.size >= LIMITS.maxSubscribers;
  }

  /** Memory that the ring takes, at most. */
  get bytes(): number {
    return this.#bytes;
  }

  publish(changes: readonly KvChange[], appliedIndex: LogIndex): void {
    this.#appliedIndex = appliedIndex;
    if (changes.length === 0) return;
    for (const change of changes) {
      this.#ring.push(change);
      this.#bytes += sizeOf(change);
    }
    const isFull = this.#ring.length > LIMITS.eventHistory * 1.25 || this.#bytes > LIMITS.watchHistoryBytes;
    if (isFull) this.#trim();
    for (const wake of this.#wakes) wake();
  }

  /** After a snapshot replaced the state nobody knows the changes in between. */
  reset(appliedIndex: LogIndex): void {
    this.#ring = [];
    this.#bytes = 0;
    this.#floor = appliedIndex;
    this.#appliedIndex = appliedIndex;
    for (const wake of this.#wakes) wake();
  }

  /**
   * The next matching changes, a page at most; the position moves on. Empty = it has everything; null = some
   * changes may be gone.
   */
  read(position: KeyPosition): readonly KvChange[] | null {
    if (position.version < this.#floor) return null;
    const page: KvChange[] = [];
    let bytes = 0;
    for (let n = placeBehind(this.#ring, position.version); n < this.#ring.length; n++) {
      const change = this.#ring[n] as KvChange;
      if (selects(position.selector, change.key)) {
        bytes += sizeOf(change);
        if (
          page.length > 0 &&
          (bytes > LIMITS.maxSubscriberBytes || page.length >= LIMITS.maxSubscriberLines)
        )
          return page;
        page.push(change);
      }
      position.version = change.version;
    }
    position.version = Math.max(position.version, this.#appliedIndex);
    return page;
  }

  /** Calls `wake` after each change of the ring; null when there are too many watchers. */
  subscribe(wake: () => void): (() => void) | null {
    if (this.isFull) return null;
    this.#wakes.add(wake);
    return () => this.#wakes.delete(wake);
  }

  /** Drops the oldest: a fifth more than needed, so that it happens seldom. */
  #trim(): void {
    let count = 0;
    let bytes = this.#bytes;
    for (const change of this.#ring) {
      const isSmall =
        this.#ring.length - count <= LIMITS.eventHistory && bytes <= LIMITS.watchHistoryBytes * 0.8;
      if (isSmall) break;
      bytes -= sizeOf(change);
      this.#floor = change.version;
      count++;
    }
    this.#ring = this.#ring.slice(count);
    this.#bytes = bytes;
  }
}
