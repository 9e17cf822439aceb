/**
 * The watermark: a tiny file beside the log that remembers how far it was durable.
 *
 * Rot in the very last batch looks exactly like a write cut short by a crash, and
 * only one of them may be dropped. So shortly after a batch became durable its
 * number is noted here, in one of two slots in turn (a torn slot leaves the other).
 * Recovery that ends before the noted batch has lost acknowledged data.
 *
 * Slot, 512 bytes apart: u64 batch · u64 term · u32 CRC salted by the identity.
 */
import { crc32 } from 'node:zlib';
import type { Term } from '../base/index.ts';
import { damage } from './damage.ts';
import type { Disk, DiskDone, DiskFile } from './disk.ts';
import { getCounter, putCounter } from './record.ts';

export interface Watermark {
  readonly batch: number;
  readonly term: Term;
}

const NAME = 'watermark';
const SLOT_AT = 512;
const SLOT_BYTES = 20;

export class WatermarkFile {
  readonly #file: DiskFile;
  readonly #salt: number;
  #next: number;
  /** What was noted last when the file was opened. */
  readonly found: Watermark;

  private constructor(
    file: DiskFile,
    salt: number,
    newest: { readonly slot: number; readonly mark: Watermark },
  ) {
    this.#file = file;
    this.#salt = salt;
    this.found = newest.mark;
    this.#next = 1 - newest.slot;
  }

  /** Opens the file in `dir`; throws `storage_failed` when it is missing or damaged: no crash does that. */
  static open(disk: Disk, dir: string, salt: number): WatermarkFile {
    const path = `${dir}/${NAME}`;
    if (!disk.list(dir).includes(NAME)) throw damage(path, 0, 'the watermark of the log is missing');
    const file = disk.open(path, 'existing');
    const marks = [readSlot(file, 0, salt), readSlot(file, 1, salt)];
    const slot = (marks[1]?.batch ?? -1) > (marks[0]?.batch ?? -1) ? 1 : 0;
    const mark = marks[slot];
    if (mark === null || mark === undefined) {
      file.close();
      throw damage(path, 0, 'the watermark of the log is damaged');
    }
    return new WatermarkFile(file, salt, { slot, mark });
  }

  /** Makes the file of a new log, durable when it returns. An older one must be of a log that never began. */
  static create(disk: Disk, dir: string, options: { readonly salt: number; readonly mark: Watermark }): void {
    const path = `${dir}/${NAME}`;
    if (disk.list(dir).includes(NAME)) {
      const file = disk.open(path, 'existing');
      const noted = [0, 1].map((n) => readSlot(file, n, options.salt)?.batch ?? 0);
      file.close();
      if (Math.max(...noted) > options.mark.batch) {
        throw damage(path, 0, `the log is gone, but was durable to batch ${Math.max(...noted)}`);
      }
      disk.remove(path);
    }
    const file = disk.open(path, 'create');
    file.write(0, Buffer.alloc(2 * SLOT_AT));
    file.write(0, encodeSlot(options.mark, options.salt));
    file.syncNow();
    file.close();
    disk.syncDirNow(dir);
  }

  /** Notes `mark`; may throw on write. One at a time. */
  note(mark: Watermark, done: DiskDone): void {
    this.#write(mark);
    this.#file.sync(done);
  }

  /** The same, blocking: for an orderly end. */
  noteNow(mark: Watermark): void {
    this.#write(mark);
    this.#file.syncNow();
  }

  close(): void {
    this.#file.close();
  }

  #write(mark: Watermark): void {
    this.#file.write(this.#next * SLOT_AT, encodeSlot(mark, this.#salt));
    this.#next = 1 - this.#next;
  }
}

function encodeSlot(mark: Watermark, salt: number): Buffer {
  const slot = Buffer.alloc(SLOT_BYTES);
  putCounter(slot, mark.batch, 0);
  putCounter(slot, mark.term, 8);
  slot.writeUInt32LE(crc32(slot.subarray(0, 16), salt), 16);
  return slot;
}

function readSlot(file: DiskFile, n: number, salt: number): Watermark | null {
  const slot = Buffer.from(file.read(n * SLOT_AT, SLOT_BYTES));
  if (slot.length < SLOT_BYTES || crc32(slot.subarray(0, 16), salt) !== slot.readUInt32LE(16)) return null;
  return { batch: getCounter(slot, 0), term: getCounter(slot, 8) };
}
