/** The archive for those who are asked for help: whole without quorum and daemon, and without a secret. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../src/base/index.ts';
import { sqlcc, startCluster, until } from './harness.ts';
import { adminFile } from './http-caller.ts';

/** One line of the base64 of a key. */
function keyLine(pem: string): string {
  return must(
    pem.split('\n').find((line) => /^[A-Za-z0-9+/]{40,}/.test(line)),
    'a line of the key',
  );
}

const CANARY = 'c4n4ry';

describe('support dump', () => {
  it('holds record, log and views without quorum and with a dead daemon, and none of the secrets', async () => {
    const cluster = await startCluster(3, 'DEBUG');
    const client = cluster.client();
    const secrets: Record<string, string> = {};
    for (const [what, role] of [
      ['join', 'voter'],
      ['access', 'viewer'],
    ] as const) {
      const made = await client.createToken({ kind: what, role });
      secrets[`${what} token`] = must(made.token.split('.')[2], 'its secret');
    }
    const n1 = cluster.node('n1');
    for (const name of ['ca.key', 'node.key'])
      secrets[name] = keyLine(readFileSync(join(n1.dataDir, 'pki', name), 'utf8'));
    secrets['admin key'] = keyLine(adminFile(cluster, 'admin.key'));
    secrets['a row'] = `${CANARY}-row`;
    secrets['a value'] = `${CANARY}-value`;
    secrets['a key’s name'] = `${CANARY}-key`;
    await client.sql([
      { sql: 'CREATE TABLE t (x TEXT)' },
      { sql: 'INSERT INTO t VALUES (?)', params: [`${CANARY}-row`] },
    ]);
    await client.kv.put(`${CANARY}-key`, `${CANARY}-value`);
    await client.sql([{ sql: `SELEC '${CANARY}-row'` }]).catch(() => {});
    writeFileSync(n1.log, `{"event":"x","routing_key":"${CANARY}-hook"}\n`, { flag: 'a' });
    secrets['a notifier'] = `${CANARY}-hook`;

    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-dumped-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const dump = async (name: string, args: readonly string[]) => {
      const file = join(dir, `${name}.tar.gz`);
      const ran = await sqlcc(['support', 'dump', file, ...args, '-o', 'json'], { SQLCC_CONFIG: '/nowhere' });
      expect(ran.code, ran.stderr).toBe(0);
      const archive = gunzipSync(readFileSync(file));
      for (const [what, secret] of Object.entries(secrets))
        expect.soft(archive.includes(secret), `${what} in ${name}`).toBe(false);
      expect(readFileSync(file).length).toBeLessThan(4_000_000);
      const out = join(dir, name);
      execFileSync('mkdir', [out]);
      execFileSync('tar', ['xzf', file, '-C', out]);
      return (path: string) => readFileSync(join(out, path), 'utf8');
    };

    const whole = await dump('whole', ['--config', n1.configFile]);
    expect(JSON.parse(whole('manifest.json'))).toMatchObject({
      nodes_answered: ['n1', 'n2', 'n3'],
      missing: [],
    });
    // whoever made it stands in the audit
    const { records } = await client.audit();
    expect(records.at(-1)).toMatchObject({
      ...{ action: 'support-dump', target: 'n1', actor: `user ${userInfo().username}` },
      after: join(dir, 'whole.tar.gz'),
      from: expect.stringMatching(/ via n1$/),
    });
    // the log was found through the daemon that writes it
    expect(whole('logs/1-n1.log')).toContain('"event":"ready"');
    expect(whole('node/metrics.txt')).toContain('# TYPE');
    expect(whole('cluster/events.jsonl')).toContain('leader-elected');
    expect(JSON.parse(whole('cluster/n2/status.json')).raft.term).toBeGreaterThan(0);

    // no quorum, and the daemon of the folder is dead
    await cluster.killNode('n1');
    await cluster.killNode('n3');
    await until(
      'the loss to be seen',
      async () => (await client.status({ stale: true })).raft.leader_id === null,
    );
    const dead = await dump('dead', ['--config', n1.configFile, '--log-file', n1.log]);
    const { nodes_answered: answered, missing } = JSON.parse(dead('manifest.json'));
    expect(answered).toEqual(['n2']);
    const lacking = missing.map((m: { name: string }) => m.name);
    for (const name of [
      'node/process.json',
      'node/metrics.txt',
      'cluster/n1',
      'cluster/n3',
      'cluster/audit-note',
    ])
      expect(lacking).toContain(name);
    const record = JSON.parse(dead('node/record.json'));
    expect(Object.keys(record.cluster.nodes)).toEqual(['n1', 'n2', 'n3']);
    expect(record.membership.voters).toHaveLength(3);
    expect(record.cluster.audit.length).toBeGreaterThan(3);
    expect(dead('logs/1-n1.log')).toContain('"event":"ready"');
    expect(JSON.parse(dead('cluster/n2/status.json')).cluster.health).toBe('critical');
    const doctor = JSON.parse(dead('machine/doctor.json'));
    expect(doctor.node_id).toBe('n1');
    expect(doctor.checks.length).toBeGreaterThan(5);

    // as oneself, from a machine without a node
    const ca = ['ca', 'cert', 'key'].flatMap((name) => [
      `--${name}`,
      join(cluster.dir, 'demo', name === 'ca' ? 'ca.crt' : name === 'cert' ? 'admin.crt' : 'admin.key'),
    ]);
    const own = await dump('own', ['-e', `127.0.0.1:${cluster.node('n2').port}`, ...ca]);
    expect(JSON.parse(own('manifest.json')).nodes_answered).toHaveLength(1);
  });
});
