/** Each piece of the lab does what it says, seen from a program that it is done to. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../src/base/index.ts';
import { FaultDisk, Lab, type LabHost, together, WallClock } from './index.ts';
import { skipVisibly } from './skip.ts';
import type { EchoReport } from './udp-probe.ts';

const PROBE = join(import.meta.dirname, 'udp-probe.ts');
const PORT = 4000;
const run = promisify(execFile);

/** Starts a program of node on a host; ends with the test or the lab. */
function start(host: LabHost, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const [program = '', ...rest] = [...host.prefix, process.execPath, ...args];
  const child = spawn(program, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.on('error', () => {});
  return child;
}

async function startEcho(host: LabHost): Promise<void> {
  const child = start(host, [PROBE, 'echo', host.address, `${PORT}`]);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
}

interface Shots {
  readonly count?: number;
  readonly intervalMs?: number;
  readonly bytes?: number;
}

async function ask(from: LabHost, to: LabHost, shots: Shots = {}): Promise<EchoReport> {
  const { count = 20, intervalMs = 2, bytes = 64 } = shots;
  const numbers = [`${PORT}`, `${count}`, `${intervalMs}`, `${bytes}`];
  const argv = [...from.prefix, process.execPath, PROBE, 'ask', to.address, ...numbers];
  const { stdout } = await run(argv[0] as string, argv.slice(1));
  return JSON.parse(stdout) as EchoReport;
}

function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-lab-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const namespaces = (): string[] => (existsSync('/run/netns') ? readdirSync('/run/netns') : []);

describe.each(['bridge', 'tap'] as const)('Lab over the %s wire', (wire) => {
  const skip = skipVisibly(`Lab over the ${wire} wire`, Lab.missing());
  let lab: Lab | null = null;
  let [a, b]: readonly (LabHost | undefined)[] = [];

  beforeAll(async () => {
    if (skip) return;
    lab = await Lab.up(2, { wire, seed: 7 });
    [a, b] = lab.hosts;
    await startEcho(must(a, 'a'));
    await startEcho(must(b, 'b'));
  });
  afterAll(() => lab?.down());

  const up = (): { lab: Lab; a: LabHost; b: LabHost } => ({
    lab: must(lab, 'lab'),
    ...{ a: must(a, 'a'), b: must(b, 'b') },
  });

  it.skipIf(skip)('is whole at first, also for the client', async () => {
    const { lab, a, b } = up();
    for (const [from, to] of [
      [a, b],
      [b, a],
      [lab.client, a],
    ] as const) {
      const report = await ask(from, to);
      expect(report).toMatchObject({ sent: 20, echoed: 20, twice: 0, overtaken: 0 });
      expect(report.rttMs.min).toBeLessThan(10);
    }
    expect(lab.droppedPackets()).toBe(0);
  });

  it.skipIf(skip)('a cut takes one direction and no other, and is counted', async () => {
    const { lab, a, b } = up();
    const before = lab.droppedPackets();
    lab.cut(a, b);
    expect((await ask(a, b)).echoed, 'the question is lost').toBe(0);
    expect(lab.droppedPackets() - before).toBe(20);
    expect((await ask(b, a)).echoed, 'the question comes, its echo is lost').toBe(0);
    expect(lab.droppedPackets() - before).toBe(40);
    expect((await ask(lab.client, b)).echoed, 'others are not concerned').toBe(20);
    lab.restore(a, b);
    expect((await ask(a, b)).echoed).toBe(20);
    lab.unplug(b);
    expect((await ask(lab.client, b)).echoed).toBe(0);
    expect((await ask(lab.client, a)).echoed).toBe(20);
    lab.heal();
    expect((await ask(lab.client, b)).echoed).toBe(20);
  });

  it.skipIf(skip)('30 % loss loses 30 %', async () => {
    const { lab, a, b } = up();
    lab.shape(a, b, { lossRatio: 0.3 });
    const report = await ask(a, b, { count: 800, intervalMs: 1 });
    lab.heal();
    // five standard deviations of 800 draws are 8 %
    expect(report.echoed / report.sent).toBeGreaterThan(0.62);
    expect(report.echoed / report.sent).toBeLessThan(0.78);
  });

  it.skipIf(skip)('a black hole of path MTU swallows what is long', async () => {
    const { lab, a, b } = up();
    lab.shape(a, b, { largestBytes: 600 });
    expect((await ask(a, b, { bytes: 500 })).echoed).toBe(20);
    expect((await ask(a, b, { bytes: 1000 })).echoed).toBe(0);
    lab.heal();
    expect((await ask(a, b, { bytes: 1000 })).echoed).toBe(20);
  });

  it.skipIf(skip || wire === 'bridge')(
    'delay, jitter, duplicates, overtaking, corruption, a rate',
    async () => {
      const { lab, a, b } = up();
      lab.shape(a, b, { delayMs: 60, jitterMs: 20 });
      const slow = await ask(a, b, { count: 60, intervalMs: 10 });
      expect(slow.rttMs.min).toBeGreaterThan(39);
      expect(slow.rttMs.median).toBeGreaterThan(55);
      expect(slow.rttMs.max).toBeGreaterThan(70);
      expect(slow).toMatchObject({ echoed: 60, twice: 0, overtaken: 0 });
      lab.shape(a, b, { duplicateRatio: 0.5 });
      expect((await ask(a, b, { count: 100 })).twice).toBeGreaterThan(25);
      lab.shape(a, b, { delayMs: 20, reorderRatio: 0.3 });
      expect((await ask(a, b, { count: 100 })).overtaken).toBeGreaterThan(25);
      lab.shape(a, b, { corruptRatio: 1 });
      expect((await ask(a, b)).echoed, 'a wrong checksum is a lost packet').toBe(0);
      // 100 packets of about 1.1 kB at 1 Mbit/s take 0.9 s; what waits longer than 0.4 s is lost
      lab.shape(a, b, { kbitPerSecond: 1000 });
      const throttled = await ask(a, b, { count: 100, intervalMs: 0, bytes: 1000 });
      expect(throttled.rttMs.max).toBeGreaterThan(200);
      expect(throttled.rttMs.max).toBeLessThan(1500);
      expect(throttled.echoed).toBeLessThan(100);
      lab.heal();
      expect(lab.counters()).toMatchObject({
        duplicated: expect.any(Number),
        reordered: expect.any(Number),
        corrupted: 20,
      });
    },
  );

  it.skipIf(skip || wire === 'tap')(
    'down ends what runs there and leaves nothing; a dead run is swept',
    async () => {
      const other = await Lab.up(1);
      const child = start(must(other.hosts[0], 'a host'), ['-e', 'setInterval(() => {}, 1000)']);
      const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      await other.down();
      await other.down();
      expect(await ended).toBe('SIGKILL');
      // a run that is killed leaves its namespaces; the next one removes them
      const script = `import { Lab } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
      await Lab.up(1); process.kill(process.pid, 'SIGKILL')`;
      const dead = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
      await new Promise((resolve) => dead.once('exit', resolve));
      const left = namespaces().filter((name) => name.startsWith(`sqlcclab.${dead.pid}.`));
      expect(left, 'the hub, the host, the client where it is not the process itself').toHaveLength(
        Lab.isApart() ? 2 : 3,
      );
      await (await Lab.up(1)).down();
      expect(namespaces().filter((name) => left.includes(name))).toEqual([]);
      const own = namespaces().filter((name) => name.startsWith(`sqlcclab.${process.pid}.`));
      expect(own, 'only the shared lab stands').toHaveLength(Lab.isApart() ? 3 : 4);
    },
  );
});

describe('FaultDisk', () => {
  const skip = skipVisibly('FaultDisk', FaultDisk.missing());

  /** What a program of node says that works on files below `dir`. */
  async function see(disk: FaultDisk, dir: string, code: string): Promise<unknown> {
    const script = `const fs = require('node:fs'); const dir = ${JSON.stringify(dir)};
      const t = (work) => { try { return work() } catch (e) { return e.code } };
      (async () => { ${code} })().then((said) => console.log(JSON.stringify(said)))`;
    const { stdout } = await run(process.execPath, ['-e', script], {
      env: { ...process.env, ...disk.env() },
    });
    return JSON.parse(stdout);
  }

  it.skipIf(skip)('errors hit the named calls of the named files, as often as said', async () => {
    const dir = temporary();
    const disk = FaultDisk.create(dir);
    disk.set([
      { path: '*/wal/*', ops: ['fdatasync'], effect: 'EIO', times: 1 },
      { path: '*/full/*', ops: ['write', 'pwrite'], effect: 'ENOSPC' },
      { path: '*/closed/*', ops: ['open'], effect: 'EMFILE' },
      { path: '*/fixed', ops: ['rename'], effect: 'EIO' },
    ]);
    for (const name of ['wal', 'full', 'closed']) mkdirSync(join(dir, name));
    const said = await see(
      disk,
      dir,
      `const wal = fs.openSync(dir + '/wal/a', 'w'), full = fs.openSync(dir + '/full/a', 'w');
       const later = await new Promise((done) => fs.fdatasync(wal, (e) => done(e?.code ?? 'ok')));
       return [later, t(() => fs.fdatasyncSync(wal) ?? 'ok'), t(() => fs.writeSync(full, 'x')),
         t(() => fs.writeSync(full, 'x', 0)), await fs.promises.writeFile(dir + '/full/b', 'x').catch((e) => e.code),
         t(() => fs.openSync(dir + '/closed/a', 'w')), t(() => fs.renameSync(dir + '/wal/a', dir + '/fixed')),
         t(() => fs.renameSync(dir + '/wal/a', dir + '/other') ?? 'ok')]`,
    );
    expect(said).toEqual(['EIO', 'ok', 'ENOSPC', 'ENOSPC', 'ENOSPC', 'EMFILE', 'EIO', 'ok']);
    expect(disk.counts()).toMatchObject({ 'EIO:fdatasync': 1, 'EMFILE:open': 1, 'EIO:rename': 1 });
  });

  it.skipIf(skip)('delays, lies, flips a bit, kills; rules change under a running program', async () => {
    const dir = temporary();
    const disk = FaultDisk.create(dir, 3);
    writeFileSync(join(dir, 'data'), Buffer.alloc(4096));
    disk.set([
      { path: '*/slow', ops: ['fsync'], effect: 'delay', delayMs: 150 },
      { path: '*/lie', ops: ['write', 'pwrite', 'fsync'], effect: 'drop' },
      { path: '*/data', ops: ['read'], effect: 'flip', times: 1 },
    ]);
    const said = (await see(
      disk,
      dir,
      `const slow = fs.openSync(dir + '/slow', 'w'); const began = performance.now(); fs.fsyncSync(slow);
       const ms = performance.now() - began; fs.writeFileSync(dir + '/lie', 'never');
       const bits = (b) => b.reduce((n, x) => n + x.toString(2).replaceAll('0', '').length, 0);
       return [ms >= 149 && ms < 5000, fs.statSync(dir + '/lie').size, bits(fs.readFileSync(dir + '/data')),
         bits(fs.readFileSync(dir + '/data'))]`,
    )) as unknown[];
    expect(said).toEqual([true, 0, 1, 0]);
    disk.set([]);
    const code = `const fs = require('node:fs'); const fd = fs.openSync(${JSON.stringify(`${dir}/k`)}, 'w');
      setInterval(() => console.log(fs.writeSync(fd, 'x')), 10)`;
    const child = spawn(process.execPath, ['-e', code], { env: { ...process.env, ...disk.env() } });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    disk.set([{ path: '*/k', ops: ['write'], effect: 'kill', probability: 0.2 }]);
    expect(await new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))).toBe(
      'SIGKILL',
    );
    expect(disk.counts()).toMatchObject({ 'kill:write': 1 });
  });

  it.skipIf(skip)('a probability is one', async () => {
    const dir = temporary();
    const disk = FaultDisk.create(dir, 5);
    disk.set([{ path: '*/p', ops: ['fsync'], effect: 'EIO', probability: 0.25 }]);
    const failed = await see(
      disk,
      dir,
      `const fd = fs.openSync(dir + '/p', 'w');
       return Array.from({ length: 1000 }, () => t(() => fs.fsyncSync(fd))).filter((x) => x === 'EIO').length`,
    );
    // five standard deviations of 1000 draws are 68
    expect(failed).toBeGreaterThan(182);
    expect(failed).toBeLessThan(318);
  });
});

