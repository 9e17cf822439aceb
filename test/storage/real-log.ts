/** The production log on real files: made, written, copied, opened again. */
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../daemon/system-clock.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { LogEntry, PersistRequest } from '../../src/raft/index.ts';
import {
  type DurableStorage,
  initDurableStorage,
  NodeDisk,
  type OpenOptions,
  openDurableStorage,
} from '../../src/wal/index.ts';
import { request } from '../unit/wal/wal-kit.ts';

export const SEGMENT_BYTES = 4096;

export function logOptions(dir: string, more: Partial<OpenOptions> = {}): OpenOptions {
  const identity = { clusterId: 'c1', nodeId: 'n1', instanceId: 'i1' };
  const time = { clock: systemClock, schedule: (fn: () => void) => void setImmediate(fn) };
  return { disk: new NodeDisk(), dir, ...identity, ...time, segmentBytes: SEGMENT_BYTES, ...more };
}

/** A new log in `dir`, open. */
export function newRealLog(dir: string): DurableStorage {
  initDurableStorage({ ...logOptions(dir), bootstrap: null });
  return openDurableStorage(logOptions(dir)).storage;
}

/** Resolves when the write is durable, rejects when the log fails. */
export function written(storage: DurableStorage, parts: Partial<PersistRequest>): Promise<void> {
  return new Promise((resolve, reject) => {
    storage.onFailure((reason) => reject(new Error(reason)));
    storage.write(request(1, parts), () => resolve());
  });
}

/** What a log says, in one comparable piece. */
export interface Picture {
  readonly state: ReturnType<DurableStorage['initialState']>;
  readonly first: number;
  readonly entries: readonly LogEntry[];
}

export function pictureOf(storage: DurableStorage): Picture {
  const first = storage.firstIndex();
  const entries = storage.entries(first, storage.lastIndex(), 1e9) ?? [];
  return { state: storage.initialState(), first, entries };
}

export type Opened =
  | { readonly kind: 'started'; readonly picture: Picture; readonly repaired: string | null }
  | { readonly kind: 'refused'; readonly error: SqlccError };

/** Opens the log as a start of the node would, looks, and closes it. */
export function tryOpen(dir: string, more: Partial<OpenOptions> = {}): Opened {
  try {
    const { storage, recovered } = openDurableStorage(logOptions(dir, more));
    const picture = pictureOf(storage);
    storage.close();
    return { kind: 'started', picture, repaired: recovered.repaired };
  } catch (error) {
    if (error instanceof SqlccError && error.code === 'storage_failed') return { kind: 'refused', error };
    throw error;
  }
}

/** Puts a copy of `from` in the place of `to`. */
export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
}

export function segmentNames(dir: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.wal'))
    .sort();
}

export function brokenNames(dir: string): string[] {
  return readdirSync(dir).filter((name) => name.endsWith('.broken'));
}

/** The newest segment's path, its bytes, and the end of what was written in it. */
export function newestSegment(dir: string): { path: string; bytes: Buffer; end: number } {
  const path = join(dir, segmentNames(dir).at(-1) ?? '');
  const bytes = readFileSync(path);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return { path, bytes, end };
}
