/** Keys outside of the dialogs of actions: moving, finding, looking, and those that open a dialog. */
import type { Binding, Context } from '../keymap.ts';
import { actOf } from './act-of-row.ts';
import { pressAgain } from './burst.ts';
import { actNow, openChange } from './change.ts';
import type { ChangeAct } from './change-plan.ts';
import { choices, type Entry, noChangeOf, noOperationOf } from './chooser.ts';
import { keyOfAction, openDialog } from './dialog.ts';
import { viewDocument } from './document.ts';
import { lacksMajority, refusal } from './gate.ts';
import { leave } from './leave.ts';
import { cursorAt, rowKeys, selectedOf, versionRows } from './lists.ts';
import type { Change, KeyPress } from './messages.ts';
import {
  type ActionName,
  type Chooser,
  COLUMN_SETS,
  type Deniable,
  type Model,
  SORT_KEYS,
  type Toast,
} from './model.ts';
import {
  back,
  chooseSpan,
  focusBy,
  follow,
  jumpToRow,
  moveBy,
  moveCursor,
  moveSideways,
  nextLevel,
  openDetail,
  openView,
  seek,
  toMatch,
} from './navigate.ts';
import { underOther } from './subject.ts';
import { noLeaderOf } from './successors.ts';
import { typeInto } from './text-field.ts';
import { textKey } from './texts.ts';
import { clusterJustMoved, noAnswerOf } from './under-bar.ts';
import { undoOf } from './undo.ts';
import { VIEWS } from './views.ts';

const FILTER_LIMIT = 100;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

export function mainKey(
  before: Model,
  key: KeyPress,
  context: Context,
  binding: Binding | undefined,
): Change {
  // beside this key the answer to the one before would be taken for its own
  const model = before.toast?.refuses === true ? { ...before, toast: null } : before;
  if (context === 'filter') return filterKey(model, key, binding);
  if (context === 'chooser') return chooserKey(model, key, binding);
  if (context === 'overlay') return textKey(model, binding);
  if (binding === undefined) return [model, []];
  if (binding.level !== undefined) return action(model, key, binding);
  if (binding.id === 'quit') return leave(model, key.burst);
  return command(model, binding);
}

/** The one door of every action, whatever asked for it: key, palette or menu. */
function action(model: Model, key: KeyPress, binding: Binding): Change {
  if (key.burst > 1)
    return refuse(
      model,
      `${binding.label} ${binding.short ?? binding.id}`,
      pressAgain(binding.label, 'at once'),
    );
  // what runs is shown again whatever the gate says: looking is always allowed
  if (model.running !== null && keyOfAction(model.running.action) === binding.id)
    return [{ ...model, overlay: model.running }, []];
  // whoever looks for a failover now needs another way, and not a sentence that is gone after 5 s
  if (binding.id === 'failover' && lacksMajority(model) && underOther(model) === null) return noForce(model);
  const reason = binding.disabled?.(model) ?? null;
  if (reason !== null) return refuse(model, `${binding.label} ${binding.short ?? binding.id}`, reason);
  if (isOperation(binding.id)) return openDialog(model, binding.id, model.mono);
  const act = actOf(model, binding);
  const undo = binding.id === 'unsilence' || binding.id === 'undo-config' ? undoOf(model) : null;
  // a configuration that comes back is planned and confirmed like any other
  if (undo !== null && !isOfOther(model, act, undo))
    return undo.kind === 'rollback' ? openChange(model, undo, model.mono) : actNow(model, undo);
  if (act === null) return [model, []];
  return binding.level === 1 ? actNow(model, act) : openChange(model, act, model.mono);
}

/** The row under the bar has one of its own: that is meant, and not the last change. */
function isOfOther(model: Model, act: ChangeAct | null, undo: ChangeAct): boolean {
  if (model.view !== 'alerts') return false;
  const isSilence = act?.kind === 'unsilence' && undo.kind === 'unsilence';
  const isAcknowledgement = act?.kind === 'unack' && undo.kind === 'unack';
  return (isSilence || isAcknowledgement) && act.id !== undo.id;
}

