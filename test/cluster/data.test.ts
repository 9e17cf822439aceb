/** Keys, SQL and sessions on a real cluster: conditions, levels, limits, types, atomicity. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/base/index.ts';
import { clientOf, followerOf, leaderOf, refusal, sharedCluster, sqlccOn, until } from './harness.ts';
import { HttpCaller } from './http-caller.ts';

const shared = sharedCluster(3);

describe('keys and values', () => {
  it('compare versions: If-Match answers 412, --if-version exits 9, 0 means "must not exist"', async () => {
    const cluster = shared();
    const { kv } = cluster.client();
    const first = await kv.put('cas', 'one', { ifVersion: 0 });
    expect((await refusal(kv.put('cas', 'two', { ifVersion: 0 }))).code).toBe('precondition_failed');
    const second = await kv.put('cas', 'two', { ifVersion: first.version });
    expect(second.version).toBeGreaterThan(first.version);

    const caller = new HttpCaller(cluster);
    const leader = await leaderOf(cluster);
    const stale = { headers: { 'if-match': `"${first.version}"` } };
    const put = await caller.ask(leader, 'PUT', '/v1/kv/cas', { ...stale, body: { value: 'three' } });
    expect(put.status).toBe(412);
    expect(put.body).toMatchObject({ code: 'precondition_failed', retryable: false });
    expect((await caller.ask(leader, 'DELETE', '/v1/kv/cas', stale)).status).toBe(412);
    const nonsense = { headers: { 'if-match': '"x"' }, body: { value: 'v' } };
    expect((await caller.ask(leader, 'PUT', '/v1/kv/cas', nonsense)).status).toBe(400);
    await caller.close();

    const ran = await sqlccOn(cluster, ['kv', 'put', 'cas', 'three', '--if-version', `${first.version}`]);
    expect(ran.code).toBe(9);
    expect(ran.stderr).toMatch(/^error\[precondition_failed\]: /);
    expect((await kv.get('cas')).value).toBe('two');
    expect((await kv.delete('cas', { ifVersion: second.version })).deleted).toBe(true);
    expect((await kv.delete('cas')).deleted).toBe(false);
    expect((await sqlccOn(cluster, ['kv', 'get', 'cas'])).code).toBe(11);
  });

  it('lists by prefix with a limit, reads a batch at one index, and refuses what is too long', async () => {
    const { kv } = shared().client();
    await Promise.all(['a', 'b', 'c'].map((k) => kv.put(`list/${k}`, k)));
    await kv.put('list0', 'behind the prefix');
    const all = await kv.list({ prefix: 'list/' });
    expect(all.items.map((i) => i.key)).toEqual(['list/a', 'list/b', 'list/c']);
    expect(await kv.list({ prefix: 'list/', limit: 2 })).toMatchObject({ truncated: true });
    const batch = await kv.batch(['list/c', 'nothing', 'list/a']);
    expect(batch.items.map((i) => i.value).toSorted()).toEqual(['a', 'c']);
    expect(batch.missing).toEqual(['nothing']);
    const long = 'k'.repeat(LIMITS.maxKeyBytes + 1);
    expect((await refusal(kv.put(long, 'v'))).code).toBe('invalid_argument');
    const big = await refusal(kv.put('big', 'v'.repeat(LIMITS.maxValueBytes + 1)));
    expect(big.code).toBe('invalid_argument');
    const name = 'ключ/ 鍵?#%&"';
    await kv.put(name, 'exotic');
    expect((await kv.get(name)).value).toBe('exotic');
  });
});

describe('SQL', () => {
  const sql = (text: string, ...params: unknown[]) => [{ sql: text, params: params as never }];

  it('is all or nothing for the statements of one request', async () => {
    const client = shared().client();
    await client.sql(sql('CREATE TABLE atom (n INTEGER PRIMARY KEY)'));
    const error = await refusal(
      client.sql([
        { sql: 'INSERT INTO atom VALUES (1)' },
        { sql: 'INSERT INTO atom VALUES (2)' },
        { sql: 'INSERT INTO atom VALUES (1)' },
      ]),
    );
    expect(error).toMatchObject({ code: 'sql_error', details: { statement: 2 } });
    const { results } = await client.sql(sql('SELECT count(*) FROM atom'));
    expect(results[0]?.rows).toEqual([[0]]);
  });

  it('keeps integers over 2^53, blobs, nulls and texts of any script', async () => {
    const client = shared().client();
    await client.sql(sql('CREATE TABLE kinds (i INTEGER, r REAL, t TEXT, b BLOB, n TEXT)'));
    const row = [{ integer: '9007199254740993' }, 1.5, '名前 🚀 \u0000 end', { base64: 'AP8Q' }, null];
    await client.sql(sql('INSERT INTO kinds VALUES (?, ?, ?, ?, ?)', ...row));
    const { results } = await client.sql(sql('SELECT * FROM kinds'));
    expect(results[0]?.rows).toEqual([
      ['9007199254740993', 1.5, '名前 🚀 \u0000 end', { base64: 'AP8Q' }, null],
    ]);
    const least = await client.sql(sql('SELECT -9223372036854775808, 9007199254740991'));
    expect(least.results[0]?.rows).toEqual([['-9223372036854775808', 9007199254740991]]);
  });

  it('refuses what would break replicas apart or leave the database', async () => {
    const client = shared().client();
    const forbidden = [
      "ATTACH DATABASE 'x.db' AS x",
      'BEGIN',
      'COMMIT',
      'PRAGMA journal_mode = DELETE',
      'VACUUM',
      "SELECT load_extension('x')",
      'INSERT INTO sqlite_master VALUES (1)',
    ];
    for (const text of forbidden) {
      const error = await refusal(client.sql(sql(text)));
      expect.soft(error.code, text).toBe('sql_error');
    }
    const syntax = await refusal(client.sql(sql('SELEC 1')));
    expect(syntax).toMatchObject({
      code: 'sql_error',
      details: { statement: 0, sqlstate: expect.any(String) },
    });
    const long = await refusal(client.sql(sql(`SELECT '${'x'.repeat(LIMITS.maxSqlBytes)}'`)));
    expect(long.code).toBe('sql_error');
    const many = Array.from({ length: LIMITS.maxSqlStatements + 1 }, () => ({ sql: 'SELECT 1' }));
    expect((await refusal(client.sql(many))).code).toBe('invalid_argument');
  });

  it('refuses results beyond the limit of rows instead of cutting them', async () => {
    const client = shared().client();
    const rows = (n: number) =>
      sql(`WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ${n}) SELECT x FROM c`);
    const error = await refusal(client.sql(rows(LIMITS.maxSqlRows + 1), { timeoutMs: 30_000 }));
    expect(error.code).toBe('sql_error');
    const fits = await client.sql(rows(1000));
    expect(fits.results[0]?.rows).toHaveLength(1000);
  });

  it('gives time and chance of one statement the same value on every node', async () => {
    const cluster = shared();
    const client = cluster.client();
    await client.sql(sql('CREATE TABLE chance (r, t)'));
    await client.sql(sql("INSERT INTO chance VALUES (random(), strftime('%f', 'now'))"));
    const seen = await until('the row everywhere', async () => {
      const all = await Promise.all(
        cluster.nodes.map((n) =>
          client.sql(sql('SELECT r, t FROM chance'), { level: 'none', node: n.nodeId }),
        ),
      );
      return all.every((a) => a.results[0]?.rows.length === 1) ? all.map((a) => a.results[0]?.rows[0]) : null;
    });
    expect(new Set(seen.map((row) => JSON.stringify(row))).size).toBe(1);
  });
});

describe('reads', () => {
  it('say how they were read at each of the four levels', async () => {
    const cluster = shared();
    const client = cluster.client();
    const put = await client.kv.put('level', 'v1');
    const [leader, follower] = [await leaderOf(cluster), await followerOf(cluster)];
    const strict = await client.kv.get('level', { node: follower });
    expect(strict).toMatchObject({ value: 'v1', read: { mode: 'quorum', age_ms: 0, node_id: follower } });
    const session = await client.kv.get('level', { level: 'session', minIndex: put.version, node: follower });
    expect(session).toMatchObject({ value: 'v1', read: { mode: 'stale', node_id: follower } });
    expect(session.read.applied_index).toBeGreaterThanOrEqual(put.version);
    const weak = await client.kv.get('level', { level: 'weak', node: leader });
    expect(weak.read.node_id).toBe(leader);
    const none = await client.kv.get('level', { level: 'none', node: follower });
    expect(none.read).toMatchObject({ mode: 'stale', node_id: follower });
    const caller = new HttpCaller(cluster);
    const elsewhere = await caller.ask(follower, 'GET', '/v1/kv/level?level=weak');
    expect(elsewhere.status).toBe(307);
    expect(elsewhere.body).toMatchObject({ code: 'not_leader', details: { leader: { node_id: leader } } });
    for (const query of ['level=sometimes', 'level=session', 'level=none&min_index=-1']) {
      expect((await caller.ask(follower, 'GET', `/v1/kv/level?${query}`)).status).toBe(400);
    }
    await caller.close();
  });
});

describe('sessions', () => {
  it('answer a repeated write from memory and mark it replayed', async () => {
    const cluster = shared();
    const client = cluster.client();
    await client.sql([{ sql: 'CREATE TABLE once (n INTEGER)' }]);
    const { id } = await client.openSession();
    const caller = new HttpCaller(cluster);
    const leader = await leaderOf(cluster);
    const body = { statements: [{ sql: 'INSERT INTO once VALUES (7)' }], session: id, seq: 1 };
    const [first, second] = [
      await caller.ask(leader, 'POST', '/v1/sql', { body }),
      await caller.ask(leader, 'POST', '/v1/sql', { body }),
    ];
    expect(first.body['replayed']).toBeUndefined();
    expect(second.body).toMatchObject({ replayed: true });
    expect(second.body['results']).toEqual(first.body['results']);
    expect(second.body['index']).toBe(first.body['index']);
    const headers = { 'x-sqlcc-session': id, 'x-sqlcc-seq': '2' };
    const put = { headers, body: { value: 'v' } };
    const one = await caller.ask(leader, 'PUT', '/v1/kv/once', put);
    const two = await caller.ask(leader, 'PUT', '/v1/kv/once', put);
    expect(two.body).toEqual({ ...one.body, replayed: true });
    const { statements } = body;
    const named = { headers: { ...headers, 'x-sqlcc-seq': '3' }, body: { statements } };
    const three = await caller.ask(leader, 'POST', '/v1/sql', named);
    const four = await caller.ask(leader, 'POST', '/v1/sql', named);
    expect(three.body['replayed']).toBeUndefined();
    expect(four.body).toMatchObject({ replayed: true, results: three.body['results'] });
    const both = await caller.ask(leader, 'POST', '/v1/sql', { headers, body });
    expect(both.body).toMatchObject({ code: 'invalid_argument' });
    const { results } = await client.sql([{ sql: 'SELECT count(*) FROM once' }]);
    expect(results[0]?.rows).toEqual([[2]]);
    // where nothing is remembered nothing is promised
    const control = { headers, body: { kind: 'access', role: 'viewer' } };
    const token = await caller.ask(leader, 'POST', '/v1/tokens', control);
    expect(token.body).toMatchObject({ code: 'invalid_argument' });
    expect(token.body['message']).toMatch(/sessions are for SQL and key-values/);

    const unknown = { ...body, session: 'never-opened' };
    const expired = await caller.ask(leader, 'POST', '/v1/sql', { body: unknown });
    expect(expired.body).toMatchObject({ code: 'session_expired' });
    const half = await caller.ask(leader, 'POST', '/v1/sql', { body: { ...body, seq: undefined } });
    expect(half.status).toBe(400);
    await caller.close();
  });
});

describe('roles', () => {
  it('client-ro reads and is refused a write, in SQL too', async () => {
    const cluster = shared();
    await cluster.client().sql([{ sql: 'CREATE TABLE ro (n INTEGER)' }]);
    const { token } = await cluster.client().createToken({ kind: 'access', role: 'client-ro' });
    const reader = clientOf(cluster, { token, failFast: true });
    expect((await reader.sql([{ sql: 'SELECT count(*) FROM ro' }])).results[0]?.rows).toEqual([[0]]);
    const insert = reader.sql([{ sql: 'INSERT INTO ro VALUES (1)' }]);
    expect((await refusal(insert)).code).toBe('permission_denied');
    // a read in front does not hide it
    const hidden = reader.sql([{ sql: 'SELECT 1' }, { sql: 'DELETE FROM ro' }]);
    expect((await refusal(hidden)).code).toBe('permission_denied');
    expect((await refusal(reader.kv.put('k', 'v'))).code).toBe('permission_denied');
  });
});
