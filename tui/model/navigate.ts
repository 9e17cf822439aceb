/** Moving about: from view to view, from row to row, through time. Nothing here changes the cluster. */
import { keyOf } from '../key-names.ts';
import { cursorAt, happenings, logRows, rowKeys } from './lists.ts';
import type { Change } from './messages.ts';
import { type Model, PANES } from './model.ts';
import { selectedNode, shown } from './selectors.ts';
import { stepEvent, travel } from './time.ts';
import type { ViewId } from './views.ts';

const SIDE = { focused: false, scroll: 0 };

/** Whoever leaves a pane leaves it with its newest lines: nobody would look for them further up later. */
function atNewest({ focus, scroll }: Model): Model['scroll'] {
  return focus === 'nodes' ? scroll : { ...scroll, [focus]: 0 };
}

/** Filters belong to what they were written for: they end with their view. */
export function openView(model: Model, view: ViewId): Model {
  if (view === model.view) return model;
  return {
    ...model,
    view,
    lastView: model.view,
    side: SIDE,
    scroll: atNewest(model),
    shift: 0,
    filter: { text: '', editing: false },
    lastFilter: '',
    overlay: null,
    // what was told of another view would stand where the keys of this one are named
    toast: model.toast?.level === 'info' && model.toast.undoes !== true ? null : model.toast,
  };
}

/** One row or more, up or down, in whatever list the view has. */
export function moveBy(model: Model, by: number): Model {
  if (model.view === 'topology')
    return model.focus === 'nodes' ? moveCursor(model, by) : scrollPane(model, by);
  if (!model.side.focused && model.view !== 'node') return moveCursor(model, by);
  const scroll = Math.min(200, Math.max(0, model.side.scroll + by));
  return { ...model, side: { ...model.side, scroll } };
}

function scrollPane(model: Model, by: number): Model {
  const most = model.focus === 'events' ? model.picture.events.length : 100;
  const scroll = Math.min(Math.max(0, most - 1), Math.max(0, (model.scroll[model.focus] ?? 0) + by));
  return { ...model, scroll: { ...model.scroll, [model.focus]: scroll } };
}

export function moveCursor(model: Model, by: number): Model {
  const keys = rowKeys(model);
  const at = cursorAt(model, keys);
  const next = keys[Math.min(keys.length - 1, Math.max(0, at + by))];
  return next === undefined ? model : { ...select(model, next), side: { ...model.side, scroll: 0 } };
}

/** The next row that the last filter matches, or the one before; others may lie between. */
export function toMatch(model: Model, by: 1 | -1): Model {
  const text = model.filter.text || model.lastFilter;
  if (text === '') {
    return told(model, `nothing was searched for: ${keyOf('filter')} begins`);
  }
  const all = rowKeys(model);
  const matching = new Set(rowKeys({ ...model, filter: { text, editing: false } }));
  const at = cursorAt(model, all);
  const step = (n: number): number => (at + n * by + n * all.length) % all.length;
  for (let n = 1; n <= all.length; n++) {
    const key = all[step(n)];
    if (key !== undefined && matching.has(key)) return select(model, key);
  }
  return told(model, `nothing matches ${text}`);
}

function told(model: Model, text: string): Model {
  return { ...model, toast: { text, level: 'info', until: model.mono + 3000 } };
}

function select(model: Model, key: string): Model {
  if (model.view === 'topology' || model.view === 'node') return { ...model, selected: key };
  // the first row of a list that grows at its top is followed, not held
  const follows = (model.view === 'events' || model.view === 'log') && key === rowKeys(model)[0];
  const { [model.view]: _, ...others } = model.cursor;
  return { ...model, cursor: follows ? others : { ...model.cursor, [model.view]: key } };
}

