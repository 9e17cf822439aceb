/**
 * What nodes answer when they can: each its own view, so that a quorum is needed for
 * nothing. Every question has its own short time, and all nodes are asked at once.
 */
import { SqlccError } from '../../src/base/index.ts';
import { HttpClient, type HttpClientOptions } from '../../src/rpc/index.ts';
import type { Bundle } from './bundle.ts';

const ASK_MS = 3000;
const PLAIN_MS = 2000;
const MAX_FILE_WORDS = 400;
const MAX_NAME = 60;

/** Of every node; `stale` and `local` keep it from asking others. */
const OF_EACH: Readonly<Record<string, string>> = {
  status: '/v1/status?stale=1',
  views: '/v1/views?local=1',
  version: '/v1/version',
  metrics: '/v1/metrics',
  history: '/v1/history?seconds=900',
  denials: '/v1/denials',
  audit: '/v1/audit?stale=1',
};

/** Of the first node that answers: the same everywhere, or a question to the whole cluster. */
const OF_ONE: Readonly<Record<string, string>> = {
  nodes: '/v1/nodes',
  leader: '/v1/leader',
  operations: '/v1/operations',
  alerts: '/v1/alerts',
  'config-versions': '/v1/config/versions',
};
const EVENTS = '/v1/events?after=0&follow=0';

export interface AskedNode {
  readonly name: string;
  /** `host:port`. */
  readonly endpoint: string;
}

async function ask(http: HttpClient, endpoint: string, path: string): Promise<unknown> {
  const { status, json } = await http.request({ endpoint, method: 'GET', path, timeoutMs: ASK_MS });
  const body = json();
  if (status < 300) return body;
  throw new SqlccError(
    'unavailable',
    `${path}: HTTP ${status} ${JSON.stringify(body ?? null).slice(0, 200)}`,
  );
}

async function eventsOf(http: HttpClient, endpoint: string): Promise<string> {
  const lines: string[] = [];
  const signal = AbortSignal.timeout(2 * ASK_MS);
  for await (const line of http.stream({ endpoint, method: 'GET', path: EVENTS, timeoutMs: ASK_MS, signal }))
    lines.push(JSON.stringify(line));
  return `${lines.join('\n')}\n`;
}

/** Adds what the nodes tell; answers the names of those that did. */
export async function addNodes(
  bundle: Bundle,
  nodes: readonly AskedNode[],
  credentials: HttpClientOptions,
): Promise<string[]> {
  const http = new HttpClient(credentials);
  const answered: AskedNode[] = [];
  await Promise.all(
    nodes.map(async (node) => {
      const { name, endpoint } = node;
      try {
        await ask(http, endpoint, '/v1/version');
      } catch (error) {
        return bundle.lacks(`cluster/${name}`, (error as Error).message);
      }
      answered.push(node);
      await Promise.all(
        Object.entries(OF_EACH).map(([what, path]) =>
          bundle.json({ name: `cluster/${name}/${what}.json`, source: `${endpoint}${path}` }, () =>
            ask(http, endpoint, path),
          ),
        ),
      );
    }),
  );
  const [first] = answered;
  if (first !== undefined) {
    const { endpoint } = first;
    for (const [what, path] of Object.entries(OF_ONE))
      await bundle.json({ name: `cluster/${what}.json`, source: `${endpoint}${path}` }, () =>
        ask(http, endpoint, path),
      );
    const piece = { name: 'cluster/events.jsonl', source: `${endpoint}${EVENTS}` };
    await bundle.log(piece, async () => ({ text: await eventsOf(http, endpoint), cut: false }));
  }
  await http.close();
  return answered.map((node) => node.name).sort();
}

/** The port for scrapers needs no certificate: it still answers when those have ended. */
export async function addScrape(bundle: Bundle, host: string, port: number): Promise<void> {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`;
  await bundle.text({ name: 'node/metrics.txt', source: url }, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PLAIN_MS), redirect: 'error' });
    return answer.text();
  });
}

/** Who made a dump, of which node, and where it lies. */
export interface DumpWord {
  readonly nodeId: string;
  readonly actor: string;
  readonly from: string;
  readonly file: string;
}

/** Has the leader put the dump into the audit; whoever does not lead says no. What nobody took is told. */
export async function tellDump(
  bundle: Bundle,
  nodes: readonly AskedNode[],
  credentials: HttpClientOptions,
  word: DumpWord,
): Promise<void> {
  const http = new HttpClient(credentials);
  const { nodeId, actor, from, file } = word;
  const body = {
    ...{ action: 'support-dump', target: nodeId, reason: '', after: file.slice(-MAX_FILE_WORDS) },
    ...{ actor: actor.slice(0, MAX_NAME), credential: '', from: from.slice(0, MAX_NAME) },
  };
  const told = await Promise.all(
    nodes.map(async ({ endpoint }) => {
      const question = { endpoint, method: 'POST', path: '/v1/audit/notes', body, timeoutMs: ASK_MS };
      return http.request(question).then(
        ({ status }) => status < 300,
        () => false,
      );
    }),
  );
  await http.close();
  if (!told.includes(true)) bundle.lacks('cluster/audit-note', 'no leader put this dump into the audit');
}
