/** Acceptance on real daemons that takes seconds, and runs with all tests: looking, and being told why not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { leaderOf, sharedCluster, sqlcc, sqlccOn, until } from '../../cluster/harness.ts';
import type { Terminal } from '../pty.ts';
import { tell, top } from './kit.ts';

/**
 * Presses a key until it is answered, as a person would: where the machine is busy it may be read together with
 * the key before it, and no capital letter of a burst does anything.
 */
async function pressed(terminal: Terminal, key: string, answer: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    terminal.type(key);
    try {
      await terminal.until((t) => t.includes(answer), answer, 2000);
      return;
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

describe('a living cluster', () => {
  const shared = sharedCluster(3);

  it('8: a viewer’s token is told why by each capital key and the palette, and nothing is attempted', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const made = await cluster.client().createToken({ kind: 'access', role: 'viewer' });
    const tokenFile = join(cluster.dir, 'viewer.token');
    writeFileSync(tokenFile, made.token, { mode: 0o600 });
    const terminal = await top(cluster.contextFile, { env: { SQLCC_TOKEN_FILE: tokenFile } });
    const before = (await cluster.client().audit()).records.length;
    let answered = 0;
    for (const { id, key } of VIEWS) {
      if (key === null) continue;
      terminal.type(key);
      await terminal.still(150);
      for (const binding of bindingsOf('main', id).filter((b) => b.level !== undefined)) {
        await pressed(terminal, binding.label, `${binding.label} ${binding.short}: needs the scope`);
        answered++;
      }
    }
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('failover n2');
    await terminal.still(150);
    terminal.type('\r');
    await terminal.see('failover: needs the scope operate');
    tell('capital keys that told a viewer why', answered);
    expect(answered).toBeGreaterThan(20);
    expect((await cluster.client().audit()).records.length).toBe(before);
    const denied = await sqlccOn(cluster, ['audit', 'list', '--denied', '-o', 'json']);
    expect(denied.stdout, 'no node has refused it anything').not.toContain('viewer');
    expect(JSON.parse(denied.stdout).denials ?? []).toEqual([]);
  });

  it('11: --once, --batch, watch and the screen agree on the same seq', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const terminal = await top(cluster.contextFile);
    const leader = await leaderOf(cluster);
    await until(
      'all four at one index',
      async () => {
        const [once, batch, watch] = await Promise.all([
          sqlccOn(cluster, ['top', '--once', '-o', 'json']),
          sqlccOn(cluster, ['top', '--batch', '-n', '2', '-d', '200ms', '-o', 'json']),
          sqlccOn(cluster, [
            'watch',
            '--since',
            '1h',
            '--until',
            `leader==${leader}`,
            '--timeout',
            '5s',
            '-o',
            'jsonl',
          ]),
        ]);
        const seq = (JSON.parse(once.stdout) as { seq: number }).seq;
        const seqs = batch.stdout
          .trim()
          .split('\n')
          .map((l) => (JSON.parse(l) as { seq: number }).seq);
        const last = watch.stdout
          .trim()
          .split('\n')
          .map((l) => (JSON.parse(l) as { index: number | null }).index);
        const newest = Math.max(...last.map((n) => n ?? 0));
        const shown = Number(/commit ([\d ]+?) {2}/.exec(terminal.text())?.[1]?.replaceAll(' ', ''));
        tell(
          'seq of once, batch, screen; newest event of watch',
          `${seq} ${seqs.join(' ')} ${shown} ${newest}`,
        );
        return newest > 0 && newest <= seq && seqs.every((s) => s === seq) && shown === seq;
      },
      40_000,
    );
    expect((await sqlcc(['top', '--once'], { SQLCC_CONFIG: cluster.contextFile })).code).toBe(0);
  });
});
