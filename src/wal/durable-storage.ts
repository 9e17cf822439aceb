/**
 * `RaftStorage` on a disk: translates what consensus wants persisted into records of
 * the log, and answers its reads from memory or, for older entries, from their segment.
 * Each entry that is read back is checked against its checksum, index and term.
 */
import {
  type Bytes,
  type Clock,
  type ClusterId,
  type InstanceId,
  LIMITS,
  type LogIndex,
  type LogPosition,
  must,
  type NodeId,
  SqlccError,
  type Term,
} from '../base/index.ts';
import {
  type InitialState,
  type LogEntry,
  lowestWithin,
  type PersistRequest,
  type RaftStorage,
  type SnapshotMeta,
} from '../raft/index.ts';
import { layBallast } from './ballast.ts';
import { damage } from './damage.ts';
import type { Disk } from './disk.ts';
import { encodeBatch, IdentityPrint } from './frame.ts';
import { LogTable } from './log-table.ts';
import type { EntryPlace } from './place-table.ts';
import { decodeRecord, encodeRecord, type WalRecord } from './record.ts';
import { type Recovery, recover } from './recover.ts';
import { createSegment, SPARE_NAME } from './segment.ts';
import type { Schedule } from './segment-pipeline.ts';
import { Wal } from './wal.ts';
import { WatermarkFile } from './watermark.ts';

export interface OpenOptions {
  readonly disk: Disk;
  /** Folder of the log; nothing else may lie in it. */
  readonly dir: string;
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly clock: Clock;
  /** Runs `fn` soon, on an empty stack. */
  readonly schedule: Schedule;
  /** Size of a new segment; default `LIMITS.walSegmentBytes`. */
  readonly segmentBytes?: Bytes;
  /** Memory for recent entries; default `LIMITS.logCacheBytes`. */
  readonly cacheBytes?: Bytes;
}

/** What opening a log found, for the node's log line. */
interface Recovered {
  /** Where the tail that a crash had torn was saved; null when there was none. */
  readonly repaired: string | null;
  readonly segments: number;
  readonly lastIndex: LogIndex;
  readonly term: Term;
}

/**
 * Opens the log in `dir` after verifying all of it. Throws `SqlccError('storage_failed')` with `details`
 * `{file, offset, reason}` when confirmed data is damaged or the log is another node's; a torn last write is
 * cut off instead.
 */
export function openDurableStorage(options: OpenOptions): { storage: DurableStorage; recovered: Recovered } {
  const { disk, dir, clock, schedule } = options;
  const segmentBytes = options.segmentBytes ?? LIMITS.walSegmentBytes;
  const print = new IdentityPrint(options);
  const watermark = WatermarkFile.open(disk, dir, print.salt);
  const read = (): Recovery =>
    recover({
      disk,
      dir,
      print,
      watermark: watermark.found,
      cacheBytes: options.cacheBytes ?? LIMITS.logCacheBytes,
    });
  let recovery: Recovery;
  try {
    recovery = read();
    if (recovery.isSealed) {
      finishRoll(options, recovery, print);
      recovery = read();
    }
    // what the last life had prepared, perhaps by half
    if (disk.list(dir).includes(SPARE_NAME)) disk.remove(`${dir}/${SPARE_NAME}`);
    layBallast(disk, dir, segmentBytes);
  } catch (error) {
    watermark.close();
    throw error;
  }
  const wal = new Wal({ disk, dir, print, clock, schedule, segmentBytes, watermark, recovery });
  const { repaired, table } = recovery;
  const recovered = {
    repaired,
    segments: recovery.segments.length,
    lastIndex: table.last.index,
    term: table.hardState.term,
  };
  return { storage: new DurableStorage({ wal, disk, dir }), recovered };
}

/** A crash fell between the seal of one segment and the next: makes the next. */
function finishRoll(options: OpenOptions, recovery: Recovery, print: IdentityPrint): void {
  const seq = must(recovery.segments.at(-1), 'sealed segment').seq + 1;
  for (const segment of recovery.segments) segment.file.close();
  createSegment(options.disk, options.dir, {
    head: {
      seq,
      batch: recovery.lastBatch + 1,
      chain: recovery.chain,
      checkpoint: recovery.table.checkpoint(),
    },
    batches: () => Buffer.alloc(0),
    print,
    capacity: options.segmentBytes ?? LIMITS.walSegmentBytes,
  });
}

/**
 * Makes a new log, whole with its first write or not there at all. Throws `SqlccError('conflict')` when there
 * is one, `storage_failed` when there once was.
 */
export function initDurableStorage(
  options: OpenOptions & { readonly bootstrap: PersistRequest | null },
): void {
  const { disk, dir, bootstrap } = options;
  const segmentBytes = options.segmentBytes ?? LIMITS.walSegmentBytes;
  disk.makeDir(dir);
  if (disk.list(dir).some((name) => name.endsWith('.wal'))) {
    throw new SqlccError('conflict', `there is a log in ${dir} already`, { details: { file: dir } });
  }
  const print = new IdentityPrint(options);
  const table = new LogTable(0);
  const checkpoint = table.checkpoint();
  const records = bootstrap === null ? [] : recordsOf(bootstrap, table);
  const lastBatch = records.length === 0 ? 1 : 2;
  WatermarkFile.create(disk, dir, {
    salt: print.salt,
    mark: { batch: lastBatch, term: bootstrap?.hardState?.term ?? 0 },
  });
  createSegment(disk, dir, {
    head: { seq: 1, batch: 1, chain: 0, checkpoint },
    batches: (chain) => {
      if (records.length === 0) return Buffer.alloc(0);
      const draft = { segment: 1, batch: 2, durableUpTo: 1, count: records.length, chain };
      return encodeBatch(draft, records.map(encodeRecord), print).bytes;
    },
    print,
    capacity: segmentBytes,
  });
  layBallast(disk, dir, segmentBytes);
}

