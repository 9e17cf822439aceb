/**
 * The calling end of a call stream: many calls in flight over one CONNECT stream, those
 * of one turn in one write. It repeats nothing: a call whose stream breaks fails with
 * whether it had left, and the caller decides.
 */
import type { Duplex } from 'node:stream';
import type { Client } from 'undici';
import { HEADERS } from '../api/index.ts';
import { type Duration, LIMITS, SqlccError } from '../base/index.ts';
import {
  type AnswerDocument,
  CALL_FRAME,
  type CallDocument,
  decodeAnswer,
  encodeDocument,
} from './call-frames.ts';
import { type Deadline, Deadlines } from './deadlines.ts';
import { encodeFrames, type Frame, FrameReader, fitsFrame, type OutgoingFrame } from './frame.ts';

/** The node answers late calls itself; only silence is decided here, this much later. */
const GRACE_MS = 100;

export interface CallRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value. */
  readonly body?: unknown;
  /** May be sent again elsewhere: it need not wait for the word of a stream that is left. */
  readonly isMovable?: boolean;
}

export interface CallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value; a string for texts. */
  readonly body: unknown;
}

interface Waiting {
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: SqlccError) => void;
  readonly deadline: Deadline;
  readonly isMovable: boolean;
  sent: boolean;
}

export class CallStream {
  readonly endpoint: string;
  readonly #client: Client;
  readonly #stream: Duplex;
  readonly #reader = new FrameReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #deadlines = new Deadlines();
  readonly #unsent: { id: number; frame: OutgoingFrame }[] = [];
  readonly #onClose: (() => void)[] = [];
  #nextId = 1;
  #flushPlanned = false;
  #blocked = false;
  #open = true;
  #farewell = false;
  /** The end of a stream that is left, while calls wait on it. */
  #leaving: { readonly limit: Deadline; readonly over: () => void } | null = null;

