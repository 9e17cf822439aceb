/** What the views of the terminal screen ask for and change, on real daemons. */
import { describe, expect, it } from 'vitest';
import { must } from '../../src/base/index.ts';
import { clientDesk } from '../../tui/feed/client-desk.ts';
import { clientFeed } from '../../tui/feed/client-feed.ts';
import { pastOf } from '../../tui/feed/past.ts';
import type { SliceName } from '../../tui/feed/slices.ts';
import type { HistoryResponse } from '../../tui/feed/wire.ts';
import { leaderOf, sharedCluster, until } from './harness.ts';

const shared = sharedCluster(3);

describe('the desk of the screen', () => {
  it('answers every question of every view', async () => {
    const desk = clientDesk(shared().client());
    const ask = <K extends SliceName>(slice: K, arg = '') => desk.read({ slice, arg });
    expect(await ask('versions')).toMatchObject([{ version: 1, is_active: true }]);
    expect(await ask('pending')).toHaveLength(3);
    expect(await ask('operations')).toEqual([]);
    expect(await ask('silences')).toEqual([]);
    expect(await ask('explain', 'NodeDown')).toMatchObject({ rule: { name: 'NodeDown', fixed: true } });
    expect(await ask('audit')).not.toEqual([]);
  });

  it('the hour before is there in steps, and a node says how finely it keeps it', async () => {
    const client = shared().client();
    const feed = clientFeed(client);
    await until('ten seconds that were kept', async () => {
      const points = await feed.history(60);
      return points.points.length >= 30 ? points : null;
    });
    const answers: HistoryResponse[] = [];
    for await (const answer of pastOf(feed, 50)) answers.push(answer);
    const [fine, hour] = answers;
    expect(answers.map((a) => [a.step_ms, a.kept_step_ms])).toEqual([
      [1000, 1000],
      [3000, 1000],
    ]);
    const own = (a: HistoryResponse | undefined) => (a?.points ?? []).filter((p) => p.node_id === 'n1');
    expect(own(fine).length).toBeGreaterThanOrEqual(8);
    const times = own(hour).map((p) => Date.parse(p.at));
    expect(times.length).toBeLessThanOrEqual(own(fine).length / 3 + 2);
    expect(times.length).toBeGreaterThanOrEqual(3);
    await expect(client.history(60, { stepMs: -1 })).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(client.history(60, { stepMs: 3_600_001 })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('links are each node’s own word on each other one', async () => {
    const links = await clientDesk(shared().client()).read({ slice: 'links', arg: '' });
    expect(links).toHaveLength(9);
    expect(new Set(links.map((l) => l.from)).size).toBe(3);
    expect(links.every((l) => l.liveness === 'alive')).toBe(true);
  });

  it('the log is that of the node that was asked for', async () => {
    const cluster = shared();
    const leader = await leaderOf(cluster);
    const lines = await clientDesk(cluster.client()).read({ slice: 'log', arg: leader });
    expect(lines.length).toBeGreaterThan(3);
    const others = cluster.nodes.filter((n) => n.nodeId !== leader);
    for (const { nodeId } of others) {
      const other = await clientDesk(cluster.client()).read({ slice: 'log', arg: nodeId });
      expect(other).not.toEqual(lines);
    }
  });

  it('a configuration is planned, put on trial and kept, bound to the version of its plan', async () => {
    const desk = clientDesk(shared().client());
    const act = { kind: 'apply', text: 'raft.heartbeat_interval_ms=49', confirmMs: 60_000 } as const;
    const plan = await desk.preflight(act);
    expect(plan).toMatchObject({ allowed: true, base: 1 });
    expect(plan.effects[0]).toContain('heartbeat_interval_ms');
    expect((await desk.act({ act, reason: 'trial', base: plan.base })).words).toContain('on trial');
    await desk.act({ act: { kind: 'confirm', version: 2, previous: 1 }, reason: '', base: null });
    await expect(desk.act({ act, reason: 'old plan', base: plan.base })).rejects.toMatchObject({
      code: expect.stringMatching(/conflict|precondition_failed/),
    });
    const back = { kind: 'rollback', version: 1, active: 2, confirmMs: null } as const;
    const again = await desk.preflight(back);
    expect(again).toMatchObject({ allowed: true, arm: 'v1', base: 2 });
    const { words, undo } = await desk.act({ act: back, reason: 'back', base: again.base });
    expect(words).toBe('v3 is in force');
    const forward = must(undo, 'a way forward');
    expect(forward).toMatchObject({ kind: 'rollback', version: 2, active: 3, undoes: 'rollback' });
    const { base, effects } = await desk.preflight(forward);
    expect(effects.join()).toMatch(/heartbeat_interval_ms: .* → 49/);
    expect((await desk.act({ act: forward, reason: 'forward', base })).words).toBe('v4 is in force');
  });

  it('a text that no node would run with is refused with its reason', async () => {
    const desk = clientDesk(shared().client());
    const act = { kind: 'apply', text: 'raft.no_such_key=1', confirmMs: null } as const;
    await expect(desk.preflight(act)).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('a silence is made and taken back by its undo', async () => {
    const desk = clientDesk(shared().client());
    const act = { kind: 'silence', rule: 'NodeDown', nodeId: 'n2', forMs: 60_000 } as const;
    const made = await desk.act({ act, reason: 'test', base: null });
    expect(await desk.read({ slice: 'silences', arg: '' })).toHaveLength(1);
    await desk.act({ act: must(made.undo, 'an undo'), reason: '', base: null });
    expect(await desk.read({ slice: 'silences', arg: '' })).toEqual([]);
  });
});
