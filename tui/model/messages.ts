/** What may happen to the model, and what the model may ask of the world. */
import type { Acted, ActRequest } from '../feed/desk.ts';
import type { Question, SliceName, Slices } from '../feed/slices.ts';
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
import type { ChangeAct, ChangePlan } from './change-plan.ts';
import type { Model, Mono, Said, Wall } from './model.ts';

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
  /** The longest time that would be allowed, where a longer one was asked for. */
  readonly longestMs?: number;
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
  /** The newest question for it had no answer. */
  | { readonly type: 'unheard'; readonly what: 'alerts' | 'views'; readonly failure: Failure }
  /** Another node is looked through: what only the one before told is no longer shown. */
  | { readonly type: 'other-observer' }
  | { readonly type: 'history'; readonly history: HistoryResponse }
  | { readonly type: 'planned'; readonly dialogId: number; readonly plan: Plan; readonly mono: Mono }
  | { readonly type: 'started'; readonly dialogId: number; readonly operation: OperationView }
  | { readonly type: 'refused'; readonly dialogId: number; readonly failure: Failure }
  | { readonly type: 'operation'; readonly operation: OperationView }
  /** It can't be read any more, and asking again would not change that. */
  | { readonly type: 'unfollowed'; readonly id: string; readonly failure: Failure }
  | {
      readonly type: 'answer';
      readonly question: Question;
      readonly value: Slices[SliceName];
      readonly now: Wall;
    }
  | { readonly type: 'no-answer'; readonly question: Question; readonly failure: Failure; readonly now: Wall }
  | {
      readonly type: 'preflight';
      readonly dialogId: number;
      readonly plan: ChangePlan;
      readonly mono: Mono;
    }
  | { readonly type: 'acted'; readonly dialogId: number; readonly result: Acted }
  /** The person's editor has ended; `path` is null where nothing came of it, `words` then say why. */
  | {
      readonly type: 'edited';
      readonly dialogId: number;
      readonly path: string | null;
      readonly version: number;
      readonly words: string;
    }
  /** `act`: what was sent to be done, also where no dialog shows it any more; absent: only a question was. */
  | {
      readonly type: 'change-refused';
      readonly dialogId: number;
      readonly failure: Failure;
      readonly act?: ChangeAct;
    }
  /** The model can't be drawn: an older picture stands on the screen. */
  | { readonly type: 'undrawn' }
  /** What fits, and how far what does not can be moved. */
  | { readonly type: 'page-rows'; readonly rows: number; readonly shift?: number; readonly scroll?: number }
  /** What was said before this cluster was on the screen. */
  | { readonly type: 'said'; readonly said: readonly Said[] }
  /** Something goes on where this screen does not look. */
  | { readonly type: 'unsettled'; readonly words: string }
  /** What became of something that the terminal's owner did. */
  | {
      readonly type: 'told';
      readonly text: string;
      readonly level: 'info' | 'warning';
      /** The first thing that is said here: whoever reads it needs the keys beside it. */
      readonly greets?: true;
    };

export type Effect =
  | { readonly kind: 'plan'; readonly dialogId: number; readonly request: OperationRequest }
  | { readonly kind: 'run'; readonly dialogId: number; readonly request: OperationRequest }
  /** Ask for the operation until it has ended. */
  | { readonly kind: 'follow'; readonly id: string }
  /** Ask for status now, from this node if one is named. */
  | { readonly kind: 'refresh'; readonly observer: string | null }
  /** Ask again what the view on the screen wants answered. */
  | { readonly kind: 'ask' }
  /** The dry run of a change. */
  | { readonly kind: 'preflight'; readonly dialogId: number; readonly act: ChangeAct }
  /** The whole configuration into the person's editor; `before`: the file that was written there already. */
  | {
      readonly kind: 'edit';
      readonly dialogId: number;
      readonly before: {
        readonly path: string;
        readonly version: number;
        /** Another version is in force by now: the text is to be looked at on that one. */
        readonly outdated: boolean;
      } | null;
    }
  | { readonly kind: 'act'; readonly dialogId: number; readonly request: ActRequest }
  | { readonly kind: 'repaint' }
  /** Look at the cluster of this context from now on. */
  | { readonly kind: 'context'; readonly name: string }
  /** Into the clipboard of the person's terminal, or a file. */
  | { readonly kind: 'copy'; readonly what: string; readonly text: string }
  /** What the view shows, as JSON: into a file, and into the person's pager where there is one. */
  | { readonly kind: 'json'; readonly name: string; readonly text: string }
  /** The screen as it stands, as files. */
  | { readonly kind: 'save' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export type Change = readonly [model: Model, effects: readonly Effect[]];
