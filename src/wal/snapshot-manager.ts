/**
 * `SnapshotManager`: the snapshots in one folder, as files that are whole or not there.
 *
 * A snapshot grows under a temporary name (`.tmp` made here, `.part` received) and gets
 * its own (`.snap`) only when it is complete, verified and synced. Not here: when one is
 * taken (the driver's clock), what is in it (src/state), how it travels (the daemon).
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
} from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { type Bytes, LIMITS, SqlccError } from '../base/index.ts';
import type { SnapshotMeta } from '../raft/index.ts';
import {
  CHUNKS_END,
  encodeChunk,
  encodeSnapshotHeader,
  readHeaderSync,
  SnapshotScan,
  snapshotDamage,
} from './snapshot-file.ts';
import { guarded, keepOrClose, removeFile, snapshotPath, syncFolder } from './snapshot-folder.ts';
import { type Progress, SnapshotIntake } from './snapshot-intake.ts';

/** The file of a snapshot, for the sender. A removal meanwhile does not disturb it. */
interface SnapshotReader {
  readonly size: Bytes;
  /** Up to `length` bytes at `offset`; fewer at the end. */
  read(offset: Bytes, length: Bytes): Promise<Uint8Array>;
  close(): Promise<void>;
}

export class SnapshotManager {
  readonly #dir: string;

