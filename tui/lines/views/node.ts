/** All about one node: facts, charts of load and lag, and what it did last. */
import type { NodeRow } from '../../feed/wire.ts';
import { bar } from '../../format/chart.ts';
import { clean, fitText } from '../../format/width.ts';
import { age, count, millis, percent } from '../../format/words.ts';
import { keyOf, pairOf } from '../../key-names.ts';
import { subjectNode } from '../../model/lists.ts';
import { appliedNow } from '../../model/metrics.ts';
import type { NodeStateWord } from '../../model/node-state.ts';
import { isOld } from '../../model/old.ts';
import { boundOf } from '../../model/readings.ts';
import { newestFirst, selectedNode, shown, stateIn } from '../../model/selectors.ts';
import { growth, holdMs, pointAt, resample, type TracePoint } from '../../model/trace.ts';
import { type Line, span } from '../../theme/tokens.ts';
import { type BandRows, beside, type PaneSpec, type Room, stack } from '../body.ts';
import { type ChartWish, chartPane, type Window } from '../chart-pane.ts';
import { eventLineText } from '../panes.ts';
import type { View } from '../view.ts';
import { metricLines, metricsPane } from './node-metrics.ts';

function pair(label: string, value: string): Line {
  return [span(`${fitText(label, 13)} `, 'muted'), span(value)];
}

/** Milliseconds while they matter, then an age: `20 ms`, `1m09s`. */
function silence(ms: number): string {
  return ms < 10_000 ? `${millis(ms)} ms` : age(ms);
}

/** Only the leader knows how far another node is behind. */
function lagWords(lag: number | null): string {
  return lag === null ? 'lag not known here' : `lag ${count(lag)} ${lag === 1 ? 'entry' : 'entries'}`;
}

/** What a node is and how it does, one fact a line; without what its figures beside them say. */
function facts(row: NodeRow, view: View, isBesideFigures: boolean): Line[] {
  const { model, symbols } = view;
  const { dot } = symbols;
  const join = (...parts: readonly string[]): string => parts.join(` ${dot} `);
  // of a second that nobody recorded nothing is said, neither that it never was
  const unknown = model.past === null ? null : symbols.dash;
  const checked = row.last_check === null ? 'never' : `${age(model.now - Date.parse(row.last_check))} ago`;
  const heard =
    row.last_heartbeat_ms === null ? (unknown ?? 'never') : `${silence(row.last_heartbeat_ms)} ago`;
  const labels = Object.entries(row.metadata).map(([k, v]) => `${clean(k)}=${clean(v)}`);
  const uptime = row.uptime_ms === null ? '—' : age(row.uptime_ms);
  // the node that answers has no round trip to itself
  const trip = !row.rtt_ms || row.liveness === 'dead' ? '—' : `${millis(row.rtt_ms)} ms`;
  const p95 = isBesideFigures ? [] : [`query p95 ${millis(row.query_latency_p95_ms)} ms`];
  const { active_connections: open } = row;
  const clients = open === null ? symbols.dash : `${count(open)} connection${open === 1 ? '' : 's'}`;
  const health = row.health === 'UNKNOWN' ? unknown : null;
  return [
    pair('address', join(`${clean(row.host)}:${row.port}`, `clients ${row.client_port}`, clean(row.version))),
    pair('raft', join(row.role ?? 'unknown', row.voter ? 'voter' : 'no vote', `term ${row.term ?? '—'}`)),
    pair('log', join(count(row.match_index), lagWords(row.lag_entries))),
    ...catchUp(row, view),
    pair('liveness', join(row.liveness, `heard ${heard}`, `round trip ${trip}`)),
    pair('health', health ?? join(row.health.toLowerCase(), `checked ${checked}`, ...row.issues.map(clean))),
    ...maintenanceFact(row, view),
    ...(isBesideFigures ? [] : loads(row, view)),
    pair('clients', join(clients, ...p95, `up ${uptime}`)),
    ...timing(row, view, isBesideFigures),
    ...(labels.length > 0 ? [pair('labels', labels.join(' '))] : []),
  ];
}

