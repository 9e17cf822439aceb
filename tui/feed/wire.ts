/** The wire shapes that the screen shows, gathered so that the other files import them from one place. */
import type {
  AlertRow,
  CandidateView,
  ElectionRow,
  EventLine,
  HistoryResponse,
  NodeRow,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from '../../src/api/index.ts';

export type {
  AlertRow,
  CandidateView,
  ElectionRow,
  EventLine,
  HistoryResponse,
  NodeRow,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
};
