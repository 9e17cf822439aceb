/**
 * From a request to its answer, the same way for every listener and for calls inside
 * a call stream: match, scope, body, deadline, handler, and the one place where errors
 * become answers. It knows no sockets.
 */
import { ENDPOINTS, type Endpoint, type EndpointName, errorToWire, HEADERS } from '../api/index.ts';
import { type Identity, NOBODY, type Scope } from '../auth/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import type { BodyLimits } from './body.ts';
import type { Answer, Call, Handlers } from './call.ts';
import { Deadlines } from './deadlines.ts';
import { parseJson } from './json.ts';
import { Rates } from './rates.ts';
import { type RouteMatch, RouteTable } from './route-table.ts';

/**
 * A handler answers late by itself, with what it knows; only one that does not is overruled, this much
 * later.
 */
const OVERTIME_MS = 250;
const MAX_ISSUES_TOLD = 5;
const CONTROL_RATE = `${LIMITS.controlCallsPerSecond} control operations a second are allowed`;

export interface RouterOptions {
  readonly handlers: Handlers;
  readonly authorize: (identity: Identity, scope: Scope) => boolean;
  /** Serve only what belongs to the port for SQL clients. */
  readonly only?: 'client-port';
  /** Something was thrown that is no SqlccError; the caller was told `internal`. */
  readonly onBug?: (error: unknown, endpoint: EndpointName) => void;
  /** Somebody was refused: without good credentials, or without the right. */
  readonly onDenied?: (denied: Denied) => void;
}

/** A body as it comes: read when its turn is there, or parsed already (call streams). */
export type RequestBody =
  | { readonly kind: 'bytes'; read(limits: BodyLimits): Promise<Buffer> }
  /** Read by `parseJson`; `bytes` is how long it was on the wire. */
  | { readonly kind: 'value'; readonly value: unknown; readonly bytes: number };

export interface RouterRequest {
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: RequestBody;
  /** Where an endless answer has no place: endpoints that stream are refused before their handler runs. */
  readonly singleAnswer?: boolean;
  /** null: credentials were shown and are not valid. NOBODY: none were shown. */
  readonly identity: Identity | null;
  readonly remoteAddress: string;
  /** Aborts when the caller is gone. */
  gone(): AbortSignal;
}

/** What goes back. `body` is a JSON value; exactly one of the three is set, or none. */
export interface RouterAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  readonly stream?: AsyncIterable<unknown>;
}

/** Who was refused what; null as identity: the credentials were not good. */
export interface Denied {
  readonly code: 'unauthenticated' | 'permission_denied';
  readonly identity: Identity | null;
  /** Of credentials that were good once; null where nobody proved to be anybody. */
  readonly former: string | null;
  readonly remoteAddress: string;
  readonly endpoint: EndpointName | null;
}

const MAY_BE_ANYBODY: readonly Scope[] = ['public', 'join'];
/** Scopes whose calls are counted; reads, data and what nodes ask each other have bounds of their own. */
const CONTROL: readonly Scope[] = ['operate', 'administer'];

