/**
 * The topology screen as lines in places: what each pane and overlay shows at a given
 * size. The components only put these lines on the terminal; the scripted modes print
 * them.
 */
import { clean } from '../format/width.ts';
import { type Layout, layoutOf, type PanePlace, tableRows } from '../layout.ts';
import { vacantFor } from '../model/election-steps.ts';
import { unmatched } from '../model/lists.ts';
import type { Model, Pane } from '../model/model.ts';
import { isOld } from '../model/old.ts';
import { momentOf, quorumFacts, selectedNode, shown, stateCounts, visibleNodes } from '../model/selectors.ts';
import type { ViewId } from '../model/views.ts';
import { fitLine, type Line, span, type Token } from '../theme/tokens.ts';
import { actionDialogText } from './action-dialog.ts';
import { type BandRows, edgeMarks, focusMark, type PaneRows, type Room, type Row, sideways } from './body.ts';
import { changeDialogText } from './change-dialog.ts';
import { chooserText } from './chooser.ts';
import { type DialogText, fitDialog, mostScroll } from './dialog-parts.ts';
import { explainText, noForceText } from './explain.ts';
import { footer, toastLines } from './foot.ts';
import { banner, header, tabs } from './head.ts';
import { messagesText } from './messages.ts';
import {
  columnsOf,
  nodeLine,
  nodeNames,
  type TableShape,
  tableHeading,
  tableShape,
  tinyNodeLine,
} from './node-table.ts';
import { fitNotice, notice } from './notice.ts';
import { helpText } from './overlays.ts';
import { panel } from './panel.ts';
import { alertsPane, electionsPane, eventsPane, type PaneText, quorumPane } from './panes.ts';
import type { Space } from './placement.ts';
import type { View } from './view.ts';
import { alertsView } from './views/alerts.ts';
import { configView } from './views/config.ts';
import { eventsView } from './views/events.ts';
import { fleetView } from './views/fleet.ts';
import { logView } from './views/log.ts';
import { nodeDetail, nodeView } from './views/node.ts';
import { operationsView } from './views/operations.ts';
import { raftView } from './views/raft.ts';

export interface OverlayRows {
  /** What lies behind it is dimmed; a toast of several lines dims nothing. */
  readonly veils: boolean;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly rows: readonly Row[];
}

export interface Screen {
  readonly layout: Layout;
  readonly head: readonly Row[];
  readonly bands: readonly BandRows[];
  readonly foot: Row;
  readonly overlay: OverlayRows | null;
  /** How far the pane with the focus can be moved sideways. */
  readonly mostShift: number;
  /** How far the text of the overlay can be moved down. */
  readonly mostScroll: number;
  /** It is another picture than the model's, which can't be drawn. */
  readonly isUndrawn?: true;
}

const PANES: Readonly<Record<Exclude<Pane, 'nodes'>, (view: View, space: Space) => PaneText>> = {
  elections: electionsPane,
  quorum: quorumPane,
  alerts: alertsPane,
  events: eventsPane,
};

/** First row to show so that the selected one is inside. */
function windowStart(selected: number, total: number, rows: number): number {
  const latest = Math.max(0, total - rows);
  return Math.min(latest, Math.max(0, selected - Math.floor(rows / 2)));
}

/** How many there are, which of them are seen, and how they were asked for and sorted. */
function nodesTitle(
  { model, symbols }: View,
  shape: TableShape,
  { first, last, all }: { readonly first: number; readonly last: number; readonly all: number },
): Line {
  const { status } = shown(model);
  const observer = clean(status?.cluster.read.node_id ?? '?');
  const range = `${all === 0 ? '0' : `${first}–${last}`} of ${all}`;
  const set = model.columnSet === 'all' ? [] : [`columns ${model.columnSet}`];
  const left = symbols.ascii ? '<' : '←';
  const moved = shape.by === 0 ? [] : [`${left}${shape.by} columns`];
  const asked = [`seen by ${observer}`, `sort ${model.sort.key} ${model.sort.reverse ? '▼' : '▲'}`];
  // what can't be seen at a glance is counted, and comes before who says so
  const isWhole = all <= last - first + 1;
  const told = isWhole
    ? [...asked, ...set, ...moved, range]
    : [range, ...stateCounts(shown(model)), ...asked, ...set, ...moved];
  return [
    span(`Nodes ${status?.nodes.length ?? 0}`, 'title'),
    span(['', ...told].join(` ${symbols.dot} `), 'muted'),
  ];
}

/** Of a line of a very small screen: with a name of 16 cells zone and state are whole still. */
const TINY_NAME_SHARE = 0.37;
const TINY_NAME_CELLS = 8;

