/**
 * Watches of keys: a ring of changes, bounded in count and bytes, so that a watcher can
 * go on behind a version without a gap, or is told `compacted` when the ring no longer
 * reaches back. A watcher is a position in the ring: nothing is kept for it alone.
 */

import type { LogIndex } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';
import type { KvChange } from '../src/state/index.ts';
import { type PackedChanges, unpackChanges } from './packed-changes.ts';

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

/** Its bytes, and what objects around them cost. */
function weightOf({ entries }: PackedChanges): number {
  return entries.byteLength + 200;
}

/** The first place in `ring` that ends above `version`. */
function placeBehind(ring: readonly { readonly last: LogIndex }[], version: LogIndex): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ring[middle]?.last ?? 0) > version) high = middle;
    else low = middle + 1;
  }
  return low;
}

export class KeyWatch {
  readonly #wakes = new Set<() => void>();
  #ring: PackedChanges[] = [];
  #count = 0;
  #bytes = 0;
  /** What was read last: watchers that keep up all read the newest. */
  #unpacked: { readonly pack: PackedChanges; readonly changes: readonly KvChange[] } | null = null;
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

  /** Changes of applied entries, in order, and how far the log was applied. */
  publish(packs: readonly PackedChanges[], appliedIndex: LogIndex): void {
    this.#appliedIndex = appliedIndex;
    if (packs.length === 0) return;
    for (const pack of packs) {
      this.#ring.push(pack);
      this.#count += pack.count;
      this.#bytes += weightOf(pack);
    }
    const isFull = this.#count > LIMITS.eventHistory * 1.25 || this.#bytes > LIMITS.watchHistoryBytes;
    if (isFull) this.#trim();
    for (const wake of this.#wakes) wake();
  }

  /** After a snapshot replaced the state nobody knows the changes in between. */
  reset(appliedIndex: LogIndex): void {
    this.#ring = [];
    this.#count = 0;
    this.#bytes = 0;
    this.#unpacked = null;
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
      for (const change of this.#changesOf(this.#ring[n] as PackedChanges)) {
        if (change.version <= position.version) continue;
        if (selects(position.selector, change.key)) {
          bytes += sizeOf(change);
          const isFull = bytes > LIMITS.maxSubscriberBytes || page.length >= LIMITS.maxSubscriberLines;
          if (page.length > 0 && isFull) return page;
          page.push(change);
        }
        position.version = change.version;
      }
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

  #changesOf(pack: PackedChanges): readonly KvChange[] {
    if (this.#unpacked?.pack !== pack) this.#unpacked = { pack, changes: unpackChanges(pack) };
    return this.#unpacked.changes;
  }

  /** Drops the oldest: a fifth more than needed, so that it happens seldom. */
  #trim(): void {
    let gone = 0;
    for (const pack of this.#ring) {
      const isSmall = this.#count <= LIMITS.eventHistory && this.#bytes <= LIMITS.watchHistoryBytes * 0.8;
      if (isSmall) break;
      this.#count -= pack.count;
      this.#bytes -= weightOf(pack);
      this.#floor = pack.last;
      gone++;
    }
    this.#ring = this.#ring.slice(gone);
  }
}
