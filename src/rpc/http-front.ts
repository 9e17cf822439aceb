/**
 * Puts one HTTP request before the router and writes what it answers: HTTP/2 streams and HTTP/1.1
 * messages.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Writable } from 'node:stream';
import { HEADERS } from '../api/index.ts';
import { SqlccError } from '../base/index.ts';
import { readWholeBody, writeLines } from './body.ts';
import type { Caller } from './caller.ts';
import type { Router, RouterAnswer, RouterRequest } from './router.ts';
import { droppedAnswer } from './unread.ts';

/** Answers are nobody's to keep, and never anything but what their type says. */
const ALWAYS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** An endless answer outlives the credentials that began it by no more than this and what Caller keeps. */
const RECHECK_MS = 2500;

/** Answers a request that came as an HTTP/2 stream. */
export async function serveStream(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  router: Router,
  caller: Caller,
): Promise<void> {
  const gone = new Departure(stream);
  const counted = caller.underWay.open(() => caller.account);
  const method = String(headers[constants.HTTP2_HEADER_METHOD]);
  const target = String(headers[constants.HTTP2_HEADER_PATH]);
  const made = await answerOf(router, caller, {
    method,
    target,
    headers: plainHeaders(headers),
    body: {
      kind: 'bytes',
      read: (limits) => readWholeBody(stream, headers['content-length'], limits, counted),
    },
    singleAnswer: method === 'HEAD',
    remoteAddress: caller.address,
    gone: () => gone.signal,
  });
  counted.close();
  if (stream.destroyed || stream.closed) return;
  const account = caller.account;
  const { answer, bytes } = withRoom(made, { router, caller, account, method, target });
  const length = bytes === null ? {} : { 'content-length': bytes.length };
  const bare = method === 'HEAD';
  stream.respond(
    { [constants.HTTP2_HEADER_STATUS]: answer.status, ...ALWAYS, ...answer.headers, ...length },
    { endStream: bare },
  );
  if (bare) return;
  if (answer.stream !== undefined) await pump(stream, answer.stream, sameAs(caller, headers.authorization));
  else if (bytes === null) stream.end();
  else caller.unread.endWith(stream, bytes, account);
  // an upload that nobody wants any more is stopped, not read to its end; a request without a body has none
  if (!stream.readableEnded && !stream.endAfterHeaders) stopUpload(stream);
}

/**
 * Not before the answer has left. Node would wait for that too, but forget the reset of a stream that is
 * destroyed meanwhile, and write empty frames without end: undici-client.ts.
 */
function stopUpload(stream: ServerHttp2Stream): void {
  const stop = (): void => stream.close(constants.NGHTTP2_NO_ERROR);
  if (stream.writableFinished) stop();
  else stream.once('finish', stop);
}

/** Answers a request that came by HTTP/1.1. */
export async function serveMessage(
  request: IncomingMessage,
  response: ServerResponse,
  router: Router,
  caller: Caller,
): Promise<void> {
  const gone = new Departure(response);
  const counted = caller.underWay.open(() => caller.account);
  response.on('error', () => {}); // followed by 'close'
  const method = request.method ?? 'GET';
  const target = request.url ?? '/';
  const made = await answerOf(router, caller, {
    method,
    target,
    headers: plainHeaders(request.headers),
    body: {
      kind: 'bytes',
      read: (limits) => readWholeBody(request, request.headers['content-length'], limits, counted),
    },
    singleAnswer: method === 'HEAD',
    remoteAddress: caller.address,
    gone: () => gone.signal,
  });
  counted.close();
  if (response.destroyed) return;
  const account = caller.account;
  const { answer, bytes } = withRoom(made, { router, caller, account, method, target });
  const closing = request.complete ? {} : { connection: 'close' };
  const length = bytes === null ? {} : { 'content-length': bytes.length };
  response.writeHead(answer.status, { ...ALWAYS, ...answer.headers, ...length, ...closing });
  if (method === 'HEAD') response.end();
  else if (answer.stream !== undefined) {
    await pump(response, answer.stream, sameAs(caller, request.headers.authorization));
  } else if (bytes === null) response.end();
  else caller.unread.endWith(response, bytes, account);
}

/** The end of a caller's stream as a signal, made when somebody asks for it: most handlers never do. */
class Departure {
  readonly #sink: Writable;
  #signal: AbortSignal | null = null;

  constructor(sink: Writable) {
    this.#sink = sink;
  }

  get signal(): AbortSignal {
    if (this.#signal !== null) return this.#signal;
    const controller = new AbortController();
    this.#signal = controller.signal;
    if (this.#sink.closed) controller.abort();
    else this.#sink.once('close', () => controller.abort());
    return this.#signal;
  }
}

type Unidentified = Omit<RouterRequest, 'identity'>;

async function answerOf(router: Router, caller: Caller, request: Unidentified): Promise<RouterAnswer> {
  try {
    const identity = await caller.identify(request.headers[HEADERS.authorization]);
    caller.unread.check(caller.account);
    return await router.dispatch({ ...request, identity });
  } catch (error) {
    return router.refuse(error, request);
  }
}

function bytesOf(answer: RouterAnswer): Buffer | null {
  if (answer.stream !== undefined) return null;
  return Buffer.from(answer.text ?? JSON.stringify(answer.body ?? {}));
}

interface Asked {
  readonly router: Router;
  readonly caller: Caller;
  readonly account: string;
  readonly method: string;
  readonly target: string;
}

/** The answer and its bytes, or in its place that the caller has too many unread already. */
function withRoom(answer: RouterAnswer, asked: Asked): { answer: RouterAnswer; bytes: Buffer | null } {
  const bytes = bytesOf(answer);
  const { router, caller, account, method, target } = asked;
  if (bytes === null || !caller.unread.isTooMuch(account, bytes.length)) return { answer, bytes };
  const refused = router.refuse(droppedAnswer(method), { target, remoteAddress: caller.address });
  return { answer: refused, bytes: bytesOf(refused) };
}

/** Whether the caller is still who it was when it was first asked: known, and in the same role. */
function sameAs(caller: Caller, authorization: string | undefined): () => Promise<boolean> {
  let first: string | null = null;
  return async () => {
    const role = await roleNow(caller, authorization);
    first ??= role;
    return role !== null && role === first;
  };
}

async function roleNow(caller: Caller, authorization: string | undefined): Promise<string | null> {
  try {
    return (await caller.identify(authorization))?.role ?? null;
  } catch (error) {
    if (error instanceof SqlccError) return null;
    throw error;
  }
}

/**
 * Writes until the source ends or the caller's credentials do. A source that breaks in the middle must not
 * look like an end: the stream is reset.
 */
async function pump(
  sink: Writable,
  source: AsyncIterable<unknown>,
  isStillKnown: () => Promise<boolean>,
): Promise<void> {
  await isStillKnown();
  const timer = setInterval(async () => {
    if (!(await isStillKnown()))
      sink.destroy(new SqlccError('unauthenticated', 'the credentials have ended'));
  }, RECHECK_MS);
  try {
    await writeLines(sink, source);
  } catch (cause) {
    sink.destroy(new SqlccError('internal', 'the stream broke off', { cause }));
  } finally {
    clearInterval(timer);
  }
}

/** Without pseudo-headers; repeated ones joined. Null prototype: a header may be called anything. */
function plainHeaders(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  const out = Object.create(null) as Record<string, string | undefined>;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':')) out[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return out;
}
