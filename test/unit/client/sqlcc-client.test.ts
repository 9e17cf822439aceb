import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { SqlccClient, type SqlccClientOptions } from '../../../src/client/index.ts';
import { MemoryCluster, ok, refuse } from './memory-cluster.ts';

const open: SqlccClient[] = [];

function clientOf(cluster: MemoryCluster, options: Partial<SqlccClientOptions> = {}): SqlccClient {
  const client = new SqlccClient({ endpoints: cluster.endpoints, ca: '', ...options }, cluster);
  open.push(client);
  return client;
}

afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

const INSERT = [{ sql: 'INSERT 1' }];

describe('SqlccClient writes', () => {
  it('SqlccClient follows not_leader to the leader and stays there', async () => {
    const cluster = new MemoryCluster(3);
    cluster.elect('10.0.0.3:5433');
    const client = clientOf(cluster);
    await client.sql(INSERT);
    await client.sql(INSERT);
    expect(cluster.seen).toEqual([
      '10.0.0.1:5433 POST /v1/sql',
      '10.0.0.3:5433 POST /v1/sql',
      '10.0.0.3:5433 POST /v1/sql',
    ]);
  });

  it('SqlccClient ends an unkeyed write as outcome_unknown when its answer is lost, and never sends it twice', async () => {
    const cluster = new MemoryCluster(3);
    cluster.afterWrite = () => cluster.kill('10.0.0.1:5433');
    const client = clientOf(cluster);
    await expect(client.sql(INSERT)).rejects.toMatchObject({ code: 'outcome_unknown' });
    cluster.elect('10.0.0.2:5433');
    expect(cluster.log).toEqual(['INSERT 1']);
  });

  it('SqlccClient sends a write that never left to the next node', async () => {
    const cluster = new MemoryCluster(3);
    cluster.kill('10.0.0.1:5433');
    cluster.elect('10.0.0.2:5433');
    await clientOf(cluster).sql(INSERT);
    expect(cluster.log).toEqual(['INSERT 1']);
  });

  it('SqlccClient finds a lost leader that leads anew, also with control calls alone', async () => {
    const cluster = new MemoryCluster(3);
    const [, , third = ''] = cluster.endpoints;
    cluster.elect(third);
    const client = clientOf(cluster, { timeoutMs: 1000 });
    await client.updateNode('n1', { zone: 'a' });
    cluster.kill(third);
    cluster.belief = third;
    await expect(client.updateNode('n1', { zone: 'b' }, { timeoutMs: 50 })).rejects.toBeInstanceOf(Error);
    cluster.down.delete(third);
    cluster.elect(third);
    await client.updateNode('n1', { zone: 'c' });
    expect(cluster.log).toHaveLength(2);
  });

  it('SqlccClient repeats a read whose answer is lost', async () => {
    const cluster = new MemoryCluster(3);
    cluster.afterWrite = () => {
      cluster.afterWrite = null;
      cluster.kill('10.0.0.1:5433');
      setImmediate(() => cluster.elect('10.0.0.2:5433'));
    };
    expect(await clientOf(cluster).sql([{ sql: 'SELECT 1' }])).toMatchObject({ index: 0 });
  });

  it('SqlccClient gives up with unavailable at once when every address refuses and it may fail fast', async () => {
    const cluster = new MemoryCluster(3);
    for (const endpoint of cluster.endpoints) cluster.kill(endpoint);
    const client = clientOf(cluster, { failFast: true });
    // whoever reads it at night must not take one dead node for all
    const all = {
      code: 'unavailable',
      message: expect.stringMatching(/^none of 3 nodes can be reached: .* \(.*, .*, .*\)$/),
    };
    await expect(client.status()).rejects.toMatchObject(all);
    await expect(client.sql(INSERT)).rejects.toMatchObject(all);
  });

  it('SqlccClient tries until its deadline when it is patient', async () => {
    const cluster = new MemoryCluster(1);
    cluster.kill('10.0.0.1:5433');
    const client = clientOf(cluster, { timeoutMs: 60 });
    await expect(client.status()).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('SqlccClient surfaces what the server refuses, with its details', async () => {
    const cluster = new MemoryCluster(1);
    cluster.script = () => refuse(400, 'sql_error', { sqlstate: '42601' });
    await expect(clientOf(cluster).sql(INSERT)).rejects.toMatchObject({
      code: 'sql_error',
      details: { sqlstate: '42601' },
      hint: 'a hint',
    });
  });

  it('SqlccClient pins a call to a node and follows no redirect from there', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    await expect(client.sql(INSERT, { node: 'n2' })).rejects.toMatchObject({ code: 'not_leader' });
    await expect(client.stateHash('n9')).rejects.toMatchObject({ code: 'not_found' });
    await client.stateHash('n1');
    expect(cluster.seen.at(-1)).toBe('10.0.0.1:5433 GET /v1/hash');
  });

  it('SqlccClient learns the other addresses from a node list', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster, { endpoints: ['10.0.0.1:5433'] });
    await client.nodes();
    expect(client.endpoints).toEqual(cluster.endpoints);
  });

  it('SqlccClient asks for the status where the last one said that the leader is', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    const asked = async () => (await client.status({ stale: true })).cluster.read.node_id;
    expect([await asked(), await asked()]).toEqual(['n1', 'n1']);
    cluster.elect('10.0.0.3:5433');
    expect([await asked(), await asked()], 'the former leader says who leads now').toEqual(['n1', 'n3']);
    cluster.kill('10.0.0.3:5433');
    cluster.belief = '10.0.0.3:5433';
    expect([await asked(), await asked()], 'nobody is led back to whom is lost').toEqual(['n1', 'n1']);
  });

  it('SqlccClient is not moved by the status of one node that was asked on purpose', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    cluster.belief = '10.0.0.3:5433';
    await client.status({ stale: true, node: 'n2' });
    expect((await client.status({ stale: true })).cluster.read.node_id).toBe('n1');
  });

  it('SqlccClient refuses to be made without an address', () => {
    expect(() => clientOf(new MemoryCluster(0))).toThrow('endpoint');
  });
});

