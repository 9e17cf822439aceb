/**
 * `RaftConsensus`: the door of this room. One input and the instant in, a record of
 * what is wanted out.
 *
 * Here are only the rules common to all roles: whose messages count, what a term
 * does (Raft §5.1), and in which order a turn's results leave. Each role's own
 * behaviour is in the file of its name.
 */
import type { Bytes, Instant } from '../base/index.ts';
import { assert, LIMITS, NEVER, unreachable, violated } from '../base/index.ts';
import { electionWakeAt, onAnswer, watchTransfer } from './candidate.ts';
import type { RaftOptions } from './core.ts';
import { RaftCore } from './core.ts';
import { onLeaderLost, onPreVote, onVote, onVoteDurable, remainingLease, tickElection } from './election.ts';
import {
  expireForwarded,
  forwardRead,
  onAppend,
  onBye,
  onHeartbeat,
  onReadIndexResponse,
  onSnapshot,
  onTimeoutNow,
} from './follower.ts';
import {
  admit,
  autoPromote,
  beat,
  compactionPoint,
  distress,
  leave,
  onAppendResponse,
  onHeartbeatResponse,
  propose,
  proposeMembership,
  readIndex,
  refuse,
  settleLeader,
  startTransfer,
  tickLeader,
} from './leader.ts';
import { findMember } from './membership.ts';
import { commitDueAt, replicateAll, silentAt } from './replication.ts';
import { becomeFollower, resetElectionTimer } from './roles.ts';
import type { RaftMarks, RaftStatus } from './status.ts';
import { raftMarks, raftStatus } from './status.ts';
import type { PersistRequest, Proposal, RaftInput, RaftMessage, RaftOutput } from './types.ts';

type MessageOf<K extends RaftMessage['kind']> = Extract<RaftMessage, { kind: K }>;
type LeaderWord = MessageOf<'append'> | MessageOf<'heartbeat'> | MessageOf<'snapshot'>;

/** A measured floor never makes timeouts longer than this many times the configured one. */
const MAX_FLOOR_FACTOR = 10;

export class RaftConsensus {
  readonly #core: RaftCore;
  #highestTerm: number;

