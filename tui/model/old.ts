/** Which figures on the screen are older than values may be that carry no mark. */
import type { NodeId } from '../../src/base/index.ts';
import type { Model } from './model.ts';
import { freshFor, isUnseen } from './selectors.ts';
import { pointAt, type TracePoint } from './trace.ts';

/**
 * The figures of this node are missing near the second that is shown, or too old for it. Before the record
 * each node has figures of its own times; in the record all of a picture are of one.
 */
export function isOld(model: Model, nodeId: NodeId): boolean {
  if (isUnseen(model)) return true;
  const { past, record } = model;
  const first = record[0]?.at ?? Number.POSITIVE_INFINITY;
  if (past === null || first <= past.at) return false;
  return !tellsAny(pointAt(model.trace[nodeId] ?? [], past.at, freshFor(model)));
}

function tellsAny(point: TracePoint | null): boolean {
  return point !== null && (point.cpu ?? point.lag ?? point.applied) !== null;
}

/** Of the second that is looked back at no node has a figure, though it is known who led. */
export function hasNoFigures(model: Model): boolean {
  const nodes = model.past?.picture.status?.nodes ?? [];
  return nodes.length > 0 && !isUnseen(model) && nodes.every((n) => isOld(model, n.node_id));
}
