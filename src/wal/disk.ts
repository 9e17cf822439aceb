/**
 * Port `Disk`: the few file operations that durability rests on, and what each
 * one promises after a power cut.
 *
 * Nothing here is a Promise. Short operations return at once; `sync` and
 * `syncDir` take a callback that runs later, on an empty stack, so that the same
 * log runs on a real disk and inside the simulator. Operations that fail throw
 * `SqlccError('storage_failed')` with `details.errno`; those with a callback never
 * throw, they hand it over, whatever step of them failed.
 *
 * Promises: bytes written are durable once a `sync` that began after the write
 * has succeeded; a name (create, rename, remove) once `syncDir` of its folder has.
 * Until then any part of either may be lost, in any order. After a failed `sync`
 * nothing is known about the bytes, ever again.
 */
import { type Bytes, SqlccError } from '../base/index.ts';

/** Called once with null, or with why it failed. */
export type DiskDone = (error: SqlccError | null) => void;

/** An open file. Positions and lengths in bytes. */
export interface DiskFile {
  readonly path: string;
  /** Writes all of `bytes` at `offset`; past the end the file grows. Into the page cache: not durable yet. */
  write(offset: number, bytes: Uint8Array): void;
  /** Up to `length` bytes at `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  size(): number;
  truncate(size: number): void;
  /** Makes everything written so far durable (fdatasync). The caller keeps one in flight at most. */
  sync(done: DiskDone): void;
  /** The same, blocking: for start and repair only. */
  syncNow(): void;
  close(): void;
}

export interface Disk {
  /** `create` refuses a file that is there, `existing` one that is not. */
  open(path: string, mode: 'create' | 'existing'): DiskFile;
  /** Names in a folder, sorted; a missing folder is empty. */
  list(dir: string): string[];
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** Creates the folder and its parents; fine when it is there. */
  makeDir(dir: string): void;
  /** Makes names in `dir` durable. A folder that can't be opened is told by `done` as well. */
  syncDir(dir: string, done: DiskDone): void;
  /** The same, blocking: for start and repair only. */
  syncDirNow(dir: string): void;
  /** Bytes that may still be written to the file system of `dir`. */
  freeBytes(dir: string): Bytes;
}

/** The error of a failed operation; `cause` is the system's own error where there is one. */
export function diskError(operation: string, path: string, cause: unknown): SqlccError {
  const code = (cause as { code?: unknown } | null)?.code;
  const errno = typeof code === 'string' ? code : 'EIO';
  return new SqlccError('storage_failed', `${operation} ${path}: ${errno}`, {
    details: { file: path, operation, errno },
    cause,
  });
}
