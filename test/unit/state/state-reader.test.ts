import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
    expect(reader.list('nothing', 5, 1e6)).toEqual({ items: [], appliedIndex: 8, truncated: false });
    expect([7, 8].map((limit) => reader.list('', limit, 1e6).truncated)).toEqual([true, false]);
  });

  it('batch answers what exists, in the order asked for', () => {
    const answer = reader.batch(['😀', 'none', 'a', '😀'], 1e6);
    expect(answer.items.map((i) => i.key)).toEqual(['😀', 'a', '😀']);
    expect(answer).toMatchObject({ asked: 4, truncated: false, appliedIndex: 8 });
    expect(reader.batch(['none'], 1e6)).toEqual({ items: [], asked: 1, truncated: false, appliedIndex: 8 });
    expect(reader.batch([], 1e6)).toEqual({ items: [], asked: 0, truncated: false, appliedIndex: 8 });
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
    trial.close();
    source.close();
  });
});
