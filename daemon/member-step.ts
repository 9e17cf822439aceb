/**
 * The next single change that brings the Raft group in line with the record of the
 * cluster: whoever has a record gets a place as learner (promotion is the core's), a
 * place whose disk is not the recorded one is given up. A pure function;
 * leader-duties acts. Removals on purpose are operations and not decided here.
 */
import type { ClusterState } from '../src/cluster/index.ts';
import type { MembershipChange, RaftMember, RaftStatus } from '../src/raft/index.ts';

/** Null when nothing is due. */
export function nextMemberStep(
  cluster: ClusterState,
  { membership }: Pick<RaftStatus, 'membership'>,
): MembershipChange | null {
  const { voters, outgoing, learners, learnersNext } = membership;
  const members = new Map<string, RaftMember>();
  for (const m of [...outgoing, ...voters, ...learnersNext, ...learners]) members.set(m.nodeId, m);
  const leaving = cluster.operations.find(
    (o) => o.state === 'running' && (o.kind === 'remove-node' || o.kind === 'replace-node'),
  )?.from;
  for (const { nodeId, instanceId, host, peerPort } of Object.values(cluster.nodes)) {
    if (nodeId === leaving) continue;
    const member = members.get(nodeId);
    const address = `${host}:${peerPort}`;
    // a disk that was wiped and admitted anew promises nothing of what the old one did
    if (member?.instanceId !== instanceId) {
      if (voters.some((v) => v.nodeId === nodeId)) return { kind: 'remove', nodeId };
      return { kind: 'add-learner', member: { nodeId, instanceId, address } };
    }
    if (member.address !== address) return { kind: 'set-address', nodeId, address };
  }
  const stray = learners.find((l) => cluster.nodes[l.nodeId] === undefined);
  return stray === undefined ? null : { kind: 'remove', nodeId: stray.nodeId };
}