export class Router {
  readonly #options: RouterOptions;
  readonly #table: RouteTable;
  readonly #deadlines = new Deadlines();
  readonly #rates = new Rates(LIMITS.controlCallsPerSecond);
  /** Which of the leader's ports this router's callers are led to: the one like theirs. */
  readonly #port: LeaderPort;
  /** Bodies of strangers that are being read. */
  #anonymousBodies = 0;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#port = options.only === 'client-port' ? 'client_port' : 'port';
    const all = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][];
    this.#table = new RouteTable(
      options.only === undefined ? all : all.filter(([, e]) => e.clientPort === true),
    );
  }

  /** Never rejects. */
  dispatch(request: RouterRequest): Promise<RouterAnswer> {
    return new Promise((resolve) => this.answer(request, resolve));
  }

  /** The same without a promise of its own: `done` gets the answer, perhaps before this returns. */
  answer(request: RouterRequest, done: (answer: RouterAnswer) => void): void {
    let endpoint: EndpointName | null = null;
    const fail = (error: unknown): void => done(this.#failure(error, endpoint, request));
    try {
      const match = this.#table.match(request.method, request.target);
      if (match.kind === 'malformed') throw new SqlccError('invalid_argument', match.reason);
      if (match.kind !== 'found') return done(missing(match, request));
      endpoint = match.name;
      const identity = this.#admit(endpoint, request.identity);
      if (request.singleAnswer === true && isStream(endpoint))
        throw new SqlccError('invalid_argument', 'an endless answer needs a request of its own');
      const deadline = performance.now() + timeoutOf(request.headers[HEADERS.timeoutMs]);
      const handle = (body: unknown): void =>
        this.#handle(new RoutedCall(request, match, { identity, body, deadline }), done, fail);
      // without a wait where nothing has to be waited for: this is run for each write
      const here = this.#bodyHere(ENDPOINTS[endpoint], request.body, identity);
      if (here !== null) handle(here.value);
      else this.#readBody(ENDPOINTS[endpoint], request.body, identity, deadline).then(handle).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  /** The caller, when it may; a stranger is asked who it is before it is told what exists. */
  #admit(endpoint: EndpointName, identity: Identity | null): Identity {
    if (identity === null) throw new SqlccError('unauthenticated', 'the certificate or token is not valid');
    const { scope } = ENDPOINTS[endpoint];
    this.#require(scope, identity);
    const who = `${identity.kind} ${identity.id}`;
    if (CONTROL.includes(scope) && !this.#rates.take(who, performance.now()))
      throw new SqlccError('overloaded', `${identity.id} asks too much: ${CONTROL_RATE}`);
    return identity;
  }

  #require(scope: Scope, identity: Identity): void {
    if (MAY_BE_ANYBODY.includes(scope) || this.#options.authorize(identity, scope)) return;
    if (identity === NOBODY) throw new SqlccError('unauthenticated', 'this needs a certificate or a token');
    throw new SqlccError('permission_denied', `role ${identity.role} may not ${scope}`, {
      details: { role: identity.role, scope },
    });
  }

  /** Ends with one word to `done` or `fail`, or throws. */
  #handle(call: RoutedCall, done: (answer: RouterAnswer) => void, fail: (error: unknown) => void): void {
    const handler = this.#options.handlers[call.endpoint];
    if (handler === undefined) throw new SqlccError('not_implemented', `${call.endpoint} is not served here`);
    const endpoint: Endpoint = ENDPOINTS[call.endpoint];
    if (endpoint.scopeOf !== undefined) this.#require(endpoint.scopeOf(call.body), call.identity);
    const answer = handler(call);
    let isOver = false;
    // a handler without an answer by the deadline and its overtime: the caller is told so and the call aborts
    const deadline = this.#deadlines.set(call.remainingMs() + OVERTIME_MS, () => {
      isOver = true;
      const code = endpoint.method === 'GET' ? 'deadline_exceeded' : 'outcome_unknown';
      fail(new SqlccError(code, `${call.endpoint} did not end within its deadline`));
      call.abort();
    });
    const isLate = (): boolean => {
      this.#deadlines.clear(deadline);
      return isOver;
    };
    answer.then(
      (value) => (isLate() ? undefined : done(render(value))),
      (error) => (isLate() ? undefined : fail(error)),
    );
  }

  /** The checked body where nothing has to be waited for; null where it must be read. */
  #bodyHere(endpoint: Endpoint, body: RequestBody, identity: Identity): { readonly value: unknown } | null {
    const { request, maxBody = LIMITS.maxPlainBodyBytes } = endpoint;
    if (request === null) return { value: undefined };
    if (body.kind !== 'value' || identity === NOBODY) return null;
    return { value: checked(request, valueIn(body, maxBody)) };
  }

  /** Who showed nothing gets little: few bodies at a time, each small and soon. */
  async #readBody(endpoint: Endpoint, body: RequestBody, identity: Identity, deadline: number) {
    const { request, maxBody: maxBytes = LIMITS.maxPlainBodyBytes } = endpoint;
    if (request === null) return undefined;
    const timeoutMs = Math.max(1, deadline - performance.now());
    if (identity !== NOBODY) return checked(request, await jsonOf(body, { maxBytes, timeoutMs }));
    if (this.#anonymousBodies >= LIMITS.maxAnonymousBodies)
      throw new SqlccError('overloaded', 'too many callers without credentials at once');
    this.#anonymousBodies++;
    try {
      const limits = { maxBytes, timeoutMs: Math.min(timeoutMs, LIMITS.anonymousBodyMs) };
      return checked(request, await jsonOf(body, limits));
    } finally {
      this.#anonymousBodies--;
    }
  }

  /** The answer to a caller who was looked at before it came here, and refused; no `identity`: nobody. */
  refuse(
    error: unknown,
    request: Pick<RouterRequest, 'target' | 'remoteAddress'>,
    identity: Identity | null = null,
  ): RouterAnswer {
    return this.#failure(error, null, { ...request, identity });
  }

  #failure(
    error: unknown,
    endpoint: EndpointName | null,
    request: Pick<RouterRequest, 'target' | 'remoteAddress' | 'identity'>,
  ): RouterAnswer {
    const code = error instanceof SqlccError ? error.code : null;
    if (code === 'unauthenticated' || code === 'permission_denied')
      this.#options.onDenied?.({ code, endpoint, former: formerOf(error as SqlccError), ...request });
    if (error instanceof SqlccError) return errorAnswer(error, request.target, this.#port);
    if (endpoint !== null) this.#options.onBug?.(error, endpoint);
    // what was thrown stays in the log: it may hold a path, a secret, a stack
    return errorAnswer(new SqlccError('internal', 'the node failed to answer'), request.target);
  }
}

function formerOf({ details }: SqlccError): string | null {
  return typeof details['identity'] === 'string' ? details['identity'] : null;
}

function isStream(name: EndpointName): boolean {
  const { stream }: Endpoint = ENDPOINTS[name];
  return stream === true;
}

