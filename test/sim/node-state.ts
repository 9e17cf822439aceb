/**
 * What a node's state worker keeps: the machine, its file, and snapshots. The file lags
 * behind the machine, as SQLite's does in WAL mode with `synchronous=NORMAL`: a power cut
 * takes the newest transactions, from the end, and never half of one.
 */
import type { LogIndex, Random } from '../../src/base/index.ts';
import type { ApplyResult } from '../../src/cluster/index.ts';
import type { LogEntry, SnapshotMeta } from '../../src/raft/index.ts';
import { KvMachine, needsNext } from './kv-machine.ts';
import { recordOf, unreadable, type Version } from './versions.ts';

/** The file is synced when so many entries are not. */
const CHECKPOINT_ENTRIES = 500;
const SNAPSHOTS_KEPT = 3;

export interface SnapshotImage {
  readonly meta: SnapshotMeta;
  readonly machine: KvMachine;
  /** The cluster's record in it, as the version that made it writes it. */
  readonly record: Uint8Array;
  /** A bit of it has flipped: every reader finds that out. */
  isRotten: boolean;
}

export class NodeState {
  machine = new KvMachine();
  /** The record in the state file. */
  #record = recordOf('this');
  /** What the file holds for sure; never changed, only replaced. */
  #synced = this.machine.copy();
  /** Applied and not synced. */
  #journal: LogEntry[] = [];
  /** Finished snapshots on this node's disk, in the order in which they came. */
  readonly snapshots = new Map<string, SnapshotImage>();

  get appliedIndex(): LogIndex {
    return this.machine.applied.index;
  }

  get newestSnapshot(): SnapshotImage | undefined {
    let best: SnapshotImage | undefined;
    for (const image of this.snapshots.values())
      if (image.meta.index >= (best?.meta.index ?? 0)) best = image;
    return best;
  }

  /** Why a process of this version does not start on the file, or null. */
  refusal(version: Version): string | null {
    return unreadable(version, this.#record);
  }

  /** A process of this version writes to the file from now on: once it was the next one, it is that one's. */
  written(version: Version): void {
    if (version === 'next') this.#record = recordOf(version);
  }

  /** Null: this version does not know the command, and does not guess. */
  apply(entry: LogEntry, version: Version): ApplyResult | null {
    if (version === 'this' && needsNext(entry)) return null;
    this.#journal.push(entry);
    if (this.#journal.length > CHECKPOINT_ENTRIES) this.#sync(this.machine.copy());
    return this.machine.apply(entry);
  }

  /** A copy of the state as it is now, as a file that is whole. */
  capture(id: string, version: Version = 'this'): SnapshotImage {
    const machine = this.machine.copy();
    const { membership, membershipIndex, applied } = machine;
    const meta: SnapshotMeta = { id, ...applied, membership, membershipIndex, size: 100 };
    return { meta, machine, record: recordOf(version), isRotten: false };
  }

  /** One that came from another node: as in the product nothing goes for it. */
  arrive(image: SnapshotImage): void {
    this.snapshots.set(image.meta.id, image);
  }

  /** Those that were handed over to be loaded. */
  readonly wanted = new Set<string>();

  /**
   * One was made here. Old ones go, but not the one that the log builds on, nor one that waits to be loaded. Old
   * is what stands low in the log, as in the product.
   */
  keep(image: SnapshotImage, needed: string | null): void {
    this.snapshots.set(image.meta.id, image);
    const byIndex = [...this.snapshots.values()].sort((a, b) => a.meta.index - b.meta.index);
    for (const { meta } of byIndex.slice(0, -SNAPSHOTS_KEPT))
      if (meta.id !== needed && !this.wanted.has(meta.id)) this.snapshots.delete(meta.id);
  }

  /** Is this one there, and not what it was? */
  isRotten(id: string): boolean {
    return this.snapshots.get(id)?.isRotten ?? false;
  }

  /** Becomes the snapshot; false when there is none, or none that is sound. */
  restore(id: string): boolean {
    const image = this.snapshots.get(id);
    this.wanted.delete(id);
    if (image === undefined || image.isRotten) return false;
    this.machine = image.machine.copy();
    this.#record = image.record;
    this.#synced = image.machine;
    this.#journal = [];
    return true;
  }

  powerCut(random: Random): void {
    const kept = this.#journal.slice(0, Math.floor(random.next() * (this.#journal.length + 1)));
    this.machine = this.#synced.copy();
    for (const entry of kept) this.machine.apply(entry);
    this.#journal = kept;
  }

  copy(): NodeState {
    const copy = new NodeState();
    copy.machine = this.machine.copy();
    copy.#record = this.#record;
    copy.#synced = this.#synced;
    copy.#journal = [...this.#journal];
    for (const [id, image] of this.snapshots) copy.snapshots.set(id, { ...image });
    return copy;
  }

  /** Up to here everything is in the file. The entry that is about to be applied is not. */
  #sync(machine: KvMachine): void {
    this.#synced = machine;
    this.#journal = this.#journal.slice(-1);
  }
}
