import { chmodSync, fstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareReadings } from '../../../daemon/doctor/clocks.ts';
import { diskRows, existingFolder, measureSyncs, permissionsRow } from '../../../daemon/doctor/disk.ts';
import { examine } from '../../../daemon/doctor/doctor.ts';
import { holderOf, portRow } from '../../../daemon/doctor/ports.ts';
import * as rows from '../../../daemon/doctor/rows.ts';
import { softLimit } from '../../../daemon/kernel-facts.ts';
import { SqlccError } from '../../../src/base/index.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-doctor-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);

describe('judgements', () => {
  const sync = (p99: number) => rows.syncRow({ syncs: 9, p50: 1, p99, max: p99 }).state;
  const peer = (clock: Partial<Parameters<typeof rows.peerClockRow>[0]>) =>
    rows.peerClockRow({ peer: 'n2', skewMs: 0, errorMs: 1, rate: 0, rateError: 0.001, ...clock }).state;

  it.each([
    ['a fast disk', sync(2), 'ok'],
    ['a slow disk', sync(25), 'warn'],
    ['a disk slower than half an election', sync(80), 'fail'],
    ['ext4', rows.fileSystemRow(61267).state, 'ok'],
    ['a container’s own layer', rows.fileSystemRow(0x794c7630).state, 'warn'],
    ['memory', rows.fileSystemRow(0x01021994).state, 'fail'],
    ['a network file system', rows.fileSystemRow(0x6969).state, 'fail'],
    ['nobody’s file system', rows.fileSystemRow(1).state, 'warn'],
    ['much space', rows.spaceRow(50e9, 100e9).state, 'ok'],
    ['little space', rows.spaceRow(0.5e9, 100e9).state, 'warn'],
    ['no space', rows.spaceRow(10e6, 100e9).state, 'fail'],
    ['huge pages always', rows.hugePagesRow('[always] madvise never').state, 'warn'],
    ['huge pages on request', rows.hugePagesRow('always [madvise] never').state, 'ok'],
    ['no huge pages', rows.hugePagesRow(null).state, 'ok'],
    ['no swap', rows.swapRow(0, 60).state, 'ok'],
    ['eager swap', rows.swapRow(1e9, 60).state, 'warn'],
    ['lazy swap', rows.swapRow(1e9, 1).state, 'ok'],
    ['little memory', rows.memoryRow(256e6).state, 'warn'],
    ['this Node', rows.versionRow(process.version).state, 'ok'],
    ['an old Node', rows.versionRow('v20.11.0').state, 'fail'],
    ['the oldest Node that will do', rows.versionRow('v24.12.0').state, 'ok'],
    ['equal clocks', peer({ skewMs: 3 }), 'ok'],
    ['a skew that the measurement explains', peer({ skewMs: 700, errorMs: 650 }), 'ok'],
    ['a second of skew', peer({ skewMs: -1500 }), 'warn'],
    ['a minute of skew', peer({ skewMs: 60_000 }), 'fail'],
    ['one percent too fast', peer({ rate: 0.01 }), 'warn'],
    ['one percent that the measurement explains', peer({ rate: 0.01, rateError: 0.02 }), 'ok'],
    ['a clock at half its pace', peer({ rate: -0.5 }), 'fail'],
    ['a steady clock', rows.ownClockRow(1001, 1000).state, 'ok'],
    ['a clock that was set', rows.ownClockRow(4000, 1000).state, 'fail'],
    ['a fresh certificate', rows.certificateRow('node.crt', NOW + 60 * DAY, NOW).state, 'ok'],
    ['a certificate not renewed', rows.certificateRow('node.crt', NOW + 5 * DAY, NOW).state, 'warn'],
    ['an ended certificate', rows.certificateRow('node.crt', NOW - DAY, NOW).state, 'fail'],
  ])('%s: %s', (_what, state, wanted) => expect(state).toBe(wanted));

  it('limits: few files and processes warn, too few fail, no limit is fine', () => {
    const states = (files: number | null, processes: number | null) =>
      rows.limitsRows(files, processes).map((r) => r.state);
    expect(states(65_536, 4096)).toEqual(['ok', 'ok']);
    expect(states(4096, 512)).toEqual(['warn', 'warn']);
    expect(states(256, 16)).toEqual(['fail', 'fail']);
    expect(states(null, null)).toEqual(['ok', 'ok']);
  });

  it('each row that is not ok says what to do, and no other', () => {
    expect(rows.spaceRow(1, 1e9).advice).not.toBe('');
    expect(rows.spaceRow(9e11, 1e12).advice).toBe('');
  });

  it('a CA that ends soon: the advice is the command that makes a new one', () => {
    const { state, advice } = rows.certificateRow('ca.crt', NOW + 5 * DAY, NOW);
    expect(state).toBe('warn');
    expect(advice).toContain('sqlcc cert rotate-ca');
  });

  it('a certificate of a node: restart it, which helps a voter also behind the end', () => {
    const advice = (days: number) => rows.certificateRow('node.crt', NOW + days * DAY, NOW).advice;
    expect(advice(5)).toMatch(/^restart this node: it renews as it starts.*renewal-failed/);
    expect(advice(-1)).toMatch(/^restart this node: a voter signs its own.*others leave and join again$/);
  });

  it('a peer that can’t be asked: why, and the advice of that, not the usual one', () => {
    const at = '127.0.0.1:5433';
    const told = new SqlccError(
      'unavailable',
      `${at} cannot be reached: the node’s certificate has expired`,
      {
        hint: 'restart that node',
      },
    );
    expect(rows.unaskedRow('n2', at, told)).toMatchObject({
      text: `can’t be asked: ${told.message}`,
      advice: 'restart that node',
    });
    const silent = rows.unaskedRow('n2', at, new SqlccError('deadline_exceeded', 'no answer in time'));
    expect(silent.text).toBe(`can’t be asked: ${at}: no answer in time`);
    expect(silent.advice).toMatch(/^start it, or look at the network/);
    const refused = new SqlccError('unauthenticated', 'the certificate was refused: it has expired', {
      hint: 'on the machine of a voter',
    });
    expect(rows.unaskedRow('n2', at, refused).advice).toMatch(/^mend this node’s certificate first/);
  });

  it('softLimit reads the table of the kernel', () => {
    const text =
      'Limit   Soft Limit  Hard Limit Units\nMax open files   1024   4096  files\nMax processes   unlimited  x  y\n';
    expect(softLimit(text, 'Max open files')).toBe(1024);
    expect(softLimit(text, 'Max processes')).toBeNull();
    expect(softLimit(null, 'Max processes')).toBeNull();
  });

  it('compareReadings: rate is theirs by ours, errors add up', () => {
    const first = { at: 1000, theirs: 5000, skewMs: 0, errorMs: 2 };
    const second = { at: 2000, theirs: 6010, skewMs: -10, errorMs: 3 };
    const clock = compareReadings('n2', first, second);
    expect(clock.rate).toBeCloseTo(0.01);
    expect(clock).toMatchObject({ skewMs: -10, errorMs: 3, rateError: 0.005 });
  });
});

