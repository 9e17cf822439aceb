/** Read-only picture of the detector for metrics, API and terminal; a copy, never a window into the core. */
import type { Duration, Instant, NodeId } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import type { Member } from './member-list.ts';
import type { RttSpread } from './rtt-window.ts';
import type { Digest, FailureCause, Incarnation, MemberState } from './types.ts';
import { accusers, SUSPECTS } from './votes.ts';

export interface MemberView {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly state: MemberState;
  /** False until anything of it was heard, by anybody: it is only on record. */
  readonly isKnown: boolean;
  readonly incarnation: Incarnation;
  /** Who suspects it, or who voted when it failed; by name. */
  readonly accusedBy: readonly NodeId[];
  /** Null unless failed. */
  readonly cause: FailureCause | null;
  /** Some observers have not heard it for long and others have. */
  readonly isDegraded: boolean;
  /** Since its last packet to this node; null = none came yet. */
  readonly silenceMs: Duration | null;
  readonly rttMs: Duration | null;
  /** Of the newest round trips; null = this node measured none. */
  readonly rttSpread: RttSpread | null;
  readonly digest: Digest | null;
}

export interface GossipStatus {
  readonly nodeId: NodeId;
  readonly incarnation: Incarnation;
  readonly isLeaving: boolean;
  /** 0 well … 8 hardly (Lifeguard). */
  readonly ownHealth: number;
  readonly members: readonly MemberView[];
  /** Whom this node watches, and who watches it. */
  readonly subjects: readonly NodeId[];
  readonly observers: readonly NodeId[];
  /** Members with news still to pass on. */
  readonly newsQueued: number;
}

export function memberView(core: GossipCore, member: Readonly<Member>, now: Instant): MemberView {
  const accused = core.namesOf(accusers(member.opinions, SUSPECTS));
  return {
    nodeId: member.nodeId,
    address: member.address,
    state: member.shown,
    isKnown: member.incarnation.boot > 0,
    incarnation: member.incarnation,
    accusedBy: [...(member.state === 'alive' ? accused : member.failedBy)].sort(),
    cause: member.cause,
    isDegraded: member.degraded,
    silenceMs: member.heardAt === null ? null : Math.max(0, now - member.heardAt),
    rttMs: member.rttMs,
    rttSpread: member.rtts?.spread ?? null,
    digest: member.digest,
  };
}

export function gossipStatus(core: GossipCore, now: Instant): GossipStatus {
  return {
    nodeId: core.self.nodeId,
    incarnation: core.self.incarnation,
    isLeaving: core.isLeaving,
    ownHealth: core.health.value,
    members: [...core.members.all()].map((m) => memberView(core, m, now)),
    subjects: [...core.edges.keys()],
    observers: core.overlay.observers(core.self.nodeId),
    newsQueued: core.news.size,
  };
}
