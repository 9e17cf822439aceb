/**
 * Shapes of networks that are cut in part: who can't reach whom. Two complete groups are one of them; in most others
 * reaching is not transitive (A hears B, B hears C, A does not hear C), which is what ends clusters whose leaders
 * are elected by timers alone. A shape is drawn over names in a random order, so that each node takes each place.
 */
import { between, type NodeId, pick, type Random, shuffle } from '../../src/base/index.ts';

/** From whom nothing comes to whom. */
export type Cut = readonly [from: NodeId, to: NodeId];

export interface Shape {
  readonly name: string;
  readonly cuts: readonly Cut[];
}

/** Do the nodes at these two places, the first before the second, reach each other? */
type Reaches = (a: number, b: number, nodes: number) => boolean;

/**
 * By name. `link`: one pair does not. `bridge`: two halves that only the first node joins. `ring`, `chain`:
 * neighbours alone. `hub`: all through the first. `tails`: three that reach each other, and each other node hangs
 * on one of them (Cloudflare's outage of 2020, where plain Raft settles on no leader).
 */
const KINDS: Readonly<Record<string, { readonly least: number; readonly reaches: Reaches }>> = {
  link: { least: 3, reaches: (a, b) => a !== 0 || b !== 1 },
  bridge: {
    least: 5,
    reaches: (a, b, nodes) => a === 0 || a > (nodes - 1) / 2 === b > (nodes - 1) / 2,
  },
  ring: { least: 4, reaches: (a, b, nodes) => b - a === 1 || b - a === nodes - 1 },
  chain: { least: 4, reaches: (a, b) => b - a === 1 },
  hub: { least: 4, reaches: (a) => a === 0 },
  tails: { least: 5, reaches: (a, b) => (b < 3 ? true : a === 1 + ((b - 3) % 2)) },
};

/** Names of all that are not two groups; of three nodes all of them are a link. */
export const PARTIAL_SHAPES: readonly string[] = Object.keys(KINDS);

/** The cuts of a partial shape over `names` in this order; one way, the later one still hears the earlier. */
export function partialShape(name: string, names: readonly NodeId[], isOneWay = false): Shape {
  const cuts: Cut[] = [];
  for (const [a, from] of names.entries())
    for (const [b, to] of names.entries()) {
      if (a >= b || KINDS[name]?.reaches(a, b, names.length) !== false) continue;
      cuts.push([to, from]);
      if (!isOneWay) cuts.push([from, to]);
    }
  return { name: isOneWay ? `one-way ${name}` : name, cuts };
}

function groups(order: readonly NodeId[], random: Random, isOneWay: boolean): Shape {
  const size = between(random, 1, order.length - 1);
  const cuts: Cut[] = [];
  for (const a of order.slice(0, size))
    for (const b of order.slice(size)) {
      cuts.push([a, b]);
      if (!isOneWay) cuts.push([b, a]);
    }
  return { name: isOneWay ? 'one-way cut' : 'cut', cuts };
}

/** Half of the time two groups, else one of the partial shapes that so many nodes can have. */
export function drawShape(random: Random, names: readonly NodeId[]): Shape {
  const order = shuffle(random, names);
  const isOneWay = random.next() < 0.3;
  const fitting = PARTIAL_SHAPES.filter((name) => names.length >= (KINDS[name]?.least ?? 0));
  if (random.next() < 0.5 || fitting.length === 0) return groups(order, random, isOneWay);
  return partialShape(pick(random, fitting), order, isOneWay);
}
