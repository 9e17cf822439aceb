/** Starting: everything that can be wrong is found before anything runs, all at once, with exit code and place. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../src/base/index.ts';
import { MAIN, type Ran, sqlcc, until } from './harness.ts';
import { findTestPorts } from './ports.ts';
import { stopwatch } from './stopwatch.ts';

interface Place {
  readonly dir: string;
  readonly port: number;
  readonly config: string;
  readonly data: string;
}

let root = '';
let base: Place;

function initArgs(place: Place, clusterName = 'start'): string[] {
  return [
    ...['cluster', 'init', '--cluster-name', clusterName, '--node-id', 'n1', '--host', '127.0.0.1'],
    ...['--port', `${place.port}`, '--client-port', `${place.port + 1}`],
    ...['--metrics-port', `${place.port + 3}`, '--data-dir', place.data, '--config', place.config],
  ];
}

async function makePlace(name: string, clusterName?: string): Promise<Place> {
  const dir = join(root, name);
  const port = await findTestPorts(1, 28_433);
  const place = { dir, port, config: join(dir, 'n1.yaml'), data: join(dir, 'n1') };
  const made = await sqlcc(initArgs(place, clusterName), { SQLCC_CONFIG: join(dir, 'config.yaml') });
  expect(made.stderr).toBe('');
  expect(made.code).toBe(0);
  return place;
}

function start(config: string, data: string, ...more: string[]): Promise<Ran> {
  return sqlcc(['node', 'start', '--config', config, '--data-dir', data, ...more]);
}

/** A variant of the good file, written beside it. */
function variant(name: string, change: (text: string) => string | Buffer, mode = 0o600): string {
  const file = join(base.dir, `${name}.yaml`);
  writeFileSync(file, change(readFileSync(base.config, 'utf8')), { mode });
  chmodSync(file, mode);
  return file;
}

