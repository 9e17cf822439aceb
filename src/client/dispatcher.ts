/**
 * One call from start to end: choose an address, send, judge what went wrong, send
 * again or give up. The decisions are leader-tracker.ts and retry.ts; this file only
 * waits and remembers.
 */

import type { EndpointName } from '../api/index.ts';
import { ERROR_TABLE, type ErrorCode, LIMITS, SqlccError } from '../base/index.ts';
import {
  errorOfAnswer,
  failureOfRejection,
  finalError,
  isLate,
  leaderOfError,
  tooLate,
  unreached,
} from './failure.ts';
import { LanePool } from './lane-pool.ts';
import { FIRST_DOUBT_MS, LeaderSearch } from './leader-search.ts';
import { LeaderTracker } from './leader-tracker.ts';
import { type Failure, isDoubtful, judge, type Repeat } from './retry.ts';
import { type Query, routeOf } from './routes.ts';
import type { Endpoint, Lane, Wire, WireAnswer, WireRequest } from './wire.ts';
import { pause, within } from './within.ts';

export interface Dispatch {
  readonly name: EndpointName;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly repeat: Repeat;
  /** `data` rides on the lane to the leader, `control` is a request of its own to any node. */
  readonly kind: 'data' | 'control';
  /** Only this address: no redirect, no other. */
  readonly pinned?: Endpoint | undefined;
  /** For everything: waiting, dialling, every attempt. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One attempt of a repeatable control call, at least; a frozen node costs this much and no more. */
const ATTEMPT_MS = 2500;
/** That attempt's part of a longer deadline, where all nodes are slow. */
const ATTEMPT_PART = 1 / 4;
/** How long a call waits for a lane before it asks another node. Dialling goes on meanwhile. */
const LANE_MS = 2000;
/** A call that may fail fast waits for nodes that take no connection for this part of its time. */
const REACHING_PART = 1 / 2;

/** How a server says that what a request was bound to is no more. */
const PASSED: ReadonlySet<ErrorCode> = new Set([
  ...(['conflict', 'precondition_failed', 'failed_precondition', 'not_found'] as const),
]);

interface Attempts {
  readonly began: number;
  readonly deadline: number;
  count: number;
  hops: number;
  doubtful: boolean;
  /** Some node may only be slow to take a connection. */
  late: boolean;
  last: SqlccError | null;
}

type Outcome =
  | { readonly answer: WireAnswer; readonly failure?: undefined }
  | { readonly failure: Failure; readonly error: SqlccError };

export interface DispatcherOptions {
  readonly wire: Wire;
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  readonly failFast: boolean;
}

/** How long a lost leader that others name is looked for beside the call that heard of it. */
const LOOK_ASIDE_MS = 1000;

export class Dispatcher {
  readonly tracker: LeaderTracker;
  readonly #wire: Wire;
  readonly #lanes: LanePool;
  readonly #search: LeaderSearch;
  /** Deadline of calls that name none, ms. */
  readonly timeoutMs: number;
  readonly #failFast: boolean;
  #inFlight = 0;
  #closed = false;

  constructor({ wire, endpoints, timeoutMs, failFast }: DispatcherOptions) {
    this.#wire = wire;
    this.tracker = new LeaderTracker(endpoints);
    this.#lanes = new LanePool(wire);
    this.#search = new LeaderSearch(this.tracker, this.#lanes);
    this.timeoutMs = timeoutMs;
    this.#failFast = failFast;
  }

  close(): void {
    this.#closed = true;
    this.#search.close();
    this.#lanes.close();
  }

  /** See LeaderSearch. */
  warm(): void {
    this.#search.warm();
  }

