import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOnNode } from '../../../daemon/config-check.ts';
import { OwnFile } from '../../../daemon/own-file.ts';
import { DistributedConfig, renderSharedConfig } from '../../../src/config/index.ts';
import { config, OWN } from '../config/loaded.ts';
import { SEED_CLUSTER } from '../config/seed-file.ts';
import { NodeFolders } from '../rpc/node-folders.ts';

const SHARED = renderSharedConfig(OWN);

let folders: NodeFolders;
let path = '';
beforeEach(async () => {
  folders = await NodeFolders.create();
  path = join(folders.dir, 'n1.yaml');
  writeFileSync(path, SEED_CLUSTER);
});
afterEach(() => folders.remove());

function check(shared: string, env: NodeJS.ProcessEnv = {}, own = OWN) {
  const inForce = new DistributedConfig(own);
  return checkOnNode(shared, { config: inForce.config, file: new OwnFile(path, inForce), env });
}

describe('checkOnNode', () => {
  it('has nothing against what is in force', async () => {
    expect(await check(SHARED)).toEqual({ issues: [], notes: [] });
  });

  it('misses files and variables that a new text names, and such that nothing could be sent with', async () => {
    const secret = join(folders.dir, 'hook');
    const shared = `${SHARED}notifiers:\n  webhook: {url: "file:${secret}"}\n  slack: {url: "env:HOOK"}\n`;
    expect((await check(shared)).issues.map((i) => [i.path, i.message])).toEqual([
      ['notifiers.slack.url', 'the environment of this node has no HOOK'],
      ['notifiers.webhook.url', `file:${secret} can't be read: ENOENT`],
    ]);
    writeFileSync(secret, 'https://hooks.example/x');
    expect((await check(shared, { HOOK: 'x' })).issues).toEqual([]);
    writeFileSync(secret, '');
    expect((await check(shared, { HOOK: 'x' })).issues[0]?.message).toMatch(/is empty$/);
    rmSync(secret);
    expect((await check(shared.replace(secret, folders.dir))).issues[1]?.message).toMatch(/no plain file$/);
  });

  it('refuses nothing because of what is wrong already', async () => {
    const missing = 'notifiers:\n  webhook: {url: "file:/nowhere/hook"}\n';
    expect((await check(`${SHARED}${missing}`, {}, config(`${SEED_CLUSTER}${missing}`))).issues).toEqual([]);
  });

  it('refuses what this version does not know', async () => {
    const { issues } = await check(SHARED.replace('  raft:', '  future: 1\n  raft:'));
    expect(issues.map((i) => i.path)).toEqual(['cluster.future']);
    expect(issues[0]?.message).toMatch(/unknown key "future"/);
  });

  it('notes that the node would not start with its own file, whatever is replicated', async () => {
    writeFileSync(path, SEED_CLUSTER.replace('client_port: 5434', 'client_port: 5433'));
    const { issues, notes } = await check(SHARED);
    expect(issues).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(/would not start again: .*n1\.yaml:9:18: .* is the port of/),
    ]);
  });
});

describe('OwnFile', () => {
  it('follows the file, and says what waits for a start or forbids one', () => {
    const inForce = new DistributedConfig(OWN);
    const file = new OwnFile(path, inForce);
    expect([file.pendingRestart(), file.issues()]).toEqual([{ pending: [], fileIssue: null }, []]);
    writeFileSync(path, SEED_CLUSTER.replace('0.0.0.0', '127.0.0.1'));
    expect(file.issues()).toEqual([
      'restart pending: cluster.network.host: "0.0.0.0" → "127.0.0.1"',
      'restart pending: cluster.network.advertise_host: null → "127.0.0.1"',
    ]);
    writeFileSync(path, SEED_CLUSTER.replace('node-001', 'node-002'));
    expect(file.issues()).toEqual(['would not start again: cluster.node_id: "node-001" → "node-002"']);
    writeFileSync(path, 'cluster: [');
    expect(file.issues()).toEqual([expect.stringMatching(/^would not start again: .*n1\.yaml:1:/)]);
    rmSync(path);
    expect(file.issues()).toEqual([`would not start again: ${path} can't be read: ENOENT`]);
    writeFileSync(path, SEED_CLUSTER);
    expect(file.issues()).toEqual([]);
  });

  it('follows the version in force as well', () => {
    const inForce = new DistributedConfig(OWN);
    const file = new OwnFile(path, inForce);
    writeFileSync(path, SEED_CLUSTER.replace('heartbeat_interval_ms: 50', 'heartbeat_interval_ms: 60'));
    expect(file.pendingRestart().pending.map((c) => [c.path, c.to])).toEqual([
      ['cluster.raft.heartbeat_interval_ms', 60],
    ]);
    // once something is replicated, what the file says of such a key means nothing
    inForce.apply({ version: 1, text: SHARED });
    expect(file.pendingRestart().pending).toEqual([]);
  });

  it('tells few and short ones in the row, and all of them when it is asked', () => {
    const file = new OwnFile(path, new DistributedConfig(OWN));
    const ports = SEED_CLUSTER.replace('5433', '6433').replace('5434', '6434').replace('9090', '9190');
    writeFileSync(path, ports.replace('0.0.0.0', `h${'x'.repeat(200)}`));
    expect(file.pendingRestart().pending).toHaveLength(6);
    expect(file.issues()).toHaveLength(4);
    expect(file.issues().at(-1)).toBe('restart pending: 3 more keys');
    for (const issue of file.issues()) expect(issue.length).toBeLessThanOrEqual(240);
  });
});
