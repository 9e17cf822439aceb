/** What must not leak, and what must not be readable: canaries, file modes, hostile names. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaderOf, sharedCluster, sqlccOn, until } from '../cluster/harness.ts';
import { adminFile, HttpCaller } from '../cluster/http-caller.ts';
import { Signer } from './credentials.ts';

const shared = sharedCluster(3, 'DEBUG');

/** All files and folders below `dir`. */
function walk(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name));
}

/** The secret part of a PEM key: one line of its base64. */
function keyLine(pem: string): string {
  const lines = pem.split('\n').filter((line) => !line.startsWith('-----') && line !== '');
  return lines[1] as string;
}

describe('secrets', () => {
  it('stand nowhere but in pki: not in logs, output, data, metrics or answers', async () => {
    const cluster = shared();
    const client = cluster.client();
    const join1 = (await client.createToken({ kind: 'join', role: 'voter' })).token.split('.')[2] as string;
    const access = (await client.createToken({ kind: 'access', role: 'viewer' })).token;
    const { authority } = Signer.of(cluster);
    const nodeKey = readFileSync(join(cluster.nodes[0]?.dataDir ?? '', 'pki', 'node.key'), 'utf8');
    const canaries = {
      'join secret': join1,
      'access secret': access.split('.')[2] as string,
      'CA key': keyLine(authority.keyPem),
      'node key': keyLine(nodeKey),
      'admin key': keyLine(adminFile(cluster, 'admin.key')),
    };
    // use them, also wrongly
    const used = new HttpCaller(cluster, { token: access });
    for (const path of ['/v1/status', '/v1/nodes', '/v1/none', '/v1/kv/x']) await used.ask('n1', 'GET', path);
    await used.close();
    const wrong = new HttpCaller(cluster, { token: `${access}x` });
    expect((await wrong.ask('n1', 'GET', '/v1/status')).status).toBe(401);
    await wrong.close();

    const texts = new Map<string, string>();
    const admin = new HttpCaller(cluster);
    const paths = [
      'status',
      'nodes',
      'audit',
      'tokens',
      'config',
      'config/versions',
      'metrics',
      'operations',
    ];
    for (const path of [...paths, 'events?after=0&follow=0', 'history', 'openapi.json', 'views', 'kv'])
      texts.set(path, (await admin.ask(await leaderOf(cluster), 'GET', `/v1/${path}`)).text);
    await admin.close();
    for (const { nodeId, metricsPort } of cluster.nodes)
      texts.set(
        `metrics of ${nodeId}`,
        await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
      );
    for (const words of [['token', 'list'], ['audit', 'list'], ['events'], ['cluster', 'config', 'show']]) {
      const ran = await sqlccOn(cluster, words);
      expect(ran.code, ran.stderr).toBe(0);
      texts.set(words.join(' '), ran.stdout + ran.stderr);
    }
    for (const file of walk(cluster.dir)) {
      if (!lstatSync(file).isFile() || /\/(pki|demo)\//.test(file)) continue;
      texts.set(relative(cluster.dir, file), readFileSync(file, 'latin1'));
    }
    expect(texts.size).toBeGreaterThan(25);
    for (const [where, text] of texts)
      for (const [what, canary] of Object.entries(canaries))
        expect.soft(text.includes(canary), `${what} in ${where}`).toBe(false);
  });

  it('and all other files are their owner’s alone', () => {
    const { dir } = shared();
    for (const path of [dir, ...walk(dir)]) {
      const info = lstatSync(path, { throwIfNoEntry: false });
      if (info === undefined) continue;
      const mode = (info.mode & 0o777).toString(8);
      // the state file is swapped by a link beside it; no link leads out of its folder
      if (info.isSymbolicLink()) {
        expect.soft(readlinkSync(path), path).toMatch(/^[\w.-]+$/);
        continue;
      }
      expect.soft(mode, path).toBe(info.isDirectory() ? '700' : '600');
    }
  });
});

describe('hostile texts', () => {
  const HOSTILE = '\u001b[31mred\u001b]52;c;aGk=\u0007 \u202Eevil\u2066 \u0000\u009b1m 名前';
  const RAW = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  it('are shown escaped by every command and in the logs', async () => {
    const cluster = shared();
    const client = cluster.client();
    await client.updateNode('n2', { zone: HOSTILE.slice(0, 60), metadata: { label: HOSTILE } });
    const { id } = await client.runOperation({ kind: 'maintenance', node_id: 'n2', reason: HOSTILE });
    await client.waitOperation(id);
    await client.kv.put(`evil/${HOSTILE}`, HOSTILE);
    await client.sql([
      { sql: 'CREATE TABLE evil (t)' },
      { sql: 'INSERT INTO evil VALUES (?)', params: [HOSTILE] },
    ]);
    const commands = [
      ...[
        ['cluster', 'status'],
        ['node', 'list', '-o', 'wide'],
        ['node', 'show', 'n2'],
        ['op', 'list'],
      ],
      ...[['op', 'show', id], ['events'], ['audit', 'list'], ['node', 'maintenance', 'status']],
      ...[
        ['kv', 'list', 'evil/'],
        ['sql', '-c', 'SELECT t FROM evil'],
        ['node', 'show', HOSTILE.slice(0, 20)],
      ],
      ['top', '--once'],
    ];
    for (const words of commands) {
      const line = words.map((w) => w.replaceAll('\u0000', ''));
      const ran = await sqlccOn(cluster, line);
      expect.soft(RAW.test(ran.stdout), `stdout of ${line.join(' ').slice(0, 30)}`).toBe(false);
      expect.soft(RAW.test(ran.stderr), `stderr of ${line.join(' ').slice(0, 30)}`).toBe(false);
    }
    const sql = await sqlccOn(cluster, ['sql', '-c', 'SELECT t FROM evil']);
    expect(sql.stdout).toContain('名前');
    const json = await sqlccOn(cluster, ['sql', '-c', 'SELECT t FROM evil', '-o', 'json']);
    expect(JSON.parse(json.stdout).results[0].rows[0][0]).toBe(HOSTILE);
    await until('its end', async () => (await client.operation(id)).state === 'done');
    for (const { log } of cluster.nodes)
      expect.soft(RAW.test(readFileSync(log, 'utf8')), `the log ${log}`).toBe(false);
    const off = await client.runOperation({ kind: 'maintenance', node_id: 'n2', enable: false });
    await client.waitOperation(off.id);
  });
});
