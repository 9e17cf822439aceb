/**
 * The node table: which columns fit, and one line a node. Columns have a priority;
 * the narrower the screen, the fewer remain, and none is ever squeezed unreadable.
 */

import { LIMITS } from '../../src/base/index.ts';
import type { NodeRow } from '../feed/wire.ts';
import { bar, condensed, sparkline } from '../format/chart.ts';
import { type Names, namesIn } from '../format/names.ts';
import { clean, fitText } from '../format/width.ts';
import { count, millis, percent } from '../format/words.ts';
import type { ColumnSet } from '../model/model.ts';
import { nodeState } from '../model/node-state.ts';
import { shown, stateIn } from '../model/selectors.ts';
import { fitLine, type Line, type Span, span, type Token } from '../theme/tokens.ts';
import type { View } from './view.ts';

interface Column {
  readonly id: string;
  readonly title: string;
  /** Cells, without the gap of one behind it. */
  readonly width: number;
  readonly align: 'left' | 'right';
  /** 1 stays longest. */
  readonly priority: number;
  readonly cell: (row: NodeRow, view: View, width: number) => Span;
}

const plain = (text: string, token: Token = 'plain'): Span => span(text, token);

function roleWord(row: NodeRow): Span {
  if (row.role === 'leader') return plain('Leader', 'leader');
  if (row.role === 'candidate') return plain('Candidate', 'candidate');
  if (row.role === 'pre-candidate') return plain('Pre-vote', 'candidate');
  if (row.role === 'learner' || !row.voter) return plain('Learner', 'learner');
  return row.role === null ? plain('Voter', 'muted') : plain('Follower');
}

/** How far it is behind; of before a node died it says nothing of now. */
function lagOf({ liveness, lag_entries: lag }: NodeRow): number | null {
  return liveness === 'dead' ? null : lag;
}

function replication(row: NodeRow, view: View, width: number): Span {
  const lag = lagOf(row);
  if (row.match_index === null || lag === null) return plain(view.symbols.dash, 'muted');
  const whole = row.match_index + lag;
  const ratio = whole === 0 ? 1 : row.match_index / whole;
  return plain(bar(ratio, width, view.symbols.ascii), ratio === 1 ? 'ok' : 'plain');
}

/** A load that people should look at is coloured before any alert says so. */
function loadToken(ratio: number | null, high: number): Token {
  if (ratio === null) return 'muted';
  return ratio >= high ? 'warning' : 'plain';
}

/** In five cells: `640`, `9 999`, `12.3k`. */
function rateWords(rate: number | null): string {
  if (rate === null || rate < 9999.5) return count(rate);
  return `${(rate / 1000).toFixed(rate < 99_950 ? 1 : 0)}k`;
}

const COLUMNS: readonly Column[] = [
  {
    id: 'zone',
    title: 'ZONE',
    width: 6,
    align: 'left',
    priority: 4,
    cell: (r) => plain(clean(r.zone) || '—', 'muted'),
  },
  { id: 'role', title: 'ROLE', width: 9, align: 'left', priority: 5, cell: roleWord },
  {
    id: 'state',
    title: 'STATE',
    width: 14,
    align: 'left',
    priority: 1,
    cell: (r, v) => {
      const { word, token } = stateIn(v.model, r);
      return plain(word, token);
    },
  },
  {
    id: 'term',
    title: 'TERM',
    width: 5,
    align: 'right',
    priority: 12,
    cell: (r) => plain(r.term === null ? '—' : String(r.term)),
  },
  {
    id: 'match',
    title: 'MATCH',
    width: 10,
    align: 'right',
    priority: 10,
    cell: (r) => plain(count(r.match_index)),
  },
  {
    id: 'lag',
    title: 'LAG',
    width: 7,
    align: 'right',
    priority: 3,
    cell: (r) => plain(count(lagOf(r)), r.lag_entries === 0 ? 'muted' : 'plain'),
  },
  { id: 'replication', title: 'REPLICATION', width: 11, align: 'left', priority: 6, cell: replication },
  {
    id: 'rtt',
    title: 'RTT ms',
    width: 6,
    align: 'right',
    priority: 7,
    // the node that answers has no round trip to itself
    cell: (r) => plain(!r.rtt_ms || r.liveness === 'dead' ? '—' : millis(r.rtt_ms)),
  },
  {
    id: 'cpu',
    title: 'CPU%',
    width: 5,
    align: 'right',
    priority: 9,
    cell: (r) => plain(percent(r.cpu_usage), loadToken(r.cpu_usage, 0.85)),
  },
  {
    id: 'disk',
    title: 'DISK%',
    width: 5,
    align: 'right',
    priority: 11,
    cell: (r) => plain(percent(r.disk_usage, 0), loadToken(r.disk_usage, 0.85)),
  },
  {
    id: 'p95',
    title: 'P95 ms',
    width: 6,
    align: 'right',
    priority: 13,
    cell: (r) => plain(millis(r.query_latency_p95_ms)),
  },
  {
    id: 'tx',
    title: 'TX/S',
    width: 5,
    align: 'right',
    priority: 14,
    // of before it died it says nothing of now
    cell: (r) => plain(rateWords(r.liveness === 'dead' ? null : (r.queries_per_second ?? null))),
  },
  {
    id: 'spark',
    title: 'CPU 60 s',
    width: 8,
    align: 'left',
    priority: 8,
    cell: (r, v, width) => {
      const values = condensed(shown(v.model).samples[r.node_id] ?? [], width, LIMITS.screenSamples);
      return plain(sparkline(values, width, v.symbols.ascii), 'key');
    },
  },
];

/** Selection bar, sign, name. */
const LEAD = 3;

