/**
 * The turn loop: the one driver of `RaftConsensus`, run by the consensus worker and by
 * the simulator alike. A turn takes every input that has arrived, steps the core
 * through them, and does what it wants in the only safe order: persist, send, and
 * what an acknowledged write releases.
 *
 * Synchronous over callback ports, never a Promise, and without a decision of its own.
 * Its one care beside order: a timer that fires late (a stall, a paused process) must
 * not be believed before the sockets were read, so a late wake-up is put off twice
 * behind what is queued (reliability: an expired timer runs before a read socket).
 */

import type { Bytes, Cancel, Clock, InstanceId, Instant, NodeId, Random } from '../base/index.ts';
import { BoundedQueue, LIMITS, NEVER } from '../base/index.ts';
import { entryBytes } from './log-slice.ts';
import type { RaftStorage, RaftStore, RaftTransport } from './ports.ts';
import { RaftConsensus } from './raft-consensus.ts';
import type { RaftMarks, RaftStatus } from './status.ts';
import type {
  Proposal,
  ProposalResult,
  RaftEvent,
  RaftInput,
  RaftMessage,
  RaftOutput,
  RaftSettings,
  ReadResult,
} from './types.ts';

/** A wake-up later than this may stand before queued messages. */
const LATE_MS = 20;

/** What the world outside hears; called within a turn, must not throw and must not block. */
export interface TurnListener {
  proposals(results: readonly ProposalResult[]): void;
  reads(results: readonly ReadResult[]): void;
  events(events: readonly RaftEvent[]): void;
  /** The core contradicts itself or the log is poisoned: this node must stop at once. */
  fatal(reason: string): void;
}

export interface TurnLoopOptions {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly settings: RaftSettings;
  readonly storage: RaftStorage;
  readonly transport: RaftTransport;
  readonly store: RaftStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly listener: TurnListener;
  /** Runs `fn` soon on an empty stack, behind input that is already queued by the system. */
  readonly schedule: (fn: () => void) => void;
}

/** Of the entries that it brings: what else there is of a message is small. */
function bytesOf(input: RaftInput): Bytes {
  if (input.kind !== 'message' || input.message.kind !== 'append') return 0;
  return input.message.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}

interface Held {
  readonly token: number;
  readonly message: RaftMessage;
}

