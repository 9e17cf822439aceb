/**
 * A snapshot on its way in: bytes in order into a `.part` file that survives a broken
 * connection and a restart. Only `finish` makes a snapshot of it, after reading every
 * byte again; a damaged one is thrown away, so that the next attempt begins anew.
 */
import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { type Bytes, SqlccError } from '../base/index.ts';
import type { SnapshotMeta } from '../raft/index.ts';
import { snapshotDamage } from './snapshot-file.ts';
import { guarded, removeFile, snapshotPath, syncFolder } from './snapshot-folder.ts';

/** Reads a whole file and answers what it is, or throws `storage_failed`. */
type Verify = (handle: FileHandle, path: string) => Promise<SnapshotMeta>;

interface Parts {
  readonly dir: string;
  readonly meta: SnapshotMeta;
  readonly handle: FileHandle;
  /** The `.part` file, or the finished one when it had arrived before and only the word about it was lost. */
  readonly path: string;
  readonly verify: Verify;
  readonly offset: Bytes;
}

export class SnapshotIntake {
  readonly #parts: Parts;
  #offset: Bytes;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#offset = parts.offset;
  }

  static async open(dir: string, meta: SnapshotMeta, verify: Verify): Promise<SnapshotIntake> {
    const isThere = existsSync(snapshotPath(dir, meta.id, 'snap'));
    const path = snapshotPath(dir, meta.id, isThere ? 'snap' : 'part');
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    const { size } = await handle.stat();
    if (size > meta.size) await handle.truncate(0);
    return new SnapshotIntake({ dir, meta, handle, path, verify, offset: size > meta.size ? 0 : size });
  }

  /** Where to go on. */
  get offset(): Bytes {
    return this.#offset;
  }

  /** The next bytes. Throws `invalid_argument` for a hole, a repetition, or more than was announced. */
  async write(offset: Bytes, bytes: Uint8Array): Promise<void> {
    if (offset !== this.#offset || offset + bytes.length > this.#parts.meta.size) {
      throw new SqlccError(
        'invalid_argument',
        `bytes at ${offset} of a snapshot that goes on at ${this.#offset}`,
      );
    }
    this.#offset += bytes.length;
    const { handle, path } = this.#parts;
    await guarded(path, () => handle.writev([bytes], offset));
  }

  /** Verifies, syncs and renames; throws `storage_failed` and drops bytes that are not that snapshot. */
  async finish(): Promise<void> {
    const { dir, meta, handle, path, verify } = this.#parts;
    try {
      const found = await verify(handle, path);
      const isMeant = found.id === meta.id && found.index === meta.index && found.term === meta.term;
      if (!isMeant) throw snapshotDamage(path, 0, `this is snapshot ${found.id}, not ${meta.id}`);
      await handle.sync();
      await rename(path, snapshotPath(dir, meta.id, 'snap'));
    } catch (error) {
      await removeFile(path);
      throw error;
    } finally {
      await handle.close();
    }
    await syncFolder(dir);
  }

  /** Stops for now; what has arrived stays for the next attempt. */
  async abort(): Promise<void> {
    await this.#parts.handle.close();
  }
}
