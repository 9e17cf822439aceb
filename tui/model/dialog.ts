/**
 * The dialog of an action: plan → confirm → run → follow. It decides what a key means
 * in it; it sends nothing but effects. A failover is
 * armed by typing the target's name and giving a reason, so is what takes a node out; the rest by `y`, Enter.
 */

import { must } from '../../src/base/index.ts';
import type { CandidateView, NodeRow, OperationRequest, Plan } from '../feed/wire.ts';
import { keyOf } from '../key-names.ts';
import type { CommandId } from '../keymap.ts';
import { pressAgain } from './burst.ts';
import { refusal } from './gate.ts';
import type { Change, Failure, KeyPress } from './messages.ts';
import type { ActionDialog, ActionName, DialogField, Model, Mono } from './model.ts';
import { spares } from './selectors.ts';
import { subjectOf } from './subject.ts';
import { noLeaderOf } from './successors.ts';
import { typeInto } from './text-field.ts';

/** A dialog is deaf for this long, so that a key meant for the table confirms nothing. */
export const DEAF_MS = 400;
/** How long maintenance and draining may last, as offered by ← and →. */
export const LENGTHS_MS: readonly number[] = [
  ...[5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 4, 8, 12, 24].map((hours) => hours * 3_600_000),
];
const DEFAULT_MS = 3_600_000;
const REASON_LIMIT = 200;
const NAME_LIMIT = 63;

const FIELDS: Readonly<Record<ActionDialog['action'], readonly DialogField[]>> = {
  failover: ['cancel', 'reason', 'confirm', 'execute'],
  switchover: ['cancel', 'reason', 'confirm', 'execute'],
  'step-down': ['cancel', 'reason'],
  maintenance: ['cancel', 'reason'],
  drain: ['cancel', 'reason'],
  'remove-node': ['cancel', 'reason', 'confirm', 'execute'],
  'replace-node': ['cancel', 'reason', 'confirm', 'execute'],
};

/** Actions that are armed by typing a name, with a reason. */
export function isTyped(action: ActionName): boolean {
  return FIELDS[action].includes('confirm');
}

/** Leadership goes to a node that the dialog names. */
export function isMove(action: ActionName): action is 'failover' | 'switchover' {
  return action === 'failover' || action === 'switchover';
}

/** The key that shows it again while it runs: a switchover has none of its own. */
export function keyOfAction(action: ActionName): Exclude<ActionName, 'switchover'> {
  return action === 'switchover' ? 'failover' : action;
}

/** The name that arms it: who gets the lead, or who goes; null = there is none, or none is asked for. */
function armName(dialog: ActionDialog): string | null {
  if (!isTyped(dialog.action)) return null;
  if (!isMove(dialog.action)) return dialog.request.node_id ?? null;
  return dialog.step.kind === 'review' ? dialog.step.plan.to : null;
}

/** A new dialog over the view, and the question for its plan. `subject`: else the node under the bar. */
export function openDialog(
  model: Model,
  action: ActionDialog['action'],
  mono: Mono,
  subject: string | null = null,
): Change {
  const nodes = model.picture.status?.nodes ?? [];
  const node = nodes.find((n) => n.node_id === (subject ?? subjectOf(model)?.node_id));
  if (!isMove(action) && action !== 'step-down' && node === undefined) return [model, []];
  const request = requestOf(model, action, node, subject);
  const dialog: ActionDialog = {
    kind: 'action',
    id: model.nextDialogId,
    action,
    request,
    step: { kind: 'planning' },
    deafUntil: mono + DEAF_MS,
    field: isTyped(action) ? 'reason' : 'cancel',
    reason: '',
    typed: '',
    yes: false,
    order: [],
    previous: null,
    changes: [],
    note: '',
  };
  return [
    {
      ...model,
      overlay: dialog,
      nextDialogId: model.nextDialogId + 1,
      filter: { ...model.filter, editing: false },
    },
    [{ kind: 'plan', dialogId: dialog.id, request: { ...request, dry_run: true } }],
  ];
}

function requestOf(
  model: Model,
  action: ActionName,
  node: NodeRow | undefined,
  subject: string | null,
): OperationRequest {
  const named = () => must(node, `${action} needs a node`);
  switch (action) {
    case 'failover':
    case 'switchover':
      return { kind: action, ...(subject === null ? preferredTarget(model) : { to: subject }) };
    case 'step-down':
      return { kind: 'failover' };
    case 'maintenance':
      return maintenanceRequest(named());
    case 'drain': {
      const { node_id, drain } = named();
      const base = { kind: 'drain' as const, node_id };
      return drain == null ? { ...base, enable: true, for_ms: DEFAULT_MS } : { ...base, enable: false };
    }
    case 'remove-node':
      return { kind: 'remove-node', node_id: named().node_id };
    case 'replace-node': {
      const [to] = spares(model);
      return { kind: 'replace-node', node_id: named().node_id, ...(to === undefined ? {} : { to }) };
    }
  }
}

