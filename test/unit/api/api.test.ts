import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Endpoint, EndpointName } from '../../../src/api/index.ts';
import {
  API_PREFIX,
  ENDPOINTS,
  errorFromWire,
  errorToWire,
  openApiDocument,
} from '../../../src/api/index.ts';
import { errorBody } from '../../../src/api/schemas/common.ts';
import { ERROR_CODES, ERROR_TABLE, SqlccError } from '../../../src/base/index.ts';

const rows = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][];

describe('ENDPOINTS', () => {
  it('has each method and path once', () => {
    const places = rows.map(([, e]) => `${e.method} ${e.path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it('asks for a scope on everything but the probes and the door for new nodes', () => {
    const open = rows.filter(([, e]) => e.scope === 'public' || e.scope === 'join').map(([name]) => name);
    expect(open.sort()).toEqual(['join', 'livez', 'readyz']);
  });

  it('sends writes to the leader and never reads', () => {
    const reads = rows.filter(([, e]) => e.method === 'GET');
    expect(reads.filter(([, e]) => e.leaderOnly === true)).toEqual([]);
    const changes = rows.filter(([, e]) => e.method === 'PUT' || e.method === 'DELETE');
    expect(changes.filter(([, e]) => e.leaderOnly !== true)).toEqual([]);
  });

  it('serves only data on the port of clients', () => {
    const scopes = new Set(rows.filter(([, e]) => e.clientPort === true).map(([, e]) => e.scope));
    expect([...scopes].sort()).toEqual(['read-data', 'write-data']);
  });

  it('has no body for GET and DELETE, and one for the rest', () => {
    for (const [name, e] of rows) {
      expect([name, e.request === null]).toEqual([name, e.method === 'GET' || e.method === 'DELETE']);
    }
  });
});

describe('errorToWire and errorFromWire', () => {
  it.each(ERROR_CODES)('carry %s there and back', (code) => {
    const error = new SqlccError(code, 'it happened', { details: { a: 1 }, hint: 'do this' });
    const wire = JSON.parse(JSON.stringify(errorToWire(error))) as unknown;
    const back = errorFromWire(error.httpStatus, wire);
    const { message, hint, details } = error;
    expect(back).toMatchObject({ code, message, hint, details });
  });

  it('call retryable only what certainly did not happen', () => {
    const retryable = ERROR_CODES.filter((c) => errorToWire(new SqlccError(c, '')).retryable);
    expect(retryable).toEqual(ERROR_CODES.filter((c) => ERROR_TABLE[c].retry === 'safe'));
    expect(retryable).not.toContain('outcome_unknown');
  });

  it('carry no cause and no stack', () => {
    const error = new SqlccError('internal', 'broke', { cause: new TypeError('secret') });
    expect(JSON.stringify(errorToWire(error))).not.toContain('secret');
  });

  it.each([
    [503, '<html>', 'unavailable'],
    [401, null, 'unauthenticated'],
    [504, undefined, 'outcome_unknown'],
    [418, {}, 'internal'],
    [409, { code: 'from_the_future', message: 'm', hint: 'h', details: {}, retryable: false }, 'conflict'],
    [404, { code: 'toString', message: 'm', hint: 'h', details: {}, retryable: false }, 'not_found'],
  ])('take status %d with the body %j', (status, body, code) => {
    expect(errorFromWire(status, body).code).toBe(code);
  });
});

describe('errorFromWire', () => {
  const field = fc.constantFrom<unknown>('no_leader', 'x', '', 5, null, undefined, [], {}, { a: 1 }, true);
  const keys = ['code', 'message', 'hint', 'details', 'retryable'] as const;
  const good = { code: 'no_leader', message: 'm', hint: 'h', details: {}, retryable: true };
  const body = fc.oneof(
    field,
    fc.tuple(fc.constantFrom(...keys, 'more'), field).map(([key, value]) => ({ ...good, [key]: value })),
    fc.record({ code: field, message: field, hint: field, details: field, retryable: field }),
  );

  it('takes the bodies that the schema takes, and no others', () => {
    fc.assert(
      fc.property(body, (value) => {
        const isTaken = !errorFromWire(500, value).message.endsWith('and no error body');
        expect(isTaken).toBe(errorBody.safeParse(value).success);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('openApiDocument', () => {
  const document = JSON.parse(JSON.stringify(openApiDocument('0.1.0'))) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string; requestBody?: unknown; responses: object }>>;
  };

  it('describes every row of the table once', () => {
    const described = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map((o) => o.operationId),
    );
    expect(described.sort()).toEqual(rows.map(([name]) => name).sort());
  });

  it('knows the answers that are no 200, and where a follower leads to', () => {
    const statuses = (path: string, method: string) =>
      Object.keys(document.paths[path]?.[method]?.responses ?? {});
    expect(statuses('/v1/operations', 'post')).toEqual(['200', '202', '307', 'default']);
    expect(statuses('/v1/nodes/{id}', 'delete')).toEqual(['202', '307', 'default']);
    expect(statuses('/v1/tokens', 'post')).toEqual(['201', '307', 'default']);
    expect(statuses('/v1/status', 'get')).toEqual(['200', 'default']);
  });

  it('refers to nothing that it does not hold', () => {
    const found = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)];
    const { components } = document as unknown as { components: Record<string, Record<string, unknown>> };
    expect(found.length).toBeGreaterThan(0);
    for (const [, kind = '', name = ''] of found) expect(components[kind]).toHaveProperty(name);
    expect(components['parameters']).toMatchObject({
      ifMatch: { name: 'if-match', in: 'header' },
      session: { name: 'x-sqlcc-session', in: 'header' },
      seq: { name: 'x-sqlcc-seq', in: 'header' },
      timeout: { name: 'x-sqlcc-timeout-ms', in: 'header' },
    });
  });

  it('is OpenAPI 3.1 with paths, parameters and schemas', () => {
    expect(document.openapi).toBe('3.1.0');
    const paths = Object.keys(document.paths);
    expect(paths.every((p) => p.startsWith(`${API_PREFIX}/`) || /^\/(livez|readyz)$/.test(p))).toBe(true);
    expect(document.paths['/v1/kv/{key}']?.['put']).toMatchObject({
      operationId: 'putKey',
      parameters: [
        { name: 'key', in: 'path', required: true },
        ...['session', 'seq', 'ifMatch', 'timeout'].map((key) => ({
          $ref: `#/components/parameters/${key}`,
        })),
      ],
      requestBody: { content: { 'application/json': { schema: { type: 'object', required: ['value'] } } } },
    });
  });
});
