/**
 * The whole state of the screen as one readonly record: what is known of the cluster,
 * how well, and what the person at the keyboard is doing. React only draws it.
 */

import type { Replay } from '../feed/feed.ts';
import type { Answer } from '../feed/slices.ts';
import type {
  AlertRow,
  EventLine,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from '../feed/wire.ts';
import type { ChangeAct, ChangePlan } from './change-plan.ts';
import type { Trace } from './trace.ts';
import type { ViewId } from './views.ts';

/** Monotonic ms of this process, for deaf times; never shown. */
export type Mono = number;
/** Wall ms of the feed's clock, for ages. */
export type Wall = number;

/** Panes that can hold the focus, in the order of the Tab key. */
export const PANES = ['nodes', 'elections', 'events', 'quorum', 'alerts'] as const;
export type Pane = (typeof PANES)[number];

export type Connection =
  | { readonly kind: 'connecting'; readonly error: string | null; readonly hint?: string }
  | { readonly kind: 'live' }
  | {
      readonly kind: 'lost';
      readonly since: Wall;
      readonly error: string;
      /** The node that answered last. */
      readonly via: string;
      readonly attempts: number;
    };

/** Of what is asked for in turns: when it was answered last, and why the newest question had no answer. */
export interface Heard {
  readonly at: Wall | null;
  readonly error: string | null;
}

/** What is known of the cluster; freezing keeps one of these. */
export interface Picture {
  readonly status: StatusResponse | null;
  /** When `status` arrived. */
  readonly statusAt: Wall;
  readonly alerts: readonly AlertRow[];
  readonly views: ViewsResponse | null;
  readonly heard: Readonly<Record<'alerts' | 'views', Heard>>;
  /** Answers in a row in which nodes named different leaders. */
  readonly splits: number;
  /** Oldest first; bounded by LIMITS.screenEvents. */
  readonly events: readonly EventLine[];
  /** CPU samples by node, oldest first, one a refresh; bounded by LIMITS.screenSamples. */
  readonly samples: Readonly<Record<string, readonly (number | null)[]>>;
  /** When somebody was last seen to lead; null = not yet, or not by the node that is looked through. */
  readonly ledUntil: Wall | null;
  /** Since when no leader is known; null while there is one. */
  readonly leaderlessSince: Wall | null;
  /** Answers to the questions of single views, by question; bounded by LIMITS.screenAnswers. */
  readonly answers: Readonly<Record<string, Answer>>;
}

export const COLUMN_SETS = ['all', 'raft', 'load'] as const;
export type ColumnSet = (typeof COLUMN_SETS)[number];

export type SortKey = 'role' | 'name' | 'state' | 'lag' | 'cpu' | 'disk' | 'zone';
export const SORT_KEYS: readonly SortKey[] = ['role', 'name', 'state', 'lag', 'cpu', 'disk', 'zone'];

/** What the dialog of an action is doing. */
export type DialogStep =
  /** Waiting for the plan; `before`: the one that was shown until then. */
  | { readonly kind: 'planning'; readonly before?: Plan }
  /** The plan is shown and waits for the confirmation; from `renewAt` on a newer one is asked for. */
  | { readonly kind: 'review'; readonly plan: Plan; readonly until: Mono; readonly renewAt: Mono }
  /** Sent, no answer yet. */
  | { readonly kind: 'starting'; readonly plan: Plan }
  | { readonly kind: 'running'; readonly operation: OperationView; readonly heardAt?: Wall }
  | { readonly kind: 'ended'; readonly operation: OperationView }
  /** No plan, or no answer: `unknown` says that it may have happened. */
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string; readonly unknown: boolean };

export type DialogField = 'cancel' | 'reason' | 'confirm' | 'execute';

/** What the server may refuse this caller, each by itself. */
export type Deniable = ActionName | ChangeAct['kind'];

export type ActionName =
  | 'failover'
  | 'switchover'
  | 'step-down'
  | 'maintenance'
  | 'drain'
  | 'remove-node'
  | 'replace-node';

export interface ActionDialog {
  readonly kind: 'action';
  /** Grows with each dialog and each new plan, so that late answers are dropped. */
  readonly id: number;
  readonly action: ActionName;
  readonly request: OperationRequest;
  readonly step: DialogStep;
  /** Keys before this moment are not heard. */
  readonly deafUntil: Mono;
  readonly field: DialogField;
  readonly reason: string;
  /** What was typed to arm what asks for a name. */
  readonly typed: string;
  /** `y` was pressed in a dialog that asks for no name. */
  readonly yes: boolean;
  /** The candidates as they stood when the dialog opened: newer plans change verdicts, not places. */
  readonly order: readonly string[];
  /** The plan that the present one replaced, when it was made again for a reason. */
  readonly previous: Plan | null;
  /** What differs from the plan before, and why it was made again. */
  readonly changes: readonly string[];
  /** Answer to the last key that was refused. */
  readonly note: string;
  /** First line that is shown where not all fit. */
  readonly scroll?: number;
}

