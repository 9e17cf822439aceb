/**
 * Control of the cluster: operations, tokens, alerts. Parse, one call, shape the
 * answer.
 */

import type { OperationRequest } from '../../src/api/index.ts';
import { formatToken, NODE_ROLES, PERSON_ROLES } from '../../src/auth/index.ts';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import type { Operation } from '../../src/cluster/index.ts';
import { hashSecret, newSecret, spkiFingerprint } from '../../src/pki/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { shortId } from '../data-dir.ts';
import { readPki } from '../data-files.ts';
import { JOIN_TOKEN_TTL_MS } from '../init.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { isoTime, maintenanceView } from '../node-view.ts';
import { planOperation, runOperation as run } from '../operations.ts';
import { operationView, tokenView } from '../views.ts';

const ACCESS_TOKEN_TTL_MS = 30 * 86_400_000;

export async function operations(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const { operations: all, elections, pause: paused } = requireCluster(context);
  const rows = all.map((o) => operationView(o, elections));
  const pause = maintenanceView(paused);
  return { body: { schemaVersion: 1, operations: rows, read, pause } };
}

export async function operation(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.bestEffort(false);
  return { body: { operation: viewOf(context, findOperation(context, call)) } };
}

function viewOf(context: NodeContext, operation: Operation) {
  return operationView(operation, requireCluster(context).elections);
}

function findOperation(context: NodeContext, call: Call) {
  const id = call.params['id'] ?? '';
  const found = requireCluster(context).operations.find((o) => o.id === id);
  if (found === undefined) {
    const hint = `"sqlcc op list" shows the last ${LIMITS.operationHistory}`;
    throw new SqlccError('not_found', `no operation "${id}"`, { hint });
  }
  return found;
}

export async function runOperation(context: NodeContext, call: Call): Promise<Answer> {
  const request = call.body as OperationRequest;
  await context.reads.requireLeader(call.remainingMs());
  await context.reads.prepare({ level: 'linearizable', minIndex: 0 }, call.remainingMs());
  if (request.dry_run === true) return { body: { plan: planOperation(context, request, call.identity) } };
  return { status: 202, body: { operation: viewOf(context, await run(context, call, request)) } };
}

/** Takes a node out for good; the same as an operation of kind remove-node. */
export async function removeNode(context: NodeContext, call: Call): Promise<Answer> {
  const reason = call.query['reason'] ?? '';
  const request: OperationRequest = { kind: 'remove-node', node_id: call.params['id'] ?? '', reason };
  await context.reads.requireLeader(call.remainingMs());
  return { status: 202, body: { operation: viewOf(context, await run(context, call, request)) } };
}

export async function cancelOperation(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const found = findOperation(context, call);
  if (found.state !== 'running') {
    throw new SqlccError('conflict', `operation ${found.id} has ended: ${found.state}`, {
      hint: 'nothing to cancel',
    });
  }
  const command = {
    kind: 'operation-end',
    id: found.id,
    state: 'cancelled',
    error: `cancelled by ${call.identity.id}`,
  } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  return { body: { operation: viewOf(context, findOperation(context, call)) } };
}

export async function tokens(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  const rows = Object.values(requireCluster(context).tokens).map(tokenView);
  return { body: { schemaVersion: 1, tokens: rows, read } };
}

/** The secret is in this answer and nowhere else: the log holds its hash. */
export async function createToken(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const body = call.body as {
    kind: 'access' | 'join';
    role: string;
    ttl_ms?: number;
    node_id?: string;
    user?: string;
  };
  const roles: readonly string[] = body.kind === 'join' ? NODE_ROLES : PERSON_ROLES;
  if (!roles.includes(body.role)) {
    const hint = `a token of kind ${body.kind} has one of the roles ${roles.join(', ')}`;
    throw new SqlccError('invalid_argument', `role "${body.role}" does not go with kind ${body.kind}`, {
      hint,
    });
  }
  const secret = newSecret();
  const id = shortId();
  const ttl = body.ttl_ms ?? (body.kind === 'join' ? JOIN_TOKEN_TTL_MS : ACCESS_TOKEN_TTL_MS);
  const expires = Date.now() + ttl;
  const token = {
    id,
    kind: body.kind,
    role: body.role,
    hash: hashSecret(secret),
    expires,
    nodeId: body.node_id ?? null,
    ...(body.user === undefined ? {} : { user: body.user }),
  };
  resultOf((await proposeCommand(context, { kind: 'token-create', token }, call)).result);
  const caSha256 = spkiFingerprint(readPki(context.facts.dataDir).caCert);
  const text =
    body.kind === 'join'
      ? formatToken({ kind: 'join', id, secret, caFingerprint: caSha256 })
      : formatToken({ kind: 'access', id, secret });
  return { status: 201, body: { id, token: text, expires: isoTime(expires) } };
}

export async function revokeToken(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  resultOf(
    (await proposeCommand(context, { kind: 'token-revoke', id: call.params['id'] ?? '' }, call)).result,
  );
  return { body: {} };
}
