/**
 * The simulated state machine behind its port: an index and what its owner hangs on it.
 * Work is done one thing after the other, each in its time, as in the state worker.
 */
import type { Duration, LogIndex } from '../../src/base/index.ts';
import type { LogEntry, RaftStore, SnapshotMeta } from '../../src/raft/index.ts';

const APPLY_MS = 0.05;
const RESTORE_MS = 0.5;

export interface ModelStoreParts {
  /** What the machine holds when it starts. */
  readonly appliedIndex: LogIndex;
  /** Runs `fn` later, when `ms` of work are done behind all work before it. */
  readonly work: (ms: Duration, fn: () => void) => void;
  /** Called with each entry in order, before it counts as applied; false: the process has ended over it. */
  readonly apply: (entry: LogEntry) => boolean;
  /** False: the process has ended over it. */
  readonly restore: (meta: SnapshotMeta) => boolean;
}

export class ModelStore implements RaftStore {
  readonly #parts: ModelStoreParts;
  #applied: LogIndex;

  constructor(parts: ModelStoreParts) {
    this.#parts = parts;
    this.#applied = parts.appliedIndex;
  }

  appliedIndex(): LogIndex {
    return this.#applied;
  }

  apply(entries: readonly LogEntry[], applied: (index: LogIndex) => void): void {
    this.#parts.work(APPLY_MS, () => {
      for (const entry of entries) {
        if (!this.#parts.apply(entry)) return;
        this.#applied = entry.index;
      }
      applied(this.#applied);
    });
  }

  restore(meta: SnapshotMeta, done: (index: LogIndex) => void): void {
    this.#parts.work(RESTORE_MS, () => {
      if (!this.#parts.restore(meta)) return;
      this.#applied = meta.index;
      done(meta.index);
    });
  }
}
