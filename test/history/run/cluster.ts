/** What a run needs of a cluster, whoever made it, and clients for it. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqlccClient } from '../../../src/client/index.ts';

export interface RunNode {
  readonly nodeId: string;
  readonly port: number;
  readonly dataDir: string;
  readonly log: string;
  child: ChildProcess | null;
}

/** `DemoCluster` is one; a cluster spread over hosts another. */
export interface RunCluster {
  readonly dir: string;
  /** Where the administrator's certificate lies. */
  readonly pkiDir: string;
  /** What a node's API listens on. */
  addressOf(nodeId: string): string;
  readonly nodes: readonly RunNode[];
  killNode(nodeId: string, signal?: NodeJS.Signals): Promise<void>;
  startNode(nodeId: string): Promise<void>;
  untilHealthy(timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
  remove(): void;
}

export interface ConnectOptions {
  /** Only this node; all without. */
  readonly node?: string;
  /** Gives up at the first refusal: for calls that are pinned to a node which may be gone. */
  readonly failFast?: boolean;
}

/** A client with the administrator's certificate. */
export function connect(cluster: RunCluster, { node, failFast = false }: ConnectOptions = {}): SqlccClient {
  const pem = (file: string): string => readFileSync(join(cluster.pkiDir, file), 'utf8');
  return new SqlccClient({
    endpoints: cluster.nodes
      .filter((n) => node === undefined || n.nodeId === node)
      .map((n) => `${cluster.addressOf(n.nodeId)}:${n.port}`),
    ...{ ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key'), failFast },
  });
}
