/** Script 7 on real daemons: an election of 40 minutes ago, which their clocks make so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { DemoCluster } from '../../../daemon/demo-cluster.ts';
import { must } from '../../../src/base/index.ts';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { leaderOf, program, until } from '../../cluster/harness.ts';
import { findTestPorts } from '../../cluster/ports.ts';
import type { Terminal } from '../pty.ts';
import { headline, logOf, pressed, tell, top } from './kit.ts';

const AGO_MS = 2_400_000;

/** Three daemons that live 40 minutes ago, until `now` is called. */
async function longAgo(): Promise<{ readonly cluster: DemoCluster; readonly now: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'sqlcc-clock-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const flag = join(folder, 'now');
  const clock = pathToFileURL(join(import.meta.dirname, 'set-clock.ts'));
  clock.search = new URLSearchParams({ behind: String(AGO_MS), until: flag }).toString();
  const basePort = await findTestPorts(3, 25_433);
  const started = ['--import', clock.href, ...program()];
  const cluster = await DemoCluster.start({ nodes: 3, dir: null, basePort, program: started });
  onTestFinished(async () => {
    await cluster.stop();
    cluster.remove();
  });
  return { cluster, now: () => writeFileSync(flag, '') };
}

interface Election {
  readonly term: number;
  readonly leader: string;
  readonly before: string;
  readonly termBefore: number;
  /** As its winner wrote it down. */
  readonly at: number;
}

/**
 * The leader is killed, another one elected; all three run again. It is the last election by then: a machine that
 * does much else may bring one more.
 */
async function election(cluster: DemoCluster): Promise<Election> {
  const killed = await leaderOf(cluster);
  await cluster.killNode(killed);
  await until('another leader', async () => (await leaderOf(cluster)) !== killed);
  await cluster.startNode(killed);
  await cluster.untilHealthy();
  const { elections } = await cluster.client().status();
  const [{ node_id: before, term: termBefore }, { node_id: leader, term }] = lastTwo(elections);
  const log = logOf(cluster.node(leader).log);
  const told = must(
    log.findLast((e) => e.event === 'raft-elected'),
    'the word of the winner',
  );
  return { term, leader, before, termBefore, at: Date.parse(told.at) };
}

function lastTwo<T>(rows: readonly T[]): [T, T] {
  return [must(rows.at(-2), 'an election before'), must(rows.at(-1), 'an election')];
}

/** Every view but the fleet, which is of now, says the second and who led in it, and changes nothing. */
async function walk(terminal: Terminal, moment: string, leads: RegExp): Promise<number> {
  let refused = 0;
  for (const { id, key, title } of VIEWS.filter((v) => v.id !== 'fleet')) {
    if (key === null) {
      terminal.type('1');
      await terminal.until((t) => t.split('\n')[0]?.includes('▸ Topology ') === true, 'the table');
    }
    terminal.type(key ?? '\r');
    await terminal.until((t) => t.split('\n')[0]?.includes(`▸ ${title} `) === true, title);
    const isThen = (t: string) =>
      leads.test(t.split('\n')[0] ?? '') && t.split('\n')[2]?.includes(moment) === true;
    const [first = '', , banner = ''] = (await terminal.settled(isThen, 100)).split('\n');
    expect(banner, `${id}: the second`).toContain(moment);
    expect(first, `${id}: who leads`).toMatch(leads);
    for (const { label, short } of bindingsOf('main', id).filter((b) => b.level !== undefined)) {
      await pressed(terminal, label, `${label} ${short}: history is read-only: End returns to live`);
      refused++;
    }
  }
  return refused;
}

const clock = (at: string | number): string => new Date(at).toISOString().slice(11, 19);

it('7: on daemons all views agree on the second of an election 40 minutes ago, where nothing can be changed', async () => {
  const { cluster, now } = await longAgo();
  const { term, leader, before, termBefore, at } = await election(cluster);
  now();
  await until('daemons of today', async () => {
    const { nodes } = await cluster.client().status();
    return nodes.every((n) => Date.now() - Date.parse(n.last_check ?? '') < 10_000);
  });
  const audited = (await cluster.client().audit()).records.length;
  const terminal = await top(cluster.contextFile);
  expect(headline(terminal.text())?.term).toBeGreaterThanOrEqual(term);
  terminal.type('5');
  await terminal.see('follow');
  terminal.type('/');
  await terminal.see('Enter keep');
  terminal.type(`leads term ${term}`);
  const event = new RegExp(`▌(\\d\\d:\\d\\d:\\d\\d)\\.\\d{3} ${leader} +i +leads term ${term} `);
  const second = event.exec(await terminal.until((t) => event.test(t), 'its event'))?.[1] ?? '';
  terminal.type('\r');
  terminal.type('T');
  await terminal.until((t) => t.includes(`◄◄ ${second}`) && /\(-4\dm/.test(t), 'that second');
  terminal.type('\x1b');
  // with a digit at its heels it would be another key
  await terminal.still(150);
  tell('the second of the election, by the screen and by its winner', `${second} ${clock(at)}`);
  expect([clock(at), clock(at + 1000)], 'as the winner wrote it down').toContain(second);
  const then = await walk(terminal, second, new RegExp(`★ ${leader} {2}term ${term} `));
  terminal.type('[');
  const earlier = clock(Date.parse(`1970-01-01T${second}Z`) - 1000);
  await terminal.until((t) => t.includes(`◄◄ ${earlier}`), 'a second before');
  const old = await walk(terminal, earlier, new RegExp(`★ ${before} {2}term ${termBefore} |NO LEADER`));
  tell('capital keys that history refused', then + old);
  expect(then + old).toBeGreaterThan(40);
  terminal.type('\x1b[F');
  await terminal.until((t) => t.includes('● LIVE') && (headline(t)?.term ?? 0) >= term, 'now');
  expect((await cluster.client().audit()).records.length, 'no node saw an attempt').toBe(audited);
}, 300_000);
