/** Settings of a node's parts that follow from its configuration and the cluster's record. */
import type { NodeId } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import type { ClusterConfig } from '../src/config/index.ts';
import { isWildcard } from './init.ts';
import { advertisedHost, type NodeOptions, raftSettings } from './node-parts.ts';
import type { RenewalOptions } from './renewal.ts';

/** Raft's; `accused`: nodes whose results are not to be trusted. */
export function settingsOf(config: ClusterConfig, cluster: ClusterState, accused: readonly NodeId[]) {
  const voters = Object.values(cluster.nodes).filter((n) => n.suffrage === 'voter');
  // a paused cluster gets no further voter by itself: who is ready waits as a learner
  const autoPromote = cluster.pause === null ? voters.map((n) => n.nodeId).sort() : [];
  const avoid = new Set([...Object.keys(cluster.maintenance), ...accused]);
  return raftSettings(config, autoPromote, [...avoid].sort());
}

/** How this node's certificate is renewed. */
export function renewalOptions({ config, identity, dataDir, logger }: NodeOptions): RenewalOptions {
  const hosts = [advertisedHost(config), config.network.host].filter((host) => !isWildcard(host));
  return { dataDir, clusterId: identity.clusterId, hosts: [...new Set(hosts)], logger };
}
