/**
 * Everything that may change the replicated state, and the envelope in which it
 * travels as the data of a log entry: UTF-8 JSON, so that a log can be read.
 */
import type { AlertAction, AlertTransition, DeliveryStep, SilenceMatchers } from '../alerts/index.ts';
import type { ConfigVersion, InstanceId, LogIndex, NodeId, Term, Timestamp } from '../base/index.ts';
import type {
  Authorities,
  CandidateRow,
  NewAuthority,
  NodeRecord,
  Operation,
  OperationState,
  ScheduledOperation,
  TentativeConfig,
  TokenRecord,
} from './cluster-state.ts';

/**
 * Key-values: applied to SQLite rows, not to `ClusterState`. `ifVersion` 0 = must not exist, null =
 * whatever.
 */
export type KvCommand =
  | {
      readonly kind: 'kv-put';
      readonly key: string;
      readonly value: string;
      readonly ifVersion: LogIndex | null;
    }
  | { readonly kind: 'kv-delete'; readonly key: string; readonly ifVersion: LogIndex | null };

/** Exactly-once sessions (dissertation §6.3). */
export type SessionCommand = { readonly kind: 'session-open'; readonly session: string };

export type ClusterCommand =
  | {
      readonly kind: 'bootstrap';
      readonly clusterId: string;
      readonly name: string;
      readonly node: NodeRecord;
      readonly configText: string;
      /** Of `configText`; computed by the proposer, so that whoever applies needs no YAML. */
      readonly configHash: string;
      readonly tokens: readonly TokenRecord[];
    }
  /** Admission of a node whose join token was checked; spends the token in the same step. */
  | { readonly kind: 'node-admit'; readonly node: NodeRecord; readonly tokenId: string | null }
  /** A daemon has started: address, version, boot counter. Refused when another instance holds the id. */
  | {
      readonly kind: 'node-started';
      readonly nodeId: NodeId;
      readonly instanceId: InstanceId;
      readonly bootCounter: number;
      readonly host: string;
      readonly port: number;
      readonly clientPort: number;
      readonly peerPort: number;
      readonly metricsPort: number;
      readonly version: string;
      /** The seed's eight steps with the ms each took. */
      readonly steps: readonly { readonly name: string; readonly ms: number }[];
    }
  | (NodeWords & {
      readonly kind: 'node-update';
      readonly nodeId: NodeId;
      /** Refused where the record has something else by now; what is not named may be anything. */
      readonly expect?: NodeWords | undefined;
    })
  | { readonly kind: 'node-stopped'; readonly nodeId: NodeId }
  | {
      readonly kind: 'node-liveness';
      readonly nodeId: NodeId;
      readonly liveness: 'alive' | 'dead';
      readonly by: readonly NodeId[];
      readonly cause: string;
    }
  /** Whether the node shall vote from now on. */
  | {
      readonly kind: 'node-seat';
      readonly nodeId: NodeId;
      readonly seat: 'voter' | 'observer';
      readonly reason: string;
    }
  /** Leaves for good: record, maintenance and alerts go, the id may be used by a new instance. */
  | { readonly kind: 'node-remove'; readonly nodeId: NodeId; readonly reason: string }
  | {
      readonly kind: 'leader-started';
      readonly nodeId: NodeId;
      readonly term: Term;
      readonly cause: string;
      readonly silenceMs: number | null;
      readonly electionMs: number;
      readonly votes: readonly NodeId[];
      /** Why it won, and what was seen of each that could have; absent in logs of before. */
      readonly why?: string;
      readonly candidates?: readonly CandidateRow[];
    }
  | {
      readonly kind: 'maintenance-enable';
      readonly nodeId: NodeId;
      readonly owner: string;
      readonly reason: string;
      readonly forMs: number;
      readonly operation?: string;
    }
  | (Expiry & { readonly kind: 'maintenance-disable'; readonly nodeId: NodeId; readonly cause: string })
  | {
      readonly kind: 'cluster-pause';
      readonly owner: string;
      readonly reason: string;
      readonly forMs: number;
    }
  | (Expiry & { readonly kind: 'cluster-resume'; readonly cause: string })
  | {
      readonly kind: 'schedule-add';
      readonly entry: Pick<ScheduledOperation, 'id' | 'kind' | 'to' | 'expectLeader' | 'at' | 'reason'>;
    }
  | { readonly kind: 'schedule-cancel'; readonly id: string; readonly cause: string }
  /** Its time has come: the entry is marked and its operation begins in one step, so at most once. */
  | {
      readonly kind: 'schedule-start';
      readonly id: string;
      readonly operation: Pick<Operation, 'id' | 'from' | 'to' | 'candidates'>;
    }
  | { readonly kind: 'schedule-skip'; readonly id: string; readonly cause: string }
  /** A former leader says why it gave leadership away by itself; `term` was its last one. */
  | {
      readonly kind: 'hand-over-record';
      readonly id: string;
      readonly from: NodeId;
      readonly term: Term;
      readonly cause: string;
      readonly candidates: readonly CandidateRow[];
    }
  | {
      readonly kind: 'drain-enable';
      readonly nodeId: NodeId;
      readonly owner: string;
      readonly reason: string;
      readonly forMs: number;
      readonly graceMs?: number;
      readonly operation?: string;
    }
  | (Expiry & { readonly kind: 'drain-disable'; readonly nodeId: NodeId; readonly cause: string })
  | {
      readonly kind: 'operation-begin';
      readonly operation: Pick<Operation, 'id' | 'kind' | 'from' | 'to' | 'reason'> & {
        readonly candidates: readonly CandidateRow[];
        readonly forMs: number | null;
        readonly graceMs?: number;
        readonly phase: string;
      };
      /** Of a rotation that makes a new CA. */
      readonly authority?: NewAuthority;
    }
  /** A node trusts, shows or dropped what that stage of a rotation asks; `sha256`: of the CA that signs. */
  | {
      readonly kind: 'authority-followed';
      readonly nodeId: NodeId;
      readonly stage: Authorities['stage'];
      readonly sha256: string;
    }
  | {
      readonly kind: 'operation-phase';
      readonly id: string;
      readonly phase: string;
      readonly result: string | null;
    }
  | {
      readonly kind: 'operation-end';
      readonly id: string;
      readonly state: Exclude<OperationState, 'running'>;
      readonly error: string | null;
    }
  | {
      readonly kind: 'config-put';
      readonly text: string;
      readonly configHash: string;
      readonly changes: readonly string[];
      readonly reason: string;
      readonly createNode: NodeId;
      readonly ifVersion: ConfigVersion | null;
      /** Put it in force on trial; see `TentativeConfig`. */
      readonly trial?: Pick<TentativeConfig, 'withinMs' | 'sound' | 'ailments'>;
    }
  /** The configuration on trial stays. */
  | { readonly kind: 'config-confirm'; readonly version: ConfigVersion }
  /** The configuration on trial goes: a new version says what the one before it said. */
  | {
      readonly kind: 'config-revert';
      readonly version: ConfigVersion;
      readonly cause: string;
      /** Lines for the history; computed by the proposer, so that whoever applies needs no YAML. */
      readonly changes: readonly string[];
      readonly createNode: NodeId;
    }
  /** Changes nothing: these nodes fix what they hold at the index of this entry, to compare it. */
  | { readonly kind: 'verify-mark'; readonly id: string; readonly nodes: readonly NodeId[] }
  /**
   * What was found there: `differs` names what a node holds otherwise than the others; null = it holds the
   * same, where the contrary was thought.
   */
  | { readonly kind: 'verify-result'; readonly index: LogIndex; readonly nodes: readonly ComparedReplica[] }
  | { readonly kind: 'token-create'; readonly token: Omit<TokenRecord, 'created' | 'createdBy' | 'usedBy'> }
  | { readonly kind: 'token-revoke'; readonly id: string }
  /** `add` a user, or `grant` one another role. */
  | {
      readonly kind: 'user-set';
      readonly name: string;
      readonly role: string;
      readonly mode: 'add' | 'grant';
      readonly reason: string;
    }
  | { readonly kind: 'user-revoke'; readonly name: string; readonly reason: string }
  /** One certificate, or all that a name has; `expires`: when the last of them has ended by itself. */
  | {
      readonly kind: 'certificate-revoke';
      readonly serial: string | null;
      readonly name: string | null;
      readonly reason: string;
      readonly expires: Timestamp;
    }
  /** A person's or program's, that a caller showed a node or that a node signed. */
  | {
      readonly kind: 'certificate-known';
      readonly name: string;
      readonly serial: string;
      readonly role: string;
      readonly issued: Timestamp;
      readonly expires: Timestamp;
    }
  /**
   * Something that a node did at somebody's wish without the log, told afterwards for the audit; or, with
   * `outcome`, a wish that was refused before it came so far.
   */
  | {
      readonly kind: 'audit-note';
      readonly action: string;
      readonly target: string;
      readonly reason: string;
      readonly after: string | null;
      readonly outcome?: string;
    }
  /** `told`: channels on which somebody told of the incident before it could be recorded. */
  | {
      readonly kind: 'alert-transition';
      readonly alert: AlertTransition;
      readonly told?: readonly AlertAction[];
    }
  /** `incident`: the one that was seen, refused when it is not the current one; logs of before name none. */
  | { readonly kind: 'alert-acknowledge'; readonly id: string; readonly incident?: string }
  /** Takes an acknowledgement of this incident back. `by`: refused where somebody else acknowledged it. */
  | {
      readonly kind: 'alert-unacknowledge';
      readonly id: string;
      readonly incident: string;
      readonly by?: string;
    }
  /** At most LIMITS.maxDeliverySteps, in order; those that change nothing are passed over. */
  | { readonly kind: 'notification-steps'; readonly steps: readonly DeliveryStep[] }
  | {
      readonly kind: 'silence-create';
      readonly id: string;
      readonly matchers: SilenceMatchers;
      readonly forMs: number;
      readonly reason: string;
    }
  /** Ends a silence, by somebody's wish or because its time is over. */
  | { readonly kind: 'silence-expire'; readonly id: string; readonly cause: string };

