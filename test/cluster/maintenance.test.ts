/** Pause, switchover, schedule and what becomes of an operation whose leader dies, on real processes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import type { OperationRequest, OperationView, SqlccClient } from '../../src/client/index.ts';
import { clientOf, followerOf, leaderOf, sharedCluster, sqlccOn, until, untilEqual } from './harness.ts';

const shared = sharedCluster(3);

/** Runs with `-o json`; the document of stdout beside the exit code. */
async function json(cluster: DemoCluster, ...args: string[]) {
  const ran = await sqlccOn(cluster, [...args, '-o', 'json']);
  const body = ran.stdout.trim() === '' ? null : JSON.parse(ran.stdout);
  return { ...ran, body };
}

function otherThan(cluster: DemoCluster, ...ids: string[]): string {
  return must(cluster.nodes.find((n) => !ids.includes(n.nodeId))?.nodeId, 'another node');
}

/** The schedule once it is in `state`, else null. */
async function scheduledAs(cluster: DemoCluster, id: string, state: string) {
  const { schedule } = await cluster.client().steering.schedule();
  return schedule.find((s) => s.id === id && s.state === state) ?? null;
}

/** Writes keys one after the other until it is stopped; answers those that were acknowledged. */
function writer(cluster: DemoCluster, prefix: string) {
  const client = clientOf(cluster, {});
  const acked: string[] = [];
  let isOver = false;
  const work = (async () => {
    for (let n = 0; !isOver; n++) {
      const key = `${prefix}-${n}`;
      const isDone = await client.kv.put(key, key).then(
        () => true,
        () => false,
      );
      if (isDone) acked.push(key);
    }
  })();
  return async (): Promise<readonly string[]> => {
    isOver = true;
    await work;
    return acked;
  };
}

describe('a paused cluster', () => {
  it('says so in every status, is left as it is by schedules, and moves leadership by name only', async () => {
    const cluster = shared();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const target = await followerOf(cluster);
    expect((await json(cluster, 'cluster', 'pause')).code).toBe(2);
    const paused = await json(cluster, 'cluster', 'pause', '--reason', 'network work', '--for', '10m');
    expect(paused.stderr).toBe('');
    expect(paused.body.pause).toMatchObject({ reason: 'network work' });

    const texts = await Promise.all(
      [
        ['cluster', 'status'],
        ['node', 'list'],
        ['op', 'list'],
        ['node', 'maintenance', 'status'],
      ].map((args) => sqlccOn(cluster, args)),
    );
    for (const { stdout } of texts) expect.soft(stdout).toMatch(/paused:?\s+by .*: network work/i);
    expect(texts[0]?.stdout).toContain('a dead leader is replaced all the same');
    expect((await client.status()).pause?.reason).toBe('network work');

    const any = await json(cluster, 'cluster', 'failover', '--yes');
    expect(any.code).toBe(6);
    expect(any.stderr).toContain('only to a node that is named (--to)');
    const { id } = await client.steering.at({
      kind: 'switchover',
      to: target,
      // a time that is over when the request comes is refused
      at: new Date(Date.now() + 2000),
    });
    const skipped = await until('the schedule to be skipped', () => scheduledAs(cluster, id, 'skipped'));
    expect(skipped.cause).toContain('the cluster is paused by');
    expect(await leaderOf(cluster)).toBe(leader);

    const named = await json(cluster, 'cluster', 'failover', '--to', target, '--yes');
    expect(named.code).toBe(0);
    expect(await leaderOf(cluster)).toBe(target);
    expect((await sqlccOn(cluster, ['cluster', 'resume'])).code).toBe(0);
    expect((await client.status()).pause).toBeNull();
    const { records } = await client.audit();
    expect(records.map((r) => r.action)).toEqual(
      expect.arrayContaining(['cluster-pause', 'schedule-add', 'schedule-skip', 'cluster-resume']),
    );
  });

  it('lasts as long as it may, and says so, where that is less than the usual hour', async () => {
    const cluster = shared();
    const client = cluster.client();
    await client.putConfig({ text: 'cluster: {membership: {max_pause: 5m, max_maintenance: 10m}}' });
    const paused = await json(cluster, 'cluster', 'pause', '--reason', 'cables');
    expect(paused.code).toBe(0);
    expect(paused.stderr).toContain('for 5m: membership.max_pause allows no more');
    expect(Date.parse(paused.body.pause.expires) - Date.parse(paused.body.pause.since)).toBe(300_000);
    const tooLong = await json(cluster, 'cluster', 'pause', '--reason', 'cables', '--for', '6m');
    expect(tooLong).toMatchObject({ code: 2, body: null });
    expect((await sqlccOn(cluster, ['cluster', 'resume'])).code).toBe(0);
    const node = await followerOf(cluster);
    for (const [verb, undo] of [
      [
        ['node', 'drain', node],
        ['node', 'undrain', node],
      ],
      [
        ['node', 'maintenance', 'enable', '--node', node, '--yes'],
        ['node', 'maintenance', 'disable', '--node', node, '--yes'],
      ],
    ] as const) {
      const done = await json(cluster, ...verb);
      expect.soft(done.code, verb.join(' ')).toBe(0);
      expect.soft(done.stderr).toContain('for 10m: membership.max_maintenance allows no more');
      expect.soft((await json(cluster, ...undo)).code).toBe(0);
    }
    await client.putConfig({ text: 'cluster: {membership: {max_pause: 7d, max_maintenance: 30d}}' });
  });

  it('still elects after a death, and goes on by itself when the time is over', async () => {
    const cluster = shared();
    const client = cluster.client();
    await client.steering.pause({ reason: 'short', forMs: 4000 });
    const victim = await leaderOf(cluster);
    await cluster.killNode(victim);
    const next = await until('another leader', async () => {
      const { leader_id } = await client.leader();
      return leader_id !== victim ? leader_id : null;
    });
    expect(next).not.toBe(victim);
    await until('the end of the pause', async () => (await client.status()).pause === null);
    await cluster.startNode(victim);
    await cluster.untilHealthy();
  });
});

