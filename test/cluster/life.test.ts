/** The life of a cluster of real daemons: form, write, lose a leader, come back, hand over, stop. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import type { DemoCluster, DemoNode } from '../../daemon/demo-cluster.ts';
import { SEED_START_STEPS } from '../../src/cluster/index.ts';
import { clientOf, closeClients, sqlccOn, startCluster, until } from './harness.ts';
import { INSPECTABLE, runAwayWith, stallMainThread } from './inspector.ts';
import { coreWaits, stopwatch } from './stopwatch.ts';
import { gapsOf, type Moment, OFTEN_MS, type Took, untilJudged } from './took.ts';

const insert = (n: number) => ({ sql: 'INSERT INTO t (n) VALUES (?)', params: [n] });

/** Writers in sessions, one write after the other; none may be refused. */
async function writing(cluster: DemoCluster) {
  const client = cluster.client();
  await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
  const waitedMs = coreWaits(OFTEN_MS);
  const now = (): Moment => ({ atMs: performance.now(), waitedMs: waitedMs() });
  const times: Moment[] = [];
  let isOn = true;
  const one = async (): Promise<void> => {
    const session = await client.openSession();
    while (isOn) {
      await session.sql([insert(times.length)]);
      times.push(now());
    }
  };
  const running = Promise.all([one(), one()]);
  await until('writes', async () => times.length > 100);
  return {
    now,
    /** Without an acknowledged write, from an instant until now. */
    gapsSince: async (from: Moment): Promise<Took[]> => {
      const before = times.length;
      await until('writes behind it', async () => times.length > before + 50);
      return gapsOf([from, ...times.filter(({ atMs }) => atMs >= from.atMs)]);
    },
    stop: async (): Promise<void> => {
      isOn = false;
      await running;
    },
  };
}

/** The last line of that event in a log; undefined = there is none. */
function lineOf(file: string, event: string): Record<string, string | number> | undefined {
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.findLast((l) => l.includes(`"event":"${event}"`));
  return line === undefined ? undefined : JSON.parse(line);
}

