/**
 * What comparisons of nodes have found. It stands in the record and outlives the leader that compared,
 * until a later comparison finds the node equal, or its name belongs to another disk.
 */
import type { NodeId } from '../base/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { withNode } from './node-lifecycle.ts';
import type { EventDraft, Outcome } from './outcome.ts';
import { done, own } from './outcome.ts';

/**
 * What speaks against giving a node more to do: a majority of the voters holds something else. Where nobody
 * knows who is right, this says nothing: all of them are as good.
 */
export function divergedReason(state: ClusterState, nodeId: NodeId): string | null {
  const record = own(state.nodes, nodeId);
  if (record?.diverged === undefined || record.undecided !== undefined) return null;
  return `holds something else than the others at ${record.diverged}`;
}

/** Nodes that are gone, or another disk by now, are passed over. */
export function recordComparison(
  state: ClusterState,
  { index, nodes }: Extract<ClusterCommand, { kind: 'verify-result' }>,
): Outcome {
  const events: EventDraft[] = [];
  let next = state;
  for (const { nodeId, instanceId, differs, undecided } of nodes) {
    const record = own(next.nodes, nodeId);
    if (record?.instanceId !== instanceId) continue;
    if (differs === null) {
      const { diverged: _ended, undecided: _open, ...equal } = record;
      next = withNode(next, { ...equal, verified: index });
      const message = `${nodeId} holds what the others hold at ${index}`;
      events.push({ kind: 'replica-verified', nodeId, message, data: { index } });
    } else if (record.diverged === undefined || (record.undecided !== undefined && undecided === undefined)) {
      const { undecided: _open, ...known } = record;
      next = withNode(next, { ...known, diverged: index, ...(undecided === undefined ? {} : { undecided }) });
      const open = undecided === undefined ? '' : `; which of ${undecided.join(', ')} is right is not known`;
      const message = `${nodeId} differs from the others at ${index}: ${differs}${open}`;
      events.push({
        kind: 'replica-diverged',
        severity: 'critical',
        nodeId,
        message,
        data: { index, differs },
      });
    }
  }
  return done(next, events);
}
