/**
 * The endpoint table: the contract between server and everybody else. Routes,
 * client methods, OpenAPI, the policy matrix test and the reference are made from
 * it. A route that is not a row here does not exist; a row without a scope does not
 * compile.
 */
import type * as z from 'zod';
import type { Scope } from '../auth/index.ts';
import { LIMITS } from '../base/index.ts';
import * as cluster from './schemas/cluster.ts';
import { anything, nothing } from './schemas/common.ts';
import * as control from './schemas/control.ts';
import * as data from './schemas/data.ts';
import { SUPPORT_ENDPOINTS } from './support-endpoints.ts';

export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Endpoint {
  readonly method: HttpMethod;
  /** `{name}` is one percent-encoded segment. */
  readonly path: string;
  readonly scope: Scope;
  /** What this very body needs besides `scope`, where one route does things of different weight. */
  readonly scopeOf?: (body: unknown) => Scope;
  /** null = no body. */
  readonly request: z.ZodType | null;
  /** Bytes of the body; default LIMITS.maxPlainBodyBytes. */
  readonly maxBody?: number;
  /** One document, or one line of an NDJSON stream when `stream`. */
  readonly response: z.ZodType;
  readonly stream?: boolean;
  /** A write: a follower answers 307 with the leader. */
  readonly leaderOnly?: boolean;
  /** May be repeated without a session key. */
  readonly idempotent: boolean;
  /** Also served on `client_port`. */
  readonly clientPort?: boolean;
  readonly summary: string;
  /** Names of query parameters. */
  readonly query?: readonly string[];
}

const READ = ['level', 'min_index'] as const;
const BY_NODES = { method: 'POST', scope: 'peer', idempotent: true } as const;