  /** `stream` is an accepted CONNECT stream; the call stream owns it and its client. */
  constructor(endpoint: string, client: Client, stream: Duplex) {
    this.endpoint = endpoint;
    this.#client = client;
    this.#stream = stream;
    stream.on('error', () => {}); // followed by 'close'
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('drain', () => {
      this.#blocked = false;
      this.#flush();
    });
    stream.once('end', () => this.#end('the node ended the stream'));
    stream.once('close', () => this.#end('the connection broke'));
  }

  /** False when it is closed or left, or the node has asked to go elsewhere. */
  get isOpen(): boolean {
    return this.#open && !this.#farewell && this.#leaving === null;
  }

  /** Calls that wait for their answer. */
  get inFlight(): number {
    return this.#waiting.size;
  }

  /** Called once when the stream is over; at once when it is already. */
  onClose(listener: () => void): void {
    if (this.#open) this.#onClose.push(listener);
    else listener();
  }

  /**
   * One request. Answers with any status come back; it rejects with `unavailable` (`details.sent` false: it
   * never left), `outcome_unknown` (the stream broke after it had left), `deadline_exceeded`, `overloaded`.
   */
  call(request: CallRequest, timeoutMs: number): Promise<CallAnswer> {
    if (!this.isOpen) return Promise.reject(this.#error('unavailable', 'the call stream is closed', false));
    if (this.#waiting.size >= LIMITS.maxCallsInFlight) {
      return Promise.reject(new SqlccError('overloaded', 'too many calls wait on this stream'));
    }
    const id = this.#nextId++;
    const document: CallDocument = {
      id,
      m: request.method,
      p: request.path,
      h: { [HEADERS.timeoutMs]: String(Math.max(1, Math.round(timeoutMs))), ...request.headers },
      b: request.body,
    };
    const payload = encodeDocument(document);
    if (!fitsFrame(payload)) {
      return Promise.reject(
        new SqlccError('invalid_argument', `a call has at most ${LIMITS.maxFrameBytes} bytes`),
      );
    }
    return new Promise((resolve, reject) => {
      const deadline = this.#deadlines.set(timeoutMs + GRACE_MS, () => this.#late(id, timeoutMs));
      const isMovable = request.isMovable === true;
      this.#waiting.set(id, { resolve, reject, deadline, isMovable, sent: false });
      this.#unsent.push({ id, frame: { type: CALL_FRAME.call, payload } });
      this.#planFlush();
    });
  }

  /** Closes it; what is under way fails as when the connection breaks. */
  close(): void {
    this.#end('the client was closed');
  }

  /**
   * Takes no more calls, and rejects for `reason` those that may move or never left. The others are waited
   * for, at most `patienceMs`: what became of them is known here alone. Resolves when the stream is over.
   */
  leave(reason: string, patienceMs: Duration): Promise<void> {
    return new Promise((over) => {
      this.onClose(over);
      if (!this.#open || this.#leaving !== null) return;
      const late = `${reason}, and no answer came within ${patienceMs} ms`;
      const limit = this.#deadlines.set(patienceMs, () => this.#end(late));
      this.#leaving = { limit, over: () => this.#end(reason) };
      for (const [id, waiting] of [...this.#waiting])
        if (waiting.isMovable || !waiting.sent) this.#fail(id, waiting, reason);
      this.#settled();
    });
  }

  #planFlush(): void {
    if (this.#flushPlanned || this.#blocked) return;
    this.#flushPlanned = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushPlanned = false;
    if (this.#blocked || !this.#open || this.#unsent.length === 0) return;
    const frames: OutgoingFrame[] = [];
    for (const { id, frame } of this.#unsent.splice(0)) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) continue; // timed out before it could leave
      waiting.sent = true;
      frames.push(frame);
    }
    if (frames.length > 0) this.#blocked = !this.#stream.write(encodeFrames(frames));
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#onFrame(frame);
    } catch (error) {
      this.#end((error as Error).message);
    }
  }

  #onFrame(frame: Frame): void {
    if (frame.type === CALL_FRAME.farewell) {
      this.#farewell = true;
      return;
    }
    const answer = frame.type === CALL_FRAME.answer ? decodeAnswer(frame.payload) : null;
    if (answer === null) throw new SqlccError('internal', 'the node sent a frame that is no answer');
    this.#settle(answer);
  }

  #settle(answer: AnswerDocument): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return; // timed out here meanwhile
    this.#waiting.delete(answer.id);
    this.#deadlines.clear(waiting.deadline);
    waiting.resolve({ status: answer.s, headers: answer.h ?? {}, body: answer.t ?? answer.b });
    this.#settled();
  }

  /** The last call on a stream that is left ends it. */
  #settled(): void {
    if (this.#waiting.size === 0) this.#leaving?.over();
  }

  #late(id: number, timeoutMs: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.reject(this.#error('deadline_exceeded', `no answer within ${timeoutMs} ms`, waiting.sent));
    this.#settled();
  }

  #end(reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#leaving !== null) this.#deadlines.clear(this.#leaving.limit);
    const waiting = [...this.#waiting];
    this.#unsent.length = 0;
    this.#stream.destroy();
    this.#client.destroy(null).catch(() => {}); // already down
    for (const [id, call] of waiting) this.#fail(id, call, reason);
    for (const listener of this.#onClose.splice(0)) listener();
  }

  #fail(id: number, { deadline, sent, reject }: Waiting, reason: string): void {
    this.#waiting.delete(id);
    this.#deadlines.clear(deadline);
    reject(this.#error(sent ? 'outcome_unknown' : 'unavailable', reason, sent));
  }

  #error(
    code: 'unavailable' | 'outcome_unknown' | 'deadline_exceeded',
    text: string,
    sent: boolean,
  ): SqlccError {
    return new SqlccError(code, `${this.endpoint}: ${text}`, { details: { endpoint: this.endpoint, sent } });
  }
}