/** The node under the bar when it could lead; else the planner chooses. */
function preferredTarget(model: Model): { to: string } | null {
  const node = subjectOf(model);
  return node === undefined || noLeaderOf(model, node.node_id) !== null ? null : { to: node.node_id };
}

/** Of a leader the plan says that leadership moves, and to whom: whoever confirms it allows that. */
function maintenanceRequest(node: {
  node_id: string;
  maintenance: unknown;
  role: string | null;
}): OperationRequest {
  const base = { kind: 'maintenance' as const, node_id: node.node_id };
  const moves = node.role === 'leader' ? { allow_switchover: true } : {};
  return node.maintenance === null
    ? { ...base, ...moves, enable: true, for_ms: DEFAULT_MS }
    : { ...base, enable: false };
}

/** Asks for the plan again, keeping the reason and the cursor; what was typed to arm is void. */
export function planAgain(model: Model, dialog: ActionDialog, patch: Partial<ActionDialog>): Change {
  const next: ActionDialog = {
    ...dialog,
    ...patch,
    id: model.nextDialogId,
    step: planningAfter(dialog),
    typed: '',
    yes: false,
    field: dialog.field === 'execute' ? 'confirm' : dialog.field,
    note: '',
  };
  return [
    { ...model, overlay: next, nextDialogId: model.nextDialogId + 1 },
    [{ kind: 'plan', dialogId: next.id, request: { ...next.request, dry_run: true } }],
  ];
}

/** The plan that was shown is remembered: the next arrow may come before the new one. */
function planningAfter({ step }: ActionDialog): ActionDialog['step'] {
  const before = shownPlan(step);
  return { kind: 'planning', ...(before === undefined ? {} : { before }) };
}

function shownPlan(step: ActionDialog['step']): Plan | undefined {
  if (step.kind === 'review') return step.plan;
  return step.kind === 'planning' ? step.before : undefined;
}

/** What is said where one is asked for and none was written. */
export const REASON_NEEDED = 'a reason is required: it goes into the audit';

/** Is everything there that the confirmation needs? The words say what is missing; null = armed. */
export function missing(dialog: ActionDialog): string | null {
  if (dialog.step.kind !== 'review') return 'there is no plan yet';
  const { plan } = dialog.step;
  if (!plan.allowed) return 'the checks refuse it: see the lines marked as failed';
  if (!isTyped(dialog.action)) return dialog.yes ? null : 'press y, then Enter';
  if (dialog.reason.trim() === '') return REASON_NEEDED;
  const name = armName(dialog);
  if (name === null) return 'there is no target';
  return dialog.typed === name ? null : `type ${name} to arm`;
}

function execute(model: Model, dialog: ActionDialog): Change {
  if (dialog.step.kind !== 'review') return [model, []];
  const { plan, until } = dialog.step;
  const closed = refusal(model, dialog.action);
  const lack = closed ?? missing(dialog);
  if (lack !== null) return [{ ...model, overlay: { ...dialog, note: lack } }, []];
  if (until <= model.mono) {
    return planAgain(model, dialog, { previous: plan, changes: ['the plan had expired: this is a new one'] });
  }
  const reason = dialog.reason.trim();
  const request: OperationRequest = {
    ...dialog.request,
    plan_token: plan.token,
    expect_term: plan.term,
    ...(reason === '' ? {} : { reason }),
  };
  return [
    { ...model, overlay: { ...dialog, step: { kind: 'starting', plan }, note: '' } },
    [{ kind: 'run', dialogId: dialog.id, request }],
  ];
}

function moveField(dialog: ActionDialog, by: 1 | -1): ActionDialog {
  const fields = FIELDS[dialog.action];
  const at = fields.indexOf(dialog.field);
  const next = fields[(at + by + fields.length) % fields.length] ?? 'cancel';
  return { ...dialog, field: next, note: '' };
}

/** Who stands where: the able first in a new list; then each keeps its place, newcomers at the end. */
export function orderOf(before: readonly string[], candidates: readonly CandidateView[]): readonly string[] {
  const able = candidates.filter((c) => c.eligible);
  const listed = [...able, ...candidates.filter((c) => !c.eligible)].map((c) => c.node_id);
  return [...before, ...listed.filter((id) => !before.includes(id))];
}