export const ENDPOINTS = {
  status: {
    method: 'GET',
    path: '/v1/status',
    scope: 'read-cluster',
    request: null,
    response: cluster.statusResponse,
    idempotent: true,
    query: ['stale'],
    summary: 'The whole cluster at a glance',
  },
  nodes: {
    method: 'GET',
    path: '/v1/nodes',
    scope: 'read-cluster',
    request: null,
    response: cluster.nodesResponse,
    idempotent: true,
    query: ['stale'],
    summary: 'All nodes',
  },
  node: {
    method: 'GET',
    path: '/v1/nodes/{id}',
    scope: 'read-cluster',
    request: null,
    response: cluster.nodeResponse,
    idempotent: true,
    query: ['stale'],
    summary: 'One node',
  },
  updateNode: {
    method: 'PUT',
    path: '/v1/nodes/{id}',
    scope: 'operate',
    request: cluster.updateNodeRequest,
    response: cluster.nodeResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Set zone and metadata of a node',
  },
  removeNode: {
    method: 'DELETE',
    path: '/v1/nodes/{id}',
    scope: 'administer',
    request: null,
    response: control.operationResponse,
    leaderOnly: true,
    idempotent: true,
    query: ['reason'],
    summary: 'Take a node out of the cluster for good',
  },
  announceNode: {
    ...BY_NODES,
    path: '/v1/nodes/{id}/announce',
    request: cluster.announceRequest,
    response: nothing,
    leaderOnly: true,
    summary: 'A daemon tells the leader that it has started (nodes only)',
  },
  renewCertificate: {
    ...BY_NODES,
    path: '/v1/nodes/{id}/certificate',
    request: cluster.renewRequest,
    response: cluster.renewResponse,
    summary: "A voter signs the calling node's certificate anew (nodes only)",
  },
  leader: {
    method: 'GET',
    path: '/v1/leader',
    scope: 'read-cluster',
    request: null,
    response: cluster.leaderResponse,
    idempotent: true,
    query: ['stale'],
    summary: 'Who leads',
  },
  views: {
    method: 'GET',
    path: '/v1/views',
    scope: 'read-cluster',
    request: null,
    response: cluster.viewsResponse,
    idempotent: true,
    query: ['local'],
    summary: "Each node's own view of leader and term",
  },
  stateHash: {
    method: 'GET',
    path: '/v1/hash',
    scope: 'read-cluster',
    request: null,
    response: cluster.hashResponse,
    idempotent: true,
    summary: 'Hash of all state of the answering node at its applied index',
  },
  version: {
    method: 'GET',
    path: '/v1/version',
    scope: 'read-cluster',
    request: null,
    response: cluster.versionResponse,
    idempotent: true,
    summary: 'Version of the answering node',
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    scope: 'read-cluster',
    request: null,
    response: control.event,
    stream: true,
    idempotent: true,
    query: ['after', 'follow', 'types'],
    summary: 'Events as NDJSON, resumable',
  },
  history: {
    method: 'GET',
    path: '/v1/history',
    scope: 'read-cluster',
    request: null,
    response: control.historyResponse,
    idempotent: true,
    query: ['seconds'],
    summary: 'Recent samples of all nodes',
  },
  metrics: {
    method: 'GET',
    path: '/v1/metrics',
    scope: 'read-metrics',
    request: null,
    response: control.metricsResponse,
    idempotent: true,
    query: ['format'],
    summary:
      'Metrics of the answering node; format=prometheus or openmetrics for the text that scrapers read',
  },
  operations: {
    method: 'GET',
    path: '/v1/operations',
    scope: 'read-cluster',
    request: null,
    response: control.operationsResponse,
    idempotent: true,
    summary: 'Operations, newest last',
  },
  operation: {
    method: 'GET',
    path: '/v1/operations/{id}',
    scope: 'read-cluster',
    request: null,
    response: control.operationResponse,
    idempotent: true,
    summary: 'One operation',
  },
  runOperation: {
    method: 'POST',
    path: '/v1/operations',
    scope: 'operate',
    scopeOf: control.operationScope,
    request: control.operationRequest,
    response: control.operationResponse,
    leaderOnly: true,
    idempotent: false,
    summary: 'Plan (dry_run) or run a failover, maintenance or removal',
  },
  cancelOperation: {
    method: 'POST',
    path: '/v1/operations/{id}/cancel',
    scope: 'operate',
    request: nothing,
    response: control.operationResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Cancel a running operation',
  },
  config: {
    method: 'GET',
    path: '/v1/config',
    scope: 'read-cluster',
    request: null,
    response: control.configResponse,
    idempotent: true,
    query: ['version'],
    summary: 'The replicated configuration',
  },
  putConfig: {
    method: 'PUT',
    path: '/v1/config',
    scope: 'administer',
    request: control.configPutRequest,
    maxBody: LIMITS.maxConfigBodyBytes,
    response: control.configPutResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Validate and replicate a configuration',
  },
  configVersions: {
    method: 'GET',
    path: '/v1/config/versions',
    scope: 'read-cluster',
    request: null,
    response: control.configVersionsResponse,
    idempotent: true,
    summary: 'Versions of the configuration',
  },
  getKey: {
    method: 'GET',
    path: '/v1/kv/{key}',
    scope: 'read-data',
    request: null,
    response: data.kvGetResponse,
    idempotent: true,
    clientPort: true,
    query: [...READ],
    summary: 'Read a key',
  },
  watchKey: {
    method: 'GET',
    path: '/v1/kv/{key}?watch',
    scope: 'read-data',
    request: null,
    response: data.kvWatchLine,
    stream: true,
    idempotent: true,
    clientPort: true,
    query: ['watch', 'after'],
    summary: 'Watch a key',
  },
  putKey: {
    method: 'PUT',
    path: '/v1/kv/{key}',
    scope: 'write-data',
    request: data.kvPutRequest,
    maxBody: LIMITS.maxValueBodyBytes,
    response: data.kvPutResponse,
    leaderOnly: true,
    idempotent: false,
    clientPort: true,
    summary: 'Write a key; If-Match compares the version',
  },
  deleteKey: {
    method: 'DELETE',
    path: '/v1/kv/{key}',
    scope: 'write-data',
    request: null,
    response: data.kvDeleteResponse,
    leaderOnly: true,
    idempotent: false,
    clientPort: true,
    summary: 'Delete a key',
  },
  listKeys: {
    method: 'GET',
    path: '/v1/kv',
    scope: 'read-data',
    request: null,
    response: data.kvListResponse,
    idempotent: true,
    clientPort: true,
    query: ['prefix', 'limit', ...READ],
    summary: 'List keys by prefix',
  },
  watchKeys: {
    method: 'GET',
    path: '/v1/kv?watch',
    scope: 'read-data',
    request: null,
    response: data.kvWatchLine,
    stream: true,
    idempotent: true,
    clientPort: true,
    query: ['prefix', 'watch', 'after'],
    summary: 'Watch keys by prefix',
  },
  batchKeys: {
    method: 'POST',
    path: '/v1/kv/batch',
    scope: 'read-data',
    request: data.kvBatchRequest,
    maxBody: LIMITS.maxBatchBodyBytes,
    response: data.kvBatchResponse,
    idempotent: true,
    clientPort: true,
    summary: 'Read many keys at one index',
  },
  sql: {
    method: 'POST',
    path: '/v1/sql',
    scope: 'read-data',
    request: data.sqlRequest,
    maxBody: LIMITS.maxBodyBytes,
    response: data.sqlResponse,
    idempotent: false,
    clientPort: true,
    summary: 'Run statements as one transaction (writes need write-data)',
  },
  openSession: {
    method: 'POST',
    path: '/v1/sessions',
    scope: 'write-data',
    request: nothing,
    response: data.sessionResponse,
    leaderOnly: true,
    idempotent: true,
    clientPort: true,
    summary: 'Open a session for exactly-once writes',
  },
  tokens: {
    method: 'GET',
    path: '/v1/tokens',
    scope: 'administer',
    request: null,
    response: control.tokensResponse,
    idempotent: true,
    summary: 'Tokens, without their secrets',
  },
  createToken: {
    method: 'POST',
    path: '/v1/tokens',
    scope: 'administer',
    request: control.tokenCreateRequest,
    response: control.tokenCreateResponse,
    leaderOnly: true,
    idempotent: false,
    summary: 'Make an access or join token',
  },
  revokeToken: {
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    scope: 'administer',
    request: null,
    response: nothing,
    leaderOnly: true,
    idempotent: true,
    summary: 'Revoke a token',
  },
  join: {
    method: 'POST',
    path: '/v1/join',
    scope: 'join',
    request: control.joinRequest,
    response: control.joinResponse,
    leaderOnly: true,
    idempotent: false,
    summary: 'Admit a node that holds a join token',
  },
  alerts: {
    method: 'GET',
    path: '/v1/alerts',
    scope: 'read-cluster',
    request: null,
    response: control.alertsResponse,
    idempotent: true,
    summary: 'Alerts',
  },
  acknowledgeAlert: {
    method: 'POST',
    path: '/v1/alerts/{id}/ack',
    scope: 'operate',
    request: nothing,
    response: nothing,
    leaderOnly: true,
    idempotent: true,
    summary: 'Acknowledge an alert',
  },
  ...SUPPORT_ENDPOINTS,
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    scope: 'read-cluster',
    request: null,
    response: anything,
    idempotent: true,
    summary: 'This API as an OpenAPI document',
  },
  livez: {
    method: 'GET',
    path: '/livez',
    scope: 'public',
    request: null,
    response: nothing,
    idempotent: true,
    summary: 'The process answers',
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    scope: 'public',
    request: null,
    response: nothing,
    idempotent: true,
    summary: 'The node serves',
  },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof ENDPOINTS;
export type ResponseOf<N extends EndpointName> = z.infer<(typeof ENDPOINTS)[N]['response']>;