/** What the dialog of a change that is no operation is doing. */
export type ChangeStep =
  /** A text is written that the change is made of. */
  | { readonly kind: 'editing' }
  | { readonly kind: 'planning' }
  | { readonly kind: 'review'; readonly plan: ChangePlan }
  | { readonly kind: 'starting'; readonly plan: ChangePlan }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string; readonly unknown: boolean };

/** A change of alerts, configuration or operations: plan, then `y` Enter, or a typed name. */
export interface ChangeDialog {
  readonly kind: 'change';
  readonly id: number;
  readonly act: ChangeAct;
  readonly step: ChangeStep;
  readonly deafUntil: Mono;
  readonly field: 'cancel' | 'reason' | 'text' | 'confirm' | 'execute';
  readonly text: string;
  readonly reason: string;
  readonly typed: string;
  readonly yes: boolean;
  /** Which of the offered lengths of time. */
  readonly length: number;
  readonly note: string;
  /** First line that is shown where not all fit. */
  readonly scroll?: number;
}

/** A list with a text field above it: the palette, the actions of this place, whose view. */
export interface Chooser {
  readonly kind: 'chooser';
  readonly purpose: 'palette' | 'actions' | 'observer' | 'context' | 'copy';
  readonly text: string;
  readonly at: number;
  /** Why the last key took nothing. */
  readonly note?: string;
}

export type Overlay =
  | { readonly kind: 'help'; readonly scroll: number }
  /** `topic`: not the row under the bar, but what a failover can't do. */
  | { readonly kind: 'explain'; readonly scroll: number; readonly topic?: 'no-force' }
  | { readonly kind: 'messages'; readonly scroll: number }
  | Chooser
  | ChangeDialog
  | ActionDialog;

/** The second that is looked back at. */
export interface Past {
  readonly at: Wall;
  readonly picture: Picture;
}

export interface Toast {
  readonly text: string;
  readonly level: 'info' | 'warning';
  readonly until: Mono;
  /** It stands above the last line, which keeps the keys. */
  readonly isAbove?: true;
  /** It says which key takes the last change back. */
  readonly undoes?: true;
  /** It asks whether to leave. */
  readonly leaves?: true;
  /** It says why a key did nothing: gone with the next key. */
  readonly refuses?: true;
}

/** A toast or a notice that was shown. */
export interface Said {
  readonly at: Wall;
  readonly text: string;
  readonly level: Toast['level'];
  /** In a row; `at` is the last time. */
  readonly times: number;
}

/** Since when a row is under the bar, and whether somebody moved the bar there. */
export interface HeldRow {
  readonly key: string;
  /** Its name among the rows of the view; null while it is not held. */
  readonly cursor: string | null;
  readonly since: Mono;
  readonly chosen: boolean;
}

