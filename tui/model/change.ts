/**
 * The dialog of a change that is no operation: a text where one is needed, the plan, `y` then Enter or a
 * typed name, and what became of it. Acknowledging alone needs no dialog; it is a toast.
 */

import type { Acted } from '../feed/desk.ts';
import { keyOf } from '../key-names.ts';
import type { CommandId } from '../keymap.ts';
import {
  type ChangeAct,
  type ChangePlan,
  firstLength,
  isCheckOnly,
  LENGTHS,
  needsReason,
  ownPlan,
  withLength,
} from './change-plan.ts';
import { CANCELLED, cancelled, DEAF_MS, disarmed, REASON_NEEDED, tooEarly, unpressed } from './dialog.ts';
import { refusal } from './gate.ts';
import type { Change, KeyPress, Message } from './messages.ts';
import type { ChangeDialog, Model, Mono } from './model.ts';
import { typeInto } from './text-field.ts';
import { undoWords } from './undo.ts';
import { addUnsettled, unknownChange } from './unsettled.ts';

const TEXT_LIMIT = 300;
/** How long a change can be taken back with one key. */
const UNDO_MS = 10_000;

/** A dialog for `act`, or the question for its plan. */
export function openChange(model: Model, act: ChangeAct, mono: Mono): Change {
  const length = firstLength(act);
  const sized = LENGTHS[act.kind].length > 0 ? withLength(act, length) : act;
  const isText = act.kind === 'apply' && act.text === '';
  const dialog: ChangeDialog = {
    kind: 'change',
    id: model.nextDialogId,
    act: sized,
    step: isText ? { kind: 'editing' } : { kind: 'planning' },
    deafUntil: mono + DEAF_MS,
    field: isText ? 'text' : 'cancel',
    text: '',
    reason: '',
    typed: '',
    yes: false,
    length,
    note: '',
  };
  const opened = { ...model, overlay: dialog, nextDialogId: model.nextDialogId + 1 };
  return isText ? [opened, []] : plan(opened, dialog);
}

/** The plan of what the dialog holds, made here or asked for. */
function plan(model: Model, dialog: ChangeDialog): Change {
  const own = ownPlan(dialog.act);
  const field = needsReason(dialog.act) ? 'reason' : 'cancel';
  const base: ChangeDialog = { ...dialog, yes: false, typed: '', field, id: model.nextDialogId };
  const next = { ...model, nextDialogId: model.nextDialogId + 1 };
  if (own !== null) return [{ ...next, overlay: { ...base, step: { kind: 'review', plan: own } } }, []];
  return [
    { ...next, overlay: { ...base, step: { kind: 'planning' } } },
    [{ kind: 'preflight', dialogId: base.id, act: base.act }],
  ];
}

/** Acknowledging, and taking back what was just done: at once, with a toast. */
export function actNow(model: Model, act: ChangeAct): Change {
  const request = { act, reason: '', base: null };
  return [{ ...sent(model, 0, act), undo: null }, [{ kind: 'act', dialogId: 0, request }]];
}

function sent(model: Model, dialogId: number, act: ChangeAct): Model {
  return { ...model, acting: [...model.acting, { dialogId, act }] };
}

/** Its answer has come. */
export function answered(model: Model, dialogId: number): Model {
  const at = model.acting.findIndex((a) => a.dialogId === dialogId);
  return at < 0 ? model : { ...model, acting: model.acting.toSpliced(at, 1) };
}

export function receivePreflight(model: Model, dialogId: number, made: ChangePlan, mono: Mono): Change {
  const dialog = model.overlay;
  if (dialog?.kind !== 'change' || dialog.id !== dialogId) return [model, []];
  const step = { kind: 'review' as const, plan: made };
  // the cursor begins where something has to be written
  const field = made.arm === null ? dialog.field : ('reason' as const);
  return [{ ...model, overlay: { ...dialog, step, field, deafUntil: mono + DEAF_MS } }, []];
}

