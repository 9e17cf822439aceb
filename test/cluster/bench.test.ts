/** Both halves of the comparison are kept from rotting: this project's always, etcd's where it is installed. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingGo } from '../bench/load/go-program.ts';
import { flagsOf } from '../bench/load/loader.ts';
import { startEtcd } from '../bench/sides.ts';
import type { Figures } from '../bench/verdict.ts';
import { skipVisibly } from '../lab/skip.ts';
import { missingProgram } from '../lab/tools.ts';
import { ROOT, until } from './harness.ts';

interface Beside extends Figures {
  readonly skipped: string | null;
  readonly ratios: readonly unknown[];
}

/** Four clusters are started in it, which takes half a minute each where the machine has no CPU to spare. */
const BENCH_TIMEOUT_MS = 280_000;
const TEST_TIMEOUT_MS = BENCH_TIMEOUT_MS + 20_000;

/** `npm run bench` with these flags; without `path` on a machine where only Node is installed. */
function bench(flags: readonly string[], path = dirname(process.execPath)) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'test', 'bench', 'main.ts'), ...flags],
    { env: { ...process.env, PATH: path }, encoding: 'utf8', timeout: BENCH_TIMEOUT_MS },
  );
  expect(status, stderr).toBe(0);
  return { stderr, beside: (JSON.parse(stdout) as { beside: Beside }).beside };
}

describe('npm run bench', { timeout: TEST_TIMEOUT_MS }, () => {
  it('without etcd says so, and measures writes and a failover of this project', () => {
    const parts = ['--only', 'writes,failover', '--quick', '--rounds', '1'];
    const { stderr, beside } = bench([...parts, '--clients', '4', '--seconds', '1']);
    expect(stderr).toMatch(/^SKIPPED: etcd, .*apt-get install etcd-server/m);
    expect(beside.skipped).toMatch(/etcd is not installed/);
    expect(beside.cells.map((c) => `${c.op} ${c.side} ${c.way}`)).toEqual([
      ...['put sqlcc shared', 'put sqlcc own'],
    ]);
    for (const cell of beside.cells) {
      expect(cell.errors).toBe(0);
      expect(cell.perSecond.median).toBeGreaterThan(0);
      expect(cell.serverCpuUs.median).toBeGreaterThan(10);
      expect(cell.p99Ms.median).toBeGreaterThanOrEqual(cell.p50Ms.median);
    }
    expect(beside.failover).toEqual([expect.objectContaining({ side: 'sqlcc', rounds: 1 })]);
    expect(beside.failover[0]?.gapMs.max).toBeGreaterThan(1);
    expect(beside.failover[0]?.detectMs?.samples).toBe(1);
  });
});

const etcd = skipVisibly('the etcd half of the comparison', missingProgram(['etcd']));
const go = skipVisibly('a load on etcd and one request a call', missingGo());

describe('etcd, as it is compared with', { timeout: TEST_TIMEOUT_MS }, () => {
  it.skipIf(etcd)('leads, is followed when its leader is killed, and is whole again', async () => {
    const side = await startEtcd();
    try {
      const { endpoint, pid } = await side.leader();
      expect(side.endpoints).toContain(endpoint);
      expect(await side.follower()).not.toBe(endpoint);
      expect(side.pids()).toContain(pid);
      process.kill(pid, 'SIGKILL');
      const next = await until('another leader', async () => {
        const found = await side.leader();
        return found.endpoint !== endpoint && found;
      });
      expect(next.pid).not.toBe(pid);
      await side.revive();
      expect(new Set(side.pids()).size).toBe(3);
      expect(side.pids()).not.toContain(pid);
    } finally {
      await side.stop();
    }
  });

  it('is loaded by a program that takes each flag it is given', () => {
    const source = readFileSync(join(ROOT, 'test', 'bench', 'load', 'load.go'), 'utf8');
    const taken = [...source.matchAll(/flag\.\w+\([^"]*"([a-z-]+)"/g)].map(([, name]) => name);
    const request = {
      op: 'put',
      endpoints: [],
      callers: 1,
      conns: 1,
      keys: 1,
      valueBytes: 1,
      count: 1,
    } as const;
    const tls = { ca: 'a', cert: 'b', key: 'c' };
    const given = Object.keys(flagsOf('etcd', { ...request, warmMs: 1, measureMs: 1, tls }));
    expect(given.length).toBeGreaterThan(8);
    expect(given.filter((name) => !taken.includes(name))).toEqual([]);
  });

  it.skipIf(go)(
    'is written to and failed over beside this project, one request a call too',
    { timeout: TEST_TIMEOUT_MS },
    () => {
      const parts = ['--only', 'writes,failover', '--quick', '--rounds', '1', '--ways', 'shared,post'];
      const path = process.env['PATH'];
      const { beside } = bench([...parts, '--clients', '4', '--seconds', '1'], path);
      expect(beside.skipped).toBeNull();
      expect(new Set(beside.cells.map((c) => `${c.side} ${c.way}`))).toEqual(
        new Set(['sqlcc shared', 'sqlcc post', 'etcd shared']),
      );
      for (const cell of beside.cells) {
        expect(cell.errors).toBe(0);
        expect(cell.perSecond.median).toBeGreaterThan(0);
      }
      expect(beside.failover.map((f) => f.side).sort()).toEqual(['etcd', 'sqlcc']);
      expect(beside.ratios.length).toBeGreaterThan(0);
    },
  );
});