function nodesPane(view: View, layout: Layout, place: PanePlace, height: number): PaneRows {
  const { model, symbols } = view;
  const all = visibleNodes(model);
  const total = shown(model).status?.nodes.length ?? 0;
  const at = Math.max(
    0,
    all.findIndex((n) => n.node_id === selectedNode(model)?.node_id),
  );
  const count = tableRows(layout);
  const start = windowStart(at, all.length, count);
  const isOldAt = (id: string | undefined): boolean =>
    model.connection.kind === 'lost' || (id !== undefined && isOld(model, id));
  const inner = place.width - (layout.boxed ? 2 : 0);
  const focused = model.focus === 'nodes';
  const shape = tableShape(all, inner, columnsOf(model.columnSet), focused ? model.shift : 0);
  const tinyNames = nodeNames(all, inner * TINY_NAME_SHARE, TINY_NAME_CELLS);
  const mostShift = focused && layout.tier !== 'tiny' ? { mostShift: shape.mostShift } : {};
  const rows = all.slice(start, start + count).map((row, i): Row => {
    const style = { isSelected: start + i === at, isStale: isOldAt(row.node_id) };
    const isTiny = layout.tier === 'tiny';
    return { line: isTiny ? tinyNodeLine(row, tinyNames, view, style) : nodeLine(row, shape, view, style) };
  });
  const over = (i: number): Token | undefined =>
    start + i === at ? 'selected' : isOldAt(all[start + i]?.node_id) ? 'muted' : undefined;
  if (!layout.boxed) {
    const heading = layout.tier === 'small' ? [{ line: tableHeading(shape, inner, model.refreshMs) }] : [];
    const body = rows.map((r, i) => withOver(fitLine(r.line, inner), over(i)));
    return { pane: 'nodes', width: place.width, height, rows: [...heading, ...body], ...mostShift };
  }
  const title = nodesTitle(view, shape, {
    first: start + 1,
    last: Math.min(all.length, start + count),
    all: all.length,
  });
  const none: Line = [span(total === 0 ? '' : ` ${unmatched(model, 'no node matches the filter')}`, 'muted')];
  const content = [
    tableHeading(shape, inner, model.refreshMs),
    ...(rows.length > 0 ? rows.map((r) => r.line) : [none]),
  ];
  const lines = panel(title, content, { symbols, width: place.width, height, focused, boxed: true });
  return {
    pane: 'nodes',
    width: place.width,
    height,
    rows: lines.map((l, i) => (i >= 2 && i - 2 < rows.length ? insideOver(l, over(i - 2)) : { line: l })),
    ...mostShift,
  };
}

function withOver(line: Line, over: Token | undefined): Row {
  return over === undefined ? { line } : { line, over };
}

/** Paints the content of a boxed line over, and leaves its edges. */
function insideOver(line: Line, over: Token | undefined): Row {
  if (over === undefined) return { line };
  const [first, ...rest] = line;
  const last = rest.pop();
  if (first === undefined || last === undefined) return { line };
  return { line: [first, ...rest.map((s) => ({ text: s.text, token: over })), last] };
}

function textPane(view: View, layout: Layout, place: PanePlace, height: number): PaneRows {
  const pane = place.pane as Exclude<Pane, 'nodes'>;
  const inside = Math.max(1, height - (layout.boxed ? 2 : 1));
  const cells = place.width - (layout.boxed ? 2 : 0) - 1;
  const { title, lines } = PANES[pane](view, { cells, rows: inside });
  const first = Math.min(view.model.scroll[pane] ?? 0, Math.max(0, lines.length - inside));
  const below = lines.length - first - inside;
  const focused = view.model.focus === pane;
  const moved = sideways(lines.slice(first, first + inside), cells, focused ? view.model.shift : 0);
  const head: Line = [...focusMark(focused, view), ...title, ...edgeMarks(first, below, moved.by, view)];
  const style = {
    symbols: view.symbols,
    width: place.width,
    height,
    focused,
    boxed: layout.boxed,
  };
  return {
    pane,
    width: place.width,
    height,
    rows: panel(
      head,
      moved.lines.map((l): Line => [span(' '), ...l]),
      style,
    ).map((line) => ({ line })),
    ...(focused && { mostShift: moved.most }),
  };
}

/** The overlay's text, and how large its box may become. */
export function overlayText(view: View, width: number, rows: number): DialogText | null {
  const { overlay } = view.model;
  if (overlay === null) return null;
  const room = { width: width - 4, rows: rows - 2 };
  switch (overlay.kind) {
    case 'help':
      return helpText(view, overlay.scroll, room);
    case 'explain':
      return overlay.topic === undefined
        ? explainText(view, overlay.scroll, room)
        : noForceText(view, overlay.scroll, room);
    case 'messages':
      return messagesText(view, overlay.scroll, room);
    case 'chooser':
      return chooserText(overlay, view, room);
    case 'change':
      return changeDialogText(overlay, view, room);
    case 'action':
      return actionDialogText(overlay, view, room);
  }
}

