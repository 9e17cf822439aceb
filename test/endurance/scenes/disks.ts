/** Disks that are slow, hang, fail once, or are full, below the log of a follower and of the leader. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultDisk, type FaultRule, type LabNode } from '../../lab/index.ts';
import { missingProgram, runOrThrow } from '../../lab/tools.ts';
import { type Cast, cast, leadOf, within } from '../cast.ts';
import { Load } from '../load.ts';
import type { Scenario, Stage } from '../stage.ts';

interface DiskCast extends Cast {
  readonly disk: FaultDisk;
  readonly load: Load;
}

async function diskCast(stage: Stage): Promise<DiskCast> {
  const disk = FaultDisk.create(stage.temporary(), stage.seed);
  const scene = await cast(stage, 3, { envOf: () => disk.env() });
  stage.onEnd(() => disk.set([]));
  return { ...scene, disk, load: await Load.start(stage, scene.cluster) };
}

/** Syncs of a node's log. */
const syncOf = (node: LabNode): Pick<FaultRule, 'path' | 'ops'> => ({
  path: `*/${node.nodeId}/wal/*`,
  ops: ['fdatasync', 'fsync'],
});

/** How the daemon of a node ended, and how long after `since`; null when it has not within the time. */
async function endOf(node: LabNode, since: number, withinMs: number): Promise<string | null> {
  const { child } = node;
  const ended = await within(
    withinMs,
    async () => child !== null && (child.exitCode ?? child.signalCode) !== null,
  );
  if (ended === null || child === null) return null;
  return `${child.exitCode ?? child.signalCode} after ${Math.round(performance.now() - since)} ms`;
}

async function restart({ cluster, disk }: DiskCast, node: LabNode): Promise<void> {
  disk.set([]);
  if (node.child === null || (node.child.exitCode ?? node.child.signalCode) !== null) {
    await cluster.startNode(node.nodeId);
  }
  await cluster.untilHealthy();
}

/** A shipped rule fires for the node, within its `for` and some samples. */
async function toldSlow({ cluster }: Cast, { nodeId }: LabNode): Promise<boolean> {
  const fires = await within(20_000, async () =>
    (await cluster.client().alerts()).alerts.some(
      (a) => a.id === `DiskSlow:${nodeId}` && a.state === 'firing',
    ),
  );
  return fires === true;
}

const SLOW: Scenario = {
  name: 'slow-disk',
  about:
    'F13: syncs of 0.2 and 1.5 s: a follower disturbs nobody, a slow leader hands over ≤ 6 and 3 s, an alert',
  missing: () => FaultDisk.missing(),
  async play(stage) {
    const scene = await diskCast(stage);
    const { cluster, disk, load } = scene;
    await sleep(2000);
    const base = load.between(performance.now() - 1500);
    stage.note('base', base);
    for (const [who, delayMs] of [
      ['follower', 200],
      ['follower', 1500],
      ['leader', 200],
      ['leader', 1500],
    ] as const) {
      const { leader, followers, term } = await leadOf(cluster);
      const node = who === 'leader' ? leader : (followers[0] ?? leader);
      const title = `syncs of ${delayMs} ms at the ${who}`;
      const before = disk.counts()['delay:fdatasync'] ?? 0;
      const began = performance.now();
      disk.set([{ ...syncOf(node), effect: 'delay', delayMs }]);
      const mustMove = who === 'leader';
      const limitMs = delayMs > 1000 ? 3000 : 6000;
      const moved = mustMove
        ? await within(10_000, async () => (await leadOf(cluster)).leader.nodeId !== node.nodeId)
        : null;
      const movedMs = moved === null ? null : performance.now() - began;
      if (movedMs !== null) await sleep(500);
      const settled = movedMs === null ? began : performance.now();
      await sleep(Math.max(2000, 5000 - (performance.now() - began)));
      const during = load.between(settled);
      if (mustMove) stage.note(`${title} before another leads`, load.between(began, settled));
      if (delayMs > 1000) stage.claim(`${title}: it is told`, await toldSlow(scene, node), 'alert DiskSlow');
      const delayed = (disk.counts()['delay:fdatasync'] ?? 0) - before;
      disk.set([]);
      await sleep(2000);
      const terms = (await leadOf(cluster)).term - term;
      stage.note(title, { delayed, terms, ...during });
      stage.atLeast(`${title}: delayed syncs`, delayed, 2);
      if (mustMove) stage.atMost(`${title}: another leads after, ms`, movedMs, limitMs);
      else stage.equal(`${title}: terms`, terms, 0);
      // two others make a majority without it, once it does not lead
      stage.atMost(
        `${title}: writes p99, ms`,
        during.latencyMs.p99,
        Math.max(100, 4 * (base.latencyMs.p99 ?? 0)),
      );
      await cluster.untilHealthy();
    }
    await load.verify(stage);
  },
};

