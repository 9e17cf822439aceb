/** The production log on a simulated disk. */
import { between, pick, type Random, seededRandom } from '../../src/base/index.ts';
import type { PersistRequest, RaftStorage } from '../../src/raft/index.ts';
import { findBatchHeaders, IdentityPrint } from '../../src/wal/frame.ts';
import { initDurableStorage, type OpenOptions, openDurableStorage } from '../../src/wal/index.ts';
import { MemoryDisk, type MemoryDiskOptions } from './sim-disk.ts';
import type { DiskFault, SimStorage, SimStorageParts } from './storage.ts';
import type { NodeClock } from './world.ts';

/** Small, so that a seed rolls over many segments. */
const SEGMENT_BYTES = 16 * 1024;
/** Room that a disk has left when it is full. */
const LAST_BYTES = 12 * 1024;
const DIR = '/wal';

export class WalSimStorage implements SimStorage {
  isRotten = false;
  readonly #parts: SimStorageParts;
  readonly #disk: MemoryDisk;
  #clock: NodeClock | null = null;

  /** An empty disk, or a copy of one. */
  constructor(parts: SimStorageParts, from: MemoryDisk | null = null) {
    this.#parts = parts;
    const options: MemoryDiskOptions = {
      random: seededRandom(parts.seed()),
      schedule: (ms, fn) => this.#clock?.later(ms + parts.latencyMs(), fn),
    };
    this.#disk = from?.clone(options) ?? new MemoryDisk(options);
  }

  get struck(): ReadonlyMap<string, number> {
    return this.#disk.struck;
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
    this.#disk.capacityBytes = Number.POSITIVE_INFINITY;
  }

  powerCut(): void {
    this.#disk.crash();
    this.#disk.capacityBytes = Number.POSITIVE_INFINITY;
  }

  strike(fault: DiskFault): void {
    const disk = this.#disk;
    if (fault === 'sync') disk.failNextSync();
    else if (fault === 'write') disk.failNextWrite();
    else if (fault === 'read') disk.failNextRead();
    else if (fault === 'open') disk.failNextOpen();
    else if (fault === 'name') disk.failNextName();
    else disk.capacityBytes = disk.usedBytes() + LAST_BYTES;
  }

  repair(): void {
    this.#disk.repair();
  }

  copy(): WalSimStorage {
    const copy = new WalSimStorage(this.#parts, this.#disk);
    copy.#disk.settle();
    copy.isRotten = this.isRotten;
    return copy;
  }

  /** In data that a later batch, or a seal, proves to have been durable: the newest batch could be a torn one. */
  rot(random: Random): boolean {
    const { nodeId, instanceId } = this.#parts;
    const print = new IdentityPrint({ clusterId: 'sim', nodeId, instanceId });
    const files = this.#disk.list(DIR).filter((name) => name.endsWith('.wal'));
    const path = `${DIR}/${pick(random, files)}`;
    const bytes = this.#disk.contentOf(path);
    const last = [...findBatchHeaders(bytes, 0, print)].at(-1);
    if (last === undefined || last.at < 128) return false;
    this.#disk.flip(path, between(random, 0, last.at - 1), between(random, 0, 7));
    this.isRotten = true;
    return true;
  }

  #options(clock: NodeClock): OpenOptions {
    const { nodeId, instanceId } = this.#parts;
    return {
      disk: this.#disk,
      dir: DIR,
      clusterId: 'sim',
      nodeId,
      instanceId,
      clock,
      schedule: (fn) => clock.soon(fn),
      segmentBytes: SEGMENT_BYTES,
      cacheBytes: this.#parts.cacheBytes,
    };
  }
}
