/** Operations from the command line and the SDK: maintenance, refusals with all reasons, plan tokens, exit codes. */
import { describe, expect, it } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { must } from '../../src/base/index.ts';
import { followerOf, leaderOf, refusal, sharedCluster, sqlccOn, until } from './harness.ts';

const shared = sharedCluster(3);

/** Runs with `-o json`; the document of stdout beside the exit code. */
async function json(cluster: DemoCluster, ...args: string[]) {
  const ran = await sqlccOn(cluster, [...args, '-o', 'json']);
  const body = ran.stdout.trim() === '' ? null : JSON.parse(ran.stdout);
  return { ...ran, body };
}

describe('maintenance', () => {
  it('of the leader hands over first, keeps it from leading, and ends', async () => {
    const cluster = shared();
    const client = cluster.client();
    const before = await leaderOf(cluster);
    const enabled = await json(
      cluster,
      ...['node', 'maintenance', 'enable', '--node', before, '--for', '10m', '--reason', 'kernel'],
      ...['--allow-switchover', '--yes'],
    );
    expect(enabled.stderr).toBe('');
    expect(enabled.code).toBe(0);
    const after = await leaderOf(cluster);
    expect(after).not.toBe(before);
    const { operations } = await client.operations();
    const last = operations.at(-1);
    expect(last).toMatchObject({ kind: 'maintenance-enable', state: 'done', from: before, reason: 'kernel' });
    expect(last?.phases.map((p) => p.name)).toContain('handing-over');
    const status = await json(cluster, 'node', 'maintenance', 'status');
    expect(JSON.stringify(status.body)).toContain(before);

    const back = await json(cluster, 'cluster', 'failover', '--to', before, '--yes');
    expect(back.code).toBe(6);
    expect(back.stderr).toMatch(/^error\[failed_precondition\]: .*maintenance/s);
    const check = await sqlccOn(cluster, ['node', 'check', before]);
    expect(check.code).toBe(3);

    const disabled = await json(cluster, 'node', 'maintenance', 'disable', '--node', before, '--yes');
    expect(disabled.code).toBe(0);
    expect((await client.status()).maintenance).toEqual([]);
    const again = await json(cluster, 'cluster', 'failover', '--to', before, '--yes');
    expect(again.code).toBe(0);
    expect(await leaderOf(cluster)).toBe(before);
  });

  it('ends by itself after its time', async () => {
    const cluster = shared();
    const node = await followerOf(cluster);
    const client = cluster.client();
    const { id } = await client.runOperation({
      ...{ kind: 'maintenance', node_id: node, enable: true, for_ms: 1500, reason: 'short' },
    });
    expect((await client.waitOperation(id)).state).toBe('done');
    // who looks late sees neither of both as it is: the record has them in order, and how long it lasted
    const told = async () => {
      const found: { kind: string; lasted_ms: unknown }[] = [];
      const types = ['maintenance-enabled', 'maintenance-disabled'];
      for await (const { kind, data } of client.events({ after: '0', follow: false, types }))
        if (data['reason'] === 'short' || found.length > 0)
          found.push({ kind, lasted_ms: data['lasted_ms'] });
      return found.length > 1 ? found : null;
    };
    const [, ended] = await until('its end', told);
    expect(ended).toMatchObject({ kind: 'maintenance-disabled' });
    expect(ended?.lasted_ms).toBeGreaterThanOrEqual(1500);
    expect((await client.status()).maintenance).toEqual([]);
  });
});

