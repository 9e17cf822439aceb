/** What people who look into a cluster rely on, on real daemons. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/audit/index.ts';
import { must } from '../../src/base/index.ts';
import type { AuditRow } from '../../src/client/index.ts';
import {
  clientOf,
  followerOf,
  leaderOf,
  refusal,
  sharedCluster,
  sqlccOn,
  until,
  untilEqual,
} from './harness.ts';

const shared = sharedCluster(3);

describe('audit', () => {
  it('tells who, from where, what, before and after, the same on every node, and stays whole', async () => {
    const cluster = shared();
    const client = cluster.client();
    const { token, id } = await client.createToken({ kind: 'access', role: 'operator' });
    const operator = clientOf(cluster, { token });
    const node = await followerOf(cluster);
    await operator.updateNode(node, { zone: 'cellar' });
    await untilEqual(cluster);
    const { records } = await client.audit();
    const byOperator = must(
      records.findLast((r) => r.actor === `token:${id}`),
      'a line of the operator',
    );
    expect(byOperator).toMatchObject({ action: 'node-update', target: node, credential: `token:${id}` });
    expect(byOperator.from).toContain('127.0.0.1');
    expect([byOperator.before, byOperator.after].map((t) => t?.includes('zone "cellar"'))).toEqual([
      false,
      true,
    ]);
    const made = records.find((r) => r.action === 'token-create' && r.target.includes(id));
    expect(made).toMatchObject({
      actor: 'admin',
      credential: expect.stringMatching(/^certificate:[0-9a-f]+$/),
    });
    expect(records.filter((r) => r.action === 'node-admit').map((r) => r.actor)).toEqual([
      expect.stringMatching(/^join:/),
      expect.stringMatching(/^join:/),
    ]);
    const group = records.filter((r) => r.action === 'raft-membership');
    expect(group.at(-1)?.after).toMatch(/^voters (n[123] 127\.0\.0\.1:\d+(, )?){3}$/);
    // the group's changes are of no proposer: the core dates them by the clock that it is told
    const age = (line: AuditRow) => Date.now() - Date.parse(line.at);
    expect(records.filter((r) => age(r) > 600_000 || age(r) < 0)).toEqual([]);
    const copies = await Promise.all(cluster.nodes.map((n) => client.audit({ node: n.nodeId, stale: true })));
    const heads = copies.map(({ anchor, records: lines }) =>
      verifyChain(
        anchor,
        lines.map((line: AuditRow) => ({ ...line, at: Date.parse(line.at) })),
      ),
    );
    expect(heads.map((h) => h.ok)).toEqual([true, true, true]);
    expect(new Set(heads.map((h) => h.ok && h.head.hash)).size).toBe(1);
    const told = await sqlccOn(cluster, ['audit', 'verify']);
    expect(told.code, told.stdout + told.stderr).toBe(0);
  });

  it('keeps refusals on the node that made them, and names a line of them that somebody changed', async () => {
    const cluster = shared();
    const { token, id } = await cluster.client().createToken({ kind: 'access', role: 'viewer' });
    const leader = await leaderOf(cluster);
    const viewer = clientOf(cluster, { token, node: leader, failFast: true });
    await until('the token everywhere', async () => (await viewer.status()).cluster.name !== '');
    expect((await refusal(viewer.createToken({ kind: 'join', role: 'voter' }))).code).toBe(
      'permission_denied',
    );
    const kept = await cluster.client().denials({ node: leader });
    expect(kept.records.at(-1)).toMatchObject({
      who: `viewer token:${id}`,
      from: expect.stringContaining('127.0.0.1'),
      what: 'permission_denied createToken',
    });
    const listed = await sqlccOn(cluster, ['audit', 'list', '--denied', '-o', 'jsonl']);
    expect(listed.stdout).toContain(`"viewer token:${id}"`);
    const file = join(cluster.node(leader).dataDir, 'denials.jsonl');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(`viewer token:${id}`, `viewer token:${id.slice(0, -1)}_`));
    const told = await sqlccOn(cluster, ['audit', 'verify', '-o', 'json']);
    writeFileSync(file, text);
    expect(told.code).toBe(10);
    const rows: { node_id: string; denials: { broken: { seq: number } | null } }[] = JSON.parse(
      told.stdout,
    ).nodes;
    const broken = rows.filter((r) => r.denials.broken !== null);
    expect(broken.map((r) => r.node_id)).toEqual([leader]);
  });
});

describe('doctor', () => {
  const checksOf = (stdout: string) =>
    JSON.parse(stdout).checks as { name: string; state: string; text: string; advice: string }[];

  it('knows its own daemon, its certificates and the clocks of its peers, and finds a key that is open', async () => {
    const cluster = shared();
    const { dataDir, configFile } = cluster.node('n2');
    const told = await sqlccOn(cluster, ['doctor', '--config', configFile, '-o', 'json']);
    const checks = checksOf(told.stdout);
    const failed = checks.filter((c) => c.state === 'fail' && c.name !== 'fsync' && c.name !== 'file system');
    expect(failed).toEqual([]);
    const held = checks.filter((c) => c.name.startsWith('port ')).map((c) => c.text);
    expect(held).toHaveLength(4);
    for (const text of held) expect(text).toContain('held by this node');
    expect(checks.filter((c) => c.name.startsWith('clock of ')).map((c) => c.name)).toEqual([
      'clock of n1',
      'clock of n3',
    ]);
    for (const { text } of checks.filter((c) => c.name.startsWith('clock of ')))
      expect(text).toMatch(/ms (ahead|behind)/);
    expect(checks.filter((c) => c.name === 'certificate')).toHaveLength(2);
    const key = join(dataDir, 'pki', 'node.key');
    chmodSync(key, 0o644);
    const open = await sqlccOn(cluster, ['doctor', '--config', configFile]);
    chmodSync(key, 0o600);
    expect(open.code).toBe(4);
    expect(open.stdout).toMatch(/^permissions +fail .*node\.key \(644\)/m);
  });
});

describe('node log-level', () => {
  it('is live on one node, and goes back by itself', async () => {
    const cluster = shared();
    const { log } = cluster.node('n3');
    const told = (): string[] =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"event":"log-level"'));
    const set = await sqlccOn(cluster, [
      'node',
      'log-level',
      'debug',
      '--for',
      '2s',
      '--node',
      'n3',
      '-o',
      'json',
    ]);
    expect(JSON.parse(set.stdout)).toMatchObject({ node_id: 'n3', level: 'DEBUG', default: 'INFO' });
    // when the command has ended its time may be over already
    const first = told().find((line) => line.includes('"to":"debug"'));
    expect(JSON.parse(first ?? 'null')).toMatchObject({ to: 'debug', by: 'admin' });
    const other = await cluster.client().logLevel({ node: 'n1' });
    expect(other).toMatchObject({ level: 'INFO', until: null });
    await until('its end', async () => (await cluster.client().logLevel({ node: 'n3' })).until === null);
    expect(JSON.parse(told().at(-1) ?? '')).toMatchObject({ to: 'info', by: 'time' });
  });
});
