/**
 * What rules look at: of each node its own newest word (gossip) and what the record says of it, of the
 * cluster the metrics of the node that evaluates. Facts in, readings out.
 */
import type { NodeReadings, ReadingOf } from '../src/alerts/index.ts';
import type { NodeRecord } from '../src/cluster/index.ts';
import { type DigestFacts, divergencesOf, type ViewSources } from './node-view.ts';

type BytesOf = (entries: number | null) => number | null;

function readingsOf(
  sources: ViewSources,
  digest: DigestFacts,
  bytesOf: BytesOf,
): Record<string, number | null> {
  const behind = Math.max(0, sources.raft.commitIndex - digest.lastIndex);
  return {
    cpu_usage: digest.cpuUsage,
    memory_usage: digest.memoryUsage,
    disk_usage: digest.diskUsage,
    active_connections: digest.connections,
    query_latency_p95: digest.latencyP95Ms,
    current_term: digest.term,
    log_index: digest.lastIndex,
    applied_index: digest.appliedIndex,
    uptime: Math.max(0, digest.at - digest.startedAt) / 1000,
    sync_lag: bytesOf(behind),
    ...digest.readings,
  };
}

const LATENCIES: ReadonlySet<string> = new Set([
  'query_latency_p50',
  'query_latency_p95',
  'query_latency_p99',
]);

/** Of a node that is not alive nothing is known but that. */
function readingOfNode(
  sources: ViewSources,
  record: NodeRecord,
  bytesOf: BytesOf,
): Pick<NodeReadings, 'readingOf' | 'restingOf'> {
  const member = sources.members.get(record.nodeId);
  const isHeard = member?.liveness === 'alive' || member?.liveness === 'suspect';
  const digest = isHeard ? member.digest : null;
  const told = digest === null ? {} : readingsOf(sources, digest, bytesOf);
  const diverged =
    digest === null ? null : Math.min(1, divergencesOf(sources.members.values(), record).length);
  const readings = { ...told, diverged, node_up: record.liveness === 'alive' ? 1 : 0 };
  const readingOf: ReadingOf = (name) =>
    Object.hasOwn(readings, name) ? (readings as Record<string, number | null>)[name] : null;
  // nobody asked anything in the last minute: nobody waits
  if (digest === null || digest.latencyP95Ms !== null) return { readingOf };
  return { readingOf, restingOf: (name) => (LATENCIES.has(name) ? 0 : readingOf(name)) };
}

/** Readings of every node of the record. `bytesOf`: estimated bytes of so many entries of the log. */
export function nodeReadings(sources: ViewSources, bytesOf: BytesOf): NodeReadings[] {
  const { nodes, maintenance } = sources.cluster;
  return Object.values(nodes).map((record) => ({
    nodeId: record.nodeId,
    inMaintenance: Object.hasOwn(maintenance, record.nodeId),
    ...readingOfNode(sources, record, bytesOf),
  }));
}

/**
 * How many nodes are healthy, a suspect one among them until it refutes or is given up; null while one is on
 * record as running that gossip has neither heard nor given up. It has just joined, or this node has just
 * begun: taken for ill, two that join a cluster of one at once would be an alarm. Gossip gives up whoever
 * does not come. The same for rules of the own engine and for those exported to Prometheus.
 */
export function healthyNodes({
  nodeId: self,
  cluster,
  members,
}: Pick<ViewSources, 'nodeId' | 'cluster' | 'members'>): number | null {
  const records = Object.values(cluster.nodes);
  const isUnheard = ({ nodeId, liveness }: NodeRecord): boolean =>
    nodeId !== self && liveness === 'alive' && !members.has(nodeId);
  if (records.some(isUnheard)) return null;
  const isHealthy = ({ nodeId }: NodeRecord): boolean => {
    const member = members.get(nodeId);
    const isHeard = member?.liveness === 'alive' || member?.liveness === 'suspect';
    return isHeard && member.digest?.health !== 'UNHEALTHY';
  };
  return records.filter(isHealthy).length;
}

/** Readings of the cluster. Nodes are counted now: metrics are as old as the last sample. */
export function clusterReading(sources: ViewSources, metrics: Readonly<Record<string, number>>): ReadingOf {
  const total = Object.keys(sources.cluster.nodes).length;
  const counted: Readonly<Record<string, number | null>> = {
    ...{ healthy_nodes: healthyNodes(sources), total_nodes: total, node_count: total },
  };
  return (name) => (Object.hasOwn(counted, name) ? counted[name] : metrics[name]);
}