describe('WallClock', () => {
  const skip = skipVisibly('WallClock', WallClock.missing());

  it.skipIf(skip)('jumps and speeds the wall clock; timers and the monotonic clock stay true', async () => {
    const dir = temporary();
    const clock = new WallClock(dir);
    const code = `process.stdin.on('data', () => { const began = performance.now();
      setTimeout(() => console.log(JSON.stringify([Date.now(), performance.now() - began])), 100) })`;
    const child = spawn(process.execPath, ['-e', code], {
      env: { ...process.env, ...together(clock.env()) },
    });
    onTestFinished(() => void child.kill());
    /** How far the program's wall clock is off, and how long its timer of 100 ms took. */
    const ask = async (): Promise<{ offMs: number; timerMs: number }> => {
      const answer = new Promise<string>((resolve) =>
        child.stdout.once('data', (text) => resolve(`${text}`)),
      );
      child.stdin.write('?');
      const [wall = 0, timerMs = 0] = JSON.parse(await answer) as number[];
      return { offMs: wall - Date.now(), timerMs };
    };
    const seen = [await ask()];
    clock.jumpMs(3_600_000);
    seen.push(await ask());
    clock.jumpMs(-7_200_000);
    seen.push(await ask());
    clock.rate(100);
    const [fast, later] = [await ask(), await ask()];
    seen.push(fast, later);
    expect(Math.abs(seen[0]?.offMs ?? 1e9)).toBeLessThan(2000);
    expect(Math.abs((seen[1]?.offMs ?? 0) - 3_600_000)).toBeLessThan(2000);
    expect(Math.abs((seen[2]?.offMs ?? 0) + 3_600_000)).toBeLessThan(2000);
    // about 100 ms pass between the two answers, 10 s on this clock
    expect(later.offMs - fast.offMs).toBeGreaterThan(8000);
    for (const { timerMs } of seen) {
      expect(timerMs).toBeGreaterThan(98);
      expect(timerMs).toBeLessThan(5000);
    }
    expect(readFileSync(join(dir, 'wall-clock'), 'utf8')).toBe('-3600.000 x100\n');
  });
});
