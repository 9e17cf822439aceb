/** The wire shapes that the screen shows, gathered so that the other files import them from one place. */
import type {
  AlertExplainResponse,
  AlertRow,
  AuditRow,
  CandidateView,
  CheckRow,
  ConfigPutResponse,
  ConfigVersionRow,
  ElectionRow,
  EventLine,
  HistoryResponse,
  NodeRow,
  OperationRequest,
  OperationView,
  Plan,
  ResponseOf,
  SilenceRow,
  StatusResponse,
  ViewsResponse,
} from '../../src/api/index.ts';

export type ConfigChangeRow = ConfigPutResponse['changes'][number];
export type ConfigPendingRow = ResponseOf<'configPending'>['nodes'][number];

export type {
  AlertExplainResponse,
  AlertRow,
  AuditRow,
  CandidateView,
  CheckRow,
  ConfigVersionRow,
  ElectionRow,
  EventLine,
  HistoryResponse,
  NodeRow,
  OperationRequest,
  OperationView,
  Plan,
  SilenceRow,
  StatusResponse,
  ViewsResponse,
};
