/** The paths of load balancers, each on real daemons: a leader, a voter, an observer, a node in maintenance. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { ENDPOINTS } from '../../src/api/index.ts';
import { must } from '../../src/base/index.ts';
import { leaderOf, sharedCluster, sqlccOn, until } from './harness.ts';

type Part = 'leader' | 'voter' | 'observer' | 'aside';

async function plain(cluster: DemoCluster, nodeId: string, path: string, method = 'GET') {
  const answer = await fetch(`http://127.0.0.1:${cluster.node(nodeId).metricsPort}${path}`, { method });
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
}

/** Who answers 200; everybody else 503. */
const TABLE: readonly (readonly [path: string, ready: readonly Part[]])[] = [
  ['/', ['leader']],
  ['/primary', ['leader']],
  ['/leader', ['leader']],
  ['/master', ['leader']],
  ['/read-write', ['leader']],
  ['/replica', ['voter', 'observer']],
  ['/replica?lag=100MB', ['voter', 'observer']],
  ['/replica?tag_disk=ssd', ['observer']],
  ['/replica?tag_disk=rust', []],
  ['/read-only', ['leader', 'voter', 'observer']],
  ['/read-only-sync', ['leader', 'voter']],
  ['/read-only-quorum', ['leader', 'voter']],
  ['/synchronous', ['voter']],
  ['/sync', ['voter']],
  ['/quorum', ['voter']],
  ['/asynchronous', ['observer']],
  ['/async?lag=100MB', ['observer']],
  ['/standby-leader', []],
  ['/health', ['leader', 'voter', 'observer', 'aside']],
  ['/readiness', ['leader', 'voter', 'observer', 'aside']],
  ['/readiness?lag=100MB', ['leader', 'voter', 'observer', 'aside']],
  ['/liveness', ['leader', 'voter', 'observer', 'aside']],
  ['/patroni', ['leader', 'voter', 'observer', 'aside']],
];

describe('probes of load balancers', () => {
  const shared = sharedCluster(3);
  const parts = new Map<Part, string>();

  beforeAll(async () => {
    const cluster = shared();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const [voter, aside] = cluster.nodes.map((n) => n.nodeId).filter((id) => id !== leader);
    const observer = (await cluster.addNode('observer')).nodeId;
    await client.updateNode(observer, { metadata: { disk: 'ssd' } });
    const set = { leader, observer, voter: must(voter, 'a voter'), aside: must(aside, 'another voter') };
    for (const [part, nodeId] of Object.entries(set)) parts.set(part as Part, nodeId);
    await client.kv.put('probes/a', 'x'.repeat(10_000));
    await cluster.run(['node', 'maintenance', 'enable', '--node', set.aside, '--for', '1h', '--yes']);
    await until('maintenance and lag known everywhere', async () => {
      const aside = await plain(cluster, set.aside, '/replica');
      const near = [set.voter, set.observer].map((id) => plain(cluster, id, '/replica?lag=100MB&tag_x=y'));
      const told = (await Promise.all(near)).map(
        (a) => (JSON.parse(a.text) as { lag_bytes: unknown }).lag_bytes,
      );
      const tagged = await plain(cluster, set.observer, '/replica?tag_disk=ssd');
      return aside.status === 503 && tagged.status === 200 && told.every((lag) => lag === 0);
    });
  });

  it.each(TABLE)('%s is answered with 200 by %j', async (path, ready) => {
    const cluster = shared();
    for (const [part, nodeId] of parts) {
      const wanted = ready.includes(part) ? 200 : 503;
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const { status, text, type } = await plain(cluster, nodeId, path, method);
        expect(status, `${method} ${part}`).toBe(wanted);
        expect(type).toBe('application/json');
        if (method === 'GET') expect(JSON.parse(text)).toMatchObject({ node_id: nodeId });
        else expect(text).toBe('');
      }
    }
  });

  it('node check looks at one node now, and at all of them by their own words', async () => {
    const cluster = shared();
    const client = cluster.client();
    const voter = must(parts.get('voter'), 'a voter');
    const report = await client.health.check({ node: voter });
    ENDPOINTS.checkHealth.response.strict().parse(report);
    expect(report.node_id).toBe(voter);
    const tried = report.checks.filter((c) => c.name.endsWith('-probe'));
    expect(tried.map((c) => [c.name, c.status])).toEqual([
      ['disk-probe', 'HEALTHY'],
      ['quorum-probe', 'HEALTHY'],
    ]);
    expect(report.checks.find((c) => c.name === 'network')?.value).toBeGreaterThan(0);
    const printed = await sqlccOn(cluster, ['node', 'check', '--now', '--node', voter]);
    expect(printed.stdout).toMatch(/disk-probe +\S+ +2s +HEALTHY/);
    const all = await until('a word of every node', async () => {
      const told = await client.health.all({ node: voter });
      return told.nodes.length === 4 && told.nodes.every((n) => n.status !== 'UNKNOWN') ? told : null;
    });
    ENDPOINTS.nodeHealths.response.strict().parse(all);
    const json = await sqlccOn(cluster, ['node', 'check', '--all', '-o', 'json']);
    expect((JSON.parse(json.stdout) as { nodes: unknown[] }).nodes).toHaveLength(4);
    expect([0, 3]).toContain(json.code);
    const tries = await sqlccOn(cluster, ['node', 'check', '--all', '--now']);
    expect(tries.stdout).toMatch(/^NAME +HEALTH +WRITE +QUORUM +WHY/);
    const written = tries.stdout
      .split('\n')
      .filter((line) => /^\S+ +(HEALTHY|DEGRADED) +\S+s +\S+s/.test(line));
    expect(written, tries.stdout).toHaveLength(4);
  });

  it('/cluster and /history tell who is there and who led; nothing can be changed here', async () => {
    const cluster = shared();
    const leader = must(parts.get('leader'), 'the leader');
    const told = JSON.parse((await plain(cluster, leader, '/cluster')).text) as {
      members: { name: string; role: string; state: string }[];
    };
    const roles = Object.fromEntries(told.members.map((m) => [m.name, `${m.role} ${m.state}`]));
    expect(roles[leader]).toBe('leader running');
    expect(roles[must(parts.get('voter'), 'a voter')]).toBe('quorum_standby running');
    expect(roles[must(parts.get('observer'), 'an observer')]).toBe('replica running');
    const history = JSON.parse((await plain(cluster, leader, '/history')).text) as unknown[][];
    expect(history.at(-1)?.[4]).toBe(leader);
    for (const path of ['/switchover', '/failover', '/restart', '/reinitialize', '/config']) {
      expect((await plain(cluster, leader, path)).status).toBe(404);
      expect((await plain(cluster, leader, path, 'POST')).status).toBe(405);
    }
    expect((await plain(cluster, leader, '/primary', 'POST')).status).toBe(405);
    expect((await plain(cluster, leader, '/replica?lag=much')).status).toBe(400);
  });
});
