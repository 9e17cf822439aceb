/**
 * The words of failure detection: members, opinions, messages, inputs and outputs.
 *
 * This file is the contract of `GossipFailureDetector`. The one idea: what is known
 * about a member is one value that only grows. Two copies of it, in any order and any
 * number of times, merge to the same: by incarnation first, then by state, then each
 * observer's opinion by its own counter. So a packet may be lost, doubled or late.
 */
import type { Duration, Flavor, Instant, NodeId } from '../base/index.ts';

/**
 * Which life of a member a claim is about. `boot` is counted by the member's data
 * directory at each start, `refutation` by the member whenever it is called failed.
 * (0, 0) = never heard of; a real boot is ≥ 1.
 */
export interface Incarnation {
  readonly boot: number;
  readonly refutation: number;
}

/** What people see. `suspect` is derived from the observers' opinions on every node, never claimed. */
export type MemberState = 'alive' | 'suspect' | 'failed' | 'left';

/** What a packet claims. Within one incarnation a later word of this list wins (SWIM §4.2). */
export type ClaimState = 'alive' | 'failed' | 'left';

/** Why it is failed: its host refused connections, it was silent, or others said so and it did not refute. */
export type FailureCause = 'process-death' | 'silence' | 'told';

/** A short name of an observer inside opinions: `observerKey` of its node id. */
export type ObserverKey = Flavor<number, 'ObserverKey'>;

/** One observer's opinion; `count` only grows and its remainder is the level (votes.ts). */
export interface Opinion {
  readonly observer: ObserverKey;
  readonly count: number;
}

/** A member's word about itself, opaque here; the newer (boot, sequence) wins. */
export interface Digest {
  readonly boot: number;
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** All or a part of what is known about one member; an absent part says nothing. */
export interface MemberUpdate {
  readonly nodeId: NodeId;
  readonly incarnation: Incarnation;
  readonly state: ClaimState;
  /** Null unless `state` is failed. */
  readonly cause: FailureCause | null;
  /** Since it failed or left, s; 0 while alive. A tombstone ends 24 h after that, not after the news. */
  readonly ageS: number;
  readonly opinions: readonly Opinion[];
  /** `host:port`; '' = not said here. */
  readonly address: string;
  readonly digest: Digest | null;
}

/** What a message is for; updates ride on each of them. */
export type GossipBody =
  /** `accused`: the sender suspects the receiver and says it to its face (Lifeguard's buddy system). */
  | {
      readonly kind: 'ping';
      readonly sequence: number;
      readonly accused: boolean;
      readonly rttMs: Duration | null;
    }
  /** Sequence 0 = not asked for: proof of life to somebody who accuses. */
  | { readonly kind: 'ack'; readonly sequence: number }
  /** SWIM's ping-req: when did you hear `subject` yourself? */
  | { readonly kind: 'ask'; readonly subject: NodeId }
  /** First-hand only; `agoMs` null = I don't observe it or never heard it. */
  | { readonly kind: 'heard'; readonly subject: NodeId; readonly agoMs: Duration | null }
  | { readonly kind: 'news' }
  /** One hash a bucket of members (sync.ts). */
  | { readonly kind: 'sync'; readonly buckets: readonly number[] }
  /** Updates of the buckets that differ; `wanted`: send yours of these. */
  | { readonly kind: 'delta'; readonly wanted: readonly number[] };

/** It carries its sender's incarnation: a restart shows at once. Who sent it the connection knows. */
export type GossipMessage = GossipBody & {
  readonly incarnation: Incarnation;
  readonly updates: readonly MemberUpdate[];
};

export type GossipInput =
  /** `from` was proven by the connection, never read from the bytes. */
  | { readonly kind: 'packet'; readonly from: NodeId; readonly message: GossipMessage }
  /** The wake-up that `wakeAt` asked for. Only after all input that was queued before has been handed in. */
  | { readonly kind: 'tick' }
  /** How late the event loop was lately, ms. */
  | { readonly kind: 'lag'; readonly ms: Duration }
  /** Hard evidence about a process (reliability: refused twice), or that it answers again. */
  | { readonly kind: 'evidence'; readonly nodeId: NodeId; readonly evidence: 'dead' | 'restored' }
  /** All nodes on record; one that was in an earlier list and is not in this one is forgotten and barred. */
  | {
      readonly kind: 'known';
      readonly nodes: readonly { readonly nodeId: NodeId; readonly address: string }[];
    }
  /** Nodes that may be asked for the others: adds, never forgets, and asks up to three of them at once. */
  | {
      readonly kind: 'join';
      readonly seeds: readonly { readonly nodeId: NodeId; readonly address: string }[];
    }
  /** A connection to `nodeId` opened: what was sent before may be lost, so tables are compared. */
  | { readonly kind: 'link'; readonly nodeId: NodeId }
  /** This node's newest word about itself; an `urgent` one is news, others go to neighbours only. */
  | { readonly kind: 'digest'; readonly bytes: Uint8Array; readonly urgent: boolean }
  /** This node goes away on purpose. */
  | { readonly kind: 'leave' };

export interface Packet {
  readonly to: NodeId;
  readonly message: GossipMessage;
}

export type MemberEvent =
  /** First sign of a member. */
  | { readonly kind: 'joined'; readonly nodeId: NodeId; readonly incarnation: Incarnation }
  | { readonly kind: 'suspected'; readonly nodeId: NodeId; readonly by: readonly NodeId[] }
  /** For long some observers have not heard it and others have: a bad network, not a dead node. */
  | { readonly kind: 'degraded'; readonly nodeId: NodeId; readonly by: readonly NodeId[] }
  | {
      readonly kind: 'failed';
      readonly nodeId: NodeId;
      readonly by: readonly NodeId[];
      readonly cause: FailureCause;
    }
  | { readonly kind: 'alive'; readonly nodeId: NodeId; readonly from: MemberState }
  /** A new boot, however short the absence was. */
  | {
      readonly kind: 'restarted';
      readonly nodeId: NodeId;
      readonly from: MemberState;
      readonly incarnation: Incarnation;
    }
  | { readonly kind: 'left'; readonly nodeId: NodeId }
  | { readonly kind: 'forgotten'; readonly nodeId: NodeId }
  /** This node was called failed and denied it. */
  | { readonly kind: 'refuted'; readonly incarnation: Incarnation }
  /** Somebody knows a later boot of this node than this one: its disk was rolled back or copied. */
  | { readonly kind: 'outdated-boot'; readonly boot: number }
  /** This node has been unwell for a while (3 or more of 8), or is well again (0). */
  | { readonly kind: 'own-health'; readonly value: number };

/** What the core wants done. `wakeAt` replaces all timers. */
export interface GossipOutput {
  readonly packets: readonly Packet[];
  readonly events: readonly MemberEvent[];
  readonly wakeAt: Instant;
}