const HANG: Scenario = {
  name: 'hanging-disk',
  about: 'F14: a sync that never returns: another leads ≤ 3 s, the process is gone ≤ 30 s',
  missing: () => FaultDisk.missing(),
  async play(stage) {
    const scene = await diskCast(stage);
    const { cluster, disk, load } = scene;
    for (const who of ['follower', 'leader'] as const) {
      await sleep(1000);
      const { leader, followers, term } = await leadOf(cluster);
      const node = who === 'leader' ? leader : (followers[0] ?? leader);
      const began = performance.now();
      disk.set([{ ...syncOf(node), effect: 'delay', delayMs: 600_000 }]);
      if (who === 'leader') {
        const moved = await within(10_000, async () => (await leadOf(cluster)).leader.nodeId !== node.nodeId);
        stage.atMost('another leads after, ms', moved === null ? null : performance.now() - began, 3000);
      }
      const end = await endOf(node, began, 35_000);
      stage.claim(`the ${who} whose disk hangs ends within 30 s`, end !== null, end ?? 'it runs on');
      const during = load.between(began);
      stage.note(`hang at the ${who}`, { ...during, terms: (await leadOf(cluster)).term - term });
      stage.atMost(
        `hang at the ${who}: gap between writes, ms`,
        during.gapMs,
        who === 'leader' ? 4000 : 1000,
      );
      await restart(scene, node);
    }
    await load.verify(stage);
  },
};

const FAILING: Scenario = {
  name: 'failing-disk',
  about:
    'F15: one sync fails with EIO, all later ones succeed: the process ends ≤ 1 s and acknowledged nothing more',
  missing: () => FaultDisk.missing(),
  async play(stage) {
    const scene = await diskCast(stage);
    const { cluster, disk, load } = scene;
    for (const who of ['follower', 'leader'] as const) {
      await sleep(800);
      const { leader, followers } = await leadOf(cluster);
      const node = who === 'leader' ? leader : (followers[0] ?? leader);
      const before = disk.counts()['EIO:fdatasync'] ?? 0;
      const began = performance.now();
      disk.set([{ ...syncOf(node), effect: 'EIO', times: 1 }]);
      const end = await endOf(node, began, 5000);
      const took = performance.now() - began;
      stage.equal(`${who}: syncs that failed`, (disk.counts()['EIO:fdatasync'] ?? 0) - before, 1);
      stage.claim(`${who}: ends within 1 s of the fault`, end !== null && took <= 1000, end ?? 'it runs on');
      const words = readFileSync(`${node.log}.stderr`, 'utf8');
      const isNamed = /EIO/.test(words) && words.includes(`${node.nodeId}/wal/`);
      stage.claim(`${who}: its last words name the error and the file`, isNamed, words.slice(-300));
      await restart(scene, node);
      stage.note(`EIO at the ${who}`, load.between(began));
    }
    await load.verify(stage);
  },
};

/** A refusal for want of space is tried again until then. */
const PATIENCE = { timeoutMs: 1200 };

