/** What a cluster does when a majority is gone, when a node comes late, and when one leaves. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MAIN, sqlcc, sqlccOn, startCluster, until, untilEqual } from './harness.ts';
import { HttpCaller } from './http-caller.ts';
import { stopwatch } from './stopwatch.ts';

const LEAVE = ['node', 'leave', '--yes-cluster', 'demo', '-o', 'json', '--node'];

describe('a lost majority', () => {
  it('refuses writes and linearizable reads within 2 s, and labels stale reads', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.kv.put('k', 'v');
    await until('the key everywhere', async () => {
      const all = await Promise.all(
        cluster.nodes.map((n) => client.kv.get('k', { level: 'none', node: n.nodeId })),
      );
      return all.every((item) => item.value === 'v');
    });
    await cluster.killNode('n2');
    await cluster.killNode('n3');
    await until(
      'the loss is noticed',
      async () => (await client.status({ node: 'n1' })).raft.leader_id === null,
    );
    const timed = async (work: () => Promise<unknown>): Promise<{ code: string; ms: number }> => {
      const ms = stopwatch();
      try {
        await work();
        return { code: 'ok', ms: ms() };
      } catch (error) {
        return { code: (error as { code: string }).code, ms: ms() };
      }
    };
    const alone = cluster.newClient('n1');
    const write = await timed(() => alone.kv.put('k', 'w', { timeoutMs: 1900 }));
    await alone.close();
    expect(write.code).toMatch(/no_leader|no_quorum|outcome_unknown/);
    expect(write.ms).toBeLessThan(2200);
    // what the node itself says: the patient client would ask on until its deadline
    const caller = new HttpCaller(cluster);
    onTestFinished(() => caller.close());
    const readMs = stopwatch();
    const read = await caller.ask('n1', 'GET', '/v1/kv/k', { timeoutMs: 30_000 });
    expect(read.body['code']).toMatch(/no_leader|no_quorum/);
    expect(readMs()).toBeLessThan(2200);
    const stale = await client.kv.get('k', { level: 'none', node: 'n1' });
    expect(stale).toMatchObject({ value: 'v', read: { mode: 'stale', node_id: 'n1' } });
    expect(stale.read.age_ms).toBeGreaterThan(0);
    const status = await sqlccOn(cluster, ['cluster', 'status', '-o', 'json']);
    expect(status.code).toBe(4);
    expect(JSON.parse(status.stdout).cluster.health).toBe('critical');

    await cluster.startNode('n2');
    await cluster.startNode('n3');
    await cluster.untilHealthy();
    await client.kv.put('k', 'after');
    expect((await client.kv.get('k')).value).toBe('after');
  });
});

describe('a node that starts alone', () => {
  it('says that it has no quorum, serves its own copy with its age, and joins in when the others come', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.kv.put('k', 'v');
    await untilEqual(cluster);
    for (const { nodeId } of cluster.nodes) await cluster.killNode(nodeId);
    const node = cluster.node('n1');
    node.child = spawn(process.execPath, [
      ...[MAIN, 'node', 'start', '--config', node.configFile, '--data-dir', node.dataDir],
      ...['--log-file', node.log],
    ]);
    const plain = async (path: string) => (await fetch(`http://127.0.0.1:${node.metricsPort}${path}`)).status;
    await until(
      'it serves',
      async () => (await client.kv.get('k', { level: 'none', node: 'n1' })).value === 'v',
    );
    expect(await plain('/livez')).toBe(200);
    expect(await plain('/readyz')).toBe(503);
    const caller = new HttpCaller(cluster);
    onTestFinished(() => caller.close());
    const strict = await caller.ask('n1', 'GET', '/v1/kv/k');
    expect(strict.status).toBe(503);
    expect(strict.body['code']).toMatch(/no_quorum|no_leader/);
    expect((await caller.ask('n1', 'PUT', '/v1/kv/k', { body: { value: 'w' } })).status).toBe(503);
    const status = await caller.ask('n1', 'GET', '/v1/status');
    expect(status.body).toMatchObject({
      cluster: { health: 'critical', read: { mode: 'stale', node_id: 'n1' } },
      raft: { leader_id: null },
    });
    const alerts = await caller.ask('n1', 'GET', '/v1/alerts');
    expect(alerts.text).toContain('LeaderDown');
    await until('it says so', async () => readFileSync(node.log, 'utf8').includes('start-without-quorum'));
    const shown = await sqlccOn(cluster, ['node', 'leader']);
    expect(shown.code).toBe(4);
    await Promise.all(['n2', 'n3'].map((n) => cluster.startNode(n)));
    await cluster.untilHealthy();
    expect(await plain('/readyz')).toBe(200);
    await untilEqual(cluster);
  });
});

describe('a node that joins late', () => {
  // by a snapshot: snapshot.test.ts
  it('is brought up by the log, becomes a voter, and leaves again', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const session = await client.openSession();
    for (let n = 0; n < 200; n++) await session.put(`k${n % 100}`, `value ${n}`);
    const { nodeId, child } = await cluster.addNode();
    expect(child).not.toBeNull();
    await until('the fourth voter', async () => (await client.status()).raft.voters.includes(nodeId));
    await untilEqual(cluster);

    const left = await sqlccOn(cluster, [...LEAVE, nodeId]);
    expect(left.stderr).toBe('');
    expect(left.code).toBe(0);
    const { nodes } = await client.nodes();
    expect(nodes.map((n) => n.node_id)).not.toContain(nodeId);
    expect((await client.status()).raft.voters.toSorted()).toEqual(['n1', 'n2', 'n3']);
  });
});

describe('joining is refused', () => {
  it('with a used, a foreign and a malformed token, and for an id in use', async () => {
    const cluster = await startCluster(1);
    const [n1] = cluster.nodes;
    const target = (id: string, token: string): string[] => [
      ...['node', 'join', '--seed-node', `127.0.0.1:${n1?.port}`, '--node-id', id, '--host', '127.0.0.1'],
      ...['--port', '26599', '--client-port', '26598', '--metrics-port', '26597', '--no-start'],
      ...[
        '--data-dir',
        `${cluster.dir}/x-${id}`,
        '--config',
        `${cluster.dir}/x-${id}.yaml`,
        '--token',
        token,
      ],
    ];
    const made = await sqlccOn(cluster, ['token', 'create', '--join', '-o', 'json']);
    const { token } = JSON.parse(made.stdout) as { token: string };

    const malformed = await sqlcc(target('x1', 'sqlcc1.nonsense'));
    expect(malformed.code).toBe(2);
    expect(malformed.stderr).toMatch(/^error\[invalid_argument\]: this is no join token/);

    const pin = token.split('.');
    pin[3] = 'a'.repeat(64);
    const foreign = await sqlcc(target('x1', pin.join('.')));
    expect(foreign.code).toBe(8);
    expect(foreign.stderr).toMatch(/belongs to another cluster/);
    expect(foreign.stderr).toMatch(/the token was not sent/);

    const inUse = await sqlcc(target('n1', token));
    expect(inUse.code).toBe(9);
    expect(inUse.stderr).toContain(`127.0.0.1:${n1?.port}`);
    expect(inUse.stderr).toContain('127.0.0.1:26599');

    // whoever had no answer in time repeats it: the token is its own
    await until('x1 joins', async () => (await sqlcc(target('x1', token))).code === 0);
    const used = await sqlcc(target('x2', token));
    expect(used.code).toBe(8);
    expect(used.stderr).toMatch(/was used by x1/);
    for (const ran of [malformed, foreign, inUse, used])
      expect(ran.stdout + ran.stderr).not.toContain(pin[2]);
  });
});