function noForce(model: Model): Change {
  return [{ ...model, overlay: { kind: 'explain', scroll: 0, topic: 'no-force' } }, []];
}

const OPERATIONS: readonly string[] = [
  ...['failover', 'step-down', 'maintenance', 'drain', 'remove-node', 'replace-node'],
];

function isOperation(id: string): id is ActionName {
  return OPERATIONS.includes(id);
}

function filterKey(model: Model, key: KeyPress, binding: Binding | undefined): Change {
  if (binding?.id === 'filter-clear') return [{ ...model, filter: { text: '', editing: false } }, []];
  if (binding?.id === 'filter-accept') {
    const { text } = model.filter;
    return [{ ...model, filter: { text, editing: false }, lastFilter: text }, []];
  }
  const text = typeInto(model.filter.text, key.name, FILTER_LIMIT);
  if (text === undefined) return [model, []];
  // backspace on an empty filter leaves it, and never does more
  const editing = !(key.name === 'backspace' && model.filter.text === '');
  return [{ ...model, filter: { text, editing }, scroll: { ...model.scroll, nodes: 0 } }, []];
}

function chooserKey(model: Model, key: KeyPress, binding: Binding | undefined): Change {
  const { overlay } = model;
  if (overlay?.kind !== 'chooser') return [model, []];
  if (binding?.id === 'close') return [{ ...model, overlay: null }, []];
  const entries = choices(model, overlay);
  if (binding?.id === 'confirm') {
    const chosen = entries[Math.min(overlay.at, entries.length - 1)];
    if (chosen === undefined) return [model, []];
    if (key.burst > 1)
      return [{ ...model, overlay: { ...overlay, note: pressAgain('Enter', 'at once') } }, []];
    return take({ ...model, overlay: null }, key, chosen);
  }
  const by = binding?.id === 'down' ? 1 : binding?.id === 'up' ? -1 : 0;
  if (by !== 0) {
    const at = Math.min(entries.length - 1, Math.max(0, overlay.at + by));
    return [{ ...model, overlay: { ...overlay, at: Math.max(0, at), note: '' } }, []];
  }
  const text = typeInto(overlay.text, key.name, FILTER_LIMIT);
  return text === undefined
    ? [model, []]
    : [{ ...model, overlay: { ...overlay, text, at: 0, note: '' } }, []];
}

/** What an entry of a list does; what acts goes through the same gate as its key. */
function take(model: Model, key: KeyPress, { choice }: Entry): Change {
  switch (choice.kind) {
    case 'binding':
      return choice.binding.level === undefined
        ? command(model, choice.binding)
        : action(model, key, choice.binding);
    case 'view':
      return [openView(model, choice.view), []];
    case 'node':
      return [{ ...openView(model, 'node'), selected: choice.id }, []];
    case 'log':
      return [{ ...openView(model, 'log'), selected: choice.id }, []];
    case 'rule': {
      const opened = openView(model, 'alerts');
      const cursor = { ...opened.cursor, alerts: choice.alert };
      return [{ ...opened, cursor, overlay: { kind: 'explain', scroll: 0 } }, []];
    }
    case 'no-force':
      return noForce(model);
    case 'move':
      return guarded(model, [choice.action, noLeaderOf(model, choice.to)], () =>
        openDialog(model, choice.action, model.mono, choice.to),
      );
    case 'operation': {
      const { action: name, id } = choice;
      const chosen = { ...model, selected: id };
      return guarded(chosen, [name, noOperationOf(model, name, id)], () =>
        openDialog(chosen, name, model.mono, id),
      );
    }
    case 'change':
      return guarded(model, [choice.act.kind, noChangeOf(model, choice.act)], () =>
        openChange(model, choice.act, model.mono),
      );
    case 'observer':
      return observe(model, choice.id);
    case 'filter':
      return [{ ...model, filter: { text: choice.text, editing: false }, lastFilter: choice.text }, []];
    case 'context':
      return goTo(model, choice.name);
    case 'copy':
      return [model, [{ kind: 'copy', what: choice.what, text: choice.text }]];
    case 'refresh':
      return [{ ...model, refreshMs: choice.ms }, [{ kind: 'refresh', observer: model.observer }]];
  }
}