/** What it said of its clock, its loop and its disk; an older node says nothing. */
function timing(row: NodeRow, view: View, isBesideFigures: boolean): Line[] {
  const figures = [
    ['stall', row.event_loop_lag_ms],
    ['fsync', row.fsync_ms],
  ] as const;
  const parts = [['clock off by', row.clock_offset_ms] as const, ...(isBesideFigures ? [] : figures)];
  const told = parts.flatMap(([name, ms]) => (ms == null ? [] : [`${name} ${millis(ms)} ms`]));
  return told.length === 0 ? [] : [pair('timing', told.join(` ${view.symbols.dot} `))];
}

function maintenanceFact(row: NodeRow, view: View): Line[] {
  const { maintenance } = row;
  if (maintenance === null) return [];
  const left = age(Date.parse(maintenance.expires) - view.model.now);
  const why = maintenance.reason === '' ? '' : `: ${clean(maintenance.reason)}`;
  return [pair('maintenance', `by ${clean(maintenance.owner)}, ends in ${left}${why}`)];
}

/** Cpu, memory and disk as bars; a bar that is nearly full is coloured before any alert says so. */
function loads(row: NodeRow, view: View): Line[] {
  const parts = [
    ['cpu', row.cpu_usage],
    ['memory', row.memory_usage],
    ['disk', row.disk_usage],
  ] as const;
  return parts.map(([label, ratio]) => [
    span(`${fitText(label, 13)} `, 'muted'),
    ...(ratio === null
      ? [span('—', 'muted')]
      : [
          span(bar(ratio, 12, view.symbols.ascii), ratio >= 0.85 ? 'warning' : 'ok'),
          span(` ${percent(ratio)} %`),
        ]),
  ]);
}

/** When a follower that is behind will have caught up, at the pace of the last minute. */
function catchUp(row: NodeRow, view: View): Line[] {
  const lag = row.lag_entries ?? 0;
  if (lag <= 0 || row.liveness !== 'alive' || row.role === 'leader') return [];
  const { now, trace } = view.model;
  const points = (trace[row.node_id] ?? []).filter((p) => p.at >= now - 60_000 && p.at <= now);
  const known = points.filter((p) => p.lag !== null);
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < 5000) return [];
  const pace = ((first.lag ?? 0) - (last.lag ?? 0)) / ((last.at - first.at) / 1000);
  const words = pace <= 0 ? 'not catching up' : `caught up in about ${age((lag / pace) * 1000)}`;
  return [pair('', `${view.symbols.arrow} ${words}, ${count(Math.abs(pace))} entries/s`)];
}

/** The course of one of its figures: the highest of each slice, so that the newest is told apart. */
function traced(
  { title, unit }: Pick<ChartWish, 'title' | 'unit'>,
  { model: { now, trace } }: View,
  nodeId: string,
  read: (point: TracePoint) => number | null,
): ChartWish {
  const points = trace[nodeId] ?? [];
  const newest = pointAt(points, now, holdMs(trace));
  const values = (window: Window, slices: number) => resample(points, read, window, slices);
  return { title, unit, values, now: newest === null ? null : read(newest) };
}

function charts(view: View, nodeId: string): readonly [ChartWish, ChartWish, ChartWish] {
  const points = view.model.trace[nodeId] ?? [];
  const cpu = { title: 'CPU %', unit: (value: number) => percent(value, 0) };
  return [
    { ...traced(cpu, view, nodeId, (p) => p.cpu), top: 1, bound: boundOf(view.model, 'cpu_usage') },
    traced({ title: 'Lag, entries', unit: count }, view, nodeId, (p) => p.lag),
    {
      ...{ title: 'Applied a second', unit: count, now: appliedNow(view.model, nodeId) },
      values: (window, slices) => growth(points, window, slices),
    },
  ];
}

function titleOf(row: NodeRow, state: NodeStateWord, view: View): Line {
  const place = ` ${view.symbols.dot} ${clean(row.zone) || 'no zone'} ${view.symbols.dot} `;
  const old = isOld(view.model, row.node_id) ? ` ${view.symbols.dot} ~ no fresh figures` : '';
  return [
    ...[span(clean(row.node_id), 'title'), span(place, 'muted'), span(state.word, state.token)],
    ...(old === '' ? [] : [span(old, 'suspect')]),
  ];
}

