export { bootstrapRequest } from './bootstrap.ts';
export type { Decoded } from './bytes.ts';
export { decodeEntries, decodeMessages, encodeEntries, encodeMessages } from './codec.ts';
export { decodeMembership, encodeMembership } from './codec-membership.ts';
export type { RaftOptions } from './core.ts';
export { lowestWithin } from './log-slice.ts';
export { findMember, membersOf } from './membership.ts';
export { MemoryStorage } from './memory-storage.ts';
export type { InitialState, RaftStorage, RaftStore, RaftTransport } from './ports.ts';
export { RaftConsensus } from './raft-consensus.ts';
export { rehearseElection } from './rehearsal.ts';
export type { PeerStatus, RaftMarks, RaftStatus } from './status.ts';
export type { TurnListener, TurnLoopOptions } from './turn-loop.ts';
export { TurnLoop } from './turn-loop.ts';
export type {
  CampaignKind,
  EntryKind,
  HardState,
  LogEntry,
  Membership,
  MembershipChange,
  PersistRequest,
  Proposal,
  ProposalResult,
  RaftEvent,
  RaftInput,
  RaftMember,
  RaftMessage,
  RaftOutput,
  RaftRole,
  RaftSettings,
  ReadResult,
  SnapshotMeta,
  VoteRefusal,
} from './types.ts';
