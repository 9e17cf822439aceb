export type { Endpoint, HttpMethod } from './endpoint.ts';
export type { EndpointName, ResponseOf } from './endpoints.ts';
export { ENDPOINTS } from './endpoints.ts';
export { errorFromWire, errorToWire } from './error-wire.ts';
export type { HeaderName } from './headers.ts';
export { HEADERS } from './headers.ts';
export { openApiDocument } from './openapi.ts';
export type {
  AcknowledgeRequest,
  AlertExplainResponse,
  AlertExplanation,
  AlertRow,
  AlertRuleRow,
  AlertsResponse,
  AlertTestRequest,
  ChannelRow,
  NotificationRow,
  SilenceCreateRequest,
  SilenceRow,
} from './schemas/alerts.ts';
export type {
  AnnounceRequest,
  AuthorityKeyRequest,
  AuthorityKeyResponse,
  AuthorityRequest,
  ElectionRow,
  HashResponse,
  LeaderResponse,
  MaintenanceView,
  NodeResponse,
  NodeRow,
  NodesResponse,
  RenewRequest,
  RenewResponse,
  StatusResponse,
  UpdateNodeRequest,
  VersionResponse,
  ViewsResponse,
} from './schemas/cluster.ts';
export type {
  ErrorBody,
  ReadInfo,
  ReadLevel,
} from './schemas/common.ts';
export type {
  ConfigCheckResponse,
  ConfigPutRequest,
  ConfigPutResponse,
  ConfigResponse,
  ConfigStateResponse,
  ConfigVersionRequest,
  ConfigVersionRow,
  ConfigVersionsResponse,
} from './schemas/config.ts';
export type {
  CandidateView,
  CheckRow,
  EventLine,
  HistoryResponse,
  JoinRequest,
  JoinResponse,
  MetricsResponse,
  OperationKindName,
  OperationRequest,
  OperationResponse,
  OperationsResponse,
  OperationView,
  Plan,
  TokenCreateRequest,
  TokenCreateResponse,
  TokenRow,
  TokensResponse,
} from './schemas/control.ts';
export type {
  KvBatchRequest,
  KvBatchResponse,
  KvDeleteResponse,
  KvGetResponse,
  KvItem,
  KvListResponse,
  KvPutResponse,
  KvWatchLine,
  SessionResponse,
  SqlRequest,
  SqlResponse,
  SqlResult,
  SqlValue,
} from './schemas/data.ts';
export type {
  AuditNoteRequest,
  CertificateKnownRequest,
  CertificateRevokeRequest,
  CertificateRow,
  OwnCertificateRequest,
  UserRequest,
  UserRow,
} from './schemas/people.ts';
export type { HandOverReport, PauseRequest, ScheduleRequest, ScheduleRow } from './schemas/steering.ts';
export type {
  AuditResponse,
  AuditRow,
  DenialRow,
  DenialsResponse,
  LogLevelRequest,
  LogLevelResponse,
  LogResponse,
} from './schemas/support.ts';
export type { VerifyPartRequest, VerifyPartResponse, VerifyResponse } from './schemas/verify.ts';
export { API_PREFIX, PROTOCOL_VERSION } from './version.ts';
