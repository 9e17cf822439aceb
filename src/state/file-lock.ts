/**
 * A lock that the kernel holds for as long as this process lives: an exclusive
 * transaction that never ends, on an empty SQLite file. Whatever ends the process ends
 * the lock, so nothing stale is ever left to judge, and two who race never both win.
 *
 * The file stays when the lock is given back: who removed it could take it from under
 * somebody who has just opened it. Nobody in this process may open it in another way:
 * POSIX drops all locks of a process on a file when it closes any descriptor of it.
 */
import { chmodSync, closeSync, openSync, realpathSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** The locks of this process by real path: a connection that nobody refers to is collected, its lock lost. */
const held = new Map<string, DatabaseSync>();

/** Takes the lock on `path` (made when missing, 0600); answers how to give it back, null while it is held. */
export function takeFileLock(path: string): (() => void) | null {
  const before = realPath(path);
  if (before !== null && held.has(before)) return null;
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
  const real = realpathSync(path);
  const database = lockedDatabase(real);
  if (database === null) return null;
  held.set(real, database);
  return () => {
    if (held.delete(real)) database.close();
  };
}

function lockedDatabase(path: string): DatabaseSync | null {
  for (let attempt = 0; ; attempt++) {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (error) {
      database.close();
      const { errcode } = error as { errcode?: number };
      if (errcode === SQLITE_BUSY) return null;
      if (errcode !== SQLITE_NOTADB || attempt > 0) throw error;
      truncateSync(path, 0); // bytes of somebody else: no lock of ours ever writes any
    }
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null; // not there yet
  }
}
