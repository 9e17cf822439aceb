import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { SqliteReader, Trial } from '../../../src/engines/index.ts';
import { StateReader, StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from './log.ts';

const dir = mkdtempSync(join(tmpdir(), 'sqlcc-reader-'));
const log = new LogWriter();
let store: StateStore;
let reader: StateReader;

beforeAll(() => {
  reader = StateReader.open(dir);
  expect(() => reader.get('k')).toThrow(expect.objectContaining({ code: 'unavailable' }));
  store = StateStore.open(optionsIn(dir));
  store.apply(['a', 'a/1', 'a/2', 'a0', 'ä', '€', '😀', '\u{10ffff}'].map((key) => log.put(key, `v${key}`)));
  store.settle();
});
afterAll(() => {
  reader.close();
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('StateReader', () => {
  it('get answers the item, or null, with the index it was read at', () => {
    expect(reader.get('a/2')).toMatchObject({
      item: { key: 'a/2', value: 'va/2', version: 3 },
      appliedIndex: 8,
    });
    expect(reader.get('A')).toEqual({ item: null, appliedIndex: 8 });
  });

  it('list takes exact prefixes, in the order of bytes, up to the limit', () => {
    const keys = (prefix: string, limit = 100): string[] =>
      reader.list(prefix, limit, 1e6).items.map((i) => i.key);
    expect(keys('a/')).toEqual(['a/1', 'a/2']);
    expect(keys('a')).toEqual(['a', 'a/1', 'a/2', 'a0']);
    expect(keys('a', 2)).toEqual(['a', 'a/1']);
    expect(keys('')).toEqual(['a', 'a/1', 'a/2', 'a0', 'ä', '€', '😀', '\u{10ffff}']);
    expect(keys('\u{10ffff}')).toEqual(['\u{10ffff}']);
    expect(reader.list('nothing', 5, 1e6)).toEqual({
      items: [],
      bytes: 0,
      appliedIndex: 8,
      truncated: false,
    });
    expect([7, 8].map((limit) => reader.list('', limit, 1e6).truncated)).toEqual([true, false]);
  });

  it('batch answers what exists, in the order asked for', () => {
    const answer = reader.batch(['😀', 'none', 'a', '😀'], 1e6);
    expect(answer.items.map((i) => i.key)).toEqual(['😀', 'a', '😀']);
    expect(answer).toMatchObject({ asked: 4, truncated: false, appliedIndex: 8 });
    expect(reader.batch(['none'], 1e6)).toEqual({
      items: [],
      bytes: 0,
      asked: 1,
      truncated: false,
      appliedIndex: 8,
    });
    expect(reader.batch([], 1e6)).toEqual({
      items: [],
      bytes: 0,
      asked: 0,
      truncated: false,
      appliedIndex: 8,
    });
  });

  it('list and batch stop when the answer is full, and say so', () => {
    // each item weighs a little more than 100 bytes
    const list = reader.list('', 100, 250);
    expect(list).toMatchObject({ truncated: true, appliedIndex: 8 });
    expect(list.items.map((i) => i.key)).toEqual(['a', 'a/1']);
    const batch = reader.batch(['none', 'a', 'a0', 'none2', 'a/1', 'a/2'], 250);
    expect(batch.items.map((i) => i.key)).toEqual(['a', 'a0']);
    expect(batch).toMatchObject({ asked: 4, truncated: true });
    // one value is given however large it is
    expect(reader.list('a', 100, 1).items).toHaveLength(1);
    expect(reader.batch(['a', 'a0'], 1)).toMatchObject({ asked: 1, truncated: true });
    // an answer that was left in the middle holds nothing open
    expect(reader.list('', 100, 1e6).items).toHaveLength(8);
  });

  it('classify sees a write behind a CTE, in RETURNING and in a later statement', () => {
    const kind = (...sql: string[]): string => reader.classify(sql.map((s) => ({ sql: s })));
    expect(kind('SELECT 1', 'EXPLAIN DELETE FROM t')).toBe('read');
    expect(kind('WITH x AS (SELECT 1) UPDATE t SET a = 1 RETURNING a')).toBe('write');
    expect(kind('SELECT 1', 'INSERT INTO t VALUES (1)')).toBe('write');
    expect(kind('nonsense')).toBe('write');
  });

  it('mayRunAway lets pass what goes by key or over little, and nothing else', () => {
    const rows = 'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 2000)';
    store.apply([
      log.sql([
        'CREATE TABLE t (id INTEGER PRIMARY KEY, a)',
        'CREATE TABLE watched (a)',
        'CREATE TRIGGER tr AFTER INSERT ON watched BEGIN DELETE FROM t; END',
        `${rows} INSERT INTO t SELECT x, x FROM r`,
      ]),
    ]);
    const verdict = (sql: string): boolean => reader.mayRunAway([{ sql }]);
    for (const sql of [
      'INSERT INTO t (a) VALUES (1), (2)',
      'INSERT INTO t (a) VALUES (?) ON CONFLICT DO UPDATE SET a = 2 RETURNING id',
      'UPDATE t SET a = 1 WHERE id = ?',
      'DELETE FROM t WHERE id IN (1, 2, 3)',
      'UPDATE t SET a = a + 1',
      'INSERT INTO t (a) SELECT a FROM t',
      'CREATE TABLE u (a)',
      'CREATE INDEX i ON t (a)',
      'DROP TABLE t',
      'SELECT 1',
    ]) {
      expect(verdict(sql), sql).toBe(false);
    }
    for (const sql of [
      `${rows} INSERT INTO t (a) SELECT x FROM r`,
      `${rows} SELECT count(*) FROM r`,
      'INSERT INTO t (a) SELECT x.a FROM t x, t y',
      'UPDATE t SET a = (SELECT count(*) FROM t b WHERE b.a < t.a)',
      'INSERT INTO watched VALUES (1)',
      "INSERT INTO t (a) SELECT value FROM json_each('[1]')",
      'CREATE TABLE u AS SELECT * FROM t, t AS b',
      'INSERT INTO missing VALUES (1)',
    ]) {
      expect(verdict(sql), sql).toBe(true);
    }
  });
});

/** 300 numbers. */
const LIST = Array.from({ length: 300 }, (_, n) => n).join();

describe('mayRunAway', () => {
  const verdict = (...sql: string[]): boolean => reader.mayRunAway(sql.map((s) => ({ sql: s })));
  const rows = (count: number): string =>
    `WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT ${count})`;
  const ddl = (...sql: string[]): void => {
    expect(store.apply([log.sql(sql)]).results[0]?.result).toMatchObject({ ok: true });
  };

  beforeAll(() =>
    ddl(
      'CREATE TABLE e (id INTEGER PRIMARY KEY, a, b)',
      `${rows(100_000)} INSERT INTO e SELECT x, x, x FROM r`,
      'CREATE TABLE costly_default (id INTEGER PRIMARY KEY, a DEFAULT (length(randomblob(16000000))))',
      'CREATE TABLE costly_check (a CHECK (length(hex(zeroblob(a))) < 9))',
      "CREATE TABLE cheap_rules (a VARCHAR(20) DEFAULT (date('2024-01-31')) CHECK (length(a) < 99), b AS (upper(a)))",
      'CREATE TABLE parent (id INTEGER PRIMARY KEY, name UNIQUE)',
      'CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE)',
      'CREATE VIRTUAL TABLE docs USING fts5(body)',
      'CREATE VIEW seen AS SELECT a FROM e',
    ),
  );

  it.each([
    "INSERT INTO e (a) VALUES (datetime('now', '+1 day')), (upper('x') || 'y'), (CURRENT_TIMESTAMP)",
    'INSERT INTO e (a) VALUES (lower(hex(randomblob(16)))), (coalesce(?, trim(?)))',
    "INSERT INTO e (a) VALUES (json_object('k', json_array(1, 2))) RETURNING json_extract(a, '$.k')",
    "UPDATE e SET a = json_set(a, '$.k', ?) WHERE id = ?",
    "DELETE FROM e WHERE a LIKE 'x%'",
    'UPDATE e SET a = upper(b) WHERE id IN (1, 2, 3)',
    `DELETE FROM e WHERE id IN (${LIST})`,
    'INSERT INTO cheap_rules (a) VALUES (1)',
    'INSERT INTO child VALUES (1, 1)',
    "UPDATE parent SET name = 'x' WHERE id = 1",
    'DELETE FROM child WHERE id = 1',
    "INSERT INTO docs (body) VALUES ('a b c')",
    'PRAGMA user_version = 3',
    'PRAGMA table_info(e)',
    'DROP TABLE child',
  ])('lets pass %s', (sql) => {
    expect(verdict(sql)).toBe(false);
  });

  it.each([
    'INSERT INTO e (a) VALUES (length(randomblob(16000000)))',
    'INSERT INTO e (a) VALUES (length("randomblob"(16000000)))',
    'INSERT INTO e (a) VALUES (length(zeroblob(?)))',
    'INSERT INTO e (a) VALUES (hex(hex(hex(hex(1)))))',
    "INSERT INTO e (a) VALUES (printf('%1000000d', 1))",
    "INSERT INTO e (a) VALUES (replace(?, 'a', 'bb'))",
    'INSERT INTO e (a) VALUES (? LIKE ?)',
    "INSERT INTO e (a) VALUES (? LIKE '%a%a%a%a%')",
    'UPDATE e SET a = length(randomblob(16000000)) WHERE id = 1',
    'UPDATE e SET a = trim(a, ?) WHERE id = 1',
    'DELETE FROM e WHERE id = 1 RETURNING length(randomblob(16000000))',
    'SELECT length(randomblob(16000000))',
    'INSERT INTO costly_default (id) VALUES (1)',
    'INSERT INTO costly_check VALUES (1)',
    "INSERT INTO 'costly_check' VALUES (1)",
    'REPLACE INTO parent VALUES (1, 1)',
    'INSERT INTO parent VALUES (1, 1) ON CONFLICT (name) DO UPDATE SET id = 7',
    'DELETE FROM parent WHERE id = 1',
    'UPDATE parent SET id = 2 WHERE id = 1',
    'DROP TABLE parent',
    "INSERT INTO docs (docs) VALUES ('rebuild')",
    'INSERT INTO e (a) SELECT a FROM seen',
    'PRAGMA foreign_key_check',
    'SELECT * FROM pragma_foreign_key_check',
    'CREATE INDEX long ON e (length(zeroblob(a)))',
    'INSERT INTO e (a) SELECT 1 FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9)) p, e q',
    `SELECT 1 FROM e p, e q WHERE p.id IN (${LIST}) AND q.id IN (${LIST})`,
    `WITH p(x) AS MATERIALIZED (VALUES (1), (2)), q AS MATERIALIZED (SELECT 1 FROM p a, p b)
     INSERT INTO e (a) SELECT 1 FROM q a, q b, q c`,
  ])('has tried first: %s', (sql) => {
    expect(verdict(sql)).toBe(true);
  });

  it('adds up over the request what each statement alone may do', () => {
    const pass = 'UPDATE e SET a = a + 1';
    expect(verdict(pass)).toBe(false);
    expect(verdict(...Array.from({ length: 1000 }, () => pass))).toBe(true);
    expect(verdict(...Array.from({ length: 1000 }, (_, n) => `UPDATE e SET a = ${n} WHERE id = ${n}`))).toBe(
      false,
    );
    expect(
      verdict(
        ...Array.from({ length: LIMITS.maxSqlStatements }, () => 'INSERT INTO e (a) VALUES (random())'),
      ),
    ).toBe(false);
    expect(verdict(`INSERT INTO e (a) VALUES ${'(1),'.repeat(250_000)}(1)`)).toBe(true);
  });

  it('counts rows that earlier statements of the request may have added', () => {
    ddl('CREATE TABLE few (id INTEGER PRIMARY KEY, a)', 'INSERT INTO few VALUES (1, 1)');
    const twice = 'INSERT INTO few (a) SELECT a FROM few';
    expect(verdict(twice, twice, twice)).toBe(false);
    expect(verdict(...Array.from({ length: 40 }, () => twice))).toBe(true);
  });

  it('counts the bytes of parameters, each time that one is named', () => {
    const large = 'x'.repeat(1_000_000);
    expect(reader.mayRunAway([{ sql: 'INSERT INTO e (a) VALUES (?1)', params: [large] }])).toBe(false);
    const often = `INSERT INTO e (a) VALUES ${'(?1),'.repeat(99)}(?1)`;
    expect(reader.mayRunAway([{ sql: often, params: ['x'] }])).toBe(false);
    expect(reader.mayRunAway([{ sql: often, params: [large] }])).toBe(true);
  });

  it('judges no rows by a schema that the same request changes', () => {
    const trigger = 'CREATE TRIGGER late AFTER INSERT ON e BEGIN DELETE FROM e; END';
    expect(verdict(trigger, 'INSERT INTO e (a) VALUES (1)')).toBe(true);
  });

  it('answers at once where preparing would take minutes', () => {
    const nested = (levels: number): string =>
      levels === 0 ? 'SELECT ?1 AS x' : `SELECT x + x AS x FROM (${nested(levels - 1)})`;
    const began = performance.now();
    expect(verdict(nested(28))).toBe(true);
    ddl('CREATE VIEW v0 AS SELECT a AS x FROM e');
    for (let n = 1; n <= 28; n++) ddl(`CREATE VIEW v${n} AS SELECT x + x AS x FROM v${n - 1}`);
    expect(verdict('INSERT INTO e (a) SELECT x FROM v28')).toBe(true);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('Trial', () => {
  it('judges by the plan where the database is too large to copy', async () => {
    const many = 'WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT 200001)';
    store.apply([
      log.sql([
        'CREATE TABLE large (id INTEGER PRIMARY KEY, a)',
        `${many} INSERT INTO large SELECT x, x FROM r`,
      ]),
    ]);
    const source = new SqliteReader(dir);
    const trial = new Trial(source, join(dir, 'trial-0.db'), 0);
    await trial.prepare();
    trial.run([{ sql: 'UPDATE large SET a = 1' }, { sql: 'DELETE FROM large WHERE id = 1' }]);
    expect(() =>
      trial.run([{ sql: 'SELECT 1' }, { sql: 'DELETE FROM large WHERE a IN (SELECT b.a FROM large b)' }]),
    ).toThrow(expect.objectContaining({ code: 'sql_error', details: { statement: 1, sqlstate: '54001' } }));
    // each statement is small, and all of them are not
    const pass = { sql: 'UPDATE e SET a = a + 1' };
    trial.run([pass]);
    expect(() => trial.run(Array.from({ length: 1000 }, () => pass))).toThrow(/does too much work/);
    trial.close();
    source.close();
  });
});
