export { decodeGossip, encodeGossip } from './codec.ts';
export { GossipFailureDetector } from './gossip-failure-detector.ts';
export { MEMBER_TRANSITIONS } from './member-list.ts';
export { type Roster, rosterOf } from './member-table.ts';
export type { GossipStatus, MemberView } from './status.ts';
export { thresholds, timingFor } from './suspicion.ts';
export type {
  FailureCause,
  GossipBody,
  GossipInput,
  GossipMessage,
  GossipOutput,
  Incarnation,
  MemberEvent,
  MemberUpdate,
  Packet,
} from './types.ts';
