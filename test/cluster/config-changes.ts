/** Changes of the configuration one behind the other, and how long each takes until every node runs with it. */
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { assert } from '../../src/base/index.ts';

export interface ChangeTimes {
  /** From the proposal to the last node's word that it has applied it, by the leader's clock. */
  readonly appliedMs: readonly number[];
  /** The caller's whole wait: checked on every node, proposed, applied by all. */
  readonly callMs: readonly number[];
}

/** A change of a live key of consensus and of one of replication; every node must say that it has applied it. */
export async function timeChanges(cluster: DemoCluster, count: number): Promise<ChangeTimes> {
  const client = cluster.client();
  const [appliedMs, callMs]: [number[], number[]] = [[], []];
  for (let n = 0; n < count; n++) {
    const raft = `{election_timeout_ms: 400, heartbeat_interval_ms: ${40 + (n % 100)}}`;
    const text = `cluster: {replication: {min_replicas: ${2 + (n % 3)}}, raft: ${raft}}`;
    const began = performance.now();
    const { applied, acknowledged, nodes } = await client.putConfig({ text });
    callMs.push(performance.now() - began);
    const isWhole = applied && acknowledged && nodes.length === cluster.nodes.length;
    assert(isWhole && nodes.every((node) => node.outcome === 'applied'), JSON.stringify(nodes));
    appliedMs.push(Math.max(...nodes.map((node) => node.ms ?? Number.POSITIVE_INFINITY)));
  }
  return { appliedMs, callMs };
}
