/** The announcements ahead of each copy: read back, replaced, made anew; and SQLite's log as we read it. */
import {
  appendFileSync,
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpoints } from '../../../src/engines/sqlite/checkpoints.ts';
import { PageSums, verifyPages, writeAllSums } from '../../../src/engines/sqlite/page-sums.ts';
import { PAGE_BYTES, scanWal } from '../../../src/engines/sqlite/wal-scan.ts';

let dir = '';
let path = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-sums-'));
  path = join(dir, 'state-1.db');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const pages = (...content: string[]): Buffer =>
  Buffer.concat(content.map((c) => Buffer.alloc(PAGE_BYTES, c)));
const sums = (from: number, ...content: string[]) =>
  new Map(content.map((c, n) => [from + n, crc32(Buffer.alloc(PAGE_BYTES, c))] as const));

describe('PageSums', () => {
  it('takes the file as it was before what was announced, and as it is after, but nothing between', () => {
    writeFileSync(path, pages('a', 'b', 'c'));
    writeAllSums(path);
    new PageSums(path).announce({ salt: '01'.repeat(8), frames: 2, dbPages: 4, pages: sums(3, 'x', 'y') });
    verifyPages(path);
    writeFileSync(path, pages('a', 'b', 'x', 'y'));
    verifyPages(path);
    for (const between of [pages('a', 'b', 'x'), pages('a', 'b', 'q', 'y'), pages('a', 'q', 'x', 'y')]) {
      writeFileSync(path, between);
      expect(() => verifyPages(path)).toThrow(/state-1\.db at byte \d+: page \d is not as it was written/);
    }
  });

  it('lets a longer announcement of the same log take the place of the shorter', () => {
    writeFileSync(path, pages('a', 'b'));
    writeAllSums(path);
    const announced = new PageSums(path);
    announced.announce({ salt: '01'.repeat(8), frames: 1, dbPages: 2, pages: sums(1, 'x') });
    announced.announce({ salt: '01'.repeat(8), frames: 2, dbPages: 2, pages: sums(1, 'x', 'y') });
    verifyPages(path);
    writeFileSync(path, pages('x', 'y'));
    verifyPages(path);
    writeFileSync(path, pages('x', 'b'));
    expect(() => verifyPages(path)).toThrow('at byte 4096');
  });

  it('drops an announcement that a crash cut short, and writes the next one in its place', () => {
    writeFileSync(path, pages('a', 'b'));
    writeAllSums(path);
    const whole = statSync(`${path}.sums`).size;
    new PageSums(path).announce({ salt: '01'.repeat(8), frames: 1, dbPages: 2, pages: sums(1, 'x') });
    const { size } = statSync(`${path}.sums`);
    for (let cut = whole; cut < size; cut++) {
      truncateSync(`${path}.sums`, cut);
      // a file system may leave zeros of the right length
      appendFileSync(`${path}.sums`, Buffer.alloc(cut % 2 === 0 ? 0 : size - cut));
      verifyPages(path);
    }
    truncateSync(`${path}.sums`, whole + 5);
    new PageSums(path).announce({ salt: '02'.repeat(8), frames: 1, dbPages: 2, pages: sums(2, 'z') });
    writeFileSync(path, pages('a', 'z'));
    verifyPages(path);
  });

  it('stays small: what was announced and copied is folded', () => {
    writeFileSync(path, pages('a', 'b'));
    writeAllSums(path);
    const many = new PageSums(path);
    const content = Array.from({ length: 5000 }, () => 'm');
    const all = sums(1, ...content);
    for (let n = 1; n <= 60; n++) {
      const salt = n.toString(16).padStart(16, '0');
      many.announce({ salt, frames: 1, dbPages: 5000, pages: all });
      many.copied();
    }
    expect(statSync(`${path}.sums`).size).toBeLessThan(1_200_000);
    writeFileSync(path, pages(...content));
    verifyPages(path);
    writeFileSync(path, pages(...content.slice(1), 'n'));
    expect(() => verifyPages(path)).toThrow('page 5000');
  });
});

function makeDatabase(): void {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
  writeAllSums(path);
}