/** Another target: the next candidate that may lead, along the list as it is shown. */
function chooseTarget(model: Model, dialog: ActionDialog, by: 1 | -1): Change {
  const { action, request } = dialog;
  const plan = shownPlan(dialog.step);
  if (plan === undefined || (!isMove(action) && action !== 'replace-node')) return [model, []];
  const isAble = (id: string) => plan.candidates.some((c) => c.node_id === id && c.eligible);
  const able = isMove(action) ? dialog.order.filter(isAble) : spares(model);
  const isShown = isMove(action) && dialog.step.kind === 'review';
  const chosen = isShown ? plan.to : (request.to ?? plan.to);
  const at = able.indexOf(chosen ?? '');
  const to = able[(at + by + able.length) % Math.max(1, able.length)];
  if (to === undefined || to === chosen) return [model, []];
  return planAgain(model, dialog, { request: { ...dialog.request, to }, changes: [] });
}

function chooseLength(model: Model, dialog: ActionDialog, by: 1 | -1): Change {
  const current = dialog.request.for_ms;
  const isOpen = dialog.step.kind === 'review' || dialog.step.kind === 'planning';
  if (current === undefined || !isOpen) return [model, []];
  const next = by > 0 ? LENGTHS_MS.find((ms) => ms > current) : LENGTHS_MS.findLast((ms) => ms < current);
  if (next === undefined) return [model, []];
  return planAgain(model, dialog, { request: { ...dialog.request, for_ms: next }, changes: [] });
}

/** A plan that was refused because it lasts too long is asked for anew, as long as is allowed; else null. */
export function withinLongest(
  model: Model,
  dialog: ActionDialog,
  { longestMs, message }: Pick<Failure, 'longestMs' | 'message'>,
): Change | null {
  const asked = dialog.request.for_ms ?? 0;
  if (longestMs === undefined || longestMs <= 0 || asked <= longestMs) return null;
  if (dialog.step.kind !== 'planning') return null;
  const request = { ...dialog.request, for_ms: longestMs };
  return planAgain(model, dialog, { request, changes: [message] });
}

/** Without the dialog, and saying so: whoever looked away knows that nothing came of it. */
export function cancelled(model: Model): Model {
  const closed = { ...model, overlay: null };
  // what says which key takes the last change back stays: the key works as long as it shows
  if (model.toast?.undoes === true && model.toast.until > model.mono) return closed;
  return { ...closed, toast: { text: CANCELLED, level: 'info', until: model.mono + CANCELLED_MS } };
}

export const CANCELLED = 'cancelled: nothing was changed';
const CANCELLED_MS = 3000;

/** Esc: a dialog closes; an action that runs is only hidden and can be found again. */
function close(model: Model, dialog: ActionDialog): Change {
  const going = dialog.step.kind === 'running' || dialog.step.kind === 'starting';
  const asks = dialog.step.kind === 'planning' || dialog.step.kind === 'review';
  if (!going) return [asks ? cancelled(model) : { ...model, overlay: null }, []];
  const text = `the ${dialog.action} goes on; ${keyOf(keyOfAction(dialog.action))} shows it again`;
  return [
    {
      ...model,
      overlay: null,
      running: dialog,
      toast: { text, level: 'info', until: model.mono + 6000 },
    },
    [],
  ];
}

function confirm(model: Model, dialog: ActionDialog): Change {
  if (dialog.step.kind !== 'review') {
    const over = dialog.step.kind === 'ended' || dialog.step.kind === 'failed';
    return over || dialog.step.kind === 'running' ? close(model, dialog) : [model, []];
  }
  if (!isTyped(dialog.action)) {
    if (dialog.field !== 'reason' && dialog.yes) return execute(model, dialog);
    const refused = dialog.step.plan.allowed ? null : missing(dialog);
    if (refused !== null) return [{ ...model, overlay: { ...dialog, note: refused } }, []];
    return [{ ...model, overlay: moveField(dialog, 1) }, []];
  }
  if (dialog.field === 'cancel') return close(model, dialog);
  if (dialog.field === 'execute') return execute(model, dialog);
  const noReason = dialog.reason.trim() === '' ? REASON_NEEDED : null;
  const lack = dialog.field === 'confirm' ? missing(dialog) : noReason;
  if (lack !== null) return [{ ...model, overlay: { ...dialog, note: lack } }, []];
  return [{ ...model, overlay: moveField(dialog, 1) }, []];
}

/** Who led before a failover that is done, and may lead again; null = there is no way back to offer. */
export function wayBack(dialog: ActionDialog): string | null {
  const { action, step } = dialog;
  const moved = isMove(action) || action === 'step-down';
  return moved && step.kind === 'ended' && step.operation.state === 'done' ? step.operation.from : null;
}

