/**
 * HTTP/2 requests to any node, over undici, one session an address. Every wait is raced
 * against a timer of its own, because undici's are coarse and do not cover its queue.
 * It never repeats anything and follows no redirect: whether the same request may be
 * sent again is the business of who knows what it means. So each failure says whether
 * the request can have left (`details.sent`).
 */
import type { Readable } from 'node:stream';
import type { Client } from 'undici';
import { errorFromWire, HEADERS } from '../api/index.ts';
import { type Duration, LIMITS, SqlccError } from '../base/index.ts';
import { CallStream } from './call-stream.ts';
import { parseJson } from './json.ts';
import { linesOf } from './lines.ts';
import { type ClientTls, contextOf, type DialHandshake } from './tls.ts';
import { certificateAdvice, certificateWords } from './tls-words.ts';
import { h2Client, isDialError, splitAddress } from './undici-client.ts';

const CONNECT_TIMEOUT_MS = 1000;
const KEEP_ALIVE_MS = 30_000;
/** The node answers late requests itself; only silence is decided here, this much later. */
const GRACE_MS = 100;
/** Streams show a sign of life every 5 s; a silent one is broken. */
const STREAM_SILENCE_MS = 15_000;
const UNAUTHENTICATED = 401;

export interface HttpClientOptions extends ClientTls {
  /** Bearer token, for callers without a certificate. */
  readonly token?: string;
  /** How long a request waits for its connection. */
  readonly connectTimeoutMs?: Duration;
  /**
   * How long a handshake may take, while requests wait for it one after the other. Absent: it ends with
   * `connectTimeoutMs`, and the next request begins another.
   */
  readonly handshakeTimeoutMs?: Duration;
}