  /** `dir` is made when it is missing. */
  constructor(options: { readonly dir: string }) {
    this.#dir = options.dir;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  }

  /** Makes a snapshot of the file `copyPath`, durable when this resolves; on any failure nothing is left. */
  async createSnapshot(copyPath: string, meta: Omit<SnapshotMeta, 'size'>): Promise<SnapshotMeta> {
    const temporary = snapshotPath(this.#dir, meta.id, 'tmp');
    return guarded(temporary, async () => {
      try {
        const { size: rawBytes } = await stat(copyPath);
        const size = await pack(copyPath, temporary, encodeSnapshotHeader({ meta, codec: 'zstd', rawBytes }));
        await rename(temporary, snapshotPath(this.#dir, meta.id, 'snap'));
        await syncFolder(this.#dir);
        return { ...meta, size };
      } catch (error) {
        // a full disk gets its space back
        await removeFile(temporary);
        throw error;
      }
    });
  }

  /** Reads every byte; throws `storage_failed` with file and offset unless all of it is as written. */
  async verifySnapshot(id: string): Promise<SnapshotMeta> {
    const path = this.#pathOf(id);
    const handle = await open(path, 'r');
    try {
      return refuseOther(await verify(handle, path), id, path);
    } finally {
      await handle.close();
    }
  }

  /** Unpacks into `targetPath`, synced; on damage the target is removed and `storage_failed` thrown. */
  async loadSnapshot(id: string, targetPath: string): Promise<SnapshotMeta> {
    const path = this.#pathOf(id);
    const handle = await open(path, 'r');
    try {
      return await guarded(path, async () => refuseOther(await unpack(handle, path, targetPath), id, path));
    } catch (error) {
      await removeFile(targetPath);
      throw error;
    } finally {
      await handle.close();
    }
  }

  /**
   * Keeps the `keep` newest and those that are `wanted`, removes what a crash left of others. Not while one
   * is being made.
   */
  async cleanupOldSnapshots(
    keep: number = LIMITS.snapshotsKept,
    wanted: ReadonlySet<string> = new Set(),
  ): Promise<void> {
    const old = this.list().slice(0, -keep);
    for (const { id } of old.filter((meta) => !wanted.has(meta.id)))
      await removeFile(snapshotPath(this.#dir, id, 'snap'));
    for (const name of readdirSync(this.#dir)) {
      if (name.endsWith('.tmp')) await removeFile(join(this.#dir, name));
    }
    await syncFolder(this.#dir);
  }

  /** Ids of all whole snapshots, sound or not, by name. */
  ids(): string[] {
    const names = readdirSync(this.#dir).filter((name) => name.endsWith('.snap'));
    return names.map((name) => name.slice(0, -'.snap'.length)).sort();
  }

  /** Whole snapshots with a sound header, oldest first. */
  list(): SnapshotMeta[] {
    const found: SnapshotMeta[] = [];
    for (const name of readdirSync(this.#dir)) {
      const meta = name.endsWith('.snap') ? this.#metaOf(name) : null;
      if (meta !== null) found.push(meta);
    }
    return found.sort((a, b) => a.index - b.index || a.term - b.term || (a.id < b.id ? -1 : 1));
  }

  /** Opens a snapshot to send it. Throws `not_found`. */
  async openSnapshot(id: string): Promise<SnapshotReader> {
    const path = this.#pathOf(id);
    const handle = await open(path, 'r');
    const { size } = await keepOrClose(handle, () => handle.stat());
    return {
      size,
      read: async (offset, length) => {
        const into = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
        const { bytesRead } = await handle.read(into, 0, into.length, offset);
        return into.subarray(0, bytesRead);
      },
      close: () => handle.close(),
    };
  }

  /**
   * Begins or continues to receive `meta`; an unfinished other one is dropped. One at a time. A snapshot that
   * had arrived before is verified first, and `progress` called meanwhile.
   */
  async receiveSnapshot(meta: SnapshotMeta, progress?: Progress): Promise<SnapshotIntake> {
    for (const name of readdirSync(this.#dir)) {
      if (name.endsWith('.part') && name !== `${meta.id}.part`) await removeFile(join(this.#dir, name));
    }
    return SnapshotIntake.open({ dir: this.#dir, verify }, meta, progress);
  }

  #metaOf(name: string): SnapshotMeta | null {
    const fd = openSync(join(this.#dir, name), 'r');
    try {
      const header = readHeaderSync(fd);
      if (typeof header === 'string' || `${header.meta.id}.snap` !== name) return null;
      return { ...header.meta, size: fstatSync(fd).size };
    } finally {
      closeSync(fd);
    }
  }

  #pathOf(id: string): string {
    const path = snapshotPath(this.#dir, id, 'snap');
    if (!readdirSync(this.#dir).includes(`${id}.snap`)) {
      throw new SqlccError('not_found', `there is no snapshot ${id}`, { details: { file: path } });
    }
    return path;
  }
}

/** Writes header, chunks and digest, synced; answers the size of the file. */
async function pack(copyPath: string, target: string, header: Buffer): Promise<Bytes> {
  const out = await open(target, 'w', 0o600);
  try {
    const hash = createHash('sha256');
    let size = 0;
    const put = async (bytes: Buffer): Promise<void> => {
      hash.update(bytes);
      await out.writeFile(bytes);
      size += bytes.length;
    };
    await put(header);
    const chunkSize = LIMITS.snapshotChunkBytes;
    const params = { [constants.ZSTD_c_compressionLevel]: 1 };
    const read = createReadStream(copyPath, { highWaterMark: chunkSize });
    await pipeline(read, createZstdCompress({ chunkSize, params }), async (packed: AsyncIterable<Buffer>) => {
      for await (const bytes of packed) await put(encodeChunk(bytes));
    });
    await put(CHUNKS_END);
    await put(hash.copy().digest());
    await out.sync();
    return size;
  } finally {
    await out.close();
  }
}

async function verify(handle: FileHandle, path: string, progress?: Progress): Promise<SnapshotMeta> {
  const scan = new SnapshotScan(handle, path);
  const { meta } = await scan.header();
  for await (const _ of scan.chunks()) progress?.();
  return { ...meta, size: (await handle.stat()).size };
}

async function unpack(handle: FileHandle, path: string, targetPath: string): Promise<SnapshotMeta> {
  const scan = new SnapshotScan(handle, path);
  const header = await scan.header();
  const target = createWriteStream(targetPath, { mode: 0o600, flush: true });
  try {
    await pipeline(Readable.from(scan.chunks()), createZstdDecompress(), target);
  } catch (error) {
    throw asDamage(error, path);
  }
  const { size: rawBytes } = await stat(targetPath);
  if (rawBytes !== header.rawBytes) {
    throw snapshotDamage(path, 0, `unpacks to ${rawBytes} bytes, not ${header.rawBytes}`);
  }
  return { ...header.meta, size: (await handle.stat()).size };
}

/** A sound file under the name of another is as bad as a damaged one. */
function refuseOther(found: SnapshotMeta, id: string, path: string): SnapshotMeta {
  if (found.id === id) return found;
  throw snapshotDamage(path, 0, `this is snapshot ${found.id}`);
}

/** Errors of the unpacker are damage; those of the system stay what they are. */
function asDamage(error: unknown, path: string): unknown {
  const { code, message } = error as { code?: string; message: string };
  const isUnpacker = code?.startsWith('ZSTD') === true || code?.startsWith('ERR_') === true;
  return isUnpacker ? snapshotDamage(path, 0, `the content does not unpack (${message})`) : error;
}
