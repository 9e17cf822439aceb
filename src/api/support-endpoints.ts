/** Rows of the endpoint table for those who look into what happened; endpoints.ts checks and holds them. */
import * as support from './schemas/support.ts';

export const SUPPORT_ENDPOINTS = {
  audit: {
    method: 'GET',
    path: '/v1/audit',
    scope: 'read-cluster',
    request: null,
    response: support.auditResponse,
    idempotent: true,
    query: ['stale'],
    summary: 'Control operations, newest last, tied together by hashes',
  },
  denials: {
    method: 'GET',
    path: '/v1/denials',
    scope: 'read-cluster',
    request: null,
    response: support.denialsResponse,
    idempotent: true,
    summary: 'Refused callers of this node, newest last, tied together by hashes',
  },
  log: {
    method: 'GET',
    path: '/v1/log',
    scope: 'read-cluster',
    request: null,
    response: support.logResponse,
    idempotent: true,
    summary: "The newest lines of this node's log, oldest first",
  },
  logLevel: {
    method: 'GET',
    path: '/v1/log-level',
    scope: 'read-cluster',
    request: null,
    response: support.logLevelResponse,
    idempotent: true,
    summary: 'From which level on this node writes its log',
  },
  setLogLevel: {
    method: 'POST',
    path: '/v1/log-level',
    scope: 'operate',
    request: support.logLevelRequest,
    response: support.logLevelResponse,
    idempotent: true,
    summary: 'Change it on this node for a while; it goes back by itself',
  },
} as const;
