/** `sqlcc top` on three real daemons, in a real terminal: what a person sees when a leader dies, and can do. */
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../src/api/index.ts';
import { pause, Terminal } from '../tui/pty.ts';
import { leaderOf, MAIN, sharedCluster, sqlccOn } from './harness.ts';

const SQLCC = join(dirname(MAIN), '..', 'bin', 'sqlcc');
const SCREEN_MS = 2000;

const shared = sharedCluster(3);
const open: Terminal[] = [];
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.kill();
});

/** The leader and the term of the line above everything; null while there is none. */
function headline(text: string): { leader: string; term: number } | null {
  const found = /★ (n\d)\s+term (\d+)/.exec(text.split('\n')[0] ?? '');
  return found === null ? null : { leader: found[1] ?? '', term: Number(found[2]) };
}

/** A screen with its first whole picture of a healthy cluster. */
async function top(...flags: string[]): Promise<Terminal> {
  const cluster = shared();
  await cluster.untilHealthy();
  const env = { SQLCC_CONFIG: cluster.contextFile };
  const terminal = new Terminal([SQLCC, 'top'], { columns: 120, rows: 36, flags, env });
  open.push(terminal);
  const isWhole = (t: string) => headline(t) !== null && t.includes('healthy') && t.includes('quorum 3/3 OK');
  await terminal.until(isWhole, 'the first picture');
  return terminal;
}

/** The failover dialog with its plan, past its deaf time; answers the target. */
async function failoverDialog(terminal: Terminal): Promise<string> {
  terminal.type('F');
  const text = await terminal.see('Expected write pause');
  await pause(450);
  return /Type (n\d) to arm/.exec(text)?.[1] ?? '';
}

async function quit(terminal: Terminal): Promise<void> {
  terminal.type('q');
  expect(await terminal.exited()).toBe(0);
  expect(terminal.buffer).toBe('normal');
}

