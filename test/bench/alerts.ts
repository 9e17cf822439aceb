/**
 * `npm run perf:alerts`: from a condition that becomes true to the request of its notification at a receiver,
 * round after round on a real cluster, for conditions of a node and of the cluster, deaths, and a lost
 * majority. The clock starts with the first thing that makes the condition true (the first call that will fail,
 * the call, the SIGKILL) and stops when the receiver has the whole request, so that sampling, gossip,
 * evaluation and three steps through the log are all within. Exits 1 when a target is missed.
 */
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { LEADERLESS_ALERT_MS } from '../../src/alerts/index.ts';
import { assert, must } from '../../src/base/index.ts';
import { errorBurst } from '../cluster/alert-receiver.ts';
import { closeClients, program } from '../cluster/harness.ts';
import { findTestPorts } from '../cluster/ports.ts';
import { HttpReceiver } from '../unit/rpc/http-receiver.ts';
import { given, listOf, oneOf, takes, whole } from '../usage.ts';
import { quantile, short } from './spread.ts';

/** From the condition to the channel, beside the rule's own `for`, ms. */
const TARGET_MS = 2000;
const PATIENCE_MS = 60_000;
const PARTS = ['load', 'deaths', 'leaderless'] as const;

const USAGE = {
  command: 'npm run perf:alerts --',
  about:
    'From a condition that becomes true to its notification at a receiver, on a real cluster of three: a line a ' +
    'rule on stderr, one JSON document on stdout. Exits 1 when one took longer than 2 s and the `for` of its rule.',
  takes: 'about six minutes for 20 rounds of everything.',
  flags: {
    only: takes({ value: 'a,b', parse: listOf(oneOf(PARTS)), about: `of ${PARTS.join(', ')}; all without` }),
    rounds: takes({ value: 'N', parse: whole(1), standard: '20', about: 'of each rule' }),
  },
};

interface Post {
  readonly status: 'firing' | 'resolved';
  readonly rule: string;
  readonly at: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What the receiver got, and when. */
class Inbox {
  readonly #posts: Post[] = [];
  #waiting: (() => void)[] = [];

  constructor(stub: HttpReceiver) {
    stub.behaviour = (response, { body }) => {
      const at = performance.now();
      const { status, alerts } = JSON.parse(body) as {
        readonly status: Post['status'];
        readonly alerts: readonly { readonly labels: { readonly alertname: string } }[];
      };
      this.#posts.push({ status, rule: alerts[0]?.labels.alertname ?? '', at });
      response.writeHead(200).end('ok');
      for (const wake of this.#waiting.splice(0)) wake();
    };
  }

  /** When the first such message behind `since` came. */
  async first(rule: string, status: Post['status'], since: number): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.#posts.find((p) => p.rule === rule && p.status === status && p.at >= since);
      if (found !== undefined) return found.at;
      assert(performance.now() < deadline, `${rule} was not told as ${status} within ${PATIENCE_MS} ms`);
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), sleep(1000)]);
    }
  }
}

interface Scene {
  readonly cluster: DemoCluster;
  readonly inbox: Inbox;
  readonly rounds: number;
}

interface Series {
  readonly rule: string;
  readonly forMs: number;
  readonly ms: number[];
}

/** At another moment of the sample interval each time. */
const anyMoment = (): Promise<void> => sleep(Math.random() * 1000);

async function errorRate({ cluster, inbox, rounds }: Scene, node: string): Promise<Series> {
  const ms: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await anyMoment();
    const began = performance.now();
    const stopBurst = errorBurst(cluster, node);
    const told = await inbox.first('HighErrorRate', 'firing', began);
    ms.push(told - began);
    await stopBurst();
    await inbox.first('HighErrorRate', 'resolved', told);
  }
  return { rule: 'HighErrorRate (a node: error_rate > 0.01)', forMs: 0, ms };
}

async function maintenance({ cluster, inbox, rounds }: Scene, nodeId: string): Promise<Series> {
  const client = cluster.client();
  const set = async (enable: boolean): Promise<void> => {
    const wish = { kind: 'maintenance', node_id: nodeId, enable } as const;
    const { id } = await client.runOperation(enable ? { ...wish, for_ms: 600_000 } : wish);
    await client.waitOperation(id, { timeoutMs: 10_000 });
  };
  const ms: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await anyMoment();
    const began = performance.now();
    await set(true);
    const told = await inbox.first('UnderWork', 'firing', began);
    ms.push(told - began);
    await set(false);
    await inbox.first('UnderWork', 'resolved', told);
  }
  return { rule: 'UnderWork (the cluster: maintenance_active > 0)', forMs: 0, ms };
}

