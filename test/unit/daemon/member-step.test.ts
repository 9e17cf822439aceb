/** What the leader does to bring the Raft group in line with the record. */
import { describe, expect, it } from 'vitest';
import { nextMemberStep } from '../../../daemon/member-step.ts';
import type { ClusterState } from '../../../src/cluster/index.ts';
import type { RaftMember, RaftStatus } from '../../../src/raft/index.ts';

const member = (nodeId: string, instanceId = `disk-${nodeId}`): RaftMember => ({
  nodeId,
  instanceId,
  address: `${nodeId}:5435`,
});

function group(voters: RaftMember[], learners: RaftMember[] = []): Pick<RaftStatus, 'membership'> {
  return { membership: { voters, outgoing: [], learners, learnersNext: [] } };
}

/** A record of these nodes, and of a removal that runs. */
function record(nodes: readonly RaftMember[], leaving?: string): ClusterState {
  const entries = nodes.map(({ nodeId, instanceId }) => [
    nodeId,
    { nodeId, instanceId, host: nodeId, peerPort: 5435 },
  ]);
  const operations = leaving === undefined ? [] : [{ state: 'running', kind: 'remove-node', from: leaving }];
  return { nodes: Object.fromEntries(entries), operations } as unknown as ClusterState;
}

const [a, b] = [member('a'), member('b')];

describe('nextMemberStep', () => {
  it('adds who has a record and no place', () => {
    expect(nextMemberStep(record([a, b]), group([a]))).toEqual({ kind: 'add-learner', member: b });
    expect(nextMemberStep(record([a, b]), group([a, b]))).toBeNull();
  });

  it('does not bring back a node that an operation is taking out', () => {
    expect(nextMemberStep(record([a, b], 'b'), group([a]))).toBeNull();
  });

  it('replaces a learner whose disk was wiped, and takes such a voter out first', () => {
    const wiped = member('b', 'new-disk');
    const step = nextMemberStep(record([a, wiped]), group([a], [b]));
    expect(step).toEqual({ kind: 'add-learner', member: wiped });
    expect(nextMemberStep(record([a, wiped]), group([a, b]))).toEqual({ kind: 'remove', nodeId: 'b' });
  });

  it('takes out a learner without a record, and follows an address', () => {
    expect(nextMemberStep(record([a]), group([a], [b]))).toEqual({ kind: 'remove', nodeId: 'b' });
    const moved = { ...b, address: 'old:1' };
    const step = nextMemberStep(record([a, b]), group([a, moved]));
    expect(step).toEqual({ kind: 'set-address', nodeId: 'b', address: 'b:5435' });
  });
});
