/** The two that are compared, each behind the same few words: start, load, leader, stop. */
import { join } from 'node:path';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must, SqlccError } from '../../src/base/index.ts';
import type { SqlccClient } from '../../src/client/index.ts';
import { program } from '../cluster/harness.ts';
import { findTestPorts } from '../cluster/ports.ts';
import { EtcdCluster } from './etcd.ts';
import type { Generator, LoadRequest } from './load/loader.ts';

export const VALUE_BYTES = 256;

export type SideName = 'sqlcc' | 'etcd';

/** Time-outs of an election; null = the side's own defaults. */
export interface Timing {
  readonly heartbeatMs: number;
  readonly electionMs: number;
}

export interface Leader {
  /** `host:port`. */
  readonly endpoint: string;
  readonly pid: number;
}

/** A running cluster, of three where nothing else is said. */
export interface Side {
  readonly name: SideName;
  readonly endpoints: readonly string[];
  pids(): number[];
  leader(): Promise<Leader>;
  follower(): Promise<string>;
  /** Starts what has ended, and waits until all have caught up. */
  revive(): Promise<void>;
  /** What a load on it needs beside its own figures. */
  readonly tls: LoadRequest['tls'];
  /** Who can ask this project's nodes for their events; null for etcd. */
  readonly client: SqlccClient | null;
  stop(): Promise<void>;
}

/** How callers reach a side: by which program, over how many connections. */
export interface Way {
  readonly side: SideName;
  readonly generator: Generator;
  readonly name: 'shared' | 'own' | 'post' | 'post-own';
  readonly text: string;
  connsOf(callers: number): number;
}

/** HTTP/2 lets a server bound the streams of a session: here 128. */
const CALLERS_PER_SESSION = 100;

export const WAYS: readonly Way[] = [
  {
    ...{ side: 'sqlcc', generator: 'sdk', name: 'shared', connsOf: () => 1 },
    text: 'SDK, one client for all callers',
  },
  {
    ...{ side: 'sqlcc', generator: 'sdk', name: 'own', connsOf: (callers) => callers },
    text: 'SDK, a client and connection each',
  },
  {
    ...{ side: 'sqlcc', generator: 'http', name: 'post' },
    text: 'one HTTP/2 request a call, one session',
    connsOf: (callers) => Math.ceil(callers / CALLERS_PER_SESSION),
  },
  {
    ...{ side: 'sqlcc', generator: 'http', name: 'post-own', connsOf: (callers) => callers },
    text: 'one HTTP/2 request a call, a session each',
  },
  {
    ...{ side: 'etcd', generator: 'etcd', name: 'shared', connsOf: () => 1 },
    text: 'Go client, one connection for all callers',
  },
  {
    ...{ side: 'etcd', generator: 'etcd', name: 'own', connsOf: (callers) => callers },
    text: 'Go client, a connection each',
  },
];

/** Longer than any election; on a machine with no CPU to spare a leader may give up by itself. */
const LEADER_TIMEOUT_MS = 30_000;

/** Asks until somebody leads: between two leaders nobody does. */
export async function untilLed<T>(ask: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + LEADER_TIMEOUT_MS;
  for (;;) {
    const leader = await ask();
    if (leader !== null) return leader;
    if (performance.now() > deadline)
      throw new SqlccError('deadline_exceeded', `nobody leads for ${LEADER_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function startSqlcc(timing: Timing | null = null, nodes = 3): Promise<Side> {
  const cluster = await DemoCluster.start({
    nodes,
    dir: null,
    basePort: await findTestPorts(nodes, 25_433),
    program: program(),
  });
  if (timing !== null) await setTiming(cluster, timing);
  const pem = (file: string): string => join(cluster.dir, 'demo', file);
  const leaderNode = async () =>
    cluster.node(await untilLed(async () => (await cluster.client().leader()).leader_id));
  const isOver = (i: number): boolean => {
    const child = cluster.nodes[i]?.child ?? null;
    return child === null || child.exitCode !== null || child.signalCode !== null;
  };
  return {
    name: 'sqlcc',
    endpoints: cluster.nodes.map((n) => `127.0.0.1:${n.port}`),
    pids: () => cluster.nodes.flatMap((n) => n.child?.pid ?? []),
    tls: { ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') },
    client: cluster.client(),
    async leader() {
      const node = await leaderNode();
      return { endpoint: `127.0.0.1:${node.port}`, pid: must(node.child?.pid, 'a running leader') };
    },
    async follower() {
      const leader = await leaderNode();
      const follower = cluster.nodes.find((n) => n.nodeId !== leader.nodeId);
      return `127.0.0.1:${must(follower, 'a follower').port}`;
    },
    async revive() {
      for (const [i, node] of cluster.nodes.entries()) if (isOver(i)) await cluster.startNode(node.nodeId);
      await cluster.untilHealthy();
    },
    async stop() {
      await cluster.stop();
      cluster.remove();
    },
  };
}

async function setTiming(cluster: DemoCluster, { heartbeatMs, electionMs }: Timing): Promise<void> {
  const client = cluster.client();
  const before = (await client.config()).text;
  const text = before
    .replace(/heartbeat_interval_ms: \d+/, `heartbeat_interval_ms: ${heartbeatMs}`)
    .replace(/election_timeout_ms: \d+/, `election_timeout_ms: ${electionMs}`);
  await client.putConfig({ text });
}

export async function startEtcd(timing: Timing | null = null, members = 3): Promise<Side> {
  const cluster = await EtcdCluster.start({ members, ...timing });
  return {
    name: 'etcd',
    endpoints: cluster.endpoints,
    pids: () => cluster.pids(),
    tls: null,
    client: null,
    leader: () => untilLed(() => cluster.leader()),
    follower: async () => cluster.other(await untilLed(() => cluster.leader())),
    revive: () => cluster.revive(),
    stop: () => cluster.stop(),
  };
}

export const START = { sqlcc: startSqlcc, etcd: startEtcd } as const;