/** A daemon that runs until the test ends. */
async function run(place: Place): Promise<ChildProcess> {
  const child = spawn(process.execPath, [
    ...[MAIN, 'node', 'start', '--config', place.config, '--data-dir', place.data],
  ]);
  child.stderr?.resume();
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  });
  await until('ready', async () => (await fetch(`http://127.0.0.1:${place.port + 3}/readyz`)).ok);
  return child;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'sqlcc-start-'));
  base = await makePlace('base');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a wrong configuration', () => {
  it('exits 10 and names every issue with line and column', async () => {
    const file = variant('issues', (text) =>
      text.replace(/^( *)port: \d+$/m, '$1port: many\n$1prot: 5433\n$1colour: blue'),
    );
    const ran = await start(file, base.data);
    expect(ran.code).toBe(10);
    expect(ran.stderr).toMatch(/^error\[config_invalid\]: .* has 3 issues/);
    const places = ran.stderr.match(/:\d+:\d+/g) ?? [];
    expect(places.length).toBeGreaterThanOrEqual(3);
    expect(ran.stderr).toContain('prot');
    expect(ran.stderr).toContain('colour');
    expect(ran.stdout).toBe('');
  });

  it('exits 10 for a YAML bomb, at once', async () => {
    const levels = 'bcdefghi'
      .split('')
      .map((name, n) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(', ')}]`);
    const file = variant('bomb', () => ['a: &a [x, x, x, x, x, x, x, x, x]', ...levels].join('\n'));
    const tookMs = stopwatch();
    const ran = await start(file, base.data);
    expect(ran.code).toBe(10);
    expect(tookMs()).toBeLessThan(5000);
  });

  it('exits 10 for a file that others may write, and for one that is not there', async () => {
    const open = await start(
      variant('open', (text) => text, 0o666),
      base.data,
    );
    expect(open.code).toBe(10);
    expect(open.stderr).toMatch(/written by others \(mode 666\)\nhint: chmod 600 /);
    const none = await start(join(base.dir, 'none.yaml'), base.data);
    expect(none.code).toBe(10);
    expect(none.stderr).toContain('ENOENT');
  });

  it('takes a byte order mark, and exits 10 for an engine that is not built', async () => {
    const bom = variant('bom', (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]));
    // it is past the file when it complains about the level
    const marked = await start(bom, base.data, '--log-level', 'LOUD');
    expect(marked.stderr).toMatch(/log level "LOUD"/);
    expect(marked.code).toBe(2);
    const engine = variant('engine', (text) => text.replace(/^( *)name: .*$/m, '$&\n$1engine: postgres'));
    const ran = await start(engine, base.data);
    expect(ran.code).toBe(10);
    expect(ran.stderr).toMatch(/postgres/);
  });
});

describe('a wrong data folder', () => {
  it('without a node, of another cluster, and of another node is refused', async () => {
    const empty = await start(base.config, join(base.dir, 'empty'));
    expect(empty.code).toBe(6);
    expect(empty.stderr).toMatch(/cluster init.*node join/);
    expect(existsSync(join(base.dir, 'empty'))).toBe(false);
    const other = await makePlace('other', 'another');
    const foreign = await start(base.config, other.data);
    expect(foreign.code).toBe(6);
    expect(foreign.stderr).toMatch(/belongs to cluster another/);
    const renamed = variant('renamed', (text) => text.replace(/node_id: .*/, 'node_id: n2'));
    const ran = await start(renamed, base.data);
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(/belongs to node n1/);
  });

  it('of an unknown format, damaged, or owned by somebody else is refused', async () => {
    const copy = join(base.dir, 'copy');
    cpSync(base.data, copy, { recursive: true });
    const identity = join(copy, 'identity.json');
    const text = readFileSync(identity, 'utf8');
    const { checksum: _, ...known } = JSON.parse(text);
    writeFileSync(identity, JSON.stringify({ ...known, format: 99 }));
    const format = await start(base.config, copy);
    expect(format.code).toBe(6);
    expect(format.stderr).toMatch(/format 99/);
    writeFileSync(identity, text.slice(0, 40));
    const damaged = await start(base.config, copy);
    expect(damaged.code).toBe(1);
    expect(damaged.stderr).toMatch(/^error\[storage_failed\]: .*identity\.json is damaged/);
    writeFileSync(identity, text);
    chmodSync(copy, 0o777);
    const open = await start(base.config, copy);
    expect(open.code).toBe(6);
    expect(open.stderr).toMatch(/written by others/);
    chmodSync(copy, 0o700);
    // only root can give a folder away
    if (process.getuid?.() !== 0) return;
    chownSync(copy, 65_534, 65_534);
    const foreign = await start(base.config, copy);
    expect(foreign.code).toBe(6);
    expect(foreign.stderr).toMatch(/belongs to uid 65534/);
  });
});

describe('cluster init and node join', () => {
  it('refuse to overwrite a node', async () => {
    const before = readFileSync(join(base.data, 'identity.json'), 'utf8');
    const again = await sqlcc(initArgs(base), { SQLCC_CONFIG: join(base.dir, 'config.yaml') });
    expect(again.code).toBe(9);
    expect(readFileSync(join(base.data, 'identity.json'), 'utf8')).toBe(before);
  });

  it('without a token and a terminal exits 2 with the command that makes one', async () => {
    const ran = await sqlcc(['node', 'join', '--seed-node', '127.0.0.1:1', '--node-id', 'n2']);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('sqlcc token create --join --node n2');
  });
});

describe('a daemon', () => {
  it('holds its folder and its port against a second one, serves health and metrics, stops with 0', async () => {
    const place = await makePlace('running');
    const child = await run(place);
    const second = await start(place.config, place.data);
    expect(second.code).toBe(9);
    expect(second.stderr).toContain(`in use by process ${child.pid}`);

    const plain = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${place.port + 3}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    expect(await plain('/livez')).toEqual({ status: 200, text: 'ok\n' });
    expect(await plain('/readyz')).toEqual({ status: 200, text: 'ok\n' });
    expect((await plain('/metrics')).text).toMatch(/^sqlcc_\w+(\{[^}]*\})? \d/m);
    expect((await plain('/v1/status')).status).toBe(404);

    const endedMs = stopwatch();
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(endedMs()).toBeLessThan(5000);
    expect(existsSync(join(place.data, 'LOCK.owner'))).toBe(false);
  });

  it('that is told to stop while it starts begins no further step and exits 0 at once', async () => {
    const place = await makePlace('early');
    // a node that is looked for in vain: step 5 waits for its word
    const seeds = [{ nodeId: 'n9', host: '127.0.0.1', port: place.port + 8, peerPort: place.port + 9 }];
    writeFileSync(join(place.data, 'seeds.json'), JSON.stringify({ seeds }), { mode: 0o600 });
    const child = spawn(process.execPath, [
      ...[MAIN, 'node', 'start', '--config', place.config, '--data-dir', place.data],
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    let log = '';
    let endedMs: (() => number) | null = null;
    child.stderr.on('data', (chunk) => {
      log += chunk;
      if (endedMs !== null || !log.includes('"step":4')) return;
      endedMs = stopwatch();
      child.kill('SIGTERM');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect(code, log).toBe(0);
    expect(must(endedMs as (() => number) | null, 'the fourth step')()).toBeLessThan(2000);
    expect(log).toContain('"event":"stopped"');
    expect(log).not.toMatch(/"step":6|"event":"(ready|stopped-late|fail-stop)"/);
    expect(existsSync(join(place.data, 'LOCK.owner'))).toBe(false);
  });

  it('whose port is taken exits 5 and says which, and leaves nothing running', async () => {
    const place = await makePlace('taken');
    for (const offset of [0, 1, 2, 3]) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(place.port + offset, '127.0.0.1', resolve));
      const ran = await start(place.config, place.data);
      await new Promise((resolve) => server.close(resolve));
      expect.soft(ran.stderr).toContain(`127.0.0.1:${place.port + offset}`);
      expect.soft(ran.stderr).toMatch(/^error\[unavailable\]: .*EADDRINUSE/m);
      expect.soft(ran.code).toBe(5);
      expect(existsSync(join(place.data, 'LOCK.owner'))).toBe(false);
    }
  });
});