export class TurnLoop {
  readonly #options: TurnLoopOptions;
  readonly #core: RaftConsensus;
  readonly #inputs = new BoundedQueue<RaftInput>(LIMITS.maxTurnInputs, 'reject');
  /** Of the entries in them. */
  #inputBytes: Bytes = 0;
  /** Proposals that no turn has taken yet, oldest first; no more than the core has room for. */
  #proposals: Proposal[] = [];
  #proposalBytes: Bytes = 0;
  /** Messages that wait for their token, in order of token. */
  #held: Held[] = [];
  #wakeAt: Instant = NEVER;
  #cancelWake: Cancel | null = null;
  #isScheduled = false;
  #isRunning = false;
  readonly #runTurn = (): void => {
    this.#isScheduled = false;
    this.#turn();
  };

  constructor(options: TurnLoopOptions) {
    this.#options = options;
    this.#core = new RaftConsensus({
      nodeId: options.nodeId,
      instanceId: options.instanceId,
      settings: options.settings,
      storage: options.storage,
      random: options.random,
      appliedIndex: options.store.appliedIndex(),
      now: options.clock.now(),
    });
    options.storage.onFailure((reason) => this.#fatal(reason));
  }

  /** Begins to turn; before it nothing is sent and nothing campaigns. */
  start(): void {
    this.#isRunning = true;
    this.#schedule();
  }

  /** Ends at once: callbacks that come later are ignored. */
  stop(): void {
    this.#isRunning = false;
    this.#cancelWake?.();
    this.#cancelWake = null;
    this.#held = [];
    this.#proposals = [];
    this.#proposalBytes = 0;
  }

  /**
   * Queues an input for the next turn. False when the queue is full, or the disk too far behind to take
   * entries: a peer's message is lost then, as on a bad network; acknowledgements never are, they come from
   * here.
   */
  submit(input: RaftInput): boolean {
    if (!this.#isRunning) return false;
    if (this.#putOff(input)) return true;
    const bytes = bytesOf(input);
    if (bytes > 0 && !this.#hasRoom(bytes)) return false;
    const isTaken = this.#inputs.push(input);
    if (isTaken) this.#inputBytes += bytes;
    this.#schedule();
    return isTaken;
  }

  status(): RaftStatus {
    return this.#core.status();
  }

  /** The part of `status` that costs next to nothing. */
  marks(): RaftMarks {
    return this.#core.marks();
  }

  #hasRoom(bytes: Bytes): boolean {
    return this.#inputBytes + bytes <= LIMITS.maxTurnInputBytes && !this.#isDiskBehind;
  }

  get #isDiskBehind(): boolean {
    return this.#options.storage.waitingBytes() >= LIMITS.maxUnwrittenBytes;
  }

  /** Proposals wait apart: they may be many and long, and what keeps a leader in office is neither. */
  #putOff(input: RaftInput): boolean {
    if (input.kind !== 'propose') return false;
    for (const proposal of input.proposals) {
      if (!this.#core.admit(proposal, this.#proposalBytes)) continue;
      this.#proposals.push(proposal);
      this.#proposalBytes += proposal.data.length;
    }
    this.#schedule();
    return true;
  }

  /**
   * What of them this turn takes: as many as fit, and one always. None while the disk is too far behind: the
   * followers alone may commit, at their pace.
   */
  #nextProposals(): Proposal[] {
    if (this.#proposals.length === 0 || this.#isDiskBehind) return [];
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#proposals) {
      if (count > 0 && bytes + data.length > LIMITS.maxTurnBytes) break;
      bytes += data.length;
      count++;
    }
    this.#proposalBytes -= bytes;
    return this.#proposals.splice(0, count);
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isRunning) return;
    this.#isScheduled = true;
    this.#options.schedule(this.#runTurn);
  }

  #turn(): void {
    if (!this.#isRunning) return;
    const inputs = this.#inputs.drain();
    this.#inputBytes = 0;
    try {
      const now = this.#options.clock.now();
      // what was heard before what time alone brings: an answer may lie behind the tick that misses it
      let isTick = false;
      for (const input of inputs) {
        if (input.kind === 'tick') isTick = true;
        else this.#core.step(input, now);
      }
      if (isTick) this.#core.step({ kind: 'tick' }, now);
      this.#core.catchUpBeat(now);
      const proposals = this.#nextProposals();
      if (proposals.length > 0) this.#core.step({ kind: 'propose', proposals }, now);
      // before anything leaves; after `take` the log counts on a write that the storage has not seen yet
      this.#core.check();
      this.#carryOut(this.#core.take());
      if (this.#proposals.length > 0 && !this.#isDiskBehind) this.#schedule();
    } catch (error) {
      // an assertion of the core: a node that contradicts itself must not go on
      this.#fatal((error as Error).stack ?? String(error));
    }
  }

  #carryOut(output: RaftOutput): void {
    const { storage, transport, listener } = this.#options;
    if (output.persist !== null) storage.write(output.persist, (token) => this.#onDurable(token));
    if (output.sendNow.length > 0) transport.send(output.sendNow);
    for (const held of output.sendAfter) this.#held.push(held);
    for (const s of output.snapshotsToSend) {
      transport.sendSnapshot(s.peer, s.meta, this.#core.marks().term, s.session);
    }
    if (output.proposals.length > 0) listener.proposals(output.proposals);
    if (output.reads.length > 0) listener.reads(output.reads);
    if (output.events.length > 0) listener.events(output.events);
    this.#handToStore(output);
    this.#planWake(output.wakeAt);
  }

  #handToStore(output: RaftOutput): void {
    const { store } = this.#options;
    const applied = (index: number): void => void this.insert({ kind: 'apply-ack', index });
    if (output.restore !== null) store.restore(output.restore, applied);
    if (output.apply.length > 0) store.apply(output.apply, applied);
  }

  /** Everything up to `token` is durable: what waited for it may leave, and the core hears it. */
  #onDurable(token: number): void {
    if (!this.#isRunning) return;
    let ready = 0;
    while (ready < this.#held.length && (this.#held[ready] as Held).token <= token) ready++;
    if (ready > 0) this.#options.transport.send(this.#held.splice(0, ready).map((h) => h.message));
    this.insert({ kind: 'storage-ack', token });
    if (this.#proposals.length > 0) this.#schedule();
  }

  /**
   * What this node itself says (acknowledgements, proposals, reports) is never lost to a full queue: a turn
   * makes room first.
   */
  insert(input: RaftInput): void {
    if (!this.#isRunning || this.#putOff(input)) return;
    if (!this.#inputs.push(input)) {
      this.#turn();
      this.#inputs.push(input);
    }
    if (this.#core.isPressing(input)) this.#schedule();
  }

  #planWake(at: Instant): void {
    if (at === this.#wakeAt && this.#cancelWake !== null) return;
    this.#cancelWake?.();
    this.#wakeAt = at;
    this.#cancelWake = at === NEVER ? null : this.#options.clock.wakeAt(at, () => this.#onWake(at));
  }

  #onWake(at: Instant): void {
    this.#cancelWake = null;
    this.#wakeAt = NEVER;
    const tick = (): void => void this.insert({ kind: 'tick' });
    const isLate = this.#options.clock.now() - at > LATE_MS;
    if (!isLate) tick();
    else this.#options.schedule(() => this.#options.schedule(tick));
  }

  #fatal(reason: string): void {
    if (!this.#isRunning) return;
    this.stop();
    this.#options.listener.fatal(reason);
  }
}