/** Of what ends because its time is over. */
export interface Expiry {
  /** The end that was seen; refused where the record has another one by now. Absent: ends what is there. */
  readonly expires?: Timestamp;
}

export interface NodeWords {
  readonly zone?: string | undefined;
  /** All of it. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** One node's part in the result of a comparison. */
export interface ComparedReplica {
  readonly nodeId: NodeId;
  /** The disk that was compared; another one of the name is not meant. */
  readonly instanceId: InstanceId;
  /** What it holds otherwise, for people; null = nothing. */
  readonly differs: string | null;
  /** Those that differ from each other, where no majority holds the same; absent: the majority is right. */
  readonly undecided?: readonly NodeId[];
}

export type StateCommand = KvCommand | SessionCommand | ClusterCommand;

/** Where a command of control came from, for the audit. */
export interface CommandOrigin {
  /** Address of the caller. */
  readonly from: string;
  /** `certificate:SERIAL` or `token:ID`. */
  readonly credential: string;
}

/**
 * Data of a `command` or `config` entry. `session` and `seq` make it exactly-once; `actor` and `origin` are
 * what audit shows.
 */
export interface CommandEnvelope {
  readonly command: StateCommand;
  readonly actor?: string;
  readonly origin?: CommandOrigin;
  readonly session?: string;
  readonly seq?: number;
}

export type SqlParam =
  | string
  | number
  | boolean
  | null
  | { readonly base64: string }
  | { readonly integer: string };

export interface SqlStatement {
  readonly sql: string;
  readonly params?: readonly SqlParam[];
}

/** Data of a `sql` entry; the clock of its functions is the entry's timestamp, chance comes from `seed`. */
export interface SqlEnvelope {
  readonly statements: readonly SqlStatement[];
  readonly seed: number;
  readonly session?: string;
  readonly seq?: number;
}

/** Marks of an answer that was stored for a session's retry. */
interface Replay {
  readonly replayed?: boolean;
  /** Log index of the write that the answer is about; only where it was replayed. */
  readonly index?: LogIndex;
}

/** What applying an entry answered; stored for a session's retry. Errors are results, never exceptions. */
export type ApplyResult =
  | ({ readonly ok: true; readonly value: unknown } & Replay)
  | ({
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly details?: Readonly<Record<string, unknown>>;
    } & Replay);
