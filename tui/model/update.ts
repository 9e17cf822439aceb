/**
 * The one function through which the screen changes: (model, message) → (model,
 * effects). No React, no I/O, no clock of its own; a session is a fold over messages
 * and can be replayed in a test.
 */
import type { Answer, Question } from '../feed/slices.ts';
import type { HistoryResponse, OperationView, StatusResponse } from '../feed/wire.ts';
import { bindingFor, contextOf } from '../keymap.ts';
import { acted, answered, changeKey, changeRefused, edited, receivePreflight } from './change.ts';
import { dialogKey, disarmed, planAgain, withinLongest } from './dialog.ts';
import { mainKey } from './keys.ts';
import type { Change, Effect, Failure, Message } from './messages.ts';
import type { ActionDialog, ChangeDialog, Deniable, Model, Wall } from './model.ts';
import {
  addAlerts,
  addAnswer,
  addEvents,
  addStatus,
  addViews,
  fillSamples,
  forgetOwn,
  unheard,
  withoutOperation,
} from './picture.ts';
import { receivePlan, renewed } from './plan-news.ts';
import { recall, remember } from './said.ts';
import { knownLags } from './shown-status.ts';
import { pasteInto } from './text-field.ts';
import { isText } from './texts.ts';
import { addToRecord, withAnswers } from './time.ts';
import { addToTrace, fillTrace } from './trace.ts';
import { takenBack } from './trial.ts';
import { holdRow } from './under-bar.ts';
import { addUnsettled, unknownAction } from './unsettled.ts';

export function update(model: Model, message: Message): Change {
  const [next, effects] = fold(model, message);
  return [remember(model, holdRow(next)), effects];
}

function fold(model: Model, message: Message): Change {
  switch (message.type) {
    case 'tick':
      return tick(model, message.now, message.mono);
    case 'key':
      return key({ ...model, mono: message.mono }, message);
    case 'paste':
      return paste(disarmed({ ...model, mono: message.mono }), message.text);
    case 'status':
      return status(model, message.status, message.now);
    case 'lost':
      return [lost(model, message.failure, message.now), []];
    case 'events':
      return [heard(model, message), []];
    case 'alerts':
      return [{ ...model, picture: addAlerts(model.picture, message.alerts, model.now) }, []];
    case 'views':
      return [{ ...model, picture: addViews(model.picture, message.views, model.now) }, []];
    case 'unheard':
      return [{ ...model, picture: unheard(model.picture, message.what, message.failure.message) }, []];
    case 'other-observer':
      return [{ ...model, picture: forgetOwn(model.picture) }, []];
    case 'history':
      return [withHistory(model, message.history), []];
    case 'answer': {
      const answer = { value: message.value, at: message.now, error: null };
      return [withAnswer(model, message.question, answer), []];
    }
    case 'no-answer':
      return [withAnswer(model, message.question, message.failure.message), []];
    case 'preflight':
      return receivePreflight(model, message.dialogId, message.plan, message.mono);
    case 'acted':
      return acted(model, message.dialogId, message.result);
    case 'edited':
      return edited(model, message);
    case 'change-refused':
      return changeDenied(answered(model, message.dialogId), message) ?? changeRefused(model, message);
    case 'planned':
      return forDialog(model, message.dialogId, (dialog) => [
        // how long it is valid counts from now, not from the last beat of the clock
        { ...model, mono: message.mono, overlay: receivePlan(dialog, message.plan, message.mono) },
        [],
      ]);
    case 'started':
      return started(model, message.dialogId, message.operation);
    case 'refused':
      return refused(model, message.dialogId, message.failure);
    case 'unfollowed':
      return [unfollowed(model, message.id, message.failure), []];
    case 'operation':
      return [operationNews(model, message.operation), []];
    case 'unsettled':
      return [addUnsettled(model, message.words), []];
    case 'said':
      return [recall(model, message.said), []];
    case 'told': {
      const { text, level, greets } = message;
      const toast = { text, level, until: model.mono + 6000, ...(greets && { isAbove: true as const }) };
      return [{ ...model, toast }, []];
    }
    case 'undrawn':
      return [unasked(model), []];
    case 'page-rows':
      return [sized(model, message), []];
  }
}

/** The clock goes on with what is told: what an event begins is counted before the next beat of the clock. */
function heard(model: Model, { events, now }: Extract<Message, { type: 'events' }>): Model {
  return { ...model, now: Math.max(model.now, now), picture: addEvents(model.picture, events, now) };
}

/** What is known already stays as it is. */
function withHistory(model: Model, history: HistoryResponse): Model {
  const first = (nodeId: string) => model.trace[nodeId]?.[0]?.at ?? Number.POSITIVE_INFINITY;
  const points = history.points.filter((p) => Date.parse(p.at) < first(p.node_id));
  const news = { ...history, points };
  return { ...model, picture: fillSamples(model.picture, news), trace: fillTrace(model.trace, news) };
}

