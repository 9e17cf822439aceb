export type {
  AlertExplanation,
  AlertRow,
  AlertRuleRow,
  AuditRow,
  CertificateRow,
  ConfigVersionRow,
  DenialRow,
  ElectionRow,
  EventLine,
  KvItem,
  KvWatchLine,
  LeaderResponse,
  MetricsResponse,
  NodeRow,
  NodesResponse,
  OperationRequest,
  OperationView,
  Plan,
  ReadInfo,
  ReadLevel,
  ResponseOf,
  ScheduleRow,
  SilenceRow,
  SqlResponse,
  SqlResult,
  SqlValue,
  StatusResponse,
  TokenRow,
  UserRow,
  VerifyResponse,
  ViewsResponse,
} from '../api/index.ts';
export type { ErrorCode } from '../base/index.ts';
export { SqlccError } from '../base/index.ts';
export type { AlertsClient, AlertTest, SilenceCreate } from './alerts-client.ts';
export { ClientSession } from './client-session.ts';
export type { KvClient } from './kv-client.ts';
export type { CertificateRevoke, PeopleClient, UserSet } from './people-client.ts';
export type { ConfigPut, ConfigVersionPut } from './sqlcc-client.ts';
export { SqlccClient } from './sqlcc-client.ts';
export type {
  CallOptions,
  Credentials,
  EventsOptions,
  HistoryOptions,
  ListOptions,
  PinnedOptions,
  ReadOptions,
  SqlccClientOptions,
  SqlStatement,
  StatusOptions,
  TokenCreate,
  WaitOptions,
  WatchOptions,
  WriteOptions,
} from './types.ts';
export type { Endpoint, Lane, StreamOptions, Wire, WireAnswer, WireRequest } from './wire.ts';
