/**
 * The main thread's end of the state worker: applied results, events, the copy of the
 * cluster's record, and waiting until this node has applied an index.
 */
import type { MessagePort } from 'node:worker_threads';
import type { LogIndex } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import type { MainToState, Refused, StateToMain } from './protocol.ts';
import { refusedError } from './refused.ts';

export interface StateListener {
  readonly applied: (message: Extract<StateToMain, { kind: 'applied' }>) => void;
  readonly restored: (appliedIndex: LogIndex) => void;
  readonly mark: (id: string, index: LogIndex) => void;
  readonly diverged: (peer: string, index: LogIndex) => void;
  readonly snapshot: (message: Extract<StateToMain, { kind: 'snapshot-made' }>) => void;
  readonly log: (message: Extract<StateToMain, { kind: 'log' }>) => void;
}

interface Waiter {
  readonly index: LogIndex;
  readonly settle: () => void;
}

export class StateLink {
  readonly #port: MessagePort;
  readonly #listener: StateListener;
  #waiters: Waiter[] = [];
  #readers: Waiter[] = [];
  #isSettling = false;
  #settledIndex: LogIndex = 0;
  #appliedIndex: LogIndex = 0;
  #appliedAt = performance.now();
  #cluster: ClusterState | null = null;
  #opened: ((refused: Refused | null) => void) | null = null;
  #stopped: (() => void) | null = null;

  constructor(port: MessagePort, listener: StateListener) {
    this.#port = port;
    this.#listener = listener;
    port.on('message', (message: StateToMain) => this.#receive(message));
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex;
  }

  /** What a reader of the state's file sees now; never more than what was applied. */
  get settledIndex(): LogIndex {
    return this.#settledIndex;
  }

  /** When this node last applied something, monotonic ms. */
  get appliedAt(): number {
    return this.#appliedAt;
  }

  /** The newest record; null before the bootstrap entry was applied here. */
  get cluster(): ClusterState | null {
    return this.#cluster;
  }

  /** Resolves when the state file is open; rejects with why it can't be. */
  whenOpen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#opened = (refused) => (refused === null ? resolve() : reject(refusedError(refused)));
    });
  }

  /** Resolves when this node has applied `index`; rejects with unavailable at the deadline. */
  whenApplied(index: LogIndex, timeoutMs: number): Promise<void> {
    if (index <= this.#appliedIndex) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((w) => w !== waiter);
        reject(this.#late(index, timeoutMs));
      }, timeoutMs);
      const waiter: Waiter = { index, settle: settleAfter(timer, resolve) };
      this.#waiters.push(waiter);
    });
  }

  /**
   * Resolves when readers of the state's file see all up to `index`, which this node has applied;
   * rejects with unavailable at the deadline.
   */
  whenSettled(index: LogIndex, timeoutMs: number): Promise<void> {
    if (index <= this.#settledIndex) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#readers = this.#readers.filter((r) => r !== reader);
        reject(this.#late(index, timeoutMs));
      }, timeoutMs);
      const reader: Waiter = { index, settle: settleAfter(timer, resolve) };
      this.#readers.push(reader);
      this.#askToSettle();
    });
  }

  #askToSettle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    this.#post({ kind: 'settle' });
  }

  #late(index: LogIndex, timeoutMs: number): SqlccError {
    const text = `this node has applied ${this.#appliedIndex} of ${index} after ${Math.round(timeoutMs)} ms`;
    return new SqlccError('unavailable', text, { hint: 'ask another node, or read with level none' });
  }

  snapshot(): void {
    this.#post({ kind: 'snapshot' });
  }

  /** Entries after which a snapshot may be made, from now on. */
  snapshotThreshold(entries: number): void {
    this.#post({ kind: 'snapshot-threshold', entries });
  }

  /** What a mark stands for is fixed: applying goes on. */
  marked(id: string): void {
    this.#post({ kind: 'marked', id });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped = resolve;
      this.#post({ kind: 'stop' });
    });
  }

  #post(message: MainToState): void {
    this.#port.postMessage(message);
  }

  #receive(message: StateToMain): void {
    switch (message.kind) {
      case 'open':
        this.#cluster = message.clusterState;
        this.#advance(message.appliedIndex);
        this.#settled(message.appliedIndex);
        return this.#opened?.(null);
      case 'refused':
        return this.#opened?.(message);
      case 'applied':
        if (message.clusterState !== null) this.#cluster = message.clusterState;
        this.#advance(message.appliedIndex);
        this.#settled(message.settledIndex);
        this.#listener.applied(message);
        // behind the work: the other thread goes no faster than this one
        if (message.hear !== null) this.#post({ kind: 'heard', upTo: message.hear });
        return;
      case 'settled':
        this.#isSettling = false;
        this.#settled(message.index);
        if (this.#readers.length > 0) this.#askToSettle();
        return;
      case 'restored':
        this.#cluster = message.clusterState;
        this.#advance(message.appliedIndex);
        this.#settled(message.appliedIndex);
        return this.#listener.restored(message.appliedIndex);
      case 'snapshot-made':
        return this.#listener.snapshot(message);
      case 'mark':
        return this.#listener.mark(message.id, message.index);
      case 'diverged':
        return this.#listener.diverged(message.peer, message.index);
      case 'log':
        return this.#listener.log(message);
      case 'stopped':
        return this.#stopped?.();
    }
  }

  #advance(index: LogIndex): void {
    this.#appliedIndex = index;
    this.#appliedAt = performance.now();
    this.#waiters = settleUpTo(this.#waiters, index);
  }

  #settled(index: LogIndex): void {
    this.#settledIndex = index;
    this.#readers = settleUpTo(this.#readers, index);
  }
}

function settleAfter(timer: NodeJS.Timeout, resolve: () => void): () => void {
  return () => {
    clearTimeout(timer);
    resolve();
  };
}

/** Settles those whose index was reached; answers the others. */
function settleUpTo(waiters: Waiter[], index: LogIndex): Waiter[] {
  if (waiters.length === 0) return waiters;
  for (const waiter of waiters) if (waiter.index <= index) waiter.settle();
  return waiters.filter((w) => w.index > index);
}
