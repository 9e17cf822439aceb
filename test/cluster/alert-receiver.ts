/** What tests of alerts on real daemons share: a receiver on loopback, rules that tell it, statements that fail. */
import { expect, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { HttpReceiver } from '../unit/rpc/http-receiver.ts';
import { clientOf } from './harness.ts';

interface Posted {
  readonly groupKey: string;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly { readonly labels: { readonly alertname: string; readonly node?: string } }[];
}

export async function receiver(): Promise<HttpReceiver> {
  const started = await HttpReceiver.start();
  onTestFinished(() => started.stop());
  return started;
}

/** What came of a rule, as `status key`; without the first `from` requests. */
export function postsOf(stub: HttpReceiver, rule: string, from = 0): string[] {
  return stub.requests
    .slice(from)
    .map((request) => JSON.parse(request.body) as Posted)
    .filter((post) => post.alerts[0]?.labels.alertname === rule)
    .map((post) => `${post.status} ${post.groupKey}`);
}

/** Each kind of each incident came, none more than twice, its end last; answers the keys of the incidents. */
export function expectTold(posts: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const post of posts) counts.set(post, (counts.get(post) ?? 0) + 1);
  expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
  const keys = (status: string) =>
    [...counts.keys()].filter((p) => p.startsWith(status)).map((p) => p.split(' ')[1]);
  expect(keys('resolved').sort()).toEqual(keys('firing').sort());
  // a begin behind the end opens a new incident with whoever is called, which nothing ends
  for (const key of keys('firing'))
    expect(posts.findLast((post) => post.endsWith(` ${key}`))).toMatch(/^resolved/);
  return keys('firing') as string[];
}

export async function configure(cluster: DemoCluster, stub: HttpReceiver): Promise<void> {
  const text = `
notifiers: {webhook: {url: "${stub.url()}", allow_loopback: true}}
alerts:
  - {name: HighErrorRate, condition: "error_rate > 0.01", severity: critical, actions: [webhook], for: 1s}
`;
  await cluster.client().putConfig({ text });
}

/** Reads that wait in vain for a state that never comes, on one node, until it is called: they end by their deadline. */
export function errorBurst(cluster: DemoCluster, node: string): () => Promise<void> {
  const client = clientOf(cluster, { node, failFast: true });
  let isOn = true;
  const run = async (): Promise<void> => {
    while (isOn) {
      const future = { level: 'session', minIndex: Number.MAX_SAFE_INTEGER, timeoutMs: 50 } as const;
      const read = client.sql([{ sql: 'SELECT 1' }], future);
      await read.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const running = run();
  return () => {
    isOn = false;
    return running;
  };
}
