/**
 * Moves a snapshot's bytes from the leader to a follower over a bulk stream of its own:
 * offer → the receiver says from which byte it wants to go on → chunks → done or
 * refused. A cut connection or a restarted receiver resumes at the last good byte; the
 * old state stays until the new file is whole and verified. The core hears only the
 * end: `snapshot-report` at the sender, message `snapshot` at the receiver.
 *
 * Frames: 1 resume {offset} · 2 chunk (u32 CRC, bytes) · 3 end · 4 done · 5 refused {reason}.
 */
import type { Duplex } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { LogLevel, NodeId, Term } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import type { RaftInput, SnapshotMeta } from '../src/raft/index.ts';
import { type Frame, FrameReader, type PeerTransport, writeFrame } from '../src/rpc/index.ts';
import type { SnapshotIntake, SnapshotManager } from '../src/wal/index.ts';

const RESUME = 1;
const CHUNK = 2;
const END = 3;
const DONE = 4;
const REFUSED = 5;

/** No byte and no answer for this long: the transfer is given up and offered again later. */
const STALL_MS = 10_000;

const transferError = (reason: string): SqlccError => new SqlccError('unavailable', reason);

type Fields = Record<string, string | number | boolean | null>;

export interface SnapshotTransferParts {
  readonly nodeId: NodeId;
  readonly instanceId: string;
  readonly snapshots: SnapshotManager;
  readonly peers: PeerTransport;
  readonly submit: (input: RaftInput) => void;
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
  readonly #reader = new FrameReader();
  #frames: Frame[] = [];
  #ended = false;
  #failure: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
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

  async next(): Promise<Frame | null> {
    const deadline = performance.now() + STALL_MS;
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

export class SnapshotTransfer {
  readonly #parts: SnapshotTransferParts;
  /** One transfer a peer: a second offer while one runs is dropped. */
  readonly #sending = new Set<NodeId>();
  #receiving: string | null = null;

  constructor(parts: SnapshotTransferParts) {
    this.#parts = parts;
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
        (error: Error) => {
          this.#parts.log('warn', 'snapshot-not-sent', { peer, index: meta.index, error: error.message });
          return false;
        },
      )
      .then((ok) => {
        this.#sending.delete(peer);
        this.#parts.submit({ kind: 'snapshot-report', peer, ok });
      });
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
    const source = new FrameSource(stream);
    const first = await source.next();
    if (first === null || first.type !== RESUME)
      throw transferError(`the receiver refused: ${first ? reasonOf(first) : 'closed'}`);
    const from = Number(parse(first.payload)['offset']);
    let sent = 0;
    for (let at = from; at < file.size; ) {
      const bytes = await file.read(at, Math.min(LIMITS.snapshotChunkBytes, file.size - at));
      const payload = new Uint8Array(bytes.length + 4);
      new DataView(payload.buffer).setUint32(0, crc32(bytes));
      payload.set(bytes, 4);
      if (!writeFrame(stream, CHUNK, payload)) await drained(stream);
      at += bytes.length;
      sent += bytes.length;
    }
    writeFrame(stream, END, new Uint8Array(0));
    const last = await source.next();
    if (last === null || last.type !== DONE)
      throw transferError(`not installed: ${last ? reasonOf(last) : 'closed'}`);
    return sent;
  }

  /** A peer opened a bulk stream to this node. */
  receive(peer: NodeId, header: unknown, stream: Duplex): void {
    if (!isOffer(header)) {
      this.#parts.log('warn', 'bulk-stream-refused', { peer });
      stream.destroy();
      return;
    }
    if (this.#receiving !== null && this.#receiving !== header.meta.id) {
      writeFrame(stream, REFUSED, text({ reason: 'another snapshot is being received' }));
      stream.end();
      return;
    }
    this.#receiving = header.meta.id;
    this.#takeAll(peer, header, stream)
      .catch((error: Error) => {
        this.#parts.log('warn', 'snapshot-not-received', {
          peer,
          index: header.meta.index,
          error: error.message,
        });
        if (!stream.destroyed) writeFrame(stream, REFUSED, text({ reason: error.message }));
      })
      .finally(() => {
        this.#receiving = null;
        stream.end();
      });
  }

  async #takeAll(peer: NodeId, offer: Offer, stream: Duplex): Promise<void> {
    const { snapshots, nodeId, instanceId, submit, log } = this.#parts;
    const source = new FrameSource(stream);
    const intake: SnapshotIntake = await snapshots.receiveSnapshot(offer.meta);
    let at: number;
    try {
      at = await this.#takeChunks(source, intake, stream);
      await intake.finish();
    } catch (error) {
      await intake.abort(); // lets go of the file; what is in it serves the next try
      throw error;
    }
    log('info', 'snapshot-received', { peer, index: offer.meta.index, bytes: at });
    const { meta, term, session } = offer;
    const envelope = { from: peer, to: nodeId, fromInstance: offer.instanceId, toInstance: instanceId, term };
    submit({ kind: 'message', message: { kind: 'snapshot', ...envelope, meta, session } });
    writeFrame(stream, DONE, new Uint8Array(0));
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

function reasonOf(frame: Frame): string {
  return frame.type === REFUSED ? String(parse(frame.payload)['reason']) : `frame ${frame.type}`;
}

/** Resolves when the stream takes more; rejects when it breaks or takes nothing for too long. */
function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(transferError('the receiver takes nothing any more')), STALL_MS);
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
