/**
 * What consensus needs from the world, as callback ports. All calls are
 * synchronous; completion comes back through a callback, never a Promise, so that
 * the consensus worker and the simulator run the same classes (turn-loop.ts).
 */
import type { Bytes, LogIndex, NodeId, Term } from '../base/index.ts';
import type { HardState, LogEntry, PersistRequest, RaftMessage, SnapshotMeta } from './types.ts';

/** What was found on disk at start. */
export interface InitialState {
  readonly hardState: HardState;
  /** The newest installed or made snapshot that the log builds on; null = the log starts at 1. */
  readonly snapshot: SnapshotMeta | null;
}

/**
 * The durable log. Reads are synchronous and see every write handed over so far,
 * durable or not. `firstIndex` is the first entry still held; `term(firstIndex - 1)`
 * is defined. Contract suite: test/contract/storage.ts.
 */
export interface RaftStorage {
  initialState(): InitialState;
  firstIndex(): LogIndex;
  lastIndex(): LogIndex;
  /** Undefined when the index is not held (compacted or beyond the end). */
  term(index: LogIndex): Term | undefined;
  /**
   * Entries in [low, high], cut after `maxBytes` but never empty when low is held. Throws
   * `CompactedError`-free: undefined when low is compacted.
   */
  entries(low: LogIndex, high: LogIndex, maxBytes: number): readonly LogEntry[] | undefined;
  /**
   * The lowest index from which all entries up to `high` take at most `maxBytes` as they are counted here;
   * `high` + 1 when not even that one does. What is kept behind a snapshot is measured with it.
   */
  tailWithin(high: LogIndex, maxBytes: Bytes): LogIndex;
  /** The newest snapshot. */
  snapshot(): SnapshotMeta | null;
  /**
   * Queues one ordered write. `done` is called later, on an empty stack, once it and all before it are
   * durable.
   * After a failure `failed` is called once, later, and nothing is ever acknowledged again; a write in
   * between is dropped and reads need not show it.
   */
  write(request: PersistRequest, done: (token: number) => void): void;
  /** Bytes of writes that are not durable yet; above a limit the loop hands over no more (turn-loop.ts). */
  waitingBytes(): Bytes;
  /** Registers the listener for a poisoned log. */
  onFailure(failed: (reason: string) => void): void;
}

/** Fire and forget; an unreachable peer is told by `unreachable` and `peer-hint` inputs. */
export interface RaftTransport {
  send(messages: readonly RaftMessage[]): void;
  /** Starts or continues sending a snapshot's bytes; the end comes back as input `snapshot-report`. */
  sendSnapshot(peer: NodeId, meta: SnapshotMeta, term: Term, session: number): void;
}

/** The state machine behind its port (the state worker, or the simulator's model). */
export interface RaftStore {
  /**
   * Committed entries in order; `applied` is called later, on an empty stack, with the last index that the
   * state machine holds.
   */
  apply(entries: readonly LogEntry[], applied: (index: LogIndex) => void): void;
  /** Replaces the state by a snapshot; `done` is called later when the state machine holds it. */
  restore(meta: SnapshotMeta, done: (index: LogIndex) => void): void;
  /** Last index that the state machine holds at start. */
  appliedIndex(): LogIndex;
}
