/** Alerts on real daemons: real conditions, a real receiver on loopback, leaders that are killed in between. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { answer } from '../unit/rpc/http-receiver.ts';
import { configure, errorBurst, expectTold, postsOf, receiver } from './alert-receiver.ts';
import { clientOf, leaderOf, sqlccOn, startCluster, until } from './harness.ts';
import { coreWaits } from './stopwatch.ts';

/** The receiver's channel as a node has it. */
async function channelOf(cluster: DemoCluster, node: string) {
  const { channels = [] } = await clientOf(cluster, { node }).alerting.rules({ node });
  return channels.find((row) => row.channel === 'webhook');
}

describe('an alert on a real condition', () => {
  it('is told once at its begin and once at its end, across the death of the leader', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const node = must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
    const [began, waitedMs] = [performance.now(), coreWaits()];
    const stopBurst = errorBurst(cluster, node);
    onTestFinished(() => stopBurst());
    const fires = (count: number) => async () => {
      const told = postsOf(stub, 'HighErrorRate').filter((post) => post.startsWith('firing'));
      return told.length >= count;
    };
    await until('the first notification', fires(1));
    const [toldMs, busyMs] = [Math.round(performance.now() - began), waitedMs()];
    console.log(`from the first failing statement to the receiver: ${toldMs} ms`);
    // 2 s and the rule's own second are the target (docs/tests.md), on a machine that does something else twice that
    expect(toldMs - busyMs).toBeLessThan(6000);
    await cluster.killNode(leader);
    await until('another leader', async () => (await leaderOf(cluster)) !== leader);
    const rows = async () =>
      (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'HighErrorRate');
    expect(await rows()).toMatchObject([{ id: `HighErrorRate:${node}`, state: 'firing', node_id: node }]);
    await cluster.startNode(leader);
    await stopBurst();
    for (const rule of ['HighErrorRate', 'NodeDown'])
      await until(`the end of ${rule}`, async () =>
        postsOf(stub, rule).some((p) => p.startsWith('resolved')),
      );
    expect(expectTold(postsOf(stub, 'HighErrorRate'))).toHaveLength(1);
    expect(expectTold(postsOf(stub, 'NodeDown'))).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: 'resolved' }]);
  });
});

describe('a receiver that is away while leadership moves', () => {
  it('hears begin and end once each, the end last, and nothing from who led before', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const node = must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
    const next = must(cluster.nodes.find((n) => ![leader, node].includes(n.nodeId))?.nodeId, 'another');
    stub.behaviour = answer(503);
    const stopBurst = errorBurst(cluster, node);
    onTestFinished(() => stopBurst());
    const isAsked = async () => postsOf(stub, 'HighErrorRate').length > 0;
    await until('the first attempt', isAsked);
    const moved = await sqlccOn(cluster, [
      'cluster',
      'failover',
      '--to',
      next,
      '--yes',
      '--reason',
      'a test',
    ]);
    expect(moved.code, moved.stderr).toBe(0);
    const queuedOn = async (at: string) => (await channelOf(cluster, at))?.queued;
    await until('the next leader has it', async () => (await queuedOn(next)) === 1);
    const listed = async () => (await sqlccOn(cluster, ['alert', 'list'])).stdout;
    const why = /webhook firing handed \(\d+ tr(y|ies): .*503/;
    await until('what keeps it, as the next leader knows it', async () => why.test(await listed()));
    await until('the former one has it no more', async () => (await queuedOn(leader)) === 0);
    await stopBurst();
    const rows = async () =>
      (await cluster.client().alerts()).alerts.filter((a) => a.rule === 'HighErrorRate');
    await until('the end on record', async () => (await rows())[0]?.state === 'resolved');
    const refused = stub.requests.length;
    stub.behaviour = answer(200);
    const posts = () => postsOf(stub, 'HighErrorRate', refused);
    await until('the end', async () => posts().some((post) => post.startsWith('resolved')));
    expect(await Promise.all(cluster.nodes.map((n) => queuedOn(n.nodeId)))).toEqual([0, 0, 0]);
    expect(posts().map((post) => post.split(' ')[0])).toEqual(['firing', 'resolved']);
    // and whoever tries it by hand is told why nothing comes
    stub.behaviour = answer(503);
    const { stdout } = await sqlccOn(cluster, ['alert', 'test', 'NodeDown', '--channel', 'webhook']);
    expect(stdout).toMatch(/no answer yet after \d+ ms, the last attempt: .*503/);
  });
});