const BEHIND_TABLE = { sql: 'CREATE TABLE IF NOT EXISTS behind (n INTEGER)' };

/** Writes more than a frozen `target` may miss to be in step, and less than a switchover to it is refused for. */
async function leaveBehind(cluster: DemoCluster, asked: SqlccClient, target: string): Promise<void> {
  // each of its threads must have stopped before the first entry that it is to miss
  const stat = `/proc/${must(cluster.node(target).child?.pid, 'its pid')}/stat`;
  await until('it to stand still', async () => readFileSync(stat, 'utf8').includes(') T '));
  // all at once, before anybody doubts who stands still; puts would share an entry, and more than 64 are needed
  await Promise.all(Array.from({ length: 80 }, () => asked.sql([{ sql: 'INSERT INTO behind VALUES (1)' }])));
  // what the leader's duties see of its log is a moment old
  const lag = async () => (await asked.status()).nodes.find((n) => n.node_id === target)?.lag_entries ?? 0;
  await until('the leader to see it', async () => (await lag()) >= 75);
}

describe('a switchover', () => {
  it('under writes moves leadership without losing an acknowledged one, and keeps its candidates', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const [from, to] = [await leaderOf(cluster), await followerOf(cluster)];
    const stop = writer(cluster, 'sw');
    const ran = await json(
      ...([cluster, 'cluster', 'switchover', '--candidate', to, '--expect-leader', from, '--yes'] as const),
    );
    expect(ran.stderr).toBe('');
    expect(ran.code).toBe(0);
    const operation = ran.body.operation as OperationView;
    expect(operation.phases.map((p) => p.name)).toEqual(['accepted', 'catching-up', 'transferring']);
    expect(operation.candidates.map((c) => c.node_id).toSorted()).toEqual(
      cluster.nodes.map((n) => n.nodeId).filter((id) => id !== from),
    );
    expect(await leaderOf(cluster)).toBe(to);
    const acked = await stop();
    expect(acked.length).toBeGreaterThan(10);
    for (const key of acked) expect((await client.kv.get(key)).value).toBe(key);
    const late = await json(cluster, 'cluster', 'switchover', '--expect-leader', from, '--yes');
    expect(late.code).toBe(9);
    expect(late.stderr).toContain(`${to} leads, not ${from}`);
    expect((await client.status()).cooldowns).toEqual([]);
  });

  it('at a time begins once, on whoever leads then, though the leader of now dies; another one is cancelled', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const before = await leaderOf(cluster);
    const [early, late] = [
      await json(cluster, 'cluster', 'failover', '--at', '+1h', '--yes'),
      await json(cluster, 'cluster', 'failover', '--at', '+2h', '--yes'),
    ];
    const list = await json(cluster, 'schedule', 'list');
    expect(list.body.schedule.map((s: { id: string }) => s.id)).toEqual([
      early.body.entry.id,
      late.body.entry.id,
    ]);
    for (const { body } of [early, late])
      expect((await json(cluster, 'schedule', 'cancel', body.entry.id, '--yes')).code).toBe(0);
    expect((await json(cluster, 'schedule', 'cancel', late.body.entry.id, '--yes')).code).toBe(9);
    expect((await json(cluster, 'schedule', 'cancel', 'none', '--yes')).code).toBe(11);
    expect((await json(cluster, 'cluster', 'failover', '--at', 'noon', '--yes')).code).toBe(2);
    // long enough for the leader to be dead by then: a command of its own may take seconds
    const at = new Date(Date.now() + 4000);
    const { id } = await client.steering.at({ kind: 'failover', at, reason: 'at night' });
    await cluster.killNode(before);
    const begun = () => scheduledAs(cluster, id, 'started');
    const started = await until('the schedule to begin', begun);
    const done = await client.waitOperation(must(started.operation, 'its operation'));
    expect(done).toMatchObject({ kind: 'failover', state: 'done', reason: 'at night' });
    expect((await client.operations()).operations.filter((o) => o.reason === 'at night')).toHaveLength(1);
    await cluster.startNode(before);
    await cluster.untilHealthy();
  });

  it('to a target that does not catch up is cancelled while it waits, and the leader stays', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const leader = await leaderOf(cluster);
    const target = await followerOf(cluster);
    const { child } = cluster.node(target);
    const asked = clientOf(cluster, { node: leader });
    await asked.sql([BEHIND_TABLE]);
    child?.kill('SIGSTOP');
    try {
      await leaveBehind(cluster, asked, target);
      const { id } = await asked.runOperation({ kind: 'switchover', to: target });
      await until('its second phase', async () => (await asked.operation(id)).phase === 'catching-up');
      const cancelled = await json(cluster, 'op', 'cancel', id, '--yes');
      expect(cancelled.code).toBe(0);
      expect(cancelled.body.operation.state).toBe('cancelled');
      expect(await leaderOf(cluster)).toBe(leader);
    } finally {
      child?.kill('SIGCONT');
    }
    await cluster.untilHealthy();
  });
});

