/**
 * What the threads of a daemon say to each other over MessagePorts, always in
 * batches. Three ends: *main* (API, gossip, health), *consensus* (Raft, WAL, peers),
 * *state* (SQLite). Entries cross packed into one transferred buffer: a structured
 * clone of a view would copy the whole frame that it is a view of.
 */
import type { MessagePort } from 'node:worker_threads';
import type { NodeRoster } from '../src/auth/index.ts';
import type { Duration, ErrorCode, LogIndex, LogLevel, NodeId, Timestamp } from '../src/base/index.ts';
import type { ApplyResult, ClusterEvent, ClusterState } from '../src/cluster/index.ts';
import type {
  MembershipChange,
  ProposalResult,
  RaftSettings,
  RaftStatus,
  ReadResult,
  SnapshotMeta,
} from '../src/raft/index.ts';
import type { HandOver, Restraint } from './hand-overs.ts';
import type { MeasuresReport } from './measures.ts';
import type { PackedChanges } from './packed-changes.ts';
import type { PackedProposals } from './packed-proposals.ts';
import type { ElectionEvent } from './pre-votes.ts';
import type { TrafficCounts } from './traffic.ts';

/** To be answered with `heard` when it and all before it have been taken (unheard.ts). */
export interface Hear {
  readonly kind: 'hear';
  readonly upTo: number;
}

/** The message that said so, and all before it, have been taken. */
export interface Heard {
  readonly kind: 'heard';
  readonly upTo: number;
}

/** What every thread is told about the node at birth; nothing in here changes while it runs. */
export interface NodeFacts {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly instanceId: string;
  readonly dataDir: string;
}

export interface ConsensusWorkerData {
  readonly facts: NodeFacts;
  readonly host: string;
  readonly peerPort: number;
  readonly settings: RaftSettings;
  readonly snapshotThreshold: number;
  readonly appliedIndex: LogIndex;
  /** Peers to connect to before the log tells the membership: the seeds of the join. */
  readonly knownPeers: readonly { readonly nodeId: NodeId; readonly address: string }[];
  readonly main: MessagePort;
  readonly state: MessagePort;
}

export interface StateWorkerData {
  readonly facts: NodeFacts;
  readonly snapshotThreshold: number;
  /** Between two looks at cold files; a day without. */
  readonly scrubEveryMs?: Duration;
  readonly main: MessagePort;
  readonly consensus: MessagePort;
}

export type RefusedProposal = Extract<ProposalResult, { kind: 'refused' }>;

export type MainToConsensus =
  | { readonly kind: 'propose'; readonly packed: PackedProposals }
  | { readonly kind: 'read-index'; readonly ids: readonly number[] }
  | {
      readonly kind: 'membership';
      readonly id: number;
      readonly change: MembershipChange;
      readonly expectedMembershipIndex: LogIndex | null;
    }
  | { readonly kind: 'transfer'; readonly id: number; readonly to: NodeId | null }
  | { readonly kind: 'settings'; readonly settings: RaftSettings }
  /** Who is a node by the record: streams of others end, and new ones are refused. */
  | { readonly kind: 'roster'; readonly roster: NodeRoster }
  /** What keeps automatic hand-overs back, by the record. */
  | { readonly kind: 'restraint'; readonly restraint: Restraint }
  /** A verdict of gossip: the second source of hints beside broken connections. */
  | { readonly kind: 'peer-hint'; readonly peer: NodeId; readonly status: 'lost' | 'restored' }
  /** The node's certificate was renewed on disk: new connections use it. */
  | { readonly kind: 'certificates' }
  | Hear
  | Heard
  /** Say goodbye to the peers, sync, close, answer `stopped`. */
  | { readonly kind: 'stop' };

/** How a peer's connections look from this node. */
export interface PeerLink {
  readonly nodeId: NodeId;
  readonly connected: boolean;
  readonly rttMs: number | null;
}