export function focusBy(model: Model, by: 1 | -1): Model {
  if (model.view !== 'topology')
    return { ...model, shift: 0, side: { ...SIDE, focused: !model.side.focused } };
  const at = PANES.indexOf(model.focus);
  const focus = PANES[(at + by + PANES.length) % PANES.length] ?? 'nodes';
  return { ...model, shift: 0, scroll: atNewest(model), focus };
}

/** Enter: all about the node in a table of nodes, elsewhere the pane beside the list. */
export function openDetail(model: Model): Model {
  if (model.view !== 'topology') return focusBy(model, 1);
  const node = selectedNode(model);
  return node === undefined ? model : { ...openView(model, 'node'), selected: node.node_id };
}

/** Columns or letters further to the right, or back. */
export function moveSideways(model: Model, by: 1 | -1): Model {
  return { ...model, shift: Math.max(0, Math.min(model.mostShift, model.shift + by)) };
}

/** Whether new rows move the list along: the newest is the selected one then, and this is now. */
export function follows(model: Model): boolean {
  return model.cursor[model.view] === undefined && model.past === null && model.frozen === null;
}

/** Follows from now on, live; or stays with the row that is the newest now. */
export function follow(model: Model): Model {
  const [newest] = rowKeys(model);
  if (follows(model) && newest !== undefined)
    return { ...model, cursor: { ...model.cursor, [model.view]: newest } };
  const { [model.view]: _, ...others } = model.cursor;
  return { ...model, cursor: others, past: null, frozen: null, side: { ...model.side, scroll: 0 } };
}

/** One step back towards the plain picture. It never leaves the program. */
export function back(model: Model): Model {
  if (model.toast?.leaves === true) return { ...model, toast: null };
  if (model.unsettled.length > 0) return { ...model, unsettled: [] };
  if (model.filter.text !== '') return { ...model, filter: { text: '', editing: false } };
  if (model.eventLevel !== 'info' && (model.view === 'events' || model.view === 'log'))
    return { ...model, eventLevel: 'info' };
  if (model.side.focused) return { ...model, side: SIDE, shift: 0 };
  if (model.past !== null) return { ...model, past: null };
  if (model.frozen !== null) return { ...model, frozen: null };
  if (model.view !== 'topology') return openView(model, 'topology');
  return model.focus === 'nodes' ? model : { ...model, scroll: atNewest(model), focus: 'nodes' };
}

/** The second of the selected row; in a view without times nothing. */
export function jumpToRow(model: Model): Model {
  const at = rowTime(model);
  if (at === null) return model;
  return travel(model, Date.parse(at));
}

function rowTime(model: Model): string | null {
  const keys = rowKeys(model);
  const at = cursorAt(model, keys);
  switch (model.view) {
    case 'events':
      return happenings(model)[at]?.at ?? null;
    case 'log':
      return logRows(model)[at]?.line.at ?? null;
    case 'raft': {
      const term = Number(keys[at]);
      return shown(model).status?.elections.find((e) => e.term === term)?.at ?? null;
    }
    case 'alerts':
      return shown(model).alerts.find((a) => a.id === keys[at])?.since ?? null;
    default:
      return null;
  }
}

const SPANS: readonly number[] = [60_000, 600_000, 3_600_000];

export function chooseSpan(model: Model, by: 1 | -1): Model {
  const next = SPANS[SPANS.indexOf(model.spanMs) + by];
  return next === undefined ? model : { ...model, spanMs: next, spanChosen: true };
}

const LEVELS = ['info', 'warning', 'critical'] as const;

export function nextLevel(model: Model): Model {
  const at = LEVELS.indexOf(model.eventLevel);
  return { ...model, eventLevel: LEVELS[(at + 1) % LEVELS.length] ?? 'info' };
}

/** By a number of ms, or to an event. */
export function seek(model: Model, step: number | 'next' | 'previous'): Change {
  if (step === 'next') return [stepEvent(model, 1), []];
  if (step === 'previous') return [stepEvent(model, -1), []];
  return [travel(model, (model.past?.at ?? model.now) + step), []];
}
