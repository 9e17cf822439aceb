/**
 * The serving end of a call stream: every frame is a request of its own and goes
 * through the same router, under the same policy, as a POST would. Answers that are
 * ready in one turn leave in one write. When the caller does not read its answers, its
 * calls are not read either.
 */
import type { Duplex } from 'node:stream';
import type { Identity } from '../auth/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import { CALL_FRAME, type CallDocument, decodeCall, encodeDocument } from './call-frames.ts';
import type { Caller } from './caller.ts';
import { encodeFrames, FrameReader, fitsFrame, type OutgoingFrame } from './frame.ts';
import { errorAnswer, type Router, type RouterAnswer, type RouterRequest } from './router.ts';
import { droppedAnswer } from './unread.ts';

const NO_HEADERS: Readonly<Record<string, string>> = {};

export interface CallFrontOptions {
  readonly stream: Duplex;
  readonly router: Router;
  readonly caller: Caller;
  /** Credentials that opened the stream; checked again as time passes. */
  readonly authorization: string | undefined;
}

export class CallFront {
  readonly #options: CallFrontOptions;
  readonly #reader = new FrameReader();
  readonly #gone = new AbortController();
  readonly #signal = (): AbortSignal => this.#gone.signal;
  #answers: OutgoingFrame[] = [];
  #flushPlanned = false;
  #inFlight = 0;
  #inFlightBytes = 0;
  /** Of answers that leave in this turn, and of those that have not left yet. */
  #queuedBytes = 0;
  #unreadBytes = 0;
  /** Whose they are; who opened the stream was identified before. */
  readonly #account: string;
  #blocked = false;
  #leaving = false;

  constructor(options: CallFrontOptions) {
    this.#options = options;
    this.#account = options.caller.account;
    const { stream } = options;
    stream.on('error', () => {}); // followed by 'close'
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('drain', () => {
      this.#blocked = false;
      this.#pace();
    });
    stream.once('end', () => stream.end());
    stream.once('close', () => {
      this.#gone.abort();
      this.#count(-this.#unreadBytes);
    });
  }

  /** Asks the caller to go elsewhere; ends when what is under way is answered. */
  farewell(): void {
    this.#leaving = true;
    this.#push({ type: CALL_FRAME.farewell, payload: new Uint8Array(0) });
  }

  /** Ends the stream whatever is under way. */
  close(): void {
    this.#options.stream.destroy();
  }

