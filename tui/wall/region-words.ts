/** Regions in words, where a wall has no room for the map: how many nodes, who leads, and what is worst. */
import { plural } from '../../src/base/index.ts';
import type { NodeRow } from '../feed/wire.ts';
import { cellWidth, clean, cut } from '../format/width.ts';
import { nodeState } from '../model/node-state.ts';
import { compareNames, stateRank } from '../model/selectors.ts';

/** One for each region, the worst first: `ap-south 2 nodes DEAD n5`, `eu-west ★n1 2 nodes ok`. */
export function regionWords(nodes: readonly NodeRow[], leaderId: string | null): readonly string[] {
  const regions = [...Map.groupBy(nodes, (n) => n.zone)].flatMap(([zone, rows]) => {
    const [worst] = rows.toSorted((a, b) => stateRank(a) - stateRank(b));
    if (worst === undefined) return [];
    const leads = rows.some((n) => n.node_id === leaderId) ? ` ★${clean(leaderId ?? '')}` : '';
    const { kind } = nodeState(worst);
    const how = kind === 'ok' ? 'ok' : `${kind === 'dead' ? 'DEAD' : kind} ${clean(worst.node_id)}`;
    const name = clean(zone) || 'no zone';
    return [{ rank: stateRank(worst), text: `${name}${leads} ${plural(rows.length, 'node')} ${how}` }];
  });
  return regions.sort((a, b) => a.rank - b.rank || compareNames(a.text, b.text)).map(({ text }) => text);
}

const GAP = '   ';

/** So many lines of so many cells with as many as fit; of the others it says how many they are. */
export function inLines(words: readonly string[], cells: number, most: number): readonly string[] {
  const lines: string[] = [];
  let left = words.length;
  for (const word of words) {
    const last = lines.at(-1);
    // whoever is last needs no room for how many more there are
    const more = left > 1 && lines.length >= most ? `${GAP}+${left - 1}`.length : 0;
    const longer = last === undefined ? word : `${last}${GAP}${word}`;
    if (last !== undefined && cellWidth(longer) + more <= cells) lines[lines.length - 1] = longer;
    else if (lines.length < most) lines.push(word);
    else break;
    left--;
  }
  const last = lines.pop();
  if (last === undefined) return [];
  return [...lines, left > 0 ? `${last}${GAP}+${left}` : last].map((line) => cut(line, cells));
}
