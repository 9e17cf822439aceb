/** Rows of the endpoint table that compare what nodes hold. */
import { BY_NODES } from './endpoint.ts';
import { nothing } from './schemas/common.ts';
import * as verify from './schemas/verify.ts';

export const VERIFY_ENDPOINTS = {
  verify: {
    method: 'POST',
    path: '/v1/verify',
    scope: 'operate',
    request: verify.verifyRequest,
    response: verify.verifyResponse,
    leaderOnly: true,
    idempotent: true,
    summary: 'Compare what all nodes hold at one index, part by part',
  },
  verifyNode: {
    ...BY_NODES,
    path: '/v1/nodes/{id}/verify',
    request: nothing,
    response: verify.verifyResponse,
    leaderOnly: true,
    summary: 'The leader compares itself, or all nodes, with the calling one, which was away (nodes only)',
  },
  verifyPart: {
    ...BY_NODES,
    path: '/v1/verify/part',
    request: verify.verifyPartRequest,
    response: verify.verifyPartResponse,
    summary: 'What the answering node holds at a mark of the log (nodes only)',
  },
} as const;
