/**
 * The hearth: what Raft replicates about the cluster itself, as one readonly record.
 * User tables, key-values and client sessions live beside it in the same SQLite file
 * (src/state) and are not in here; this record stays small enough for every node to
 * keep a copy in its main thread.
 */
import type { AlertRecord, OutboxEntry, Silence } from '../alerts/index.ts';
import type { AuditRecord, ChainEnd } from '../audit/index.ts';
import type {
  ClusterId,
  ConfigVersion,
  Duration,
  Epoch,
  InstanceId,
  LogIndex,
  NodeId,
  Term,
  Timestamp,
} from '../base/index.ts';
import type { ConfigVersionInfo } from '../config/index.ts';

/** Replicated facts about one node: who it is and where it listens, not how it feels. */
export interface NodeRecord {
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  /**
   * SHA-256 of the public key (SPKI) of this disk's certificates, hex: another key is another disk, whatever
   * the CA says. A renewed certificate keeps the key. null: not known, nothing is compared.
   */
  readonly keySha256: string | null;
  readonly host: string;
  readonly port: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly zone: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly version: string;
  /** What it was admitted as, as its certificate says; what it is now stands in the Raft membership. */
  readonly suffrage: 'voter' | 'observer';
  /** Wanted part in Raft since it got a vote, or lost it, by a replacement; absent = `suffrage`. */
  readonly seat?: 'voter' | 'observer';
  /** Grows with each start of the daemon on this data directory. */
  readonly bootCounter: number;
  readonly joinedAt: Timestamp;
  readonly startedAt: Timestamp | null;
  /** The verdict of record: gossip's opinion after the leader committed it. */
  readonly liveness: 'alive' | 'dead' | 'left';
  readonly livenessSince: Timestamp;
  /** Where a comparison found that it holds something else than the others; absent = none did. */
  readonly diverged?: LogIndex;
  /** Which ones differ from each other there, this one among them, where nobody knows who is right. */
  readonly undecided?: readonly NodeId[];
  /** Where a comparison found it equal although it was accused: what was said of it up to there is void. */
  readonly verified?: LogIndex;
}

/** Of a node, or the pause of the whole cluster. */
export interface Maintenance {
  readonly owner: string;
  readonly reason: string;
  readonly since: Timestamp;
  readonly expires: Timestamp;
  /** Of a node: the operation that set this end, so that it does so once; absent in logs of before. */
  readonly operation?: string;
}

/** Of a node. */
export interface Drain extends Maintenance {
  /** How long clients that are there get to go by themselves, ms; absent: LIMITS.drainGraceMs. */
  readonly graceMs?: number;
}

export type OperationKind =
  | 'failover'
  | 'switchover'
  | 'hand-over'
  | 'maintenance-enable'
  | 'maintenance-disable'
  | 'drain-enable'
  | 'drain-disable'
  | 'remove-node'
  /** Another node takes the vote of `from`, which leaves the cluster then. */
  | 'replace-node'
  /** The same, but `from` stays as a spare. */
  | 'replace-voter'
  | 'config-update'
  /** A new CA signs, and the one before is trusted beside it. */
  | 'rotate-ca'
  /** The one before goes. */
  | 'retire-ca';
export type OperationState = 'running' | 'done' | 'failed' | 'cancelled' | 'unknown';

export interface OperationPhase {
  readonly name: string;
  readonly at: Timestamp;
  readonly elapsedMs: number | null;
  readonly result: string | null;
}

/** A failover or switchover that is to begin at a time; whoever leads then begins it, once. */
export interface ScheduledOperation {
  readonly id: string;
  readonly kind: 'failover' | 'switchover';
  /** null = the best candidate of that moment. */
  readonly to: NodeId | null;
  /** Skipped unless this node leads then; null = whoever does. */
  readonly expectLeader: NodeId | null;
  readonly at: Timestamp;
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: Timestamp;
  readonly state: 'waiting' | 'started' | 'skipped' | 'cancelled';
  /** What it became, once it is started. */
  readonly operation: string | null;
  /** Why it was skipped or cancelled. */
  readonly cause: string | null;
  readonly endedAt: Timestamp | null;
}