describe('disk', () => {
  it('syncs a real file and removes it', () => {
    const figures = measureSyncs(dir);
    expect(figures.syncs).toBeGreaterThanOrEqual(5);
    expect(figures.p50).toBeGreaterThan(0);
    expect(figures.p99).toBeGreaterThanOrEqual(figures.p50);
    expect(figures.max).toBeGreaterThanOrEqual(figures.p99);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('times one sync for each write, and nothing else', () => {
    let now = 0;
    const written: number[] = [];
    const figures = measureSyncs(dir, (fd) => {
      written.push(fstatSync(fd).size);
      const until = performance.now() + 2;
      while (performance.now() < until) now++;
    });
    expect(now).toBeGreaterThan(0);
    expect(written).toEqual(Array.from({ length: figures.syncs }, (_, n) => (n + 1) * 4096));
    expect(figures.p50).toBeGreaterThanOrEqual(2);
  });

  it('measures where a folder will be made', () => {
    expect(existingFolder(join(dir, 'a', 'b'))).toBe(dir);
    expect(diskRows(join(dir, 'a', 'b')).map((r) => r.name)).toEqual(['fsync', 'file system', 'free space']);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('a key that others may read fails, a file that they may read warns', () => {
    mkdirSync(join(dir, 'pki'), { mode: 0o700 });
    const [key, log] = [join(dir, 'pki', 'node.key'), join(dir, 'log')];
    writeFileSync(key, '', { mode: 0o600 });
    writeFileSync(log, '', { mode: 0o600 });
    expect(permissionsRow(dir).state).toBe('ok');
    chmodSync(log, 0o644);
    expect(permissionsRow(dir)).toMatchObject({ state: 'warn', text: `${log} (644)` });
    chmodSync(key, 0o640);
    expect(permissionsRow(dir)).toMatchObject({ state: 'fail', text: `${key} (640), ${log} (644)` });
    expect(permissionsRow(join(dir, 'none')).state).toBe('ok');
  });
});

describe('ports', () => {
  it('a free one, one that this very process holds, one that the daemon holds, a foreign address', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    const wish = { name: 'peers', host: '127.0.0.1', port };
    try {
      expect(holderOf(port)).toMatchObject({ pid: process.pid });
      expect(await portRow(wish, null)).toMatchObject({
        state: 'fail',
        text: expect.stringContaining(`(pid ${process.pid})`),
      });
      expect(await portRow(wish, process.pid)).toMatchObject({ state: 'ok' });
      expect(await portRow({ ...wish, host: '192.0.2.1' }, null)).toMatchObject({
        state: 'fail',
        text: expect.stringContaining('is no address of this machine'),
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(await portRow(wish, null)).toMatchObject({ state: 'ok' });
  });
});

describe('examine', () => {
  const places = { host: '127.0.0.1', port: 1, clientPort: 1, peerPort: 1, metricsPort: 1 };

  it('before a node exists: every check has its row, and a file that is no configuration fails', async () => {
    const configFile = join(dir, 'cluster.yaml');
    writeFileSync(configFile, 'cluster: 7\n', { mode: 0o600 });
    const report = await examine({ ...places, configFile, dataDir: join(dir, 'data') });
    expect(report.nodeId).toBeNull();
    expect(report.rows.map((r) => r.name)).toEqual([
      ...['node version', 'configuration', 'node', 'fsync', 'file system', 'free space'],
      ...['port 1', 'port 1', 'port 1', 'port 1', 'open files', 'processes'],
      ...['memory', 'huge pages', 'swap', 'clock rate'],
    ]);
    expect(report.rows[1]).toMatchObject({ state: 'fail' });
    expect(readdirSync(dir)).toEqual(['cluster.yaml']);
  });
});
