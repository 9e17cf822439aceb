import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

describe('StateStore without a descriptor left', () => {
  it('goes on applying, and copies its log when there are some again', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-starved-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const script = fileURLToPath(new URL('./starved.ts', import.meta.url));
    const shell = `ulimit -n 64; exec "$0" "$1" "$2"`;
    const run = spawnSync('sh', ['-c', shell, process.execPath, script, dir], { encoding: 'utf8' });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const told = JSON.parse(run.stdout) as Record<'held' | 'starved' | 'grown' | 'applied', number>;
    expect(told.held).toBeGreaterThan(5);
    expect(told.applied).toBe(91 * 50);
    // nothing could be copied meanwhile; afterwards it was
    expect(told.starved).toBeGreaterThan(40);
    expect(told.grown).toBe(0);
  });
});