export interface HttpRequest {
  /** `host:port`. */
  readonly endpoint: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A JSON value. */
  readonly body?: unknown;
  /** Default LIMITS.defaultRequestTimeoutMs; told to the node as well. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  json(): unknown;
}

interface OpenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

export class HttpClient {
  #options: HttpClientOptions;
  readonly #clients = new Map<string, Client>();
  readonly #giveUp = new WeakMap<Client, () => void>();
  #closed = false;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Sends it and reads the whole answer, whatever its status. Rejects with `unavailable` (nothing was sent;
   * `details.late`: there is no connection yet), `outcome_unknown` (the connection broke after sending),
   * `deadline_exceeded`, `invalid_argument` (no address).
   */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const timer = this.#deadline(request);
    try {
      const answer = await this.#open(request, timer);
      const text = await timer.race(readText(answer.body));
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        json: () => {
          const parsed = parseJson(text);
          return parsed.ok ? parsed.value : undefined;
        },
      };
    } catch (error) {
      throw this.#classify(error, request);
    } finally {
      timer.stop();
    }
  }

  /**
   * The lines of an NDJSON answer as they come; throws what the node answered when its status is an
   * error.
   */
  async *stream(request: HttpRequest): AsyncGenerator<unknown> {
    const timer = this.#deadline(request);
    let body: Readable | null = null;
    try {
      const answer = await this.#open(request, timer);
      timer.stop();
      body = answer.body;
      if (answer.status >= 300) throw errorFromWire(answer.status, parsedOrNothing(await readText(body)));
      yield* linesOf(body, {
        silenceMs: STREAM_SILENCE_MS,
        ...(request.signal ? { signal: request.signal } : {}),
      });
    } catch (error) {
      throw this.#classify(error, request);
    } finally {
      timer.stop();
      body?.destroy();
    }
  }

  /**
   * A call stream on a connection of its own, all in `timeoutMs`. Rejects with `unavailable`,
   * `unauthenticated`.
   */
  async openCallStream(endpoint: string, timeoutMs: number = CONNECT_TIMEOUT_MS * 2): Promise<CallStream> {
    const request: HttpRequest = { endpoint, method: 'CONNECT', path: '/', timeoutMs };
    const client = this.#make(endpoint);
    const timer = new Deadline(request, () => false, timeoutMs);
    try {
      const headers = { [HEADERS.stream]: 'client', ...this.#credentials() };
      const { socket, statusCode } = await timer.race(client.connect({ path: '/', headers }));
      socket.on('error', () => {}); // followed by 'close'
      if (statusCode === 200) return new CallStream(endpoint, client, socket);
      throw new SqlccError(
        'unauthenticated',
        `${endpoint} refused the call stream with status ${statusCode}`,
      );
    } catch (error) {
      this.#destroy(client).catch(() => {}); // already down
      throw this.#classify(error, request);
    } finally {
      timer.stop();
    }
  }

  /**
   * Requests from now on show these credentials, on new sessions; what is under way ends on the old ones.
   * Throws, and changes nothing, where certificate and key do not belong together.
   */
  reload(credentials: ClientTls & { readonly token?: string }): void {
    const options = { ...this.#options, ...credentials };
    contextOf(options);
    this.#options = options;
    for (const [endpoint, client] of [...this.#clients]) this.#retire(endpoint, client);
  }

  /** Closes all sessions; what is under way fails. */
  async close(): Promise<void> {
    this.#closed = true;
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map((client) => this.#destroy(client)));
  }

  #destroy(client: Client): Promise<void> {
    this.#giveUp.get(client)?.();
    return client.destroy(null);
  }

  async #open(request: HttpRequest, timer: Deadline): Promise<OpenAnswer> {
    const client = this.#clientOf(request.endpoint);
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    const sending = client.request({
      method: request.method as 'GET',
      path: request.path,
      headers: {
        [HEADERS.timeoutMs]: String(timer.timeoutMs),
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...this.#credentials(),
        ...request.headers,
      },
      body,
      signal: timer.signal,
    });
    try {
      const answer = await timer.race(sending);
      answer.body.on('error', () => {}); // readers see it too
      // what a handshake said of a certificate, perhaps while a clock was off, stays with its session
      if (answer.statusCode === UNAUTHENTICATED) this.#retire(request.endpoint, client);
      return { status: answer.statusCode, headers: flat(answer.headers), body: answer.body };
    } catch (error) {
      // a session that gave no answer in time may be frozen: the next request dials anew
      const isSilent = error instanceof SqlccError && error.code === 'deadline_exceeded';
      if (isSilent && error.details['sent'] === true) this.#retire(request.endpoint, client);
      throw error;
    }
  }

  #credentials(): Record<string, string> {
    const { token } = this.#options;
    return token === undefined ? {} : { [HEADERS.authorization]: `Bearer ${token}` };
  }

  #deadline(request: HttpRequest): Deadline {
    const connected = (): boolean => this.#clients.get(request.endpoint)?.stats.connected === true;
    // without a longer handshake the dial itself ends the wait
    const isLonger = this.#options.handshakeTimeoutMs !== undefined;
    return new Deadline(request, connected, isLonger ? this.#connectTimeoutMs : null);
  }

  get #connectTimeoutMs(): Duration {
    return this.#options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  }

  #clientOf(endpoint: string): Client {
    const known = this.#clients.get(endpoint);
    if (known !== undefined && !known.destroyed && !known.closed) return known;
    const client = this.#make(endpoint);
    this.#clients.set(endpoint, client);
    return client;
  }

  #make(endpoint: string): Client {
    if (this.#closed)
      throw new SqlccError('unavailable', 'this client is closed', { details: { sent: false } });
    if (splitAddress(endpoint) === null) {
      throw new SqlccError('invalid_argument', `"${endpoint}" is no address of the form host:port`);
    }
    const { handshakeTimeoutMs } = this.#options;
    const client: Client = h2Client({
      address: endpoint,
      tls: this.#options,
      connectTimeoutMs: this.#connectTimeoutMs,
      ...(handshakeTimeoutMs !== undefined && { handshake: atOnce(handshakeTimeoutMs) }),
      dialling: (giveUp) => this.#giveUp.set(client, giveUp),
      keepAliveMs: KEEP_ALIVE_MS,
      maxConcurrentStreams: LIMITS.maxStreamsPerSession,
    });
    return client;
  }

  /** Others may still be reading from it: it ends when they do. */
  #retire(endpoint: string, client: Client): void {
    if (this.#clients.get(endpoint) === client) this.#clients.delete(endpoint);
    client.close().catch(() => {}); // already down
  }

  #classify(error: unknown, request: HttpRequest): SqlccError {
    if (error instanceof SqlccError && !isDialError(error)) return error;
    const { endpoint } = request;
    const text = error instanceof Error ? error.message : String(error);
    const sent = !isDialError(error);
    const isLate = error instanceof SqlccError && error.details['late'] === true;
    const details = { endpoint, sent, ...(isLate && { late: true }) };
    if (!sent) {
      const refused = certificateWords(codeOf(error));
      const why = refused === null ? text : `the node’s certificate ${refused}`;
      return new SqlccError('unavailable', `${endpoint} cannot be reached: ${why}`, {
        cause: error,
        details: { ...details, why },
        ...(refused !== null && { hint: certificateAdvice(codeOf(error), 'node') }),
      });
    }
    return new SqlccError('outcome_unknown', `the connection to ${endpoint} broke: ${text}`, {
      cause: error,
      details,
    });
  }
}