/** Without the dialog that would ask for a confirmation; what was sent already goes on. */
function unasked(model: Model): Model {
  const { overlay } = model;
  if (overlay?.kind !== 'action' && overlay?.kind !== 'change') return model;
  const isAsking = ['editing', 'planning', 'review'].includes(overlay.step.kind);
  return isAsking ? { ...model, overlay: null } : model;
}

/** What fits now; nobody stays further to the right, or further down, than there is something to see. */
function sized(
  model: Model,
  { rows, shift = 0, scroll = 0 }: Extract<Message, { type: 'page-rows' }>,
): Model {
  const isSame = model.pageRows === rows && model.mostShift === shift && model.mostScroll === scroll;
  if (isSame) return model;
  const { overlay } = model;
  return {
    ...model,
    ...{ pageRows: rows, mostShift: shift, mostScroll: scroll },
    shift: Math.min(model.shift, shift),
    overlay: isText(overlay) ? { ...overlay, scroll: Math.min(overlay.scroll, scroll) } : overlay,
  };
}

function tick(model: Model, now: Wall, mono: number): Change {
  const toast = model.toast !== null && model.toast.until <= mono ? null : model.toast;
  return renewed({ ...model, now, mono, toast });
}

const SCROLL_LINES = 3;

/** The dialog moved up or down; a `y` is taken back as by any other key. Null: there is none. */
function scrolled(dialog: Model['overlay'], by: 1 | -1): ActionDialog | ChangeDialog | null {
  if (dialog?.kind !== 'action' && dialog?.kind !== 'change') return null;
  const plan = dialog.step.kind === 'review' ? dialog.step.plan : null;
  const listed = plan === null ? 0 : 'effects' in plan ? plan.effects.length : plan.candidates.length;
  const most = (plan?.checks.length ?? 0) + listed + 8;
  const scroll = Math.min(most, Math.max(0, (dialog.scroll ?? 0) + by * SCROLL_LINES));
  return { ...dialog, scroll, yes: false };
}

function key(model: Model, message: Extract<Message, { type: 'key' }>): Change {
  const context = contextOf(model);
  const binding = bindingFor(context, message.key.name, model.view);
  // these two work everywhere, also in the deaf time of a dialog
  if (binding?.id === 'repaint') return [disarmed(model), [{ kind: 'repaint' }]];
  if (binding?.id === 'suspend') return [disarmed(model), [{ kind: 'suspend' }]];
  if (binding?.id === 'page-up' || binding?.id === 'page-down') {
    const dialog = scrolled(model.overlay, binding.id === 'page-up' ? -1 : 1);
    if (dialog !== null) return [disarmed({ ...model, overlay: dialog }), []];
  }
  if (model.overlay?.kind === 'action') return dialogKey(model, model.overlay, message.key, binding?.id);
  if (model.overlay?.kind === 'change') return changeKey(model, model.overlay, message.key, binding?.id);
  return mainKey(model, message.key, context, binding);
}

/** A view that is opened only in the past asks then; its answer belongs to the second that is shown. */
function withAnswer(model: Model, question: Question, news: Answer | string): Model {
  const picture = addAnswer(model.picture, question, news);
  return { ...model, picture, past: model.past === null ? null : withAnswers(model.past, picture.answers) };
}

/** A paste is text for a field that takes free text, and nothing anywhere else. */
function paste(model: Model, text: string): Change {
  const { overlay } = model;
  if (overlay?.kind === 'action' && overlay.step.kind === 'review' && model.mono >= overlay.deafUntil) {
    if (overlay.field === 'reason') {
      return [{ ...model, overlay: { ...overlay, reason: pasteInto(overlay.reason, text, 200) } }, []];
    }
    if (overlay.field === 'confirm') {
      return [{ ...model, overlay: { ...overlay, note: 'the name must be typed, not pasted' } }, []];
    }
  }
  if (overlay?.kind === 'change') return [pasteIntoChange(model, overlay, text), []];
  if (overlay === null && model.filter.editing) {
    return [{ ...model, filter: { editing: true, text: pasteInto(model.filter.text, text, 100) } }, []];
  }
  return [model, []];
}

function pasteIntoChange(model: Model, dialog: ChangeDialog, text: string): Model {
  if (model.mono < dialog.deafUntil) return model;
  if (dialog.step.kind === 'editing')
    return { ...model, overlay: { ...dialog, text: pasteInto(dialog.text, text, 300) } };
  if (dialog.step.kind !== 'review' || dialog.field !== 'reason') return model;
  return { ...model, overlay: { ...dialog, reason: pasteInto(dialog.reason, text, 200) } };
}

