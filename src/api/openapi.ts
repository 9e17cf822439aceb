/**
 * The endpoint table as an OpenAPI 3.1 document: made from the schemas that the server itself parses with.
 */
import * as z from 'zod';
import type { Endpoint } from './endpoint.ts';
import type { EndpointName } from './endpoints.ts';
import { ENDPOINTS } from './endpoints.ts';
import { HEADERS } from './headers.ts';
import { errorBody } from './schemas/common.ts';

/** A JSON value. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function schemaOf(type: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { unrepresentable: 'any' });
  return schema as unknown as Json;
}

/** Answers that are no 200, by endpoint; `200` only where it comes beside another one. */
const SUCCESS: Partial<Record<EndpointName, Readonly<Record<string, string>>>> = {
  runOperation: { '200': 'The plan (dry_run)', '202': 'Started; it goes on by itself' },
  removeNode: { '202': 'Started; it goes on by itself' },
  createSilence: { '201': 'Made' },
  createToken: { '201': 'Made; the secret is in this answer and nowhere else' },
};

const integer = { type: 'integer', minimum: 1 } as const;

/** Request headers as components; each endpoint refers to those that it reads. */
const HEADER_PARAMETERS = {
  timeout: {
    ...{ name: HEADERS.timeoutMs, in: 'header', schema: integer },
    description: 'Deadline, ms from receipt; 5000 without',
  },
  session: {
    ...{ name: HEADERS.session, in: 'header', schema: { type: 'string' } },
    description: 'Session of an exactly-once write; together with the serial number',
  },
  seq: {
    ...{ name: HEADERS.seq, in: 'header', schema: integer },
    description: 'Serial number of the write in its session: repeated, it answers what the first one did',
  },
  ifMatch: {
    ...{ name: HEADERS.ifMatch, in: 'header', schema: { type: 'string', pattern: '^"?\\d+"?$' } },
    description: 'The version that the key or the configuration must have; 0 = the key must not exist',
  },
} as const;

const SESSION = ['session', 'seq'] as const;
const READS: Partial<Record<EndpointName, readonly (keyof typeof HEADER_PARAMETERS)[]>> = {
  putKey: [...SESSION, 'ifMatch'],
  deleteKey: [...SESSION, 'ifMatch'],
  putConfig: ['ifMatch'],
  activateConfig: ['ifMatch'],
  rollbackConfig: ['ifMatch'],
  sql: SESSION,
};

function parametersOf(name: EndpointName, endpoint: Endpoint, path: string): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    (match): Json => ({ name: match[1] ?? '', in: 'path', required: true, schema: { type: 'string' } }),
  );
  const inQuery = (endpoint.query ?? []).map(
    (key): Json => ({ name: key, in: 'query', required: false, schema: { type: 'string' } }),
  );
  const header = (key: string): Json => ({ $ref: `#/components/parameters/${key}` });
  const isTimed = endpoint.scope !== 'public' && endpoint.stream !== true;
  return [
    ...[...inPath, ...inQuery, ...(READS[name] ?? []).map(header)],
    ...(isTimed ? [header('timeout')] : []),
  ];
}

function responsesOf(name: EndpointName, endpoint: Endpoint): Json {
  const type = endpoint.stream === true ? 'application/x-ndjson' : 'application/json';
  const content = { [type]: { schema: schemaOf(endpoint.response) } };
  const done = Object.entries(SUCCESS[name] ?? { '200': 'Done' }).map(
    ([status, description]): [string, Json] => [status, { description, content }],
  );
  return {
    ...Object.fromEntries(done),
    ...(endpoint.leaderOnly === true ? { '307': { $ref: '#/components/responses/notLeader' } } : {}),
    default: { $ref: '#/components/responses/error' },
  };
}

function operationOf(name: EndpointName, endpoint: Endpoint, path: string): Json {
  const body = endpoint.request;
  return {
    operationId: name,
    summary: endpoint.summary,
    parameters: parametersOf(name, endpoint, path),
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: responsesOf(name, endpoint),
    'x-sqlcc-scope': endpoint.scope,
    'x-sqlcc-idempotent': endpoint.idempotent,
    ...(endpoint.scope === 'public' || endpoint.scope === 'join' ? { security: [] } : {}),
  };
}

function errorResponse(description: string, headers: Json): Json {
  return { description, headers, content: { 'application/json': { schema: schemaOf(errorBody) } } };
}

/**
 * The document behind `/v1/openapi.json`; `version` is the product's. Watches share the path of the plain
 * read.
 */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]) {
    const path = endpoint.path.replace(/\?.*$/, '');
    const method = endpoint.method.toLowerCase();
    const item = paths[path] ?? {};
    // a watch is the same method and path with ?watch=1: it is described under its own extension key
    const key = Object.hasOwn(item, method) ? `x-sqlcc-${name}` : method;
    paths[path] = { ...item, [key]: operationOf(name, endpoint, path) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'SQLCC', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      parameters: HEADER_PARAMETERS,
      responses: {
        error: errorResponse('Refused or failed', {
          [HEADERS.retryAfter]: {
            schema: { type: 'integer' },
            description: 'With 429 and 503: seconds after which asking again makes sense',
          },
        }),
        notLeader: errorResponse('This node does not lead', {
          [HEADERS.location]: {
            schema: { type: 'string' },
            description: 'The same request at the leader; absent while none is known',
          },
        }),
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, mutualTls: { type: 'mutualTLS' } },
    },
    security: [{ bearer: [] }, { mutualTls: [] }],
  };
}
