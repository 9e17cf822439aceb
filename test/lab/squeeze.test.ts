/** A daemon that gets too little of the machine says so, and says when it is over. */
import { expect, it, onTestFinished } from 'vitest';
import { must } from '../../src/base/index.ts';
import { followerOf, startCluster, until } from '../cluster/harness.ts';
import { Cgroup } from './cgroup.ts';
import { skipVisibly } from './skip.ts';

const skipped = skipVisibly('a daemon with a tenth of a core', Cgroup.missing());

it.skipIf(skipped)(
  'a follower with a tenth of a core is DEGRADED with the reason, and recovers',
  async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const nodeId = await followerOf(cluster);
    const healthOf = async () => (await client.node(nodeId)).node;
    await until('a healthy follower', async () => (await healthOf()).health === 'HEALTHY');
    const group = new Cgroup();
    onTestFinished(() => group.remove());
    group.add(must(cluster.node(nodeId).child?.pid, 'the process'));
    group.limitCpu(0.1);
    await client.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    let isBusy = true;
    // at rest a tenth of a core is enough
    const load = (async () => {
      while (isBusy)
        await client.sql([{ sql: 'INSERT INTO t VALUES (1)' }], { timeoutMs: 2000 }).catch(() => {});
    })();
    const squeezed = await until(
      'DEGRADED',
      async () => {
        const node = await healthOf();
        return node.health === 'DEGRADED' && node.issues.some((i) => i.includes('withheld')) ? node : null;
      },
      40_000,
    );
    expect(squeezed.issues.join()).toMatch(
      /CPU is withheld by the control group in \d+ % of its time slices/,
    );
    expect(group.throttled()).toBeGreaterThan(10);
    isBusy = false;
    await load;
    group.limitCpu(2);
    // queries that took over a second meanwhile, as its own when it was made leader, count for a minute and ten
    let last = '';
    await until(
      'HEALTHY again',
      async () => {
        const { health, issues } = await healthOf();
        last = `${health}: ${issues.join('; ')}`;
        return health === 'HEALTHY';
      },
      100_000,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; ${last}`);
    });
    // whoever is asked hears of it with its next whole check
    await until('both events', async () => {
      const told: string[] = [];
      for await (const event of client.events({ after: '0', follow: false, types: ['health-changed'] })) {
        if (event.node_id === nodeId) told.push((event.data as { status: string }).status);
      }
      return told.join(' ').endsWith('DEGRADED HEALTHY');
    });
  },
  200_000,
);