describe('an operation whose leader dies', () => {
  const wish = (kind: string, leader: string, other: string): OperationRequest => {
    if (kind === 'switchover') return { kind, to: other };
    if (kind === 'remove-node') return { kind, node_id: other };
    return { kind: 'maintenance', node_id: leader, enable: true, allow_switchover: true };
  };

  /** What must be the case once it has ended. */
  async function judge(cluster: DemoCluster, ended: OperationView): Promise<void> {
    const { state, kind, to, from } = ended;
    expect(state).toMatch(/^(done|failed)$/);
    const status = await cluster.client().status();
    if (kind === 'switchover') expect(state === 'done').toBe(to === status.raft.leader_id);
    if (kind === 'maintenance-enable') expect(status.maintenance).toEqual([from]);
    if (kind === 'remove-node') {
      expect(state).toBe('done');
      expect(status.raft.voters).not.toContain(from);
    }
  }

  /** All voters there and none in maintenance. */
  async function repair(cluster: DemoCluster, died: string): Promise<void> {
    await cluster.startNode(died);
    const client = cluster.client();
    for (const node_id of (await client.status()).maintenance) {
      const off = await client.runOperation({ kind: 'maintenance', node_id, enable: false });
      expect((await client.waitOperation(off.id)).state).toBe('done');
    }
    await cluster.untilHealthy();
    await untilEqual(cluster);
  }

  it.each([
    ['switchover', 0],
    ['switchover', 8],
    ['maintenance', 0],
    ['maintenance', 8],
  ])('is brought to its end by the next one: %s, killed after %i ms', async (kind, afterMs) => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const { id } = await client.runOperation(wish(kind, leader, otherThan(cluster, leader)));
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await cluster.killNode(leader);
    await judge(cluster, await client.waitOperation(id));
    await repair(cluster, leader);
  });

  // whom the phase waits for is frozen, so that it lasts
  it.each([
    ['switchover', 'catching-up', true],
    ['switchover', 'transferring', false],
    ['maintenance', 'handing-over', false],
    // the last: the cluster is smaller afterwards
    ['remove-node', 'leaving-raft', false],
  ])('in a phase that lasts is ended too: %s, %s', async (kind, phase, isBehind) => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const plan = await client.planOperation(wish(kind, leader, otherThan(cluster, leader)));
    const waitedFor = must(plan.to ?? otherThan(cluster, leader, plan.from ?? ''), 'a node to freeze');
    const { child } = cluster.node(waitedFor);
    // who asks must not wait for the frozen one
    const asked = clientOf(cluster, { node: leader });
    await asked.sql([BEHIND_TABLE]);
    child?.kill('SIGSTOP');
    try {
      if (isBehind) await leaveBehind(cluster, asked, waitedFor);
      const { id } = await asked.runOperation(wish(kind, leader, plan.to ?? plan.from ?? ''));
      await until('the phase', async () => (await asked.operation(id)).phase === phase);
      await cluster.killNode(leader);
      child?.kill('SIGCONT');
      // of the two voters that a removal leaves both are needed
      if (kind === 'remove-node') await cluster.startNode(leader);
      const ended = await client.waitOperation(id);
      expect(ended.phases.map((p) => p.name)).toContain(phase);
      await judge(cluster, ended);
    } finally {
      child?.kill('SIGCONT');
    }
    if (kind !== 'remove-node') await repair(cluster, leader);
  });
});
