/**
 * What a node's state worker keeps: the machine, its file, and snapshots. The file lags
 * behind the machine, as SQLite's does in WAL mode with `synchronous=NORMAL`: a power cut
 * takes the newest transactions, from the end, and never half of one.
 */
import type { LogIndex, Random } from '../../src/base/index.ts';
import type { ApplyResult } from '../../src/cluster/index.ts';
import type { LogEntry, SnapshotMeta } from '../../src/raft/index.ts';
import { KvMachine } from './kv-machine.ts';

/** The file is synced when so many entries are not. */
const CHECKPOINT_ENTRIES = 500;
const SNAPSHOTS_KEPT = 3;

export interface SnapshotImage {
  readonly meta: SnapshotMeta;
  readonly machine: KvMachine;
  /** A bit of it has flipped: every reader finds that out. */
  isRotten: boolean;
}

export class NodeState {
  machine = new KvMachine();
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
    return [...this.snapshots.values()].reduce<SnapshotImage | undefined>(
      (best, image) => (image.meta.index >= (best?.meta.index ?? 0) ? image : best),
      undefined,
    );
  }

  apply(entry: LogEntry): ApplyResult {
    this.#journal.push(entry);
    if (this.#journal.length > CHECKPOINT_ENTRIES) this.#sync(this.machine.copy());
    return this.machine.apply(entry);
  }

  /** A copy of the state as it is now, as a file that is whole. */
  capture(id: string): SnapshotImage {
    const machine = this.machine.copy();
    const { membership, membershipIndex, applied } = machine;
    const meta: SnapshotMeta = { id, ...applied, membership, membershipIndex, size: 100 };
    return { meta, machine, isRotten: false };
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

  /** Becomes the snapshot; false when there is none, or none that is sound. */
  restore(id: string): boolean {
    const image = this.snapshots.get(id);
    this.wanted.delete(id);
    if (image === undefined || image.isRotten) return false;
    this.machine = image.machine.copy();
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
