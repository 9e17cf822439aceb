/** The first command of every log: a cluster with one node, its configuration and the tokens made with it. */
import { GENESIS } from '../audit/index.ts';
import type { ClusterState, TokenRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';

export function bootstrapCluster(
  state: ClusterState | null,
  command: Extract<ClusterCommand, { kind: 'bootstrap' }>,
  at: ApplyPosition,
): Outcome {
  const { clusterId, name, node, configText, configHash } = command;
  if (state !== null) return refused('conflict', `this is cluster "${state.name}" already`);
  const tokens = Object.fromEntries(command.tokens.map((t): [string, TokenRecord] => [t.id, t]));
  const made: ClusterState = {
    clusterId,
    name,
    createdAt: at.timestamp,
    nodes: { [node.nodeId]: { ...node, joinedAt: at.timestamp, livenessSince: at.timestamp } },
    primary: { nodeId: null, epoch: 0, since: at.timestamp },
    maintenance: {},
    pause: null,
    schedule: [],
    cooldowns: {},
    operations: [],
    elections: [],
    tokens,
    alerts: [],
    silences: [],
    outbox: [],
    audit: [],
    auditAnchor: GENESIS,
    configs: [
      {
        version: 1,
        configHash,
        createTime: at.timestamp,
        createNode: node.nodeId,
        author: at.actor,
        reason: 'made with the cluster',
        changes: [],
        isActive: true,
        text: configText,
      },
    ],
    users: {},
    revoked: [],
    removed: [],
  };
  const message = `cluster "${name}" was made on ${node.nodeId}`;
  const data = { cluster_id: clusterId, name, node_id: node.nodeId };
  return done(made, [{ kind: 'cluster-created', nodeId: node.nodeId, message, data }], { clusterId });
}
