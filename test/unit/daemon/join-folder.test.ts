import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beginWriting, endJoin, isOwnConfigFile, prepareJoinFolder } from '../../../daemon/join-folder.ts';

let dir = '';
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'sqlcc-join-')), 'data');
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

describe('prepareJoinFolder', () => {
  it('gives key and instance of the first try to the next one, and others to another node', async () => {
    const first = await prepareJoinFolder(dir, 'n2');
    expect(statSync(join(dir, 'pki', 'node.key')).mode & 0o777).toBe(0o600);
    expect(await prepareJoinFolder(dir, 'n2')).toEqual(first);
    const other = await prepareJoinFolder(dir, 'n3');
    expect(other.instanceId).not.toBe(first.instanceId);
    expect(other.keyPem).not.toBe(first.keyPem);
  });

  it('refuses a folder with a log that no try of a join has left', async () => {
    await prepareJoinFolder(dir, 'n2');
    endJoin(dir);
    writeFileSync(join(dir, 'wal', 'segment'), 'entries');
    await expect(prepareJoinFolder(dir, 'n2')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('takes up a try that was cut off while the node was written', async () => {
    const first = await prepareJoinFolder(dir, 'n2');
    expect(isOwnConfigFile(dir, '/etc/n2.yaml')).toBe(false);
    beginWriting(dir, '/etc/n2.yaml');
    writeFileSync(join(dir, 'wal', 'segment'), 'the empty log');
    expect(await prepareJoinFolder(dir, 'n2')).toEqual(first);
    expect([isOwnConfigFile(dir, '/etc/n2.yaml'), isOwnConfigFile(dir, '/etc/n3.yaml')]).toEqual([
      true,
      false,
    ]);
    beginWriting(dir, '/etc/n2.yaml');
    expect(existsSync(join(dir, 'wal', 'segment'))).toBe(false);
  });

  it('does not let another disk pass for one that ever ran, whatever was left behind', async () => {
    await prepareJoinFolder(dir, 'n2');
    writeFileSync(join(dir, 'boot.json'), '{"boots":1}');
    writeFileSync(join(dir, 'wal', 'segment'), 'entries');
    await expect(prepareJoinFolder(dir, 'n2')).rejects.toMatchObject({ code: 'conflict' });
    expect(existsSync(join(dir, 'wal', 'segment'))).toBe(true);
  });
});
