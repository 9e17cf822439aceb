/**
 * Moves a snapshot's bytes from the leader to a follower over a bulk stream of its own:
 * offer → the receiver says from which byte it wants to go on → chunks → done or
 * refused. A cut connection or a restarted receiver resumes at the last good byte; the
 * old state stays until the new file is whole and verified. The core hears only the
 * end: `snapshot-report` at the sender, message `snapshot` at the receiver.
 *
 * One snapshot arrives at a time, over one stream: a newer stream for the same one, or
 * from a leader of a newer term, replaces the older, whose sender may be long gone.
 *
 * Frames: 1 resume {offset} · 2 chunk (u32 CRC, bytes) · 3 end · 4 done · 5 refused {reason}
 * · 6 progress (the receiver verifies, and its disk answers).
 */
import type { Duplex } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Duration, LogLevel, NodeId, Term } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { RaftInput, SnapshotMeta } from '../src/raft/index.ts';
import { type Frame, FrameReader, type PeerTransport, writeFrame } from '../src/rpc/index.ts';
import type { SnapshotIntake, SnapshotManager } from '../src/wal/index.ts';
import { Pace } from './pace.ts';

const RESUME = 1;
const CHUNK = 2;
const END = 3;
const DONE = 4;
const REFUSED = 5;
const PROGRESS = 6;

/** No byte and no answer for this long: the transfer is given up and offered again later. */
const STALL_MS = 10_000;
/** A receiver that verifies says so this often. */
const PROGRESS_EVERY_MS = 1000;

const transferError = (reason: string): SqlccError => new SqlccError('unavailable', reason);

type Fields = Record<string, string | number | boolean | null>;

export interface SnapshotTransferParts {
  readonly nodeId: NodeId;
  readonly instanceId: string;
  readonly snapshots: SnapshotManager;
  readonly peers: Pick<PeerTransport, 'openBulk'>;
  /** Default: `LIMITS.snapshotBytesPerSecond`. */
  readonly pace?: Pick<Pace, 'take'>;
  /** Default: 10 s. */
  readonly stallMs?: Duration;
  readonly submit: (input: RaftInput) => void;
  /** Asks for a new snapshot of the state: the one to be sent is damaged. */
  readonly makeAnother: () => void;
  readonly log: (level: LogLevel, event: string, fields: Fields) => void;
}

interface Offer {
  readonly kind: 'snapshot';
  readonly meta: SnapshotMeta;
  readonly term: Term;
  readonly session: number;
  readonly instanceId: string;
}

function isOffer(header: unknown): header is Offer {
  const offer = header as Partial<Offer> | null;
  return offer?.kind === 'snapshot' && typeof offer.meta?.id === 'string' && typeof offer.term === 'number';
}

