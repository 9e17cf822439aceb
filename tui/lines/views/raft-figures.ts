/** Below the elections: who hears whom how fast, how far each log is, and what is committed. */
import type { Link } from '../../feed/slices.ts';
import { namesIn } from '../../format/names.ts';
import { cellWidth, clean, fitText } from '../../format/width.ts';
import { count, millis } from '../../format/words.ts';
import { allElections, answerOf } from '../../model/lists.ts';
import { metricsOf, type Sample } from '../../model/metrics.ts';
import { compareNames, shown } from '../../model/selectors.ts';
import { growth, resample } from '../../model/trace.ts';
import { type Line, lineWidth, span, type Token } from '../../theme/tokens.ts';
import { abreast, type BandRows, outdated, type PaneSpec, type Room } from '../body.ts';
import { type ChartWish, chartPane } from '../chart-pane.ts';
import { nodeLine, tableHeading, tableShape } from '../node-table.ts';
import type { View } from '../view.ts';

const MOST_COLUMNS = 12;
/** A round trip of so long is worth a look. */
const SLOW_MS = 100;
/** From here on two figures a cell are worth trying. */
const PAIR_COLUMNS = 120;
/** The least of the chart beside the matrix. */
const RATE_CELLS = 30;

type Links = readonly Link[];

/** As p50/p99, as one of them, or as the mean that an older node tells alone. */
function tripWords({ rttMs, rttP50Ms, rttP99Ms }: Link, isPair: boolean): readonly [string, Token] {
  if (rttMs === null) return ['ok', 'ok'];
  const usual = rttP50Ms ?? rttMs;
  const isSlow = (isPair ? (rttP99Ms ?? usual) : usual) > SLOW_MS;
  const slowest = isPair && rttP99Ms != null ? `/${millis(rttP99Ms)}` : '';
  return [`${millis(usual)}${slowest}`, isSlow ? 'warning' : 'ok'];
}

function linkCell(links: Links, view: View, [from, to]: readonly [string, string], isPair: boolean) {
  if (from === to) return [view.symbols.dot, 'muted'] as const;
  const link = links.find((l) => l.from === from && l.to === to);
  if (link === undefined) return ['?', 'muted'] as const;
  if (link.liveness === 'dead') return [view.symbols.dead, 'dead'] as const;
  if (link.liveness !== 'alive') return [link.liveness.slice(0, 5), 'suspect'] as const;
  return tripWords(link, isPair);
}

/** Whether two figures a cell have room beside the panes that stand there too. */
function isPairRoom(links: Links, names: readonly string[], room: Room): boolean {
  if (room.columns < PAIR_COLUMNS || !links.some((l) => l.rttP99Ms != null)) return false;
  const longest = Math.max(...names.map(cellWidth), ...links.map((l) => cellWidth(tripWords(l, true)[0])));
  return (longest + 1) * (names.length + 1) + 3 <= room.columns - LOG_CELLS - RATE_CELLS;
}

/** Row → column: what the node of the row says of the one of the column; `?` = it could not be asked. */
function matrix(view: View, room: Room): PaneSpec {
  const names = (shown(view.model).status?.nodes ?? []).map((n) => n.node_id).sort(compareNames);
  const answer = answerOf(shown(view.model), 'links');
  const links = answer?.value ?? [];
  const isPair = isPairRoom(links, names.map(clean), room);
  const figure = isPair ? ' p50/p99' : links.some((l) => l.rttP50Ms != null) ? ' p50' : '';
  const title: Line = [
    span('Links', 'title'),
    ...outdated(answer),
    span(` RTT ms${figure}, row → column`, 'muted'),
  ];
  if (names.length > MOST_COLUMNS) {
    const text = `not drawn for ${names.length} nodes: see each in its Node view`;
    return { pane: 'links', title, lines: [[span(text, 'muted')]], focused: false };
  }
  if (answer === undefined || answer.value === null) {
    const words = answer === undefined ? 'asking each node…' : `no answer: ${clean(answer.error ?? '')}`;
    return { pane: 'links', title, lines: [[span(words, 'muted')]], focused: false };
  }
  const most = Math.floor((room.columns - RATE_CELLS - 3) / (names.length + 1)) - 1;
  const columns = namesIn(names.map(clean), most);
  const rows = names.map((from) => names.map((to) => linkCell(links, view, [from, to], isPair)));
  const longest = Math.max(columns.width, ...rows.flat().map(([text]) => cellWidth(text)));
  const width = (isPair ? longest : columns.width) + 1;
  const lines = rows.map((row, i): Line => {
    const cells = row.map(([text, token]) => span(fitText(text, width, 'right'), token));
    return [span(fitText(columns.short(clean(names[i] ?? '')), width), 'title'), ...cells];
  });
  return {
    pane: 'links',
    title,
    heading: [
      span(' '.repeat(width)),
      ...names.map((to) => span(fitText(columns.short(clean(to)), width, 'right'), 'muted')),
    ],
    lines,
    focused: false,
  };
}

