/**
 * One follower as the leader sees it.
 *
 * Three states. `probe`: where our logs agree is unknown, one append at a time and
 * then silence until an answer or a heartbeat's answer. `replicate`: they agree,
 * so appends are pipelined up to a window. `snapshot`: what it needs is compacted
 * away; nothing is appended until the snapshot arrived or failed.
 * Always `0 ≤ match < next`.
 */
import type { InstanceId, Instant, LogIndex, NodeId } from '../base/index.ts';
import { assert, LIMITS } from '../base/index.ts';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export interface ProgressOptions {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly session: number;
  readonly lastIndex: LogIndex;
  readonly now: Instant;
}

export class Progress {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  /** Answers to another session are not ours. */
  readonly session: number;
  state: ProgressState = 'probe';
  match: LogIndex = 0;
  next: LogIndex;
  /** Probe: one append is out. */
  paused = false;
  /** Send an append even if there is nothing new: something may have been lost. */
  nudge = false;
  pendingSnapshot: LogIndex = 0;
  /** Last answer of any kind; the election counts as one. */
  contactAt: Instant;
  /** It said goodbye and was not heard since: no successor. */
  left = false;
  ackedRound = 0;
  sentCommit: LogIndex = 0;
  appliedIndex: LogIndex = 0;
  loopLagMs = 0;
  diskLatencyMs = 0;
  /**
   * Catch-up round of a learner: reaching `roundTarget` in less than an election timeout is being caught
   * up.
   */
  roundTarget: LogIndex;
  roundStartedAt: Instant;
  caughtUp = false;
  /** Since when it has been so without a break, as a learner. */
  caughtUpAt: Instant;
  #inflight: { readonly last: LogIndex; readonly bytes: number }[] = [];
  #inflightBytes = 0;
  /**
   * Messages that may be out. Where they overtake each other most of a window is refused and sent anew:
   * half as many behind each refusal, one more behind each news.
   */
  #window: number = LIMITS.maxInflightMessages;

  constructor(options: ProgressOptions) {
    this.nodeId = options.nodeId;
    this.instanceId = options.instanceId;
    this.session = options.session;
    this.next = options.lastIndex + 1;
    this.contactAt = options.now;
    this.roundTarget = options.lastIndex;
    this.roundStartedAt = options.now;
    this.caughtUpAt = options.now;
  }

  get inflightMessages(): number {
    return this.#inflight.length;
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** True when no entries may be sent now. */
  isPaused(): boolean {
    if (this.state === 'probe') return this.paused;
    if (this.state === 'snapshot') return true;
    return this.#inflight.length >= this.#window || this.#inflightBytes >= LIMITS.maxInflightBytes;
  }

  /** Notes an append of entries up to `last` as sent. */
  sent(last: LogIndex, bytes: number): void {
    if (this.state === 'probe') {
      this.paused = true;
      return;
    }
    assert(this.state === 'replicate', 'appends are not sent during a snapshot');
    if (bytes === 0) return;
    this.next = last + 1;
    this.#inflight.push({ last, bytes });
    this.#inflightBytes += bytes;
  }

  /** The follower holds everything up to `index`; true when that is news. */
  accept(index: LogIndex, firstIndex: LogIndex): boolean {
    const news = index > this.match;
    if (news) {
      this.match = index;
      if (this.#window < LIMITS.maxInflightMessages) this.#window++;
    }
    if (this.next <= index) this.next = index + 1;
    this.#free(index);
    if (this.state === 'probe' && index >= this.match) this.becomeReplicate();
    // a snapshot older than planned, or plain appends, may have brought it back into the log
    if (this.state === 'snapshot' && this.match + 1 >= firstIndex) this.becomeReplicate();
    return news;
  }

  /**
   * An append behind `rejected` did not fit and `hint` may; false when the answer is stale. Whoever refuses
   * what it had acknowledged answers late, or its log went back (an old image of its disk): it is asked anew,
   * or it would get nothing for as long as this node leads.
   */
  reject(rejected: LogIndex, hint: LogIndex): boolean {
    if (this.state === 'snapshot' || (this.state === 'probe' && this.next - 1 !== rejected)) return false;
    const wasReplicating = this.state === 'replicate';
    const wentBack = rejected <= this.match;
    if (wentBack) this.match = 0;
    if (wasReplicating) {
      this.#window = Math.max(1, this.#window >> 1);
      this.becomeProbe();
    }
    if (wentBack || !wasReplicating) {
      this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
      this.paused = false;
    }
    return true;
  }

  becomeProbe(): void {
    // after a snapshot it is known to hold what was sent
    const known = this.state === 'snapshot' ? Math.max(this.match, this.pendingSnapshot) : this.match;
    this.#reset('probe');
    this.next = known + 1;
  }

  becomeReplicate(): void {
    this.#reset('replicate');
    this.next = this.match + 1;
  }

  becomeSnapshot(index: LogIndex): void {
    this.#reset('snapshot');
    this.pendingSnapshot = index;
  }

  /** The snapshot did not arrive: probe again, but only after the next answer to a heartbeat. */
  snapshotFailed(): void {
    this.pendingSnapshot = 0;
    this.becomeProbe();
    this.paused = true;
  }

  #reset(state: ProgressState): void {
    this.state = state;
    this.paused = false;
    this.nudge = false;
    this.pendingSnapshot = 0;
    this.#inflight = [];
    this.#inflightBytes = 0;
  }

  #free(index: LogIndex): void {
    let n = 0;
    while (n < this.#inflight.length) {
      const first = this.#inflight[n];
      if (first === undefined || first.last > index) break;
      this.#inflightBytes -= first.bytes;
      n++;
    }
    if (n > 0) this.#inflight.splice(0, n);
  }
}
