export type { AlertRecord } from '../alerts/index.ts';
export type { AuditRecord } from '../audit/index.ts';
export { applyCommand } from './apply.ts';
export type { MembershipWords } from './audit.ts';
export { membershipAudited } from './audit.ts';
export { authorityLaggards } from './authorities.ts';
export type { ClockDistance } from './candidates.ts';
export { candidateTable, MAX_CANDIDATE_LAG_ENTRIES, wrongClocks } from './candidates.ts';
export { certificatesKnown, endsSoon, isCertificateNews, peopleExpiry } from './certificates.ts';
export type {
  Authorities,
  AuthorityCertificate,
  CandidateRow,
  ClusterState,
  ConfigVersionRecord,
  Cooldown,
  Drain,
  Election,
  Maintenance,
  NewAuthority,
  NodeRecord,
  Operation,
  OperationKind,
  OperationPhase,
  OperationState,
  PersonCertificate,
  Revocation,
  ScheduledOperation,
  TentativeConfig,
  TokenRecord,
  UserRecord,
} from './cluster-state.ts';
export type {
  ApplyResult,
  ClusterCommand,
  CommandEnvelope,
  CommandOrigin,
  ComparedReplica,
  KvCommand,
  NodeWords,
  SessionCommand,
  SqlEnvelope,
  SqlParam,
  SqlStatement,
  StateCommand,
} from './command.ts';
export { activeConfig } from './config.ts';
export type { DrainRequest } from './drain.ts';
export { drainOf, planDrain } from './drain.ts';
export { campaignWords, electionCause } from './election-cause.ts';
export { electionCount } from './elections.ts';
export type { ClusterEvent, EventKind } from './events.ts';
export { EVENT_KINDS } from './events.ts';
export type { FailoverRequest } from './failover.ts';
export { expectedChecks, planFailover, planSwitchover } from './failover.ts';
export { handOverCooldown } from './hand-over.ts';
export { MAX_MAINTENANCE_MS } from './maintenance.ts';
export type { MaintenanceRequest, RemovalRequest } from './node-plans.ts';
export { planMaintenance, planRemoval } from './node-plans.ts';
export type { NodeLifecycle, NodeRaftRole, NodeState, SeedStartStep } from './node-state.ts';
export { nodeState, SEED_START_STEPS } from './node-state.ts';
export { OPERATION_PHASES, OPERATION_TRANSITIONS, runningOperation } from './operations.ts';
export type { Applied, ApplyPosition } from './outcome.ts';
export { pauseInForce } from './pause.ts';
export type { ActionPlan, Check, NodeFact, PlanFacts, Planned } from './plan.ts';
export { refusalCode } from './plan.ts';
export type {
  ReplacementFacts,
  ReplacementPolicy,
  ReplacementRequest,
  ReplacementVerdict,
  SpareFact,
} from './replacement.ts';
export { planReplacement, replacementDue } from './replacement.ts';
export type { RotationRequest } from './rotation-plan.ts';
export { planRotation } from './rotation-plan.ts';
export { scheduledDue, skipCause } from './schedule.ts';
export { seatOf } from './seats.ts';
export { decodeState, encodeState, STATE_FORMAT } from './snapshot-codec.ts';
export { writeGapMs } from './write-gap.ts';
