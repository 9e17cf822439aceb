/** SIGKILL at random moments, of a daemon that serves and of one that is just starting: it starts each time. */
import { readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { startCluster, until } from '../cluster/harness.ts';
import { amount, chance, reportAtEnd, tally } from './effort.ts';
import { Load } from './load.ts';

reportAtEnd();

it('a daemon that is killed again and again starts each time and has lost nothing', {
  timeout: 900_000,
}, async () => {
  const random = chance();
  const cluster = await startCluster(1);
  const load = new Load(cluster, 8, 5000);
  const session = await cluster.client().openSession();
  await session.sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
  let rows = 0;
  for (let round = 1; round <= amount(6, 34); round++) {
    const before = load.acknowledged.size;
    await until('writes', async () => load.acknowledged.size > before + 20);
    const inserts = Math.floor(random.next() * 5);
    for (let n = 0; n < inserts; n++) {
      await session.sql([{ sql: 'INSERT INTO t VALUES (?)', params: [rows] }], { timeoutMs: 60_000 });
      rows++;
    }
    await after(random.next() * 400);
    await cluster.killNode('n1');
    if (round % 2 === 0) {
      const starting = cluster.startNode('n1').catch(() => 'killed');
      await after(random.next() * 700);
      await cluster.killNode('n1');
      await starting;
      tally('SIGKILL', 'while it started');
    }
    await cluster.startNode('n1');
    tally('SIGKILL', 'while it served');
    if (round % 10 === 0) expect(await load.missing(), `round ${round}`).toEqual([]);
  }
  await load.stop();
  expect(readFileSync(cluster.node('n1').log, 'utf8')).not.toContain('state-damaged');
  expect(await load.missing()).toEqual([]);
  const { results } = await cluster.client().sql([{ sql: 'SELECT count(*), count(DISTINCT n) FROM t' }]);
  expect(results[0]?.rows[0]).toEqual([rows, rows]);
});
