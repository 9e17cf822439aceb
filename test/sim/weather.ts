/** What networks and machines around the nodes do by themselves. */
import { between, type Random, shuffle } from '../../src/base/index.ts';
import type { SimNode } from './node.ts';
import type { Operator } from './operator.ts';
import { drawShape } from './shapes.ts';

/** A connection breaks, both directions: what was on its way is lost, and one end may hear of it. */
export function reset({ cluster, count }: Operator, random: Random): void {
  const { network, world, options } = cluster;
  const [a, b] = shuffle(random, cluster.nodes) as [SimNode, SimNode];
  network.reset(a.nodeId, b.nodeId);
  network.reset(b.nodeId, a.nodeId);
  count('reset');
  const peer = b.nodeId;
  if (random.next() < 0.5) a.submit({ kind: 'unreachable', peer });
  if (!options.hints || random.next() < 0.7) return;
  // the reconnect was refused once, and then was not
  a.submit({ kind: 'peer-hint', peer, status: 'lost' });
  world.after(between(random, 1, 20), () => a.submit({ kind: 'peer-hint', peer, status: 'restored' }));
}

/** A slow network or loop raises the floor of the timeouts; an operator changes settings. */
export function surroundings({ cluster, count }: Operator, node: SimNode, random: Random): void {
  const [rttP99Ms, loopLagP99Ms] = [between(random, 0, 40), between(random, 0, 60)];
  count('surroundings');
  node.submit({ kind: 'environment', rttP99Ms, loopLagP99Ms, diskLatencyMs: between(random, 0, 30) });
  if (random.next() < 0.5) return;
  const heartbeatIntervalMs = between(random, 20, 60);
  const avoid = random.next() < 0.5 ? [node.nodeId] : [];
  count('settings');
  for (const each of cluster.nodes) each.change({ heartbeatIntervalMs, avoid });
}

/** The network becomes whole, or is cut into another shape. */
export function partition({ cluster, count, say }: Operator, random: Random): void {
  const { network, nodes } = cluster;
  network.heal();
  if (random.next() < 0.3) return;
  const { name, cuts } = drawShape(
    random,
    nodes.map((n) => n.nodeId),
  );
  for (const [from, to] of cuts) network.cut(from, to);
  count(name);
  say('net', `${name}: ${cuts.map((cut) => cut.join('>')).join(' ')}`);
}