describe('ClientSession', () => {
  it('ClientSession repeats the same number on the next leader: the write takes effect once', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    const session = await client.openSession();
    cluster.afterWrite = () => {
      cluster.afterWrite = null;
      cluster.kill('10.0.0.1:5433');
      setImmediate(() => cluster.elect('10.0.0.3:5433'));
    };
    expect(await session.sql(INSERT)).toMatchObject({ replayed: true });
    expect(cluster.log).toEqual(['INSERT 1']);
  });

  it('ClientSession is not led back to a lost leader by followers that have not noticed', async () => {
    const cluster = new MemoryCluster(3);
    const client = clientOf(cluster);
    const session = await client.openSession();
    cluster.kill('10.0.0.1:5433');
    cluster.belief = '10.0.0.1:5433';
    const write = session.sql(INSERT);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    cluster.elect('10.0.0.2:5433');
    await write;
    expect(cluster.log).toEqual(['INSERT 1']);
  });

  it('ClientSession ends as outcome_unknown, not as failed, when nobody can tell in time', async () => {
    const cluster = new MemoryCluster(3);
    const session = await clientOf(cluster).openSession();
    cluster.afterWrite = () => cluster.kill('10.0.0.1:5433');
    await expect(session.sql(INSERT, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'outcome_unknown' });
  });

  it('ClientSession says session_expired', async () => {
    const cluster = new MemoryCluster(1);
    const session = await clientOf(cluster).openSession();
    cluster.script = (_, request) =>
      request.path === '/v1/sql' ? refuse(409, 'session_expired') : undefined;
    await expect(session.sql(INSERT)).rejects.toMatchObject({ code: 'session_expired' });
  });

  it('ClientSession numbers its writes in the order of the calls', async () => {
    const cluster = new MemoryCluster(1);
    const numbers: unknown[] = [];
    cluster.script = (_, { path, body }) => {
      if (path === '/v1/sql') numbers.push((body as { seq: number }).seq);
      return undefined;
    };
    const session = await clientOf(cluster).openSession();
    await Promise.all([session.sql(INSERT), session.sql(INSERT), session.sql(INSERT)]);
    expect(numbers).toEqual([1, 2, 3]);
  });
});

describe('ClientSession in flight', () => {
  it('ClientSession lets no number run further ahead than answers are kept', async () => {
    const cluster = new MemoryCluster(1);
    const session = await clientOf(cluster).openSession();
    let highest = 0;
    let isStuck = true;
    cluster.script = (_, { path, body }) => {
      if (path !== '/v1/sql') return undefined;
      const { seq } = body as { seq: number };
      highest = Math.max(highest, seq);
      // the first write is asked again and again: nobody leads for it
      return isStuck && seq === 1 ? refuse(503, 'no_leader') : undefined;
    };
    const many = Array.from({ length: LIMITS.maxSessionInFlight + 100 }, () =>
      session.sql(INSERT, { timeoutMs: 20_000 }),
    );
    await Promise.all(many.slice(1, LIMITS.maxSessionInFlight));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(highest).toBe(LIMITS.maxSessionInFlight);
    isStuck = false;
    await Promise.all(many);
    expect(highest).toBe(many.length);
  });
});

describe('SqlccClient events', () => {
  it('SqlccClient resumes events behind the last one on another node, without gap or repetition', async () => {
    const cluster = new MemoryCluster(3);
    cluster.log.push('one', 'two', 'three', 'four');
    const seen: string[] = [];
    const stop = new AbortController();
    for await (const event of clientOf(cluster).events({ signal: stop.signal })) {
      seen.push(event.message);
      if (event.message === 'two') cluster.kill('10.0.0.1:5433');
      if (event.message === 'four') stop.abort();
    }
    expect(seen).toEqual(['one', 'two', 'three', 'four']);
    expect(cluster.seen.at(-1)).toBe('10.0.0.2:5433 GET /v1/events?after=2');
  });

  it('SqlccClient ends events at the newest one without follow', async () => {
    const cluster = new MemoryCluster(1);
    cluster.log.push('one');
    const seen: string[] = [];
    for await (const event of clientOf(cluster).events({ follow: false })) seen.push(event.message);
    expect(seen).toEqual(['one']);
  });
});

describe('waitOperation', () => {
  it('waitOperation tells each phase once and answers the end', async () => {
    const cluster = new MemoryCluster(1);
    const phases = ['draining', 'draining', 'transferring'];
    let asked = 0;
    cluster.script = () => {
      const phase = phases[asked++];
      const state = phase === undefined ? 'done' : 'running';
      return ok({ operation: { id: 'op-1', state, phase: phase ?? 'done', phases: [] } });
    };
    const told: string[] = [];
    const end = await clientOf(cluster).waitOperation('op-1', { onPhase: (o) => told.push(o.phase) });
    expect(end.state).toBe('done');
    expect(told).toEqual(['draining', 'transferring', 'done']);
  });

  it('waitOperation names the operation that still runs', async () => {
    const cluster = new MemoryCluster(1);
    cluster.script = () => ok({ operation: { id: 'op-1', state: 'running', phase: 'draining', phases: [] } });
    await expect(clientOf(cluster).waitOperation('op-1', { timeoutMs: 10 })).rejects.toMatchObject({
      code: 'deadline_exceeded',
      details: { operation_id: 'op-1' },
    });
  });
});
