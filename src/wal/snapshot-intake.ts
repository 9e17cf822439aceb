/**
 * A snapshot on its way in: bytes in order into a `.part` file that survives a broken
 * connection and a restart. Only `finish` makes a snapshot of it, after reading every
 * byte again; a damaged one is thrown away, so that the next attempt begins anew.
 * A snapshot that is here already is only read: sound, nothing more is asked for;
 * rotten, it stays until a sound one takes its place.
 */
import { constants, existsSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { type Bytes, SqlccError } from '../base/index.ts';
import type { SnapshotMeta } from '../raft/index.ts';
import { snapshotDamage } from './snapshot-file.ts';
import { guarded, keepOrClose, removeFile, snapshotPath, syncFolder } from './snapshot-folder.ts';

/** Called again and again while a file is verified: proof that the disk answers. */
export type Progress = () => void;

/** Reads a whole file and answers what it is, or throws `storage_failed`. */
type Verify = (handle: FileHandle, path: string, progress?: Progress) => Promise<SnapshotMeta>;

/** Synced in steps, so that the last sync is short whatever the size. */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;

interface Parts {
  readonly dir: string;
  readonly meta: SnapshotMeta;
  readonly verify: Verify;
  /** The `.part` file; null when the snapshot had arrived before and only the word about it was lost. */
  readonly handle: FileHandle | null;
  readonly offset: Bytes;
}

export class SnapshotIntake {
  readonly #parts: Parts;
  readonly #path: string;
  #offset: Bytes;
  #synced: Bytes;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#path = snapshotPath(parts.dir, parts.meta.id, 'part');
    this.#offset = parts.offset;
    this.#synced = parts.offset;
  }

  static async open(
    where: { readonly dir: string; readonly verify: Verify },
    meta: SnapshotMeta,
    progress?: Progress,
  ): Promise<SnapshotIntake> {
    if (await isThere(where, meta, progress))
      return new SnapshotIntake({ ...where, meta, handle: null, offset: meta.size });
    const path = snapshotPath(where.dir, meta.id, 'part');
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    return keepOrClose(handle, async () => {
      const { size } = await handle.stat();
      if (size > meta.size) await handle.truncate(0);
      return new SnapshotIntake({ ...where, meta, handle, offset: size > meta.size ? 0 : size });
    });
  }

  /** Where to go on. */
  get offset(): Bytes {
    return this.#offset;
  }

  /** The next bytes. Throws `invalid_argument` for a hole, a repetition, or more than was announced. */
  async write(offset: Bytes, bytes: Uint8Array): Promise<void> {
    const { handle, meta } = this.#parts;
    if (handle === null || offset !== this.#offset || offset + bytes.length > meta.size) {
      throw new SqlccError(
        'invalid_argument',
        `bytes at ${offset} of a snapshot that goes on at ${this.#offset}`,
      );
    }
    this.#offset += bytes.length;
    await guarded(this.#path, async () => {
      // a short write is no error; the next attempt says why it was short
      for (let done = 0; done < bytes.length; )
        done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
      if (this.#offset - this.#synced < SYNC_EVERY_BYTES) return;
      this.#synced = this.#offset;
      await handle.datasync();
    });
  }

  /** Verifies, syncs and renames; throws `storage_failed` and drops bytes that are not that snapshot. */
  async finish(progress?: Progress): Promise<void> {
    const { dir, meta, handle, verify } = this.#parts;
    if (handle !== null) {
      try {
        await guarded(this.#path, async () => {
          refuseOther(await verify(handle, this.#path, progress), meta, this.#path);
          await handle.sync();
          await rename(this.#path, snapshotPath(dir, meta.id, 'snap'));
        });
      } catch (error) {
        await removeFile(this.#path);
        throw error;
      } finally {
        await handle.close();
      }
    }
    await syncFolder(dir);
  }

  /** Stops for now; what has arrived stays for the next attempt. */
  async abort(): Promise<void> {
    await this.#parts.handle?.close().catch(() => {}); // closed by `finish`
  }
}

/** True when the whole snapshot is here and sound. Opens it for reading only. */
async function isThere(
  { dir, verify }: { readonly dir: string; readonly verify: Verify },
  meta: SnapshotMeta,
  progress?: Progress,
): Promise<boolean> {
  const path = snapshotPath(dir, meta.id, 'snap');
  if (!existsSync(path)) return false;
  const handle = await open(path, 'r');
  try {
    refuseOther(await verify(handle, path, progress), meta, path);
    return true;
  } catch (error) {
    if (isRotten(error)) return false;
    throw error;
  } finally {
    await handle.close();
  }
}

function refuseOther(found: SnapshotMeta, meta: SnapshotMeta, path: string): void {
  const isMeant = found.id === meta.id && found.index === meta.index && found.term === meta.term;
  if (!isMeant || found.size !== meta.size)
    throw snapshotDamage(path, 0, `this is snapshot ${found.id} of ${found.size} bytes, not ${meta.id}`);
}

/** What stands on the disk is wrong, or the disk can't read it; no other error says that. */
function isRotten(error: unknown): boolean {
  if (error instanceof SqlccError) return error.details['reason'] !== undefined;
  return (error as { code?: string }).code === 'EIO';
}
