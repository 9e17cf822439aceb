/** Names and durable changes of names in the folder of snapshots. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SqlccError } from '../base/index.ts';

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** Path of a snapshot's file. The id may come from another node: one that could leave the folder is refused. */
export function snapshotPath(dir: string, id: string, kind: 'snap' | 'tmp' | 'part'): string {
  if (!ID.test(id)) throw new SqlccError('invalid_argument', 'the id of the snapshot is none');
  return join(dir, `${id}.${kind}`);
}

/** Removes a file, also one that another thread has just removed. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
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