function status(model: Model, told: StatusResponse, now: Wall): Change {
  const next = knownLags(told);
  const picture = addStatus(model.picture, next, now);
  const ended = takenBack(model.picture.status?.config, next.config, { now, mono: model.mono });
  const came: Model = {
    ...model,
    now,
    connection: model.connection.kind === 'live' ? model.connection : { kind: 'live' },
    picture,
    toast: ended ?? model.toast,
    // somebody else by now, or with other rights: what was refused before says nothing of that
    denied: sameCaller(model.picture.status, next) ? model.denied : {},
    record: addToRecord(model.record, picture, now),
    trace: addToTrace(model.trace, next, now),
    selected: model.selected ?? next.nodes[0]?.node_id ?? null,
  };
  const back: Effect[] = model.connection.kind === 'lost' ? resumeFollowing(model) : [];
  const [moved, effects] = termMoved(came, next);
  return [moved, [...back, ...effects]];
}

function sameCaller(before: StatusResponse | null, after: StatusResponse): boolean {
  return before === null || JSON.stringify(before.caller) === JSON.stringify(after.caller);
}

/** After a reconnect a running operation is found again by its id. */
function resumeFollowing(model: Model): Effect[] {
  const dialog = model.overlay?.kind === 'action' ? model.overlay : model.running;
  return dialog?.step.kind === 'running' ? [{ kind: 'follow', id: dialog.step.operation.id }] : [];
}

/** A plan is bound to a term: when that moved before the confirmation, the dialog plans again and says so. */
function termMoved(model: Model, next: StatusResponse): Change {
  const dialog = model.overlay;
  if (dialog?.kind !== 'action' || dialog.step.kind !== 'review') return [model, []];
  const { plan } = dialog.step;
  if (next.raft.term <= plan.term) return [model, []];
  return planAgain(model, dialog, {
    previous: plan,
    changes: ['the cluster moved on while you looked: this is a new plan'],
  });
}

/** A node that was chosen with R and is silent for this long is let go: others may still answer. */
const OBSERVER_PATIENCE_MS = 2000;

/** Without the observer that fell silent, and with a word about it. */
function letGo(model: Model, observer: string): Model {
  const text = `${observer} does not answer: seen through whichever node does`;
  const toast = { text, level: 'warning' as const, until: model.mono + 10_000 };
  return { ...model, observer: null, toast };
}

function lost(model: Model, failure: Failure, now: Wall): Model {
  const next = connectionLost(model, failure, now);
  const { connection, observer } = next;
  const isLong = connection.kind === 'lost' && now - connection.since >= OBSERVER_PATIENCE_MS;
  return observer !== null && isLong ? letGo(next, observer) : next;
}

function connectionLost(model: Model, failure: Failure, now: Wall): Model {
  if (model.connection.kind === 'connecting') {
    const { message: error, hint } = failure;
    return { ...model, now, connection: { kind: 'connecting', error, hint } };
  }
  const before = model.connection.kind === 'lost' ? model.connection : null;
  const via = model.picture.status?.cluster.read.node_id ?? '?';
  return {
    ...model,
    now,
    connection: {
      kind: 'lost',
      since: before?.since ?? now,
      error: failure.message,
      via: before?.via ?? via,
      attempts: (before?.attempts ?? 0) + 1,
    },
  };
}

function forDialog(model: Model, id: number, change: (dialog: ActionDialog) => Change): Change {
  const dialog = model.overlay;
  return dialog?.kind === 'action' && dialog.id === id ? change(dialog) : [model, []];
}

/** The server has taken the action: from now on it is followed by its id, seen or hidden. */
function started(model: Model, dialogId: number, operation: OperationView): Change {
  const hidden = model.running?.id === dialogId ? model.running : null;
  const open = model.overlay?.kind === 'action' && model.overlay.id === dialogId ? model.overlay : null;
  const dialog = open ?? hidden;
  if (dialog === null) return [model, []];
  const step = operation.state === 'running' ? ('running' as const) : ('ended' as const);
  const next: ActionDialog = { ...dialog, step: { kind: step, operation, heardAt: model.now } };
  const after: Model = {
    ...model,
    running: step === 'running' ? next : null,
    overlay: open === null ? model.overlay : next,
  };
  return [after, step === 'running' ? [{ kind: 'follow', id: operation.id }] : []];
}

const MOVED_ON: readonly string[] = ['conflict', 'precondition_failed', 'not_leader'];
const UNKNOWN: readonly string[] = ['outcome_unknown', 'deadline_exceeded', 'internal'];

/**
 * For want of rights `thing` would be refused again: from now on the gate says so. Other things ask for
 * other rights and stay open, but for a caller whom the server does not know.
 */
