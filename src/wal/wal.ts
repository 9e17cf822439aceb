/**
 * The running log: one writer with group commit.
 *
 * At most one sync is in flight. What is handed over meanwhile gathers in the next
 * batch and is written in one piece when the sync is back; so a slow disk makes
 * batches larger, not queues longer. A full segment is sealed, and the next one is
 * durable under its name before anything in it counts. The first failed write or sync
 * poisons the log: after it nothing is ever acknowledged, because nobody knows what
 * the disk holds (Rebello et al., "Can applications recover from fsync failures?").
 *
 * Not here: what records mean (log-table.ts), and what is believed at start (recover.ts).
 */
import { assert, type Bytes, type Clock, LIMITS, must, SqlccError, type Term } from '../base/index.ts';
import { dropBallast } from './ballast.ts';
import type { Disk, DiskFile } from './disk.ts';
import { BATCH_HEADER_BYTES, encodeBatch, type IdentityPrint } from './frame.ts';
import type { LogTable } from './log-table.ts';
import { Marker } from './marker.ts';
import type { BatchPlace } from './place-table.ts';
import { type Checkpoint, encodeRecord, type WalRecord } from './record.ts';
import type { Recovery } from './recover.ts';
import { encodeHead, Segment, segmentName } from './segment.ts';
import { type Schedule, SegmentPipeline } from './segment-pipeline.ts';
import type { WatermarkFile } from './watermark.ts';

export interface WalOptions {
  readonly disk: Disk;
  readonly dir: string;
  readonly print: IdentityPrint;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly segmentBytes: number;
  readonly watermark: WatermarkFile;
  readonly recovery: Recovery;
}

/** What one sync makes durable. */
interface Batch {
  readonly place: BatchPlace;
  /** The log before the first record of this batch: what a segment that begins here must say. */
  readonly before: Checkpoint;
  readonly records: Buffer[];
  bytes: number;
  readonly acks: (() => void)[];
  /** Segments before this one are not needed once this batch is durable. */
  keepFrom: number;
  /** Term of the hard state after this batch. */
  term: Term;
}

/** `busy`: a sync or the change of segments is under way. */
type State = 'idle' | 'busy' | 'poisoned' | 'closed';

export class Wal {
  /** The log as it was handed over, durable or not. */
  readonly table: LogTable;
  readonly #options: WalOptions;
  readonly #segments: Segment[];
  readonly #pipeline: SegmentPipeline;
  readonly #marker: Marker;
  #state: State = 'idle';
  #failure: string | null = null;
  readonly #listeners: ((reason: string) => void)[] = [];
  #pending: Batch[] = [];
  #inFlight: Batch | null = null;
  #waitingBytes: Bytes = 0;
  #lastBatch: number;
  #durable: number;
  #chain: number;
  /** The current segment holds nothing but its head. */
  #isFresh = false;
  #keepFrom = 0;
  #isPurging = false;