describe('a failover', () => {
  it('to the leader itself and to an unknown node is refused (6 and 11)', async () => {
    const cluster = shared();
    const leader = await leaderOf(cluster);
    const self = await json(cluster, 'cluster', 'failover', '--to', leader, '--yes');
    expect(self.code).toBe(6);
    expect(self.stderr).toMatch(/^error\[failed_precondition\]: .*\nhint: /s);
    const unknown = await json(cluster, 'cluster', 'failover', '--to', 'n99', '--yes');
    expect(unknown.code).toBe(11);
    expect(unknown.stderr).toContain('n99');
    const bare = await json(cluster, 'cluster', 'failover');
    expect(bare.code).toBe(2);
    expect(bare.stderr).toContain('--yes');
    expect(await leaderOf(cluster)).toBe(leader);
  });

  it('to a dead node in maintenance is refused with every reason, not the first', async () => {
    const cluster = shared();
    const client = cluster.client();
    const victim = await followerOf(cluster);
    const { id } = await client.runOperation({
      ...{ kind: 'maintenance', node_id: victim, enable: true, reason: 'and then it died' },
    });
    await client.waitOperation(id);
    await cluster.killNode(victim);
    await until('it is dead', async () => (await client.node(victim)).node.liveness === 'dead');
    const ran = await json(cluster, 'cluster', 'failover', '--to', victim, '--yes');
    expect(ran.code).toBe(6);
    expect(ran.stderr).toMatch(/dead/);
    expect(ran.stderr).toMatch(/maintenance/);
    const error = await refusal(client.runOperation({ kind: 'failover', to: victim }));
    expect((error.details['reasons'] as string[]).length).toBeGreaterThanOrEqual(2);
    const dry = await json(cluster, 'cluster', 'failover', '--dry-run');
    expect(dry.code).toBe(0);
    // what scripts may keep is bound as the screen's own
    const { command, from, term } = dry.body.plan;
    expect(command).toMatch(new RegExp(`--yes --expect-leader ${from} --expect-term ${term}$`));
    const candidates = dry.body.plan.candidates as {
      node_id: string;
      eligible: boolean;
      reasons: string[];
    }[];
    const dead = candidates.find((c) => c.node_id === victim);
    expect(dead?.eligible).toBe(false);
    expect(dead?.reasons.length).toBeGreaterThanOrEqual(2);
    // two of three voters are left: no further one may be taken out
    const leader = await leaderOf(cluster);
    const third = cluster.nodes.find((n) => n.nodeId !== victim && n.nodeId !== leader)?.nodeId as string;
    const removal = await json(cluster, 'node', 'leave', third, '--yes-cluster', 'demo');
    expect(removal.code).toBe(6);
    await cluster.startNode(victim);
    await cluster.untilHealthy();
    const off = await client.runOperation({ kind: 'maintenance', node_id: victim, enable: false });
    await client.waitOperation(off.id);
  });

  it('with a plan token goes to whom the plan named, and is refused when the term has moved (conflict)', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const best = await client.planOperation({ kind: 'failover' });
    const second = must(
      best.candidates.find((c) => c.eligible && c.node_id !== best.to)?.node_id,
      'a second',
    );
    const plan = await client.planOperation({ kind: 'failover', to: second });
    expect(plan).toMatchObject({ allowed: true, from: await leaderOf(cluster), to: second });
    // who is best may change with each heartbeat: the run is bound to the node that was shown
    const done = await client.runOperation({ kind: 'failover', plan_token: plan.token });
    expect(await client.waitOperation(done.id)).toMatchObject({ state: 'done', to: second });
    await until('another leader', async () => (await client.leader()).term > plan.term);
    const late = await refusal(client.runOperation({ kind: 'failover', plan_token: plan.token }));
    expect(late.code).toBe('conflict');
    expect(late.exitCode).toBe(9);
    const forged = await refusal(client.runOperation({ kind: 'failover', plan_token: 'e30.AAAA' }));
    expect(forged.code).toBe('conflict');
    const expected = await refusal(client.runOperation({ kind: 'failover', expect_term: plan.term }));
    expect(expected.code).toMatch(/failed_precondition|conflict/);
  });
});

describe('a plan of maintenance of the leader', () => {
  it('goes to whom it named, though another candidate is the best by then', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const leader = await leaderOf(cluster);
    const of = { node_id: leader, enable: true, for_ms: 600_000 } as const;
    const wish = { kind: 'maintenance', ...of, allow_switchover: true } as const;
    const best = await client.planOperation(wish);
    const second = must(
      best.candidates.find((c) => c.eligible && c.node_id !== best.to)?.node_id,
      'a second',
    );
    const { token, to } = await client.planOperation({ ...wish, to: second });
    expect(to).toBe(second);
    const unknown = await refusal(client.planOperation({ ...wish, to: 'n9' }));
    expect(unknown.code).toBe('not_found');
    const run = await client.runOperation({ ...wish, plan_token: token });
    expect(await client.waitOperation(run.id)).toMatchObject({ state: 'done', from: leader, to: second });
    expect(await leaderOf(cluster)).toBe(second);
    const off = await client.runOperation({ kind: 'maintenance', node_id: leader, enable: false });
    expect((await client.waitOperation(off.id)).state).toBe('done');
  });
});

