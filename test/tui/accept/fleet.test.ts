/** Beyond the twelve: several clusters in one screen, and the wallboard, on real daemons. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { must } from '../../../src/base/index.ts';
import { followerOf, leaderOf, sharedCluster } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { Terminal } from '../pty.ts';
import { headline, kept, SQLCC, top, WHOLE } from './kit.ts';

const skipped = skipVisibly(
  'the fleet and the wall on real daemons',
  WHOLE ? null : 'npm run accept:tui plays them',
);

describe.skipIf(skipped)('several clusters', () => {
  const shared = sharedCluster(3);

  it('one that answers nothing and one that can’t be used keep nobody waiting, and are left again', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const file = parse(readFileSync(cluster.contextFile, 'utf8')) as {
      contexts: Record<string, Record<string, unknown>>;
    };
    const demo = must(file.contexts['demo'], 'the demo’s context');
    // what the client learned of the demo lies beside its certificates: this one has its own
    cpSync(join(cluster.dir, 'demo'), join(cluster.dir, 'gone'), { recursive: true });
    rmSync(join(cluster.dir, 'gone', 'endpoints.json'), { force: true });
    const own = { ca: 'gone/ca.crt', cert: 'gone/admin.crt', key: 'gone/admin.key' };
    file.contexts['gone'] = { endpoints: ['127.0.0.1:9'], ...own };
    file.contexts['broken'] = { ...demo, ca: 'nowhere/ca.crt' };
    const contextFile = join(cluster.dir, 'fleet.yaml');
    writeFileSync(contextFile, stringify(file), { mode: 0o600 });
    const terminal = await top(contextFile);
    terminal.type('8');
    const fleet = await terminal.until(
      (t) =>
        /demo +\S+ +healthy/.test(t) &&
        /gone +\S+ +unreachable/.test(t) &&
        /broken +\S+ +unreachable/.test(t),
      'all three',
    );
    expect(fleet).toMatch(/broken +\S+ +unreachable .*can.t be read/);
    expect(fleet.indexOf('gone ')).toBeLessThan(fleet.search(/demo +\S+ +healthy/));
    terminal.type(':');
    await terminal.see('Palette');
    terminal.type('context gone');
    await terminal.still(150);
    terminal.type('\r');
    await terminal.until((t) => t.includes('CONNECTING') && t.includes('no answer yet'), 'the silent one');
    terminal.type('c');
    await terminal.see('Another cluster');
    terminal.type('broken');
    await terminal.still(150);
    terminal.type('\r');
    await terminal.see('broken: the CA can’t be read'.slice(0, 11));
    terminal.type('c');
    await terminal.see('Another cluster');
    terminal.type('demo');
    await terminal.still(150);
    terminal.type('\r');
    await terminal.until((t) => headline(t) !== null && t.includes('LIVE'), 'the cluster again');
    terminal.type('q');
    expect(await terminal.exited()).toBe(0);
    expect(terminal.buffer).toBe('normal');
  });

  it('the wall draws real daemons, and goes on when one of them is killed', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const env = { SQLCC_CONFIG: cluster.contextFile };
    const wall = kept(new Terminal([SQLCC, 'wall'], { columns: 120, rows: 36, env }));
    const leader = await leaderOf(cluster);
    await wall.see(`demo  HEALTHY  leader ${leader}`);
    const victim = await followerOf(cluster);
    await cluster.killNode(victim);
    await wall.until((t) => t.includes('DEGRADED') && t.includes(`NodeDown`), 'what is wrong');
    await cluster.startNode(victim);
    await wall.see('demo  HEALTHY');
    wall.type('q');
    expect(await wall.exited()).toBe(0);
    expect(wall.buffer).toBe('normal');
  });
});
