import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOnNode } from '../../../daemon/config-check.ts';
import { OwnFile } from '../../../daemon/own-file.ts';
import type { ClusterConfig } from '../../../src/config/index.ts';
import { DistributedConfig, parseConfig, renderSharedConfig } from '../../../src/config/index.ts';
import { SEED_CLUSTER } from '../config/seed-file.ts';
import { NodeFolders } from '../rpc/node-folders.ts';

function config(text: string): ClusterConfig {
  const parsed = parseConfig(text, { source: 'test' });
  if (!parsed.ok) throw new TypeError('a configuration');
  return parsed.config;
}

const OWN = config(SEED_CLUSTER);
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
  it('has nothing against what is in force', () => {
    expect(check(SHARED)).toEqual({ issues: [], notes: [] });
  });

  it('misses files and variables that a new text names, and looks at none of their contents', () => {
    const secret = join(folders.dir, 'hook');
    const shared = `${SHARED}notifiers:\n  webhook: {url: "file:${secret}"}\n  slack: {url: "env:HOOK"}\n`;
    expect(check(shared).issues.map((i) => [i.path, i.message])).toEqual([
      ['notifiers.slack.url', 'the daemon has no variable HOOK'],
      ['notifiers.webhook.url', `the file ${secret} is missing`],
    ]);
    writeFileSync(secret, 'no address at all');
    expect(check(shared, { HOOK: 'x' }).issues).toEqual([]);
    rmSync(secret);
    expect(check(shared.replace(secret, folders.dir)).issues[1]?.message).toMatch(/is no file$/);
  });

  it('refuses nothing because of what is wrong already', () => {
    const missing = 'notifiers:\n  webhook: {url: "file:/nowhere/hook"}\n';
    expect(check(`${SHARED}${missing}`, {}, config(`${SEED_CLUSTER}${missing}`)).issues).toEqual([]);
  });

  it('refuses what this version does not know', () => {
    const issues = check(SHARED.replace('  raft:', '  future: 1\n  raft:')).issues;
    expect(issues.map((i) => i.path)).toEqual(['cluster.future']);
    expect(issues[0]?.message).toMatch(/unknown key "future"/);
  });

  it('notes that the node would not start with its own file, whatever is replicated', () => {
    writeFileSync(path, SEED_CLUSTER.replace('client_port: 5434', 'client_port: 5433'));
    const { issues, notes } = check(SHARED);
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
});
