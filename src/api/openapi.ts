/**
 * The endpoint table as an OpenAPI 3.1 document: made from the schemas that the server itself parses with.
 */
import * as z from 'zod';
import type { Endpoint, EndpointName } from './endpoints.ts';
import { ENDPOINTS } from './endpoints.ts';
import { errorBody } from './schemas/common.ts';

/** A JSON value. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

function schemaOf(type: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, { unrepresentable: 'any' });
  return schema as unknown as Json;
}

function parametersOf(endpoint: Endpoint, path: string): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    (match): Json => ({ name: match[1] ?? '', in: 'path', required: true, schema: { type: 'string' } }),
  );
  const inQuery = (endpoint.query ?? []).map(
    (name): Json => ({ name, in: 'query', required: false, schema: { type: 'string' } }),
  );
  return [...inPath, ...inQuery];
}

function operationOf(name: EndpointName, endpoint: Endpoint, path: string): Json {
  const type = endpoint.stream === true ? 'application/x-ndjson' : 'application/json';
  const body = endpoint.request;
  return {
    operationId: name,
    summary: endpoint.summary,
    parameters: parametersOf(endpoint, path),
    ...(body === null
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: {
      '200': { description: 'Done', content: { [type]: { schema: schemaOf(endpoint.response) } } },
      ...(endpoint.leaderOnly === true
        ? { '307': { description: 'This node does not lead: Location names the leader' } }
        : {}),
      default: { $ref: '#/components/responses/error' },
    },
    'x-sqlcc-scope': endpoint.scope,
    'x-sqlcc-idempotent': endpoint.idempotent,
    ...(endpoint.scope === 'public' || endpoint.scope === 'join' ? { security: [] } : {}),
  };
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
      responses: {
        error: {
          description: 'Refused or failed',
          content: { 'application/json': { schema: schemaOf(errorBody) } },
        },
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, mutualTls: { type: 'mutualTLS' } },
    },
    security: [{ bearer: [] }, { mutualTls: [] }],
  };
}
