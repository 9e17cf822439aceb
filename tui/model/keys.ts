/** Keys outside of action dialogs: moving, finding, looking, and the two that open a dialog. */
import type { Binding, Context } from '../keymap.ts';
import { openDialog } from './dialog.ts';
import type { Change, KeyPress } from './messages.ts';
import { type Model, PANES, SORT_KEYS } from './model.ts';
import { selectedNode, visibleNodes } from './selectors.ts';
import { typeInto } from './text-field.ts';

const FILTER_LIMIT = 100;
/** More keys of different kinds in one read are a paste without brackets and mean nothing. */
const MAX_MIXED_BURST = 3;
const HELP_LINES = 200;

export function mainKey(model: Model, key: KeyPress, context: Context, binding: Binding | undefined): Change {
  if (context === 'filter') return filterKey(model, key, binding);
  if (context === 'overlay') return overlayKey(model, binding);
  if (binding === undefined) return [model, []];
  if (binding.level !== undefined) return action(model, key, binding);
  return command(model, binding);
}

function action(model: Model, key: KeyPress, binding: Binding): Change {
  if (key.burst > 1) return [model, []];
  const own = binding.id === 'failover' ? 'failover' : 'maintenance';
  // what runs is shown again whatever the gate says: looking is always allowed
  if (model.running?.action === own) return [{ ...model, overlay: model.running }, []];
  const reason = binding.disabled?.(model) ?? null;
  if (reason === null) return openDialog(model, own, model.mono);
  const toast = {
    text: `${binding.label} ${binding.short ?? binding.id}: ${reason}`,
    level: 'warning' as const,
    until: model.mono + 5000,
  };
  return [{ ...model, toast }, []];
}

/** A burst that mixes keys is dropped whole; `jjj` is three rows. Asked before the keys are taken. */
export function acceptBurst(names: readonly string[]): boolean {
  return names.length <= MAX_MIXED_BURST || new Set(names).size === 1;
}

function filterKey(model: Model, key: KeyPress, binding: Binding | undefined): Change {
  if (binding?.id === 'filter-clear') return [{ ...model, filter: { text: '', editing: false } }, []];
  if (binding?.id === 'filter-accept') return [{ ...model, filter: { ...model.filter, editing: false } }, []];
  const text = typeInto(model.filter.text, key.name, FILTER_LIMIT);
  if (text === undefined) return [model, []];
  // backspace on an empty filter leaves it, and never does more
  const editing = !(key.name === 'backspace' && model.filter.text === '');
  return [{ ...model, filter: { text, editing }, scroll: { ...model.scroll, nodes: 0 } }, []];
}

function overlayKey(model: Model, binding: Binding | undefined): Change {
  const { overlay } = model;
  if (overlay === null || binding === undefined) return [model, []];
  if (binding.id === 'close') return [{ ...model, overlay: null }, []];
  const by = binding.id === 'down' ? 1 : binding.id === 'up' ? -1 : 0;
  if (overlay.kind === 'help') {
    const scroll = Math.min(HELP_LINES, Math.max(0, overlay.scroll + by));
    return [{ ...model, overlay: { ...overlay, scroll } }, []];
  }
  if (overlay.kind === 'detail') {
    const moved = moveSelection(model, by);
    return [{ ...moved, overlay: { kind: 'detail', nodeId: moved.selected ?? overlay.nodeId } }, []];
  }
  return [model, []];
}

function command(model: Model, binding: Binding): Change {
  switch (binding.id) {
    case 'up':
      return [move(model, -1), []];
    case 'down':
      return [move(model, 1), []];
    case 'page-up':
      return [move(model, -model.pageRows), []];
    case 'page-down':
      return [move(model, model.pageRows), []];
    case 'first':
      return [move(model, Number.NEGATIVE_INFINITY), []];
    case 'last':
      return [move(model, Number.POSITIVE_INFINITY), []];
    case 'next-pane':
      return [focusBy(model, 1), []];
    case 'previous-pane':
      return [focusBy(model, -1), []];
    case 'sort-next':
      return [sortBy(model, 1), []];
    case 'sort-previous':
      return [sortBy(model, -1), []];
    case 'sort-reverse':
      return [{ ...model, sort: { ...model.sort, reverse: !model.sort.reverse } }, []];
    case 'freeze':
      return [{ ...model, frozen: model.frozen === null ? model.picture : null }, []];
    case 'filter':
      return [{ ...model, filter: { ...model.filter, editing: true } }, []];
    case 'problems':
      return [
        { ...model, filter: { editing: false, text: model.filter.text === PROBLEMS ? '' : PROBLEMS } },
        [],
      ];
    case 'back':
      return [back(model), []];
    case 'help':
      return [{ ...model, overlay: { kind: 'help', scroll: 0 } }, []];
    case 'detail': {
      const node = selectedNode(model);
      return [
        node === undefined ? model : { ...model, overlay: { kind: 'detail', nodeId: node.node_id } },
        [],
      ];
    }
    case 'reconnect':
      return reconnect(model);
    case 'interrupt':
    case 'quit':
      return [model, [{ kind: 'quit' }]];
    default:
      return [model, []];
  }
}

const PROBLEMS = 'state:!ok';

function moveSelection(model: Model, by: number): Model {
  const rows = visibleNodes(model);
  if (rows.length === 0) return model;
  const at = Math.max(
    0,
    rows.findIndex((r) => r.node_id === model.selected),
  );
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  return { ...model, selected: next?.node_id ?? model.selected };
}

/** Moves the row of the table, or scrolls the pane that has the focus. */
function move(model: Model, by: number): Model {
  if (model.focus === 'nodes') return moveSelection(model, by);
  const most = model.focus === 'events' ? model.picture.events.length : 100;
  const scroll = Math.min(Math.max(0, most - 1), Math.max(0, (model.scroll[model.focus] ?? 0) + by));
  return { ...model, scroll: { ...model.scroll, [model.focus]: scroll } };
}

function focusBy(model: Model, by: 1 | -1): Model {
  const at = PANES.indexOf(model.focus);
  return { ...model, focus: PANES[(at + by + PANES.length) % PANES.length] ?? 'nodes' };
}

function sortBy(model: Model, by: 1 | -1): Model {
  const at = SORT_KEYS.indexOf(model.sort.key);
  const key = SORT_KEYS[(at + by + SORT_KEYS.length) % SORT_KEYS.length] ?? 'role';
  return { ...model, sort: { key, reverse: false } };
}

/** One step back towards the plain picture. It never leaves the program. */
function back(model: Model): Model {
  if (model.filter.text !== '') return { ...model, filter: { text: '', editing: false } };
  if (model.frozen !== null) return { ...model, frozen: null };
  return model.focus === 'nodes' ? model : { ...model, focus: 'nodes' };
}

/** The next node in line becomes the observer; after the last one anybody may answer. */
function reconnect(model: Model): Change {
  const names = (model.picture.status?.nodes ?? []).map((n) => n.node_id);
  const at = model.observer === null ? -1 : names.indexOf(model.observer);
  const observer = names[at + 1] ?? null;
  const text = observer === null ? 'seen through whichever node answers' : `seen through ${observer}`;
  return [
    { ...model, observer, toast: { text, level: 'info', until: model.mono + 3000 } },
    [{ kind: 'refresh', observer }],
  ];
}
