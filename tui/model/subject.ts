/**
 * The node that a key acts on: the one under the bar, where rows are of nodes. What is not on the screen is
 * not acted on: no node that was selected in another view, and from Fleet nothing at all.
 */
import type { NodeRow } from '../feed/wire.ts';
import { keyOf } from '../key-names.ts';
import { alertRows, cursorAt, happenings, rowKeys, selectedOf, subjectNode, unmatched } from './lists.ts';
import type { Model } from './model.ts';
import { selectedNode, shown, spares } from './selectors.ts';

/** Null where the row is of no node, or there is no row. */
function subjectId(model: Model): string | null {
  switch (model.view) {
    case 'topology':
      return selectedNode(model)?.node_id ?? null;
    case 'node':
    case 'log':
      return subjectNode(model);
    case 'alerts':
      return selectedOf(model, alertRows(model), (a) => a.id, 'alerts')?.node_id ?? null;
    case 'events': {
      const row = selectedOf(model, happenings(model), (h) => h.key, 'events');
      return row !== undefined && 'event' in row ? row.event.node_id : null;
    }
    default:
      return null;
  }
}

/** The node under the bar; undefined where there is none, or it is no member any more. */
export function subjectOf(model: Model): NodeRow | undefined {
  const id = subjectId(model);
  return shown(model).status?.nodes.find((n) => n.node_id === id);
}

/** Why a key that needs a node has none here; null = it has one. */
export function noSubject(model: Model): string | null {
  if (subjectOf(model) !== undefined) return null;
  const id = subjectId(model);
  if (id !== null) return `${id} is no member of the cluster`;
  if (model.view === 'topology')
    return model.filter.text === ''
      ? 'there is no node to act on'
      : unmatched(model, 'no node matches the filter');
  const isList = model.view === 'alerts' || model.view === 'events';
  const why = isList ? 'the selected row is of no node' : 'no row here is a node';
  return `${why}: ${keyOf('view:topology')} selects one`;
}

/** Why this node's place can't be given to another; null = it can. */
export function noReplacementOf(model: Model, row: NodeRow): string | null {
  if (!row.voter) return `${row.node_id} has no vote: only a voter is replaced`;
  return spares(model).length > 0 ? null : 'no node follows without a vote: join one with --observer';
}

/** Why nothing is begun from here: the bar is on another cluster, perhaps. Null = it is not. */
export function noCluster(model: Model): string | null {
  if (model.view !== 'fleet') return null;
  return `the bar is on a cluster: go there first, or leave Fleet to act on ${model.contextName}`;
}

/**
 * Why what is asked for by its name is not begun: names are those of this cluster, and the bar is on another.
 * Null = it is on this one, or in a view of it.
 */
export function underOther(model: Model): string | null {
  if (model.view !== 'fleet') return null;
  const keys = rowKeys(model);
  const name = keys[cursorAt(model, keys)];
  if (name === undefined || name === model.contextName) return null;
  const go = `${keyOf('detail')} goes there first`;
  return `the bar is on ${name}, and this would act on ${model.contextName}: ${go}`;
}
