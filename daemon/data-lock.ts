/**
 * That only one daemon uses a data directory. `LOCK` is locked by the kernel for as
 * long as the owner lives; `LOCK.owner` beside it is for people: it names the process,
 * and nothing is decided from it.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccError } from '../src/base/index.ts';
import { takeFileLock } from '../src/state/index.ts';

/** Takes the folder for this process, or refuses by naming the owner. The returned function gives it back. */
export function lockDataDir(dir: string): () => void {
  const ownerPath = join(dir, 'LOCK.owner');
  const unlock = takeFileLock(join(dir, 'LOCK'));
  if (unlock === null) {
    throw new SqlccError('conflict', `${dir} is in use by process ${readOwner(ownerPath)}`, {
      hint: 'stop that daemon first, or give this one another --data-dir',
    });
  }
  writeFileSync(ownerPath, `${process.pid}\n`, { mode: 0o600 });
  return () => {
    rmSync(ownerPath, { force: true });
    unlock();
  };
}

/** The owner's pid; it may be missing for the moment between taking the lock and saying so. */
function readOwner(path: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return /^\d{1,10}$/.test(text) ? text : 'of an unknown number';
  } catch {
    return 'of an unknown number';
  }
}

/** The pid of the daemon that runs on the folder, by its own word; null when none does. Decides nothing. */
export function runningPid(dir: string): number | null {
  const pid = Number(readOwner(join(dir, 'LOCK.owner')));
  return Number.isInteger(pid) && existsSync(`/proc/${pid}`) ? pid : null;
}
