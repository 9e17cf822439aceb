/**
 * The mutable state of one consensus node, and the outbox it fills.
 *
 * Not a decision in itself: roles.ts alone changes the role, election.ts,
 * follower.ts, candidate.ts and leader.ts act on it, raft-consensus.ts is the door.
 * The one idea: all rules are functions over this record, so each rule lives in the
 * file of its name and the record can be read at one glance.
 */
import type {
  Duration,
  InstanceId,
  Instant,
  LogIndex,
  LogPosition,
  NodeId,
  Random,
  Term,
} from '../base/index.ts';
import { assert, NEVER } from '../base/index.ts';
import type { Admission } from './admission.ts';
import type { Ballot } from './ballot.ts';
import { decodeMembership } from './codec-membership.ts';
import { enveloped, type RaftMessageBody } from './envelope.ts';
import { LastWord } from './last-word.ts';
import { EMPTY_MEMBERSHIP, findMember, isJoint, isVoter, MembershipStack } from './membership.ts';
import type { RaftStorage } from './ports.ts';
import type { Progress } from './progress.ts';
import { RaftLogManager } from './raft-log-manager.ts';
import type { ReadIndexQueue } from './read-index.ts';
import type {
  CampaignKind,
  HardState,
  LogEntry,
  Membership,
  ProposalResult,
  RaftEvent,
  RaftMessage,
  RaftOutput,
  RaftRole,
  RaftSettings,
  ReadResult,
} from './types.ts';
import { WritePace } from './write-pace.ts';

/** What a node needs to begin. */
export interface RaftOptions {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly settings: RaftSettings;
  readonly storage: RaftStorage;
  readonly random: Random;
  /** Last index that the state machine holds. */
  readonly appliedIndex: LogIndex;
  readonly now: Instant;
}

/** A leader's hand-over under way, or one that waits to learn who was elected. */
export interface Transfer {
  readonly id: number;
  readonly to: NodeId;
  readonly deadline: Instant;
  /** timeout-now went out. */
  sent: boolean;
}

/**
 * Who has no vote and is in step gets each fourth heartbeat: nobody waits for its answers, and a cluster may
 * have ten times as many of them as voters. They wait so much longer before they forget a leader.
 */
export const LEARNER_BEATS = 4;

/** What only a leader has; gone with leadership. */
export interface LeaderState {
  readonly peers: Map<NodeId, Progress>;
  readonly reads: ReadIndexQueue;
  /** First entry of the own term: once it is committed, the commit index is the true one. */
  readonly termStart: LogIndex;
  heartbeatAt: Instant;
  /** When voters were first asked for a sign of life since a quorum gave one. */
  askedAt: Instant;
  /** Until then a commit is told with entries only. */
  commitHeldUntil: Instant;
  /** Heartbeats so far, by the clock. */
  beats: number;
  /** Somebody could be sent more than one turn may send. */
  hasMore: boolean;
  readonly admission: Admission;
}

/** A campaign from its first pre-vote to its end, retries included. */
export interface Quest {
  readonly kind: CampaignKind;
  readonly startedAt: Instant;
  readonly silenceMs: Duration | null;
  /** When this node, or one of those who would vote for it, surely heard a leader last; null = never. */
  readonly heardAt: Instant | null;
}

export class RaftCore {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly random: Random;
  readonly log: RaftLogManager;
  readonly configs: MembershipStack;
  settings: RaftSettings;
  now: Instant;

  role: RaftRole = 'learner';
  term: Term;
  votedFor: NodeId | null;
  leaderId: NodeId | null = null;

  /** Measured floor of the election timeout, ms. */
  floorMs: Duration = 0;
  loopLagMs: Duration = 0;
  diskLatencyMs: Duration = 0;
  /** From instants to wall time; null: nobody said it yet. */
  wallOffsetMs: Duration | null = null;
  /** The drawn timeout that is running. */
  drawnTimeoutMs: Duration = 0;
  electionAt: Instant = NEVER;
  /** Last word of a leader of this or an earlier term. */
  contactAt: Instant | null = null;
  readonly lastWord = new LastWord();
  /** Outside evidence says that the leader is gone: its lease does not bind pre-votes. */
  leaseVoid = false;
  /** The last one that this node refused for the lease of its leader. */
  leaseAsker: Extract<RaftMessage, { kind: 'pre-vote' }> | null = null;
  /** The driver is about to stop this node: it stands for nothing any more. */
  isLeaving = false;
  hint: { at: Instant; readonly peer: NodeId; readonly rank: number } | null = null;
  lastHintAt: Instant = Number.NEGATIVE_INFINITY;
  /** When a campaign refused for a lease or a term asks again. */
  retryAt: Instant = NEVER;
  ranks: readonly NodeId[] = [];
  /** Last index known to match the leader's log in this term. */
  matched: LogIndex = 0;

  ballot: Ballot | null = null;
  /** Number of the running campaign: answers to earlier ones are ignored. */
  campaign: number;
  quest: Quest | null = null;
  /** The vote of this term holds once this write is durable; Infinity = not written yet, 0 = none waits. */
  voteToken = 0;
  /** Whom this node supports in an election, and how long nobody else (support.ts). */
  support: { readonly to: NodeId; readonly until: Instant; readonly last: LogPosition } | null = null;
  /** Who had its time of support since the term moved or a leader was heard. */
  readonly supported = new Set<NodeId>();
  leader: LeaderState | null = null;
  transfer: Transfer | null = null;
  /** Reads forwarded to the leader: request id → caller. */
  readonly forwarded = new Map<number, { readonly id: number; readonly expiresAt: Instant }>();
  requestId: number;
  session: number;