describe('a leader that stands still', () => {
  it('sends nothing when it goes on of what the next leader has told to the end', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const old = must(
      cluster.nodes.find((n) => n.nodeId === leader),
      'it',
    );
    const left = cluster.nodes.filter((n) => n !== old).map((n) => n.nodeId);
    const node = must(left[0], 'a follower');
    stub.behaviour = answer(503);
    const stopBurst = errorBurst(cluster, node);
    onTestFinished(() => stopBurst());
    const row = () => channelOf(cluster, leader);
    // its next attempt is a matter of time alone
    await until('a failed attempt', async () => (await row())?.last_error != null);
    old.child?.kill('SIGSTOP');
    onTestFinished(() => void old.child?.kill('SIGCONT'));
    const leads = async (at: string) => (await clientOf(cluster, { node: at }).status()).raft.leader_id;
    await until('the next leader', async () => left.includes((await leads(node)) ?? ''));
    await stopBurst();
    stub.behaviour = answer(200);
    const posts = (from: number) => postsOf(stub, 'HighErrorRate', from);
    await until('the end', async () => posts(0).some((post) => post.startsWith('resolved')), 60_000);
    const told = stub.requests.length;
    old.child?.kill('SIGCONT');
    await until('its way back', async () => left.includes((await leads(leader)) ?? ''));
    await until('that nothing waits there', async () => (await row())?.queued === 0);
    expect(posts(told)).toEqual([]);
  });
});

describe('NodeUnreachable', () => {
  it('fires as it stands in the document when more than half of the nodes died and a leader is left', async () => {
    const cluster = await startCluster(1);
    const stub = await receiver();
    const dead = await Promise.all([cluster.addNode('observer'), cluster.addNode('observer')]);
    const rule = `name: NodeUnreachable, condition: "healthy_nodes < total_nodes * 0.5", severity: critical`;
    const text = `notifiers: {webhook: {url: "${stub.url()}", allow_loopback: true}}
alerts: [{${rule}, actions: [webhook]}]`;
    await cluster.client().putConfig({ text });
    const state = async () =>
      (await cluster.client().alerts()).alerts.find((a) => a.rule === 'NodeUnreachable')?.state ?? 'inactive';
    expect(await state()).toBe('inactive');
    await Promise.all(dead.map(({ nodeId }) => cluster.killNode(nodeId)));
    await until('it is told', async () => postsOf(stub, 'NodeUnreachable').length > 0);
    expect(await state()).toBe('firing');
    // two of three are more than half again
    await cluster.startNode(must(dead[0]?.nodeId, 'one of them'));
    const isOver = async () => postsOf(stub, 'NodeUnreachable').some((post) => post.startsWith('resolved'));
    await until('its end', isOver);
    expect(expectTold(postsOf(stub, 'NodeUnreachable'))).toHaveLength(1);
  });
});

describe('LeaderDown', () => {
  it('is told while nobody leads, by one of those who are left, and its end by the next leader', async () => {
    const cluster = await startCluster(3);
    const stub = await receiver();
    await configure(cluster, stub);
    const leader = await leaderOf(cluster);
    const left = must(cluster.nodes.find((n) => n.nodeId !== leader)?.nodeId, 'a follower');
    const dead = cluster.nodes.map((n) => n.nodeId).filter((nodeId) => nodeId !== left);
    await Promise.all(dead.map((nodeId) => cluster.killNode(nodeId)));
    const told = await until('the notification', async () => postsOf(stub, 'LeaderDown')[0] ?? null);
    // nobody leads yet: no majority lives
    const status = await clientOf(cluster, { node: left }).status({ stale: true });
    expect(status.raft.leader_id).toBeNull();
    await Promise.all(dead.map((nodeId) => cluster.startNode(nodeId)));
    await until('its end', async () => postsOf(stub, 'LeaderDown').some((p) => p.startsWith('resolved')));
    expect(told).toMatch(/^firing .*\/LeaderDown\/term-\d+$/);
    expect(expectTold(postsOf(stub, 'LeaderDown'))).toEqual([told.split(' ')[1]]);
  });
});
