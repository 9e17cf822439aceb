/**
 * Power cuts at random moments, on ext4 and xfs: of the log and the snapshots under writes, of a
 * real daemon, and of all daemons of a cluster at once. What was acknowledged is there.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { StateStore } from '../../src/state/index.ts';
import { SnapshotManager } from '../../src/wal/index.ts';
import { startCluster, until, untilEqual } from '../cluster/harness.ts';
import { skipVisibly } from '../lab/skip.ts';
import { missingMount } from '../lab/tools.ts';
import { optionsIn } from '../unit/state/log.ts';
import { entriesFrom } from '../unit/wal/wal-kit.ts';
import { amount, chance, reportAtEnd, tally, temporaryFolder } from './effort.ts';
import { Load } from './load.ts';
import { type FileSystem, LoopDisk } from './loop-disk.ts';
import { tryOpen } from './real-log.ts';
import { type Acked, bytesOf, contentOf, WRITER_SEGMENT_BYTES } from './wal-writer.ts';

reportAtEnd();

const skip = skipVisibly('power cuts', missingMount(['xfs_io', 'mkfs.ext4', 'mkfs.xfs']));

interface Writer {
  readonly child: ChildProcess;
  acked: Acked;
}

function startWriter(dir: string, acked: Acked): Writer {
  const child = fork(new URL('./wal-writer.ts', import.meta.url), ['write', dir], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const writer: Writer = { child, acked };
  child.on('message', (message: Acked) => {
    writer.acked = message;
  });
  return writer;
}

async function gone(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await ended;
}

/** Everything acknowledged is in the folder, and nothing else than what was written. */
async function check(dir: string, acked: Acked, what: string): Promise<number> {
  const opened = tryOpen(join(dir, 'wal'), { segmentBytes: WRITER_SEGMENT_BYTES });
  if (opened.kind === 'refused') return expect.unreachable(`${what}: ${opened.error.message}`);
  const { first, entries, state } = opened.picture;
  const last = first + entries.length - 1;
  expect(last, what).toBeGreaterThanOrEqual(acked.index);
  expect(state.hardState.term, what).toBeGreaterThanOrEqual(acked.term);
  const expected = entries.map(({ index }) => entriesFrom(index, 1, { bytes: bytesOf(index) })[0]);
  expect(entries, what).toEqual(expected);
  const { snapshot } = state;
  expect(snapshot?.index ?? 0, what).toBeGreaterThanOrEqual(acked.snapshot);
  expect(first, what).toBeLessThanOrEqual((snapshot?.index ?? 0) + 1);
  if (snapshot !== null) {
    const snapshots = new SnapshotManager({ dir: join(dir, 'snapshots') });
    const target = join(temporaryFolder(), 'loaded');
    await snapshots.loadSnapshot(snapshot.id, target);
    expect(readFileSync(target, 'utf8'), what).toBe(contentOf(snapshot.index));
  }
  return last;
}

describe.each<FileSystem>(['ext4', 'xfs'])('the power cut on %s', (kind) => {
  it.skipIf(skip)('costs log and snapshots nothing that was acknowledged', { timeout: 900_000 }, async () => {
    const disk = LoopDisk.make(kind, join(temporaryFolder(), 'disk'));
    let acked: Acked = { index: 0, term: 0, snapshot: 0 };
    const random = chance();
    const rounds = amount(3, 20);
    for (let round = 1; round <= rounds; round++) {
      const writer = startWriter(disk.dir, acked);
      await until('a write', async () => writer.acked.index > acked.index);
      await after(random.next() * 600);
      disk.cut();
      await gone(writer.child);
      acked = writer.acked;
      await disk.powerUp();
      const last = await check(disk.dir, acked, `round ${round}`);
      tally(`power cut, ${kind}: log and snapshots`, last > acked.index ? 'all, and a tail' : 'all');
    }
    expect(acked.index).toBeGreaterThan(rounds);
    if (rounds > 3) expect(acked.snapshot).toBeGreaterThan(0);
  });
});