/** Frames of a stream, one after the other; null at its end. Rejects when it breaks or stalls. */
class FrameSource {
  readonly #stream: Duplex;
  readonly #stallMs: Duration;
  readonly #reader = new FrameReader();
  #frames: Frame[] = [];
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: Duplex, stallMs: Duration) {
    this.#stream = stream;
    this.#stallMs = stallMs;
    stream.on('data', (chunk: Buffer) => {
      try {
        this.#frames.push(...this.#reader.push(chunk));
      } catch (error) {
        this.#failure = error as Error;
      }
      if (this.#frames.length > 8) stream.pause();
      this.#wake?.();
    });
    const ended = (error?: Error): void => {
      this.#failure ??= error ?? null;
      this.#ended = true;
      this.#wake?.();
    };
    stream.once('end', () => ended());
    stream.once('close', () => ended());
    stream.once('error', ended);
  }

  /** A frame that is here already; looking does not take it. */
  peek(): Frame | undefined {
    return this.#frames[0];
  }

  async next(): Promise<Frame | null> {
    const deadline = performance.now() + this.#stallMs;
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) {
        if (this.#frames.length === 0) this.#stream.resume();
        return frame;
      }
      if (this.#failure !== null) throw this.#failure;
      if (this.#ended) return null;
      const left = deadline - performance.now();
      if (left <= 0) throw transferError('the other side says nothing any more');
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
  }
}

const text = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function parse(payload: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
}

/** What arrives now. */
interface Arrival {
  readonly offer: Offer;
  readonly stream: Duplex;
  /** Resolves at its end, good or bad. */
  readonly ended: Promise<void>;
}

export class SnapshotTransfer {
  readonly #parts: SnapshotTransferParts;
  readonly #pace: Pick<Pace, 'take'>;
  readonly #stallMs: Duration;
  /** One transfer a peer: a second offer while one runs is dropped. */
  readonly #sending = new Set<NodeId>();
  #arrival: Arrival | null = null;
  #toldProgressAt = Number.NEGATIVE_INFINITY;

  constructor(parts: SnapshotTransferParts) {
    this.#parts = parts;
    this.#pace = parts.pace ?? new Pace(LIMITS.snapshotBytesPerSecond);
    this.#stallMs = parts.stallMs ?? STALL_MS;
  }

  /** Sends or goes on sending; the end comes as a `snapshot-report`. */
  send(peer: NodeId, meta: SnapshotMeta, term: Term, session: number): void {
    if (this.#sending.has(peer)) return;
    this.#sending.add(peer);
    const began = performance.now();
    this.#offer(peer, { kind: 'snapshot', meta, term, session, instanceId: this.#parts.instanceId })
      .then(
        (bytes) => {
          const ms = Math.round(performance.now() - began);
          this.#parts.log('info', 'snapshot-sent', { peer, index: meta.index, bytes, ms });
          return true;
        },
        async (error: Error) => {
          this.#parts.log('warn', 'snapshot-not-sent', { peer, index: meta.index, error: error.message });
          await this.#suspect(meta.id);
          return false;
        },
      )
      .then((ok) => {
        this.#sending.delete(peer);
        this.#parts.submit({ kind: 'snapshot-report', peer, ok });
      });
  }

  /** Whoever is refused looks at its own file: a rotten one would be offered, and refused, for ever. */
  async #suspect(id: string): Promise<void> {
    const { snapshots, log, makeAnother } = this.#parts;
    try {
      await snapshots.verifySnapshot(id);
    } catch (error) {
      log('error', 'snapshot-damaged', { error: (error as Error).message, next: 'another one is made' });
      makeAnother();
    }
  }

  async #offer(peer: NodeId, offer: Offer): Promise<number> {
    const file = await this.#parts.snapshots.openSnapshot(offer.meta.id);
    try {
      const stream = await this.#parts.peers.openBulk(peer, { ...offer });
      try {
        return await this.#sendChunks(stream, file);
      } finally {
        stream.destroy();
      }
    } finally {
      await file.close();
    }
  }

  async #sendChunks(
    stream: Duplex,
    file: Awaited<ReturnType<SnapshotManager['openSnapshot']>>,
  ): Promise<number> {
    const source = new FrameSource(stream, this.#stallMs);
    const first = await answer(source, RESUME);
    const from = Number(parse(first.payload)['offset']);
    let sent = 0;
    for (let at = from; at < file.size; ) {
      const bytes = await file.read(at, Math.min(LIMITS.snapshotChunkBytes, file.size - at));
      if (bytes.length === 0) throw transferError(`the file ends at ${at}`);
      const wait = this.#pace.take(bytes.length, performance.now());
      if (wait > 0) await after(wait);
      // a receiver that refuses, its disk is full for example, need not hear the rest
      if (source.peek()?.type === REFUSED) break;
      const payload = new Uint8Array(bytes.length + 4);
      new DataView(payload.buffer).setUint32(0, crc32(bytes));
      payload.set(bytes, 4);
      if (!writeFrame(stream, CHUNK, payload)) await drained(stream, this.#stallMs);
      at += bytes.length;
      sent += bytes.length;
    }
    writeFrame(stream, END, new Uint8Array(0));
    await answer(source, DONE);
    return sent;
  }

  /** A peer opened a bulk stream to this node. */
  receive(peer: NodeId, header: unknown, stream: Duplex): void {
    stream.on('error', () => {}); // told by 'close', and to whoever reads
    if (!isOffer(header)) {
      this.#parts.log('warn', 'bulk-stream-refused', { peer });
      stream.destroy();
      return;
    }
    const before = this.#arrival;
    if (before !== null && before.offer.meta.id !== header.meta.id && header.term <= before.offer.term) {
      writeFrame(stream, REFUSED, text({ reason: 'another snapshot is being received' }));
      stream.end();
      return;
    }
    before?.stream.destroy(transferError('replaced by a newer stream'));
    // both would write into one file: the newer one begins when the older has let go
    const ended = (before?.ended ?? Promise.resolve()).then(() => this.#take(peer, header, stream));
    const arrival: Arrival = { offer: header, stream, ended };
    this.#arrival = arrival;
    void ended.then(() => {
      if (this.#arrival === arrival) this.#arrival = null;
    });
  }

  /** Never rejects. */
  async #take(peer: NodeId, offer: Offer, stream: Duplex): Promise<void> {
    if (stream.destroyed) return; // replaced in its turn while it waited
    try {
      await this.#takeAll(peer, offer, stream);
      writeFrame(stream, DONE, new Uint8Array(0));
    } catch (error) {
      const reason = (error as Error).message;
      this.#parts.log('warn', 'snapshot-not-received', { peer, index: offer.meta.index, error: reason });
      if (!stream.destroyed) writeFrame(stream, REFUSED, text({ reason }));
      // what still comes passes unread: the sender finds the refusal between two chunks
      stream.removeAllListeners('data').resume();
    }
    stream.end();
  }

  async #takeAll(peer: NodeId, offer: Offer, stream: Duplex): Promise<void> {
    const { snapshots, nodeId, instanceId, submit, log } = this.#parts;
    const progress = (): void => this.#tellProgress();
    const source = new FrameSource(stream, this.#stallMs);
    const intake: SnapshotIntake = await snapshots.receiveSnapshot(offer.meta, progress);
    let at: number;
    try {
      at = await this.#takeChunks(source, intake, stream);
      await intake.finish(progress);
    } catch (error) {
      await intake.abort(); // lets go of the file; what is in it serves the next try
      throw error;
    }
    log('info', 'snapshot-received', { peer, index: offer.meta.index, bytes: at });
    const { meta, term, session } = offer;
    const envelope = { from: peer, to: nodeId, fromInstance: offer.instanceId, toInstance: instanceId, term };
    submit({ kind: 'message', message: { kind: 'snapshot', ...envelope, meta, session } });
  }

  /** To the newest stream: it may be waiting for an older one that verifies the same file. */
  #tellProgress(): void {
    const now = performance.now();
    const stream = this.#arrival?.stream;
    if (stream === undefined || stream.destroyed || now - this.#toldProgressAt < PROGRESS_EVERY_MS) return;
    this.#toldProgressAt = now;
    writeFrame(stream, PROGRESS, new Uint8Array(0));
  }

  /** Writes chunks until the sender says that there are no more; answers the size then. */
  async #takeChunks(source: FrameSource, intake: SnapshotIntake, stream: Duplex): Promise<number> {
    writeFrame(stream, RESUME, text({ offset: intake.offset }));
    let at = intake.offset;
    for (;;) {
      const frame = await source.next();
      if (frame === null) throw transferError('the sender closed the stream before the end');
      if (frame.type === END) return at;
      if (frame.type !== CHUNK || frame.payload.length < 4)
        throw transferError(`unexpected frame ${frame.type}`);
      const bytes = frame.payload.subarray(4);
      const crc = new DataView(frame.payload.buffer, frame.payload.byteOffset).getUint32(0);
      if (crc32(bytes) !== crc) throw transferError(`a chunk at ${at} is damaged`);
      await intake.write(at, bytes);
      at += bytes.length;
    }
  }
}

/** The receiver's next word, which must be of this type; it may take long as long as it makes progress. */
async function answer(source: FrameSource, type: typeof RESUME | typeof DONE): Promise<Frame> {
  for (;;) {
    const frame = await source.next();
    if (frame?.type === type) return frame;
    if (frame === null) throw transferError('the receiver closed the stream');
    if (frame.type === REFUSED) throw transferError(`refused: ${String(parse(frame.payload)['reason'])}`);
    if (frame.type !== PROGRESS) throw transferError(`unexpected frame ${frame.type}`);
  }
}

/** Resolves when the stream takes more; rejects when it breaks or takes nothing for too long. */
function drained(stream: Duplex, stallMs: Duration): Promise<void> {
  if (stream.destroyed) return Promise.reject(transferError('the stream closed'));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(transferError('the receiver takes nothing any more')), stallMs);
    const onDrain = (): void => settle();
    const onClose = (): void => settle(transferError('the stream closed'));
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      stream.off('drain', onDrain);
      stream.off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    stream.once('drain', onDrain);
    stream.once('close', onClose);
  });
}
