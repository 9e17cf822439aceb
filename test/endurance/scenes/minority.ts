/**
 * A node that is cut off from the majority, but not from the people who ask it: it must refuse what
 * it can't promise, say why, and be compared with the leader when it is back. Packets vanish silently.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import { type LabCluster, ProxyLab } from '../../lab/index.ts';
import { askAlone, type CutCast, cast, castBehindProxies, leadOf, told, wiresOf, within } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

/** A node knows after 1.2 s that it is cut off; how long one is waited for that has much beside it. */
const KNOWN_MS = 10_000;

interface Refused {
  readonly code: string;
  readonly message: string;
  readonly ms: number;
}

async function refusedBy(work: () => Promise<unknown>): Promise<Refused | null> {
  const began = performance.now();
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return { code: error.code, message: error.message, ms: Math.round(performance.now() - began) };
  }
}

async function asked(stage: Stage, who: string, cluster: LabCluster, node: string): Promise<void> {
  const alone = <T>(question: (client: SqlccClient) => Promise<T>) => askAlone(cluster, node, question);
  const status = await alone((client) => client.status({ timeoutMs: 4000 }));
  stage.note(`${who}: what it says`, status.isolation?.text ?? null);
  stage.claim(
    `${who}: status says from whom it is cut off, what it needs and what works`,
    /^cut off from \w+, \w+ since .*: 1 of 3 voters reached, needs 2; .*--stale reads work$/.test(
      status.isolation?.text ?? '',
    ),
    status.isolation?.text ?? 'nothing',
  );
  stage.equal(`${who}: health`, status.cluster.health, 'critical');
  const refused = (work: (client: SqlccClient) => Promise<unknown>) => refusedBy(() => alone(work));
  const [write, read] = await Promise.all([
    refused((client) => client.kv.put('k', 'v', { timeoutMs: 1900 })),
    refused((client) => client.kv.get('stays', { timeoutMs: 1900 })),
  ]);
  stage.claim(
    `${who}: a write is refused with the reason`,
    write?.message.includes('cut off from') === true,
    write,
  );
  stage.claim(
    `${who}: a linearizable read is refused with the reason`,
    read?.message.includes('cut off from') === true,
    read,
  );
  stage.atMost(`${who}: refusal after, ms`, Math.max(write?.ms ?? 9999, read?.ms ?? 9999), 2000);
  const stale = await alone((client) => client.kv.get('stays', { level: 'none' }));
  stage.equal(`${who}: a stale read answers`, stale.value, 'here');
  const [suspected] = await told(cluster, node, ['partition-suspected']);
  stage.claim(`${who}: event partition-suspected`, suspected?.node_id === node, suspected?.message ?? 'none');
}

/** How long until a node answers from all that is acknowledged by now, by its own state; null = over 10 s. */
async function caughtUp(cluster: LabCluster, node: string): Promise<number | null> {
  const began = performance.now();
  const client = cluster.newClient(node);
  const wanted = (await cluster.client().kv.put('heals', 'now', { timeoutMs: 5000 })).version;
  const is = await within(10_000, async () => {
    const { read } = await client.kv.get('heals', { level: 'none', timeoutMs: 500 });
    return read.node_id === node && read.applied_index >= wanted;
  });
  await client.close();
  return is === null ? null : performance.now() - began;
}

async function isolate(stage: Stage, scene: CutCast, load: Load, who: 'leader' | 'follower'): Promise<void> {
  const { lab, cluster } = scene;
  const before = await leadOf(cluster);
  const node = who === 'leader' ? before.leader : (before.followers[0] ?? before.leader);
  const began = performance.now();
  lab.together(() => {
    for (const [from, to] of wiresOf(lab, node.host)) lab.cut(from, to);
  });
  await within(KNOWN_MS, async () => {
    const { isolation } = await askAlone(cluster, node.nodeId, (client) =>
      client.status({ timeoutMs: 1000 }),
    );
    return isolation !== null;
  });
  await asked(stage, who, cluster, node.nodeId);
  const during = load.between(began);
  stage.atMost(`${who}: gap of the majority's writes, ms`, during.gapMs, 1000);
  const healedAt = performance.now();
  const healedTime = Date.now();
  lab.heal();
  stage.atMost(`${who}: caught up again after, ms`, await caughtUp(cluster, node.nodeId), 2000);
  const verified = await within(15_000, async () => {
    const events = await told(cluster, node.nodeId, ['partition-healed', 'replica-verified'], healedTime);
    return events.length >= 2 ? events : null;
  });
  stage.note(
    `${who}: verified after, ms`,
    verified === null ? null : Math.round(performance.now() - healedAt),
  );
  const words = verified?.find((e) => e.kind === 'replica-verified')?.message ?? 'nothing';
  stage.claim(`${who}: it is compared with the leader`, words.includes('holds what'), words);
  const status = await askAlone(cluster, node.nodeId, (client) => client.status());
  stage.equal(`${who}: it is cut off no more`, status.isolation, null);
  stage.atMost(`${who}: terms`, (await leadOf(cluster)).term - before.term, 1);
}

async function minority(stage: Stage, scene: CutCast): Promise<void> {
  await scene.cluster.client().kv.put('stays', 'here');
  const load = await Load.start(stage, scene.cluster, { perSecond: 50 });
  await sleep(500);
  await isolate(stage, scene, load, 'leader');
  await isolate(stage, scene, load, 'follower');
  await load.verify(stage);
}

const ABOUT = 'leader and follower cut off alone stop by themselves, say why, catch up and are compared';

export const MINORITY: Scenario = {
  name: 'minority',
  about: `F7: ${ABOUT}`,
  missing: () => null,
  play: async (stage) => minority(stage, await cast(stage, 3)),
};

/** For machines without namespaces, where it is played by `npm test` in this form alone. */
export const MINORITY_BEHIND_PROXIES: Scenario = {
  name: 'minority-proxies',
  about: `F7 without namespaces: ${ABOUT}`,
  missing: ProxyLab.missing,
  play: async (stage) => minority(stage, await castBehindProxies(stage, 3)),
};
