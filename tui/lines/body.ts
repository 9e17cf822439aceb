/**
 * What a view is made of: panes in bands, each a list with a selected row or a text that scrolls. A view
 * says what stands in them; here it is windowed, boxed and marked.
 */
import type { Answer, SliceName } from '../feed/slices.ts';
import { clean } from '../format/width.ts';
import type { Tier } from '../layout.ts';
import { fitLine, type Line, span, type Token } from '../theme/tokens.ts';
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
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** First row to show so that the selected one is inside. */
function windowStart(selected: number, total: number, rows: number): number {
  return Math.min(Math.max(0, total - rows), Math.max(0, selected - Math.floor(rows / 2)));
}

/** A pane of exactly this size. */
function paneOf(spec: PaneSpec, { width, height }: Size, view: View, room: Room): PaneRows {
  const { heading, lines, selected } = spec;
  const frame = room.boxed ? 2 : 1;
  const inside = Math.max(0, height - frame - (heading === undefined ? 0 : 1));
  const first =
    selected === undefined
      ? Math.min(spec.scroll ?? 0, Math.max(0, lines.length - inside))
      : windowStart(selected, lines.length, inside);
  const below = Math.max(0, lines.length - first - inside);
  const marks = [...(first > 0 ? [`↑${first}`] : []), ...(below > 0 ? [`↓${below}`] : [])].join(' ');
  const title = marks === '' ? spec.title : [...spec.title, span(` ${marks}`, 'muted')];
  const shown = lines.slice(first, first + inside);
  const inner = width - (room.boxed ? 2 : 0);
  const content = shown.map((l, i) => {
    const isChosen = selected !== undefined && first + i === selected;
    const lead = isChosen && selected !== undefined ? view.symbols.bar : ' ';
    return fitLine([span(lead, 'focus'), ...l], inner);
  });
  const head: Line[] = heading === undefined ? [] : [[span(' '), ...heading]];
  const style = { symbols: view.symbols, width, height, focused: spec.focused, boxed: room.boxed };
  const drawn = panel(title, [...head, ...content], style);
  const over = frame - 1 + head.length + (room.boxed ? 0 : 1) + (selected ?? 0) - first;
  return {
    pane: spec.pane,
    width,
    height,
    rows: drawn.map((line, i) =>
      selected !== undefined && i === over ? marked(line, room.boxed) : { line },
    ),
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
  const { view, room } = at;
  const left = Math.floor(room.columns * share);
  const width = [left, room.columns - left] as const;
  return {
    height,
    panes: specs.map((spec, i) => paneOf(spec, { width: width[i as 0 | 1], height }, view, room)),
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

/** Instead of a list: it is on its way, it can't be had because …, there is nothing. Null = show it. */
export function emptiness(
  answer: Answer<SliceName> | undefined,
  count: number,
  nothing: string,
): readonly Line[] | null {
  if (answer === undefined) return [[span('asking the cluster…', 'muted')]];
  if (answer.value === null) return [[span('no answer: ', 'warning'), span(clean(answer.error ?? ''))]];
  return count === 0 ? [[span(nothing, 'muted')]] : null;
}

/** A word in a title when the newest question had no answer and what is shown is older. */
export function outdated(answer: Answer<SliceName> | undefined): Line {
  const isOld = answer?.error != null && answer.value !== null;
  return isOld ? [span(` ~ not refreshed: ${clean(answer.error ?? '')}`, 'warning')] : [];
}
