/**
 * Precedence of two claims about one member, and the transitions that follow: the
 * heart of the protocol (SWIM §4.2), by incarnation first, then by state.
 */
import type { Duration, Instant, NodeId } from '../base/index.ts';
import { observerKey } from './hash.ts';
import type { RttWindow } from './rtt-window.ts';
import type {
  ClaimState,
  Digest,
  FailureCause,
  Incarnation,
  MemberState,
  MemberUpdate,
  ObserverKey,
} from './types.ts';

/** From each state, those that may follow it. Who said goodbye is not missed: `left` never turns failed. */
export const MEMBER_TRANSITIONS: Readonly<Record<MemberState, readonly MemberState[]>> = {
  alive: ['suspect', 'failed', 'left'],
  suspect: ['alive', 'failed', 'left'],
  failed: ['alive', 'left'],
  left: ['alive'],
};

export const NEVER_HEARD: Incarnation = { boot: 0, refutation: 0 };

const RANK: Readonly<Record<ClaimState, number>> = { alive: 0, failed: 1, left: 2 };

/** Strength of a claim inside one incarnation. */
export function rankOf(state: ClaimState): number {
  return RANK[state];
}

/** Negative, zero, positive as `a` is an earlier, the same, a later life than `b`. */
export function compareIncarnations(a: Incarnation, b: Incarnation): number {
  return a.boot === b.boot ? a.refutation - b.refutation : a.boot - b.boot;
}

/** Positive when claim `a` overrides `b`, zero when they say the same. */
export function compareClaims(
  a: { readonly incarnation: Incarnation; readonly state: ClaimState },
  b: { readonly incarnation: Incarnation; readonly state: ClaimState },
): number {
  const order = compareIncarnations(a.incarnation, b.incarnation);
  return order === 0 ? RANK[a.state] - RANK[b.state] : order;
}

/** The newer word of a member about itself. */
export function isNewerDigest(a: Digest, b: Digest | null): boolean {
  if (b === null) return true;
  return a.boot === b.boot ? a.sequence > b.sequence : a.boot > b.boot;
}

/** All that this node knows of another one. */
export interface Member {
  readonly nodeId: NodeId;
  readonly key: ObserverKey;
  address: string;
  incarnation: Incarnation;
  state: ClaimState;
  cause: FailureCause | null;
  /** Who voted when it failed. */
  failedBy: readonly NodeId[];
  /** When it failed or left; the tombstone counts from here. */
  endedAt: Instant;
  /** When it came back from having been called failed; of nobody else is it known. */
  backAt: Instant;
  /** `NO_OPINIONS` until there is one: most members are never accused. */
  opinions: Map<ObserverKey, number>;
  /** What people were told last. */
  shown: MemberState;
  /** Since when it has been between L and H; null = it is not, or was reported. */
  splitSince: Instant | null;
  degraded: boolean;
  /** A failure that others claim; believed at this instant unless refuted. */
  claimDueAt: Instant | null;
  /** Last packet from itself; null = none yet. */
  heardAt: Instant | null;
  rttMs: Duration | null;
  /** Of whom this node probes; null = nothing was measured. */
  rtts: RttWindow | null;
  pingSequence: number;
  pingAt: Instant;
  digest: Digest | null;
  /** Newest own digest sequence sent to it, and the incarnation in which this node told it its address. */
  digestSent: number;
  /** A routine word waits until then. */
  digestDueAt: Instant;
  introducedAs: Incarnation;
  /** On record as a node of the cluster: never forgotten. */
  onRecord: boolean;
  /** Last proof of life sent to it unasked, because it accuses. */
  proofAt: Instant;
  /** When it was last told that it is called failed. */
  toldAt: Instant;
}

/** Shared by all of whom nobody thinks anything; never written. */
export const NO_OPINIONS = new Map<ObserverKey, number>();
const NOBODY: readonly NodeId[] = [];

export function newMember(nodeId: NodeId, address: string): Member {
  return {
    nodeId,
    key: observerKey(nodeId),
    address,
    incarnation: NEVER_HEARD,
    state: 'alive',
    cause: null,
    failedBy: NOBODY,
    endedAt: 0,
    backAt: Number.NEGATIVE_INFINITY,
    opinions: NO_OPINIONS,
    shown: 'alive',
    splitSince: null,
    degraded: false,
    claimDueAt: null,
    heardAt: null,
    rttMs: null,
    rtts: null,
    pingSequence: 0,
    pingAt: 0,
    digest: null,
    digestSent: 0,
    digestDueAt: 0,
    introducedAs: NEVER_HEARD,
    onRecord: false,
    proofAt: Number.NEGATIVE_INFINITY,
    toldAt: Number.NEGATIVE_INFINITY,
  };
}

/** Parts of an update beside the claim itself; added up. */
export const PART_OPINIONS = 1;
export const PART_ADDRESS = 2;
export const PART_DIGEST = 4;
export const PART_ALL = PART_OPINIONS | PART_ADDRESS | PART_DIGEST;

/** What is known of `member`, in the wanted parts, as a packet carries it. */
export function updateOf(member: Member, parts: number, now: Instant): MemberUpdate {
  return {
    nodeId: member.nodeId,
    incarnation: member.incarnation,
    state: member.state,
    cause: member.cause,
    ageS: member.state === 'alive' ? 0 : Math.max(0, Math.floor((now - member.endedAt) / 1000)),
    opinions:
      (parts & PART_OPINIONS) === 0
        ? []
        : [...member.opinions].map(([observer, count]) => ({ observer, count })),
    address: (parts & PART_ADDRESS) === 0 ? '' : member.address,
    digest: (parts & PART_DIGEST) === 0 ? null : member.digest,
  };
}