/** The parts of one write as records, in the order that the port fixes. */
function recordsOf(request: PersistRequest, table: LogTable): WalRecord[] {
  const { hardState, truncateFrom, entries, snapshot, compactTo } = request;
  const records: WalRecord[] = [];
  const isReset = snapshot !== null && !snapshot.keepSuffix;
  if (hardState !== null) records.push({ kind: 'hard-state', hardState });
  if (truncateFrom !== null && truncateFrom <= table.last.index && !isReset) {
    records.push({ kind: 'truncate', from: truncateFrom });
  }
  for (const entry of entries) records.push({ kind: 'entry', entry });
  if (isReset) {
    const { meta } = snapshot;
    records.push({ kind: 'mark', snapshot: meta, base: { term: meta.term, index: meta.index }, reset: true });
  } else if (snapshot !== null || (compactTo !== null && compactTo > table.base.index)) {
    const base =
      compactTo !== null && compactTo > table.base.index ? positionIn(entries, table, compactTo) : table.base;
    records.push({ kind: 'mark', snapshot: snapshot?.meta ?? table.snapshot, base, reset: false });
  }
  return records;
}

/** The position of `index`, which one write may both append and compact. */
function positionIn(entries: readonly LogEntry[], table: LogTable, index: LogIndex): LogPosition {
  const term = entries.find((entry) => entry.index === index)?.term ?? table.term(index);
  return { index, term: must(term, `term of ${index}, to which the log is compacted,`) };
}

export class DurableStorage implements RaftStorage {
  readonly #wal: Wal;
  readonly #table: LogTable;
  readonly #disk: Disk;
  readonly #dir: string;

  /** Made by `openDurableStorage`. */
  constructor(parts: { readonly wal: Wal; readonly disk: Disk; readonly dir: string }) {
    this.#wal = parts.wal;
    this.#table = parts.wal.table;
    this.#disk = parts.disk;
    this.#dir = parts.dir;
  }

  initialState(): InitialState {
    return { hardState: this.#table.hardState, snapshot: this.#table.snapshot };
  }

  firstIndex(): LogIndex {
    return this.#table.firstIndex;
  }

  lastIndex(): LogIndex {
    return this.#table.last.index;
  }

  term(index: LogIndex): Term | undefined {
    return this.#table.term(index);
  }

  snapshot(): SnapshotMeta | null {
    return this.#table.snapshot;
  }

  /** Throws `storage_failed`, and poisons the log, when an older entry is not as it was written. */
  entries(low: LogIndex, high: LogIndex, maxBytes: Bytes): readonly LogEntry[] | undefined {
    if (low < this.#table.firstIndex) return undefined;
    const last = Math.min(high, this.#table.last.index);
    const found: LogEntry[] = [];
    let bytes = 0;
    for (let index = low; index <= last; index++) {
      const place = this.#placeOf(index);
      bytes += place.size;
      if (bytes > maxBytes && found.length > 0) break;
      found.push(this.#table.cached(index) ?? this.#readBack(index, place));
    }
    return found;
  }

  tailWithin(high: LogIndex, maxBytes: Bytes): LogIndex {
    const first = this.#table.firstIndex;
    return lowestWithin({ first, high, maxBytes }, (index) => this.#placeOf(index).size);
  }

  write(request: PersistRequest, done: (token: number) => void): void {
    this.#wal.append(recordsOf(request, this.#table), () => done(request.token));
  }

  waitingBytes(): Bytes {
    return this.#wal.waitingBytes;
  }

  onFailure(failed: (reason: string) => void): void {
    this.#wal.onFailure(failed);
  }

  /** Bytes that the disk still has; below `LIMITS.minFreeDiskBytes` the caller refuses proposals. */
  freeBytes(): Bytes {
    return this.#disk.freeBytes(this.#dir);
  }

  /** Number of the last durable batch, and of segments: for status and tests. */
  get durableUpTo(): number {
    return this.#wal.durableUpTo;
  }

  get segmentCount(): number {
    return this.#wal.segmentCount;
  }

  /** Ends at once; writes that were not acknowledged may or may not be found at the next start. */
  close(): void {
    this.#wal.close();
  }

  #placeOf(index: LogIndex): EntryPlace {
    return must(this.#table.place(index), `place of entry ${index}`);
  }

  #readBack(index: LogIndex, place: EntryPlace): LogEntry {
    const segment = must(place.place.segment, `segment of entry ${index}`);
    const at = place.place.payloadAt + place.at;
    try {
      const read = segment.file.read(at, place.size);
      const record = decodeRecord(Buffer.from(read.buffer, read.byteOffset, read.length), 0)?.record;
      if (record?.kind === 'entry' && record.entry.index === index && record.entry.term === place.term) {
        return record.entry;
      }
      throw damage(segment.file.path, at, `entry ${index} is damaged`);
    } catch (error) {
      if (error instanceof SqlccError) this.#wal.readFailed(error);
      throw error;
    }
  }
}
