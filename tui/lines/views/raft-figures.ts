/** Below the elections: who hears whom how fast, how far each log is, and what is committed. */
import { namesIn } from '../../format/names.ts';
import { clean, fitText } from '../../format/width.ts';
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
/** The least of the chart beside the matrix. */
const RATE_CELLS = 30;

function linkCell(view: View, from: string, to: string): readonly [string, Token] {
  if (from === to) return [view.symbols.dot, 'muted'];
  const links = answerOf(shown(view.model), 'links')?.value ?? [];
  const link = links.find((l) => l.from === from && l.to === to);
  if (link === undefined) return ['?', 'muted'];
  if (link.liveness === 'dead') return [view.symbols.dead, 'dead'];
  if (link.liveness !== 'alive') return [link.liveness.slice(0, 5), 'suspect'];
  return link.rttMs === null ? ['ok', 'ok'] : [millis(link.rttMs), link.rttMs > 100 ? 'warning' : 'ok'];
}

/** Row → column: what the node of the row says of the one of the column; `?` = it could not be asked. */
function matrix(view: View, room: Room): PaneSpec {
  const names = (shown(view.model).status?.nodes ?? []).map((n) => n.node_id).sort(compareNames);
  const answer = answerOf(shown(view.model), 'links');
  const title: Line = [
    span('Links', 'title'),
    ...outdated(answer),
    span(' round trip ms, row → column', 'muted'),
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
  const width = columns.width + 1;
  const lines = names.map((from): Line => {
    const cells = names.map((to) => {
      const [text, token] = linkCell(view, from, to);
      return span(fitText(text, width, 'right'), token);
    });
    return [span(fitText(columns.short(clean(from)), width), 'title'), ...cells];
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
  const titled = Math.min(MOST_TITLE_CELLS, lineWidth(links.title) + 4);
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
