/** Requests to one node as they are on the wire: nothing repeated, no redirect followed, every status an answer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { HttpClient } from '../../src/rpc/index.ts';

export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Credentials {
  readonly cert?: string;
  readonly key?: string;
  readonly token?: string;
}

export interface Asking {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: 30 s; how soon somebody answers is judged where that is promised. */
  readonly timeoutMs?: number;
  /** The data port instead of the API's. */
  readonly clientPort?: boolean;
  readonly signal?: AbortSignal;
}

/** A file of the demo's administrator: `ca.crt`, `admin.crt`, `admin.key`. */
export function adminFile(cluster: DemoCluster, file: string): string {
  return readFileSync(join(cluster.dir, 'demo', file), 'utf8');
}

/** For a connection, and for an answer. */
const PATIENCE_MS = 30_000;

const never = (): Promise<never> => new Promise(() => {});

export class HttpCaller {
  readonly #cluster: DemoCluster;
  readonly #http: HttpClient;

  /** The administrator without `credentials`; nobody with empty ones. */
  constructor(cluster: DemoCluster, credentials?: Credentials) {
    this.#cluster = cluster;
    const admin = { cert: adminFile(cluster, 'admin.crt'), key: adminFile(cluster, 'admin.key') };
    this.#http = new HttpClient({
      ...{ ca: adminFile(cluster, 'ca.crt'), connectTimeoutMs: PATIENCE_MS },
      ...(credentials ?? admin),
    });
  }

  async ask(nodeId: string, method: string, path: string, asking: Asking = {}): Promise<Asked> {
    const { clientPort, timeoutMs = PATIENCE_MS, ...rest } = asking;
    const node = this.#cluster.node(nodeId);
    const endpoint = `127.0.0.1:${clientPort ? node.clientPort : node.port}`;
    const answer = await this.#http.request({ endpoint, method, path, timeoutMs, ...rest });
    const { status, headers, text } = answer;
    return { status, headers, text, body: (answer.json() ?? {}) as Record<string, unknown> };
  }

  /** The status of an answer that may have no end: its first line, which comes at once, is one of 200. */
  async open(nodeId: string, path: string, asking: Asking = {}): Promise<number> {
    const stop = new AbortController();
    const { signal } = stop;
    const node = this.#cluster.node(nodeId);
    const endpoint = `127.0.0.1:${asking.clientPort ? node.clientPort : node.port}`;
    const first = async (): Promise<number> => {
      for await (const _ of this.#http.stream({ endpoint, method: 'GET', path, signal })) return 200;
      return never();
    };
    const whole = this.ask(nodeId, 'GET', path, { ...asking, signal }).then((answer) => answer.status);
    try {
      // a refusal is a whole answer, and says more than what a stream fails with
      return await Promise.race([first().catch(never), whole]);
    } finally {
      stop.abort();
    }
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}