/** A worker that does not start, and why: what an operator can act on. Bugs stop the process instead. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

export type ConsensusToMain =
  | { readonly kind: 'ready' }
  | Hear
  | Heard
  | Refused
  /** Proposals that did not enter the log; those that did are told when they are applied. */
  | { readonly kind: 'refusals'; readonly results: readonly RefusedProposal[] }
  /** Proposals of this node at whose place another entry was committed: they certainly did not happen. */
  | { readonly kind: 'overwritten'; readonly ids: readonly number[] }
  | { readonly kind: 'reads'; readonly results: readonly ReadResult[] }
  | {
      readonly kind: 'events';
      readonly events: readonly { readonly at: Timestamp; readonly event: ElectionEvent }[];
    }
  | {
      readonly kind: 'status';
      readonly status: RaftStatus;
      readonly links: readonly PeerLink[];
      readonly diskLatencyMs: number;
      readonly loopLagMs: number;
      readonly traffic: TrafficCounts;
    }
  /** This leader gives leadership away by itself, or would and is kept back. */
  | { readonly kind: 'hand-over'; readonly handOver: HandOver }
  /** Once a second: what it counts for metrics. */
  | { readonly kind: 'measures'; readonly report: MeasuresReport }
  /**
   * Evidence about a peer's process: `lost` one refused reconnect, `dead` two, `restored` it answers again.
   */
  | { readonly kind: 'peer'; readonly peer: NodeId; readonly status: 'lost' | 'dead' | 'restored' }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Record<string, string | number | boolean | null>;
    }
  | { readonly kind: 'stopped' };

/** `tags` tell which entries were proposed by this node's callers: log index, proposal id, and so on. */
export type ConsensusToState =
  | {
      readonly kind: 'apply';
      readonly packed: Uint8Array;
      readonly tags: readonly number[];
    }
  | { readonly kind: 'restore'; readonly meta: SnapshotMeta }
  | { readonly kind: 'compare'; readonly peer: NodeId; readonly index: LogIndex; readonly digest: number }
  | { readonly kind: 'snapshot' };

export type StateToConsensus =
  | { readonly kind: 'applied'; readonly index: LogIndex }
  | { readonly kind: 'restored'; readonly index: LogIndex }
  | { readonly kind: 'snapshot-made'; readonly meta: SnapshotMeta }
  /** Chained digest of all results up to `index`, taken at multiples of a fixed stride. */
  | { readonly kind: 'digest'; readonly index: LogIndex; readonly digest: number };

export type MainToState =
  | { readonly kind: 'snapshot' }
  /** Entries after which a snapshot may be made, from now on. */
  | { readonly kind: 'snapshot-threshold'; readonly entries: number }
  /** The point in time of a mark is fixed: applying goes on. */
  | { readonly kind: 'marked'; readonly id: string }
  /** Somebody wants to read what was applied up to now: write it to the file, answer `settled`. */
  | { readonly kind: 'settle' }
  | Heard
  | { readonly kind: 'stop' };

export interface AppliedResult {
  readonly proposalId: number;
  readonly index: LogIndex;
  readonly result: ApplyResult;
}

/** See packed-results.ts. */
export interface PackedResults {
  /** Proposal id, index, term and timestamp of each plain write of a key; null for none. */
  readonly puts: Float64Array<ArrayBuffer> | null;
  /** JSON of `AppliedResult[]`; '' for none. */
  readonly others: string;
}

export type StateToMain =
  | { readonly kind: 'open'; readonly appliedIndex: LogIndex; readonly clusterState: ClusterState | null }
  | Refused
  | {
      readonly kind: 'applied';
      readonly appliedIndex: LogIndex;
      /** What readers of the file see. */
      readonly settledIndex: LogIndex;
      readonly results: PackedResults;
      readonly events: readonly ClusterEvent[];
      /** The new record where commands changed it, else null. */
      readonly clusterState: ClusterState | null;
      readonly kvChanges: readonly PackedChanges[];
      /** To be answered with `heard` (unheard.ts), null: not this time. */
      readonly hear: number | null;
    }
  | { readonly kind: 'settled'; readonly index: LogIndex }
  | { readonly kind: 'restored'; readonly appliedIndex: LogIndex; readonly clusterState: ClusterState | null }
  | { readonly kind: 'snapshot-made'; readonly index: LogIndex; readonly size: number; readonly ms: number }
  /** Everything up to a mark is applied, and nothing behind it until `marked`. */
  | { readonly kind: 'mark'; readonly id: string; readonly index: LogIndex }
  | { readonly kind: 'diverged'; readonly peer: NodeId; readonly index: LogIndex }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly fields: Record<string, string | number | boolean | null>;
    }
  | { readonly kind: 'stopped' };

/** Where a leader listens, as `not_leader` tells it. */
export interface LeaderAddress {
  readonly node_id: NodeId;
  readonly host: string;
  readonly port: number;
  readonly client_port: number;
}