/** The way back is a failover like any other: its own plan, name and reason. */
function failBack(model: Model, dialog: ActionDialog): Change {
  const to = wayBack(dialog);
  if (to === null) return [model, []];
  const closed = refusal(model, 'failover');
  if (closed !== null) return [{ ...model, overlay: { ...dialog, note: closed } }, []];
  return openDialog(model, 'failover', model.mono, to);
}

/** A key that the focused text field takes; undefined when it is not for it. */
function intoField(dialog: ActionDialog, key: KeyPress): ActionDialog | undefined {
  if (dialog.step.kind !== 'review') return undefined;
  if (dialog.field === 'reason') {
    const reason = typeInto(dialog.reason, key.name, REASON_LIMIT);
    return reason === undefined ? undefined : { ...dialog, reason, note: '' };
  }
  if (dialog.field === 'confirm') {
    const typed = typeInto(dialog.typed, key.name, NAME_LIMIT);
    return typed === undefined ? undefined : { ...dialog, typed, note: '' };
  }
  return undefined;
}

/** What a key does while the dialog is open. */
export function dialogKey(
  model: Model,
  dialog: ActionDialog,
  key: KeyPress,
  command: CommandId | undefined,
): Change {
  if (command === 'close') return close(model, dialog);
  if (model.mono < dialog.deafUntil && !isChoice(dialog, command)) return [tooEarly(model, command), []];
  if (dialog.yes && command !== 'arm' && command !== 'confirm')
    return dialogKey(disarmed(model), { ...dialog, yes: false }, key, command);
  const typed = intoField(dialog, key);
  if (typed !== undefined) return [{ ...model, overlay: typed }, []];
  switch (command) {
    case 'field-next':
      return [{ ...model, overlay: moveField(dialog, 1) }, []];
    case 'field-previous':
      return [{ ...model, overlay: moveField(dialog, -1) }, []];
    case 'choose-next':
      return chooseTarget(model, dialog, 1);
    case 'choose-previous':
      return chooseTarget(model, dialog, -1);
    case 'shorter':
      return chooseLength(model, dialog, -1);
    case 'longer':
      return chooseLength(model, dialog, 1);
    case 'arm': {
      const isArmable = !isTyped(dialog.action) && dialog.step.kind === 'review';
      if (isArmable && key.burst > 1) return [unpressed(model, 'y', 'at once'), []];
      return isArmable ? [{ ...model, overlay: { ...dialog, yes: true, note: '' } }, []] : [model, []];
    }
    case 'fail-back':
      return key.burst === 1 ? failBack(model, dialog) : [model, []];
    case 'confirm':
      // an Enter that came together with other keys was not pressed by a person who read the dialog
      return key.burst === 1 ? confirm(model, dialog) : [unpressed(model, 'Enter', 'at once'), []];
    default:
      return onCancel(model, dialog, key) ?? [model, []];
  }
}

/** An arrow that changes what is planned: it confirms nothing, and a held one is not lost between plans. */
function isChoice({ step }: ActionDialog, command: CommandId | undefined): boolean {
  const isArrow = ['choose-next', 'choose-previous', 'shorter', 'longer'].includes(command ?? '');
  return isArrow && shownPlan(step) !== undefined;
}

/** A key that confirms was not heard: said where the plan stands, since nothing else shows it. */
export function unpressed(model: Model, label: string, why: 'at once' | 'early'): Model {
  const { overlay } = model;
  if ((overlay?.kind !== 'action' && overlay?.kind !== 'change') || overlay.step.kind !== 'review')
    return model;
  return { ...model, overlay: { ...overlay, note: pressAgain(label, why) } };
}

/** A dialog is deaf yet. */
export function tooEarly(model: Model, command: CommandId | undefined): Model {
  const label = command === 'arm' ? 'y' : command === 'confirm' ? 'Enter' : null;
  return label === null ? model : unpressed(model, label, 'early');
}

/** Letters for a field that the cursor has not reached: said, since nothing shows where they went. */
function onCancel(model: Model, dialog: ActionDialog, { name }: KeyPress): Change | null {
  const isLost = isTyped(dialog.action) && dialog.step.kind === 'review' && dialog.field === 'cancel';
  if (!isLost || typeInto('', name, 1) === undefined || name === 'backspace') return null;
  return [{ ...model, overlay: { ...dialog, note: 'the cursor is on Cancel: Tab goes to the reason' } }, []];
}

/** The `y` of a dialog is taken back: by every key but Enter, whatever else that key does. */
export function disarmed(model: Model): Model {
  const { overlay } = model;
  if (overlay?.kind !== 'action' && overlay?.kind !== 'change') return model;
  return overlay.yes ? { ...model, overlay: { ...overlay, yes: false } } : model;
}
