/** What may happen to the model, and what the model may ask of the world. */
import type {
  AlertRow,
  EventLine,
  HistoryResponse,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from '../feed/wire.ts';
import type { Model, Mono, Wall } from './model.ts';

/** One key: a grapheme (`j`, `F`, `é`) or a name (`up`, `enter`, `escape`, `tab`, `ctrl+c`, …). */
export interface KeyPress {
  readonly name: string;
  /** Keys that came in the same read. More than one never confirms anything. */
  readonly burst: number;
}

/** Why a call failed, as the client told it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Message =
  | { readonly type: 'tick'; readonly now: Wall; readonly mono: Mono }
  | { readonly type: 'key'; readonly key: KeyPress; readonly mono: Mono }
  | { readonly type: 'paste'; readonly text: string; readonly mono: Mono }
  | { readonly type: 'status'; readonly status: StatusResponse; readonly now: Wall }
  | { readonly type: 'lost'; readonly failure: Failure; readonly now: Wall }
  | { readonly type: 'events'; readonly events: readonly EventLine[]; readonly now: Wall }
  | { readonly type: 'alerts'; readonly alerts: readonly AlertRow[] }
  | { readonly type: 'views'; readonly views: ViewsResponse }
  | { readonly type: 'history'; readonly history: HistoryResponse }
  | { readonly type: 'planned'; readonly dialogId: number; readonly plan: Plan; readonly mono: Mono }
  | { readonly type: 'started'; readonly dialogId: number; readonly operation: OperationView }
  | { readonly type: 'refused'; readonly dialogId: number; readonly failure: Failure }
  | { readonly type: 'operation'; readonly operation: OperationView }
  | { readonly type: 'page-rows'; readonly rows: number };

export type Effect =
  | { readonly kind: 'plan'; readonly dialogId: number; readonly request: OperationRequest }
  | { readonly kind: 'run'; readonly dialogId: number; readonly request: OperationRequest }
  /** Ask for the operation until it has ended. */
  | { readonly kind: 'follow'; readonly id: string }
  /** Ask for status now, from this node if one is named. */
  | { readonly kind: 'refresh'; readonly observer: string | null }
  | { readonly kind: 'repaint' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export type Change = readonly [model: Model, effects: readonly Effect[]];
