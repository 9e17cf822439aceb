import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
import { readPki, writePki } from '../../../daemon/data-files.ts';

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

  it('is closed again at every start, and refused when a part of it is open for writing', () => {
    const data = join(dir, 'data');
    ensureDataDir(data);
    chmodSync(data, 0o755);
    chmodSync(join(data, 'pki'), 0o755);
    rmSync(join(data, 'snapshots'), { recursive: true });
    ensureDataDir(data);
    for (const sub of ['', 'pki', 'snapshots']) expect(statSync(join(data, sub)).mode & 0o777).toBe(0o700);
    chmodSync(join(data, 'wal'), 0o770);
    expect(() => ensureDataDir(data)).toThrow(/wal may be written by others \(mode 770\)/);
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

  it.each(['', '{"boots":', 'null', '{"boots":"7"}', '{"boots":-1}', '{}'])(
    'does not begin again from 1 when the count says %j',
    (text) => {
      writeFileSync(join(dir, 'boot.json'), text);
      expect(() => nextBootCounter(dir)).toThrowError(
        expect.objectContaining({
          code: 'storage_failed',
          message: expect.stringContaining(`${join(dir, 'boot.json')} is damaged`),
        }),
      );
      expect(readFileSync(join(dir, 'boot.json'), 'utf8')).toBe(text);
    },
  );
});

describe('readPki', () => {
  const pki = { caCert: 'ca', nodeCert: 'node', nodeKey: 'secret', caKey: 'authority' };

  it('gives what writePki wrote, each file 0600', () => {
    ensureDataDir(dir);
    writePki(dir, pki);
    expect(readPki(dir)).toEqual({ ...pki, caBridge: null });
    for (const file of ['ca.crt', 'ca.key', 'node.crt', 'node.key'])
      expect(statSync(join(dir, 'pki', file)).mode & 0o777).toBe(0o600);
  });

  it.each(['node.key', 'ca.key'])(
    'refuses %s that others may read, names the remedy, mends nothing',
    (file) => {
      ensureDataDir(dir);
      writePki(dir, pki);
      const path = join(dir, 'pki', file);
      for (const mode of [0o640, 0o604, 0o644]) {
        chmodSync(path, mode);
        const said = { code: 'failed_precondition', hint: expect.stringContaining(`chmod 600 ${path}`) };
        expect(() => readPki(dir)).toThrowError(expect.objectContaining(said));
        expect(statSync(path).mode & 0o777).toBe(mode);
      }
    },
  );

  it('refuses a CA that others could have exchanged, and lets a certificate be read', () => {
    ensureDataDir(dir);
    writePki(dir, pki);
    chmodSync(join(dir, 'pki', 'node.crt'), 0o644);
    expect(readPki(dir)).toEqual({ ...pki, caBridge: null });
    chmodSync(join(dir, 'pki', 'ca.crt'), 0o666);
    expect(() => readPki(dir)).toThrow(/ca\.crt may be written by others \(mode 666\)/);
  });

  it('names a file that is missing', () => {
    ensureDataDir(dir);
    expect(() => readPki(dir)).toThrow(/ca\.crt is missing/);
  });
});
