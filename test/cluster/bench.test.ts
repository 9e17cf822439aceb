/** The comparison runs on this project alone where etcd is not installed: so its own half is kept from rotting. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Figures } from '../bench/verdict.ts';
import { ROOT } from './harness.ts';

/** `npm run bench` with these flags, on a machine where only Node is installed. */
function bench(flags: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'test', 'bench', 'main.ts'), ...flags],
    { env: { ...process.env, PATH: dirname(process.execPath) }, encoding: 'utf8', timeout: 90_000 },
  );
  expect(status, stderr).toBe(0);
  return { stderr, beside: (JSON.parse(stdout) as { beside: Figures & { skipped: string } }).beside };
}

describe('npm run bench', () => {
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
      expect(cell.perSecond.median).toBeGreaterThan(50);
      expect(cell.serverCpuUs.median).toBeGreaterThan(10);
      expect(cell.p99Ms.median).toBeGreaterThanOrEqual(cell.p50Ms.median);
    }
    expect(beside.failover).toEqual([expect.objectContaining({ side: 'sqlcc', rounds: 1 })]);
    expect(beside.failover[0]?.gapMs.max).toBeGreaterThan(1);
    expect(beside.failover[0]?.detectMs?.samples).toBe(1);
  });
});
