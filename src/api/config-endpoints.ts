/** Rows of the endpoint table that are about the replicated configuration. */
import { LIMITS } from '../base/index.ts';
import { BY_NODES, type Endpoint } from './endpoint.ts';
import * as config from './schemas/config.ts';

const READS = { method: 'GET', scope: 'read-cluster', request: null, idempotent: true } as const;
const WRITES = { scope: 'administer', leaderOnly: true, idempotent: true } as const;

export const CONFIG_ENDPOINTS = {
  config: {
    ...READS,
    path: '/v1/config',
    response: config.configResponse,
    query: ['version'],
    summary: 'The replicated configuration',
  },
  putConfig: {
    ...WRITES,
    method: 'PUT',
    path: '/v1/config',
    request: config.configPutRequest,
    maxBody: LIMITS.maxConfigBodyBytes,
    response: config.configPutResponse,
    summary: 'Validate on every node, replicate, and wait until every live node runs with it',
  },
  configVersions: {
    ...READS,
    path: '/v1/config/versions',
    response: config.configVersionsResponse,
    summary: 'Versions of the configuration',
  },
  configVersion: {
    ...READS,
    path: '/v1/config/versions/{version}',
    response: config.configResponse,
    summary: 'One version of the configuration',
  },
  activateConfig: {
    ...WRITES,
    method: 'POST',
    path: '/v1/config/versions/{version}/activate',
    request: config.configVersionRequest,
    response: config.configPutResponse,
    summary: 'Put what a version says in force; confirms it when it is on trial',
  },
  rollbackConfig: {
    ...WRITES,
    method: 'POST',
    path: '/v1/config/versions/{version}/rollback',
    request: config.configVersionRequest,
    response: config.configPutResponse,
    summary: 'A new version that equals an old one; ends a trial of the one behind it',
  },
  configDiff: {
    ...READS,
    path: '/v1/config/diff',
    response: config.configDiffResponse,
    query: ['from', 'to'],
    summary: 'What differs between two versions, and when each difference takes effect',
  },
  configPending: {
    ...READS,
    path: '/v1/config/pending',
    response: config.configPendingResponse,
    summary: 'What waits for a restart, node by node',
  },
  confirmConfig: {
    ...WRITES,
    method: 'POST',
    path: '/v1/config/confirm',
    request: config.configConfirmRequest,
    response: config.configConfirmResponse,
    summary: 'The configuration that is on trial stays',
  },
  checkConfig: {
    ...BY_NODES,
    path: '/v1/config/check',
    request: config.configCheckRequest,
    maxBody: LIMITS.maxConfigBodyBytes,
    response: config.configCheckResponse,
    summary: 'Would this node run with that configuration (nodes only)',
  },
  configState: {
    ...BY_NODES,
    path: '/v1/config/state',
    request: config.configStateRequest,
    response: config.configStateResponse,
    summary: 'The version that this node runs with, waited for, and what waits for its restart (nodes only)',
  },
} as const satisfies Record<string, Endpoint>;
