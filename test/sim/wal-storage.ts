/** The production log on a simulated disk. */
import { seededRandom } from '../../src/base/index.ts';
import type { PersistRequest, RaftStorage } from '../../src/raft/index.ts';
import { initDurableStorage, type OpenOptions, openDurableStorage } from '../../src/wal/index.ts';
import { MemoryDisk } from './sim-disk.ts';
import type { SimStorage, SimStorageParts } from './storage.ts';
import type { NodeClock } from './world.ts';

/** Small, so that a seed rolls over many segments. */
const SEGMENT_BYTES = 16 * 1024;
const CACHE_BYTES = 4 * 1024;

export class WalSimStorage implements SimStorage {
  readonly #parts: SimStorageParts;
  readonly #disk: MemoryDisk;
  #clock: NodeClock | null = null;

  constructor(parts: SimStorageParts) {
    this.#parts = parts;
    this.#disk = new MemoryDisk({
      random: seededRandom(parts.seed()),
      schedule: (ms, fn) => void this.#clock?.after(ms + parts.latencyMs(), fn),
    });
  }

  init(clock: NodeClock, bootstrap: PersistRequest | null): void {
    initDurableStorage({ ...this.#options(clock), bootstrap });
  }

  open(clock: NodeClock): RaftStorage {
    this.#clock = clock;
    return openDurableStorage(this.#options(clock)).storage;
  }

  kill(): void {
    this.#disk.kill();
  }

  powerCut(): void {
    this.#disk.crash();
  }

  failNextSync(): void {
    this.#disk.failNextSync();
  }

  #options(clock: NodeClock): OpenOptions {
    return {
      disk: this.#disk,
      dir: '/wal',
      clusterId: 'sim',
      nodeId: this.#parts.nodeId,
      instanceId: this.#parts.instanceId,
      clock,
      schedule: (fn) => void clock.after(0.001, fn),
      segmentBytes: SEGMENT_BYTES,
      cacheBytes: CACHE_BYTES,
    };
  }
}