function missing(
  match: { kind: 'not-found' | 'wrong-method'; allowed?: readonly string[] },
  request: RouterRequest,
) {
  const path = request.target.split('?')[0]?.slice(0, 200);
  if (match.kind === 'not-found')
    return errorAnswer(new SqlccError('not_found', `no route ${path}`), request.target);
  const allow = match.allowed?.join(', ') ?? '';
  const error = new SqlccError('invalid_argument', `${request.method} is not for ${path}`, {
    hint: `use ${allow}`,
  });
  const answer = errorAnswer(error, request.target);
  return { ...answer, status: 405, headers: { ...answer.headers, allow } };
}

type LeaderPort = 'port' | 'client_port';

/** Status, headers and body of an error; 307 leads to the leader's same path and same kind of port. */
export function errorAnswer(error: SqlccError, target: string, port: LeaderPort = 'port'): RouterAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (error.httpStatus === 503 || error.httpStatus === 429) headers[HEADERS.retryAfter] = '1';
  if (error.httpStatus === 401) headers['www-authenticate'] = 'Bearer realm="sqlcc"';
  const leader = error.details['leader'] as Readonly<Record<string, unknown>> | null | undefined;
  const { host, [port]: leaderPort } = leader ?? {};
  if (error.code === 'not_leader' && typeof host === 'string' && typeof leaderPort === 'number') {
    headers[HEADERS.location] = `https://${host.includes(':') ? `[${host}]` : host}:${leaderPort}${target}`;
  }
  return { status: error.httpStatus, headers, body: errorToWire(error) };
}

function render(answer: Answer): RouterAnswer {
  const status = answer.status ?? 200;
  const type =
    answer.text !== undefined
      ? (answer.contentType ?? 'text/plain; charset=utf-8')
      : answer.stream !== undefined
        ? 'application/x-ndjson'
        : 'application/json';
  const headers = { 'content-type': type, ...answer.headers };
  if (answer.text !== undefined) return { status, headers, text: answer.text };
  if (answer.stream !== undefined) return { status, headers, stream: answer.stream };
  return { status, headers, body: answer.body ?? {} };
}

function timeoutOf(header: string | undefined): number {
  if (header === undefined) return LIMITS.defaultRequestTimeoutMs;
  const ms = Number(header);
  if (!Number.isFinite(ms) || ms < 1 || header.trim() === '') {
    throw new SqlccError(
      'invalid_argument',
      `${HEADERS.timeoutMs} "${header.slice(0, 20)}" is no number of milliseconds`,
    );
  }
  return Math.min(ms, LIMITS.maxRequestTimeoutMs);
}

function checked(schema: NonNullable<Endpoint['request']>, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({
    path: issue.path.map(String).join('.'),
    message: issue.message,
  }));
  const told = issues.slice(0, MAX_ISSUES_TOLD).map((issue) => `${issue.path || 'body'}: ${issue.message}`);
  throw new SqlccError('invalid_argument', told.join('; '), { details: { issues } });
}

/** A body that came as a value: its frame was read with `parseJson`, depth and keys are good. */
function valueIn(body: Extract<RequestBody, { kind: 'value' }>, maxBytes: number): unknown {
  if (body.bytes > maxBytes)
    throw new SqlccError('invalid_argument', `a body has at most ${maxBytes} bytes here`);
  return body.value ?? {};
}

/** An absent body is an empty document: `POST` without anything is how curl says "just do it". */
async function jsonOf(body: RequestBody, limits: BodyLimits): Promise<unknown> {
  if (body.kind === 'value') return valueIn(body, limits.maxBytes);
  const bytes = await body.read(limits);
  if (bytes.length === 0) return {};
  const parsed = parseJson(bytes.toString('utf8'));
  if (!parsed.ok) throw new SqlccError('invalid_argument', parsed.reason);
  return parsed.value;
}

type Found = Extract<RouteMatch, { kind: 'found' }>;

interface CallFacts {
  readonly identity: Identity;
  readonly body: unknown;
  /** Monotonic ms. */
  readonly deadline: number;
}

/** A call whose abort signal is made when somebody asks for it: most handlers never do. */
class RoutedCall implements Call {
  readonly endpoint: EndpointName;
  readonly params: Call['params'];
  readonly query: Call['query'];
  readonly headers: Call['headers'];
  readonly body: unknown;
  readonly identity: Identity;
  readonly remoteAddress: string;
  readonly #deadline: number;
  readonly #gone: () => AbortSignal;
  #overdue: AbortController | null = null;
  #signal: AbortSignal | null = null;
  #aborted = false;

  constructor(request: RouterRequest, match: Found, facts: CallFacts) {
    this.endpoint = match.name;
    this.params = match.params;
    this.query = match.query;
    this.headers = request.headers;
    this.body = facts.body;
    this.identity = facts.identity;
    this.remoteAddress = request.remoteAddress;
    this.#deadline = facts.deadline;
    this.#gone = request.gone;
  }

  get signal(): AbortSignal {
    if (this.#signal === null) {
      this.#overdue = new AbortController();
      if (this.#aborted) this.#overdue.abort();
      this.#signal = AbortSignal.any([this.#gone(), this.#overdue.signal]);
    }
    return this.#signal;
  }

  remainingMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  abort(): void {
    this.#aborted = true;
    this.#overdue?.abort();
  }
}