/** Until when the cluster does not do the same thing by itself again. */
export interface Cooldown {
  readonly since: Timestamp;
  readonly until: Timestamp;
  readonly cause: string;
}

/** A long action as replicated state: the next leader reads the phase and goes on. */
export interface Operation {
  readonly id: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly phase: string;
  readonly phases: readonly OperationPhase[];
  readonly from: NodeId | null;
  readonly to: NodeId | null;
  readonly actor: string;
  readonly reason: string;
  readonly error: string | null;
  readonly startedAt: Timestamp;
  readonly endedAt: Timestamp | null;
  /** Length of the maintenance or drain that is to begin, ms; null for other kinds. */
  readonly forMs: number | null;
  /** Of a drain, where one was named. */
  readonly graceMs?: number;
  /** Why this target: one row a candidate, as shown before the plan was taken. */
  readonly candidates: readonly CandidateRow[];
}

export interface CandidateRow {
  readonly nodeId: NodeId;
  readonly eligible: boolean;
  readonly reasons: readonly string[];
  readonly lagEntries: number | null;
}

export interface Election {
  readonly term: Term;
  readonly nodeId: NodeId;
  readonly at: Timestamp;
  readonly index: LogIndex;
  readonly cause: string;
  /** Silence before the campaign began: detection. */
  readonly silenceMs: number | null;
  /** First PreVote to leadership. */
  readonly electionMs: number;
  readonly votes: readonly NodeId[];
  /** Why it won, in a sentence; absent where nobody said so. */
  readonly why?: string;
  /** One row a voter: who stood, who voted, what spoke for and against it, as the winner saw it. */
  readonly candidates?: readonly CandidateRow[];
}

/** A secret is never stored: `hash` is SHA-256 of it, hex. */
export interface TokenRecord {
  readonly id: string;
  readonly kind: 'access' | 'join';
  readonly role: string;
  readonly hash: string;
  readonly created: Timestamp;
  readonly expires: Timestamp;
  readonly createdBy: string;
  /** Bound to this node id, for join tokens. */
  readonly nodeId: NodeId | null;
  /** One use: set when a join token was spent. */
  readonly usedBy: NodeId | null;
  /** Whose access token it is: it has the role that the user has now. Absent or null: `role` alone counts. */
  readonly user?: string | null;
}

/** Somebody with a name, whatever proves it: certificates and tokens of the name have this role. */
export interface UserRecord {
  readonly name: string;
  /** A role of people and programs; empty where it is not known: revoked before it was ever added. */
  readonly role: string;
  /** False: revoked, and refused with whatever is shown. */
  readonly isActive: boolean;
  readonly created: Timestamp;
  readonly createdBy: string;
  readonly changed: Timestamp;
  readonly changedBy: string;
}

/** The last one that was issued to a name, as far as nodes have heard of it. */
export interface PersonCertificate {
  readonly serial: string;
  readonly role: string;
  readonly issued: Timestamp;
  readonly expires: Timestamp;
}

/** One certificate by its serial number (hex), or all that a name was given until `at`; the other is null. */
export interface Revocation {
  readonly serial: string | null;
  readonly name: string | null;
  readonly at: Timestamp;
  readonly by: string;
  readonly reason: string;
  /** What it is about has ended by itself then, and the line may go. */
  readonly expires: Timestamp;
}

/**
 * One version of the replicated configuration; `text` is YAML with the keys that concern the whole cluster.
 */
export type ConfigVersionRecord = ConfigVersionInfo;

/** A configuration that is in force on trial: it is taken back unless it is confirmed in time. */
export interface TentativeConfig {
  readonly version: ConfigVersion;
  /** The version that comes back. */
  readonly previous: ConfigVersion;
  /** When its entry was proposed. */
  readonly since: Timestamp;
  readonly withinMs: Duration;
  /** Who led then. */
  readonly term: Term;
  /** Nodes that were alive and not unhealthy then: with one of them less the cluster is worse off. */
  readonly sound: readonly NodeId[];
  /** Names of what was wrong then; what is wrong besides is new. Absent = an older version began it. */
  readonly ailments?: readonly string[];
}

