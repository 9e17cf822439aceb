/**
 * Copies the write-ahead log into the database when it has grown, and says beforehand what
 * will change (page-sums.ts). SQLite's own copying is switched off: it would come unannounced.
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PageSums, stateDamage } from './page-sums.ts';
import { newestOf } from './wal-scan.ts';

/** The log is copied when it is this large, about 4000 pages: those that change often are copied once. */
const DUE_BYTES = 16 * 1024 * 1024;

export class Checkpoints {
  readonly #walPath: string;
  readonly #db: DatabaseSync;
  readonly #sums: PageSums;
  #dueBytes = DUE_BYTES;

  /** `path`: the database, which has been verified or just been made. */
  constructor(path: string, db: DatabaseSync) {
    this.#walPath = `${path}-wal`;
    this.#db = db;
    this.#sums = new PageSums(path);
    db.exec('PRAGMA wal_autocheckpoint = 0');
  }

  afterCommit(): void {
    const size = statSync(this.#walPath, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.#dueBytes) return;
    // a long read holds the log back: tried again when it has grown as much once more
    this.#dueBytes = this.#tryCopy() ? DUE_BYTES : size + DUE_BYTES;
  }

  /** With no descriptor left to open a file nothing was announced or copied; nothing is lost by waiting. */
  #tryCopy(): boolean {
    try {
      return this.copy();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMFILE' || code === 'ENFILE') return false;
      throw error;
    }
  }

  /** Copies what no reader holds back; true when the log is empty then. Throws on damage or a full disk. */
  copy(): boolean {
    const [, frames] = this.#checkpoint('NOOP');
    if (frames === 0) return true;
    const wal = newestOf(this.#walPath, frames);
    if (wal === null) throw stateDamage(this.#walPath, 0, `the ${frames} frames written are not there`);
    this.#sums.announce(wal);
    const [busy, left, copied] = this.#checkpoint('TRUNCATE');
    if (left === copied) this.#sums.copied();
    return busy === 0;
  }

  #checkpoint(mode: 'NOOP' | 'TRUNCATE'): readonly [number, number, number] {
    const row = this.#db.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as bigint[];
    return [Number(row[0]), Number(row[1]), Number(row[2])];
  }
}
