/** What every `SqlStore` must do; a third party's engine passes the same suite. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqlStatement } from '../../src/cluster/index.ts';
import type { SqlOutcome, SqlResult, SqlStore } from '../../src/engines/index.ts';

const PIN = { timestamp: Date.UTC(2024, 1, 29, 12, 30, 15, 250), seed: 7 };

/** What seed 7 draws and its clock says; figures computed by a program in another language. */
const DRAWS = [
  '904067436580588380',
  '-1293979908829162206',
  '65B14BA7A3ACFA42',
  '1709209815 15.250',
  '2024-02-29 12:30:15',
];
const ROWS = [
  [1, 1, 1, 'ä', { base64: 'AP8=' }],
  [2, null, -0.5, '', { base64: 'AAAA' }],
  [4, '904067436580588380', '2024-02-29 12:30:15', null, null],
];
const HASH = '2897676bb7abeb81f89a964ffe2953c72950fd0e2088461fa630d7690e615306';

export function describeSqlStore(name: string, make: (dir: string) => SqlStore): void {
  describe(`${name} as SqlStore`, () => {
    let dir = '';
    let stores: SqlStore[] = [];

    const open = (part: string): SqlStore => {
      const store = make(join(dir, part));
      stores.push(store);
      return store;
    };
    const apply = (store: SqlStore, ...statements: (string | SqlStatement)[]): SqlOutcome => {
      const list = statements.map((s) => (typeof s === 'string' ? { sql: s } : s));
      return store.transaction(() => store.apply(list, PIN));
    };
    const results = (outcome: SqlOutcome): readonly SqlResult[] => {
      expect(outcome).toMatchObject({ ok: true });
      return outcome.ok ? outcome.results : [];
    };
    const rows = (store: SqlStore, sql: string): SqlResult['rows'] =>
      results(store.query([{ sql }]))[0]?.rows ?? [];

    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'sqlcc-engine-'));
    });
    afterEach(() => {
      for (const store of stores) store.close();
      stores = [];
      rmSync(dir, { recursive: true, force: true });
    });

    it('apply answers rows affected, row ids and returned rows', () => {
      const store = open('a');
      const [, inserted, returned, updated] = results(
        apply(
          store,
          'CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)',
          { sql: 'INSERT INTO t (name) VALUES (?), (?)', params: ['a', 'b'] },
          { sql: 'INSERT INTO t (name) VALUES (?) RETURNING id, name AS n', params: ['c'] },
          'UPDATE t SET name = upper(name) WHERE id > 1',
        ),
      );
      expect(inserted).toMatchObject({ rows_affected: 2, last_insert_id: 2 });
      expect(returned).toMatchObject({
        columns: ['id', 'n'],
        types: ['INTEGER', 'TEXT'],
        rows: [[3, 'c']],
        rows_affected: 1,
        last_insert_id: 3,
      });
      expect(updated).toMatchObject({ rows_affected: 2, last_insert_id: null });
      expect(rows(store, 'SELECT name FROM t ORDER BY id')).toEqual([['a'], ['B'], ['C']]);
    });

    it('apply undoes all statements of a call when one fails, and says which', () => {
      const store = open('a');
      apply(store, 'CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
      const failed = apply(
        store,
        'INSERT INTO t VALUES (2)',
        'CREATE TABLE u (a)',
        'INSERT INTO t VALUES (1)',
      );
      expect(failed).toMatchObject({ ok: false, failure: { statement: 2, sqlstate: '23505' } });
      expect(rows(store, 'SELECT id FROM t')).toEqual([[1]]);
      expect(store.query([{ sql: 'SELECT * FROM u' }])).toMatchObject({ failure: { sqlstate: '42P01' } });
      expect(apply(store, 'CREATE TABLE u (a, b)')).toMatchObject({ ok: true });
    });

    it('a failed call leaves earlier calls of the same transaction alone', () => {
      const store = open('a');
      apply(store, 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
      store.transaction(() => {
        store.apply([{ sql: 'INSERT INTO t VALUES (1)' }], PIN);
        store.apply([{ sql: 'INSERT INTO t VALUES (1)' }], PIN);
        store.apply([{ sql: 'INSERT INTO t VALUES (2)' }], PIN);
      });
      expect(rows(store, 'SELECT id FROM t')).toEqual([[1], [2]]);
    });

    it('a transaction whose work throws leaves nothing', () => {
      const store = open('a');
      apply(store, 'CREATE TABLE t (id)');
      expect(() =>
        store.transaction(() => {
          store.apply([{ sql: 'INSERT INTO t VALUES (1)' }], PIN);
          throw new RangeError('stop');
        }),
      ).toThrow(RangeError);
      expect(rows(store, 'SELECT * FROM t')).toEqual([]);
      expect(apply(store, 'INSERT INTO t VALUES (2)')).toMatchObject({ ok: true });
    });

    it('query refuses to write, and may explain a write', () => {
      const store = open('a');
      apply(store, 'CREATE TABLE t (id)', 'INSERT INTO t VALUES (1)');
      expect(store.query([{ sql: 'EXPLAIN QUERY PLAN DELETE FROM t WHERE id = 1' }])).toMatchObject({
        ok: true,
      });
      expect(rows(store, 'SELECT count(*) FROM t')).toEqual([[1]]);
      for (const sql of [
        'INSERT INTO t VALUES (1)',
        'WITH x AS (SELECT 1) DELETE FROM t',
        'DROP TABLE t',
        'PRAGMA user_version = 3',
      ]) {
        expect(store.query([{ sql }]), sql).toMatchObject({ ok: false, failure: { sqlstate: '42501' } });
      }
    });

    it('clock and chance come from the pin, also in defaults, triggers and ORDER BY', () => {
      const script = [
        'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, r, at DEFAULT CURRENT_TIMESTAMP, d DEFAULT (julianday()))',
        'CREATE TABLE log (r, b)',
        'CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (random(), hex(randomblob(4))); END',
        "INSERT INTO t (r) SELECT random() FROM (VALUES (1), (2), (3)) UNION ALL SELECT strftime('%f', 'now')",
        'INSERT INTO log SELECT id, 0 FROM t ORDER BY random()',
      ];
      const [one, two] = [open('a'), open('b')];
      for (const store of [one, two]) expect(apply(store, ...script)).toMatchObject({ ok: true });
      expect(two.hash()).toBe(one.hash());
      expect(rows(one, 'SELECT at FROM t LIMIT 1')).toEqual([['2024-02-29 12:30:15']]);
      expect(rows(one, 'SELECT r FROM t WHERE id = 4')).toEqual([['15.250']]);
      expect(rows(one, 'SELECT count(DISTINCT r) FROM log WHERE b <> 0')).toEqual([[4]]);
      one.transaction(() =>
        one.apply([{ sql: 'UPDATE t SET r = random() WHERE id = 1' }], { ...PIN, seed: 8 }),
      );
      expect(two.hash()).not.toBe(one.hash());
    });

    it('chance, clock and hash are these very values, on every machine and in every engine', () => {
      const store = open('a');
      const draws =
        "SELECT random(), random(), hex(randomblob(8)), strftime('%s %f', 'now'), CURRENT_TIMESTAMP";
      expect(results(apply(store, draws))[0]?.rows).toEqual([DRAWS]);
      apply(
        store,
        'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b REAL, c TEXT, d BLOB)',
        'CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID',
        'CREATE INDEX i ON t (c)',
        "INSERT INTO t (a, b, c, d) VALUES (1, 1, 'ä', x'00ff'), (NULL, -0.5, '', zeroblob(3))",
        'INSERT INTO t (a, b) VALUES (9223372036854775807, 1e300), (random(), CURRENT_TIMESTAMP)',
        "INSERT INTO w VALUES ('b', 2), ('a', '1')",
        'DELETE FROM t WHERE id = 3',
        'PRAGMA user_version = 5',
      );
      expect(rows(store, 'SELECT * FROM t ORDER BY id')).toEqual(ROWS);
      expect(store.hash()).toBe(HASH);
    });

    it('a snapshot restores into an equal store, and both go on equally', async () => {
      const store = open('a');
      apply(
        store,
        'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x)',
        'INSERT INTO t (x) VALUES (random()), (2)',
        'DELETE FROM t WHERE id = 2',
      );
      await store.snapshot(join(dir, 'copy.db'));
      const before = store.hash();
      apply(store, 'INSERT INTO t (x) VALUES (3)');
      const other = open('b');
      other.restore(join(dir, 'copy.db'));
      expect(other.hash()).toBe(before);
      apply(other, 'INSERT INTO t (x) VALUES (3)');
      expect(other.hash()).toBe(store.hash());
      expect(rows(other, 'SELECT id FROM t ORDER BY id')).toEqual([[1], [3]]);
    });

    it('restore refuses a damaged copy and stays what it was', () => {
      const store = open('a');
      apply(store, 'CREATE TABLE t (id)', 'INSERT INTO t VALUES (1)');
      writeFileSync(join(dir, 'bad.db'), Buffer.alloc(8192, 0x5a));
      expect(() => store.restore(join(dir, 'bad.db'))).toThrow(
        expect.objectContaining({ code: 'storage_failed' }),
      );
      expect(rows(store, 'SELECT id FROM t')).toEqual([[1]]);
    });

    it('hash sees rows, schema and types, and not the way that led there', () => {
      const [one, two] = [open('a'), open('b')];
      for (const store of [one, two]) apply(store, 'CREATE TABLE t (id INTEGER PRIMARY KEY, x)');
      apply(one, 'INSERT INTO t VALUES (1, 1), (2, 2)');
      apply(
        two,
        'INSERT INTO t VALUES (2, 2)',
        "INSERT INTO t VALUES (1, 'x')",
        'UPDATE t SET x = 1 WHERE id = 1',
      );
      expect(two.hash()).toBe(one.hash());
      apply(two, "UPDATE t SET x = '1' WHERE id = 1");
      expect(two.hash()).not.toBe(one.hash());
      apply(two, 'UPDATE t SET x = 1 WHERE id = 1', 'CREATE INDEX i ON t (x)');
      expect(two.hash()).not.toBe(one.hash());
    });
  });
}
