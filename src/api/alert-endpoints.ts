/** Rows of the endpoint table about alerts; endpoints.ts checks and holds them. */
import * as alerts from './schemas/alerts.ts';
import { nothing } from './schemas/common.ts';

const READ = { method: 'GET', scope: 'read-cluster', request: null, idempotent: true } as const;
const WRITE = { scope: 'operate', leaderOnly: true } as const;

export const ALERT_ENDPOINTS = {
  alerts: { ...READ, path: '/v1/alerts', response: alerts.alertsResponse, summary: 'Alerts' },
  alertRules: {
    ...READ,
    path: '/v1/alerts/rules',
    response: alerts.alertRulesResponse,
    summary: 'Alert rules in force, each with what it found',
  },
  explainAlert: {
    ...READ,
    path: '/v1/alerts/{id}/explain',
    response: alerts.alertExplainResponse,
    summary: 'Why an alert fires, or not; by the name of its rule or by its id',
  },
  acknowledgeAlert: {
    ...WRITE,
    method: 'POST',
    path: '/v1/alerts/{id}/ack',
    request: alerts.acknowledgeRequest,
    response: alerts.acknowledgeResponse,
    idempotent: true,
    summary: 'Acknowledge an alert, the incident that was seen',
  },
  unacknowledgeAlert: {
    ...WRITE,
    method: 'DELETE',
    path: '/v1/alerts/{id}/ack',
    request: null,
    response: nothing,
    idempotent: true,
    query: ['incident', 'by'],
    summary: 'Take an acknowledgement back; of this incident, and of this person, where they are named',
  },
  testAlert: {
    ...WRITE,
    method: 'POST',
    path: '/v1/alerts/test',
    request: alerts.alertTestRequest,
    response: alerts.alertTestResponse,
    idempotent: false,
    summary: 'Send a notification that is marked as a test',
  },
  silences: {
    ...READ,
    path: '/v1/silences',
    response: alerts.silencesResponse,
    summary: 'Silences in force',
  },
  createSilence: {
    ...WRITE,
    method: 'POST',
    path: '/v1/silences',
    request: alerts.silenceCreateRequest,
    response: alerts.silenceCreateResponse,
    idempotent: false,
    summary: 'Tell nobody of some alerts for a while',
  },
  removeSilence: {
    ...WRITE,
    method: 'DELETE',
    path: '/v1/silences/{id}',
    request: null,
    response: nothing,
    idempotent: true,
    summary: 'End a silence',
  },
} as const;
