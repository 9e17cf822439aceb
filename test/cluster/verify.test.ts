/** `cluster verify` on real processes: equal under load, and a row that was changed behind SQLCC's back. */
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { followerOf, leaderOf, sharedCluster, sqlccOn, until } from './harness.ts';

const shared = sharedCluster(3);

/**
 * Changes a row of the file of a node that is stopped, and dies before SQLite copies it into the
 * file: so the pages' own checksums have no chance to see it.
 */
const CORRUPT = `
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(process.argv[1]);
  db.exec('PRAGMA wal_autocheckpoint = 0');
  const { changes } = db.prepare("UPDATE accounts SET balance = 999 WHERE id = 7").run();
  if (Number(changes) === 1) process.stdout.write('changed');
  process.kill(process.pid, 'SIGKILL');
`;

function stateFile(dataDir: string): string {
  const dir = join(dataDir, 'engine');
  return join(dir, readlinkSync(join(dir, 'state.db')));
}

describe('cluster verify', () => {
  it('finds all nodes equal at one index while they are written to', async () => {
    const client = shared().client();
    const make = 'CREATE TABLE accounts (id INTEGER PRIMARY KEY, balance INTEGER)';
    await client.sql([{ sql: make }]);
    for (let id = 0; id < 20; id++)
      await client.sql([{ sql: 'INSERT INTO accounts VALUES (?, 100)', params: [id] }]);
    let isOver = false;
    const load = (async () => {
      for (let n = 0; !isOver; n++) await client.kv.put(`k${n % 50}`, `v${n}`);
    })();
    for (let round = 0; round < 3; round++) {
      const answer = await client.health.verify(undefined, { timeoutMs: 30_000 });
      expect(answer.nodes.map((n) => [n.node_id, n.state, n.error])).toEqual(
        ['n1', 'n2', 'n3'].map((id) => [id, 'ok', null]),
      );
      expect(answer.verdict).toBe('ok');
    }
    isOver = true;
    await load;
    const ran = await sqlccOn(shared(), ['cluster', 'verify', '-o', 'json']);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ verdict: 'ok' });
  });

  it('says which node is not there (3), and compares the others', async () => {
    const cluster = shared();
    const node = await followerOf(cluster);
    await cluster.killNode(node);
    const ran = await sqlccOn(cluster, ['cluster', 'verify', '--timeout', '30s', '-o', 'json']);
    expect(ran.code).toBe(3);
    const { nodes, verdict } = JSON.parse(ran.stdout) as {
      nodes: { node_id: string; state: string }[];
      verdict: string;
    };
    expect(verdict).toBe('incomplete');
    for (const row of nodes) expect(row.state).toBe(row.node_id === node ? 'unreachable' : 'ok');
    await cluster.startNode(node);
    await cluster.untilHealthy();
  });

  it('finds one changed row of one node and names the table (1)', async () => {
    const cluster = shared();
    const victim = await followerOf(cluster);
    await cluster.killNode(victim, 'SIGTERM');
    const file = stateFile(cluster.node(victim).dataDir);
    const done = spawnSync(process.execPath, ['--input-type=module', '-e', CORRUPT, file], {
      encoding: 'utf8',
    });
    expect(done.stderr).toBe('');
    expect(done.stdout).toBe('changed');
    await cluster.startNode(victim);
    await cluster.untilHealthy();
    const ran = await until('the verdict', async () => {
      const answer = await sqlccOn(cluster, ['cluster', 'verify']);
      return answer.code === 1 ? answer : null;
    });
    const line = ran.stdout.split('\n').find((text) => text.startsWith(victim));
    expect(line).toMatch(/differs.*table accounts: other content \(20 rows\)/);
    const leader = await leaderOf(cluster);
    expect(ran.stdout.split('\n').find((text) => text.startsWith(leader))).toContain('ok');
  });

  it('alarms for the node that differs until a later one finds it equal', async () => {
    const cluster = shared();
    const client = cluster.client();
    const { nodes } = await client.health.verify(undefined, { timeoutMs: 30_000 });
    const odd = nodes.filter((n) => n.state === 'differs').map((n) => `DivergedReplica:${n.node_id}`);
    expect(odd).toHaveLength(1);
    const states = async (): Promise<string> => {
      const { alerts } = await client.alerts();
      return alerts
        .filter((a) => odd.includes(a.id))
        .map((a) => a.state)
        .join(' ');
    };
    await until('the alert', async () => (await states()) === 'firing');
    // compared with itself it is equal, which proves nothing
    const victim = `${odd[0]?.split(':')[1]}`;
    const alone = await client.health.verify([victim], { timeoutMs: 30_000 });
    expect(alone).toMatchObject({ verdict: 'incomplete', nodes: [{ node_id: victim, state: 'ok' }] });
    expect((await client.node(victim)).node.issues.join()).toContain('holds something else than the others');
    // the row is written anew on every node
    await client.sql([{ sql: 'UPDATE accounts SET balance = 5 WHERE id = 7' }]);
    const again = await client.health.verify(undefined, { timeoutMs: 30_000 });
    expect(again.verdict).toBe('ok');
    await until('its end', async () => (await states()) === 'resolved');
  });
});
