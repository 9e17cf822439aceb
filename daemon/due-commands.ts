/**
 * What the record lacks to agree with the facts: who is dead or back, whose maintenance
 * ran out. Pure: record, gossip's opinions and the wall time in, commands out, in the
 * order in which they matter. leader-duties proposes them.
 */
import type { NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterCommand, ClusterState } from '../src/cluster/index.ts';
import { backTo, changeText, diffTexts } from '../src/config/index.ts';
import type { MemberFacts } from './node-view.ts';

/** A member with who accuses it and why. */
export interface AccusedMember extends Pick<MemberFacts, 'liveness'> {
  readonly accusedBy: readonly NodeId[];
  readonly cause: string;
}

/** Verdicts of gossip that the record does not have yet; `self` judges everybody but itself. */
export function livenessDue(
  cluster: ClusterState,
  self: NodeId,
  memberOf: (nodeId: NodeId) => AccusedMember | undefined,
): ClusterCommand[] {
  const due: ClusterCommand[] = [];
  for (const { nodeId, liveness } of Object.values(cluster.nodes)) {
    const member = nodeId === self ? undefined : memberOf(nodeId);
    if (member === undefined) continue;
    if (member.liveness === 'dead' && liveness === 'alive') {
      const { accusedBy: by, cause } = member;
      due.push({ kind: 'node-liveness', nodeId, liveness: 'dead', by, cause });
    } else if (member.liveness === 'left' && liveness === 'alive') {
      due.push({ kind: 'node-stopped', nodeId });
    } else if (member.liveness === 'alive' && liveness !== 'alive') {
      due.push({ kind: 'node-liveness', nodeId, liveness: 'alive', by: [], cause: 'answers again' });
    }
  }
  return due;
}

/** Maintenance that ends by itself. */
export function maintenanceDue(cluster: ClusterState, now: Timestamp): ClusterCommand[] {
  return Object.entries(cluster.maintenance)
    .filter(([, m]) => m.expires <= now)
    .map(([nodeId, { expires }]) => ({ kind: 'maintenance-disable', nodeId, cause: 'expired', expires }));
}

/** A pause that ends by itself. */
export function pauseDue({ pause }: Pick<ClusterState, 'pause'>, now: Timestamp): ClusterCommand[] {
  if (pause === null || pause.expires > now) return [];
  return [{ kind: 'cluster-resume', cause: 'expired', expires: pause.expires }];
}

/** Drains that end by themselves. */
export function drainsDue(cluster: ClusterState, now: Timestamp): ClusterCommand[] {
  return Object.entries(cluster.drains ?? {})
    .filter(([, drain]) => drain.expires <= now)
    .map(([nodeId, { expires }]) => ({ kind: 'drain-disable', nodeId, cause: 'expired', expires }));
}

/** The command that takes back what is on trial; null when nothing is. */
export function revertCommand(cluster: ClusterState, nodeId: NodeId, cause: string): ClusterCommand | null {
  const { tentative } = cluster;
  if (tentative === undefined) return null;
  const { version, previous } = tentative;
  const textOf = (wanted: number): string => cluster.configs.find((c) => c.version === wanted)?.text ?? '';
  const changes = backTo(previous, diffTexts(textOf(version), textOf(previous)).map(changeText));
  return { kind: 'config-revert', version, cause, changes, createNode: nodeId };
}

/** Silences whose time is over. */
export function silencesDue(cluster: ClusterState, now: Timestamp): ClusterCommand[] {
  return cluster.silences
    .filter(({ until }) => until <= now)
    .map(({ id }) => ({ kind: 'silence-expire', id, cause: 'its time is over' }));
}