  /** The answer's body; throws SqlccError once retry.ts says to give up. */
  async call(dispatch: Dispatch): Promise<unknown> {
    if (this.#inFlight >= LIMITS.maxPendingProposals) {
      throw new SqlccError('overloaded', `${this.#inFlight} calls of this client are in flight`);
    }
    const began = performance.now();
    const deadline = began + (dispatch.timeoutMs ?? this.timeoutMs);
    const none = { count: 0, hops: 0, doubtful: false, late: false, last: null };
    const attempts: Attempts = { began, deadline, ...none };
    this.#inFlight++;
    try {
      for (;;) {
        const answer = await this.#attempt(dispatch, attempts);
        if (answer !== undefined) return answer.body;
      }
    } finally {
      this.#inFlight--;
    }
  }

  /** One attempt; undefined = make another one. */
  async #attempt(dispatch: Dispatch, attempts: Attempts): Promise<WireAnswer | undefined> {
    const { leader } = this.tracker;
    const isKnown = leader !== null && dispatch.pinned === undefined && dispatch.signal === undefined;
    const endpoint = isKnown ? leader : await this.#target(dispatch, attempts);
    if (this.#closed) throw new SqlccError('unavailable', 'the client is closed');
    attempts.count++;
    const outcome = await this.#try(endpoint, dispatch, attempts);
    if (outcome.failure === undefined) return outcome.answer;
    attempts.last = outcome.error;
    attempts.doubtful ||= isDoubtful(outcome.failure);
    attempts.late ||= isLate(outcome.error);
    const final = await this.#afterFailure(outcome.failure, dispatch, attempts);
    if (final === undefined) return undefined;
    const isPinned = dispatch.pinned !== undefined;
    const told = tooLate(outcome.error, performance.now() - attempts.began);
    throw finalError(final, isPinned ? told : unreached(this.tracker, told));
  }

  async #try(endpoint: Endpoint, dispatch: Dispatch, attempts: Attempts): Promise<Outcome> {
    try {
      const answer = await this.#send(endpoint, dispatch, attempts);
      this.tracker.answered(endpoint);
      const error = errorOfAnswer(answer, endpoint);
      if (error === undefined) {
        // only a leader takes writes: knowing it makes its end a search instead of a guess
        if (dispatch.kind === 'data' && (dispatch.repeat !== 'free' || dispatch.name === 'openSession')) {
          this.tracker.hint({ leader: endpoint, term: 0, from: endpoint });
        }
        return { answer };
      }
      const leader = error.code === 'not_leader' ? leaderOfError(error) : undefined;
      const isNews = leader !== undefined && this.tracker.hint({ leader, term: 0, from: endpoint });
      // it may lead again, and is believed only when it says so itself; the call goes on meanwhile
      if (leader !== undefined && !isNews) void this.#search.find(LOOK_ASIDE_MS, true);
      // a follower that still believes in the lost leader knows no more than one without any
      const code = error.code === 'not_leader' && !isNews ? 'no_leader' : error.code;
      return { failure: { code, reach: 'answered' }, error };
    } catch (thrown) {
      dispatch.signal?.throwIfAborted();
      this.tracker.failed(endpoint);
      return failureOfRejection(thrown);
    }
  }