export function acted(model: Model, dialogId: number, result: Acted): Change {
  const closes = model.overlay?.kind === 'change' && model.overlay.id === dialogId;
  const undo = result.undo === null ? null : { act: result.undo, until: model.mono + UNDO_MS };
  const text = undo === null ? result.words : `${result.words}   ${undoWords(undo.act)}`;
  const toast = { text, level: 'info' as const, until: model.mono + (undo === null ? 6000 : UNDO_MS) };
  const offered = undo === null ? toast : { ...toast, undoes: true as const };
  const told = { ...answered(model, dialogId), toast: offered, undo };
  return [{ ...told, overlay: closes ? null : model.overlay }, [{ kind: 'ask' }]];
}

const MOVED_ON: readonly string[] = ['conflict', 'precondition_failed'];
const UNKNOWN: readonly string[] = ['outcome_unknown', 'deadline_exceeded', 'internal'];

/** A plan or a change was refused: into the dialog, or into a toast where there is none. */
export function changeRefused(
  before: Model,
  { dialogId, failure, act }: Extract<Message, { type: 'change-refused' }>,
): Change {
  const model = answered(before, dialogId);
  const dialog = model.overlay;
  if (dialog?.kind !== 'change' || dialog.id !== dialogId) {
    if (act !== undefined && UNKNOWN.includes(failure.code))
      return [addUnsettled(model, unknownChange(act, failure.message)), []];
    const toast = { text: failure.message, level: 'warning' as const, until: model.mono + 6000 };
    return [{ ...model, toast }, []];
  }
  // what needs no plan of the server's has no new one either: it is over, and says why
  const isPlanned = ownPlan(dialog.act) === null;
  if (dialog.step.kind === 'starting' && MOVED_ON.includes(failure.code) && isPlanned) {
    const note = `refused, this is a new plan: ${failure.message}`;
    return plan({ ...model }, { ...dialog, note, deafUntil: model.mono + DEAF_MS });
  }
  const unknown = dialog.step.kind === 'starting' && UNKNOWN.includes(failure.code);
  const { message, hint } = failure;
  if (dialog.act.kind === 'apply' && (dialog.step.kind === 'planning' || dialog.step.kind === 'editing')) {
    // what was typed is there to be corrected
    const again = { ...dialog, step: { kind: 'editing' as const }, field: 'text' as const };
    if (dialog.act.wholeOf !== undefined && MOVED_ON.includes(failure.code)) {
      const note = `v${dialog.act.wholeOf} is not in force any more: Ctrl-E opens your text on what is`;
      return [{ ...model, overlay: { ...again, note, act: { ...dialog.act, outdated: true } } }, []];
    }
    return [{ ...model, overlay: { ...again, note: message } }, []];
  }
  return [{ ...model, overlay: { ...dialog, step: { kind: 'failed', message, hint, unknown } } }, []];
}

/** What is still missing before Enter does it; null = armed. */
export function missingForChange(dialog: ChangeDialog): string | null {
  if (dialog.step.kind !== 'review') return 'there is no plan yet';
  if (isCheckOnly(dialog.act)) return `this only checks: ${keyOf('apply-config')} applies`;
  const { allowed, arm } = dialog.step.plan;
  if (!allowed) return 'the checks refuse it: see the lines marked as failed';
  const lacksReason = dialog.reason.trim() === '' && (arm !== null || needsReason(dialog.act));
  if (lacksReason) return REASON_NEEDED;
  if (arm === null) return dialog.yes ? null : 'press y, then Enter';
  return dialog.typed === arm ? null : `type ${arm} to arm`;
}

function fieldsOf(dialog: ChangeDialog): readonly ChangeDialog['field'][] {
  if (dialog.step.kind === 'editing') return ['text'];
  const isTyped = dialog.step.kind === 'review' && dialog.step.plan.arm !== null;
  return isTyped ? ['cancel', 'reason', 'confirm', 'execute'] : ['cancel', 'reason'];
}

