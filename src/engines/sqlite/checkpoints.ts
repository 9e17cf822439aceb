/**
 * Copies the write-ahead log into the database when it has grown, and says beforehand what
 * will change (page-sums.ts). SQLite's own copying is switched off: it would come unannounced.
 *
 * Nothing is applied while SQLite copies, and its syncs of many megabytes take longest. So the
 * bulk is done beside the applying, in this order: a read transaction keeps the log as long as
 * it is now from being begun anew, and what comes later from being copied; log and checksums
 * are synced; the pages are copied without a sync of SQLite's own; the database is synced. What
 * has come meanwhile is little, and is copied with SQLite's syncs in one go. After each of these
 * steps a crash finds every page in a durable log, or durable in the database.
 *
 * The log's file is written again from its start, not cut: new blocks would cost more.
 */
import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { PageSums, stateDamage } from './page-sums.ts';
import { LogDigest } from './wal-scan.ts';

/** The log is copied when so many frames are new in it (16 MB): pages that change often are copied once. */
const DUE_FRAMES = 4000;
/** Asking SQLite how long the log is costs as much as a small commit. */
const COMMITS_PER_LOOK = 16;
/** So much is copied in one go; more is first copied beside the applying, but not for ever. */
const REST_FRAMES = 128;
const MAX_PASSES = 4;
/** Commits are to wait when the log has grown by so much more while it is being copied. */
const OUTRUN_FRAMES = 4000;
const SQLITE_CANTOPEN = 14;

export class Checkpoints {
  readonly #path: string;
  readonly #db: DatabaseSync;
  readonly #sums: PageSums;
  readonly #digest = new LogDigest();
  readonly #length: StatementSync;
  readonly #copy: StatementSync;
  /** Stays open as long as the database: closing it would drop the locks that SQLite holds on the file. */
  #file: FileHandle | null = null;
  #commits = 0;
  #dueFrames = DUE_FRAMES;
  /** The copying that goes on beside the applying. */
  #pass: Promise<void> | null = null;
  /** Frames of the log when that began. */
  #passFrames = 0;
  #isOutrun = false;
  #isClosed = false;
  #failure: Error | null = null;

  /** `path`: the database, which has been verified or just been made. */
  constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#db = db;
    this.#sums = new PageSums(path);
    db.exec('PRAGMA wal_autocheckpoint = 0');
    this.#length = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#copy = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Throws what went wrong since the last one: damage, or a full disk. */
  afterCommit(): void {
    if (this.#failure !== null) throw this.#failure;
    if (++this.#commits < COMMITS_PER_LOOK) return;
    this.#commits = 0;
    const { frames, copied } = this.#look(this.#length);
    this.#isOutrun = frames >= this.#passFrames + OUTRUN_FRAMES;
    if (frames - copied < this.#dueFrames || this.#pass !== null) return;
    this.#passFrames = frames;
    this.#isOutrun = false;
    this.#pass = this.#copyBeside().finally(() => {
      this.#pass = null;
    });
  }

  /** Copying goes on beside the applying. */
  get isUnderWay(): boolean {
    return this.#pass !== null;
  }

  /** The log grows faster than it is copied: nothing is to be applied before `settled`. */
  get isOutrun(): boolean {
    return this.#pass !== null && this.#isOutrun;
  }

  /** Resolves when nothing is copied beside the applying. */
  async settled(): Promise<void> {
    while (this.#pass !== null) await this.#pass;
  }

  /**
   * Copies what no reader holds back; true when nothing is left. Behind `settled`: what goes on beside
   * would announce again what it read before. Throws on damage or a full disk.
   */
  copy(): boolean {
    const { frames, copied } = this.#look(this.#length);
    if (frames === copied) return true;
    const fd = openSync(`${this.#path}-wal`, 'r');
    try {
      this.#digest.begin(fd);
      if (!this.#digest.readOn(fd, frames)) throw this.#missing(frames);
    } finally {
      closeSync(fd);
    }
    this.#sums.announce(this.#digest.scan);
    const left = this.#look(this.#copy);
    if (left.frames !== left.copied) return false;
    this.#sums.copied();
    return true;
  }

  /** The database has been closed, behind a last `copy`: what is under way comes to nothing. */
  close(): void {
    this.#isClosed = true;
    this.#file?.close().catch(() => {}); // nothing was written through it
  }

  async #copyBeside(): Promise<void> {
    try {
      for (let pass = 0; pass < MAX_PASSES && !this.#isClosed; pass++) {
        const { frames, copied } = this.#look(this.#length);
        if (frames - copied <= REST_FRAMES) break;
        await this.#copyBulk(frames);
      }
      // a long read holds the log back: tried again when it has grown as much once more
      if (!this.#isClosed) this.#dueFrames = this.copy() ? DUE_FRAMES : this.#dueFrames + DUE_FRAMES;
    } catch (error) {
      if (isLackOfFiles(error)) this.#dueFrames += DUE_FRAMES;
      else if (!this.#isClosed) this.#failure = error as Error;
    }
  }

  /** Copies the log up to `frames`, which is its length now, and no further. */
  async #copyBulk(frames: number): Promise<void> {
    const holder = new DatabaseSync(this.#path, { readOnly: true });
    try {
      holder.exec('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1');
      await this.#syncLog(frames);
      await this.#sums.announceBehind(this.#digest.scan);
      this.#file ??= await open(this.#path, 'r');
      if (this.#isClosed) return;
      this.#copyUnsynced();
      await this.#file.datasync();
    } finally {
      holder.close();
    }
  }

  async #syncLog(frames: number): Promise<void> {
    const log = await open(`${this.#path}-wal`, 'r');
    try {
      await log.datasync();
      this.#digest.begin(log.fd);
      if (!(await this.#digest.readOnBehind(log, frames))) throw this.#missing(frames);
    } finally {
      await log.close();
    }
  }

  #copyUnsynced(): void {
    this.#db.exec('PRAGMA synchronous = OFF');
    try {
      this.#look(this.#copy);
    } finally {
      this.#db.exec('PRAGMA synchronous = NORMAL');
    }
  }

  #missing(frames: number): Error {
    return stateDamage(`${this.#path}-wal`, 0, `the ${frames} frames written are not there`);
  }

  #look(pragma: StatementSync): { readonly frames: number; readonly copied: number } {
    const row = pragma.get() as unknown as bigint[];
    return { frames: Number(row[1]), copied: Number(row[2]) };
  }
}

/** With no descriptor left nothing was announced or copied; nothing is lost by waiting. */
function isLackOfFiles(error: unknown): boolean {
  const { code, errcode } = error as { readonly code?: string; readonly errcode?: number };
  return code === 'EMFILE' || code === 'ENFILE' || errcode === SQLITE_CANTOPEN;
}
