/** The course of a figure over the span of charts: its scale at the left, the times below, a bound across. */
import { boundRow, brailleChart, niceTop, pointsOf } from '../format/braille.ts';
import { cellWidth, fitText } from '../format/width.ts';
import { clockTime, rough } from '../format/words.ts';
import type { Wall } from '../model/model.ts';
import { slicedSpan } from '../model/trace.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { PaneSpec, Size } from './body.ts';
import type { View } from './view.ts';

export interface Window {
  readonly from: Wall;
  readonly to: Wall;
}

export interface ChartWish {
  readonly title: string;
  /** A value as the scale and the title write it. */
  readonly unit: (value: number) => string;
  /** So many slices of the time, oldest first; null where there is no sample. */
  readonly values: (window: Window, slices: number) => readonly (number | null)[];
  /** What it is now, where that is not what the newest slice says; null = not known. */
  readonly now?: number | null;
  /** A fixed top; else the next round number above all that is drawn. */
  readonly top?: number;
  /** Where an alert's rule says that it is too much, or too little; null = no rule is known to. */
  readonly bound?: number | null;
}

const SCALE_CELLS = 9;
/** Of so many rows of a chart one is worth the times. */
const LEAST_WITH_TIMES = 4;
/** On a shorter axis than this the times are told to the second. */
const FINE_MS = 600_000;
/** Between the ends so much must be left for the time in the middle. */
const MIDDLE_GAP = 8;

/** The times at the ends of an axis, and in its middle where there is room. */
export function timesOf({ from, to }: Window, cells: number): string {
  const clock = (at: Wall) => clockTime(at).slice(0, to - from < FINE_MS ? 8 : 5);
  const [first, middle, last] = [clock(from), clock((from + to) / 2), clock(to)];
  const gap = cells - first.length - last.length;
  if (gap < middle.length + 2 * MIDDLE_GAP) return `${first}${' '.repeat(Math.max(1, gap))}${last}`;
  const before = (gap - middle.length) >> 1;
  return `${first}${' '.repeat(before)}${middle}${' '.repeat(gap - middle.length - before)}${last}`;
}

/** The row that the bound goes through: dashes where the course leaves cells, and what it is. */
function bounded(row: string, dash: string, words: string): Line {
  const cells = [...row];
  const isFree = (i: number): boolean => cells[i] === ' ' || cells[i] === '\u2800';
  const room = cellWidth(words) + 2;
  let free = 0;
  let at = cells.length;
  while (at > 0 && free < room) free = isFree(--at) ? free + 1 : 0;
  const isNamed = free >= room;
  const parts = cells.map((cell, i) => {
    const letter = isNamed && i >= at && i < at + room ? ` ${words} `[i - at] : undefined;
    if (letter !== undefined) return span(letter, 'warning');
    return isFree(i) ? span(dash, 'warning') : span(cell, 'key');
  });
  return merged(parts);
}

/** Neighbours of one meaning as one span. */
function merged(parts: Line): Line {
  const out: { text: string; token: Line[number]['token'] }[] = [];
  for (const part of parts) {
    const before = out.at(-1);
    if (before?.token === part.token) before.text += part.text;
    else out.push({ ...part });
  }
  return out;
}

/** As a pane of this size. */
export function chartPane(wish: ChartWish, view: View, { width, height }: Size): PaneSpec {
  const { model, symbols } = view;
  const cells = Math.max(8, width - SCALE_CELLS - 5);
  const slices = pointsOf(cells);
  const values = wish.values(slicedSpan(model.now, model.spanMs, slices), slices);
  const bound = wish.bound ?? null;
  const most = values.reduce<number>((m, v) => Math.max(m, v ?? 0), bound ?? 0);
  const top = wish.top ?? niceTop(most);
  const inside = Math.max(1, height - 2);
  const rows = inside >= LEAST_WITH_TIMES ? inside - 1 : inside;
  const chart = { columns: cells, rows, top, ascii: symbols.ascii };
  const line = bound === null ? null : boundRow(bound, chart);
  const drawn = brailleChart(values, chart).map((text, i): Line => {
    const scale = i === 0 ? wish.unit(top) : i === rows - 1 ? '0' : '';
    const isBound = bound !== null && line?.row === i;
    return [
      span(fitText(scale, SCALE_CELLS, 'right'), 'muted'),
      span(symbols.box[5], 'muted'),
      ...(isBound ? bounded(text, line.dash, `${wish.unit(bound)} = alert`) : [span(text, 'key')]),
    ];
  });
  const now = wish.now === undefined ? (values.findLast((v) => v !== null) ?? null) : wish.now;
  const isEmpty = values.every((v) => v === null);
  const words = now !== null ? wish.unit(now) : isEmpty ? 'no samples' : symbols.dash;
  const facts = [words, rough(model.spanMs), '+ -'];
  const times: Line = [
    span(
      `${' '.repeat(SCALE_CELLS + 1)}${timesOf({ from: model.now - model.spanMs, to: model.now }, cells)}`,
      'muted',
    ),
  ];
  return {
    pane: wish.title,
    title: [span(wish.title, 'title'), span(` ${facts.join(` ${symbols.dot} `)}`, 'muted')],
    lines: rows < inside ? [...drawn, times] : drawn,
    focused: false,
  };
}