/** What does not fit into the last line stands above it; of a greeting all of it does. */
function toastRows(view: View, { columns, rows }: Layout): OverlayRows | null {
  const told = toastLines(view, columns);
  const above = (view.model.toast?.isAbove === true ? told : told.slice(0, -1)).slice(
    0,
    Math.max(0, rows - 2),
  );
  if (above.length === 0) return null;
  const top = rows - 1 - above.length;
  return { veils: false, left: 0, top, width: columns, rows: above.map((line) => ({ line })) };
}

interface OverlayPlace {
  readonly rows: OverlayRows | null;
  readonly hint: string | null;
  /** How far its text can be moved. */
  readonly most: number;
}

function overlayRows(view: View, layout: Layout): OverlayPlace {
  const width = Math.min(layout.columns, Math.max(40, Math.min(104, layout.columns - 8)));
  const most = Math.max(3, layout.rows - (layout.boxed ? 4 : 2));
  const text = overlayText(view, width, most);
  if (text === null) return { rows: toastRows(view, layout), hint: null, most: 0 };
  const fitting = fitDialog(text, { width: width - 4, rows: most - 2 }, view);
  const height = fitting.length + 2;
  const style = { symbols: view.symbols, width, height, focused: true, boxed: true, edge: text.edge };
  const lines = fitting.map((l): Line => [span(' '), ...l]);
  const rows = panel(text.title, lines, style).map((line) => ({ line }));
  const left = Math.floor((layout.columns - width) / 2);
  const top = Math.max(0, Math.floor((layout.rows - 1 - height) / 2));
  return { rows: { veils: true, left, top, width, rows }, hint: text.hint, most: mostScroll(text, most - 2) };
}

const VIEWS: Readonly<Record<Exclude<ViewId, 'topology'>, (view: View, room: Room) => BandRows[]>> = {
  raft: raftView,
  alerts: alertsView,
  config: configView,
  events: eventsView,
  log: logView,
  operations: operationsView,
  fleet: fleetView,
  node: nodeView,
};

function topology(view: View, layout: Layout): BandRows[] {
  return layout.bands.map((band) => ({
    height: band.height,
    panes: band.panes.map((place) =>
      place.pane === 'nodes'
        ? nodesPane(view, layout, place, band.height)
        : textPane(view, layout, place, band.height),
    ),
  }));
}

function bodyOf(view: View, layout: Layout): BandRows[] {
  const { model } = view;
  const then = momentOf(model);
  const seen = then === model.now ? view : { ...view, model: { ...model, now: then } };
  const { columns, tier, boxed, detailRows } = layout;
  if (model.view === 'topology') {
    const room = { columns, rows: detailRows, tier, boxed };
    return [...topology(seen, layout), ...(detailRows > 0 ? nodeDetail(seen, room) : [])];
  }
  const rows = layout.bands.reduce((sum, b) => sum + b.height, detailRows);
  return VIEWS[model.view](seen, { columns, rows, tier, boxed });
}

/** Nobody leads, and a majority is there that can elect somebody. */
function canElect(model: Model): boolean {
  const { status } = shown(model);
  return status !== null && vacantFor(model) !== null && quorumFacts(status).spare >= 0;
}

export function screenOf(view: View, columns: number, rows: number): Screen {
  // all nodes, not the filtered ones: panes stay where they are while a filter is written
  const nodes = Math.max(1, shown(view.model).status?.nodes.length ?? 0);
  const said = notice(view, columns, columns >= 60 && rows >= 15);
  const isElecting = view.model.view === 'topology' && canElect(view.model);
  const wish = { columns, rows, nodes, focus: view.model.focus, isElecting };
  const layout = layoutOf({ ...wish, hasNotice: said !== null });
  const head: Row[] = [{ line: header(view, layout) }];
  if (layout.headRows === 2 && said !== null) head.push({ line: fitNotice(said, columns) });
  if (layout.headRows === 3) head.push({ line: tabs(view, layout) }, { line: banner(view, layout) });
  const bands = bodyOf(view, layout);
  const overlay = overlayRows(view, layout);
  const foot = { line: footer(view, layout, overlay.hint) };
  const mostShift = Math.max(0, ...bands.flatMap((b) => b.panes.map((p) => p.mostShift ?? 0)));
  return { layout, head, bands, foot, overlay: overlay.rows, mostShift, mostScroll: overlay.most };
}