/** `own`: why not, where the gate that is the same for all lets it through. */
function guarded(
  model: Model,
  [thing, own = null]: readonly [thing: Deniable, own?: string | null],
  open: () => Change,
): Change {
  const reason = refusal(model, thing) ?? underOther(model) ?? own;
  return reason === null ? open() : refuse(model, thing, reason);
}

function refuse(model: Model, what: string, reason: string): Change {
  const toast: Toast = {
    text: `${what}: ${reason}`,
    level: 'warning',
    until: model.mono + 5000,
    refuses: true,
  };
  return [{ ...model, toast }, []];
}

function chooser(model: Model, purpose: Chooser['purpose']): Change {
  return [{ ...model, overlay: { kind: 'chooser', purpose, text: '', at: 0 } }, []];
}

function command(model: Model, binding: Binding): Change {
  const closed = binding.disabled?.(model) ?? null;
  if (closed !== null) return refuse(model, `${binding.label} ${binding.short ?? binding.id}`, closed);
  const view = VIEWS.find((v) => `view:${v.id}` === binding.id);
  if (view !== undefined) return [openView(model, view.id), []];
  switch (binding.id) {
    case 'last-view':
      return [openView(model, model.lastView), []];
    case 'palette':
      return chooser(model, 'palette');
    case 'actions':
      return chooser(model, 'actions');
    case 'observer':
      return chooser(model, 'observer');
    case 'filter':
      return [{ ...model, filter: { ...model.filter, editing: true } }, []];
    case 'contexts':
      return chooser(model, 'context');
    case 'copy':
      return chooser(model, 'copy');
    case 'save-screen':
      return [model, [{ kind: 'save' }]];
    case 'view-json':
      return [model, [{ kind: 'json', ...viewDocument(model) }]];
    case 'explain':
      return [{ ...model, overlay: { kind: 'explain', scroll: 0 } }, []];
    case 'messages':
      return [{ ...model, overlay: { kind: 'messages', scroll: 0 } }, []];
    case 'validate':
      return openChange(model, { kind: 'apply', text: '', confirmMs: null, checkOnly: true }, model.mono);
    case 'detail':
      return model.view === 'fleet' ? goToSelected(model) : [openDetail(model), []];
    case 'next-match':
    case 'previous-match':
      return [toMatch(model, binding.id === 'next-match' ? 1 : -1), []];
    case 'help':
      return [{ ...model, overlay: { kind: 'help', scroll: 0 } }, []];
    case 'reconnect':
      return reconnect(model);
    case 'interrupt':
      return [model, [{ kind: 'quit' }]];
    case 'quit':
      return leave(model);
    default:
      return seeking(model, binding) ?? [look(model, binding), []];
  }
}

/** Keys that go through time; null = it is none of them. */
function seeking(model: Model, binding: Binding): Change | null {
  switch (binding.id) {
    case 'second-back':
      return seek(model, -SECOND_MS);
    case 'second-on':
      return seek(model, SECOND_MS);
    case 'minute-back':
      return seek(model, -MINUTE_MS);
    case 'minute-on':
      return seek(model, MINUTE_MS);
    case 'event-back':
      return seek(model, 'previous');
    case 'event-on':
      return seek(model, 'next');
    case 'jump':
      return [jumpToRow(model), []];
    default:
      return null;
  }
}