describe('a cluster of three', () => {
  it('forms, reports its start steps, writes, survives kill -9 of its leader and agrees', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const status = await client.status();
    expect(status.cluster.health).toBe('healthy');
    expect(status.raft.voters.toSorted()).toEqual(['n1', 'n2', 'n3']);
    expect(status.cluster.read.mode).toBe('quorum');

    const steps = new Map<string, string[]>();
    for await (const event of client.events({ after: '0', follow: false })) {
      if (event.kind !== 'node-start-step') continue;
      const name = String((event.data as { name: string }).name);
      steps.set(event.node_id, [...(steps.get(event.node_id) ?? []), name]);
    }
    for (const node of ['n1', 'n2', 'n3']) expect(steps.get(node)).toEqual([...SEED_START_STEPS]);

    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const session = await client.openSession();
    for (let n = 0; n < 50; n++) await session.sql([insert(n)]);
    const before = (await client.leader()).leader_id as string;
    await cluster.killNode(before);
    for (let n = 50; n < 100; n++) await session.sql([insert(n)], { timeoutMs: 60_000 });
    const after = await client.leader();
    expect(after.leader_id).not.toBe(before);
    const rows = await client.sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
    expect(rows.results[0]?.rows).toEqual([[100, 100]]);

    await cluster.startNode(before);
    await cluster.untilHealthy();
    const hashes = await until('equal state', async () => {
      const all = await Promise.all(cluster.nodes.map((n) => client.stateHash(n.nodeId)));
      return new Set(all.map((a) => a.index)).size === 1 ? all.map((a) => a.state_hash) : null;
    });
    expect(new Set(hashes).size).toBe(1);
  });

  it('is found by its context when n1, the one node that this names, was killed', async () => {
    const cluster = await startCluster(3);
    expect(readFileSync(cluster.contextFile, 'utf8')).not.toContain(`${cluster.node('n2').port}`);
    await cluster.killNode('n1');
    expect(await sqlccOn(cluster, ['op', 'list'])).toMatchObject({ code: 0, stderr: '' });
  });

  it('hands leadership over by command without a failed write', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    const session = await client.openSession();
    let running = true;
    let written = 0;
    const failures: string[] = [];
    const writing = (async () => {
      while (running) {
        await session.sql([insert(written)]).then(
          () => written++,
          (error: Error) => failures.push(error.message),
        );
      }
    })();
    const from = (await client.leader()).leader_id;
    const to = cluster.nodes.map((n) => n.nodeId).find((n) => n !== from) as string;
    const ran = await sqlccOn(cluster, [
      'cluster',
      'failover',
      '--to',
      to,
      '--yes',
      '--reason',
      'test',
      '-o',
      'json',
    ]);
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    await until('the new leader', async () => (await client.leader()).leader_id === to);
    const atHandover = written;
    await until('more writes', async () => written > atHandover + 20);
    running = false;
    await writing;
    expect(failures).toEqual([]);
    const { operations } = await client.operations();
    expect(operations.at(-1)).toMatchObject({ kind: 'failover', state: 'done', from, to });
    expect((await client.audit()).records.map((r) => r.action)).toContain('operation-begin');
  });

  it('keeps its term through a 2 s stall of a main thread and a long query', async () => {
    vi.stubEnv('NODE_OPTIONS', INSPECTABLE.NODE_OPTIONS);
    const cluster = await startCluster(3);
    vi.unstubAllEnvs();
    const client = cluster.client();
    const leader = await client.leader();
    const stalled = await stallMainThread(cluster.node(leader.leader_id as string), 2000);
    expect(stalled).toBeGreaterThan(1900);
    const follower = cluster.nodes.find((n) => n.nodeId !== leader.leader_id);
    await stallMainThread(follower as DemoNode, 2000);
    const slow = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c';
    const began = performance.now();
    await expect(client.sql([{ sql: slow }], { timeoutMs: 3000 })).rejects.toMatchObject({
      code: expect.stringMatching(/deadline_exceeded|sql_error|outcome_unknown/),
    });
    expect(performance.now() - began).toBeGreaterThan(2500);
    expect((await client.leader()).term).toBe(leader.term);
  });

  it('gives way when the leader’s main thread stands still: another one leads before it runs again', async () => {
    vi.stubEnv('NODE_OPTIONS', INSPECTABLE.NODE_OPTIONS);
    const cluster = await startCluster(3);
    vi.unstubAllEnvs();
    const { leader_id: stalled } = await cluster.client().leader();
    const began = performance.now();
    let isOver = false;
    const stall = stallMainThread(cluster.node(stalled as string), 20_000).finally(() => {
      isOver = true;
    });
    const other = clientOf(cluster, { node: stalled === 'n1' ? 'n2' : 'n1' });
    await until('another leader', async () => {
      const { raft } = await other.status({ stale: true, node: stalled === 'n1' ? 'n2' : 'n1' });
      return raft.leader_id !== null && raft.leader_id !== stalled;
    });
    expect(isOver).toBe(false);
    // 5 s of silence, asked each second, and an election
    expect(performance.now() - began).toBeGreaterThan(4000);
    const { log } = cluster.node(stalled as string);
    const stands = await until(
      'the stack',
      async () => lineOf(`${log}.stderr`, 'main-thread-stands') ?? null,
    );
    expect(isOver).toBe(false);
    expect(stands.stack).toMatch(/^standsStill /);
    await stall;
    const stood = await until('the end of it', async () => lineOf(log, 'main-thread-stood') ?? null);
    expect(stood.silentMs).toBeGreaterThan(15_000);
    expect(stood.stack).toMatch(/^standsStill /);
    await closeClients();
  });

  it('a main thread that runs away ends its node, which says where that one stands', async () => {
    vi.stubEnv('NODE_OPTIONS', INSPECTABLE.NODE_OPTIONS);
    const cluster = await startCluster(3);
    vi.unstubAllEnvs();
    const node = cluster.node('n1');
    await runAwayWith(node, 1.2 * 2 ** 30);
    const { where, reason } = lineOf(`${node.log}.stderr`, 'fail-stop') ?? {};
    expect(where).toBe('consensus');
    expect(reason).toMatch(
      /^the main thread has taken nothing for \d+ s, and the process grew by 1\d\d\d MB/,
    );
    expect(reason).toMatch(/it stands at .*runsAway .*; R, ran \d+ of \d+ ms\)$/);
    const other = clientOf(cluster, { node: 'n2' });
    await until('a leader', async () => (await other.status({ node: 'n2' })).raft.leader_id !== null);
    await closeClients();
  });

  it('SIGTERM hands over, drains and ends with 0 within 5 s; writers hardly notice', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const writers = await writing(cluster);
    let gone: string | null = null;
    await untilJudged(async () => {
      if (gone !== null) await cluster.startNode(gone);
      await cluster.untilHealthy();
      const before = await client.leader();
      gone = before.leader_id as string;
      const child = cluster.node(gone).child;
      const [began, endedMs] = [writers.now(), stopwatch()];
      const ended = new Promise<number | null>((resolve) => child?.once('exit', resolve));
      child?.kill('SIGTERM');
      expect(await ended).toBe(0);
      expect(endedMs()).toBeLessThan(5000);
      const after = await until('another leader', async () => {
        const now = await client.leader();
        return now.leader_id !== null && now.leader_id !== before.leader_id ? now : null;
      });
      expect(after.term).toBe(before.term + 1);
      // it said goodbye: nobody takes it for a death
      const row = (await client.nodes()).nodes.find((n) => n.node_id === before.leader_id);
      expect(row?.liveness).toBe('left');
      const gaps = await writers.gapsSince(began);
      // the record says that nobody had to find out
      const why = await until('its record', async () => {
        const { elections } = await client.status();
        return elections.find(({ term }) => term === after.term)?.why ?? null;
      });
      expect(why).toBe(`${before.leader_id} handed leadership to it`);
      // a machine with a load of 13 took 355 ms for it
      return [{ what: 'no write acknowledged', boundMs: 500, all: gaps }];
    });
    await writers.stop();
  });
});