export interface Model {
  readonly clusterName: string;
  readonly contextName: string;
  /** Names of the clusters of the fleet. */
  readonly contexts: readonly string[];
  readonly readOnly: boolean;
  /** What ends with this screen, in words; null = nothing does. */
  readonly ends: string | null;
  /** A recording plays, and not a cluster; null = a cluster. */
  readonly replay: Replay | null;
  readonly refreshMs: number;
  readonly now: Wall;
  readonly mono: Mono;
  readonly connection: Connection;
  readonly picture: Picture;
  /** The picture that stands still, and since when, while the clock and the recording go on. */
  readonly frozen: Past | null;
  /** The node whose view is asked for; null = whoever answers. */
  readonly observer: string | null;
  /** What the server refused for want of rights, in its words; `all`: it does not know who asks. */
  readonly denied: Readonly<Partial<Record<Deniable | 'all', string>>>;
  /** The operation that was started here and has not ended, with the dialog it came from. */
  readonly running: ActionDialog | null;
  /** Changes that were sent and not answered yet, with their dialogs. */
  readonly acting: readonly { readonly dialogId: number; readonly act: ChangeAct }[];
  /** What was begun and whose end was not seen, with the command that shows it; Esc takes it away. */
  readonly unsettled: readonly string[];
  readonly view: ViewId;
  readonly lastView: ViewId;
  /** Key of the selected row of each view's list; null or absent = the first. */
  readonly cursor: Readonly<Partial<Record<ViewId, string>>>;
  /** The alert, or the cluster of the fleet, under the bar; null elsewhere. */
  readonly underBar: HeldRow | null;
  /** The pane beside the list has the focus, and its first line. */
  readonly side: { readonly focused: boolean; readonly scroll: number };
  readonly past: Past | null;
  /** Pictures of the last hour, oldest first; bounded by LIMITS.maxScreenRecordRows. */
  readonly record: readonly Past[];
  /** Figures of the last hour by node. */
  readonly trace: Trace;
  /** How far back charts go. */
  readonly spanMs: number;
  /** By somebody: until then what has an axis of its own, as the terms have, follows what there is. */
  readonly spanChosen: boolean;
  /** Least severity of events, and of log lines, that is shown. */
  readonly eventLevel: 'info' | 'warning' | 'critical';
  readonly firingOnly: boolean;
  /** How times of events and log lines are written. */
  readonly timeFormat: 'clock' | 'age' | 'date';
  /** Which columns the table of nodes prefers. */
  readonly columnSet: ColumnSet;
  /** The version that others are compared with; null = each with the one before it. */
  readonly diffBase: number | null;
  /** All of the selected version instead of what it changed. */
  readonly wholeConfig: boolean;
  /** What was filtered by last, for going from match to match. */
  readonly lastFilter: string;
  /** What takes the last change back, while its toast is shown. */
  readonly undo: { readonly act: ChangeAct; readonly until: Mono } | null;
  readonly selected: string | null;
  readonly focus: Pane;
  /** First shown line of a pane, counted from its newest or topmost. */
  readonly scroll: Readonly<Partial<Record<Pane, number>>>;
  readonly sort: { readonly key: SortKey; readonly reverse: boolean };
  readonly filter: { readonly text: string; readonly editing: boolean };
  readonly overlay: Overlay | null;
  readonly toast: Toast | null;
  /** Oldest first; bounded by LIMITS.screenMessages. */
  readonly said: readonly Said[];
  /** Rows of nodes that fit, as the layout said last. */
  readonly pageRows: number;
  /** How far the pane with the focus is moved sideways: columns of the node table, else steps of cells. */
  readonly shift: number;
  /** The most that shows something new, as the layout said last. */
  readonly mostShift: number;
  /** How far the text that lies above all can be moved, as the layout said last. */
  readonly mostScroll: number;
  /** The selected line of events and log is shown whole, over several rows. */
  readonly wrap: boolean;
  readonly nextDialogId: number;
}

const EMPTY: Picture = {
  status: null,
  statusAt: 0,
  alerts: [],
  views: null,
  heard: { alerts: { at: null, error: null }, views: { at: null, error: null } },
  splits: 0,
  events: [],
  samples: {},
  ledUntil: null,
  leaderlessSince: null,
  answers: {},
};

export interface ModelStart {
  readonly clusterName: string;
  readonly contextName: string;
  readonly readOnly: boolean;
  readonly refreshMs: number;
  readonly now: Wall;
  /** What ends with this screen, in words. */
  readonly ends?: string;
  /** Other clusters that can be gone to. */
  readonly contexts?: readonly string[];
  /** A recording plays, and not a cluster. */
  readonly replay?: Replay;
}

export function initialModel(start: ModelStart): Model {
  return {
    contexts: [],
    ends: null,
    replay: null,
    ...start,
    mono: 0,
    connection: { kind: 'connecting', error: null },
    picture: EMPTY,
    frozen: null,
    observer: null,
    denied: {},
    running: null,
    acting: [],
    unsettled: [],
    view: 'topology',
    lastView: 'topology',
    cursor: {},
    underBar: null,
    side: { focused: false, scroll: 0 },
    past: null,
    record: [],
    trace: {},
    spanMs: 600_000,
    spanChosen: false,
    eventLevel: 'info',
    firingOnly: false,
    timeFormat: 'clock',
    columnSet: 'all',
    diffBase: null,
    wholeConfig: false,
    lastFilter: '',
    undo: null,
    selected: null,
    focus: 'nodes',
    scroll: {},
    sort: { key: 'role', reverse: false },
    filter: { text: '', editing: false },
    overlay: null,
    toast: null,
    said: [],
    pageRows: 8,
    shift: 0,
    mostShift: 0,
    // nothing was drawn yet
    mostScroll: 200,
    wrap: false,
    nextDialogId: 1,
  };
}