/** Data folders on small file systems in memory; one that is full, and what else may be full. */
const FULL: Scenario = {
  name: 'full-disk',
  about:
    'F16: no space for a follower, the leader (another leads), log lines only: writes go on, it comes back',
  missing: () => FaultDisk.missing() ?? missingProgram(['mount', 'umount', 'dd']),
  async play(stage) {
    const root = stage.temporary();
    const disk = FaultDisk.create(stage.temporary(), stage.seed);
    const place = (nodeId: string): string => join(root, nodeId);
    for (const nodeId of ['n1', 'n2', 'n3']) {
      mkdirSync(place(nodeId));
      // the empty ones must have room for what a leader needs, or nobody would be better off elsewhere
      runOrThrow(['mount', '-t', 'tmpfs', '-o', 'size=320m', `sqlcc-${nodeId}`, place(nodeId)]);
      stage.onAnyEnd(() => void runOrThrow(['umount', '-l', place(nodeId)]));
    }
    const { cluster, ...rest } = await cast(stage, 3, {
      envOf: () => disk.env(),
      dataDirOf: (nodeId) => join(place(nodeId), nodeId),
    });
    const scene: DiskCast = { ...rest, cluster, disk, load: await Load.start(stage, cluster, PATIENCE) };
    for (const who of ['follower', 'leader'] as const) {
      await sleep(2500);
      const { leader, followers } = await leadOf(cluster);
      const node = who === 'leader' ? leader : (followers[0] ?? leader);
      const base = scene.load.between(performance.now() - 2000).perSecond;
      const ballast = join(place(node.nodeId), 'ballast');
      const began = performance.now();
      await fill(ballast);
      await sleep(5000);
      const end = node.child?.signalCode ?? node.child?.exitCode ?? 'runs';
      const during = scene.load.between(began);
      const leads = (await leadOf(cluster)).leader;
      stage.note(`full at the ${who}`, { end, leads: leads.nodeId, ...during });
      const late = scene.load.between(performance.now() - 3500, performance.now() - 1500);
      // the machine makes room for its bytes too meanwhile: half of it is the others going on
      stage.atLeast(`full at the ${who}: late writes a second, of ${base} before`, late.perSecond, base / 2);
      stage.atMost(`full at the ${who}: gap between writes, ms`, during.gapMs, 3000);
      stage.claim(`full at the ${who}: it does not lead`, leads !== node, leads.nodeId);
      rmSync(ballast);
      const freed = performance.now();
      await restart(scene, node);
      stage.atMost(`full at the ${who}: whole again after, ms`, performance.now() - freed, 10_000);
    }
    const { leader, term } = await leadOf(cluster);
    disk.set([{ path: `*/${leader.nodeId}.log*`, ops: ['write', 'pwrite'], effect: 'ENOSPC' }]);
    const began = performance.now();
    // something to say: an operation that is refused, and a follower that comes and goes
    const other = cluster.voters.find((n) => n !== leader) ?? leader;
    await cluster.killNode(other.nodeId);
    await cluster.startNode(other.nodeId);
    await sleep(1500);
    const hits = disk.counts()['ENOSPC:write'] ?? 0;
    const after = await leadOf(cluster);
    stage.atLeast('log lines that found no space', hits, 1);
    stage.claim(
      'a full log file moves no leader',
      after.leader === leader && after.term === term,
      after.term,
    );
    stage.note('full log file', scene.load.between(began));
    disk.set([]);
    await scene.load.verify(stage);
  },
};

/** Writes until there is no space, to the last byte; by another process, so that the writers here go on. */
async function fill(path: string): Promise<void> {
  for (const bytes of ['1M', '1']) {
    const flags = ['oflag=append', 'conv=notrunc', 'status=none'];
    const child = spawn('dd', ['if=/dev/zero', `of=${path}`, `bs=${bytes}`, ...flags], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

export const DISKS: readonly Scenario[] = [SLOW, HANG, FAILING, FULL];
