import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';
import { ReaderPool, StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from '../../unit/state/log.ts';
import { OFTEN_MS, type Took, taking, untilJudged } from '../took.ts';

const dir = mkdtempSync(join(tmpdir(), 'sqlcc-pool-'));
const entry = new URL('../../../daemon/reader-process.ts', import.meta.url);
const log = new LogWriter();
const ENDLESS = 'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r)';
let store: StateStore;
let pool: ReaderPool;

beforeAll(() => {
  store = StateStore.open(optionsIn(dir));
  store.apply([log.sql(['CREATE TABLE t (id INTEGER PRIMARY KEY, x)', 'INSERT INTO t (x) VALUES (1), (2)'])]);
  pool = new ReaderPool({ dir, entry });
});
afterEach(async () => {
  await pool.stop();
  pool = new ReaderPool({ dir, entry });
});
afterAll(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('ReaderPool', () => {
  it('has no process until a query comes, and answers with the index it was read at', async () => {
    expect(pool.size).toBe(0);
    const answer = await pool.query([{ sql: 'SELECT x FROM t WHERE id = ?', params: [2] }], 60_000);
    expect(answer).toMatchObject({ results: [{ rows: [[2]] }], appliedIndex: store.appliedIndex() });
    expect(pool.size).toBe(1);
  });

  it('sees what was applied since, also a new table', async () => {
    await pool.query([{ sql: 'SELECT * FROM t' }], 60_000);
    store.apply([log.sql(['CREATE TABLE u (a)', 'INSERT INTO u VALUES (7)'])]);
    const answer = await pool.query([{ sql: 'SELECT a FROM u' }], 60_000);
    expect(answer).toMatchObject({ results: [{ rows: [[7]] }], appliedIndex: store.appliedIndex() });
  });

  it('kills a query at its deadline; others and the applier go on', async () => {
    await pool.query([{ sql: 'SELECT 1' }], 60_000);
    const endless = pool.query([{ sql: `${ENDLESS} SELECT count(*) FROM r` }], 700);
    const killed = expect(endless).rejects.toMatchObject({ code: 'deadline_exceeded' });
    const other = pool.query([{ sql: 'SELECT count(*) FROM t' }], 60_000);
    expect((await other).results[0]?.rows).toEqual([[2]]);
    expect(store.apply([log.sql(['UPDATE t SET x = 5 WHERE id = 1'])]).results[0]?.result.ok).toBe(true);
    await killed;
  });

  it('refuses writes, answers over the limits, and names the statement', async () => {
    const query = (...sql: string[]): Promise<unknown> =>
      pool.query(
        sql.map((s) => ({ sql: s })),
        60_000,
      );
    await expect(query('SELECT 1', 'DELETE FROM t')).rejects.toMatchObject({
      code: 'sql_error',
      details: { statement: 1, sqlstate: '42501' },
    });
    await expect(query('SELECT value FROM _sqlcc_kv')).rejects.toMatchObject({
      details: { sqlstate: '42501' },
    });
    const many = `${ENDLESS} SELECT x FROM r LIMIT ${LIMITS.maxSqlRows + 1}`;
    await expect(query(many)).rejects.toMatchObject({ details: { sqlstate: '54000' } });
    await expect(query('SELEC')).rejects.toMatchObject({ details: { sqlstate: '42601' } });
  });

  it('runs at most the named number of processes and serves the rest in turn', async () => {
    const asked = Array.from({ length: 30 }, (_, n) =>
      pool.query([{ sql: 'SELECT ?', params: [n] }], 60_000),
    );
    expect(pool.size).toBeLessThanOrEqual(LIMITS.maxReaders);
    const answers = await Promise.all(asked);
    expect(answers.map((a) => a.results[0]?.rows[0]?.[0])).toEqual(asked.map((_, n) => n));
  });

  it('trial lets a write pass that ends, changes nothing, and never makes the applier wait', async () => {
    const hash = store.stateHash();
    await pool.trial(
      [{ sql: 'UPDATE t SET x = random()' }, { sql: 'INSERT INTO t (id) VALUES (1)' }],
      60_000,
    );
    expect(store.stateHash()).toBe(hash);
    await untilJudged(async () => {
      const endless = pool.trial([{ sql: `${ENDLESS} INSERT INTO t (x) SELECT x FROM r` }], 1000);
      const all: Took[] = [];
      let over = false;
      const refused = expect(endless).rejects.toMatchObject({
        code: 'sql_error',
        details: { sqlstate: '57014' },
      });
      void refused.finally(() => {
        over = true;
      });
      while (!over) {
        const tookOf = taking(OFTEN_MS);
        store.apply([log.sql(['UPDATE t SET x = 6 WHERE id = 1'])]);
        all.push(tookOf());
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await refused;
      return [{ what: 'a group applied beside a trial', boundMs: 500, all }];
    });
  });

  it("hash is the applier's own, and the applier goes on meanwhile", async () => {
    store.apply([
      log.openSession('s'),
      log.put('k', 'v', null, { session: 's', seq: 1 }),
      log.sql([
        "CREATE VIEW clock AS SELECT 1 AS id, datetime('now') AS body",
        "CREATE VIRTUAL TABLE said USING fts5(body, content='clock', content_rowid='id')",
        "INSERT INTO said (rowid, body) VALUES (1, 'a b')",
        'CREATE TABLE many (id INTEGER PRIMARY KEY, x)',
        `${ENDLESS} INSERT INTO many (x) SELECT hex(x) FROM r LIMIT 300000`,
      ]),
    ]);
    const twin = StateStore.open(optionsIn(join(dir, 'twin')));
    await store.snapshotTo(join(dir, 'copy.db'));
    twin.restore(join(dir, 'copy.db'));
    const puts: LogEntry[] = [];
    await untilJudged(async () => {
      let over = false;
      const asked = Promise.all([pool.hash(), pool.hash()]).finally(() => {
        over = true;
      });
      const all: Took[] = [];
      while (!over) {
        puts.push(log.put('k', `${puts.length}`));
        const tookOf = taking(OFTEN_MS);
        store.apply(puts.slice(-1));
        all.push(tookOf());
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [answer, shared] = await asked;
      expect(answer.index).toBeLessThan(store.appliedIndex());
      const from = twin.appliedIndex();
      twin.apply(puts.filter(({ index }) => index > from && index <= answer.index));
      expect(answer).toEqual({ hash: twin.stateHash(), index: twin.appliedIndex() });
      expect(shared).toEqual(answer);
      return [{ what: 'a group applied beside a hash', boundMs: 500, all }];
    });
    twin.close();
  });

  it('a hash under way ends with stop', async () => {
    const refused = expect(pool.hash()).rejects.toMatchObject({ code: 'unavailable' });
    await pool.stop();
    await refused;
  });

  it('stop ends every process, fails what they worked on, and leaves no copy behind', async () => {
    const endless = pool.trial([{ sql: `${ENDLESS} INSERT INTO t (x) SELECT x FROM r` }], 30_000);
    const refused = expect(endless).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await pool.stop();
    await refused;
    expect(pool.size).toBe(0);
    expect(readdirSync(dir).filter((name) => name.startsWith('trial-'))).toEqual([]);
    await expect(pool.query([{ sql: 'SELECT 1' }], 1000)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