/** The matrix alone: a text has the whole width for it. */
export function linksPane(view: View, room: Room): PaneSpec {
  return matrix(view, { ...room, columns: room.columns + RATE_CELLS });
}

/** Who leads, or led last: what was committed before is of interest most while nobody leads. */
function newestLeader({ model }: View): string | null {
  return shown(model).status?.raft.leader_id ?? allElections(model)[0]?.node_id ?? null;
}

/** Entries a second that the leader applied: what the cluster commits. */
function rate(view: View, width: number, height: number): PaneSpec {
  const leader = newestLeader(view);
  const points = leader === null ? [] : (view.model.trace[leader] ?? []);
  const wish: ChartWish = {
    ...{ title: 'Commits/s', unit: count },
    values: (window, slices) => growth(points, window, slices),
  };
  return { ...chartPane(wish, view, { width, height }), pane: 'rate' };
}

/** Until a write was committed and applied, as the leader says. */
function latency(view: View, width: number, height: number): PaneSpec {
  const leader = newestLeader(view);
  const samples = leader === null ? [] : (commitLatency(view, leader) ?? []);
  const wish: ChartWish = {
    ...{ title: 'Commit latency p95 ms', unit: millis },
    values: (window, slices) => resample(samples, (s) => s.value, window, slices),
  };
  return { ...chartPane(wish, view, { width, height }), pane: 'latency' };
}

function commitLatency({ model }: View, leader: string): readonly Sample[] | undefined {
  return metricsOf(model, leader).find((m) => m.name === 'commit ms')?.samples;
}

/** Cells of a node's log in figures and as a bar, with its edges. */
const LOG_CELLS = 46;
const MOST_TITLE_CELLS = 40;
const LOG_COLUMNS = ['match', 'lag', 'replication'];

/** How far each node's log is: the entry that it is known to hold, and how far that is behind. */
function logs(view: View, cells: number): PaneSpec {
  const nodes = shown(view.model).status?.nodes ?? [];
  const rows = [...nodes].sort((a, b) => compareNames(a.node_id, b.node_id));
  const shape = tableShape(rows, cells - 4, LOG_COLUMNS);
  const plain = { isSelected: false, isStale: false };
  return {
    pane: 'logs',
    title: [span('Logs', 'title'), span(' entries held and behind', 'muted')],
    heading: tableHeading(shape, cells - 4),
    lines: rows.map((row) => nodeLine(row, shape, view, plain)),
    focused: false,
  };
}

/** Links, logs and commits side by side; where the matrix needs the room, without the logs. */
function inOneBand(links: PaneSpec, height: number, view: View, room: Room): BandRows {
  const needed = cellsOf(links);
  const left = Math.max(needed, Math.floor((room.columns - LOG_CELLS) / 2));
  const right = room.columns - left - LOG_CELLS;
  if (right < RATE_CELLS) {
    const share = Math.max(needed, Math.floor(room.columns * 0.5));
    const rest = room.columns - share;
    return abreast([links, rate(view, rest, height)], [share, rest], height, { view, room });
  }
  const panes = [links, logs(view, LOG_CELLS), rate(view, right, height)];
  return abreast(panes, [left, LOG_CELLS, right], height, { view, room });
}

/** A title that is no longer than usual is whole too. */
function cellsOf(links: PaneSpec): number {
  const titled = Math.min(MOST_TITLE_CELLS, lineWidth(links.title) + 5);
  return Math.max(titled, ...links.lines.map((line) => lineWidth(line) + 3));
}

/** Rows of charts below the matrix that are worth a band of their own. */
const LEAST_CHART_ROWS = 10;

export interface Figures {
  /** As high as the cluster is large. */
  readonly wanted: number;
  readonly bands: (rows: number) => readonly BandRows[];
}

export function figures(view: View, room: Room): Figures {
  const links = matrix(view, room);
  const wanted = links.lines.length + (links.heading === undefined ? 2 : 3);
  const half = Math.floor(room.columns / 2);
  const rest = room.columns - half;
  const bands = (rows: number): readonly BandRows[] => {
    const low = rows - wanted;
    if (low < LEAST_CHART_ROWS) return [inOneBand(links, rows, view, room)];
    const left = Math.min(Math.max(cellsOf(links), half), room.columns - LOG_CELLS);
    const right = room.columns - left;
    return [
      abreast([links, logs(view, right)], [left, right], wanted, { view, room }),
      abreast([rate(view, half, low), latency(view, rest, low)], [half, rest], low, { view, room }),
    ];
  };
  return { wanted, bands };
}
