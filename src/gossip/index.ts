export type { DecodedGossip } from './codec.ts';
export { decodeGossip, encodeGossip } from './codec.ts';
export type { GossipOptions } from './core.ts';
export { GossipFailureDetector } from './gossip-failure-detector.ts';
export { MEMBER_TRANSITIONS } from './member-list.ts';
export { OBSERVERS } from './overlay.ts';
export type { GossipStatus, MemberView } from './status.ts';
export { thresholds, timingFor } from './suspicion.ts';
export type {
  ClaimState,
  Digest,
  FailureCause,
  GossipBody,
  GossipInput,
  GossipMessage,
  GossipOutput,
  Incarnation,
  MemberEvent,
  MemberState,
  MemberUpdate,
  Opinion,
  Packet,
} from './types.ts';
