/**
 * What a view is made of: panes in bands, each a list with a selected row or a text that scrolls. A view
 * says what stands in them; here it is windowed, boxed and marked.
 */
import type { Answer } from '../feed/slices.ts';
import { clean } from '../format/width.ts';
import { clockTime } from '../format/words.ts';
import type { Tier } from '../layout.ts';
import { dropCells, fitLine, type Line, lineWidth, span, type Token, wrapLine } from '../theme/tokens.ts';
import { panel } from './panel.ts';
import type { View } from './view.ts';

/** One line, and the meaning that paints over all of it (a selected row). */
export interface Row {
  readonly line: Line;
  readonly over?: Token;
}

export interface PaneRows {
  readonly pane: string;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
  /** How far it can be moved sideways; told of the one with the focus. */
  readonly mostShift?: number;
}

export interface BandRows {
  readonly height: number;
  readonly panes: readonly PaneRows[];
}

/** Where a view may draw. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
  readonly tier: Tier;
  readonly boxed: boolean;
}

export interface PaneSpec {
  readonly pane: string;
  readonly title: Line;
  /** Above the lines, always seen. */
  readonly heading?: Line;
  readonly lines: readonly Line[];
  /** A list: this line is marked and kept in sight. */
  readonly selected?: number;
  /** A text: its first shown line. */
  readonly scroll?: number;
  readonly focused: boolean;
  /** The selected line stands whole, over as many rows as it takes. */
  readonly wrap?: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** First row to show so that the selected one is inside. */
function windowStart(selected: number, total: number, rows: number): number {
  return Math.min(Math.max(0, total - rows), Math.max(0, selected - Math.floor(rows / 2)));
}

/** Cells that one step sideways moves a text. */
const SHIFT_CELLS = 8;

/** Lines moved sideways as far as they go, the steps that this took, and the most that there are. */
export function sideways(
  lines: readonly Line[],
  cells: number,
  shift: number,
): { readonly lines: readonly Line[]; readonly by: number; readonly most: number } {
  const longest = lines.reduce((most, line) => Math.max(most, lineWidth(line)), 0);
  const most = Math.max(0, Math.ceil((longest - cells) / SHIFT_CELLS));
  const by = Math.min(shift, most);
  return { lines: by === 0 ? lines : lines.map((line) => dropCells(line, by * SHIFT_CELLS)), by, most };
}

/** Where the arrows lead, also without colours; the list that has them from the beginning needs no mark. */
export function focusMark(isFocused: boolean, { symbols }: View): Line {
  return isFocused ? [span(`${symbols.crumb} `, 'focus')] : [];
}

/** What of a list or text lies beyond the edges of its pane. */
export function edgeMarks(first: number, below: number, by: number, view: View): Line {
  const left = view.symbols.ascii ? '<' : '←';
  const [up, down] = view.symbols.ascii ? ['^', 'v'] : ['↑', '↓'];
  const marks = [
    ...(by > 0 ? [`${left}${by * SHIFT_CELLS}`] : []),
    ...(first > 0 ? [`${up}${first}`] : []),
    ...(below > 0 ? [`${down}${below}`] : []),
  ].join(' ');
  return marks === '' ? [] : [span(` ${marks}`, 'muted')];
}

/** The lines, of which the selected one takes as many rows as it needs where it is to stand whole. */
function unrolled(
  spec: PaneSpec,
  cells: number,
): { readonly lines: readonly Line[]; readonly extra: number } {
  const { lines, selected } = spec;
  const chosen = selected === undefined ? undefined : lines[selected];
  if (spec.wrap !== true || selected === undefined || chosen === undefined) return { lines, extra: 0 };
  const rows = wrapLine(chosen, cells);
  return { lines: lines.toSpliced(selected, 1, ...rows), extra: rows.length - 1 };
}

