/**
 * What is wrong with the cluster that a configuration may have brought about, each by a name that stays while
 * its numbers change: what was there before a trial is told by it from what is new. Pure.
 */
import type { NodeId } from '../src/base/index.ts';
import { plural } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import type { MemberFacts } from './node-view.ts';

export interface AilmentSources {
  readonly memberOf: (nodeId: NodeId) => Pick<MemberFacts, 'liveness' | 'digest'> | undefined;
  readonly voters: readonly NodeId[];
  /** `replication.min_replicas` in force. */
  readonly minReplicas: number;
}

/** Judged by itself: who is dead, and how long nobody led. */
const JUDGED_ELSEWHERE: ReadonlySet<string> = new Set(['NodeDown', 'LeaderDown']);
/** The processors are shared with whatever else runs there: busy ones are no work of a configuration. */
const OF_THE_MACHINE = /^cpu /i;

const nameOf = (text: string): string => text.replace(/\d+(\.\d+)?/g, '#');

/** Names with what is said of each. */
export function ailmentsOf(
  cluster: Pick<ClusterState, 'nodes' | 'alerts'>,
  { memberOf, voters, minReplicas }: AilmentSources,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  // whoever is suspect has not failed yet: one late answer takes nothing back
  const copies = voters.filter((id) => /^(alive|suspect)$/.test(memberOf(id)?.liveness ?? '')).length;
  if (copies < minReplicas) {
    found.set('copies', `${plural(copies, 'live copy', 'live copies')}, min_replicas is ${minReplicas}`);
  }
  for (const { rule, nodeId, severity, state } of cluster.alerts) {
    if (severity !== 'critical' || state !== 'firing' || JUDGED_ELSEWHERE.has(rule)) continue;
    const on = nodeId === null ? '' : ` on ${nodeId}`;
    found.set(`alert ${rule}${on}`, `alert ${rule}${on} is firing`);
  }
  for (const nodeId of Object.keys(cluster.nodes)) {
    const member = memberOf(nodeId);
    if (member?.liveness !== 'alive' || member.digest?.health !== 'DEGRADED') continue;
    for (const issue of member.digest.issues) {
      if (OF_THE_MACHINE.test(issue)) continue;
      found.set(`${nodeId} ${nameOf(issue)}`, `${nodeId} is degraded: ${issue}`);
    }
  }
  return found;
}
