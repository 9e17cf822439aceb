/** Rows of the endpoint table for pause and schedule; endpoints.ts checks and holds them. */
import { BY_NODES } from './endpoint.ts';
import { nothing } from './schemas/common.ts';
import * as steering from './schemas/steering.ts';

export const STEERING_ENDPOINTS = {
  pauseCluster: {
    method: 'PUT',
    path: '/v1/pause',
    scope: 'operate',
    request: steering.pauseRequest,
    response: steering.pauseResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Neither leadership nor members move by themselves for a while',
  },
  resumeCluster: {
    method: 'DELETE',
    path: '/v1/pause',
    scope: 'operate',
    request: null,
    response: steering.pauseResponse,
    leaderOnly: true,
    idempotent: true,
    query: ['reason'],
    summary: 'End the pause',
  },
  schedule: {
    method: 'GET',
    path: '/v1/schedule',
    scope: 'read-cluster',
    request: null,
    response: steering.scheduleResponse,
    idempotent: true,
    summary: 'Scheduled operations, oldest first',
  },
  scheduleOperation: {
    method: 'POST',
    path: '/v1/schedule',
    scope: 'operate',
    request: steering.scheduleRequest,
    response: steering.scheduleEntryResponse,
    leaderOnly: true,
    idempotent: false,
    summary: 'Let a failover or switchover begin at a time',
  },
  cancelSchedule: {
    method: 'DELETE',
    path: '/v1/schedule/{id}',
    scope: 'operate',
    request: null,
    response: steering.scheduleEntryResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Cancel a scheduled operation that still waits',
  },
  reportHandOver: {
    ...BY_NODES,
    path: '/v1/nodes/{id}/hand-over',
    request: steering.handOverReport,
    response: nothing,
    leaderOnly: true,
    summary: 'A former leader tells why it handed over by itself (nodes only)',
  },
} as const;
