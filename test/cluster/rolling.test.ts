/** What an operator does every week, and what a busy host does every day: nothing of it may show. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { VERSION } from '../../daemon/version.ts';
import { assert } from '../../src/base/index.ts';
import { STATE_FORMAT } from '../../src/cluster/snapshot-codec.ts';
import { followerOf, leaderOf, MAIN, ROOT, startCluster, until, untilEqual } from './harness.ts';
import { OFTEN_MS, type Took, taking, untilJudged } from './took.ts';

/** Writers that number what they write, each write waited for until its outcome is known. */
function writing(cluster: DemoCluster, writers: number) {
  const client = cluster.client();
  const acknowledged: number[] = [];
  const took: Took[] = [];
  let next = 0;
  let running = true;
  const write = async (): Promise<void> => {
    const session = await client.openSession({ timeoutMs: 60_000 });
    while (running) {
      const n = next++;
      const tookOf = taking(OFTEN_MS);
      await session.sql([{ sql: 'INSERT INTO t VALUES (?)', params: [n] }], { timeoutMs: 60_000 });
      took.push(tookOf());
      acknowledged.push(n);
    }
  };
  const all = Array.from({ length: writers }, write);
  return {
    acknowledged,
    took,
    stop: async () => {
      running = false;
      await Promise.all(all);
    },
  };
}

/** Replacements in the program's text: [what stands there exactly once, what takes its place]. */
type Edits = readonly (readonly [string, string])[];

/** Nothing in it is written in another way: it may go back. */
const NEXT = '0.1.98';
/** Its record of the cluster has another format, as a release with something new in it has. */
const NEWER = '0.1.99';
const version = (text: string): Edits => [[`"${VERSION}"`, `"${text}"`]];
const NEW_FORMAT: Edits = [
  [`var STATE_FORMAT = ${STATE_FORMAT};`, `var STATE_FORMAT = ${STATE_FORMAT + 1};`],
  [' MIGRATIONS = {', ` MIGRATIONS = { ${STATE_FORMAT}: (state) => state,`],
];

/** The program as another version; gone when the test ends. */
function otherBuild(edits: Edits): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-build-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(dirname(MAIN), join(dir, 'dist'), { recursive: true, filter: (path) => !path.endsWith('types') });
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  const files = readdirSync(join(dir, 'dist')).map((name) => join(dir, 'dist', name));
  for (const [from, to] of edits) {
    const holders = files.filter((file) => readFileSync(file, 'utf8').includes(from));
    assert(holders.length === 1, `${from} stands in ${holders.length} files of the program`);
    for (const file of holders) {
      const text = readFileSync(file, 'utf8');
      assert(text.split(from).length === 2, `${from} stands there more than once`);
      writeFileSync(file, text.replace(from, to));
    }
  }
  return [join(dir, 'dist', 'main.js')];
}

describe('a rolling upgrade under load', () => {
  it('one node there and back, then all to another format, loses and doubles nothing; an older one refuses it', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const load = writing(cluster, 6);
    const { acknowledged } = load;
    const next = otherBuild(version(NEXT));
    const newer = otherBuild([...version(NEWER), ...NEW_FORMAT]);
    const stop = async (nodeId: string): Promise<void> => {
      const before = acknowledged.length;
      await until('writes', async () => acknowledged.length > before + 50);
      const child = cluster.node(nodeId).child;
      await cluster.killNode(nodeId, 'SIGTERM');
      expect(child?.exitCode).toBe(0);
      const during = acknowledged.length;
      await until('writes without the node', async () => acknowledged.length > during + 20);
    };
    const change = async (nodeId: string, program: readonly string[]): Promise<void> => {
      await stop(nodeId);
      await cluster.startNode(nodeId, program);
      await cluster.untilHealthy();
    };
    /** A node announces its version some moments behind its start. */
    const untilVersions = (wanted: readonly string[]) =>
      until(`versions ${wanted}`, async () => {
        const { nodes } = await client.nodes();
        const said = new Map(nodes.map((node) => [node.node_id, node.version]));
        return ['n1', 'n2', 'n3'].every((nodeId, n) => said.get(nodeId) === wanted[n]);
      });
    await change('n1', next);
    await untilVersions([NEXT, VERSION, VERSION]);
    await change('n1', [MAIN]);
    await untilVersions([VERSION, VERSION, VERSION]);
    await change('n1', newer);
    // records of two formats are not compared: nobody is found to differ
    const mixed = await client.health.verify(undefined, { timeoutMs: 30_000 });
    const ofOther = mixed.nodes.filter(({ state }) => state !== 'ok');
    expect(mixed.verdict).toBe('incomplete');
    expect(ofOther.map(({ state }) => state)).not.toContain('differs');
    const formats = new RegExp(`^its record has format ${STATE_FORMAT + 1}, the leader's ${STATE_FORMAT}: `);
    expect(ofOther).toMatchObject([{ node_id: 'n1', error: expect.stringMatching(formats) }]);
    await stop('n1');
    // what it has written the older one refuses by name, and guesses nothing
    const refusal = new RegExp(`has format ${STATE_FORMAT + 1}, this version reads up to ${STATE_FORMAT}`);
    await expect(cluster.startNode('n1')).rejects.toThrow(refusal);
    await cluster.startNode('n1', newer);
    await cluster.untilHealthy();
    for (const nodeId of ['n2', 'n3']) await change(nodeId, newer);
    await untilVersions([NEWER, NEWER, NEWER]);
    await load.stop();
    const { results } = await client.sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
    expect(results[0]?.rows[0]).toEqual([acknowledged.length, acknowledged.length]);
    await untilEqual(cluster);
  });
});

