/**
 * The configuration of real clusters: checked on every node before, acknowledged by every node behind, on
 * trial, taken back.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { clientOf, followerOf, leaderOf, refusal, sharedCluster, startCluster, until } from './harness.ts';
import { stopwatch } from './stopwatch.ts';

const shared = sharedCluster(3);
const raft = (beat: number, timeout: number) =>
  `cluster: {raft: {heartbeat_interval_ms: ${beat}, election_timeout_ms: ${timeout}}}`;

/** Kinds and messages of what the configuration did, oldest first. */
async function story(cluster: DemoCluster): Promise<string[]> {
  const told: string[] = [];
  const types = ['config-changed', 'config-confirmed', 'config-reverted'];
  for await (const event of cluster.client().events({ after: '0', follow: false, types }))
    told.push(`${event.kind} ${event.data['version']}`);
  return told;
}

describe('an update', () => {
  it('is acknowledged by every node that lives, and names the dead ones', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const all = await client.putConfig({ text: raft(40, 160) });
    expect(all).toMatchObject({ applied: true, acknowledged: true, version: 2, tentative: null });
    expect(all.nodes.map((n) => [n.node_id, n.outcome])).toEqual([
      ...['n1', 'n2', 'n3'].map((id) => [id, 'applied']),
    ]);
    const victim = await followerOf(cluster);
    await cluster.killNode(victim);
    await until('it is dead', async () => (await client.node(victim)).node.liveness === 'dead');
    const rest = await client.putConfig({ text: raft(45, 160) });
    expect(rest.acknowledged).toBe(true);
    expect(rest.nodes.find((n) => n.node_id === victim)).toMatchObject({
      outcome: 'not_alive',
      error: 'dead',
    });
  });

  it('names a node that is frozen and does not wait for it without end', async () => {
    const cluster = await startCluster(3);
    const frozen = await followerOf(cluster);
    const client = cluster.client();
    const leader = clientOf(cluster, { node: await leaderOf(cluster) });
    await leader.config();
    cluster.node(frozen).child?.kill('SIGSTOP');
    const tookMs = stopwatch();
    const answer = await leader.putConfig({ text: raft(40, 160) }, { timeoutMs: 30_000 });
    const took = tookMs();
    cluster.node(frozen).child?.kill('SIGCONT');
    expect(answer.applied).toBe(true);
    // a node that was found dead meanwhile is not waited for
    const row = answer.nodes.find((n) => n.node_id === frozen);
    expect(row?.outcome).toMatch(/^(unknown|not_alive)$/);
    expect(answer.acknowledged).toBe(row?.outcome === 'not_alive');
    expect(took).toBeLessThan(5000);
    await cluster.untilHealthy();
    await until('it follows', async () => {
      const { nodes } = await client.configPending();
      return nodes.every((n) => n.version === answer.version);
    });
  });

  it('is refused where one node could not run with it, and that node is named', async () => {
    const cluster = shared();
    const client = cluster.client();
    const before = (await client.config()).version.version;
    const folder = mkdtempSync(join(tmpdir(), 'sqlcc-config-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const text = `notifiers:\n  webhook:\n    url: file:${join(folder, 'hook')}\n    allow_loopback: true\n`;
    const error = await refusal(client.putConfig({ text }));
    expect(error.exitCode).toBe(10);
    const issues = error.details['issues'] as {
      node_id: string;
      message: string;
      line: number;
      path: string;
    }[];
    expect(issues.map((i) => i.node_id).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(issues[0]).toMatchObject({ line: 3, path: 'notifiers.webhook.url' });
    expect(issues[0]?.message).toMatch(/^on n\d: file:.*hook can't be read: ENOENT$/);
    expect((await client.config()).version.version).toBe(before);
    writeFileSync(join(folder, 'hook'), 'http://127.0.0.1:9/x\n', { mode: 0o600 });
    expect(await client.putConfig({ text })).toMatchObject({ applied: true, acknowledged: true });
    rmSync(join(folder, 'hook'));
    // what was wrong already refuses nothing else
    expect(await client.putConfig({ text: raft(45, 160) })).toMatchObject({ applied: true });
    await client.rollbackConfig(before);
  });

  it('changes timings from fast to slow and back without an election', async () => {
    const cluster = shared();
    const client = cluster.client();
    const { term } = await client.leader();
    const slowest = 1000;
    for (const [beat, timeout] of [
      [300, 900],
      [50, 150],
      [400, slowest],
      [50, 150],
    ] as const) {
      expect(await client.putConfig({ text: raft(beat, timeout) })).toMatchObject({ acknowledged: true });
      // longer than the bridge between old and new, so that the new timings have ruled for a while
      await new Promise((resolve) => setTimeout(resolve, 3 * slowest + 1000));
      expect(await client.leader()).toMatchObject({ term });
      const { election_timeout_ms: inForce } = (await client.status()).raft;
      expect(inForce).toBeGreaterThanOrEqual(timeout);
      if (timeout < slowest / 2) expect(inForce).toBeLessThan(slowest - 200);
    }
  });
});

describe('a rollback', () => {
  it('is a new version that equals the old one; diff and versions tell', async () => {
    const client = shared().client();
    const base = (await client.config()).version;
    const { version } = await client.putConfig({ text: raft(41, 164), reason: 'trial' });
    const diff = await client.configDiff({ to: version });
    expect(diff).toMatchObject({ from: version - 1, to: version });
    expect(diff.changes.map((c) => [c.path, c.to, c.effect])).toEqual([
      ['cluster.raft.election_timeout_ms', 164, 'live'],
      ['cluster.raft.heartbeat_interval_ms', 41, 'live'],
    ]);
    const back = await client.rollbackConfig(base.version, { reason: 'too fast' });
    expect(back).toMatchObject({ version: version + 1, applied: true, acknowledged: true });
    const now = await client.config();
    expect(now.version).toMatchObject({ config_hash: base.config_hash, reason: 'too fast', is_active: true });
    expect(now.version.changes).toHaveLength(diff.changes.length);
    expect(now.version.changes[0]).toMatch(new RegExp(`^back to version ${base.version}, `));
    expect((await refusal(client.rollbackConfig(now.version.version))).code).toBe('conflict');
    expect(await client.activateConfig(now.version.version)).toMatchObject({ applied: false });
    expect((await refusal(client.rollbackConfig(9999))).code).toBe('not_found');
  });

  it('says which actions of the old one nobody carries', async () => {
    const client = shared().client();
    const { version: base } = (await client.config()).version;
    const rule = '{name: Full, condition: "disk_usage > 99.9%", severity: info, actions: [email]}';
    const { version } = await client.putConfig({ text: `alerts: [${rule}]` });
    expect((await client.rollbackConfig(base)).notes).toEqual([]);
    const text = 'alerts use the action "email", notifiers.email is not configured: nothing is sent';
    expect((await client.rollbackConfig(version)).notes).toEqual([text]);
    await client.rollbackConfig(base);
  });
});

describe("a node's own file", () => {
  it('is told as pending when it changed, and as an issue when the node would not start with it', async () => {
    const cluster = await startCluster(1);
    const client = cluster.client();
    const node = cluster.node('n1');
    const { readFileSync } = await import('node:fs');
    const text = readFileSync(node.configFile, 'utf8');
    const pending = async () => (await client.configPending()).nodes[0];
    expect(await pending()).toMatchObject({ node_id: 'n1', config_file: node.configFile, pending: [] });
    const metrics = `metrics_port: ${node.metricsPort}`;
    writeFileSync(node.configFile, text.replace(metrics, `metrics_port: ${node.metricsPort + 5}`));
    expect((await pending())?.pending).toEqual([
      {
        ...{ path: 'cluster.monitoring.metrics_port', effect: 'restart' },
        ...{ from: node.metricsPort, to: node.metricsPort + 5 },
      },
    ]);
    await until('the row tells', async () => {
      const { issues } = (await client.node('n1')).node;
      return issues.some((i) => i.startsWith('restart pending: cluster.monitoring.metrics_port'));
    });
    writeFileSync(node.configFile, text.replace(metrics, `metrics_port: ${node.port}`));
    expect((await pending())?.file_issue).toMatch(/is the port of cluster.network.port too/);
    const put = await client.putConfig({ text: raft(40, 160) });
    expect(put).toMatchObject({ applied: true, acknowledged: true });
    expect(put.notes.join()).toMatch(/n1: the node would not start again: .*port/);
    writeFileSync(node.configFile, text);
    expect((await pending())?.file_issue).toBeNull();
  });
});

describe('a configuration on trial', () => {
  it('stays when it is confirmed', async () => {
    const cluster = shared();
    const client = cluster.client();
    const put = await client.putConfig({ text: raft(42, 168), confirmWithinMs: 6000 });
    const { version } = put;
    expect(put.tentative).toMatchObject({ version, previous: version - 1 });
    expect((await client.status()).config).toMatchObject({ version, tentative: { version } });
    const other = await refusal(client.putConfig({ text: raft(43, 168) }));
    expect([other.code, other.exitCode]).toEqual(['failed_precondition', 6]);
    expect((await client.confirmConfig()).version).toBe(version);
    const end = Date.parse(must(put.tentative, 'a trial').expires) + 500;
    await new Promise((resolve) => setTimeout(resolve, end - Date.now()));
    expect((await client.status()).config).toEqual({ version, tentative: null });
    expect((await story(cluster)).slice(-2)).toEqual([
      `config-changed ${version}`,
      `config-confirmed ${version}`,
    ]);
    expect((await refusal(client.confirmConfig(version))).code).toBe('conflict');
    expect((await refusal(client.confirmConfig())).code).toBe('failed_precondition');
  });

  it('is taken back when its time is over, not before, also when the leader changed meanwhile', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const before = (await client.config()).version;
    const began = performance.now();
    const tookMs = stopwatch();
    const { version } = await client.putConfig({ text: raft(39, 156), confirmWithinMs: 4000 });
    const { id } = await client.runOperation({ kind: 'failover' });
    expect((await client.waitOperation(id)).state).toBe('done');
    await until('the way back', async () => (await client.config()).version.version === version + 1);
    expect(performance.now() - began).toBeGreaterThan(3900);
    expect(tookMs()).toBeLessThan(6000);
    const now = (await client.config()).version;
    expect(now).toMatchObject({ config_hash: before.config_hash, author: 'system' });
    expect(now.reason).toBe(`version ${version} was taken back: it was not confirmed within 4s`);
    const { versions } = await client.configVersions();
    expect(versions.find((v) => v.version === version)?.confirmation).toBe('reverted');
    expect((await story(cluster)).slice(-2)).toEqual([
      `config-reverted ${version}`,
      `config-changed ${version + 1}`,
    ]);
  });

  it('is taken back at once when a voter dies, and by the next leader when the leader dies', async () => {
    const cluster = await startCluster(5);
    const client = cluster.client();
    for (const who of [followerOf, leaderOf]) {
      const victim = await who(cluster);
      const { version } = await client.putConfig({ text: raft(42, 168), confirmWithinMs: 600_000 });
      const soonMs = stopwatch();
      await cluster.killNode(victim);
      const reason = await until('the way back', async () => {
        const now = (await client.config()).version;
        return now.version === version + 1 ? now.reason : null;
      });
      expect(reason).toBe(`version ${version} was taken back: ${victim} is dead and was well before`);
      expect(soonMs()).toBeLessThan(10_000);
    }
  });

  it('is taken back at once when status calls the cluster degraded by it', async () => {
    const client = shared().client();
    await shared().untilHealthy();
    const text = 'cluster: {replication: {min_replicas: 9}}';
    const { version } = await client.putConfig({ text, confirmWithinMs: 600_000 });
    const reason = await until('the way back', async () => {
      const now = (await client.config()).version;
      return now.version === version + 1 ? now.reason : null;
    });
    const what = '3 live copies, min_replicas is 9, which was not so before';
    expect(reason).toBe(`version ${version} was taken back: ${what}`);
    expect((await client.status()).cluster.reasons.join()).not.toContain('min_replicas');
  });

  it('ends when somebody goes back by hand', async () => {
    const client = shared().client();
    await shared().untilHealthy();
    const { version } = await client.putConfig({ text: raft(38, 152), confirmWithinMs: 600_000 });
    expect(await client.rollbackConfig(version - 1)).toMatchObject({ version: version + 1, tentative: null });
    expect((await client.config()).version.reason).toMatch(/^version \d+ was taken back: .*rolled it back$/);
  });
});