  constructor(options: WalOptions) {
    const { recovery } = options;
    this.#options = options;
    this.table = recovery.table;
    this.#segments = recovery.segments;
    this.#lastBatch = recovery.lastBatch;
    this.#durable = recovery.lastBatch;
    this.#chain = recovery.chain;
    const failed = (error: SqlccError) => this.#poison(error);
    this.#pipeline = new SegmentPipeline({
      disk: options.disk,
      dir: options.dir,
      capacity: options.segmentBytes,
      schedule: options.schedule,
      makeRoom: () => dropBallast(options.disk, options.dir),
      failed,
    });
    this.#marker = new Marker({ file: options.watermark, clock: options.clock, failed });
    this.#keepFrom = this.#oldestNeeded();
    this.#purge();
  }

  /** All batches up to this number are durable. */
  get durableUpTo(): number {
    return this.#durable;
  }

  get segmentCount(): number {
    return this.#segments.length;
  }

  /** Of records that are not durable yet. */
  get waitingBytes(): Bytes {
    return this.#waitingBytes;
  }

  /** Why nothing is acknowledged any more, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  onFailure(listener: (reason: string) => void): void {
    this.#listeners.push(listener);
    const reason = this.#failure;
    if (reason !== null) this.#options.schedule(() => listener(reason));
  }

  /** Applies `records` at once and makes them durable, all or none; `ack` is called then, later. */
  append(records: readonly WalRecord[], ack: () => void): void {
    if (this.#state === 'poisoned' || this.#state === 'closed') return;
    if (records.length === 0) {
      this.#ackBehindAll(ack);
      return;
    }
    const batch = this.#batchToFill();
    for (const record of records) {
      const bytes = encodeRecord(record);
      const refused = this.table.apply({ record, at: batch.bytes, size: bytes.length }, batch.place);
      assert(refused === null, `wal: ${refused}`);
      batch.records.push(bytes);
      batch.bytes += bytes.length;
      this.#waitingBytes += bytes.length;
      if (record.kind === 'mark') batch.keepFrom = this.#oldestNeeded();
    }
    batch.term = this.table.hardState.term;
    batch.acks.push(ack);
    this.#flush();
  }

  /** A disk that lies to a reader is as bad as one that does not write. */
  readFailed(error: SqlccError): void {
    this.#poison(error);
  }

  /** Ends at once; what is not acknowledged by now never is. */
  close(): void {
    if (this.#state === 'closed') return;
    const wasSound = this.#state === 'idle' && this.#failure === null;
    this.#state = 'closed';
    this.#pending = [];
    this.#pipeline.stop();
    this.#marker.close(wasSound);
    for (const segment of this.#segments) segment.file.close();
  }

  #ackBehindAll(ack: () => void): void {
    const last = this.#pending.at(-1) ?? this.#inFlight;
    if (last !== null) last.acks.push(ack);
    else this.#options.schedule(() => (this.#isOver() ? undefined : ack()));
  }

  #batchToFill(): Batch {
    const last = this.#pending.at(-1);
    const limit = Math.min(LIMITS.walBatchBytes, this.#options.segmentBytes / 2);
    if (last !== undefined && last.bytes < limit) return last;
    const before = this.table.checkpoint();
    const place = { segment: null, payloadAt: 0 };
    const made = { place, before, records: [], bytes: 0, acks: [], keepFrom: 0, term: 0 };
    this.#pending.push(made);
    return made;
  }

  /** The oldest segment with a living entry. Entries not written yet will lie in the current one or later. */
  #oldestNeeded(): number {
    return this.table.oldestSegment()?.seq ?? this.#current().seq;
  }

  #current(): Segment {
    return must(this.#segments.at(-1), 'current segment');
  }

  #flush(): void {
    const batch = this.#pending[0];
    if (this.#state !== 'idle' || batch === undefined) return;
    this.#state = 'busy';
    // a batch that fits no segment stands alone in one, which grows for it
    if (this.#isFresh || this.#current().fits(batch.bytes)) this.#commit(batch);
    else this.#seal();
  }

  #commit(batch: Batch): void {
    this.#pending.shift();
    this.#inFlight = batch;
    const at = this.#write(batch.records);
    if (at === null) return;
    batch.place.segment = this.#current();
    batch.place.payloadAt = at + BATCH_HEADER_BYTES;
    this.#isFresh = false;
    this.table.trimCache();
    this.#sync(this.#current().file, () => this.#becameDurable(batch));
  }

  /** Writes one batch at the end of the current segment; answers its offset, null once poisoned. */
  #write(records: readonly Buffer[]): number | null {
    const segment = this.#current();
    const draft = {
      segment: segment.seq,
      batch: this.#lastBatch + 1,
      durableUpTo: this.#durable,
      count: records.length,
      chain: this.#chain,
    };
    const { bytes, chain } = encodeBatch(draft, records, this.#options.print);
    this.#lastBatch += 1;
    this.#chain = chain;
    return this.#attempt(() => segment.append(bytes));
  }

  #becameDurable(batch: Batch): void {
    this.#durable = this.#lastBatch;
    this.#inFlight = null;
    this.#waitingBytes -= batch.bytes;
    for (const ack of batch.acks) ack();
    if (this.#isOver()) return;
    this.#marker.durable({ batch: this.#durable, term: batch.term });
    this.#keepFrom = Math.max(this.#keepFrom, batch.keepFrom);
    this.#purge();
    const segment = this.#current();
    if (segment.end > segment.capacity / 2) this.#pipeline.prepare();
    this.#goOn();
  }

  /** The next batch, unless a step on the way here has failed: what is poisoned stays so. */
  #goOn(): void {
    if (this.#isOver()) return;
    this.#state = 'idle';
    this.#flush();
  }

  #seal(): void {
    if (this.#write([encodeRecord({ kind: 'seal' })]) === null) return;
    this.#sync(this.#current().file, () => {
      this.#durable = this.#lastBatch;
      this.#pipeline.take((file) => this.#beginSegment(file));
    });
  }

  /** Head first, name last: a file called `.wal` has a sound head. */
  #beginSegment(spare: DiskFile): void {
    if (this.#isOver()) return;
    const { disk, dir, print, segmentBytes } = this.#options;
    const { before } = must(this.#pending[0], 'batch that waits for a segment');
    const seq = this.#current().seq + 1;
    const head = { seq, batch: this.#lastBatch + 1, chain: this.#chain, checkpoint: before };
    const { bytes, chain } = encodeHead(head, print);
    const name = segmentName(seq, before.last.index + 1);
    if (this.#attempt(() => spare.write(0, bytes)) === null) return;
    this.#sync(spare, () => {
      const file = this.#attempt(() => {
        spare.close();
        disk.rename(spare.path, `${dir}/${name}`);
        return disk.open(`${dir}/${name}`, 'existing');
      });
      if (file === null) return;
      disk.syncDir(dir, (error) => {
        if (error !== null) this.#poison(error);
        if (this.#isOver()) return file.close();
        this.#segments.push(new Segment({ seq, name, file, capacity: segmentBytes, end: bytes.length }));
        this.#chain = chain;
        this.#lastBatch += 1;
        this.#durable = this.#lastBatch;
        this.#isFresh = true;
        // noted at once, so that a lost newest segment is missed
        this.#marker.noteNow({ batch: this.#durable, term: before.hardState.term });
        this.#goOn();
      });
    });
  }

  /** Removes needless segments, oldest first and one at a time: what is left never has a hole. */
  #purge(): void {
    const oldest = this.#segments[0];
    if (this.#isPurging || oldest === undefined || oldest.seq >= this.#keepFrom) return;
    const { disk, dir } = this.#options;
    this.#isPurging = true;
    this.#segments.shift();
    const removed = this.#attempt(() => {
      oldest.file.close();
      disk.remove(`${dir}/${oldest.name}`);
      return true;
    });
    if (removed === null) return;
    disk.syncDir(dir, (error) => {
      this.#isPurging = false;
      if (error !== null) this.#poison(error);
      else if (!this.#isOver()) this.#purge();
    });
  }

  #sync(file: DiskFile, then: () => void): void {
    this.#attempt(() => {
      file.sync((error) => {
        if (this.#isOver()) return;
        if (error !== null) this.#poison(error);
        else then();
      });
      return true;
    });
  }

  /** Runs a disk operation; null when it failed, and the log is poisoned. */
  #attempt<T>(run: () => T): T | null {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      this.#poison(error);
      return null;
    }
  }

  #isOver(): boolean {
    return this.#state === 'poisoned' || this.#state === 'closed';
  }

  #poison(error: SqlccError): void {
    if (this.#isOver()) return;
    this.#state = 'poisoned';
    this.#failure = error.message;
    this.#pending = [];
    this.#inFlight = null;
    this.#pipeline.stop();
    this.#marker.stop();
    const { message } = error;
    this.#options.schedule(() => {
      for (const listener of this.#listeners) listener(message);
    });
  }
}
