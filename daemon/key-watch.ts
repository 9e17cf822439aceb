/**
 * Watches of keys: a bounded ring of changes, so that a watcher can resume behind a
 * version without a gap, or is told `compacted` when the ring no longer reaches back.
 */

import type { LogIndex } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { KvChange } from '../src/state/index.ts';

/** What is watched: one key, or all that begin with a prefix. An exact key is never a prefix. */
export type KeySelector = { readonly key: string } | { readonly prefix: string };

export function selects(selector: KeySelector, key: string): boolean {
  return 'key' in selector ? key === selector.key : key.startsWith(selector.prefix);
}

export class KeyWatch {
  readonly #listeners = new Set<(change: KvChange) => void>();
  #ring: KvChange[] = [];
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

  publish(changes: readonly KvChange[], appliedIndex: LogIndex): void {
    this.#appliedIndex = appliedIndex;
    for (const change of changes) {
      this.#ring.push(change);
      for (const listener of this.#listeners) listener(change);
    }
    if (this.#ring.length > LIMITS.eventHistory * 1.25) {
      const dropped = this.#ring.splice(0, this.#ring.length - LIMITS.eventHistory);
      this.#floor = dropped.at(-1)?.version ?? this.#floor;
    }
  }

  /** After a snapshot replaced the state nobody knows the changes in between. */
  reset(appliedIndex: LogIndex): void {
    this.#ring = [];
    this.#floor = appliedIndex;
    this.#appliedIndex = appliedIndex;
  }

  /** Changes behind `after` that match; null when some of them may be gone. */
  since(selector: KeySelector, after: LogIndex): KvChange[] | null {
    if (after < this.#floor) return null;
    return this.#ring.filter((c) => c.version > after && selects(selector, c.key));
  }

  /** Calls `listener` with each matching change; null when there are too many watchers. */
  subscribe(selector: KeySelector, listener: (change: KvChange) => void): (() => void) | null {
    if (this.#listeners.size >= LIMITS.maxSubscribers) return null;
    const wrapped = (change: KvChange): void => {
      if (selects(selector, change.key)) listener(change);
    };
    this.#listeners.add(wrapped);
    return () => this.#listeners.delete(wrapped);
  }
}