function denied(model: Model, dialogId: number, failure: Failure, thing: Deniable | null): Change | null {
  if (failure.code !== 'permission_denied' && failure.code !== 'unauthenticated') return null;
  const words = `not allowed: ${failure.message}`;
  const toast = { text: words, level: 'warning' as const, until: model.mono + 6000 };
  const closes = failure.code === 'unauthenticated' ? 'all' : thing;
  const { overlay, running } = model;
  const isDialog = (overlay?.kind === 'action' || overlay?.kind === 'change') && overlay.id === dialogId;
  const next: Model = {
    ...model,
    toast,
    denied: closes === null ? model.denied : { ...model.denied, [closes]: words },
    overlay: isDialog ? null : overlay,
    running: running?.id === dialogId ? null : running,
  };
  return [next, []];
}

function changeDenied(model: Model, message: Extract<Message, { type: 'change-refused' }>): Change | null {
  const { overlay } = model;
  const shownAct = overlay?.kind === 'change' && overlay.id === message.dialogId ? overlay.act : undefined;
  return denied(model, message.dialogId, message.failure, (message.act ?? shownAct)?.kind ?? null);
}

function refused(model: Model, dialogId: number, failure: Failure): Change {
  const hidden = model.running?.id === dialogId ? model.running : null;
  const open = model.overlay?.kind === 'action' && model.overlay.id === dialogId ? model.overlay : hidden;
  const closed = denied(model, dialogId, failure, open?.action ?? null);
  if (closed !== null) return closed;
  if (hidden !== null && model.overlay?.kind === 'action' && model.overlay.id === dialogId)
    return refused({ ...model, running: null }, dialogId, failure);
  if (hidden !== null) {
    const gone = { ...model, running: null };
    if (UNKNOWN.includes(failure.code))
      return [addUnsettled(gone, unknownAction(hidden, failure.message)), []];
    const text = `${hidden.action}: ${failure.message}`;
    return [{ ...gone, toast: { text, level: 'warning' as const, until: model.mono + 6000 } }, []];
  }
  return forDialog(model, dialogId, (dialog) => {
    // no newer plan yet: the one that is read stands, and is asked for again
    if (dialog.step.kind === 'review') return [model, []];
    if (dialog.step.kind === 'starting' && MOVED_ON.includes(failure.code)) {
      return planAgain(model, dialog, {
        previous: dialog.step.plan,
        changes: [`refused, this is a new plan: ${failure.message}`],
      });
    }
    const shorter = withinLongest(model, dialog, failure);
    if (shorter !== null) return shorter;
    const unknown = dialog.step.kind === 'starting' && UNKNOWN.includes(failure.code);
    const step = { kind: 'failed' as const, message: failure.message, hint: failure.hint, unknown };
    return [{ ...model, overlay: { ...dialog, step } }, []];
  });
}

/** Nobody will tell more of it: how it ends is not known here, and the dialog says where it is. */
function unfollowed(model: Model, id: string, failure: Failure): Model {
  const isOf = (dialog: ActionDialog | null): dialog is ActionDialog =>
    dialog?.step.kind === 'running' && dialog.step.operation.id === id;
  const { overlay, running } = model;
  const open = overlay?.kind === 'action' && isOf(overlay) ? overlay : null;
  if (open !== null) {
    const message = `${id} can't be read any more: ${failure.message}`;
    const step = { kind: 'failed' as const, message, hint: `sqlcc op show ${id}`, unknown: true };
    return { ...model, running: null, overlay: { ...open, step } };
  }
  return isOf(running)
    ? addUnsettled({ ...model, running: null }, unknownAction(running, failure.message))
    : model;
}

/** A newer picture of an operation: into its dialog, or into a toast when that is hidden. */
function operationNews(before: Model, operation: OperationView): Model {
  const ended = operation.state !== 'running';
  const model = ended ? { ...before, picture: withoutOperation(before.picture, operation.id) } : before;
  const step = { kind: ended ? ('ended' as const) : ('running' as const), operation, heardAt: model.now };
  const isOf = (dialog: ActionDialog) =>
    dialog.step.kind === 'running' && dialog.step.operation.id === operation.id;
  if (model.overlay?.kind === 'action' && isOf(model.overlay)) {
    return {
      ...model,
      overlay: { ...model.overlay, step },
      running: ended ? null : { ...model.overlay, step },
    };
  }
  if (model.running === null || !isOf(model.running)) return model;
  if (!ended) return { ...model, running: { ...model.running, step } };
  const error = operation.error === null ? '' : `, ${operation.error}`;
  const text = `${operation.kind} ${operation.id}: ${operation.state}${error}`;
  const level = operation.state === 'done' ? ('info' as const) : ('warning' as const);
  return { ...model, running: null, toast: { text, level, until: model.mono + 10_000 } };
}
