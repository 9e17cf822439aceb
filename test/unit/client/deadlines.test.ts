import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { SqlccClient, type SqlccClientOptions } from '../../../src/client/index.ts';
import { within } from '../../../src/client/within.ts';
import { MemoryCluster, ok } from './memory-cluster.ts';

const FIRST = '10.0.0.1:5433';
const INSERT = [{ sql: 'INSERT 1' }];
const open: SqlccClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

function clientOf(cluster: MemoryCluster, options: Partial<SqlccClientOptions> = {}): SqlccClient {
  const client = new SqlccClient({ endpoints: cluster.endpoints, ca: '', ...options }, cluster);
  open.push(client);
  return client;
}

/** Kills the leader behind its next write: the answer is lost, `then` happens, another one leads. */
function loseAnswer(cluster: MemoryCluster, then: () => void = () => {}): void {
  cluster.afterWrite = () => {
    cluster.afterWrite = null;
    cluster.kill(FIRST);
    then();
    setImmediate(() => cluster.elect('10.0.0.2:5433'));
  };
}

describe('SqlccClient writes that carry no session', () => {
  it('putConfig is bound to the version that was active when it was called', async () => {
    const cluster = new MemoryCluster(3);
    const bodies: unknown[] = [];
    cluster.script = (_, { method, body }) => {
      if (method === 'PUT') bodies.push((body as { if_version?: number }).if_version);
      return undefined;
    };
    expect(await clientOf(cluster).putConfig({ text: 'mine' })).toMatchObject({ version: 2 });
    await clientOf(cluster).putConfig({ text: 'dry', dryRun: true });
    expect(bodies).toEqual([1, undefined]);
  });

  it('putConfig does not overwrite another writer when it repeats after a lost answer', async () => {
    const cluster = new MemoryCluster(3);
    loseAnswer(cluster, () => {
      cluster.config = { version: 3, text: 'theirs' };
    });
    await expect(clientOf(cluster).putConfig({ text: 'mine' })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(cluster.config).toEqual({ version: 3, text: 'theirs' });
  });

  it('putConfig says conflict when nobody can have moved the version but another writer', async () => {
    const cluster = new MemoryCluster(1);
    cluster.config = { version: 5, text: 'theirs' };
    await expect(clientOf(cluster).putConfig({ text: 'mine', ifVersion: 4 })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('rollbackConfig and activateConfig are bound to the version that was active, and say for how long', async () => {
    const cluster = new MemoryCluster(1);
    const asked: [string, unknown][] = [];
    cluster.script = (_endpoint, { method, path, body }) => {
      if (method === 'GET') return undefined;
      asked.push([`${method} ${path}`, body]);
      return { status: 200, headers: {}, body: {} };
    };
    cluster.config = { version: 4, text: 'four' };
    const client = clientOf(cluster);
    await client.rollbackConfig(2, { reason: 'why', confirmWithinMs: 60_000 });
    await client.activateConfig(3, { ifVersion: 7 });
    await client.confirmConfig();
    expect(asked).toEqual([
      ['POST /v1/config/versions/2/rollback', { reason: 'why', if_version: 4, confirm_within_ms: 60_000 }],
      ['POST /v1/config/versions/3/activate', { if_version: 7 }],
      ['POST /v1/config/confirm', {}],
    ]);
  });

  it('putConfig is sent again when its first attempt never took effect', async () => {
    const cluster = new MemoryCluster(3);
    let lost = false;
    cluster.script = (endpoint, { method }) => {
      if (method !== 'PUT' || lost) return undefined;
      lost = true;
      cluster.kill(endpoint);
      cluster.elect('10.0.0.2:5433');
      return ok(null);
    };
    expect(await clientOf(cluster).putConfig({ text: 'mine' })).toMatchObject({ version: 2 });
    expect(cluster.config.text).toBe('mine');
  });

  it('updateNode is not repeated after a lost answer', async () => {
    const cluster = new MemoryCluster(3);
    loseAnswer(cluster);
    await expect(clientOf(cluster).updateNode('n2', { zone: 'a' })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect(cluster.log).toEqual(['PUT /v1/nodes/n2']);
  });
});

describe('deadlines', () => {
  it('a deadline includes the opening of a call stream, and nothing has been sent', async () => {
    const cluster = new MemoryCluster(1);
    cluster.frozen.add(FIRST);
    const began = performance.now();
    const failed = clientOf(cluster).sql(INSERT, { timeoutMs: 50 });
    // an unkeyed write: were it doubtful, it would be outcome_unknown
    await expect(failed).rejects.toMatchObject({ code: 'unavailable', details: { sent: false } });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('a call to a named node spends one deadline on finding its address and asking it', async () => {
    const cluster = new MemoryCluster(2);
    const told: number[] = [];
    cluster.script = (_, { headers }) => {
      told.push(Number(headers['x-sqlcc-timeout-ms']));
      return undefined;
    };
    await clientOf(cluster).sql([{ sql: 'SELECT 1' }], { node: 'n1', timeoutMs: 1000 });
    expect(told).toHaveLength(2);
    for (const ms of told) expect(ms).toBeLessThanOrEqual(1000);
  });

  it('a write of a full session waits no longer than its deadline', async () => {
    const cluster = new MemoryCluster(1);
    const session = await clientOf(cluster).openSession();
    cluster.frozen.add(FIRST);
    cluster.script = () => {
      cluster.kill(FIRST);
      return undefined;
    };
    const stop = new AbortController();
    const many = Array.from({ length: LIMITS.maxSessionInFlight }, () =>
      session.sql(INSERT, { timeoutMs: 5000, signal: stop.signal }),
    );
    const settled = Promise.allSettled(many);
    await expect(session.sql(INSERT, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'overloaded' });
    stop.abort();
    await settled;
  });
});

describe('a node that is slow to take a connection', () => {
  const shortly = { failFast: true, timeoutMs: 2000 };

  it('is waited for, however fast the client may fail', async () => {
    const cluster = new MemoryCluster(1);
    cluster.late.add(FIRST);
    const asked = clientOf(cluster, shortly).leader();
    asked.catch(() => {}); // looked at below
    await new Promise((resolve) => setTimeout(resolve, 50));
    cluster.late.clear();
    expect(await asked).toMatchObject({ leader_id: FIRST });
  });

  it('is waited for half of the time, and what it waited is told', async () => {
    const cluster = new MemoryCluster(2);
    cluster.late.add(FIRST);
    cluster.down.add('10.0.0.2:5433');
    const began = performance.now();
    const asked = clientOf(cluster, { ...shortly, timeoutMs: 400 }).leader();
    const error = await asked.catch((caught: unknown) => caught);
    expect(performance.now() - began).toBeGreaterThanOrEqual(199);
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/none of 2 nodes/) });
  });

  it('keeps nobody from the others', async () => {
    const cluster = new MemoryCluster(3);
    cluster.late.add(FIRST);
    expect(await clientOf(cluster, shortly).leader()).toMatchObject({ leader_id: FIRST });
    expect(cluster.seen).toEqual(['10.0.0.2:5433 GET /v1/leader']);
  });

  it('and of a pinned call is named with the time and what to do', async () => {
    const cluster = new MemoryCluster(1);
    const client = clientOf(cluster, { ...shortly, timeoutMs: 100 });
    await client.status();
    cluster.late.add(FIRST);
    await expect(client.leader({ node: 'n1' })).rejects.toMatchObject({
      message: expect.stringMatching(/^10\.0\.0\.1:5433 cannot be reached: no connection within \d+ ms$/),
      hint: expect.stringContaining('longer timeout'),
    });
  });
});

describe('signals', () => {
  it('a signal ends a data call while its call stream is being opened', async () => {
    const cluster = new MemoryCluster(1);
    cluster.frozen.add(FIRST);
    const stop = new AbortController();
    const call = clientOf(cluster).sql(INSERT, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('a signal ends a data call that waits for its answer', async () => {
    const cluster = new MemoryCluster(1);
    const stop = new AbortController();
    cluster.script = () => {
      stop.abort();
      return undefined;
    };
    await expect(clientOf(cluster).sql(INSERT, { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    });
  });

  it('a signal ends the search for a leader', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    const session = await client.openSession();
    cluster.kill(FIRST);
    const stop = new AbortController();
    const call = session.sql(INSERT, { signal: stop.signal });
    setTimeout(() => stop.abort(), 10);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('within', () => {
  it('within ends with whatever comes first, and answers what the work answers', async () => {
    expect(await within(Promise.resolve(7), { timeoutMs: 1000 })).toBe(7);
    await expect(within(Promise.reject(new Error('own')), { timeoutMs: 1000 })).rejects.toThrow('own');
    const never = new Promise<never>(() => {});
    const late = () => ({ code: 'late' }) as never;
    await expect(within(never, { timeoutMs: 1, late })).rejects.toMatchObject({ code: 'late' });
    await expect(within(never, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  });
});
