/** What every scenario needs of a cluster: a lab with daemons, who leads, terms, elections. */
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, must } from '../../src/base/index.ts';
import type { EventLine, SqlccClient } from '../../src/client/index.ts';
import {
  type Cables,
  Lab,
  LabCluster,
  type LabClusterOptions,
  type LabHost,
  type LabNode,
  type LabOptions,
  ProxyLab,
} from '../lab/index.ts';
import type { Stage } from './stage.ts';

export interface Cast {
  readonly lab: Lab;
  readonly cluster: LabCluster;
}

/** What a scenario needs that only cuts wires, of whatever these are made. */
export interface CutCast {
  readonly lab: Cables;
  readonly cluster: LabCluster;
}

/** So many daemons on so many hosts; all gone with the stage. */
export async function cast(
  stage: Stage,
  nodes: number,
  options: LabOptions & Partial<Omit<LabClusterOptions, 'lab'>> = {},
): Promise<Cast> {
  const { wire = 'bridge', ...rest } = options;
  const lab = await Lab.up(nodes + (rest.observers ?? 0), { wire, seed: stage.seed });
  stage.onEnd(() => lab.down());
  return { lab, cluster: await clusterOn(stage, { lab, ...rest }) };
}

/** The same where there are no namespaces; its wires can be cut and nothing else. */
export async function castBehindProxies(stage: Stage, nodes: number): Promise<CutCast> {
  const lab = await ProxyLab.up(nodes);
  stage.onEnd(() => lab.down());
  return { lab, cluster: await clusterOn(stage, { lab }) };
}

async function clusterOn(stage: Stage, options: LabClusterOptions): Promise<LabCluster> {
  const cluster = await LabCluster.start(options);
  stage.onAnyEnd(() => cluster.remove());
  stage.onEnd(async () => {
    options.lab.heal();
    await cluster.stop();
  });
  return cluster;
}

export interface Lead {
  readonly leader: LabNode;
  readonly followers: readonly LabNode[];
  readonly term: number;
}

/** An election is a matter of less than a second; how long one is waited for where much else is going on. */
const LED_MS = 60_000;

/** Who leads by a quorum's word; waits while an election is under way. */
export async function leadOf(cluster: LabCluster): Promise<Lead> {
  const led = await within(LED_MS, async () => {
    const answer = await cluster.client().leader({ timeoutMs: 10_000 });
    return answer.leader_id === null ? null : { leaderId: answer.leader_id, term: answer.term };
  });
  const answer = must(led, 'a leader within a minute');
  const leader = cluster.node(answer.leaderId);
  return { leader, followers: cluster.voters.filter((n) => n !== leader), term: answer.term };
}

export async function termOf(cluster: LabCluster): Promise<number> {
  return (await leadOf(cluster)).term;
}

/** Makes a node the leader, by the operator's command; one that lags is given time to catch up. */
export async function makeLeader(cluster: LabCluster, nodeId: string): Promise<Lead> {
  const client = cluster.client();
  let refusal = '';
  const done = await within(LED_MS, async () => {
    if ((await leadOf(cluster)).leader.nodeId === nodeId) return true;
    try {
      const operation = await client.runOperation({ kind: 'failover', to: nodeId, reason: 'endurance' });
      await client.waitOperation(operation.id, { timeoutMs: 8000 });
    } catch (error) {
      refusal = (error as Error).message;
    }
    return false;
  });
  assert(done === true, `${nodeId} leads; ${refusal}`);
  return leadOf(cluster);
}

/** Replicated events of the kinds that the cluster has stored behind a cursor. */
export async function eventsOf(cluster: LabCluster, kinds: readonly string[]): Promise<EventLine[]> {
  const found: EventLine[] = [];
  for await (const event of cluster.client().events({ after: '0', follow: false })) {
    if (kinds.includes(event.kind) && event.index !== null) found.push(event);
  }
  return found;
}

/** One question by a client that knows this node alone: one that has learned the others goes to them. */
export async function askAlone<T>(
  cluster: LabCluster,
  node: string,
  question: (client: SqlccClient) => Promise<T>,
): Promise<T> {
  const client = cluster.newClient(node);
  return question(client).finally(() => client.close());
}

/** A node's own events, and those of the record, of some kinds, since an instant of the wall clock. */
export function told(
  cluster: LabCluster,
  node: string,
  kinds: readonly string[],
  since = 0,
): Promise<EventLine[]> {
  return askAlone(cluster, node, async (client) => {
    const found: EventLine[] = [];
    for await (const event of client.events({ after: '0', follow: false }))
      if (kinds.includes(event.kind) && Date.parse(event.at) >= since) found.push(event);
    return found;
  });
}

/** Both directions of a node's wires to the other hosts. */
export function wiresOf(lab: Cables, host: LabHost, withClient = false): [LabHost, LabHost][] {
  const others = [...lab.hosts, ...(withClient ? [lab.client] : [])].filter((h) => h !== host);
  return others.flatMap((other): [LabHost, LabHost][] => [
    [host, other],
    [other, host],
  ]);
}

/** Polls until `probe` answers something true; null when it does not in time. */
export async function within<T>(ms: number, probe: () => Promise<T | false | null>): Promise<T | null> {
  const deadline = performance.now() + ms;
  while (performance.now() < deadline) {
    const answer = await probe().catch(() => null);
    if (answer !== null && answer !== false) return answer;
    await sleep(25);
  }
  return null;
}
