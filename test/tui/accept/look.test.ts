/** Acceptance on real daemons that takes seconds, and runs with all tests: looking, and being told why not. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../../daemon/demo-cluster.ts';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { leaderOf, sharedCluster, sqlcc, sqlccOn, until, untilAdminKnown } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { pressed, SQLCC, tell, top } from './kit.ts';

const hasJq = spawnSync('jq', ['--version']).error === undefined;
skipVisibly('top --once through jq', hasJq ? null : 'jq is not installed: its output is read here');

/** `sqlcc top --once -o json | jq .seq`, as a script would. */
async function seqOfOnce({ contextFile }: DemoCluster): Promise<number> {
  const env = { ...process.env, SQLCC_CONFIG: contextFile };
  const reader = hasJq ? ' | jq .seq' : '';
  const line = `"${SQLCC}" top --once -o json${reader}`;
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { env });
  return Number(hasJq ? stdout : JSON.parse(stdout).seq);
}

async function seqsOfBatch(cluster: DemoCluster): Promise<readonly number[]> {
  const args = ['top', '--batch', '-n', '5', '-d', '200ms', '-o', 'json'];
  const { stdout } = await sqlccOn(cluster, args);
  return lines(stdout).map((line) => line['seq'] as number);
}

/** The highest index of what was told until its condition held, which it does say. */
async function newestOfWatch(cluster: DemoCluster, leader: string): Promise<number> {
  const condition = `leader==${leader}`;
  const args = ['watch', '--since', '1h', '--until', condition, '--timeout', '30s', '-o', 'jsonl'];
  const { code, stdout } = await sqlccOn(cluster, args);
  const told = lines(stdout);
  expect([code, told.at(-1)]).toMatchObject([0, { type: 'until', condition }]);
  return Math.max(...told.map((line) => (line['index'] as number | null | undefined) ?? 0));
}

function lines(stdout: string): Record<string, unknown>[] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
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
    for (const { id, key, title } of VIEWS) {
      if (key === null) continue;
      terminal.type(key);
      await terminal.until((t) => t.split('\n')[0]?.includes(`▸ ${title} `) === true, title);
      for (const binding of bindingsOf('main', id).filter((b) => b.level !== undefined)) {
        await pressed(terminal, binding.label, `${binding.label} ${binding.short}: needs the scope`);
        answered++;
      }
    }
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('failover n2');
    // read together with the name Enter would be a burst, which chooses nothing
    await terminal.see(': failover n2');
    terminal.type('\r');
    await terminal.see('failover: needs the scope operate');
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('maintenance n3');
    await terminal.see(': maintenance n3');
    terminal.type('\r');
    await terminal.see('maintenance: needs the scope operate');
    expect(terminal.text(), 'and without a key').toContain('READ-ONLY (viewer)');
    tell('capital keys that told a viewer why', answered);
    expect(answered).toBeGreaterThan(20);
    expect((await cluster.client().audit()).records.length).toBe(before);
    const denied = await sqlccOn(cluster, ['audit', 'list', '--denied', '-o', 'json']);
    expect(denied.stdout, 'no node has refused it anything').not.toContain('viewer');
    expect(JSON.parse(denied.stdout).denials ?? []).toEqual([]);
  }, 300_000);

  it('11: --once through jq, --batch -n 5, watch --until and the screen agree on the same seq', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const terminal = await top(cluster.contextFile);
    await untilAdminKnown(cluster);
    // the newest entry is one of which an event tells: so the event's index is what has been committed
    const silence = ['alert', 'silence', 'add', '--rule', 'DiskSlow', '--for', '1h', '--reason', 'seq'];
    expect((await sqlccOn(cluster, silence)).code).toBe(0);
    await until(
      'all four at one index',
      async () => {
        const leader = await leaderOf(cluster);
        const [once, batch, watch] = await Promise.all([
          seqOfOnce(cluster),
          seqsOfBatch(cluster),
          newestOfWatch(cluster, leader),
        ]);
        const shown = Number(/commit ([\d ]+?) {2}/.exec(terminal.text())?.[1]?.replaceAll(' ', ''));
        const words = `${once} · ${batch.join(' ')} · ${shown} · ${watch}`;
        tell('seq of once, of each frame of batch, of the screen; newest event of watch', words);
        return batch.length === 5 && new Set([once, ...batch, shown, watch]).size === 1;
      },
      60_000,
    );
    await terminal.see('silenced rule DiskSlow: seq');
    expect((await sqlcc(['top', '--once'], { SQLCC_CONFIG: cluster.contextFile })).code).toBe(0);
  }, 300_000);
});