function look(model: Model, binding: Binding): Model {
  switch (binding.id) {
    case 'up':
      return moveBy(model, -1);
    case 'down':
      return moveBy(model, 1);
    case 'page-up':
      return moveBy(model, -model.pageRows);
    case 'page-down':
      return moveBy(model, model.pageRows);
    case 'first':
      return moveBy(model, Number.NEGATIVE_INFINITY);
    case 'last':
      return model.past === null ? moveBy(model, Number.POSITIVE_INFINITY) : { ...model, past: null };
    case 'left':
      return moveCursor(model, -1);
    case 'right':
      return moveCursor(model, 1);
    case 'scroll-left':
      return moveSideways(model, -1);
    case 'scroll-right':
      return moveSideways(model, 1);
    case 'follow':
      return follow(model);
    case 'wrap':
      return { ...model, wrap: !model.wrap };
    case 'next-pane':
      return focusBy(model, 1);
    case 'previous-pane':
      return focusBy(model, -1);
    case 'sort-next':
      return sortBy(model, 1);
    case 'sort-previous':
      return sortBy(model, -1);
    case 'sort-reverse':
      return { ...model, sort: { ...model.sort, reverse: !model.sort.reverse } };
    case 'freeze':
      return { ...model, frozen: model.frozen === null ? { at: model.now, picture: model.picture } : null };
    case 'problems':
      return {
        ...model,
        filter: { editing: false, text: model.filter.text === PROBLEMS ? '' : PROBLEMS },
      };
    case 'back':
      return back(model);
    case 'level':
      return nextLevel(model);
    case 'firing-only':
      return { ...model, firingOnly: !model.firingOnly };
    case 'time-format':
      return { ...model, timeFormat: next(TIME_FORMATS, model.timeFormat) };
    case 'column-set':
      return { ...model, columnSet: next(COLUMN_SETS, model.columnSet) };
    case 'whole-config':
      return { ...model, wholeConfig: !model.wholeConfig, side: { ...model.side, scroll: 0 } };
    case 'diff-with':
      return chooseBase(model);
    case 'log-of-node':
      return openView(model, 'log');
    case 'wider':
      return chooseSpan(model, 1);
    case 'narrower':
      return chooseSpan(model, -1);
    default:
      return model;
  }
}

const TIME_FORMATS = ['clock', 'age', 'date'] as const;

function next<T>(list: readonly T[], now: T): T {
  return list[(list.indexOf(now) + 1) % list.length] ?? now;
}

/** The selected version is what others are compared with; chosen again it is none. */
function chooseBase(model: Model): Model {
  const chosen = selectedOf(model, versionRows(model), (v) => String(v.version), 'config');
  if (chosen === undefined) return model;
  return { ...model, diffBase: model.diffBase === chosen.version ? null : chosen.version };
}

function goTo(model: Model, name: string): Change {
  if (name === model.contextName) {
    const toast = { text: `this is ${name}`, level: 'info' as const, until: model.mono + 3000 };
    return [{ ...model, toast }, []];
  }
  const toast = { text: `going to ${name}…`, level: 'info' as const, until: model.mono + 10_000 };
  return [{ ...model, toast }, [{ kind: 'context', name }]];
}

function goToSelected(model: Model): Change {
  const keys = rowKeys(model);
  const name = keys[cursorAt(model, keys)];
  if (name === undefined) return [model, []];
  const moved = clusterJustMoved(model, name);
  if (moved !== null)
    return [{ ...model, toast: { text: moved, level: 'info', until: model.mono + 3000 } }, []];
  // a picture that lives is not given away for one that would not come
  const closed = noAnswerOf(model, name);
  if (closed === null) return goTo(model, name);
  return [{ ...model, toast: { text: closed, level: 'warning', until: model.mono + 6000 } }, []];
}

const PROBLEMS = 'state:!ok';

function sortBy(model: Model, by: 1 | -1): Model {
  const at = SORT_KEYS.indexOf(model.sort.key);
  const key = SORT_KEYS[(at + by + SORT_KEYS.length) % SORT_KEYS.length] ?? 'role';
  return { ...model, sort: { key, reverse: false } };
}

/** From now on the picture is what this node sees; null = whichever answers. */
function observe(model: Model, observer: string | null): Change {
  const text = observer === null ? 'seen through whichever node answers' : `seen through ${observer}`;
  return [
    { ...model, observer, toast: { text, level: 'info', until: model.mono + 3000 } },
    [{ kind: 'refresh', observer }],
  ];
}

/** The next node in line becomes the observer; after the last one anybody may answer. */
function reconnect(model: Model): Change {
  const names = (model.picture.status?.nodes ?? []).map((n) => n.node_id);
  const at = model.observer === null ? -1 : names.indexOf(model.observer);
  return observe(model, names[at + 1] ?? null);
}
