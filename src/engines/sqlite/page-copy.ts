/**
 * Copies a database page by page. The copy reads through a connection of its own that
 * holds one read transaction from begin to end: so it is one point in time, writers
 * go on meanwhile, and no write makes it start again (a backup without that
 * transaction restarts at every commit and starves under load).
 */
import { rmSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { SqlccError } from '../../base/index.ts';

/** Pages a step: 4 MiB, so that a step takes a few ms of one core. */
const PAGES_PER_STEP = 1024;

/** Writes a self-contained copy of the database at `from` to the new file `to`. */
export async function copyPages(from: string, to: string): Promise<void> {
  // what a crash left of an earlier copy
  for (const stale of [to, `${to}-journal`, `${to}-wal`, `${to}-shm`]) rmSync(stale, { force: true });
  const source = new DatabaseSync(from, { readOnly: true });
  try {
    source.exec('BEGIN; SELECT count(*) FROM sqlite_schema');
    await backup(source, to, { rate: PAGES_PER_STEP });
    source.exec('COMMIT');
  } finally {
    source.close();
  }
  // the copy says "WAL" in its header; as a plain file it needs no companions
  const copy = new DatabaseSync(to);
  copy.exec('PRAGMA journal_mode = DELETE');
  copy.close();
}

/** Throws storage_failed unless the file at `path` is a sound database. */
export function checkPages(path: string): void {
  let verdict: { quick_check?: unknown } | undefined;
  try {
    const db = new DatabaseSync(path, { readOnly: true });
    try {
      verdict = db.prepare('PRAGMA quick_check(1)').get();
    } finally {
      db.close();
    }
  } catch (error) {
    throw new SqlccError('storage_failed', `${path} is no database: ${(error as Error).message}`, {
      cause: error,
    });
  }
  if (verdict?.quick_check !== 'ok') {
    throw new SqlccError('storage_failed', `${path} is damaged: ${String(verdict?.quick_check)}`);
  }
}