/** A CA; `sha256` is that of its public key (SPKI), hex. */
export interface AuthorityCertificate {
  readonly sha256: string;
  readonly certPem: string;
}

/** What the beginning of a rotation brings with it. */
export interface NewAuthority {
  readonly signing: AuthorityCertificate;
  readonly next: AuthorityCertificate;
  readonly bridgePem: string;
}

/** The CAs that are trusted, since one was replaced; keys are on the voters' disks alone. */
export interface Authorities {
  /**
   * `trusting`: nodes take `beside`, the new one, up. `issuing`: nodes take certificates of `signing`, which
   * is the new one now. `changed`: all have one, and `beside` is trusted until it is retired.
   */
  readonly stage: 'settled' | 'trusting' | 'issuing' | 'changed';
  readonly signing: AuthorityCertificate;
  readonly beside: AuthorityCertificate | null;
  /** The new CA's certificate as the old one signed it, PEM. */
  readonly bridgePem: string | null;
  /** Nodes that have done what the stage asks. */
  readonly followed: readonly NodeId[];
}

export interface ClusterState {
  readonly clusterId: ClusterId;
  readonly name: string;
  readonly createdAt: Timestamp;
  readonly nodes: Readonly<Record<string, NodeRecord>>;
  /** With the embedded engine the primary is the Raft leader and the epoch is its term. */
  readonly primary: { readonly nodeId: NodeId | null; readonly epoch: Epoch; readonly since: Timestamp };
  readonly maintenance: Readonly<Record<string, Maintenance>>;
  /** Set while the cluster moves neither leadership nor members by itself. */
  readonly pause: Maintenance | null;
  /** Waiting ones, and those that were, oldest first; bounded by LIMITS.scheduleHistory. */
  readonly schedule: readonly ScheduledOperation[];
  /** By what rests; those whose time is over mean nothing. */
  readonly cooldowns: Readonly<Record<string, Cooldown>>;
  /** Nodes that serve no clients; absent = there was none yet. */
  readonly drains?: Readonly<Record<string, Drain>>;
  /** Absent: the CA was never replaced, it is what stands in each node's ca.crt. */
  readonly authorities?: Authorities;
  /** Newest last; bounded by LIMITS.operationHistory. */
  readonly operations: readonly Operation[];
  /** Newest last; bounded by LIMITS.electionHistory. */
  readonly elections: readonly Election[];
  /** Since the cluster was made; absent: all of them are in `elections`. */
  readonly electionCount?: number;
  readonly tokens: Readonly<Record<string, TokenRecord>>;
  readonly alerts: readonly AlertRecord[];
  /** In force, oldest first; bounded by LIMITS.maxSilences. */
  readonly silences: readonly Silence[];
  /** What is told of alerts, oldest first; bounded by LIMITS.alertOutbox. */
  readonly outbox: readonly OutboxEntry[];
  /** Newest last; bounded by LIMITS.auditHistory, each line tied to the one before by its hash. */
  readonly audit: readonly AuditRecord[];
  /** The last line that was forgotten: what the oldest of `audit` is tied to. */
  readonly auditAnchor: ChainEnd;
  /** Newest last; bounded by LIMITS.configVersionsKept. */
  readonly configs: readonly ConfigVersionRecord[];
  /** Absent when no configuration is on trial. */
  readonly tentative?: TentativeConfig;
  readonly users: Readonly<Record<string, UserRecord>>;
  /** Of people and programs, by name; bounded by LIMITS.maxUsers. Absent: none was heard of. */
  readonly certificates?: Readonly<Record<string, PersonCertificate>>;
  /** Certificates that were called back, oldest first; bounded by LIMITS.maxRevocations. */
  readonly revoked: readonly Revocation[];
  /** Disks that were removed: their certificates stay refused. */
  readonly removed: readonly {
    readonly nodeId: NodeId;
    readonly instanceId: InstanceId;
    readonly keySha256: string | null;
    readonly at: Timestamp;
  }[];
}