/** Dialling may go on; nothing was sent. */
function unconnected(endpoint: string, timeoutMs: Duration): SqlccError {
  const why = `no connection within ${timeoutMs} ms`;
  const details = { endpoint, sent: false, late: true, why };
  return new SqlccError('unavailable', `${endpoint} cannot be reached: ${why}`, { details });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}

function atOnce(timeoutMs: Duration): DialHandshake {
  const enter = (begin: () => void): (() => void) => {
    begin();
    return () => {};
  };
  return { timeoutMs, enter };
}

/** One request's time: its own timer, the caller's signal, and what either of them aborts. */
class Deadline {
  readonly timeoutMs: number;
  readonly #abort = new AbortController();
  readonly #expired: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  /** For its connection. */
  readonly #waiting: NodeJS.Timeout | undefined;
  readonly #stopListening: () => void;

  constructor(request: HttpRequest, connected: () => boolean, connectTimeoutMs: Duration | null) {
    this.timeoutMs = Math.max(1, Math.round(request.timeoutMs ?? LIMITS.defaultRequestTimeoutMs));
    let expire: (error: SqlccError) => void = () => {};
    this.#expired = new Promise((_resolve, reject) => {
      expire = (error) => {
        reject(error);
        this.#abort.abort(error);
      };
    });
    this.#expired.catch(() => {}); // nobody may be waiting when it comes
    const { endpoint, signal } = request;
    const fail = (code: 'deadline_exceeded' | 'outcome_unknown', text: string): void => {
      expire(new SqlccError(code, text, { details: { endpoint, sent: connected() } }));
    };
    if (connectTimeoutMs !== null)
      this.#waiting = setTimeout(() => {
        if (!connected()) expire(unconnected(endpoint, connectTimeoutMs));
      }, connectTimeoutMs);
    const late = `${endpoint} gave no answer within ${this.timeoutMs} ms`;
    this.#timer = setTimeout(() => fail('deadline_exceeded', late), this.timeoutMs + GRACE_MS);
    const onAbort = (): void => fail('outcome_unknown', `the request to ${endpoint} was given up`);
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#stopListening = () => signal?.removeEventListener('abort', onAbort);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  race<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {}); // when the timer wins, the loser's failure is nobody's
    return Promise.race([work, this.#expired]);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#waiting);
    this.#stopListening();
  }
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parsedOrNothing(text: string): unknown {
  const parsed = parseJson(text);
  return parsed.ok ? parsed.value : undefined;
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) out[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}
