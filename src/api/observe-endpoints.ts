/** Rows of the endpoint table that tell how nodes are. */
import * as cluster from './schemas/cluster.ts';
import * as control from './schemas/control.ts';

export const OBSERVE_ENDPOINTS = {
  nodeHealths: {
    method: 'GET',
    path: '/v1/health',
    scope: 'read-cluster',
    request: null,
    response: cluster.healthsResponse,
    idempotent: true,
    summary: "All nodes' opinions of themselves, as the answering node heard them last",
  },
  checkHealth: {
    method: 'GET',
    path: '/v1/health/check',
    scope: 'read-cluster',
    request: null,
    response: cluster.checkHealthResponse,
    idempotent: true,
    summary: 'The answering node checks itself, once a second at most: readings, a write, a word of a quorum',
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
} as const;
