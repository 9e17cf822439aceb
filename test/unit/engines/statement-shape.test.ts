import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokens } from '../../../src/engines/sqlite/lexer.ts';
import { shapeOf } from '../../../src/engines/sqlite/statement-shape.ts';

describe('shapeOf', () => {
  it.each([
    ['SELECT 1', 'SELECT', false],
    ["  -- DELETE\n /* INSERT */ select 'DELETE FROM t'", 'SELECT', false],
    ['WITH x AS (SELECT 1) SELECT * FROM x', 'SELECT', false],
    ['WITH x AS (SELECT 1) DELETE FROM t', 'DELETE', true],
    ['WITH RECURSIVE r(x) AS (SELECT 1) INSERT INTO t SELECT x FROM r RETURNING *', 'INSERT', true],
    ['WITH replace AS (SELECT 1) REPLACE INTO t SELECT * FROM replace', 'REPLACE', true],
    ["WITH x AS (SELECT 1) SELECT replace('a', 'b', 'c')", 'SELECT', false],
    ['VALUES (1), (2)', 'VALUES', false],
    ['EXPLAIN QUERY PLAN DELETE FROM t', 'EXPLAIN', false],
    ['PRAGMA table_info(t)', 'PRAGMA', false],
    ['PRAGMA user_version', 'PRAGMA', false],
    ['PRAGMA user_version = 4', 'PRAGMA', true],
    ['REPLACE INTO t VALUES (1)', 'REPLACE', true],
    ['CREATE TABLE t (a)', 'CREATE', true],
  ])('%s', (sql, verb, writes) => {
    expect(shapeOf(sql)).toMatchObject({ verb, writes, refusal: null });
  });

  it.each([
    ['BEGIN', '0A000'],
    ['commit', '0A000'],
    ['SAVEPOINT x', '0A000'],
    ['', '42601'],
    ['-- nothing', '42601'],
    ['INSERT OR ROLLBACK INTO t VALUES (1)', '0A000'],
    ['CREATE TABLE t (a UNIQUE ON CONFLICT ROLLBACK)', '0A000'],
    ['CREATE TABLE t (a REFERENCES u DEFERRABLE INITIALLY DEFERRED)', '0A000'],
    ["CREATE INDEX i ON t (datetime(a, 'now'))", '42P17'],
    ["CREATE TABLE t (a, b AS (date('NOW')))", '42P17'],
  ])('refuses %s', (sql, sqlstate) => {
    expect(shapeOf(sql).refusal?.sqlstate).toBe(sqlstate);
  });

  it('knows the places of parameters as SQLite numbers them', () => {
    expect(shapeOf('SELECT ?, ?, \'?\', "?", [?] -- ?').params).toEqual([null, null]);
    expect(shapeOf('SELECT ?2, ?1').params).toEqual([null, null]);
    expect(shapeOf('SELECT $b, :a, $b, @c').params).toEqual(['$b', ':a', '@c']);
  });

  it('takes only rows of literals for plain values', () => {
    expect(shapeOf('INSERT INTO t VALUES (?, 1)').plainValues).toBe(true);
    expect(shapeOf('INSERT INTO t VALUES ((SELECT 1))').plainValues).toBe(false);
    expect(shapeOf('INSERT INTO t SELECT 1').plainValues).toBe(false);
  });
});

describe('tokens', () => {
  it('cover any text in order, without overlap', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sql) => {
        let end = 0;
        for (const token of tokens(sql)) {
          expect(token.at).toBeGreaterThanOrEqual(end);
          end = token.at + token.text.length;
          expect(token.text.length).toBeGreaterThan(0);
        }
        expect(shapeOf(sql).verb).toBeTypeOf('string');
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});