describe.each<FileSystem>(['ext4', 'xfs'])('the power cut on %s', (kind) => {
  it.skipIf(skip)('leaves the state whole, as it was behind some entry', { timeout: 900_000 }, async () => {
    const disk = LoopDisk.make(kind, join(temporaryFolder(), 'disk'));
    let before = 0;
    const random = chance();
    const rounds = amount(1, 15);
    for (let round = 1; round <= rounds; round++) {
      const child = fork(new URL('../cluster/state/applier.ts', import.meta.url), [disk.dir], {
        ...{ execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
      });
      let said = before;
      child.on('message', (index: number) => {
        said = index;
      });
      await until('something applied', async () => said > before + 500);
      const sums = (): number => statSync(join(disk.dir, 'state-1.db.sums')).size;
      const announced = sums();
      await until('a copy of the log', async () => sums() !== announced);
      await after(random.next() * 1500);
      disk.cut();
      await gone(child);
      await disk.powerUp();
      // damage here would be a false alarm
      const store = StateStore.open(optionsIn(disk.dir));
      const applied = store.appliedIndex();
      store.close();
      const db = new DatabaseSync(join(disk.dir, 'state.db'), { readOnly: true });
      const found = db.prepare('SELECT n, (SELECT count(*) FROM t) AS rows FROM total').get();
      db.close();
      expect({ ...found }, `round ${round}`).toEqual({ n: applied - 1, rows: applied - 1 });
      tally(`power cut, ${kind}: the state`, applied < said ? 'whole, behind' : 'whole');
      before = applied;
      // the disk is small: a new state before this one fills it
      if (applied < 100_000) continue;
      StateStore.discard(disk.dir);
      before = 0;
    }
  });
});

/** Moves the data folders of all nodes onto disks of their own whose power can be cut. */
async function ontoLoopDisks(cluster: DemoCluster, kind: FileSystem): Promise<LoopDisk[]> {
  await Promise.all(cluster.nodes.map((n) => cluster.killNode(n.nodeId, 'SIGTERM')));
  const disks = cluster.nodes.map(({ dataDir }) => {
    const old = `${dataDir}.old`;
    renameSync(dataDir, old);
    const disk = LoopDisk.make(kind, dataDir);
    execFileSync('cp', ['-a', `${old}/.`, dataDir]);
    execFileSync('sync', ['-f', dataDir]);
    rmSync(old, { recursive: true });
    return disk;
  });
  await startAll(cluster);
  return disks;
}

async function startAll(cluster: DemoCluster): Promise<void> {
  await Promise.all(cluster.nodes.map((n) => cluster.startNode(n.nodeId)));
  await cluster.untilHealthy();
}

async function cutAll(cluster: DemoCluster, disks: readonly LoopDisk[]): Promise<void> {
  for (const disk of disks) disk.cut();
  await Promise.all(cluster.nodes.map((n) => cluster.killNode(n.nodeId)));
  await Promise.all(disks.map((disk) => disk.powerUp()));
}

describe.each<[number, FileSystem, number]>([
  [1, 'ext4', amount(1, 5)],
  [1, 'xfs', amount(0, 5)],
  [3, 'xfs', amount(1, 3)],
  [3, 'ext4', amount(0, 3)],
])('the power cut of all of %i daemons on %s', (nodes, kind, rounds) => {
  const left =
    !skip &&
    skipVisibly(
      `the power cut of all of ${nodes} daemons on ${kind}`,
      rounds === 0 ? 'npm run storage tries this one' : null,
    );
  const title = `costs nothing that was acknowledged, ${rounds} times`;
  it.skipIf(skip || left)(title, { timeout: 900_000 }, async () => {
    const random = chance();
    const cluster = await startCluster(nodes);
    const disks = await ontoLoopDisks(cluster, kind);
    const load = new Load(cluster, 8, 8000);
    for (let round = 1; round <= rounds; round++) {
      const before = load.acknowledged.size;
      await until('writes', async () => load.acknowledged.size > before + 50);
      await after(random.next() * 500);
      await cutAll(cluster, disks);
      await startAll(cluster);
      expect(await load.missing(), `round ${round}`).toEqual([]);
      tally(`power cut, ${kind}: ${nodes === 1 ? 'a daemon' : 'all three daemons'}`, 'all there');
    }
    await load.stop();
    expect(await load.missing()).toEqual([]);
    await untilEqual(cluster);
    // a cut leaves no damage: who says so has a false alarm
    for (const { log } of cluster.nodes) expect(readFileSync(log, 'utf8')).not.toContain('state-damaged');
  });
});
