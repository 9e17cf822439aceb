import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ensureDataDir,
  FORMAT_VERSION,
  nextBootCounter,
  readIdentity,
  writeIdentity,
} from '../../../daemon/data-dir.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const identity = {
  ...{ format: FORMAT_VERSION, clusterId: 'c', clusterName: 'demo', nodeId: 'n1', instanceId: 'i' },
  suffrage: 'voter' as const,
};

describe('the data directory', () => {
  it('is closed to others, with every folder in it', () => {
    const data = join(dir, 'data');
    ensureDataDir(data);
    for (const sub of ['', 'pki', 'wal', 'snapshots', 'engine']) {
      expect(statSync(join(data, sub)).mode & 0o777).toBe(0o700);
    }
  });

  it('is refused when others may write to it', () => {
    const data = join(dir, 'data');
    mkdirSync(data);
    chmodSync(data, 0o777);
    expect(() => ensureDataDir(data)).toThrow(/may be written by others \(mode 777\)/);
  });

  it('keeps its identity in a file that only the owner reads', () => {
    writeIdentity(dir, identity);
    expect(readIdentity(dir)).toEqual(identity);
    expect(statSync(join(dir, 'identity.json')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['{', /is damaged/],
    [JSON.stringify({ ...identity, format: 99 }), /has format 99, this version reads 1/],
    [JSON.stringify({ ...identity, nodeId: '' }), /is incomplete/],
  ])('refuses the identity %s by name', (text, reason) => {
    writeFileSync(join(dir, 'identity.json'), text);
    expect(() => readIdentity(dir)).toThrow(reason);
  });

  it('without an identity says what to do', () => {
    expect(() => readIdentity(dir)).toThrow(/holds no node/);
  });

  it('counts its starts', () => {
    expect([nextBootCounter(dir), nextBootCounter(dir), nextBootCounter(dir)]).toEqual([1, 2, 3]);
  });
});
