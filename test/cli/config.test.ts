/** `sqlcc cluster config …` against the small cluster: words, files, exit codes, and the editor of a person. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { checkText } from '../../src/config/index.ts';
import { type MemoryTerminalOptions, memoryTerminal } from './memory-terminal.ts';
import { SmallCluster } from './small-cluster.ts';

let cluster: SmallCluster;
let config = '';
let file = '';
beforeEach(async () => {
  cluster = await SmallCluster.start();
  config = await cluster.context();
  file = join(cluster.folders.dir, 'c.yaml');
});
afterEach(() => cluster.stop());

async function run(line: string, options: MemoryTerminalOptions = {}) {
  const terminal = memoryTerminal({ ...options, env: { SQLCC_CONFIG: config, ...options.env } });
  const argv = [
    'cluster',
    'config',
    ...[...line.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? ''),
  ];
  const code = await runCli({ argv, terminal, interrupt: () => new AbortController().signal });
  return { code, out: terminal.stdoutText(), err: terminal.stderrText() };
}

describe('cluster config update', () => {
  it('shows the changes, and each wrong line with its place', async () => {
    writeFileSync(file, 'raft: {}\n');
    const done = await run(`update ${file} --reason "slow net"`);
    expect(done.code).toBe(0);
    expect(done.out).toContain('raft.heartbeat_interval_ms  50    100  live');
    expect(cluster.config.puts.at(-1)).toMatchObject({
      text: 'raft: {}\n',
      reason: 'slow net',
      if_version: 1,
    });
    writeFileSync(file, 'cluster:\n  wrong: 1\n');
    const bad = await run(`update ${file}`);
    expect(bad.code).toBe(10);
    expect(bad.err).toContain(`${file}:2:3: cluster.wrong: is no key (did you mean name?)`);
    // a message that begins with its key is not given it once more
    expect(bad.err).toContain(`${file}:1:1: cluster.name is missing`);
  });

  it('exits 12 and names the node that did not say that it runs with it', async () => {
    writeFileSync(file, '# slow\nraft: {}\n');
    const ran = await run(`update ${file}`);
    expect(ran.code).toBe(12);
    expect(ran.out).toContain('version 2 is active');
    expect(ran.err).toContain('n3 did not say that it runs with it: no answer within 3000 ms');
    const json = await run(`update ${file} -o json`);
    expect(json.code).toBe(12);
    expect(JSON.parse(json.out)).toMatchObject({
      acknowledged: false,
      nodes: [{}, {}, { outcome: 'unknown' }],
    });
  });

  it('on trial says what comes back and how to keep it; confirm keeps it', async () => {
    writeFileSync(file, 'raft: {}\n');
    const ran = await run(`update ${file} --confirm-within 60s`);
    expect(cluster.config.puts.at(-1)?.confirm_within_ms).toBe(60_000);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('on trial: version 1 comes back');
    expect(ran.err).toContain('keep it: sqlcc cluster config confirm 2');
    expect((await run('confirm 2')).out).toBe('version 2 stays\n');
    expect((await run('confirm')).code).toBe(6);
    expect((await run(`update ${file} --confirm-within soon`)).code).toBe(2);
  });

  it('replaces the whole configuration with --replace, and without it never', async () => {
    writeFileSync(file, 'raft: {}\n');
    expect((await run(`update ${file} --replace --if-version 1`)).code).toBe(0);
    expect(cluster.config.puts.at(-1)).toMatchObject({ text: 'raft: {}\n', replace: true, if_version: 1 });
    await run(`update ${file}`);
    expect(cluster.config.puts.at(-1)?.replace ?? false).toBe(false);
  });

  it('exits 9 when the version has moved on', async () => {
    writeFileSync(file, 'raft: {}\n');
    expect((await run(`update ${file} --if-version 7`)).code).toBe(9);
  });
});

describe('cluster config set', () => {
  it('sends the keys as a text; wrong ones are named without a place', async () => {
    expect((await run('set raft.heartbeat_interval_ms=40 replication.min_replicas=3')).code).toBe(0);
    expect(cluster.config.puts.at(-1)?.text).toBe(
      'cluster:\n  raft:\n    heartbeat_interval_ms: 40\n  replication:\n    min_replicas: 3\n',
    );
    const bad = await run('set cluster.wrong=1');
    expect(bad.code).toBe(10);
    expect(bad.err).toContain('  cluster.wrong: is no key (did you mean name?)');
    expect(await run('set raft')).toMatchObject({ code: 2 });
  });
});

describe('cluster config validate', () => {
  it('asks the nodes, or nobody with --offline; exits 10 with every wrong line', async () => {
    writeFileSync(file, 'cluster:\n  raft:\n    heartbeat_interval_ms: 40\n');
    const online = await run(`validate ${file}`);
    expect(online).toMatchObject({ code: 0, out: expect.stringContaining('is valid on every live node') });
    expect(cluster.config.puts.at(-1)).toMatchObject({ dry_run: true });
    const asked = cluster.config.puts.length;
    expect((await run(`validate ${file} --offline`)).code).toBe(0);
    writeFileSync(file, 'cluster:\n  raft:\n    hearbeat_interval_ms: 40\n  zone: [\n');
    const syntax = await run(`validate ${file} --offline`);
    expect(syntax.code).toBe(10);
    writeFileSync(file, 'cluster:\n  raft:\n    hearbeat_interval_ms: 40\n    election_timeout_ms: x\n');
    const bad = await run(`validate ${file} --offline`);
    expect(bad.code).toBe(10);
    expect(bad.err).toContain(`${file}:3:5: cluster.raft.hearbeat_interval_ms: unknown key`);
    expect(bad.err).toContain('did you mean "heartbeat_interval_ms"?');
    expect(bad.err).toContain(`${file}:4:26: cluster.raft.election_timeout_ms`);
    expect(cluster.config.puts).toHaveLength(asked);
    for (const id of ['n1', 'n2', 'n3']) await cluster.kill(id);
    expect((await run(`validate ${file} --offline`)).code).toBe(10);
    expect((await run(`validate ${file} --timeout 3s`)).code).toBe(5);
  });
});

describe('cluster config rollback, diff, history, show', () => {
  it('go by version', async () => {
    writeFileSync(file, 'second: {}\n');
    await run(`update ${file}`);
    expect((await run('show @1')).out).toBe('cluster:\n  name: small\n');
    expect((await run('show v2')).out).toBe('second: {}\n');
    expect((await run('show x')).code).toBe(2);
    expect((await run('diff 1 2')).out).toContain('raft.heartbeat_interval_ms  50    100  live');
    expect((await run('diff 1 9')).code).toBe(11);
    const dry = await run('rollback 1 --dry-run --yes');
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('not applied: dry run') });
    expect(cluster.config.text).toBe('second: {}\n');
    const back = await run('rollback 1 --reason "too slow"');
    expect(back).toMatchObject({ code: 0, out: expect.stringContaining('version 3 is active') });
    expect(cluster.config.text).toBe('cluster:\n  name: small\n');
    expect((await run('rollback 3')).code).toBe(9);
    expect((await run('history')).out).toMatch(/^ +3 +yes +admin .* too slow/m);
  });
});

describe('cluster config pending', () => {
  it('tells what waits for a restart, and exits 12 when somebody did not answer', async () => {
    const { code, out } = await run('pending');
    expect(code).toBe(12);
    expect(out).toMatch(/^n1 +1 +nothing/m);
    expect(out).toMatch(/^n2 +1 +cluster\.network\.port +5433 +6433 +restart/m);
    expect(out).toMatch(/^n3 +- +it is gone/m);
  });
});

describe('cluster config activate', () => {
  it('brings an old version back, and may be said again: rollback refuses that', async () => {
    writeFileSync(file, 'raft: {}\n');
    await run(`update ${file} --confirm-within 60s`);
    expect(await run('activate 2')).toMatchObject({ code: 0, out: 'nothing changes (version 2)\n' });
    expect(cluster.config.tentative).toBeNull();
    expect((await run('activate 1 --reason back')).out).toContain('version 3 is active');
    expect(cluster.config.text).toBe('cluster:\n  name: small\n');
    expect((await run('activate 3')).code).toBe(0);
    expect(cluster.config.versions).toHaveLength(3);
    expect((await run('rollback 3')).code).toBe(9);
    expect((await run('activate 9')).code).toBe(11);
  });
});

describe('cluster config backup and restore', () => {
  it('backup writes what show prints behind a head, and replaces nothing unasked', async () => {
    expect((await run(`backup ${file}`)).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('# cluster_id: c0ffee\n');
    expect(text.endsWith((await run('show')).out)).toBe(true);
    const of1 = await run('show 1');
    expect(of1.code).toBe(0);
    for (const line of ['show @1', 'show@1']) expect(await run(line)).toEqual(of1);
    expect((await run('show@x')).code).toBe(2);
    expect(checkText(text)).toEqual([]);
    expect((await run(`backup ${file}`)).code).toBe(9);
    expect((await run(`backup ${file} --force`)).code).toBe(0);
    expect((await run('backup -')).out).toContain('# config_hash: ');
  });

  it('restore replaces the whole configuration, and takes no other file', async () => {
    await run(`backup ${file}`);
    const backup = readFileSync(file, 'utf8');
    const dry = await run(`restore ${file} --dry-run`);
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('dry run') });
    expect((await run(`restore ${file} --yes-cluster small`)).code).toBe(0);
    expect(cluster.config.puts.at(-1)).toMatchObject({
      ...{ replace: true, if_version: 1, text: 'cluster:\n  name: small\n' },
      reason: expect.stringMatching(/^restore of version 1 from 20/),
    });
    writeFileSync(file, backup.replace('c0ffee', 'decaf'));
    const other = await run(`restore ${file} --yes-cluster small`);
    expect(other.code).toBe(6);
    expect(other.err).toContain('is of cluster small (decaf), this one is small (c0ffee)');
    writeFileSync(file, backup.replace('  name: small', '  name: large'));
    expect(await run(`restore ${file} --yes-cluster small`)).toMatchObject({
      code: 10,
      err: expect.stringContaining('was changed'),
    });
    writeFileSync(file, 'cluster:\n  name: small\n');
    expect((await run(`restore ${file} --yes-cluster small`)).code).toBe(10);
    expect(cluster.config.versions).toHaveLength(2);
  });

  it('restore shows what changes and has the name of the cluster typed, or given', async () => {
    await run(`backup ${file}`);
    for (const flags of ['', '--yes', '-o json']) {
      const refused = await run(`restore ${file} ${flags}`, flags === '' ? {} : { typed: ['small'] });
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('hint: give --yes-cluster') });
    }
    expect((await run(`restore ${file} --yes-cluster large`)).code).toBe(6);
    const declined = await run(`restore ${file}`, { typed: ['yes'] });
    expect(declined).toMatchObject({ code: 130, out: '' });
    expect(declined.err).toMatch(/raft.heartbeat_interval_ms[\s\S]*nothing was changed/);
    expect(cluster.config.versions).toHaveLength(1);
    expect((await run(`restore ${file}`, { typed: ['small'] })).code).toBe(0);
    expect(cluster.config.versions).toHaveLength(2);
  });
});

describe('cluster config edit', () => {
  /** An editor that is a shell script; `$1` is the file. Each line is one sitting. */
  function editor(...sittings: readonly string[]): { readonly EDITOR: string } {
    const script = join(cluster.folders.dir, 'editor.sh');
    const count = join(cluster.folders.dir, 'sittings');
    const cases = sittings.map((line, n) => `${n + 1}) cp "$1" "${count}.${n + 1}"; ${line} ;;`).join('\n');
    writeFileSync(count, '0');
    const next = `n=$(($(cat "${count}") + 1)); echo $n > "${count}"`;
    writeFileSync(script, `#!/bin/sh\n${next}\ncase $n in\n${cases}\n*) exit 9 ;;\nesac\n`);
    chmodSync(script, 0o700);
    return { EDITOR: script };
  }

  const seen = (n: number) => readFileSync(join(cluster.folders.dir, `sittings.${n}`), 'utf8');

  it('sends the whole text, bound to the version that was shown', async () => {
    // a folder of its own: others on this machine may edit too
    const [temporary, place] = ['tmp', 'place'].map((name) => join(cluster.folders.dir, name)) as [
      string,
      string,
    ];
    mkdirSync(temporary);
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { code, out } = await run('edit', {
      env: editor(`echo "second: {}" >> "$1"; echo "$1" > "${place}"`),
    });
    expect({ code, out: out.includes('version 2 is active') }).toEqual({ code: 0, out: true });
    expect(seen(1)).toMatch(/^#! The configuration, version 1\..*\n#! .*\ncluster:\n {2}name: small\n$/);
    expect(cluster.config.puts).toEqual([
      { text: 'cluster:\n  name: small\nsecond: {}\n', replace: true, if_version: 1 },
    ]);
    expect(readFileSync(place, 'utf8'), 'it was there').toMatch(new RegExp(`^${temporary}/.`));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('comes back with what is wrong, at the lines that the editor shows', async () => {
    const env = editor('echo "  wrong: 1" >> "$1"', `sed -i 's/wrong/right/' "$1"`);
    expect((await run('edit', { env, typed: [] })).code).toBe(0);
    const again = seen(2).split('\n');
    const told = /^#! line (\d+), column 3: is no key \(did you mean name\?\)$/;
    const complaint = again.find((line) => told.test(line)) ?? '';
    // the issue was in the second line of the text
    expect(again[Number(told.exec(complaint)?.[1]) - 1]).toBe('  name: small');
    expect(cluster.config.text).toBe('cluster:\n  name: small\n  right: 1\n');
  });

  it('ends and changes nothing when the text is left, emptied, or the editor fails', async () => {
    for (const [sitting, code] of [
      ['true', 0],
      [': > "$1"', 0],
      ['echo "x: 1" >> "$1"; exit 1', 130],
    ] as const) {
      const ran = await run('edit', { env: editor(sitting) });
      expect([ran.code, ran.out, ran.err]).toEqual([code, '', 'nothing was changed\n']);
    }
    const wrong = await run('edit', { env: editor('echo "  wrong: 1" >> "$1"', 'true'), typed: [] });
    expect(wrong.code).toBe(10);
    expect(cluster.config.versions).toHaveLength(1);
    expect((await run('edit')).code).toBe(2);
  });

  it('asks a program that writes what is wrong once', async () => {
    const worse = 'echo "  wrong: 1" >> "$1"';
    const { code, err } = await run('edit', { env: editor(worse, worse, worse) });
    expect(code).toBe(10);
    expect(readFileSync(join(cluster.folders.dir, 'sittings'), 'utf8').trim()).toBe('1');
    const kept = /your text is kept in (\S+)/.exec(err)?.[1] ?? '';
    expect(readFileSync(kept, 'utf8')).toContain('wrong: 1');
    rmSync(join(kept, '..'), { recursive: true });
  });

  it('keeps the text when somebody else was first', async () => {
    cluster.config.isOvertaken = true;
    const { code, err } = await run('edit', { env: editor('echo "mine: 1" >> "$1"') });
    expect(code).toBe(9);
    expect(err).toContain('the configuration is at version 2, not 1');
    const kept = /your text is kept in (\S+)/.exec(err)?.[1] ?? '';
    expect(readFileSync(kept, 'utf8')).toContain('mine: 1');
    rmSync(join(kept, '..'), { recursive: true });
  });
});
