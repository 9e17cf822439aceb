/** The words of the state machine: what goes in with a group of entries, and what comes out. */
import type { LogIndex, Term, Timestamp } from '../base/index.ts';
import type {
  ApplyResult,
  ClusterCommand,
  ClusterEvent,
  ClusterState,
  CommandOrigin,
} from '../cluster/index.ts';

/** A stored key-value; `version` is the log index of the write, increasing across the cluster. */
export interface KvItem {
  readonly key: string;
  readonly value: string;
  readonly version: LogIndex;
  readonly term: Term;
  readonly timestamp: Timestamp;
}

/** One change of a key, as watches tell it; `value` is null for a delete. */
export interface KvChange {
  readonly type: 'put' | 'delete';
  readonly key: string;
  readonly value: string | null;
  readonly version: LogIndex;
  readonly term: Term;
  readonly timestamp: Timestamp;
}

/** Where in the log a command stands and who sent it. */
export interface AppliedAt {
  readonly index: LogIndex;
  readonly term: Term;
  readonly timestamp: Timestamp;
  readonly actor: string;
  readonly origin?: CommandOrigin;
}

/**
 * The pure machine of the cluster's record (src/cluster), handed in so that this room holds no rule of
 * it.
 */
export type ApplyCluster = (
  state: ClusterState | null,
  command: ClusterCommand,
  at: AppliedAt,
) => {
  readonly state: ClusterState | null;
  readonly events: readonly ClusterEvent[];
  readonly result: ApplyResult;
};

/**
 * The record after a change of the Raft group, handed in too; `before` and `after` are the data of the
 * entries, null = there was none.
 */
export type NoteMembership = (
  state: ClusterState,
  change: { readonly before: Uint8Array | null; readonly after: Uint8Array },
  at: Omit<AppliedAt, 'actor'>,
) => ClusterState;

/** What applying one entry answered. `digest` is a safe integer, equal on every replica. */
export interface EntryResult {
  readonly index: LogIndex;
  readonly term: Term;
  readonly digest: number;
  readonly result: ApplyResult;
  /** Time of a plain write of a key: all else in its result is the key, `index` and `term`. Else null. */
  readonly putAt: Timestamp | null;
}

/** What applying a group of entries did; `results` has one element per entry, in order. */
export interface AppliedGroup {
  readonly lastIndex: LogIndex;
  readonly results: readonly EntryResult[];
  readonly events: readonly ClusterEvent[];
  /** The new record where commands of this group changed it, else null. */
  readonly clusterState: ClusterState | null;
  readonly kvChanges: readonly KvChange[];
}

/** What a page copy holds, read from the copy itself. */
export interface CopiedState {
  readonly index: LogIndex;
  readonly term: Term;
  readonly membership: Uint8Array;
  readonly membershipIndex: LogIndex;
}
