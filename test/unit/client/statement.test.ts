import { describe, expect, it } from 'vitest';
import { ENDPOINTS } from '../../../src/api/index.ts';
import { ROUTES, routeOf } from '../../../src/client/routes.ts';
import { isReadOnly } from '../../../src/client/statement.ts';

const one = (sql: string) => isReadOnly([{ sql }]);

describe('isReadOnly', () => {
  it.each(['SELECT 1', '  select 1;', '-- why\nSELECT 1', '/* x */ VALUES (1)', 'EXPLAIN DELETE FROM t'])(
    'isReadOnly is sure of %j',
    (sql) => {
      expect(one(sql)).toBe(true);
    },
  );

  it.each([
    'INSERT INTO t VALUES (1)',
    'WITH x AS (SELECT 1) DELETE FROM t',
    'SELECT 1; DELETE FROM t',
    '',
    '-- SELECT 1',
    'selected',
  ])('isReadOnly is not sure of %j', (sql) => {
    expect(one(sql)).toBe(false);
  });

  it('isReadOnly asks for all statements', () => {
    expect(isReadOnly([{ sql: 'SELECT 1' }, { sql: 'DELETE FROM t' }])).toBe(false);
  });
});

describe('ROUTES', () => {
  it('ROUTES has the method and path of every endpoint', () => {
    const table = Object.fromEntries(
      Object.entries(ENDPOINTS).map(([name, e]) => [name, `${e.method} ${e.path}`]),
    );
    expect(ROUTES).toEqual(table);
  });

  it('routeOf encodes what a person may have typed', () => {
    expect(routeOf('getKey', { key: 'a/b ü?&' }, { level: 'weak', min_index: undefined })).toEqual({
      method: 'GET',
      path: '/v1/kv/a%2Fb%20%C3%BC%3F%26?level=weak',
    });
  });

  it('routeOf marks a watch', () => {
    expect(routeOf('watchKeys', {}, { prefix: 'a', after: 3 }).path).toBe('/v1/kv?watch=1&prefix=a&after=3');
  });
});
