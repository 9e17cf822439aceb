/** Acceptance on real daemons with wires between them: a slow link to the operator, and a cut one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { Lab, LabCluster } from '../../lab/index.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { Hands, LATE_MS } from '../hands.ts';
import { pause } from '../pty.ts';
import { headline, msOf, tell, top, WHOLE } from './kit.ts';

const reason = WHOLE
  ? (Lab.missing() ?? (Lab.isApart() ? null : 'npm run accept:tui makes the network that it needs'))
  : 'npm run accept:tui plays it';
const skipped = skipVisibly('acceptance of the screen over slow and cut links', reason);

async function clusterOf(hosts: number, nodes: number): Promise<{ lab: Lab; cluster: LabCluster }> {
  const lab = await Lab.up(hosts, { wire: 'tap' });
  onTestFinished(() => lab.down());
  const cluster = await LabCluster.start({ lab, nodes });
  onTestFinished(async () => {
    await cluster.stop();
    cluster.remove();
  });
  return { lab, cluster };
}

class Writer {
  readonly #child: ChildProcess;
  constructor(cluster: LabCluster, prefix: readonly string[]) {
    const [first = '', ...rest] = [
      ...prefix,
      ...[process.execPath, '--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'writer.ts')],
      join(cluster.dir, 'lab'),
      cluster.nodes.map((n) => `${n.host.address}:${n.port}`).join(),
    ];
    this.#child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  /** The longest gap since it was asked last. */
  async longestMs(): Promise<number> {
    const answer = new Promise<string>((resolve) =>
      this.#child.stdout?.once('data', (d) => resolve(String(d))),
    );
    this.#child.stdin?.write('\n');
    return (JSON.parse(await answer) as { longest_ms: number }).longest_ms;
  }
}

describe.skipIf(skipped)('links', () => {
  it('2: a failover by keyboard at 80x24 over 100 ms takes 8 keys, name and reason; its pause is the client’s', async () => {
    const { lab, cluster } = await clusterOf(4, 3);
    const writer = new Writer(cluster, must(lab.hosts[3], 'a host for the client').prefix);
    lab.together(() => {
      for (const { host } of cluster.nodes) {
        lab.shape(lab.client, host, { delayMs: LATE_MS });
        lab.shape(host, lab.client, { delayMs: LATE_MS });
      }
    });
    // the operator's own end is as far away again: keys and pictures are late too
    const size = { columns: 80, rows: 24, lateMs: LATE_MS };
    const terminal = await top(cluster.contextFile, size, /★ ?n\d\s+(?:term |t)\d/);
    const hands = new Hands(terminal);
    await pause(1500);
    await writer.longestMs();
    const began = performance.now();
    const { target, done } = await hands.failOver('kernel update');
    tell('failover by keyboard over 100 ms, keys beside name and reason', hands.presses);
    tell('from F to done, ms', Math.round(performance.now() - began));
    const shown = /writes paused ([\d.]+ m?s)/.exec(done)?.[1] ?? '';
    await pause(500);
    const measured = await writer.longestMs();
    tell('write pause, shown and measured by a client, ms', `${msOf(shown)} ${measured}`);
    expect(hands.presses).toBeLessThanOrEqual(8);
    expect(Math.abs(msOf(shown) - measured)).toBeLessThanOrEqual(75);
    await terminal.until((t) => headline(t)?.leader === target, 'the new leader');
  });

  it('5: a leader behind a cut wire: the views disagree on the screen, and v shows the minority’s picture', async () => {
    const { lab, cluster } = await clusterOf(3, 3);
    const terminal = await top(cluster.contextFile);
    const old = must(headline(terminal.text()), 'a leader');
    const host = cluster.node(old.leader).host;
    const survivor = must(cluster.nodes.find((n) => n.nodeId !== old.leader)?.nodeId, 'another node');
    const seeThrough = async (node: string): Promise<void> => {
      terminal.type('v');
      await terminal.see('what each node says');
      terminal.type(node);
      // read together with the name Enter would be a burst, which chooses nothing
      await terminal.see(`/ ${node}`);
      terminal.type('\r');
    };
    await seeThrough(survivor);
    await terminal.until((t) => t.includes(`via ${survivor}`), 'the view of a survivor');
    // its peers hear nothing of it; whoever sits at the terminal reaches all three
    lab.together(() => {
      for (const other of cluster.nodes.filter((n) => n.nodeId !== old.leader)) {
        lab.cut(host, other.host);
        lab.cut(other.host, host);
      }
    });
    const cutAt = performance.now();
    const moved = (t: string) => {
      const now = headline(t);
      return now !== null && now.leader !== old.leader;
    };
    await terminal.until(moved, 'the new leader');
    const electedAt = performance.now();
    const split = await terminal.see('VIEWS DISAGREE');
    const splitMs = performance.now() - electedAt;
    tell(
      'views disagree, after the new leader and after the cut, ms',
      `${Math.round(splitMs)} ${Math.round(performance.now() - cutAt)}`,
    );
    expect(splitMs, 'two intervals of a second').toBeLessThan(2000);
    expect(split).toContain(`${old.leader}: ${old.leader} t${old.term}`);
    await seeThrough(old.leader);
    const minority = await terminal.until(
      (t) => t.includes(`via ${old.leader}`) && t.includes('cut off'),
      'the minority’s view',
    );
    expect(minority).toMatch(/quorum 1\/3 LOST/);
    await seeThrough(survivor);
    await terminal.until((t) => moved(t) && t.includes('quorum 2/3 OK'), 'the majority’s view');
    lab.heal();
    await terminal.until((t) => t.includes('quorum 3/3 OK'), 'one view again');
  });
});