  constructor(options: RaftOptions) {
    this.#core = new RaftCore(options);
    this.#highestTerm = this.#core.term;
    resetElectionTimer(this.#core);
    // nobody else could object
    if (this.#core.isSoleVoter()) this.#core.electionAt = options.now;
  }

  /** Takes one input at `now`, which never goes back. Collect the results with `take`. */
  step(input: RaftInput, now: Instant): void {
    const core = this.#core;
    core.moveTo(now);
    this.#handle(input);
    if (core.leader !== null) settleLeader(core, core.leader);
    watchTransfer(core);
  }

  #handle(input: RaftInput): void {
    const core = this.#core;
    switch (input.kind) {
      case 'message':
        this.#onMessage(input.message);
        return;
      case 'tick':
        this.#onTick();
        return;
      case 'propose':
        if (core.leader !== null) {
          propose(core, core.leader, input);
          return;
        }
        for (const p of input.proposals) refuse(core, p.id, 'not-leader', this.#whoLeads());
        return;
      case 'propose-membership':
        if (core.leader !== null) {
          proposeMembership(core, core.leader, input);
          return;
        }
        refuse(core, input.id, 'not-leader', this.#whoLeads());
        return;
      case 'read-index':
        if (core.leader === null) {
          forwardRead(core, input.id);
          return;
        }
        readIndex(core, core.leader, { kind: 'local', id: input.id });
        return;
      case 'storage-ack':
        this.#onStorageAck(input.token);
        return;
      case 'apply-ack':
        core.log.applyAcknowledged(input.index);
        return;
      case 'transfer':
        if (core.leader !== null) return void startTransfer(core, core.leader, input);
        core.event({ kind: 'transfer-ended', id: input.id, ok: false, reason: this.#whoLeads() });
        return;
      case 'snapshot-made':
        core.log.compact(input.meta, compactionPoint(core, input.meta.index));
        return;
      case 'peer-hint':
      case 'unreachable':
      case 'snapshot-report':
        this.#onPeerNews(input);
        return;
      case 'leave':
        leave(core);
        return;
      case 'environment':
      case 'distress':
      case 'settings':
        this.#onSurroundings(input);
        return;
      default:
        unreachable(input);
        return;
    }
  }

  #whoLeads(): string {
    const { leaderId } = this.#core;
    return leaderId === null ? 'no leader is known' : `${leaderId} leads`;
  }

  #onTick(): void {
    const core = this.#core;
    expireForwarded(core);
    if (core.leader !== null) tickLeader(core, core.leader);
    else tickElection(core);
  }

  #onStorageAck(token: number): void {
    const core = this.#core;
    if (token > core.token) violated(`token ${token} was never handed out`);
    core.ackedToken = Math.max(core.ackedToken, token);
    core.writes.acknowledged(token, core.now);
    core.log.acknowledge(token);
    onVoteDurable(core);
  }

  #onPeerNews(input: Extract<RaftInput, { kind: 'peer-hint' | 'unreachable' | 'snapshot-report' }>): void {
    const core = this.#core;
    const peer = core.leader?.peers.get(input.peer);
    if (input.kind === 'peer-hint') {
      if (input.status === 'lost') {
        onLeaderLost(core, input.peer);
        return;
      }
      if (input.peer === core.leaderId) {
        core.hint = null;
        core.leaseVoid = false;
      }
      if (peer?.state === 'probe') peer.paused = false;
    } else if (input.kind === 'unreachable') {
      if (peer?.state === 'replicate') peer.becomeProbe();
    } else if (peer?.state === 'snapshot') {
      if (!input.ok) {
        peer.snapshotFailed();
        return;
      }
      peer.becomeProbe();
      peer.paused = true;
    }
  }

  #onSurroundings(input: Extract<RaftInput, { kind: 'environment' | 'distress' | 'settings' }>): void {
    const core = this.#core;
    if (input.kind === 'settings') {
      core.settings = input.settings;
      // a faster beat counts from now, not from behind the slow one under way
      const next = core.now + input.settings.heartbeatIntervalMs;
      if (core.leader !== null) core.leader.heartbeatAt = Math.min(core.leader.heartbeatAt, next);
    } else if (input.kind === 'environment') {
      const measured = Math.max(10 * input.rttP99Ms, 3 * input.loopLagP99Ms);
      core.floorMs = Math.min(measured, MAX_FLOOR_FACTOR * core.settings.electionTimeoutMs);
      core.loopLagMs = input.loopLagP99Ms;
      core.diskLatencyMs = input.diskLatencyMs;
      core.wallOffsetMs = input.wallOffsetMs ?? core.wallOffsetMs;
    } else if (core.leader !== null) {
      distress(core, core.leader, input.reason);
    }
  }

