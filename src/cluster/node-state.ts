/**
 * From a daemon's lifecycle and its part in Raft to the seed's six words, and the seed's eight steps of a
 * start.
 */

/** Where a daemon is between its start and its end. */
export type NodeLifecycle = 'stopped' | 'starting' | 'joining' | 'running' | 'draining' | 'stopping';

/** The seed's `NodeState`. */
export type NodeState = 'STOPPED' | 'STARTING' | 'FOLLOWER' | 'CANDIDATE' | 'LEADER' | 'SHUTTING_DOWN';

/** A node's part in Raft now. */
export type NodeRaftRole = 'learner' | 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** A running node is what Raft says; table, so that the picture in the documentation can be made from it. */
const STATE_OF_ROLE: Readonly<Record<NodeRaftRole, NodeState>> = {
  learner: 'FOLLOWER',
  follower: 'FOLLOWER',
  'pre-candidate': 'CANDIDATE',
  candidate: 'CANDIDATE',
  leader: 'LEADER',
};

const STATE_OF_LIFECYCLE: Readonly<Record<Exclude<NodeLifecycle, 'running' | 'draining'>, NodeState>> = {
  stopped: 'STOPPED',
  starting: 'STARTING',
  joining: 'STARTING',
  stopping: 'SHUTTING_DOWN',
};

/** The seed's word for a node that is at `lifecycle` and plays `role` (null before Raft runs). */
export function nodeState(lifecycle: NodeLifecycle, role: NodeRaftRole | null): NodeState {
  if (lifecycle === 'running' || lifecycle === 'draining') {
    return role === null ? 'STARTING' : STATE_OF_ROLE[role];
  }
  return STATE_OF_LIFECYCLE[lifecycle];
}

/** The seed's start of a node, in order; each becomes an event `node-start-step`. */
export const SEED_START_STEPS = [
  'load-config',
  'start-network',
  'join-gossip',
  'connect-seeds',
  'discover-members',
  'join-raft',
  'sync-config',
  'serve',
] as const;

export type SeedStartStep = (typeof SEED_START_STEPS)[number];