describe('a plan of maintenance', () => {
  it('binds direction, length and term; a removal binds the term', async () => {
    const cluster = shared();
    const client = cluster.client();
    const node_id = await followerOf(cluster);
    const wish = { kind: 'maintenance', node_id, enable: true, for_ms: 600_000 } as const;
    const { token: plan_token, term } = await client.planOperation(wish);
    for (const [change, why] of [
      [{ for_ms: 7_200_000 }, /the length is 7200000 ms instead of 600000 ms/],
      [{ enable: false }, /for something else/],
      [{ node_id: await leaderOf(cluster) }, /for something else/],
    ] as const) {
      const refused = await refusal(client.runOperation({ ...wish, ...change, plan_token }));
      expect.soft(refused.code).toBe('conflict');
      expect.soft(refused.message).toMatch(why);
    }
    const requests = [wish, { kind: 'remove-node', node_id }] as const;
    for (const request of requests) {
      const late = await refusal(client.runOperation({ ...request, expect_term: term - 1 }));
      expect.soft(late.code).toBe('conflict');
      expect.soft(late.message).toContain(`the term moved from ${term - 1} to ${term}`);
    }
    expect((await client.status()).maintenance).toEqual([]);
    const done = await client.runOperation({ ...wish, plan_token, expect_term: term });
    expect((await client.waitOperation(done.id)).state).toBe('done');
    const off = await client.runOperation({ ...wish, enable: false });
    expect((await client.waitOperation(off.id)).state).toBe('done');
  });
});

describe('what was decided on an earlier picture', () => {
  it('is refused by --expect-term and --expect-leader (9), and changes nothing', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const client = cluster.client();
    const { leader_id: before, term } = await client.leader();
    const node = await followerOf(cluster);
    expect((await json(cluster, 'cluster', 'failover', '--to', node, '--yes')).code).toBe(0);
    const verbs = [
      ['node', 'maintenance', 'enable', '--node', must(before, 'a leader'), '--yes'],
      ['node', 'drain', must(before, 'a leader')],
      ['node', 'leave', must(before, 'a leader'), '--yes-cluster', 'demo'],
      ['cluster', 'pause', '--reason', 'cables'],
    ];
    for (const verb of verbs) {
      const late = await json(cluster, ...verb, '--expect-term', String(term));
      expect.soft(late, verb.join(' ')).toMatchObject({ code: 9, body: null });
      expect.soft(late.stderr).toContain(`the term moved from ${term} to `);
      const other = await json(cluster, ...verb, '--expect-leader', must(before, 'a leader'));
      expect.soft(other, verb.join(' ')).toMatchObject({ code: 9, body: null });
      expect.soft(other.stderr).toContain(`${node} leads, not ${before}`);
    }
    const status = await client.status();
    expect(status).toMatchObject({ maintenance: [], pause: null });
    expect(status.nodes.map((row) => row.drain ?? null)).toEqual([null, null, null]);
    const now = ['--expect-term', String((await client.leader()).term), '--expect-leader', node];
    for (const verb of verbs.filter(([, what]) => what !== 'leave'))
      expect.soft((await json(cluster, ...verb, ...now)).code, verb.join(' ')).toBe(0);
    for (const undo of [
      ['node', 'maintenance', 'disable', '--node', must(before, 'a leader'), '--yes'],
      ['node', 'undrain', must(before, 'a leader')],
      ['cluster', 'resume'],
    ])
      expect.soft((await json(cluster, ...undo)).code, undo.join(' ')).toBe(0);
  });
});

describe('op', () => {
  it('list, show, wait and cancel tell by exit code what became of an operation', async () => {
    const cluster = shared();
    const ran = await json(cluster, 'cluster', 'failover', '--yes', '--reason', 'for op');
    expect(ran.code).toBe(0);
    const id = ran.body.operation.id as string;
    const list = await json(cluster, 'op', 'list');
    expect(list.body.operations.at(-1).id).toBe(id);
    const show = await json(cluster, 'op', 'show', id);
    expect(show.code).toBe(0);
    expect(show.body.operation).toMatchObject({ id, state: 'done', reason: 'for op' });
    expect((await sqlccOn(cluster, ['op', 'wait', id])).code).toBe(0);
    const cancel = await sqlccOn(cluster, ['op', 'cancel', id, '--yes']);
    expect(cancel.code).toBe(9);
    expect(cancel.stderr).toMatch(/^error\[conflict\]: /);
    expect((await sqlccOn(cluster, ['op', 'show', 'none'])).code).toBe(11);
    expect((await sqlccOn(cluster, ['op', 'wait', 'none'])).code).toBe(11);
    const table = await sqlccOn(cluster, ['op', 'list']);
    expect(table.stdout).toContain(id);
  });
});