  /**
   * Is it for this disk, and from the one that the configuration names? Requests pass
   * the second question: a voter whose configuration is old must still hear and elect
   * a node that was re-admitted since. Answers do not: a wiped disk promises nothing.
   */
  #isForUs(m: RaftMessage): boolean {
    const core = this.#core;
    if (m.to !== core.nodeId || m.from === core.nodeId) return false;
    if (m.toInstance !== '' && m.toInstance !== core.instanceId) return false;
    const known = findMember(core.membership, m.from);
    if (known === undefined || known.instanceId === m.fromInstance) return true;
    return /^(append|heartbeat|snapshot|vote|pre-vote)$/.test(m.kind);
  }

  #onMessage(m: RaftMessage): void {
    if (!this.#isForUs(m)) return;
    const core = this.#core;
    switch (m.kind) {
      // these move no term: asking is free, and an answer is matched by its own number
      case 'pre-vote':
        onPreVote(core, m);
        return;
      case 'pre-vote-response':
        onAnswer(core, m);
        return;
      case 'read-index':
        this.#onReadIndex(m);
        return;
      case 'read-index-response':
        onReadIndexResponse(core, m);
        return;
      case 'bye':
        onBye(core, m);
        return;
      case 'vote':
        this.#onVoteRequest(m);
        return;
      case 'append':
      case 'heartbeat':
      case 'snapshot':
        this.#onLeaderWord(m);
        return;
      case 'vote-response':
      case 'append-response':
      case 'heartbeat-response':
      case 'timeout-now':
        this.#onTermed(m);
        return;
      default:
        unreachable(m);
        return;
    }
  }

  #onReadIndex(m: MessageOf<'read-index'>): void {
    const core = this.#core;
    const origin = { kind: 'remote', id: m.requestId, from: m.from, fromInstance: m.fromInstance } as const;
    if (core.leader !== null) {
      readIndex(core, core.leader, origin);
      return;
    }
    const body = { kind: 'read-index-response', requestId: m.requestId, index: null } as const;
    core.send(m.from, body, m.fromInstance);
  }

  #onVoteRequest(m: MessageOf<'vote'>): void {
    const core = this.#core;
    // stickiness: a voter that hears its leader does not even look at the term (dissertation §4.2.3)
    if (m.reason !== 'transfer' && m.term > core.term && remainingLease(core, m.from) > 0) return;
    if (m.term > core.term) becomeFollower(core, m.term, null, `${m.from} stands in term ${m.term}`);
    if (m.term === core.term) {
      onVote(core, m);
      return;
    }
    core.send(m.from, { kind: 'vote-response', granted: false, refusal: 'term' }, m.fromInstance);
  }

  #onLeaderWord(m: LeaderWord): void {
    const core = this.#core;
    if (m.term < core.term) {
      // tells a leader that was replaced, and frees this node if it is stuck in a higher term
      const hint = { term: 0, index: 0 };
      const { session } = m;
      const appliedIndex = core.log.applied;
      const body = { kind: 'append-response', accepted: false, index: 0, hint, appliedIndex } as const;
      core.send(m.from, { ...body, round: 0, session }, m.fromInstance);
      return;
    }
    const known = m.term > core.term ? null : core.leaderId;
    // a second leader of a term can't be (§5.2): whoever says so lies, and no word of a peer ends this node
    if (known !== null && known !== m.from) return;
    if (m.term > core.term || core.leaderId !== m.from) {
      becomeFollower(core, m.term, m.from, `${m.from} leads term ${m.term}`);
    } else if (core.role === 'candidate' || core.role === 'pre-candidate') {
      becomeFollower(core, m.term, m.from, `${m.from} leads`);
    }
    if (m.kind === 'append') onAppend(core, m);
    else if (m.kind === 'heartbeat') onHeartbeat(core, m);
    else onSnapshot(core, m);
  }

  #onTermed(m: MessageOf<'vote-response' | 'append-response' | 'heartbeat-response' | 'timeout-now'>): void {
    const core = this.#core;
    if (m.term > core.term) becomeFollower(core, m.term, null, `${m.from} is in term ${m.term}`);
    if (m.term < core.term) return;
    if (m.kind === 'vote-response') {
      onAnswer(core, m);
      return;
    }
    if (m.kind === 'timeout-now') {
      onTimeoutNow(core, m);
      return;
    }
    if (core.leader === null) return;
    if (m.kind === 'append-response') onAppendResponse(core, core.leader, m);
    else onHeartbeatResponse(core, core.leader, m);
  }

  /**
   * Everything wanted since the last call. The caller hands `persist` to the storage
   * before the next step, then follows the order told at `RaftOutput`.
   */
  take(): RaftOutput {
    const core = this.#core;
    if (core.leader !== null) {
      autoPromote(core, core.leader);
      replicateAll(core, core.leader);
    }
    const persist = this.#takePersist();
    const restore = core.log.takeRestore();
    const { outbox } = core;
    // what attests durability waits for the newest write, if that is not durable yet
    const isDurable = core.ackedToken === core.token;
    const output: RaftOutput = {
      persist,
      sendNow: isDurable ? [...outbox.now, ...outbox.after] : outbox.now,
      sendAfter: isDurable ? [] : outbox.after.map((message) => ({ token: core.token, message })),
      restore,
      apply: core.log.takeApply(LIMITS.maxApplyingBytes),
      snapshotsToSend: outbox.snapshots,
      proposals: outbox.proposals,
      reads: outbox.reads,
      events: outbox.events,
      wakeAt: this.#wakeAt(),
    };
    outbox.clear();
    return output;
  }

  #takePersist(): PersistRequest | null {
    const core = this.#core;
    const { term, votedFor } = core;
    const changed = term !== core.persisted.term || votedFor !== core.persisted.votedFor;
    const write = core.log.takeWrite();
    if (write === null && !changed) return null;
    const token = ++core.token;
    const hardState = changed ? { term, votedFor } : null;
    core.persisted = { term, votedFor };
    if (write !== null) core.log.handedOver(token);
    if (core.voteToken === Number.POSITIVE_INFINITY) core.voteToken = token;
    core.writes.handedOver(token, core.now);
    const parts = write ?? { truncateFrom: null, entries: [], snapshot: null, compactTo: null };
    return { token, hardState, ...parts };
  }

  /** Exactly when something is due by time alone. */
  #wakeAt(): Instant {
    const core = this.#core;
    let at = NEVER;
    for (const { expiresAt } of core.forwarded.values()) {
      at = expiresAt;
      break;
    }
    if (core.transfer !== null) at = Math.min(at, core.transfer.deadline);
    if (core.leader === null) return Math.min(at, electionWakeAt(core));
    if (core.leader.hasMore) return core.now;
    if (core.leader.peers.size === 0) return at;
    const silent = silentAt(core, core.leader);
    return Math.min(at, core.leader.heartbeatAt, commitDueAt(core, core.leader), silent);
  }

  /**
   * False for news of this node's own that no rule waits for: it may be taken with the next turn, which the
   * leader's heartbeat brings at the latest.
   */
  isPressing(input: RaftInput): boolean {
    const core = this.#core;
    if (core.log.hasToApply() || (core.leader !== null && core.leader.peers.size === 0)) return true;
    if (input.kind === 'apply-ack') return false;
    return input.kind !== 'storage-ack' || (core.role !== 'follower' && core.role !== 'learner');
  }

  /**
   * Sends a heartbeat that is late: unlike what else a tick brings it judges nobody, so it need not wait
   * until everything queued was read. Called behind the inputs of a turn.
   */
  catchUpBeat(now: Instant): void {
    const core = this.#core;
    if (core.leader === null || now <= core.leader.heartbeatAt) return;
    core.now = Math.max(core.now, now);
    beat(core, core.leader);
  }

  /**
   * False for a proposal that can't wait for a turn behind so many bytes of others: its refusal is in the
   * next output. Who doesn't lead takes all and refuses them with its turns.
   */
  admit(proposal: Proposal, waitingBytes: Bytes): boolean {
    const core = this.#core;
    if (core.leader === null || core.transfer !== null) return true;
    return admit(core, core.leader, proposal, waitingBytes);
  }

  /** The numbers that move with turns, without the leader's picture of its peers. */
  marks(): RaftMarks {
    return raftMarks(this.#core);
  }

  /** A copy for outsiders. */
  status(): RaftStatus {
    return raftStatus(this.#core, this.#wakeAt());
  }

  /** Asserts all invariants of this node; cheap enough for every turn. */
  check(): void {
    const core = this.#core;
    core.log.check();
    if (core.term < this.#highestTerm) violated(`term ${core.term} after ${this.#highestTerm}`);
    this.#highestTerm = core.term;
    assert((core.role === 'leader') === (core.leader !== null), 'a leader has a leader state');
    assert(core.leader === null || core.leaderId === core.nodeId, 'a leader follows itself');
    assert(core.leader === null || core.votedFor === core.nodeId, 'a leader voted for itself');
    assert(core.ackedToken <= core.token, 'an acknowledgement of nothing');
    assert(core.log.last.term <= core.term, 'an entry of a future term');
    assert(core.configs.committed().index <= core.log.commit, 'the membership base is committed');
    if (core.leader === null) return;
    for (const peer of core.leader.peers.values()) {
      if (peer.match >= peer.next) violated(`${peer.nodeId}: match ${peer.match}, next ${peer.next}`);
      if (peer.match > core.log.lastIndex) violated(`${peer.nodeId}: match beyond the log`);
    }
  }
}