function moveField(dialog: ChangeDialog, by: 1 | -1): ChangeDialog {
  const fields = fieldsOf(dialog);
  const at = fields.indexOf(dialog.field);
  return { ...dialog, field: fields[(at + by + fields.length) % fields.length] ?? 'cancel', note: '' };
}

function perform(model: Model, dialog: ChangeDialog): Change {
  if (dialog.step.kind !== 'review') return [model, []];
  const lack = refusal(model, dialog.act.kind) ?? missingForChange(dialog);
  if (lack !== null) return [{ ...model, overlay: { ...dialog, note: lack } }, []];
  const { plan: agreed } = dialog.step;
  const { base, text } = agreed;
  const request = { act: dialog.act, reason: dialog.reason, base, text };
  return [
    {
      ...sent(model, dialog.id, dialog.act),
      overlay: { ...dialog, step: { kind: 'starting', plan: agreed }, note: '' },
    },
    [{ kind: 'act', dialogId: dialog.id, request }],
  ];
}

function confirm(model: Model, dialog: ChangeDialog): Change {
  const gone: Change = [close(model, dialog), []];
  if (dialog.step.kind === 'editing') {
    if (dialog.text.trim() === '') return gone;
    const closed = refusal(model, dialog.act.kind);
    if (closed !== null) return [{ ...model, overlay: { ...dialog, note: closed } }, []];
    return plan(model, { ...dialog, act: withText(dialog.act, dialog.text), note: '' });
  }
  if (dialog.step.kind === 'failed' || isCheckOnly(dialog.act)) return gone;
  if (dialog.step.kind !== 'review') return [model, []];
  const { arm } = dialog.step.plan;
  const isLacking = (arm !== null || needsReason(dialog.act)) && dialog.reason.trim() === '';
  if (dialog.field === 'reason' && isLacking)
    return [{ ...model, overlay: { ...dialog, note: REASON_NEEDED } }, []];
  if (dialog.field === 'reason') return [{ ...model, overlay: moveField(dialog, 1) }, []];
  if (arm === null) {
    if (dialog.yes) return perform(model, dialog);
    const refused = dialog.step.plan.allowed ? null : missingForChange(dialog);
    if (refused !== null) return [{ ...model, overlay: { ...dialog, note: refused } }, []];
    return [{ ...model, overlay: moveField(dialog, 1) }, []];
  }
  if (dialog.field === 'cancel') return gone;
  if (dialog.field === 'execute') return perform(model, dialog);
  const lack = missingForChange(dialog);
  if (lack !== null) return [{ ...model, overlay: { ...dialog, note: lack } }, []];
  return [{ ...model, overlay: moveField(dialog, 1) }, []];
}

/** The dialog goes; what was written in the editor and is not in force stays in its file, and it says so. */
function close(model: Model, { act, step }: ChangeDialog): Model {
  const closed = { ...model, overlay: null };
  if (step.kind === 'starting') return closed;
  if (act.kind !== 'apply' || act.wholeOf === undefined)
    return step.kind === 'failed' || isCheckOnly(act) ? closed : cancelled(model);
  // of one that failed it may not be known that nothing was changed
  const begin = step.kind === 'failed' ? '' : `${CANCELLED}; `;
  const text = `${begin}what you wrote is kept in ${act.text.slice(1)}`;
  return { ...closed, toast: { text, level: 'info', until: model.mono + UNDO_MS } };
}

/** What was typed; a file that the editor did not write is no whole configuration. */
function withText(act: ChangeAct, text: string): ChangeAct {
  if (act.kind !== 'apply' || act.text === text.trim()) return act;
  const { wholeOf, outdated, ...rest } = act;
  return { ...rest, text: text.trim() };
}