/** What changes with each announcement, and whenever the log is begun anew. */
function stageOf(file: string): string {
  const salt = Buffer.alloc(8);
  const fd = openSync(`${file}-wal`, 'r');
  readSync(fd, salt, 0, 8, 16);
  closeSync(fd);
  return `${salt.toString('hex')} ${statSync(`${file}.sums`).size}`;
}

describe('Checkpoints', () => {
  it('leave, while a long read holds the log back, what a start takes for whole', () => {
    makeDatabase();
    const db = new DatabaseSync(path, { readBigInts: true, returnArrays: true });
    const checkpoints = new Checkpoints(path, db);
    db.exec('CREATE TABLE t (x)');
    const fill = db.prepare('INSERT INTO t VALUES (randomblob(3000))');
    const write = (rows: number): void => {
      for (let n = 0; n < rows; n++) fill.run();
    };
    write(20);
    expect(checkpoints.copy()).toBe(true);
    write(20);
    const reader = new DatabaseSync(path, { readOnly: true });
    reader.exec('BEGIN; SELECT count(*) FROM t');
    write(20);
    expect(checkpoints.copy()).toBe(false);
    write(20);
    expect(checkpoints.copy()).toBe(false);
    write(5);
    const killed = join(dir, 'killed');
    mkdirSync(killed);
    for (const end of ['', '-wal', '-shm', '.sums'])
      cpSync(`${path}${end}`, `${join(killed, 'state-1.db')}${end}`);
    verifyPages(join(killed, 'state-1.db'));
    const again = new DatabaseSync(join(killed, 'state-1.db'));
    expect(again.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 85 });
    again.close();
    reader.close();
    expect(checkpoints.copy()).toBe(true);
    db.close();
    verifyPages(path);
  });

  it('copy beside the commits, and leave at each moment what a start takes for whole', async () => {
    makeDatabase();
    const db = new DatabaseSync(path, { readBigInts: true, returnArrays: true });
    db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, x BLOB)');
    const checkpoints = new Checkpoints(path, db);
    const put = db.prepare('INSERT OR REPLACE INTO t VALUES (?, randomblob(3000))');
    const killed = join(dir, 'killed');
    mkdirSync(killed);
    const stages = new Set<string>();
    const look = (rows: number): void => {
      const before = stages.size;
      if (stages.add(stageOf(path)).size === before) return;
      for (const end of ['', '-wal', '.sums'])
        cpSync(`${path}${end}`, `${join(killed, 'state-1.db')}${end}`, { force: true });
      rmSync(join(killed, 'state-1.db-shm'), { force: true });
      verifyPages(join(killed, 'state-1.db'));
      const again = new DatabaseSync(join(killed, 'state-1.db'));
      expect(again.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: rows });
      again.close();
    };
    let commits = 0;
    // each page is written again and again, as by keys that are put again: about 1500 different ones
    while (stages.size < 10 && commits < 60_000) {
      db.exec('BEGIN');
      for (let n = 0; n < 40; n++) put.run(commits++ % 1500);
      db.exec('COMMIT');
      checkpoints.afterCommit();
      if (checkpoints.isOutrun) await checkpoints.settled();
      await new Promise((resolve) => setImmediate(resolve));
      look(Math.min(commits, 1500));
    }
    expect(stages.size).toBe(10);
    // begun anew each time, not grown: 4000 frames are due, 4000 more come before anything waits, each seen 700 later
    expect(statSync(`${path}-wal`).size).toBeLessThan(9500 * 4120);
    await checkpoints.settled();
    expect(checkpoints.copy()).toBe(true);
    db.close();
    checkpoints.close();
    verifyPages(path);
  });

  it('stop when the log does not say what was written into it', () => {
    makeDatabase();
    const db = new DatabaseSync(path, { readBigInts: true, returnArrays: true });
    const checkpoints = new Checkpoints(path, db);
    db.exec('CREATE TABLE t (x); INSERT INTO t VALUES (1)');
    expect(scanWal(`${path}-wal`).frames).toBeGreaterThan(1);
    truncateSync(`${path}-wal`, 32 + 24 + 100);
    expect(() => checkpoints.copy()).toThrow(
      /state-1\.db-wal at byte 0: the \d frames written are not there/,
    );
    db.close();
  });
});