export interface TableShape {
  readonly names: Names;
  /** Columns that were left out at the left, and the most that it takes until the last one is seen. */
  readonly by: number;
  readonly mostShift: number;
  readonly columns: readonly { readonly column: Column; readonly width: number }[];
}

/** Names of the columns, as a script chooses them. */
export const COLUMN_IDS: readonly string[] = COLUMNS.map((c) => c.id);

const SETS: Readonly<Record<ColumnSet, readonly string[]>> = {
  all: COLUMN_IDS,
  raft: ['state', 'role', 'term', 'match', 'lag', 'replication', 'rtt'],
  load: ['state', 'cpu', 'disk', 'p95', 'tx', 'spark', 'lag'],
};

/** What the table shows when a person asked for this set; what does not fit is left out as ever. */
export function columnsOf(set: ColumnSet): readonly string[] {
  return SETS[set];
}

/** Of the columns wanted, those that fit beside a name of this width, in the order of the table. */
function fitting(wanted: readonly Column[], cells: number, nameWidth: number) {
  let left = cells - LEAD - nameWidth - 1;
  const kept = new Set<Column>();
  for (const column of wanted.toSorted((a, b) => a.priority - b.priority)) {
    if (column.width + 1 > left) break;
    kept.add(column);
    left -= column.width + 1;
  }
  return { columns: wanted.filter((c) => kept.has(c)), left };
}

/** A column for the names of these nodes, of so many cells at the most. */
export function nodeNames(rows: readonly { readonly node_id: string }[], most: number, least = 4): Names {
  const names = rows.map((row) => clean(row.node_id));
  return namesIn(names, Math.floor(most), least);
}

/**
 * The columns that fit into `cells`, all of them or `only` these, without as many at the left as `shift` says
 * and the width calls for; what is left over widens the sparkline.
 */
export function tableShape(
  rows: readonly NodeRow[],
  cells: number,
  only: readonly string[] = COLUMN_IDS,
  shift = 0,
): TableShape {
  const names = nodeNames(rows, cells * 0.25);
  const all = COLUMNS.filter((c) => only.includes(c.id));
  let mostShift = 0;
  while (fitting(all.slice(mostShift), cells, names.width).columns.length < all.length - mostShift)
    mostShift++;
  const by = Math.min(shift, mostShift);
  const { columns, left } = fitting(all.slice(by), cells, names.width);
  return {
    names,
    by,
    mostShift,
    columns: columns.map((column) => ({
      column,
      width: column.width + (column.id === 'spark' ? Math.max(0, Math.min(left, 50)) : 0),
    })),
  };
}

/** The line of the CPU is of all samples, however narrow: the heading says how long that is. */
function titleOf({ id, title }: Column, stepMs: number): string {
  return id === 'spark' ? `CPU ${Math.round((LIMITS.screenSamples * stepMs) / 1000)} s` : title;
}

/** `stepMs`: how far apart pictures are. */
export function tableHeading(shape: TableShape, cells: number, stepMs = 1000): Line {
  const titles = shape.columns.map(
    ({ column, width }) => `${fitText(titleOf(column, stepMs), width, column.align)} `,
  );
  return fitLine(
    [span(`${' '.repeat(LEAD)}${fitText('NODE', shape.names.width)} ${titles.join('')}`, 'muted')],
    cells,
  );
}

export function nodeSign(row: NodeRow, view: View): Span {
  const { symbols } = view;
  const { kind, token } = nodeState(row);
  if (kind === 'dead') return span(symbols.dead, token);
  if (kind === 'left') return span(symbols.left, token);
  if (kind === 'suspect' || kind === 'unknown') return span(symbols.suspect, token);
  if (row.role === 'leader') return span(symbols.leader, 'leader');
  if (kind === 'maint') return span(symbols.maintenance, token);
  if (row.role === 'candidate') return span(symbols.candidate, 'candidate');
  if (row.role === 'pre-candidate') return span(symbols.preCandidate, 'candidate');
  if (row.role === 'learner' || !row.voter) return span(symbols.learner, 'learner');
  return span(symbols.follower, kind === 'ok' ? 'ok' : token);
}

export interface RowStyle {
  readonly isSelected: boolean;
  /** Old values carry `~`. */
  readonly isStale: boolean;
}

export function nodeLine(row: NodeRow, shape: TableShape, view: View, style: RowStyle): Line {
  const name = clean(row.node_id);
  const lead: Line = [
    span(
      style.isSelected ? view.symbols.bar : style.isStale ? '~' : ' ',
      style.isSelected ? 'focus' : 'muted',
    ),
    nodeSign(row, view),
    // the bar stands where the mark would
    style.isSelected && style.isStale ? span('~', 'muted') : span(' '),
    span(`${shape.names.fit(name)} `, row.role === 'leader' ? 'leader' : 'title'),
  ];
  const cells = shape.columns.map(({ column, width }) => {
    const cell = column.cell(row, view, width);
    return span(`${fitText(cell.text, width, column.align)} `, cell.token);
  });
  return [...lead, ...cells];
}

/** One node on a very small screen: sign, name, zone and what is wrong. */
export function tinyNodeLine(row: NodeRow, names: Names, view: View, style: RowStyle): Line {
  const state = stateIn(view.model, row);
  const lag = lagOf(row) ?? 0;
  return [
    span(style.isSelected ? view.symbols.bar : style.isStale ? '~' : ' ', 'focus'),
    nodeSign(row, view),
    span(`${names.fit(clean(row.node_id))} `, row.role === 'leader' ? 'leader' : 'title'),
    span(`${fitText(clean(row.zone), 6)} `, 'muted'),
    span(state.word, state.token),
    ...(lag > 0 ? [span(`  lag ${count(lag)}`)] : []),
  ];
}
