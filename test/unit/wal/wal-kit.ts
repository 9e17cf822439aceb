/** What tests of the log share: a disk, a clock that only moves when told, and writes by name. */
import { type Cancel, type Clock, seededRandom } from '../../../src/base/index.ts';
import type { LogEntry, PersistRequest, SnapshotMeta } from '../../../src/raft/index.ts';
import { initDurableStorage, type OpenOptions, openDurableStorage } from '../../../src/wal/index.ts';
import { MemoryDisk } from '../../sim/sim-disk.ts';

export const DIR = '/wal';
export const SEGMENT_BYTES = 4096;

/** Virtual time and everything planned in it, soonest first. */
export class Bench implements Clock {
  #now = 0;
  #planned: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  wall(): number {
    return 1_700_000_000_000 + this.#now;
  }

  wakeAt(at: number, run: () => void): Cancel {
    const item = { at, run };
    this.#planned.push(item);
    return () => {
      this.#planned = this.#planned.filter((other) => other !== item);
    };
  }

  readonly soon = (run: () => void): void => void this.wakeAt(this.#now, run);
  readonly later = (ms: number, run: () => void): void => void this.wakeAt(this.#now + ms, run);

  /** Runs one planned thing that is due within `ms`; false when there is none. */
  step(ms = 0): boolean {
    const until = this.#now + ms;
    let next: { at: number; run: () => void } | undefined;
    for (const item of this.#planned) if (item.at <= until && item.at < (next?.at ?? Infinity)) next = item;
    if (next === undefined) return false;
    this.#planned = this.#planned.filter((item) => item !== next);
    this.#now = Math.max(this.#now, next.at);
    next.run();
    return true;
  }

  /** Runs everything that is due within `ms`. */
  run(ms = 0): void {
    const end = this.#now + ms;
    while (this.step(end - this.#now));
    this.#now = end;
  }

  /** Forgets all plans: the process that had them is dead. */
  drop(): void {
    this.#planned = [];
  }
}

export function memoryDisk(bench: Bench, seed = 1): MemoryDisk {
  return new MemoryDisk({ random: seededRandom(seed), schedule: bench.later });
}

export function optionsFor(bench: Bench, disk: MemoryDisk, more: Partial<OpenOptions> = {}): OpenOptions {
  const identity = { clusterId: 'c1', nodeId: 'n1', instanceId: 'i1' };
  const time = { clock: bench, schedule: bench.soon };
  return { disk, dir: DIR, ...identity, ...time, segmentBytes: SEGMENT_BYTES, ...more };
}

/** A new log in memory, open. */
export function newLog(more: Partial<OpenOptions> = {}, seed = 1) {
  const bench = new Bench();
  const disk = memoryDisk(bench, seed);
  const options = optionsFor(bench, disk, more);
  initDurableStorage({ ...options, bootstrap: null });
  const { storage } = openDurableStorage(options);
  return { bench, disk, options, storage };
}

export function entry(index: number, term = 1, text = `entry ${index}`): LogEntry {
  return { index, term, kind: 'command', timestamp: 1000 + index, data: new TextEncoder().encode(text) };
}

export function entriesFrom(first: number, count: number, more: { term?: number; bytes?: number } = {}) {
  const text = (index: number) => `entry ${index} `.padEnd(more.bytes ?? 12, 'x');
  return Array.from({ length: count }, (_, n) => entry(first + n, more.term ?? 1, text(first + n)));
}

export function request(token: number, parts: Partial<PersistRequest> = {}): PersistRequest {
  const nothing = { hardState: null, truncateFrom: null, entries: [], snapshot: null, compactTo: null };
  return { token, ...nothing, ...parts };
}

export function snapshotMeta(index: number, term = 1): SnapshotMeta {
  const member = { nodeId: 'n1', instanceId: 'i1', address: 'n1:1' };
  const membership = { voters: [member], outgoing: [], learners: [], learnersNext: [] };
  return { id: `snap-${index}`, index, term, membership, membershipIndex: 1, size: 100 };
}
