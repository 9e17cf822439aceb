/** How nodes are: all of them by their own words, or this one, looked at now. */
import { compareText } from '../../src/base/index.ts';
import type { Answer } from '../../src/rpc/index.ts';
import type { NodeContext } from '../node-context.ts';
import { isoTime } from '../node-view.ts';

export async function nodeHealths(context: NodeContext): Promise<Answer> {
  const nodes = [...context.healths()]
    .map(([nodeId, health]) => ({
      ...{ node_id: nodeId, status: health.status, issues: [...health.issues] },
      ...{ cpu_usage: health.cpuUsage, memory_usage: health.memoryUsage, disk_usage: health.diskUsage },
      active_connections: health.activeConnections,
      query_latency_p95_ms: health.queryLatencyP95Ms,
      last_check: health.lastCheck === null ? null : isoTime(health.lastCheck),
    }))
    .sort((a, b) => compareText(a.node_id, b.node_id));
  return { body: { schemaVersion: 1, node_id: context.facts.nodeId, nodes } };
}

export async function checkHealth(context: NodeContext): Promise<Answer> {
  const { at, status, issues, checks } = await context.checkNow();
  return {
    body: { schemaVersion: 1, node_id: context.facts.nodeId, at: isoTime(at), status, issues, checks },
  };
}
