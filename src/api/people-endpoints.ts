/** Rows of the endpoint table about users and certificates; endpoints.ts checks and holds them. */
import { BY_NODES } from './endpoint.ts';
import { nothing } from './schemas/common.ts';
import * as people from './schemas/people.ts';

const READ = { method: 'GET', scope: 'read-cluster', request: null, idempotent: true } as const;
const WRITE = { scope: 'administer', leaderOnly: true, idempotent: false } as const;

export const PEOPLE_ENDPOINTS = {
  users: { ...READ, path: '/v1/users', response: people.usersResponse, summary: 'Named people and programs' },
  setUser: {
    ...WRITE,
    method: 'PUT',
    path: '/v1/users/{id}',
    request: people.userRequest,
    response: people.userResponse,
    summary: 'Add a user, or give one another role',
  },
  revokeUser: {
    ...WRITE,
    method: 'DELETE',
    path: '/v1/users/{id}',
    request: null,
    response: nothing,
    query: ['reason'],
    summary: 'Refuse a user everywhere, with certificates and tokens',
  },
  certificates: {
    ...READ,
    path: '/v1/certificates',
    response: people.certificatesResponse,
    summary: "This node's certificates, those that callers showed it, and what was revoked",
  },
  revokeCertificate: {
    ...WRITE,
    method: 'POST',
    path: '/v1/certificates/revoke',
    request: people.certificateRevokeRequest,
    response: nothing,
    summary: 'Call a certificate back by its serial number, or all that a name has',
  },
  renewNodeCertificate: {
    method: 'POST',
    scope: 'administer',
    idempotent: true,
    path: '/v1/certificates/renew',
    request: nothing,
    response: people.certificateRenewResponse,
    summary: "Renew this node's certificate now",
  },
  renewOwnCertificate: {
    method: 'POST',
    scope: 'renew-own',
    idempotent: true,
    path: '/v1/certificates/self',
    request: people.ownCertificateRequest,
    response: people.ownCertificateResponse,
    summary:
      'Renew the certificate of a person or program that one calls with; the key stays with the caller',
  },
  knowCertificate: {
    ...BY_NODES,
    path: '/v1/certificates/known',
    request: people.certificateKnownRequest,
    response: nothing,
    leaderOnly: true,
    summary: 'A node tells of a certificate that a person showed it or that it signed (nodes only)',
  },
  noteAudit: {
    ...BY_NODES,
    path: '/v1/audit/notes',
    request: people.auditNoteRequest,
    response: nothing,
    leaderOnly: true,
    summary: 'A node tells what it did at somebody’s wish without the log (nodes only)',
  },
} as const;