async function load(scene: Scene): Promise<Series[]> {
  const { cluster } = scene;
  const leader = (await cluster.client().leader()).leader_id;
  const [one, two] = cluster.nodes.map((n) => n.nodeId).filter((id) => id !== leader);
  return Promise.all([errorRate(scene, must(one, 'a follower')), maintenance(scene, must(two, 'another'))]);
}

/** A follower is killed: the verdict of gossip, and how many nodes are healthy. */
async function deaths({ cluster, inbox, rounds }: Scene): Promise<Series[]> {
  const series = new Map<string, number[]>([
    ['NodeDown', []],
    ['NotAllHealthy', []],
  ]);
  for (let n = 0; n < rounds; n++) {
    await anyMoment();
    const leader = (await cluster.client().leader()).leader_id;
    const victim = must(cluster.nodes.find(({ nodeId }) => nodeId !== leader)?.nodeId, 'a follower');
    const began = performance.now();
    const dead = cluster.killNode(victim);
    for (const [rule, ms] of series) ms.push((await inbox.first(rule, 'firing', began)) - began);
    await dead;
    await cluster.startNode(victim);
    for (const rule of series.keys()) await inbox.first(rule, 'resolved', began);
    await cluster.untilHealthy();
  }
  return [
    { rule: 'NodeDown (a node: SIGKILL)', forMs: 0, ms: series.get('NodeDown') ?? [] },
    {
      ...{ rule: 'NotAllHealthy (the cluster: healthy_nodes < total_nodes, SIGKILL)', forMs: 0 },
      ms: series.get('NotAllHealthy') ?? [],
    },
  ];
}

/** Two of three are killed: the one that is left tells of it. */
async function leaderless({ cluster, inbox, rounds }: Scene): Promise<Series[]> {
  const ms: number[] = [];
  for (let n = 0; n < rounds; n++) {
    await anyMoment();
    const leader = must((await cluster.client().leader()).leader_id, 'a leader');
    const other = must(cluster.nodes.find(({ nodeId }) => nodeId !== leader)?.nodeId, 'a follower');
    const began = performance.now();
    const dead = Promise.all([leader, other].map((nodeId) => cluster.killNode(nodeId)));
    const told = await inbox.first('LeaderDown', 'firing', began);
    ms.push(told - began);
    await dead;
    await Promise.all([leader, other].map((nodeId) => cluster.startNode(nodeId)));
    await inbox.first('LeaderDown', 'resolved', told);
    await cluster.untilHealthy();
  }
  return [{ rule: 'LeaderDown (no majority: two of three SIGKILLed)', forMs: LEADERLESS_ALERT_MS, ms }];
}

const CODE = { load, deaths, leaderless };

function rowOf({ rule, forMs, ms }: Series) {
  const at = (q: number): number => short(quantile(ms, q));
  const target_ms = TARGET_MS + forMs;
  return {
    rule,
    rounds: ms.length,
    p50_ms: at(0.5),
    p95_ms: at(0.95),
    max_ms: at(1),
    for_ms: forMs,
    target_ms,
  };
}

async function main(parts: readonly (typeof PARTS)[number][], rounds: number): Promise<boolean> {
  const stub = await HttpReceiver.start();
  const cluster = await DemoCluster.start({
    ...{ nodes: 3, dir: null, program: program() },
    basePort: await findTestPorts(3, 25_433),
  });
  try {
    const scene = { cluster, inbox: new Inbox(stub), rounds };
    const tell = 'severity: critical, actions: [webhook]';
    await cluster.client().putConfig({
      text: `notifiers: {webhook: {url: "${stub.url()}", allow_loopback: true}}
alerts:
  - {name: HighErrorRate, condition: "error_rate > 0.01", ${tell}}
  - {name: UnderWork, condition: "maintenance_active > 0", ${tell}}
  - {name: NotAllHealthy, condition: "healthy_nodes < total_nodes", ${tell}}
`,
    });
    await cluster.untilHealthy();
    const rows: ReturnType<typeof rowOf>[] = [];
    for (const part of parts) rows.push(...(await CODE[part](scene)).map(rowOf));
    for (const { rule, rounds: n, p50_ms, p95_ms, max_ms, target_ms } of rows) {
      const word = max_ms <= target_ms ? 'ok  ' : 'MISS';
      const figures = `p50 ${p50_ms}, p95 ${p95_ms}, max ${max_ms} ms of ${n} (at most ${target_ms})`;
      process.stderr.write(`${word} ${rule}: ${figures}\n`);
    }
    process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), rows })}\n`);
    return rows.every((row) => row.max_ms <= row.target_ms);
  } finally {
    await closeClients();
    await cluster.stop();
    cluster.remove();
    await stub.stop();
  }
}

const { only, rounds } = given(USAGE);
process.exitCode = (await main(only ?? PARTS, rounds)) ? 0 : 1;
