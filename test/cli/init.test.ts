/** `sqlcc cluster init` on disk: what it prints, what it leaves, and what it does not begin. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectGolden, type Result, sqlcc } from './harness.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-init-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function init(...more: string[]): Promise<Result> {
  const places = ['--data-dir', join(dir, 'data'), '--config', join(dir, 'n1.yaml')];
  return sqlcc(['cluster', 'init', '--cluster-name', 'prod', '--node-id', 'n1', ...places, ...more], {
    env: { SQLCC_CONFIG: join(dir, 'home', 'config.yaml') },
  });
}

/** What differs from run to run, as words. */
function steady(text: string): string {
  return text
    .replaceAll(dir, 'DIR')
    .replace(/sqlcc1\.[\w.-]+/g, 'TOKEN')
    .replace(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replace(/("id": "|\()[0-9a-z-]{16,40}(?=["')])/g, '$1CLUSTER-ID');
}

describe('cluster init', () => {
  it('cluster init prints one document, and for people the commands that come next', async () => {
    const json = await init('-o', 'json');
    expect(json.code, json.stderr).toBe(0);
    rmSync(dir, { recursive: true });
    const text = await init();
    expect(text.code).toBe(0);
    expectGolden('init', `${steady(json.stdout)}\n${steady(text.stdout)}`);
  });

  it('cluster init keeps the administrator’s files to their owner', async () => {
    await init();
    const home = join(dir, 'home');
    expect(readdirSync(home).sort()).toEqual(['config.yaml', 'prod']);
    expect(readdirSync(join(home, 'prod')).sort()).toEqual(['admin.crt', 'admin.key', 'ca.crt']);
    for (const file of ['config.yaml', 'prod/admin.key', 'prod/admin.crt', 'prod/ca.crt'])
      expect(statSync(join(home, file)).mode & 0o777, file).toBe(0o600);
    expect(statSync(join(home, 'prod')).mode & 0o777).toBe(0o700);
    expect(readFileSync(join(home, 'prod', 'admin.key'), 'utf8')).toContain('PRIVATE KEY');
  });

  it.each([
    ['the folder of contexts is a file', 'home'],
    ['the context’s own folder is a file', 'home/prod'],
  ])('cluster init makes nothing when the key could not be kept: %s', async (_, taken) => {
    if (taken !== 'home') {
      const made = await init();
      expect(made.code).toBe(0);
      for (const name of ['data', 'n1.yaml', 'home/config.yaml', 'home/prod'])
        rmSync(join(dir, name), { recursive: true });
    }
    writeFileSync(join(dir, taken), '');
    const ran = await init();
    expect(ran).toMatchObject({ code: expect.any(Number), stdout: '' });
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toMatch(/^error\[\w+\]: .*\nhint: /);
    expect(existsSync(join(dir, 'data'))).toBe(false);
    expect(existsSync(join(dir, 'n1.yaml'))).toBe(false);
  });

  it('cluster init leaves what exists alone, and keeps the key of another cluster of that name', async () => {
    await init();
    const key = readFileSync(join(dir, 'home', 'prod', 'admin.key'), 'utf8');
    const again = await init();
    expect(again).toMatchObject({ code: 9, stdout: '' });
    expect(readdirSync(join(dir, 'home')).sort()).toEqual(['config.yaml', 'prod']);
    rmSync(join(dir, 'data'), { recursive: true });
    rmSync(join(dir, 'n1.yaml'));
    const other = JSON.parse((await init('-o', 'json')).stdout);
    expect(other).toMatchObject({ schemaVersion: 1, context: 'prod-2' });
    expect(readFileSync(join(dir, 'home', 'prod', 'admin.key'), 'utf8')).toBe(key);
  });
});