  #onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) {
        const call = frame.type === CALL_FRAME.call ? decodeCall(frame.payload) : null;
        if (call === null) throw new SqlccError('invalid_argument', 'a frame that is no call');
        this.#serve(call, frame.payload.length);
      }
      this.#pace();
    } catch {
      this.#options.stream.destroy(); // the boundaries of its frames are not to be trusted any more
    }
  }

  /** Reads on while its answers are taken and what is under way has a bounded size. */
  #pace(): void {
    const { stream } = this.#options;
    const isPaused = this.#blocked || this.#inFlightBytes > LIMITS.maxCallBytesInFlight;
    if (isPaused === stream.isPaused()) return;
    if (isPaused) stream.pause();
    else stream.resume();
  }

  #serve(call: CallDocument, bytes: number): void {
    this.#inFlight++;
    this.#inFlightBytes += bytes;
    this.#answer(call, bytes, (answer) => {
      this.#inFlight--;
      this.#inFlightBytes -= bytes;
      this.#pace();
      this.#push({ type: CALL_FRAME.answer, payload: this.#withRoom(call, this.#payloadOf(call, answer)) });
    });
  }

  #payloadOf(call: CallDocument, answer: RouterAnswer): string {
    try {
      return this.#encode(call, answer);
    } catch (cause) {
      // a body that is no JSON (a bigint, a circle) is the handler's bug, not this stream's end
      const bug = errorAnswer(new SqlccError('internal', 'the node failed to answer', { cause }), call.p);
      return encodeDocument({ id: call.id, s: bug.status, b: bug.body });
    }
  }

  /** Counts what the caller has not read; after its end nothing is counted any more. */
  #count(bytes: number): void {
    const { unread } = this.#options.caller;
    const change = Math.max(bytes, -this.#unreadBytes);
    this.#unreadBytes += change;
    if (change >= 0) unread.add(this.#account, change);
    else unread.remove(this.#account, -change);
  }

  /** The payload, or in its place that the caller has too many answers unread already. */
  #withRoom(call: CallDocument, payload: string): string {
    const { unread } = this.#options.caller;
    if (!unread.isTooMuch(this.#account, this.#queuedBytes + payload.length)) {
      this.#queuedBytes += payload.length;
      return payload;
    }
    const refused = errorAnswer(droppedAnswer(call.m), call.p);
    return encodeDocument({ id: call.id, s: refused.status, b: refused.body });
  }

  #encode(call: CallDocument, answer: RouterAnswer): string {
    const h = telling(answer.headers);
    const { status: s, text: t, body: b } = answer;
    const document = t === undefined ? { id: call.id, s, h, b } : { id: call.id, s, h, t };
    const payload = encodeDocument(document);
    if (fitsFrame(payload)) return payload;
    const error = new SqlccError(
      'failed_precondition',
      'the answer is too large for one frame: ask for less',
    );
    const refusal = errorAnswer(error, call.p);
    return encodeDocument({ id: call.id, s: refusal.status, b: refusal.body });
  }

  /** No promise where nothing has to be waited for: this is run for each write. */
  #answer(call: CallDocument, bytes: number, done: (answer: RouterAnswer) => void): void {
    const { router, caller, authorization } = this.#options;
    if (this.#inFlight > LIMITS.maxCallsInFlight) {
      const error = new SqlccError('overloaded', 'too many calls are under way on this stream');
      return done(errorAnswer(error, call.p));
    }
    let who: ReturnType<Caller['identify']>;
    try {
      who = caller.identify(authorization);
      caller.unread.check(this.#account);
      caller.underWay.add(this.#account, bytes);
    } catch (error) {
      return done(router.refuse(error, this.#facts(call)));
    }
    const counted = (answer: RouterAnswer): void => {
      caller.underWay.remove(this.#account, bytes);
      done(answer);
    };
    const go = (one: Identity | null): void => router.answer(this.#request(call, bytes, one), counted);
    if (!(who instanceof Promise)) return go(who);
    who.then(go, (error: unknown) => counted(router.refuse(error, this.#facts(call))));
  }

  #facts(call: CallDocument): Pick<RouterRequest, 'target' | 'remoteAddress'> {
    return { target: call.p, remoteAddress: this.#options.caller.address };
  }

  #request(call: CallDocument, bytes: number, identity: Identity | null): RouterRequest {
    return {
      method: call.m,
      target: call.p,
      headers: call.h ?? NO_HEADERS,
      body: { kind: 'value', value: call.b, bytes },
      singleAnswer: true,
      identity,
      remoteAddress: this.#options.caller.address,
      gone: this.#signal,
    };
  }

  #push(frame: OutgoingFrame): void {
    this.#answers.push(frame);
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushPlanned = false;
    const { stream } = this.#options;
    const answers = this.#answers;
    this.#answers = [];
    this.#queuedBytes = 0;
    if (stream.destroyed) return;
    const bytes = encodeFrames(answers);
    this.#count(bytes.length);
    this.#blocked = !stream.write(bytes, () => this.#count(-bytes.length));
    this.#pace();
    if (this.#leaving && this.#inFlight === 0) stream.end();
  }
}

/** The headers that say something: the type of a body is told by where it stands. */
function telling(headers: RouterAnswer['headers']): RouterAnswer['headers'] | undefined {
  let rest: Record<string, string> | undefined;
  for (const name in headers) {
    if (name === 'content-type') continue;
    rest ??= {};
    rest[name] = headers[name] as string;
  }
  return rest;
}