/** The whole configuration into the person's editor: what is in force, or what was written there before. */
function intoEditor(model: Model, dialog: ChangeDialog): Change {
  const { act, step, id } = dialog;
  if (act.kind !== 'apply' || step.kind !== 'editing') return [model, []];
  const isKept = act.wholeOf !== undefined && dialog.text === act.text;
  const before = isKept
    ? { path: act.text.slice(1), version: act.wholeOf, outdated: act.outdated === true }
    : null;
  return [{ ...model, overlay: { ...dialog, note: '' } }, [{ kind: 'edit', dialogId: id, before }]];
}

/** What the person wrote is checked like any other file; a text left as it was changes nothing. */
export function edited(
  model: Model,
  { dialogId, path, version, words }: Extract<Message, { type: 'edited' }>,
): Change {
  const dialog = model.overlay;
  if (dialog?.kind !== 'change' || dialog.id !== dialogId || dialog.act.kind !== 'apply') return [model, []];
  if (path === null) return [{ ...model, overlay: { ...dialog, note: words } }, []];
  const text = `@${path}`;
  const { outdated, ...act } = dialog.act;
  return plan(model, { ...dialog, text, note: '', act: { ...act, text, wholeOf: version } });
}

function chooseLength(model: Model, dialog: ChangeDialog, by: 1 | -1): Change {
  const length = dialog.length + by;
  if (LENGTHS[dialog.act.kind][length] === undefined || dialog.step.kind !== 'review') return [model, []];
  const act = withLength(dialog.act, length);
  // the plan of a silence says how long; that of a configuration does not depend on it
  const own = ownPlan(act);
  const step = own === null ? dialog.step : { kind: 'review' as const, plan: own };
  return [{ ...model, overlay: { ...dialog, act, length, step, yes: false } }, []];
}

function intoField(dialog: ChangeDialog, key: KeyPress): ChangeDialog | undefined {
  const { field, step } = dialog;
  if (step.kind === 'editing' && field === 'text') {
    const text = typeInto(dialog.text, key.name, TEXT_LIMIT);
    return text === undefined ? undefined : { ...dialog, text, note: '' };
  }
  if (step.kind !== 'review') return undefined;
  if (field === 'reason') {
    const reason = typeInto(dialog.reason, key.name, 200);
    return reason === undefined ? undefined : { ...dialog, reason, note: '' };
  }
  if (field !== 'confirm') return undefined;
  const typed = typeInto(dialog.typed, key.name, 63);
  return typed === undefined ? undefined : { ...dialog, typed, note: '' };
}

/** What a key does while the dialog is open. A change that was sent is only hidden, never cancelled. */
export function changeKey(
  model: Model,
  dialog: ChangeDialog,
  key: KeyPress,
  command: CommandId | undefined,
): Change {
  if (command === 'close') return [close(model, dialog), []];
  if (model.mono < dialog.deafUntil) return [tooEarly(model, command), []];
  if (dialog.yes && command !== 'arm' && command !== 'confirm')
    return changeKey(disarmed(model), { ...dialog, yes: false }, key, command);
  const typed = intoField(dialog, key);
  if (typed !== undefined) return [{ ...model, overlay: typed }, []];
  switch (command) {
    case 'field-next':
      return [{ ...model, overlay: moveField(dialog, 1) }, []];
    case 'field-previous':
      return [{ ...model, overlay: moveField(dialog, -1) }, []];
    case 'shorter':
      return chooseLength(model, dialog, -1);
    case 'longer':
      return chooseLength(model, dialog, 1);
    case 'edit-text':
      return intoEditor(model, dialog);
    case 'arm': {
      const isFree =
        dialog.step.kind === 'review' && dialog.step.plan.arm === null && !isCheckOnly(dialog.act);
      if (isFree && key.burst > 1) return [unpressed(model, 'y', 'at once'), []];
      return isFree ? [{ ...model, overlay: { ...dialog, yes: true, note: '' } }, []] : [model, []];
    }
    case 'confirm':
      return key.burst === 1 ? confirm(model, dialog) : [unpressed(model, 'Enter', 'at once'), []];
    default:
      return [model, []];
  }
}