  async #target(dispatch: Dispatch, attempts: Attempts): Promise<Endpoint> {
    dispatch.signal?.throwIfAborted();
    if (dispatch.pinned !== undefined) return dispatch.pinned;
    if (dispatch.kind === 'data' && this.tracker.isLost) {
      const { signal } = dispatch;
      await within(this.#search.find(attempts.deadline - performance.now(), this.#failFast), { signal });
      if (this.tracker.leader === null) {
        const last = attempts.last ?? new SqlccError('no_leader', 'no node knows a leader');
        throw finalError(this.#lastWord(last.code, dispatch, attempts), unreached(this.tracker, last));
      }
    }
    const next = this.tracker.next();
    if (next === undefined) throw new SqlccError('invalid_argument', 'the client has no endpoint');
    return next;
  }

  async #send(endpoint: Endpoint, dispatch: Dispatch, { began, deadline }: Attempts): Promise<WireAnswer> {
    const isControl = dispatch.kind === 'control';
    // before the request is made: what dialling takes is missing to the call
    const lane = isControl ? undefined : await this.#laneTo(endpoint, dispatch, deadline);
    const remainingMs = deadline - performance.now();
    const isCapped = isControl && dispatch.repeat === 'free' && dispatch.pinned === undefined;
    const capMs = isCapped ? Math.max(ATTEMPT_MS, (deadline - began) * ATTEMPT_PART) : remainingMs;
    const timeoutMs = Math.max(1, Math.ceil(Math.min(remainingMs, capMs)));
    const request: WireRequest = {
      ...routeOf(dispatch.name, dispatch.params ?? {}, dispatch.query ?? {}),
      headers: { ...dispatch.headers, 'x-sqlcc-timeout-ms': `${timeoutMs}` },
      isMovable: dispatch.repeat !== 'once' && dispatch.pinned === undefined,
      ...(dispatch.body !== undefined && { body: dispatch.body }),
    };
    if (lane === undefined) return this.#wire.request(endpoint, request, timeoutMs, dispatch.signal);
    const isWatched = dispatch.pinned === undefined && timeoutMs > FIRST_DOUBT_MS;
    const unwatch = isWatched ? this.#search.watch(endpoint) : undefined;
    try {
      return await within(lane.call(request, timeoutMs), { signal: dispatch.signal });
    } finally {
      unwatch?.();
    }
  }

  /** The lane to `endpoint`; rejects in time, with nothing sent. The dialling goes on for the next call. */
  #laneTo(endpoint: Endpoint, { signal }: Dispatch, deadline: number): Lane | Promise<Lane> {
    const open = this.#lanes.peek(endpoint);
    if (open !== undefined) return open;
    const timeoutMs = Math.max(0, Math.ceil(Math.min(LANE_MS, deadline - performance.now())));
    const text = `${endpoint} did not take a call stream within ${timeoutMs} ms`;
    const details = { endpoint, sent: false, late: true };
    const late = () => new SqlccError('unavailable', text, { details });
    return within(this.#lanes.get(endpoint), { signal, timeoutMs, late });
  }

  /** Waits as retry.ts says and answers undefined, or answers the code to end with. */
  async #afterFailure(
    failure: Failure,
    dispatch: Dispatch,
    attempts: Attempts,
  ): Promise<ErrorCode | undefined> {
    const { repeat, pinned } = dispatch;
    const { count, hops, began, deadline } = attempts;
    const now = performance.now();
    const remainingMs = deadline - now;
    const verdict = judge(failure, { repeat, attempt: count, hops, remainingMs, chance: Math.random() });
    const isDeaf = failure.reach === 'unsent' && (pinned !== undefined || this.tracker.allFailed);
    if (verdict.kind === 'give-up') return this.#lastWord(verdict.code, dispatch, attempts);
    const isSure = !attempts.late || now - began >= (deadline - began) * REACHING_PART;
    if (isDeaf && isSure && this.#failFast) return this.#lastWord(failure.code, dispatch, attempts);
    if (verdict.kind === 'follow') {
      attempts.hops++;
      return pinned === undefined ? undefined : 'not_leader';
    }
    attempts.hops = 0;
    // the search for a lost leader does its own waiting
    if (dispatch.kind === 'data' && this.tracker.isLost && pinned === undefined) return undefined;
    await pause(verdict.waitMs, dispatch.signal);
    return undefined;
  }

  /**
   * What a call ends with: a write that may have taken effect is unknown unless the server's
   * word is final.
   */
  #lastWord(code: ErrorCode, { repeat }: Dispatch, { doubtful }: Attempts): ErrorCode {
    // whether a read took place is no question that anybody has
    if (repeat === 'free' && code === 'outcome_unknown') return 'unavailable';
    if (!doubtful || (repeat !== 'keyed' && repeat !== 'guarded')) return code;
    // perhaps it was an earlier attempt of this very call that ended it
    if (repeat === 'guarded' && PASSED.has(code)) return 'outcome_unknown';
    return ERROR_TABLE[code].retry === 'no' ? code : 'outcome_unknown';
  }
}
