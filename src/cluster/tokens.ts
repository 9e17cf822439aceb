/**
 * The register of tokens: what was given out, for whom, until when. Secrets never get here, only their
 * hashes.
 */
import { LIMITS } from '../base/index.ts';
import type { ClusterState, TokenRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused, without } from './outcome.ts';

/** Tokens that can still do something; what expired or was spent makes room. */
function alive(tokens: Readonly<Record<string, TokenRecord>>, now: number): Record<string, TokenRecord> {
  const useful = Object.entries(tokens).filter(([, t]) => t.expires > now && t.usedBy === null);
  return Object.fromEntries(useful);
}

export function createToken(
  state: ClusterState,
  { token }: Extract<ClusterCommand, { kind: 'token-create' }>,
  at: ApplyPosition,
): Outcome {
  if (own(state.tokens, token.id) !== undefined)
    return refused('conflict', `token ${token.id} exists already`);
  if (token.expires <= at.timestamp)
    return refused('invalid_argument', 'the token would have expired already');
  const full = Object.keys(state.tokens).length >= LIMITS.maxTokens;
  const kept = full ? alive(state.tokens, at.timestamp) : state.tokens;
  if (Object.keys(kept).length >= LIMITS.maxTokens) {
    return refused('failed_precondition', `there are ${LIMITS.maxTokens} tokens: revoke some first`);
  }
  const { id, kind, role, hash, expires, nodeId, user = null } = token;
  if (user !== null && own(state.users, user)?.isActive !== true)
    return refused('not_found', `no user ${user}: a token for a user needs one on record`);
  const record: TokenRecord = {
    ...{ id, kind, role, hash, expires, nodeId },
    created: at.timestamp,
    createdBy: at.actor,
    usedBy: null,
    ...(user === null ? {} : { user }),
  };
  const event: EventDraft = {
    kind: 'token-created',
    nodeId,
    message: `${kind} token ${id} for ${nodeId ?? role} by ${at.actor}`,
    data: { id, kind, role, node_id: nodeId, expires_ms: expires, created_by: at.actor },
  };
  return done({ ...state, tokens: { ...kept, [id]: record } }, [event], { id, expires });
}

export function revokeToken(
  state: ClusterState,
  { id }: Extract<ClusterCommand, { kind: 'token-revoke' }>,
  at: ApplyPosition,
): Outcome {
  const token = own(state.tokens, id);
  if (token === undefined) return refused('not_found', `no token ${id}`);
  const event: EventDraft = {
    kind: 'token-revoked',
    nodeId: token.nodeId,
    message: `${token.kind} token ${id} was revoked by ${at.actor}`,
    data: { id, kind: token.kind, role: token.role },
  };
  return done({ ...state, tokens: without(state.tokens, id) }, [event]);
}
