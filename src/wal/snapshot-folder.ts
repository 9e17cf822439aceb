/** Names and durable changes of names in the folder of snapshots. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SqlccError } from '../base/index.ts';

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Path of a snapshot's file. The id may come from another node: none that leaves the folder passes. */
export function snapshotPath(dir: string, id: string, kind: 'snap' | 'tmp' | 'part'): string {
  if (!ID.test(id)) throw new SqlccError('invalid_argument', 'the id of the snapshot is none');
  return join(dir, `${id}.${kind}`);
}

/** Removes a file, also one that another thread has just removed. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Runs `work` on the file `path`; the system's errors become `storage_failed`. */
export async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SqlccError) throw error;
    const { code, message } = error as { code?: string; message: string };
    const details = { file: path, errno: code ?? 'EIO' };
    throw new SqlccError('storage_failed', `snapshot ${path}: ${message}`, { details, cause: error });
  }
}

/** What `work` makes of an open file, which is closed when it fails: a lost handle ends the process. */
export async function keepOrClose<T>(handle: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Makes names in `dir` durable. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
