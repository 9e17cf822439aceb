/** The data folder's disk as a log would meet it, and who may read what is in there. */
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type DoctorRow, fileSystemRow, row, type SyncFigures, spaceRow, syncRow } from './rows.ts';

const SYNCS = 200;
const BUDGET_MS = 2000;
const FEWEST_SYNCS = 5;
const WRITE_BYTES = 4096;

/** `dir`, or the nearest folder above it that is there already. */
export function existingFolder(dir: string): string {
  const path = resolve(dir);
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}

/** Appends and syncs as the log does, in a file that is removed again; ends after BUDGET_MS. */
export function measureSyncs(dir: string, sync: (fd: number) => void = fdatasyncSync): SyncFigures {
  const path = join(dir, `.sqlcc-doctor-${process.pid}.tmp`);
  const fd = openSync(path, 'wx', 0o600);
  const times: number[] = [];
  try {
    const block = Buffer.alloc(WRITE_BYTES, 0x5a);
    const began = performance.now();
    while (times.length < SYNCS && (times.length < FEWEST_SYNCS || performance.now() - began < BUDGET_MS)) {
      const from = performance.now();
      writeSync(fd, block);
      sync(fd);
      times.push(performance.now() - from);
    }
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
  times.sort((a, b) => a - b);
  const at = (q: number): number => times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0;
  return { syncs: times.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function diskRows(dataDir: string): DoctorRow[] {
  const dir = existingFolder(dataDir);
  const { type, bavail, blocks, bsize } = statfsSync(dir);
  const rows = [fileSystemRow(type), spaceRow(bavail * bsize, blocks * bsize)];
  try {
    rows.unshift(syncRow(measureSyncs(dir)));
  } catch (error) {
    const advice = 'run it as the user that the daemon runs as, or chown the folder';
    rows.unshift(
      row('fsync', 'fail', `nothing can be written to ${dir}: ${(error as Error).message}`, advice),
    );
  }
  return rows;
}

/** What lies in `dir` that its owner does not have alone; at most `limit` of it. */
function openToOthers(dir: string, limit = 5): { path: string; mode: string; isKey: boolean }[] {
  const found: { path: string; mode: string; isKey: boolean }[] = [];
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
  for (const path of [dir, ...names.map((name) => join(dir, name))]) {
    const info = lstatSync(path, { throwIfNoEntry: false });
    if (info === undefined || info.isSymbolicLink() || (info.mode & 0o077) === 0) continue;
    const isKey = path.endsWith('.key');
    found.push({ path, mode: (info.mode & 0o777).toString(8), isKey });
  }
  return found.sort((a, b) => Number(b.isKey) - Number(a.isKey)).slice(0, limit);
}

export function permissionsRow(dataDir: string): DoctorRow {
  if (!existsSync(dataDir)) return row('permissions', 'ok', `${dataDir} is not there yet`);
  const uid = process.getuid?.();
  const owner = lstatSync(dataDir).uid;
  if (uid !== undefined && owner !== uid) {
    const advice = 'run as that user, or chown -R the folder';
    return row('permissions', 'fail', `${dataDir} belongs to uid ${owner}, this is uid ${uid}`, advice);
  }
  const open = openToOthers(dataDir);
  const [worst] = open;
  if (worst === undefined) return row('permissions', 'ok', 'files and folders are their owner’s alone');
  const text = open.map(({ path, mode }) => `${path} (${mode})`).join(', ');
  const advice = worst.isKey
    ? 'chmod 600; and judge who had the key: if in doubt take the node out and join it anew'
    : `chmod -R go= ${dataDir}`;
  // a start refuses keys that others may read, and folders that they may write
  const isRefused = open.some((o) => o.isKey || (Number.parseInt(o.mode, 8) & 0o022) !== 0);
  return row('permissions', isRefused ? 'fail' : 'warn', text, advice);
}
