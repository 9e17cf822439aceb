/**
 * The simulated node's disk as the simulator steers it: opened at each start, killed or
 * cut from power at each end, made to fail. Two kinds: the production log on a simulated
 * disk (wal-storage.ts), and this one, a list with a latency, against which the core can
 * be tried without the log.
 */
import type { InstanceId, NodeId, Random } from '../../src/base/index.ts';
import { MemoryStorage, type PersistRequest, type RaftStorage } from '../../src/raft/index.ts';
import type { NodeClock } from './world.ts';

/** What fails once; `full`: hardly any room is left until the disk is repaired. */
export type DiskFault = 'sync' | 'write' | 'read' | 'open' | 'name' | 'full';

export interface SimStorage {
  /** A bit that matters has flipped: refusing to start is right. */
  readonly isRotten: boolean;
  /** Faults that really struck, by name. */
  readonly struck: ReadonlyMap<string, number>;
  /** The first write of a new disk. */
  init(clock: NodeClock, bootstrap: PersistRequest | null): void;
  /** Begins a life on what the disk kept. */
  open(clock: NodeClock): RaftStorage;
  /** The process is gone, the page cache stays. */
  kill(): void;
  /** What was not synced is lost or torn. */
  powerCut(): void;
  /** Once: the log must never acknowledge anything again in that life. */
  strike(fault: DiskFault): void;
  /** No fault waits to strike any more. */
  repair(): void;
  /** A copy of the files as they are now, on a disk of its own; null when this one can't. */
  copy(): SimStorage | null;
  /** Flips a bit of confirmed data; false when there is none yet. */
  rot(random: Random): boolean;
}

export interface SimStorageParts {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  /** Latency of the next sync, ms. */
  readonly latencyMs: () => number;
  /** Memory for recent entries; older ones are read back from the log. */
  readonly cacheBytes: number;
  /** A fresh seed for whatever the disk draws. */
  readonly seed: () => number;
}

/** `MemoryStorage` with a latency: writes are durable one after the other. */
export class MemorySimStorage implements SimStorage {
  readonly isRotten = false;
  readonly struck = new Map<string, number>();
  readonly #parts: SimStorageParts;
  readonly #log = new MemoryStorage();
  #life = 0;
  #fails = false;

  constructor(parts: SimStorageParts) {
    this.#parts = parts;
  }

  init(_clock: NodeClock, bootstrap: PersistRequest | null): void {
    if (bootstrap === null) return;
    this.#log.write(bootstrap, () => {});
    this.#log.flush();
  }

  open(clock: NodeClock): RaftStorage {
    const log = this.#log;
    const life = ++this.#life;
    let isSyncing = false;
    // one sync at a time, for all that waits when it begins
    const sync = (): void => {
      const covered = log.queued;
      isSyncing = covered > 0;
      if (isSyncing) clock.later(this.#parts.latencyMs(), () => end(covered));
    };
    const end = (covered: number): void => {
      if (life !== this.#life) return;
      if (this.#fails) {
        this.struck.set('sync EIO', (this.struck.get('sync EIO') ?? 0) + 1);
        log.poison('a sync failed');
      } else log.flush(covered);
      sync();
    };
    this.#fails = false;
    return {
      initialState: () => log.initialState(),
      firstIndex: () => log.firstIndex(),
      lastIndex: () => log.lastIndex(),
      term: (index) => log.term(index),
      entries: (low, high, maxBytes) => log.entries(low, high, maxBytes),
      tailWithin: (high, maxBytes) => log.tailWithin(high, maxBytes),
      snapshot: () => log.snapshot(),
      waitingBytes: () => log.waitingBytes(),
      onFailure: (failed) => log.onFailure(failed),
      write: (request, done) => {
        log.write(request, done);
        if (!isSyncing) sync();
      },
    };
  }

  kill(): void {
    this.#life++;
    // the page cache reaches the disk in its own time
    this.#log.flush();
    this.#log.crash();
  }

  powerCut(): void {
    this.#life++;
    this.#log.crash();
  }

  strike(fault: DiskFault): void {
    if (fault === 'sync' || fault === 'write') this.#fails = true;
  }

  repair(): void {
    this.#fails = false;
  }

  copy(): null {
    return null;
  }

  rot(): boolean {
    return false;
  }
}

/** A disk that fails as it is read ends the turn: by an error that struck, or damage that somebody did. */
export function isDiskError(reason: string, isRotten: boolean): boolean {
  if (/^SqlccError: read \S+: EIO/.test(reason)) return true;
  return isRotten && /^SqlccError: \S+ at byte \d+: entry \d+ is damaged/.test(reason);
}
