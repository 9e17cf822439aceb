import { describe, expect, it } from 'vitest';
import { ENDPOINTS, type EndpointName } from '../../../src/api/index.ts';
import { allows, type Identity, NOBODY, type Role } from '../../../src/auth/index.ts';
import { LIMITS, SqlccError } from '../../../src/base/index.ts';
import { decodeCall } from '../../../src/rpc/call-frames.ts';
import {
  type Call,
  type Denied,
  type Handlers,
  Router,
  type RouterAnswer,
  type RouterOptions,
} from '../../../src/rpc/index.ts';

const as = (role: Role): Identity => ({ kind: 'certificate', role, id: `the ${role}`, serial: '01' });

interface Ask {
  readonly method?: string;
  readonly target: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly value?: unknown;
  readonly read?: (limits: { maxBytes: number; timeoutMs: number }) => Promise<Buffer>;
  readonly identity?: Identity | null;
}

function ask(handlers: Handlers, question: Ask, options: Partial<RouterOptions> = {}): Promise<RouterAnswer> {
  const router = new Router({ handlers, authorize: (who, scope) => allows(who.role, scope), ...options });
  return router.dispatch({
    method: question.method ?? 'GET',
    target: question.target,
    headers: question.headers ?? {},
    body:
      'value' in question
        ? { kind: 'value', value: question.value, bytes: JSON.stringify(question.value).length }
        : { kind: 'bytes', read: question.read ?? (async () => Buffer.from(question.body ?? '')) },
    identity: question.identity === undefined ? as('admin') : question.identity,
    remoteAddress: '192.0.2.1',
    gone: () => new AbortController().signal,
  });
}

function code(answer: RouterAnswer): unknown {
  return (answer.body as { code?: unknown }).code;
}

/** A handler that gives back what it was called with. */
const echo = async (call: Call) => ({
  body: { endpoint: call.endpoint, params: { ...call.params }, query: { ...call.query }, body: call.body },
});

