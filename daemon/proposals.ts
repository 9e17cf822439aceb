/**
 * Who waits for which proposal. An id leads from the caller to the consensus worker
 * and comes back with the applied result. What can't be known is called unknown:
 * once an entry was accepted, only its own result, or another entry at its place,
 * settles it; a deadline says `outcome_unknown`, never `failed`.
 */

import type { Bytes, Duration, ErrorCode, Instant } from '../src/base/index.ts';
import { LIMITS, SqlccError } from '../src/base/index.ts';
import { type Deadline, Deadlines } from '../src/rpc/index.ts';
import { Gatherer } from './gatherer.ts';
import type { OutgoingProposal } from './packed-proposals.ts';
import type { AppliedResult, LeaderAddress, RefusedProposal } from './protocol.ts';

interface Waiting {
  readonly settle: (result: AppliedResult) => void;
  readonly fail: (error: SqlccError) => void;
  readonly deadline: Deadline;
  readonly began: Instant;
  /** It left with a batch, and its callers are counted as under way. */
  left: boolean;
}

/** Nobody waits longer for others to leave with. */
const LONGEST_WAIT_MS = 20;

const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  'not-leader': 'not_leader',
  overloaded: 'overloaded',
  transferring: 'no_leader',
  'membership-busy': 'conflict',
  'membership-conflict': 'conflict',
  'membership-illegal': 'failed_precondition',
};

export class Proposals {
  readonly #waiting = new Map<number, Waiting>();
  readonly #deadlines = new Deadlines();
  readonly #send: (batch: readonly OutgoingProposal[]) => void;
  readonly #leader: () => LeaderAddress | null;
  readonly #gatherer = new Gatherer(LONGEST_WAIT_MS, () => this.#flush());
  readonly #untaken: () => Bytes;
  readonly #committed: (ms: Duration) => void;
  #batch: OutgoingProposal[] = [];
  #batchBytes: Bytes = 0;
  /** Left with a batch and settled since `#answered`. */
  #gone = 0;
  #nextId = 1;

  /**
   * `send` gets all proposals of one turn of the event loop together, or of more (gatherer.ts);
   * `leader` is where a caller goes that this node can't serve, null when nobody is known to lead. `untaken`:
   * bytes that were sent and not taken by the other thread, whether or not anybody still waits for them.
   * `committed` hears of each proposal how long it took until it was applied.
   */
  constructor(
    send: (batch: readonly OutgoingProposal[]) => void,
    leader: () => LeaderAddress | null,
    untaken: () => Bytes = () => 0,
    committed: (ms: Duration) => void = () => {},
  ) {
    this.#send = send;
    this.#leader = leader;
    this.#untaken = untaken;
    this.#committed = committed;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** A fresh id for work that is answered by other means (membership, transfer). */
  nextId(): number {
    return this.#nextId++;
  }

  /**
   * Proposes and resolves with the applied result. Rejects with not_leader, no_leader or overloaded when
   * nothing happened, with outcome_unknown when the deadline passed first.
   */
  propose(kind: OutgoingProposal['kind'], data: Uint8Array, timeoutMs: number): Promise<AppliedResult> {
    if (this.#waiting.size >= LIMITS.maxPendingProposals) {
      return Promise.reject(
        new SqlccError('overloaded', `${this.#waiting.size} writes are waiting on this node`),
      );
    }
    if (data.byteLength > LIMITS.maxEntryBytes) {
      const text = `the request has ${data.byteLength} bytes, a log entry at most ${LIMITS.maxEntryBytes}`;
      return Promise.reject(new SqlccError('invalid_argument', text));
    }
    if (this.#untaken() + this.#batchBytes + data.byteLength > LIMITS.maxUntakenBytes)
      return Promise.reject(new SqlccError('overloaded', 'the consensus thread of this node is behind'));
    const id = this.nextId();
    const waiting = this.wait(id, timeoutMs);
    this.#batch.push({ id, kind, data });
    this.#batchBytes += data.byteLength;
    this.#gatherer.came(data.byteLength);
    return waiting;
  }

  /** Waits for the result of an id that somebody else sends. */
  wait(id: number, timeoutMs: number): Promise<AppliedResult> {
    return new Promise((settle, fail) => {
      const deadline = this.#deadlines.set(timeoutMs, () => this.#expire(id, timeoutMs));
      this.#waiting.set(id, { settle, fail, deadline, began: performance.now(), left: false });
    });
  }

  /** Proposals of this node that did not enter the log. */
  onRefused(results: readonly RefusedProposal[]): void {
    for (const result of results) {
      const code = REFUSALS[result.reason] ?? 'internal';
      const error = code === 'not_leader' ? this.#elsewhere(result.text) : new SqlccError(code, result.text);
      this.#reject(result.id, error);
    }
    this.#answered();
  }

  /** Entries that were applied. */
  onApplied(results: readonly AppliedResult[]): void {
    for (const result of results) {
      const waiting = this.#take(result.proposalId);
      if (waiting === undefined) continue;
      this.#committed(performance.now() - waiting.began);
      waiting.settle(result);
    }
    this.#answered();
  }

  /** Another entry was committed in its place: it certainly did not happen. */
  onOverwritten(ids: readonly number[]): void {
    for (const id of ids)
      this.#reject(id, this.#elsewhere('leadership changed before the write was committed'));
    this.#answered();
  }

  /** A redirect needs a place to go to; without one there is no leader to be asked now. */
  #elsewhere(text: string): SqlccError {
    const leader = this.#leader();
    return leader === null
      ? new SqlccError('no_leader', text)
      : new SqlccError('not_leader', text, { details: { leader } });
  }

  /**
   * No majority answers: whoever waits learns it now instead of at the deadline. What was handed over may
   * yet be committed.
   */
  failAll(reason: string): void {
    for (const id of [...this.#waiting.keys()]) this.#reject(id, new SqlccError('outcome_unknown', reason));
    this.#answered();
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    for (const { id } of batch) {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) this.#gone++;
      else waiting.left = true;
    }
    this.#send(batch);
  }

  /** Tells how many are no longer under way. */
  #answered(): void {
    this.#gatherer.answered(this.#gone);
    this.#gone = 0;
  }

  #expire(id: number, timeoutMs: number): void {
    const text = `the write was not confirmed within ${timeoutMs} ms`;
    this.#reject(id, new SqlccError('outcome_unknown', text));
    this.#answered();
  }

  #reject(id: number, error: SqlccError): void {
    this.#take(id)?.fail(error);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    this.#deadlines.clear(waiting.deadline);
    if (waiting.left) this.#gone++;
    return waiting;
  }
}
