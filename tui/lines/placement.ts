/** Which nodes are in which zone, as the Quorum pane says it: a row or more, and how many have no room. */
import type { NodeRow } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { quorumFacts, shown } from '../model/selectors.ts';
import { type Line, lineWidth, span } from '../theme/tokens.ts';
import { nodeSign } from './node-table.ts';
import type { View } from './view.ts';

/** Where lines of a pane stand: as many as there are, as wide as they are where there is no edge. */
export interface Space {
  readonly cells: number;
  readonly rows: number;
}

export const BOUNDLESS: Space = { cells: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };

/** So many nodes of a zone are named. */
const MOST_NAMED = 8;

/** All of a zone where they have room, else those that vote and those that are dead. */
function namedOf(nodes: readonly NodeRow[]): readonly NodeRow[] {
  if (nodes.length <= MOST_NAMED) return nodes;
  return nodes.filter((n) => n.voter || n.liveness === 'dead').slice(0, MOST_NAMED);
}

/** Blanks before a zone that stands in one row with others. */
const ZONE_GAP = 3;

/** A word of the row, the blanks before it, and how many nodes it tells of. */
interface Part {
  readonly line: Line;
  readonly gap: number;
  readonly nodes: number;
}

function partsOf(zone: string, nodes: readonly NodeRow[], view: View): readonly Part[] {
  const named = namedOf(nodes);
  // letters as signs would run into the name
  const apart = view.symbols.ascii ? ' ' : '';
  const rest = nodes.length - named.length;
  return [
    { line: [span(clean(zone) || 'no zone', 'muted')], gap: ZONE_GAP, nodes: 0 },
    ...named.map((node): Part => {
      return { line: [nodeSign(node, view), span(`${apart}${clean(node.node_id)}`)], gap: 1, nodes: 1 };
    }),
    ...(rest === 0 ? [] : [{ line: [span(`+${rest}`, 'muted')], gap: 1, nodes: rest }]),
  ];
}

function widthOf(row: readonly Part[]): number {
  return row.reduce((cells, { line, gap }, i) => cells + lineWidth(line) + (i === 0 ? 0 : gap), 0);
}

function lineOf(row: readonly Part[]): Line {
  return row.flatMap(({ line, gap }, i) => (i === 0 ? line : [span(' '.repeat(gap)), ...line]));
}

/** A zone begins a row where it has no room behind the one before, and goes on in another where it must. */
function wrapped(zones: readonly (readonly Part[])[], cells: number): Part[][] {
  const rows: Part[][] = [];
  for (const zone of zones) {
    const last = rows.at(-1);
    if (last !== undefined && widthOf([...last, ...zone]) <= cells) {
      last.push(...zone);
      continue;
    }
    rows.push([]);
    for (const part of zone) {
      const row = rows.at(-1) ?? [];
      if (row.length > 1 && widthOf([...row, part]) > cells) rows.push([part]);
      else row.push(part);
    }
  }
  return rows;
}

/** In one row as many as it holds, and behind them how many there are besides; null = it holds nobody. */
function heldIn(
  parts: readonly Part[],
  cells: number,
): { readonly row: Part[]; readonly told: number } | null {
  const all = parts.reduce((sum, { nodes }) => sum + nodes, 0);
  const gap = parts[0]?.gap ?? 1;
  for (let kept = parts.length; kept > 0; kept--) {
    const row = parts.slice(0, kept);
    const told = row.reduce((sum, { nodes }) => sum + nodes, 0);
    const more: Part[] = told === all ? [] : [{ line: [span(`+${all - told}`, 'muted')], gap, nodes: 0 }];
    const held = [...row, ...more];
    // a zone of which nobody is named says nothing
    if (row.at(-1)?.nodes !== 0 && widthOf(held) <= cells) return { row: held, told };
  }
  return null;
}

/** Zones move closer together where somebody more is named for it. */
function withRest(parts: readonly Part[], cells: number): Line {
  const tries = [ZONE_GAP, 2, 1].map((gap) => {
    return heldIn(
      parts.map((part) => (part.nodes === 0 ? { ...part, gap } : part)),
      cells,
    );
  });
  const most = Math.max(...tries.map((held) => held?.told ?? 0));
  const nodes = parts.reduce((sum, part) => sum + part.nodes, 0);
  return lineOf(
    tries.find((held) => held?.told === most)?.row ?? [{ line: [span(`+${nodes}`)], gap: 0, nodes }],
  );
}

/** A zone a row where they do not fit into one; what has no room in `rows` is counted at the end. */
export function placement(view: View, { cells, rows }: Space): Line[] {
  const { status } = shown(view.model);
  if (status === null) return [];
  const zones = quorumFacts(status).zones.map(({ zone, nodes }) => partsOf(zone, nodes, view));
  const whole = wrapped(zones, cells);
  if (whole.length <= rows) return whole.map(lineOf);
  const before = whole.slice(0, rows - 1);
  return [...before.map(lineOf), withRest(whole.slice(rows - 1).flat(), cells)];
}
