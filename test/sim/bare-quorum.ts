/** Who is just enough: nodes that are a quorum of every membership that somebody believes in, and not one more. */
import type { Membership } from '../../src/raft/index.ts';
import { isQuorum } from './config-safety.ts';

interface Holder {
  readonly instanceId: string;
}

/** Of `order`, the first that suffice, without those of them that are not needed; null when all are too few. */
export function bareQuorum<N extends Holder>(
  order: readonly N[],
  memberships: readonly Membership[],
): N[] | null {
  const core: N[] = [];
  const suffices = (): boolean => {
    const has = (id: string): boolean => core.some((n) => n.instanceId === id);
    return memberships.every((m) => isQuorum(m, has));
  };
  while (core.length < order.length && !suffices()) core.push(order[core.length] as N);
  if (!suffices()) return null;
  for (const node of order) {
    const at = core.indexOf(node);
    if (at < 0) continue;
    core.splice(at, 1);
    if (!suffices()) core.splice(at, 0, node);
  }
  return core;
}
