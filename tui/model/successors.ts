/** Who could lead next, as far as the picture says: what it shows closed is not asked for. A plan decides. */
import type { NodeRow } from '../feed/wire.ts';
import type { Model } from './model.ts';
import { compareNames, shown } from './selectors.ts';

/** Why leadership can't be given to this node, where that is plain without a plan; null = ask for one. */
export function noLeaderOf(model: Model, id: string | null): string | null {
  const node = shown(model).status?.nodes.find((n) => n.node_id === id);
  if (node === undefined) return null;
  if (node.role === 'leader') return `${id} leads already`;
  if (!node.voter) return `${id} has no vote: only a voter can lead`;
  if (node.liveness !== 'alive') return `${id} is ${node.liveness}`;
  if (node.maintenance !== null) return `${id} is in maintenance`;
  if (node.drain != null) return `${id} is drained`;
  return node.health === 'UNHEALTHY' ? `${id} is unhealthy` : null;
}

const HEALTH: readonly NodeRow['health'][] = ['HEALTHY', 'DEGRADED', 'UNKNOWN', 'UNHEALTHY'];

/** As the planner would: by health, by how far the log is behind, by round trip. */
function better(a: NodeRow, b: NodeRow): number {
  const far = Number.MAX_SAFE_INTEGER;
  return (
    HEALTH.indexOf(a.health) - HEALTH.indexOf(b.health) ||
    (a.lag_entries ?? far) - (b.lag_entries ?? far) ||
    (a.rtt_ms ?? far) - (b.rtt_ms ?? far) ||
    compareNames(a.node_id, b.node_id)
  );
}

export interface Successor {
  readonly id: string;
  /** Why it can't lead; null = it may. */
  readonly why: string | null;
}

/** Every node, the best successor first, and behind all that may lead those that can't. */
export function successors(model: Model): readonly Successor[] {
  const nodes = [...(shown(model).status?.nodes ?? [])].sort(better);
  const told = nodes.map(({ node_id: id }) => ({ id, why: noLeaderOf(model, id) }));
  const closed = told.filter((s) => s.why !== null).sort((a, b) => compareNames(a.id, b.id));
  return [...told.filter((s) => s.why === null), ...closed];
}
