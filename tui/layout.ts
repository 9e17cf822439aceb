/**
 * Which panes a screen of this size shows, and where. Pure arithmetic: the sum of all
 * heights is the number of rows, always, because a frame one row too tall makes a
 * terminal scroll. No size is refused.
 */
import type { Pane } from './model/model.ts';

/** full ≥ 110x30 · compact ≥ 80x20 · small ≥ 60x15 · tiny below. */
export type Tier = 'full' | 'compact' | 'small' | 'tiny';

export interface PanePlace {
  readonly pane: Pane;
  readonly width: number;
}

/** Panes side by side. */
export interface Band {
  readonly height: number;
  readonly panes: readonly PanePlace[];
}

export interface Layout {
  readonly tier: Tier;
  readonly columns: number;
  readonly rows: number;
  /** Lines above the panes: header, and tabs and banner where there is room, else what must be said. */
  readonly headRows: 1 | 2 | 3;
  readonly bands: readonly Band[];
  /** Below the bands of the topology: all about the selected node; 0 where there is no room for it. */
  readonly detailRows: number;
  /** Boxes around panes, or one rule above each. */
  readonly boxed: boolean;
}

/** Of a text, which has no last row, the columns alone decide. */
export function tierOf(columns: number, rows = Number.POSITIVE_INFINITY): Tier {
  if (columns >= 110 && rows >= 30) return 'full';
  if (columns >= 80 && rows >= 20) return 'compact';
  return columns >= 60 && rows >= 15 ? 'small' : 'tiny';
}

/** Every fact of a node, and its box. */
const DETAIL_ROWS = 15;

function clamp(n: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, n));
}

export interface LayoutWish {
  readonly columns: number;
  readonly rows: number;
  /** Rows of the table. */
  readonly nodes: number;
  /** Decides what is shown where not everything fits. */
  readonly focus: Pane;
  /** Nobody leads and somebody may be elected: its steps are seen at every size. */
  readonly isElecting?: boolean;
  /** There is something that a screen without a banner must say too. */
  readonly hasNotice?: boolean;
}

export function layoutOf(wish: LayoutWish): Layout {
  const { columns, rows } = wish;
  const tier = tierOf(columns, rows);
  const headRows = tier === 'full' || tier === 'compact' ? 3 : wish.hasNotice === true && rows > 3 ? 2 : 1;
  const boxed = headRows === 3;
  const detailRows = columns >= 160 && rows >= 45 ? DETAIL_ROWS : 0;
  const body = Math.max(1, rows - headRows - 1 - detailRows);
  const bands =
    tier === 'full'
      ? fullBands(wish, body)
      : tier === 'compact'
        ? compactBands(wish, body)
        : smallBands(wish, body, tier);
  return { tier, columns, rows, headRows, bands, detailRows, boxed };
}

function fullBands({ columns, nodes }: LayoutWish, body: number): Band[] {
  const table = clamp(nodes + 3, 6, Math.floor(body * 0.45));
  const middle = clamp(Math.floor((body - table) * 0.45), 6, 10);
  const left = Math.floor(columns * 0.6);
  const split = (a: Pane, b: Pane): readonly PanePlace[] => [
    { pane: a, width: left },
    { pane: b, width: columns - left },
  ];
  return [
    { height: table, panes: [{ pane: 'nodes', width: columns }] },
    { height: middle, panes: split('elections', 'quorum') },
    { height: body - table - middle, panes: split('events', 'alerts') },
  ];
}

function compactBands({ columns, nodes, focus, isElecting }: LayoutWish, body: number): Band[] {
  const table = clamp(nodes + 3, 6, Math.floor(body * 0.48));
  const rest = body - table;
  const middle = clamp(Math.floor(rest * 0.45), 5, 7);
  const left = Math.floor(columns / 2);
  const bottom = rest - middle;
  const isTall = bottom >= 8;
  // where elections have no band of their own the one under way is seen instead of the quorum
  const isInstead = isElecting === true && !isTall && focus !== 'quorum' && focus !== 'elections';
  const bands: Band[] = [
    { height: table, panes: [{ pane: 'nodes', width: columns }] },
    {
      height: middle,
      panes: [
        { pane: isInstead ? 'elections' : 'quorum', width: left },
        { pane: 'alerts', width: columns - left },
      ],
    },
  ];
  if (isTall) {
    bands.push({ height: 4, panes: [{ pane: 'elections', width: columns }] });
    bands.push({ height: bottom - 4, panes: [{ pane: 'events', width: columns }] });
  } else {
    bands.push({
      height: bottom,
      panes: [{ pane: focus === 'elections' ? 'elections' : 'events', width: columns }],
    });
  }
  return bands;
}

/** The table and below it the pane that has the focus; on a tiny screen only where there is room. */
function smallBands({ columns, nodes, focus, isElecting }: LayoutWish, body: number, tier: Tier): Band[] {
  const heading = tier === 'small' ? 1 : 0;
  const least = tier === 'small' ? 5 : 3;
  const wanted = Math.max(1, nodes) + heading;
  const own: Pane | null = focus !== 'nodes' ? focus : isElecting === true ? 'elections' : null;
  const lower: Pane = own ?? 'events';
  const room = own === null ? body - wanted : Math.max(least, body - wanted);
  if (room < least || body - room < 1) return [{ height: body, panes: [{ pane: 'nodes', width: columns }] }];
  return [
    { height: body - room, panes: [{ pane: 'nodes', width: columns }] },
    { height: room, panes: [{ pane: lower, width: columns }] },
  ];
}

/** Rows of nodes that the table can show. */
export function tableRows(layout: Layout): number {
  const height = layout.bands.find((b) => b.panes.some((p) => p.pane === 'nodes'))?.height ?? 1;
  const frame = layout.boxed ? 3 : layout.tier === 'small' ? 1 : 0;
  return Math.max(1, height - frame);
}