describe('sqlcc top', () => {
  it('shows the new leader within 2 s when the leader is killed, and the dead node as dead', async () => {
    const cluster = shared();
    const terminal = await top();
    const before = headline(terminal.text());
    const victim = before?.leader ?? '';
    expect(victim).toBe(await leaderOf(cluster));
    await cluster.killNode(victim);
    const killedAt = performance.now();
    const moved = (t: string) => {
      const now = headline(t);
      return now !== null && now.leader !== victim && now.term > (before?.term ?? 0);
    };
    await terminal.until(moved, 'a new leader');
    const seenMs = performance.now() - killedAt;
    await terminal.until((t) => new RegExp(`✖ ${victim} .*DEAD`).test(t), 'the dead node');
    await terminal.see('quorum 2/3 OK');
    await cluster.startNode(victim);
    await terminal.see('quorum 3/3 OK');
    expect(terminal.text()).toMatch(/leads term \d+/);
    await quit(terminal);
    process.stdout.write(`new leader on the screen after ${Math.round(seenMs)} ms\n`);
    expect(seenMs).toBeLessThan(SCREEN_MS);
  });

  it('fails over by keyboard, from the plan to the end', async () => {
    const cluster = shared();
    const terminal = await top();
    const before = headline(terminal.text());
    const target = await failoverDialog(terminal);
    expect(target).not.toBe(before?.leader);
    terminal.type('\t');
    terminal.type('kernel update');
    terminal.type('\t');
    await terminal.see('Reason: kernel update');
    terminal.type(target);
    await terminal.see(`arm: ${target}`);
    terminal.type('\t');
    // an Enter that is read together with another key confirms nothing: first the cursor leaves the field
    await terminal.until((t) => /arm: n\d +\[ Cancel/.test(t), 'the focus on the button');
    terminal.type('\r');
    await terminal.see(`done: ${target} in`);
    expect(await leaderOf(cluster)).toBe(target);
    const last = (await cluster.client().operations()).operations.at(-1);
    expect(last).toMatchObject({ kind: 'failover', state: 'done', to: target, reason: 'kernel update' });
    terminal.type('\x1b');
    await terminal.until(
      (t) => headline(t)?.leader === target && !t.includes('FAILOVER ·'),
      'the new leader',
    );
    await quit(terminal);
  });

  it('plans anew when the term moves while somebody looks at a plan, and does nothing by itself', async () => {
    const cluster = shared();
    const terminal = await top();
    const victim = headline(terminal.text())?.leader ?? '';
    const before = (await cluster.client().operations()).operations.length;
    const target = await failoverDialog(terminal);
    terminal.type('\t');
    terminal.type('x');
    terminal.type('\t');
    await terminal.see('Reason: x');
    terminal.type(target);
    await terminal.see(`arm: ${target}`);
    await cluster.killNode(victim);
    await terminal.see('the cluster moved on');
    // what was typed for the old plan arms nothing
    terminal.type('\t\r');
    await terminal.still();
    expect((await cluster.client().operations()).operations).toHaveLength(before);
    await cluster.startNode(victim);
    terminal.type('\x1b');
    await terminal.until((t) => !t.includes('FAILOVER ·'), 'the table again');
    await quit(terminal);
  });

  it('shows an observer that died through the others, and says so', async () => {
    const cluster = shared();
    const terminal = await top();
    const leader = headline(terminal.text())?.leader ?? '';
    const victim = leader === 'n1' ? 'n2' : 'n1';
    // R goes through the nodes in the order of the status: the leader, then the others by name
    for (const next of [leader, victim]) {
      terminal.type('R');
      await terminal.see(`seen through ${next}`);
    }
    await terminal.until((t) => t.includes(`via ${victim}`), `the view of ${victim}`);
    await cluster.killNode(victim);
    await terminal.see(`${victim} does not answer: seen through whichever node does`);
    await terminal.until((t) => t.includes('LIVE') && !t.includes(`via ${victim}`), 'another view', 10_000);
    await cluster.startNode(victim);
    await quit(terminal);
  });
});

describe('sqlcc top without a screen', () => {
  it('--once -o json is the status with its observer, and --check is 0 when all is well', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const ran = await sqlccOn(cluster, ['top', '--once', '--check', '-o', 'json']);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { schema, as_of, seq, observer, alert_list, ...status } = JSON.parse(ran.stdout);
    expect(schema).toBe('sqlcc.top/1');
    expect(seq).toBe(status.cluster.read.applied_index);
    expect(alert_list.filter((alert: { state: string }) => alert.state === 'firing')).toEqual([]);
    expect(Math.abs(Date.parse(as_of) - Date.now())).toBeLessThan(60_000);
    expect(cluster.nodes.map((n) => n.nodeId)).toContain(observer);
    ENDPOINTS.status.response.strict().parse(status);
  });

  it('--batch -n 2 prints two pictures, and goes on behind a node that dies', async () => {
    const cluster = shared();
    const two = await sqlccOn(cluster, ['top', '--batch', '-n', '2', '-d', '100ms']);
    expect(two.code).toBe(0);
    expect(two.stdout.match(/QUORUM/g)).toHaveLength(2);
    const leader = await leaderOf(cluster);
    const running = sqlccOn(cluster, ['top', '--batch', '-n', '12', '-d', '250ms', '-o', 'json']);
    await pause(1000);
    await cluster.killNode(leader);
    const { code, stdout } = await running;
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.length).toBeGreaterThanOrEqual(8);
    expect(lines.at(-1).raft.leader_id).not.toBe(leader);
    await cluster.startNode(leader);
    await cluster.untilHealthy();
  });

  it('--check is 3 with a dead node, 4 without a majority, 5 when nobody answers', async () => {
    const cluster = shared();
    const check = async () => (await sqlccOn(cluster, ['top', '--once', '--check'])).code;
    const leader = await leaderOf(cluster);
    const [first = '', second = ''] = cluster.nodes.map((n) => n.nodeId).filter((id) => id !== leader);
    const codes: number[] = [];
    for (const victim of [first, second, leader]) {
      await cluster.killNode(victim);
      const want = [3, 4, 5][codes.length];
      const end = performance.now() + 15_000;
      let code = await check();
      while (code !== want && performance.now() < end) code = await check();
      codes.push(code);
    }
    expect(codes).toEqual([3, 4, 5]);
  });
});
