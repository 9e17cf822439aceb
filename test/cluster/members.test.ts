/** Members' lives on real processes: a vote that moves, by hand and by the policy, and nodes that come back. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { leaderOf, sqlccOn, startCluster, until, untilEqual } from './harness.ts';

async function votersOf(cluster: DemoCluster): Promise<string> {
  return (await cluster.client().status()).raft.voters.toSorted().join(' ');
}

/** Majorities that were ever in force, by the audit of the Raft group. */
async function mostVoters(cluster: DemoCluster): Promise<number> {
  const { records } = await cluster.client().audit();
  const groups = records.filter((r) => r.action === 'raft-membership').map((r) => r.after ?? '');
  return Math.max(...groups.map((text) => text.split(';')[0]?.split(',').length ?? 0));
}

describe('node replace', () => {
  it('gives the leader’s vote to an observer under load, without a fourth voter, and the old one is told', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)' }]);
    await cluster.addNode('observer');
    // not n1: it is the one address that the context of these commands knows
    if ((await leaderOf(cluster)) !== 'n2') {
      const moved = await sqlccOn(cluster, ['cluster', 'failover', '--to', 'n2', '--yes']);
      expect(moved.code).toBe(0);
    }
    const old = await leaderOf(cluster);
    const atLeast = await mostVoters(cluster);
    let isOver = false;
    let acknowledged = 0;
    const load = (async () => {
      while (!isOver) {
        await client.sql([{ sql: 'INSERT INTO t (x) VALUES (?)', params: ['v'] }], { timeoutMs: 60_000 });
        acknowledged++;
      }
    })();
    const plan = await sqlccOn(cluster, ['node', 'replace', old, 'n4', '--dry-run']);
    expect(plan.code).toBe(0);
    expect(await votersOf(cluster)).toBe('n1 n2 n3');
    const swap = ['node', 'replace', old, 'n4', '--yes-cluster', 'demo', '--reason', 'retired'];
    const ran = await sqlccOn(cluster, swap);
    isOver = true;
    await load;
    expect([ran.code, ran.stderr]).toEqual([0, expect.stringContaining('swapping')]);
    expect(await votersOf(cluster)).toBe(['n1', 'n2', 'n3', 'n4'].filter((id) => id !== old).join(' '));
    expect(await mostVoters(cluster)).toBe(atLeast);
    const last = (await client.operations()).operations.at(-1);
    expect(last).toMatchObject({
      kind: 'replace-node',
      state: 'done',
      from: old,
      to: 'n4',
      reason: 'retired',
    });
    expect(last?.phases.map((p) => p.name)).toEqual(['catching-up', 'handing-over', 'swapping', 'removing']);
    const rows = await client.sql([{ sql: 'SELECT count(*) FROM t' }]);
    expect(Number(rows.results[0]?.rows[0]?.[0])).toBe(acknowledged);

    // the removed node is told so and stops, with a code on which no service manager starts it again
    const ends = cluster.node(old);
    await until('the removed node stops', async () => ends.child?.exitCode !== null);
    expect(ends.child?.exitCode).toBe(8);
    expect(readFileSync(`${ends.log}.stderr`, 'utf8')).toContain(`${old} was removed from this cluster`);

    // the observer votes and leads as any voter, and admits nodes: it got the key of the CA
    await until('its key', async () => existsSync(join(cluster.node('n4').dataDir, 'pki', 'ca.key')));
    const led = await sqlccOn(cluster, ['cluster', 'failover', '--to', 'n4', '--yes']);
    expect(led.code).toBe(0);
    // an empty disk may have the name at once; it reads in the log that another one had it
    await cluster.rejoinNode(old);
    await until('the new disk votes', async () => (await votersOf(cluster)) === 'n1 n2 n3 n4');
    expect(cluster.node(old).child?.exitCode).toBeNull();
  });
});

describe('membership.replace_dead_voter_after', () => {
  it('gives a dead voter’s place to the spare, once, and takes the repaired node back as a spare', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await cluster.addNode('observer');
    const victim = (await leaderOf(cluster)) === 'n2' ? 'n3' : 'n2';
    await cluster.killNode(victim);
    await until('it is dead', async () => (await client.node(victim)).node.liveness === 'dead');
    expect(await votersOf(cluster)).toBe('n1 n2 n3');
    const wish = ['membership.replace_dead_voter_after=1500ms', 'membership.replace_cooldown=1h'];
    const set = await sqlccOn(cluster, ['cluster', 'config', 'set', ...wish]);
    expect(set.stderr).not.toContain('error');
    // a spare is first looked at for ten seconds
    const swapped = await until('the replacement', async () => {
      return (await client.operations()).operations.find((o) => o.kind === 'replace-voter') ?? null;
    });
    expect(swapped).toMatchObject({ from: victim, to: 'n4', actor: 'system' });
    expect((await client.waitOperation(swapped.id)).state).toBe('done');
    const rest = ['n1', 'n2', 'n3', 'n4'].filter((id) => id !== victim);
    expect(await votersOf(cluster)).toBe(rest.join(' '));
    const { records } = await client.audit();
    const line = records.find((r) => r.action === 'operation-begin' && r.target.startsWith('replace-voter'));
    expect(line).toMatchObject({ actor: 'system', outcome: 'ok' });

    await cluster.startNode(victim);
    await until('it follows', async () => {
      const { node } = await client.node(victim);
      return node.liveness === 'alive' && node.role === 'learner' && !node.voter;
    });
    const told = await sqlccOn(cluster, ['events', '--after', '0']);
    expect(told.stdout).toContain(`${victim} is back as a spare`);
    // the next death waits for the cool-down, and status says so
    const next = rest.find((id) => id !== 'n4' && id !== victim && id !== swapped.to) as string;
    const leader = await leaderOf(cluster);
    const second = next === leader ? (rest.find((id) => id !== leader && id !== 'n4') as string) : next;
    await cluster.killNode(second);
    const words = await until('the words of the block', async () => {
      const { cluster: seen } = await client.status();
      return seen.reasons.find((r) => r.includes('the last replacement was a short while ago')) ?? null;
    });
    expect(words).toContain(`${second} keeps its vote for now`);
    expect((await client.operations()).operations.filter((o) => o.kind === 'replace-voter')).toHaveLength(1);
    await cluster.startNode(second);
    await untilEqual(cluster);
  });
});