function recent(view: View, nodeId: string): PaneSpec {
  const events = newestFirst(shown(view.model)).filter((e) => e.node_id === nodeId);
  const lines = events.map((e) => eventLineText(e, 1));
  return {
    pane: 'recent',
    title: [span('What it did', 'title')],
    lines: lines.length > 0 ? lines : [[span('nothing told of it', 'muted')]],
    focused: false,
  };
}

function aboutOf(row: NodeRow, view: View, isBesideFigures: boolean): PaneSpec {
  const title = titleOf(row, stateIn(view.model, row), view);
  return { pane: 'node', title, lines: facts(row, view, isBesideFigures), focused: false };
}

/** All facts of a node, whatever stands beside them. */
export function aboutNode(row: NodeRow, view: View): PaneSpec {
  return aboutOf(row, view, false);
}

/** Below the table on a large screen: the selected node, in one band. */
export function nodeDetail(view: View, room: Room): BandRows[] {
  const row = selectedNode(view.model);
  if (row === undefined) {
    const none: PaneSpec = { pane: 'node', title: [span('Node', 'title')], lines: [], focused: false };
    return stack([[none, room.rows]], view, room);
  }
  const right = room.columns - Math.floor(room.columns * 0.5);
  const [cpu] = charts(view, row.node_id);
  return [
    beside(
      [aboutOf(row, view, false), chartPane(cpu, view, { width: right, height: room.rows })],
      0.5,
      room.rows,
      { view, room },
    ),
  ];
}

export function nodeView(view: View, room: Room): BandRows[] {
  const { model } = view;
  const id = subjectNode(model);
  const row = shown(model).status?.nodes.find((n) => n.node_id === id);
  if (id === null || row === undefined) {
    const words =
      id === null
        ? 'asking the cluster…'
        : `gone from the cluster: ${pairOf('left', 'right')} another node, ${keyOf('back')} back`;
    const title: Line = [span(clean(id ?? 'Node'), 'title')];
    return stack(
      [[{ pane: 'node', title, lines: [[span(words, 'muted')]], focused: true }, room.rows]],
      view,
      room,
    );
  }
  const about: PaneSpec = { ...aboutOf(row, view, true), focused: true, scroll: model.side.scroll };
  if (room.tier === 'tiny') {
    const lines = [...about.lines, ...metricLines(view, id, room.columns - 1, true)];
    return stack([[{ ...about, lines }, room.rows]], view, room);
  }
  if (room.tier !== 'full') return factsAndFigures(view, room, about, id);
  return wholeNode(view, room, about, id);
}

/** Facts above, figures below; whoever scrolls past the end of the facts scrolls the figures. */
function factsAndFigures(view: View, room: Room, about: PaneSpec, id: string): BandRows[] {
  const frame = room.boxed ? 2 : 1;
  const figures = metricsPane(view, id, room.columns - (room.boxed ? 3 : 1));
  const high = Math.min(about.lines.length + frame, Math.floor(room.rows * 0.55));
  const hidden = about.lines.length + frame - high;
  const scroll = Math.max(0, view.model.side.scroll - hidden);
  return stack(
    [
      [about, high],
      [{ ...figures, scroll }, room.rows],
    ],
    view,
    room,
  );
}

/** Facts beside figures, and below them charts and what happened. */
function wholeNode(view: View, room: Room, about: PaneSpec, id: string): BandRows[] {
  const [cpu, lag, applied] = charts(view, id);
  const half = Math.floor(room.columns * 0.5);
  const right = room.columns - half;
  const figures = metricsPane(view, id, right - 3);
  const wish = Math.max(about.lines.length, figures.lines.length + 1) + 2;
  const high = Math.min(wish, Math.floor(room.rows * 0.5));
  const rest = room.rows - high;
  const low = Math.floor(rest / 2);
  const left = chartPane(lag, view, { width: half, height: low });
  const below = chartPane(cpu, view, { width: right, height: rest - low });
  return [
    beside([about, figures], 0.5, high, { view, room }),
    beside([left, chartPane(applied, view, { width: right, height: low })], 0.5, low, { view, room }),
    beside([recent(view, id), below], 0.5, rest - low, { view, room }),
  ];
}