describe('a follower that stands still for 400 ms', () => {
  it('changes no term, five times in a row', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const leader = await leaderOf(cluster);
    const follower = await followerOf(cluster);
    const { term } = await client.leader();
    const { child } = cluster.node(follower);
    assert(child !== null, 'a running follower');
    for (let round = 0; round < 5; round++) {
      child.kill('SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 400));
      child.kill('SIGCONT');
      // it took its timers and its sockets in the right order when it answers and follows
      await until('the follower to apply', async () => {
        const { index } = await client.sql([{ sql: 'INSERT INTO t VALUES (1)' }]);
        return (await client.stateHash(follower)).index >= (index ?? 0);
      });
    }
    expect(await client.leader()).toMatchObject({ leader_id: leader, term });
  });
});

/** The value that half of all are not above, and the highest. */
function middleAndMost(all: readonly Took[]): readonly [number, number] {
  const sorted = all.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return [sorted[sorted.length >> 1] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
}

describe('a follower that is killed under writes', () => {
  it('moves no term, keeps no write waiting, and has caught up soon after its start', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const follower = await followerOf(cluster);
    const before = await client.leader();
    const { acknowledged, took, stop } = writing(cluster, 4);
    const writesFrom = (n: number) => until('writes', async () => took.length >= n + 150);
    const text = (pair: readonly number[]): string => pair.map((ms) => ms.toFixed(1)).join('/');
    await untilJudged(async () => {
      const from = took.length;
      await writesFrom(from);
      const killed = took.length;
      const base = middleAndMost(took.slice(from));
      await cluster.killNode(follower);
      await writesFrom(killed);
      const behind = took.slice(killed);
      const without = middleAndMost(behind);
      await cluster.startNode(follower);
      const caughtUp = taking();
      const { index } = await client.sql([{ sql: 'SELECT 1' }]);
      await until(
        'the follower to apply',
        async () => (await client.stateHash(follower)).index >= (index ?? 0),
      );
      const late = caughtUp();
      process.stdout.write(
        `writes p50/most ${text(base)} ms, behind the kill ${text(without)} ms; caught up ${late.ms.toFixed()} ms\n`,
      );
      await cluster.untilHealthy();
      // of the same minute, so of the same load: whoever waits for the dead one waits for a deadline
      expect(without[0]).toBeLessThan(2 * base[0] + 20);
      return [
        { what: 'a write behind the kill', boundMs: Math.max(1000, 2 * base[1]), all: behind },
        // 2 s are promised; 3.1 s with a load of 25
        { what: 'a follower catches up', boundMs: 4000, all: [late] },
      ];
    });
    await stop();
    const { leader_id, term } = before;
    expect(await client.leader()).toMatchObject({ leader_id, term });
    const { results } = await client.sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
    expect(results[0]?.rows[0]).toEqual([acknowledged.length, acknowledged.length]);
  });
});
