/** The embedded engine beyond the port: what is refused, what is pinned, what is exact. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS, SqlccError } from '../../../src/base/index.ts';
import type { SqlParam } from '../../../src/cluster/index.ts';
import {
  createEngine,
  MemoryStore,
  SqliteStore,
  type SqlOutcome,
  type SqlValue,
} from '../../../src/engines/index.ts';

const PIN = { timestamp: Date.UTC(2024, 1, 29, 12, 30, 15, 250), seed: 7 };
let store = new MemoryStore();

function apply(sql: string, params: readonly SqlParam[] = []): SqlOutcome {
  return store.transaction(() => store.apply([{ sql, params }], PIN));
}
function value(sql: string, params: readonly SqlParam[] = []): SqlValue | undefined {
  const outcome = apply(sql, params);
  expect(outcome).toMatchObject({ ok: true });
  return outcome.ok ? outcome.results[0]?.rows[0]?.[0] : undefined;
}

beforeEach(() => {
  store = new MemoryStore();
  apply('CREATE TABLE t (id INTEGER PRIMARY KEY, a)');
});
afterEach(() => store.close());

describe('authorizer', () => {
  it.each([
    "ATTACH 'x.db' AS x",
    'DETACH main',
    'PRAGMA journal_mode = DELETE',
    'PRAGMA writable_schema = 1',
    'PRAGMA foreign_keys = 0',
    'PRAGMA defer_foreign_keys = 1',
    'PRAGMA synchronous = 0',
    'PRAGMA page_size = 512',
    'PRAGMA data_version',
    'SELECT * FROM pragma_data_version',
    'CREATE TEMP TABLE x (a)',
    'CREATE TEMP VIEW x AS SELECT 1',
    "SELECT load_extension('x')",
    'INSERT INTO t (a) SELECT total_changes()',
    'INSERT INTO t (a) SELECT sqlite_version()',
    'CREATE TABLE _sqlcc_x (a)',
    'CREATE TABLE x AS SELECT * FROM dbstat',
    'CREATE VIRTUAL TABLE x USING dbstat',
    'CREATE TRIGGER _sqlcc_x AFTER INSERT ON t BEGIN SELECT 1; END',
  ])('refuses %s', (sql) => {
    expect(apply(sql)).toMatchObject({ ok: false, failure: { sqlstate: '42501' } });
  });

  it('refuses to write the schema by hand and to set a counter', () => {
    apply('CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT)');
    apply('INSERT INTO s VALUES (5)');
    expect(apply("UPDATE sqlite_schema SET sql = ''")).toMatchObject({ failure: { sqlstate: '42501' } });
    expect(apply('UPDATE sqlite_sequence SET seq = 9')).toMatchObject({ failure: { sqlstate: '42501' } });
    expect(apply('DELETE FROM sqlite_sequence')).toMatchObject({ ok: true });
  });

  it('lets through what is replicated: schema, full text, statistics, user_version', () => {
    for (const sql of [
      'CREATE VIEW v AS SELECT * FROM t',
      'CREATE INDEX i ON t (a)',
      "CREATE INDEX j ON t (date(a, '+1 day'))",
      'ALTER TABLE t ADD COLUMN b DEFAULT 1',
      'ALTER TABLE t RENAME COLUMN b TO c',
      'CREATE VIRTUAL TABLE f USING fts5(body)',
      "INSERT INTO f VALUES ('a b c')",
      'ANALYZE',
      'REINDEX',
      'PRAGMA user_version = 12',
      'PRAGMA table_info(t)',
      'DROP VIEW v',
    ]) {
      expect(apply(sql), sql).toMatchObject({ ok: true });
    }
  });

  it('hides from writes how an index stores itself, and counts it in no statistics', () => {
    for (const sql of [
      'CREATE VIRTUAL TABLE f USING fts5(body)',
      'CREATE VIRTUAL TABLE g USING fts4(body)',
      'CREATE VIRTUAL TABLE r USING rtree(id, a, b)',
      'CREATE TABLE own_data (id INTEGER PRIMARY KEY, a)',
      'CREATE VIEW v AS SELECT count(*) AS n FROM f_data',
      'CREATE TABLE fires (a)',
      'CREATE TRIGGER tr AFTER INSERT ON fires BEGIN UPDATE t SET a = (SELECT count(*) FROM f_idx); END',
    ]) {
      expect(apply(sql), sql).toMatchObject({ ok: true });
    }
    for (const sql of [
      'INSERT INTO t (a) SELECT count(*) FROM f_data',
      'INSERT INTO t (a) SELECT count(*) FROM "F_Data"',
      'INSERT INTO t (a) VALUES ((SELECT count(*) FROM [f_idx]))',
      'WITH x AS (SELECT * FROM g_segdir) SELECT count(*) FROM x',
      'DELETE FROM t WHERE EXISTS (SELECT 1 FROM r_node)',
      'INSERT INTO t (a) SELECT n FROM v',
      'INSERT INTO fires VALUES (1)',
      'CREATE TABLE copy AS SELECT * FROM g_content',
    ]) {
      expect(apply(sql), sql).toMatchObject({ failure: { sqlstate: '42501' } });
    }
    for (const sql of [
      "INSERT INTO f VALUES ('one two')",
      "INSERT INTO g VALUES ('one two')",
      'INSERT INTO r VALUES (1, 2, 3)',
      "INSERT INTO t (a) SELECT body FROM f WHERE f MATCH 'one'",
      "DELETE FROM f WHERE f MATCH 'two'",
      'INSERT INTO own_data VALUES (1, 2)',
      'INSERT INTO t (a) SELECT a FROM own_data',
      'ANALYZE',
    ]) {
      expect(apply(sql), sql).toMatchObject({ ok: true });
    }
    expect(value('SELECT group_concat(DISTINCT tbl ORDER BY tbl) FROM sqlite_stat1')).toBe('own_data,t');
    expect(store.query([{ sql: 'SELECT count(*) > 0 FROM f_data' }])).toMatchObject({
      results: [{ rows: [[1]] }],
    });
  });

  it('refuses more than one statement in a text, and VACUUM', () => {
    expect(apply('DELETE FROM t; DELETE FROM t')).toMatchObject({ failure: { sqlstate: '42601' } });
    expect(apply('DELETE FROM t; -- done')).toMatchObject({ ok: true });
    expect(apply('VACUUM')).toMatchObject({ ok: false });
  });
});

describe('PinnedFunctions', () => {
  it.each([
    ["datetime('now')", '2024-02-29 12:30:15'],
    ["datetime('NOW', '+1 year')", '2025-03-01 12:30:15'],
    ["datetime('now', 'localtime')", '2024-02-29 12:30:15'],
    ["datetime('now', 'utc')", '2024-02-29 12:30:15'],
    ["time('subsec')", '12:30:15.250'],
    ["strftime('%s')", '1709209815'],
    ['unixepoch()', 1_709_209_815],
    ["datetime(x'6e6f77')", '2024-02-29 12:30:15'],
    ["datetime('now' || char(0) || 'x')", '2024-02-29 12:30:15'],
    ["timediff('now', '2024-02-28')", '+0000-00-01 12:30:15.250'],
    ['CURRENT_DATE', '2024-02-29'],
    ['CURRENT_TIME', '12:30:15'],
    ["date('2023-01-31', '+1 month')", '2023-03-03'],
    ["datetime(1700000000, 'unixepoch')", '2023-11-14 22:13:20'],
    ['date(NULL)', null],
    ["date('nonsense')", null],
  ])('%s is %s', (sql, expected) => {
    expect(value(`SELECT ${sql}`)).toBe(expected);
  });

  it('random draws 64 bits, differs a row and repeats with the seed', () => {
    const draw = (): unknown => apply('SELECT typeof(random()), random() FROM (VALUES (1), (2))');
    const first = draw();
    expect(draw()).toEqual(first);
    expect(value('SELECT count(DISTINCT r) FROM (SELECT random() AS r FROM (VALUES (1), (2), (3)))')).toBe(3);
    expect(value('SELECT length(randomblob(0)) + length(randomblob(9))')).toBe(10);
  });

  it('a function that always means now may not stand in an index', () => {
    expect(apply('CREATE INDEX i ON t (datetime())')).toMatchObject({ failure: { sqlstate: '42P17' } });
    expect(apply('CREATE INDEX i ON t (random())')).toMatchObject({ failure: { sqlstate: '42P17' } });
  });

  it('a stored now in an index leaves no phantom when its key has moved on', () => {
    apply('CREATE INDEX i ON t (datetime(a))');
    apply("INSERT INTO t VALUES (1, 'now')");
    const later = { timestamp: PIN.timestamp + 60_000, seed: 1 };
    const outcome = store.transaction(() => store.apply([{ sql: 'DELETE FROM t WHERE id = 1' }], later));
    expect(outcome).toMatchObject({ ok: true, results: [{ rows_affected: 1 }] });
    expect(value("SELECT count(*) FROM t INDEXED BY i WHERE datetime(a) > '2000'")).toBe(0);
  });

  it('damage that a statement brings about by itself is an answer, not damage of the machine', () => {
    apply("CREATE VIRTUAL TABLE f USING fts5(a, content='t', content_rowid='id')");
    apply("INSERT INTO t VALUES (1, 'one')");
    const check = "INSERT INTO f (f, rank) VALUES ('integrity-check', 1)";
    expect(apply(check)).toMatchObject({ ok: false, failure: { sqlstate: 'XX002' } });
    expect(apply('INSERT INTO t VALUES (2, 2)')).toMatchObject({ ok: true });
  });
});

describe('SqlExecutor', () => {
  it('carries integers, blobs and infinities exactly', () => {
    expect(value('SELECT ?', [{ integer: '9223372036854775807' }])).toBe('9223372036854775807');
    expect(value('SELECT typeof(?)', [5])).toBe('integer');
    expect(value('SELECT typeof(?)', [5.5])).toBe('real');
    expect(value('SELECT ?', [true])).toBe(1);
    expect(value('SELECT ?', [{ base64: 'AAH/' }])).toEqual({ base64: 'AAH/' });
    expect(value('SELECT 9e999')).toBe('Infinity');
    expect(value("SELECT 'a' || char(0) || 'b'")).toBe('a\0b');
    expect(value('SELECT $2 || $1', ['a', 'b'])).toBe('ba');
    expect(value('SELECT ?2 || ?1', ['a', 'b'])).toBe('ba');
    expect(value('SELECT :x || ? || :x', ['a', 'b'])).toBe('aba');
  });

  it('refuses parameters that are too many, too few, or no values', () => {
    expect(apply('SELECT ?', [])).toMatchObject({ failure: { sqlstate: '07001' } });
    expect(apply('SELECT ?', [1, 2])).toMatchObject({ failure: { sqlstate: '07001' } });
    for (const bad of [
      { integer: '9223372036854775808' },
      { integer: '1e3' },
      { base64: '!' },
      {},
      [1],
      undefined,
    ]) {
      expect(apply('SELECT ?', [bad as SqlParam])).toMatchObject({ failure: { sqlstate: '22023' } });
    }
  });

  it('any parameter is stored exactly or refused, and never throws', () => {
    const hostile = fc.anything({ maxDepth: 1, withBigInt: true, withNullPrototype: true });
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.maxSafeInteger(), hostile),
        (param) => {
          const outcome = apply('SELECT ?', [param as SqlParam]);
          if (!outcome.ok) expect(['22023']).toContain(outcome.failure.sqlstate);
          else if (typeof param === 'number')
            expect(outcome.results[0]?.rows[0]?.[0]).toBe(param === 0 ? 0 : param);
          else if (typeof param === 'string' && param.isWellFormed())
            expect(outcome.results[0]?.rows[0]?.[0]).toBe(param);
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);

  it('refuses answers over the limits and undoes what they came with', () => {
    const many = `WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r LIMIT ${LIMITS.maxSqlRows + 1})`;
    expect(apply(`${many} INSERT INTO t (id) SELECT x FROM r RETURNING id`)).toMatchObject({
      failure: { sqlstate: '54000' },
    });
    expect(value('SELECT count(*) FROM t')).toBe(0);
    const wide = 'SELECT hex(zeroblob(4000000)) FROM (VALUES (1), (2), (3))';
    expect(apply(wide)).toMatchObject({ failure: { sqlstate: '54000' } });
    expect(apply('SELECT zeroblob(99999999)')).toMatchObject({ failure: { sqlstate: '54000' } });
  });

  it('maps constraints and mistakes to SQLSTATE', () => {
    apply('CREATE TABLE c (a NOT NULL, b UNIQUE, d CHECK (d > 0), e REFERENCES t)');
    const states: [string, string][] = [
      ['INSERT INTO c (b) VALUES (1)', '23502'],
      ['INSERT INTO c VALUES (1, 1, 0, NULL)', '23514'],
      ['INSERT INTO c VALUES (1, 1, 1, 99)', '23503'],
      ["INSERT INTO t VALUES ('x', 1)", '42804'],
      ['SELEC 1', '42601'],
      ['SELECT nope FROM t', '42703'],
      ['SELECT nope()', '42883'],
      ['DROP INDEX nope', '42704'],
      ['CREATE TABLE t (a)', '42P07'],
      ['SELECT abs(-9223372036854775808)', '22003'],
    ];
    for (const [sql, sqlstate] of states) expect(apply(sql), sql).toMatchObject({ failure: { sqlstate } });
  });

  it('refuses the last row id, behind which SQLite would draw by chance', () => {
    const last = '9223372036854775807';
    expect(apply(`INSERT INTO t (id) VALUES (${last})`)).toMatchObject({ failure: { sqlstate: '54000' } });
    expect(apply(`INSERT INTO t (id) VALUES (${last}), (1)`)).toMatchObject({
      failure: { sqlstate: '54000' },
    });
    expect(apply('INSERT INTO t (id) VALUES (9223372036854775806)')).toMatchObject({ ok: true });
    expect(apply('INSERT INTO t (a) VALUES (1)')).toMatchObject({ failure: { sqlstate: '54000' } });
  });

  it('sees columns that were added after a statement was first prepared', () => {
    apply('INSERT INTO t VALUES (1, 2)');
    const all = { sql: 'SELECT * FROM t' };
    expect(store.query([all])).toMatchObject({ results: [{ columns: ['id', 'a'] }] });
    apply('ALTER TABLE t ADD COLUMN b');
    expect(store.query([all])).toMatchObject({
      results: [{ columns: ['id', 'a', 'b'], rows: [[1, 2, null]] }],
    });
    expect(apply('SELECT * FROM t')).toMatchObject({ results: [{ columns: ['id', 'a', 'b'] }] });
  });
});

describe('createEngine', () => {
  it('says that postgres is not built, with the exit code for it', () => {
    try {
      createEngine('postgres', '/nowhere');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SqlccError);
      expect((error as SqlccError).exitCode).toBe(10);
    }
  });
});

describe('SqliteStore', () => {
  it('throws when the disk is full, and the transaction left nothing', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-full-'));
    const disk = SqliteStore.open(dir);
    try {
      const run = (sql: string): SqlOutcome => disk.transaction(() => disk.apply([{ sql }], PIN));
      run('CREATE TABLE t (a)');
      // SQLite answers SQLITE_FULL at this limit as it does when the file system has no room
      disk.own('PRAGMA max_page_count = 20').get();
      expect(() =>
        disk.transaction(() => {
          disk.apply([{ sql: 'INSERT INTO t VALUES (1)' }], PIN);
          disk.apply([{ sql: 'INSERT INTO t VALUES (zeroblob(1000000))' }], PIN);
        }),
      ).toThrow(expect.objectContaining({ errcode: 13 }));
      disk.own('PRAGMA max_page_count = 4294967294').get();
      expect(run('SELECT count(*) FROM t')).toMatchObject({ results: [{ rows: [[0]] }] });
    } finally {
      disk.close();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