describe('Router matching', () => {
  const handlers: Handlers = {
    getKey: echo,
    putKey: echo,
    listKeys: echo,
    watchKey: echo,
    watchKeys: echo,
    batchKeys: echo,
    livez: echo,
  };

  it.each([
    ['GET', '/v1/kv/a', 'getKey', { key: 'a' }],
    ['GET', '/v1/kv/a%2Fb%20%C3%A9', 'getKey', { key: 'a/b é' }],
    ['GET', '/v1/kv/a?watch=1&after=7', 'watchKey', { key: 'a' }],
    ['GET', '/v1/kv/a?watch=0', 'getKey', { key: 'a' }],
    ['GET', '/v1/kv?prefix=p', 'listKeys', {}],
    ['GET', '/v1/kv?prefix=p&watch', 'watchKeys', {}],
    ['GET', '/v1/kv/batch', 'getKey', { key: 'batch' }],
    ['HEAD', '/livez', 'livez', {}],
    ['GET', '/v1/kv/__proto__', 'getKey', { key: '__proto__' }],
  ])('%s %s is %s', async (method, target, endpoint, params) => {
    const answer = await ask(handlers, { method, target });
    expect(answer.body).toMatchObject({ endpoint, params });
  });

  it.each([
    ['GET', '/v1/kv/', 404],
    ['GET', '/v1/kv/a/b', 404],
    ['GET', '/v2/status', 404],
    ['GET', '//v1/kv', 404],
    ['GET', '', 404],
    ['PATCH', '/v1/kv/a', 405],
    ['POST', '/livez', 405],
    ['GET', '/v1/kv/%', 400],
    ['GET', '/v1/kv/%ff', 400],
  ])('%s "%s" is %s', async (method, target, status) => {
    expect((await ask(handlers, { method, target })).status).toBe(status);
  });

  it('the first of a repeated query parameter counts, and __proto__ is one like any other', async () => {
    const answer = await ask(handlers, { target: '/v1/kv?prefix=a&prefix=b&__proto__=x' });
    expect(answer.body).toMatchObject({ query: { prefix: 'a' } });
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('the client port serves its own endpoints only', async () => {
    const only = { only: 'client-port' } as const;
    expect((await ask({ leader: echo }, { target: '/v1/leader' }, only)).status).toBe(404);
    expect((await ask(handlers, { target: '/v1/kv/a' }, only)).status).toBe(200);
  });
});

describe('Router policy', () => {
  const roles: Role[] = [
    'nobody',
    'metrics',
    'viewer',
    'client',
    'client-ro',
    'operator',
    'admin',
    'observer',
    'voter',
  ];
  const names = Object.keys(ENDPOINTS) as EndpointName[];
  const bodies: Partial<Record<EndpointName, unknown>> = {
    putKey: { value: 'x' },
    batchKeys: { keys: [] },
    sql: { statements: [{ sql: 'select 1' }] },
  };

  it('no handler is reached by a role that the table does not give its scope, on any endpoint', async () => {
    for (const role of roles) {
      for (const name of names) {
        const { method, path, scope } = ENDPOINTS[name];
        const reached: string[] = [];
        const handler = async () => ({ text: `${reached.push(name)}` });
        const handlers: Handlers = { [name]: handler };
        const target = path.replace(/\{\w+\}/, 'x');
        const identity = role === 'nobody' ? NOBODY : as(role);
        const answer = await ask(handlers, { method, target, value: bodies[name] ?? {}, identity });
        if (!allows(role, scope)) {
          expect([name, role, answer.status]).toEqual([name, role, role === 'nobody' ? 401 : 403]);
          expect(reached).toEqual([]);
        } else {
          // a body that its schema refuses is the only other obstacle
          expect([200, 400]).toContain(answer.status);
        }
      }
    }
  });

  it('an operation needs the scope of its kind, whoever asks and whether it is a plan or a run', async () => {
    const kinds = {
      failover: ['operator', 'admin'],
      maintenance: ['operator', 'admin'],
      'remove-node': ['admin'],
      'replace-node': ['admin'],
    } as const;
    for (const [kind, may] of Object.entries(kinds)) {
      for (const role of roles) {
        for (const dry_run of [true, false]) {
          let reached = 0;
          const handlers: Handlers = { runOperation: async () => ({ body: { reached: ++reached } }) };
          const answer = await ask(handlers, {
            method: 'POST',
            target: '/v1/operations',
            value: { kind, node_id: 'n1', to: 'n2', dry_run },
            identity: role === 'nobody' ? NOBODY : as(role),
          });
          const allowed = (may as readonly string[]).includes(role);
          const status = allowed ? 200 : role === 'nobody' ? 401 : 403;
          expect([kind, role, answer.status, reached]).toEqual([kind, role, status, allowed ? 1 : 0]);
        }
      }
    }
  });

  it.each(['maintenance', 'remove-node'])(
    '%s without a node is refused: nobody is the default',
    async (kind) => {
      const answer = await ask(
        { runOperation: echo },
        { method: 'POST', target: '/v1/operations', value: { kind } },
      );
      expect([answer.status, code(answer)]).toEqual([400, 'invalid_argument']);
      expect((answer.body as { message: string }).message).toContain('node_id: ');
    },
  );

  it('credentials that are not valid are refused everywhere, even where none are needed', async () => {
    for (const target of ['/livez', '/v1/status', '/v1/kv/a']) {
      expect((await ask({ livez: echo }, { target, identity: null })).status).toBe(401);
    }
  });

  it('tells who was refused what, whether before or in the handler', async () => {
    const denied: unknown[] = [];
    const onDenied = ({ code, identity, endpoint, remoteAddress }: Denied) =>
      denied.push([code, identity?.id ?? null, endpoint, remoteAddress]);
    const inside = async (): Promise<never> => {
      throw new SqlccError('permission_denied', 'not this one');
    };
    const handlers: Handlers = { sql: inside, leader: echo };
    const sql = { statements: [{ sql: 'delete from t' }] };
    await ask(handlers, { target: '/v1/tokens', identity: as('viewer') }, { onDenied });
    await ask(
      handlers,
      { method: 'POST', target: '/v1/sql', value: sql, identity: as('client-ro') },
      { onDenied },
    );
    await ask(handlers, { target: '/v1/leader', identity: NOBODY }, { onDenied });
    await ask(handlers, { target: '/v1/leader', identity: null }, { onDenied });
    await ask(handlers, { target: '/v1/leader' }, { onDenied });
    await ask(handlers, { target: '/v1/nowhere' }, { onDenied });
    expect(denied).toEqual([
      ['permission_denied', 'the viewer', 'tokens', '192.0.2.1'],
      ['permission_denied', 'the client-ro', 'sql', '192.0.2.1'],
      ['unauthenticated', 'anonymous', 'leader', '192.0.2.1'],
      ['unauthenticated', null, 'leader', '192.0.2.1'],
    ]);
  });

  it('counts control operations by identity, and nothing else', async () => {
    const all = { updateNode: echo, createToken: echo, leader: echo, putKey: echo };
    const router = new Router({ handlers: all, authorize: (who, scope) => allows(who.role, scope) });
    const one = (identity: Identity, method: string, target: string, value: unknown = {}) =>
      router.dispatch({
        ...{ method, target, identity, headers: {}, remoteAddress: '192.0.2.1' },
        body: { kind: 'value', value, bytes: 2 },
        gone: () => new AbortController().signal,
      });
    const many = async (identity: Identity, ...call: [string, string, unknown?]) => {
      const answers = await Promise.all(
        Array.from({ length: 2 * LIMITS.controlCallsPerSecond }, () => one(identity, ...call)),
      );
      return answers.filter((answer) => answer.status === 429).length;
    };
    expect(await many(as('operator'), 'PUT', '/v1/nodes/n1')).toBeGreaterThan(0);
    expect((await one(as('admin'), 'PUT', '/v1/nodes/n1')).status).toBe(200);
    expect(await many(as('admin'), 'GET', '/v1/leader')).toBe(0);
    expect(await many(as('client'), 'PUT', '/v1/kv/a', { value: 'v' })).toBe(0);
  });

  it('the policy is asked before the body is read', async () => {
    const body = '{"__proto__":1}';
    const answer = await ask(
      { putKey: echo },
      { method: 'PUT', target: '/v1/kv/a', body, identity: as('viewer') },
    );
    expect(answer.status).toBe(403);
  });
});

describe('Router bodies', () => {
  const put = { method: 'PUT', target: '/v1/kv/a' };

  it('hands over what the schema parsed', async () => {
    const answer = await ask({ putKey: echo }, { ...put, body: '{"value":"v","extra":1}' });
    expect(answer.body).toMatchObject({ body: { value: 'v' } });
  });

  it.each([
    ['{', 'no JSON'],
    ['{"value":1}', 'value: '],
    ['[]', 'body: '],
    ['{"value":"x","__proto__":{}}', '__proto__'],
    [`{"value":${'['.repeat(40)}${']'.repeat(40)}}`, 'deeper'],
    ['', 'value: '],
  ])('refuses %s with the place', async (body, text) => {
    const answer = await ask({ putKey: echo }, { ...put, body });
    expect([answer.status, code(answer)]).toEqual([400, 'invalid_argument']);
    expect((answer.body as { message: string }).message).toContain(text);
  });

  it('checks a value of a call stream by its schema; its keys and depth were checked with its frame', async () => {
    expect((await ask({ putKey: echo }, { ...put, value: { value: 1 } })).status).toBe(400);
    const frame = (body: string) => decodeCall(Buffer.from(`{"id":1,"m":"PUT","p":"/v1/kv/a","b":${body}}`));
    expect(frame('{"value":"x"}')).not.toBeNull();
    expect(frame('{"value":"x","__proto__":{}}')).toBeNull();
    expect(frame(`${'['.repeat(40)}${']'.repeat(40)}`)).toBeNull();
  });

  it('a body has the size of its endpoint, within the deadline of its request', async () => {
    const asked: [string, number, number][] = [];
    const posts = [
      ['PUT', '/v1/kv/a', LIMITS.maxValueBodyBytes],
      ['POST', '/v1/kv/batch', LIMITS.maxBatchBodyBytes],
      ['POST', '/v1/sql', LIMITS.maxBodyBytes],
      ['PUT', '/v1/config', LIMITS.maxConfigBodyBytes],
      ['POST', '/v1/join', LIMITS.maxPlainBodyBytes],
      ['POST', '/v1/tokens', LIMITS.maxPlainBodyBytes],
    ] as const;
    const all = { putKey: echo, batchKeys: echo, sql: echo, putConfig: echo, join: echo, createToken: echo };
    for (const [method, target] of posts) {
      const read = async (limits: { maxBytes: number; timeoutMs: number }) => {
        asked.push([target, limits.maxBytes, limits.timeoutMs]);
        return Buffer.from('{}');
      };
      await ask(all, { method, target, read, headers: { 'x-sqlcc-timeout-ms': '300' } });
    }
    expect(asked.map(([target, bytes]) => [target, bytes])).toEqual(
      posts.map(([, target, max]) => [target, max]),
    );
    for (const [, , timeoutMs] of asked) expect(timeoutMs).toBeLessThanOrEqual(300);
    const value = { kind: 'join', role: 'x'.repeat(LIMITS.maxPlainBodyBytes) };
    const tooLong = await ask(all, { method: 'POST', target: '/v1/tokens', value });
    expect([tooLong.status, code(tooLong)]).toEqual([400, 'invalid_argument']);
  });

  it('of callers without credentials it reads few bodies at once, each for a short time', async () => {
    const router = new Router({
      handlers: { join: echo },
      authorize: (who, scope) => allows(who.role, scope),
    });
    const timeouts: number[] = [];
    const ends: (() => void)[] = [];
    const join = () =>
      router.dispatch({
        ...{ method: 'POST', target: '/v1/join', headers: { 'x-sqlcc-timeout-ms': '600000' } },
        body: {
          kind: 'bytes',
          read: ({ timeoutMs }) => {
            timeouts.push(timeoutMs);
            return new Promise((resolve) => ends.push(() => resolve(Buffer.from('{}'))));
          },
        },
        ...{ identity: NOBODY, remoteAddress: '192.0.2.1', gone: () => new AbortController().signal },
      });
    const waiting = Array.from({ length: LIMITS.maxAnonymousBodies }, join);
    const refused = await join();
    expect([refused.status, code(refused)]).toEqual([429, 'overloaded']);
    expect(Math.max(...timeouts)).toBeLessThanOrEqual(LIMITS.anonymousBodyMs);
    for (const end of ends.splice(0)) end();
    await Promise.all(waiting);
    const next = join();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    expect((await next).status).toBe(400);
  });

  it('an absent body is an empty document', async () => {
    expect(
      (await ask({ openSession: echo }, { method: 'POST', target: '/v1/sessions', body: '' })).status,
    ).toBe(200);
  });
});

describe('Router errors', () => {
  const failing = (error: unknown): Handlers => ({
    putKey: () => Promise.reject(error),
    leader: () => Promise.reject(error),
  });
  const put = { method: 'PUT', target: '/v1/kv/a%2F?x=1', body: '{"value":"v"}' };

  it('not_leader leads to the same path at the leader', async () => {
    const leader = { node_id: 'n2', host: '::1', port: 5433 };
    const answer = await ask(failing(new SqlccError('not_leader', 'ask n2', { details: { leader } })), put);
    expect([answer.status, answer.headers['location']]).toEqual([307, 'https://[::1]:5433/v1/kv/a%2F?x=1']);
    expect(answer.body).toMatchObject({ code: 'not_leader', details: { leader }, retryable: true });
  });

  it('not_leader on the client port leads to the client port of the leader', async () => {
    const leader = { node_id: 'n2', host: 'h2', port: 5433, client_port: 5432 };
    const failed = failing(new SqlccError('not_leader', 'ask n2', { details: { leader } }));
    const answer = await ask(failed, put, { only: 'client-port' });
    expect([answer.status, answer.headers['location']]).toEqual([307, 'https://h2:5432/v1/kv/a%2F?x=1']);
    const unknown = failing(
      new SqlccError('not_leader', 'ask n2', { details: { leader: { host: 'h2', port: 1 } } }),
    );
    expect((await ask(unknown, put, { only: 'client-port' })).headers['location']).toBeUndefined();
  });

  it.each([
    ['no_leader', 503, '1'],
    ['overloaded', 429, '1'],
    ['precondition_failed', 412, undefined],
    ['conflict', 409, undefined],
    ['outcome_unknown', 504, undefined],
    ['sql_error', 400, undefined],
  ] as const)('%s is %s', async (errorCode, status, retryAfter) => {
    const answer = await ask(failing(new SqlccError(errorCode, 'why')), put);
    expect([answer.status, code(answer), answer.headers['retry-after']]).toEqual([
      status,
      errorCode,
      retryAfter,
    ]);
  });

  it('a bug is internal, is reported, and its text stays inside', async () => {
    const bugs: unknown[] = [];
    const bug = new Error('password=hunter2 at /etc/x');
    const answer = await ask(failing(bug), put, { onBug: (error) => bugs.push(error) });
    expect([answer.status, code(answer)]).toEqual([500, 'internal']);
    expect(JSON.stringify(answer)).not.toMatch(/hunter2|etc/);
    expect(bugs).toEqual([bug]);
  });

  it('an endpoint without a handler is not_implemented', async () => {
    expect((await ask({}, { target: '/v1/leader' })).status).toBe(501);
  });
});

describe('Router deadlines', () => {
  it('remainingMs comes from the header and never grows', async () => {
    const handlers: Handlers = { leader: async (call) => ({ body: { ms: call.remainingMs() } }) };
    const ms = async (headers: Record<string, string>) =>
      ((await ask(handlers, { target: '/v1/leader', headers })).body as { ms: number }).ms;
    expect(await ms({})).toBeGreaterThan(4900);
    expect(await ms({ 'x-sqlcc-timeout-ms': '200' })).toBeLessThanOrEqual(200);
    expect(await ms({ 'x-sqlcc-timeout-ms': '1e12' })).toBeLessThanOrEqual(600_000);
  });

  it.each(['', 'soon', '-1', '0', 'NaN', 'Infinity'])('refuses "%s" as a deadline', async (text) => {
    const answer = await ask(
      { leader: echo },
      { target: '/v1/leader', headers: { 'x-sqlcc-timeout-ms': text } },
    );
    expect(answer.status).toBe(400);
  });

  it('overrules a handler that does not end, and aborts it: unknown for a write, exceeded for a read', async () => {
    const aborted: string[] = [];
    const hang = (call: Call) =>
      new Promise<never>(() => call.signal.addEventListener('abort', () => aborted.push(call.endpoint)));
    const headers = { 'x-sqlcc-timeout-ms': '1' };
    const handlers: Handlers = { leader: hang, putKey: hang };
    const read = await ask(handlers, { target: '/v1/leader', headers });
    const write = await ask(handlers, { method: 'PUT', target: '/v1/kv/a', body: '{"value":"v"}', headers });
    expect([code(read), code(write)]).toEqual(['deadline_exceeded', 'outcome_unknown']);
    expect(aborted).toEqual(['leader', 'putKey']);
  });
});