  /** Tokens: the last handed out, the last acknowledged. */
  token = 0;
  ackedToken = 0;
  readonly writes = new WritePace();
  persisted: HardState;
  readonly outbox = new Outbox();

  constructor(options: RaftOptions) {
    const { storage, random } = options;
    const initial = storage.initialState();
    this.nodeId = options.nodeId;
    this.instanceId = options.instanceId;
    this.settings = options.settings;
    this.random = random;
    this.now = options.now;
    this.term = initial.hardState.term;
    this.votedFor = initial.hardState.votedFor;
    this.persisted = initial.hardState;
    this.log = new RaftLogManager(storage, options.appliedIndex);
    const base = initial.snapshot;
    this.configs = new MembershipStack({
      index: base?.membershipIndex ?? 0,
      membership: base?.membership ?? EMPTY_MEMBERSHIP,
    });
    this.#loadMemberships(base?.index ?? 0);
    // numbers of another life must not match ours
    this.campaign = Math.floor(random.next() * 2 ** 31);
    this.requestId = Math.floor(random.next() * 2 ** 31);
    this.session = Math.floor(random.next() * 2 ** 31);
    this.role = this.isCountedVoter() ? 'follower' : 'learner';
  }

  /** At start the log is read once for the configurations after the snapshot. */
  #loadMemberships(after: LogIndex): void {
    const chunk = 8 * 1024 * 1024;
    for (let index = after + 1; index <= this.log.lastIndex; ) {
      const entries = this.log.entries(index, this.log.lastIndex, chunk);
      assert(entries !== undefined && entries.length > 0, `entry ${index} is missing from the log`);
      this.noteMemberships(entries);
      index += entries.length;
    }
    this.configs.commitTo(this.log.commit);
  }

  /** Configurations among newly appended entries take effect now; true when there was one. */
  noteMemberships(entries: readonly LogEntry[]): boolean {
    let found = false;
    for (const entry of entries) {
      if (entry.kind !== 'membership') continue;
      const decoded = decodeMembership(entry.data);
      assert(decoded.ok, `membership entry ${entry.index} is unreadable`);
      this.configs.push({ index: entry.index, membership: decoded.value });
      found = true;
    }
    return found;
  }

  get membership(): Membership {
    return this.configs.latest().membership;
  }

  /** The lower bound of election timeouts, and how long a leader's word binds its voters. */
  get electionTimeoutMs(): Duration {
    return Math.max(this.settings.electionTimeoutMs, 3 * this.settings.heartbeatIntervalMs, this.floorMs);
  }

  /**
   * A voter of the newest configuration, of the committed one, or of any between them: who has a longer log
   * than all others may be out of the newest, and is needed until that is committed (dissertation §4.2.2).
   * After a restart little of the log is known to be committed, so it may have become a voter, and none
   * again, behind that.
   */
  isCountedVoter(): boolean {
    return this.configs.all().some(({ membership }) => isVoter(membership, this.nodeId));
  }

  /** False when the configuration knows this node with another disk. */
  hasOwnIdentity(): boolean {
    const self = findMember(this.membership, this.nodeId);
    return self === undefined || self.instanceId === this.instanceId;
  }

  /** May this node campaign at all? */
  isPromotable(): boolean {
    return this.isCountedVoter() && this.hasOwnIdentity() && !this.log.isInstalling && !this.isLeaving;
  }

  isSoleVoter(): boolean {
    const { voters } = this.membership;
    return !isJoint(this.membership) && voters.length === 1 && voters[0]?.nodeId === this.nodeId;
  }

  /** Time never goes back. Who took no step for as long as a leader's word binds may have stood still. */
  moveTo(now: Instant): void {
    if (now - this.now > this.electionTimeoutMs)
      this.lastWord.stoodStill(this.now, now, this.electionTimeoutMs);
    this.now = Math.max(this.now, now);
  }

  event(event: RaftEvent): void {
    this.outbox.events.push(event);
  }

  setLeader(leaderId: NodeId | null): void {
    if (this.leaderId === leaderId) return;
    this.leaderId = leaderId;
    this.event({ kind: 'leader-changed', leaderId, term: this.term });
  }

  /** A message to `to` in the current term; the instance is the configuration's unless given. */
  envelope(to: NodeId, body: RaftMessageBody, toInstance?: InstanceId): RaftMessage {
    const envelope = {
      from: this.nodeId,
      to,
      fromInstance: this.instanceId,
      toInstance: toInstance ?? findMember(this.membership, to)?.instanceId ?? '',
      term: this.term,
    };
    return enveloped(envelope, body);
  }

  /** Sends at once: the message attests nothing that a crash could take back. */
  send(to: NodeId, body: RaftMessageBody, toInstance?: InstanceId): void {
    this.outbox.now.push(this.envelope(to, body, toInstance));
  }

  /** Sends when everything changed so far is durable. */
  sendDurable(to: NodeId, body: RaftMessageBody, toInstance?: InstanceId): void {
    this.outbox.after.push(this.envelope(to, body, toInstance));
  }
}

/** What the steps since the last `take` produced. */
class Outbox {
  now: RaftMessage[] = [];
  after: RaftMessage[] = [];
  snapshots: RaftOutput['snapshotsToSend'][number][] = [];
  proposals: ProposalResult[] = [];
  reads: ReadResult[] = [];
  events: RaftEvent[] = [];

  clear(): void {
    this.now = [];
    this.after = [];
    this.snapshots = [];
    this.proposals = [];
    this.reads = [];
    this.events = [];
  }
}