/** A pane of exactly this size. */
function paneOf(spec: PaneSpec, { width, height }: Size, view: View, room: Room): PaneRows {
  const { heading, selected } = spec;
  const frame = room.boxed ? 2 : 1;
  const inner = width - (room.boxed ? 2 : 0);
  const { lines, extra } = unrolled(spec, inner - 1);
  const inside = Math.max(0, height - frame - (heading === undefined ? 0 : 1));
  const first =
    selected === undefined
      ? Math.min(spec.scroll ?? 0, Math.max(0, lines.length - inside))
      : Math.min(selected, windowStart(selected + extra, lines.length, inside));
  const below = Math.max(0, lines.length - first - inside);
  const seen = lines.slice(first, first + inside);
  const head: Line[] = heading === undefined ? [] : [heading];
  const moved = sideways([...head, ...seen], inner - 1, spec.focused ? view.model.shift : 0);
  const isChosen = (row: number): boolean =>
    selected !== undefined && first + row >= selected && first + row <= selected + extra;
  const content = moved.lines.map((l, i) => {
    const lead = isChosen(i - head.length) ? view.symbols.bar : ' ';
    return fitLine([span(lead, 'focus'), ...l], inner);
  });
  const style = { symbols: view.symbols, width, height, focused: spec.focused, boxed: room.boxed };
  const mark = focusMark(spec.focused && view.model.side.focused, view);
  const drawn = panel([...mark, ...spec.title, ...edgeMarks(first, below, moved.by, view)], content, style);
  // the upper edge, or the rule, and the heading
  const above = 1 + head.length;
  return {
    pane: spec.pane,
    width,
    height,
    rows: drawn.map((line, i) =>
      i >= above && i - above < seen.length && isChosen(i - above) ? marked(line, room.boxed) : { line },
    ),
    ...(spec.focused && { mostShift: moved.most }),
  };
}

/** Paints the content of a line over, and leaves the edges of its box. */
function marked(line: Line, boxed: boolean): Row {
  if (!boxed) return { line, over: 'selected' };
  const [first, ...rest] = line;
  const last = rest.pop();
  if (first === undefined || last === undefined) return { line };
  return { line: [first, ...rest.map((s) => ({ text: s.text, token: 'selected' as const })), last] };
}

/** Panes below each other; the last one takes what is left. */
export function stack(specs: readonly (readonly [PaneSpec, number])[], view: View, room: Room): BandRows[] {
  let left = room.rows;
  return specs.flatMap(([spec, wish], i) => {
    const height = i === specs.length - 1 ? left : Math.min(wish, left);
    left -= height;
    if (height <= 0) return [];
    return [{ height, panes: [paneOf(spec, { width: room.columns, height }, view, room)] }];
  });
}

/** Two panes side by side over `height` rows; `share` of the width for the first. */
export function beside(
  specs: readonly [PaneSpec, PaneSpec],
  share: number,
  height: number,
  at: { readonly view: View; readonly room: Room },
): BandRows {
  const left = Math.floor(at.room.columns * share);
  return abreast(specs, [left, at.room.columns - left], height, at);
}

/** Panes side by side over `height` rows, each so many cells wide. */
export function abreast(
  specs: readonly PaneSpec[],
  widths: readonly number[],
  height: number,
  { view, room }: { readonly view: View; readonly room: Room },
): BandRows {
  return {
    height,
    panes: specs.map((spec, i) => paneOf(spec, { width: widths[i] ?? 0, height }, view, room)),
  };
}

/** A list and what is told of its selected row: side by side where there is room, else stacked. */
export function listAndSide(list: PaneSpec, side: PaneSpec, view: View, room: Room): BandRows[] {
  if (room.tier === 'full') return [beside([list, side], 0.56, room.rows, { view, room })];
  if (room.tier === 'tiny' || room.rows < 8) {
    return stack([[view.model.side.focused ? side : list, room.rows]], view, room);
  }
  const wish = Math.max(3, list.lines.length + (room.boxed ? 3 : 2));
  const most = Math.max(4, Math.floor(room.rows * (view.model.side.focused ? 0.3 : 0.55)));
  return stack(
    [
      [list, Math.min(wish, most)],
      [side, room.rows],
    ],
    view,
    room,
  );
}

/** An answer: null until the first came, when that was, and why the newest question had none. */
export type Told = Pick<Answer, 'at' | 'error'> & { readonly value: unknown };

/** Instead of a list: it is on its way, it can't be had because …, there is nothing. Null = show it. */
export function emptiness(answer: Told | undefined, count: number, nothing: string): readonly Line[] | null {
  if (answer === undefined) return [[span('asking the cluster…', 'muted')]];
  if (answer.value === null) return [[span('no answer: ', 'warning'), span(clean(answer.error ?? ''))]];
  return count === 0 ? [[span(nothing, 'muted')]] : null;
}

/** A word in a title when the newest question had no answer and what is shown is older. */
export function outdated(answer: Told | undefined): Line {
  if (answer?.error == null || answer.value === null) return [];
  return [span(` ~ of ${clockTime(answer.at)}, not refreshed: ${clean(answer.error)}`, 'warning')];
}

/** A word in a title of what can't be known of the second that is looked back at: it is as of now. */
export function ofNow({ model }: View): Line {
  return model.past === null ? [] : [span(' as of now, not of then', 'suspect')];
}

/** A word in a title of what the node that is looked through can't be asked for alone. */
export function ofAnybody({ model, symbols }: View): Line {
  if (model.observer === null) return [];
  return [span(` ${symbols.dot} asked of the cluster, not of ${clean(model.observer)}`, 'suspect')];
}
