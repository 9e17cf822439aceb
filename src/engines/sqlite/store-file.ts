/**
 * The file of a database that can be replaced while others read it. `state.db` is a
 * link to `state-<n>.db`; a restore writes the next number and turns the link over in
 * one rename. Each generation has its own WAL beside it, so that neither a crash in
 * the middle nor a reader of the old one can ever bring two histories together.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { must } from '../../base/index.ts';
import { verifyPages, writeAllSums } from './page-sums.ts';

const LINK = 'state.db';
const GENERATION = /^state-(\d+)\.db$/;

function syncPath(path: string): void {
  const handle = openSync(path, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** Name of the generation that the link in `dir` leads to; null when there is none. */
export function currentGeneration(dir: string): string | null {
  try {
    return readlinkSync(join(dir, LINK));
  } catch {
    return null;
  }
}

function point(dir: string, generation: string): void {
  const next = join(dir, `${LINK}.next`);
  rmSync(next, { force: true });
  symlinkSync(generation, next);
  renameSync(next, join(dir, LINK));
  syncPath(dir);
}

function removeOthers(dir: string, kept: string): void {
  for (const name of readdirSync(dir)) {
    const stale = /^state-\d+\.db/.test(name) && !name.startsWith(kept);
    if (stale || /^trial-/.test(name)) rmSync(join(dir, name), { force: true });
  }
}

/**
 * The database's path in `dir`; makes folder, link and file when there are none and clears what a crash
 * left. Throws `storage_failed` with file and offset when the file is not as it was written.
 */
export function openStoreFile(dir: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (currentGeneration(dir) === null) point(dir, 'state-1.db');
  const current = must(currentGeneration(dir), 'the link of the state file');
  removeOthers(dir, current);
  const path = join(dir, current);
  if (existsSync(path) && statSync(path).size > 0) verifyPages(path);
  else {
    // without its database a log means nothing
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    prepare(path);
  }
  return path;
}

/** Removes the database in `dir`: another is made in its place. */
export function discardStoreFile(dir: string): void {
  for (const name of readdirSync(dir)) if (/^state/.test(name)) rmSync(join(dir, name), { force: true });
  syncPath(dir);
}

/** Gives a new or copied file its last head, and its checksums: from now on only its log changes it. */
function prepare(path: string): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
  writeAllSums(path);
}

/**
 * Makes the file at `path` the next generation and answers its new path. The caller has closed the old
 * one.
 */
export function adopt(dir: string, path: string): string {
  const number = Number(
    GENERATION.exec(must(currentGeneration(dir), 'the link of the state file'))?.[1] ?? 0,
  );
  const name = `state-${number + 1}.db`;
  const next = join(dir, name);
  renameSync(path, next);
  prepare(next);
  syncPath(next);
  point(dir, name);
  removeOthers(dir, name);
  return join(dir, name);
}

/**
 * Makes all that was committed to the database at `path` survive a power cut: its WAL is read up to
 * the last commit.
 */
export function syncStoreFile(path: string): void {
  for (const file of [`${path}-wal`, path]) if (existsSync(file)) syncPath(file);
}
