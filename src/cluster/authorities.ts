/**
 * Replacing the cluster's CA while everything runs, as replicated state. First all nodes trust the new one
 * beside the old one; then all show certificates that the new one signed, and people renew theirs; then the
 * old one goes. Each node says when it has done what the stage asks: nothing goes on without all of them,
 * because a node that trusts one CA only would be cut off.
 */
import type { NodeId } from '../base/index.ts';
import type {
  Authorities,
  AuthorityCertificate,
  ClusterState,
  NewAuthority,
  Operation,
} from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { Outcome } from './outcome.ts';
import { done, own, refused } from './outcome.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

/** Of a fingerprint, as people read it. */
export function shortAuthority(authority: Pick<AuthorityCertificate, 'sha256'>): string {
  return authority.sha256.slice(0, 16);
}

/** The CAs in words, for the audit; null where none was ever replaced. */
export function authorityWords({ authorities }: ClusterState): string | null {
  if (authorities === undefined) return null;
  const { stage, signing, beside } = authorities;
  const also = beside === null ? '' : `, trusted beside it ${shortAuthority(beside)}`;
  return `CA ${shortAuthority(signing)}${also} (${stage})`;
}

/** Nodes on record that have not done what the stage asks. */
export function authorityLaggards(state: ClusterState): NodeId[] {
  const followed = state.authorities?.followed ?? [];
  return Object.keys(state.nodes).filter((id) => !followed.includes(id));
}

function put(state: ClusterState, authorities: Authorities): ClusterState {
  return { ...state, authorities: { ...authorities, followed: [] } };
}

/** A rotation or the end of one begins: the record with its first stage, or why it can't be. */
export function beginAuthority(
  state: ClusterState,
  kind: Operation['kind'],
  fresh: NewAuthority | undefined,
): ClusterState | Outcome {
  const { authorities } = state;
  if (kind === 'retire-ca') {
    if (authorities?.stage !== 'changed')
      return refused('failed_precondition', 'no CA is left over from a rotation');
    return put(state, { ...authorities, stage: 'settled', beside: null, bridgePem: null });
  }
  if (kind !== 'rotate-ca') return state;
  if (authorities?.stage === 'issuing') return state;
  if (authorities !== undefined && authorities.stage !== 'settled')
    return refused('failed_precondition', `the CA is being replaced already: ${authorityWords(state)}`);
  if (fresh === undefined) return refused('invalid_argument', 'a rotation brings a new CA');
  const { signing, next, bridgePem } = fresh;
  if (authorities !== undefined && authorities.signing.sha256 !== signing.sha256)
    return refused('conflict', `CA ${shortAuthority(authorities.signing)} signs by now`);
  const begun = { stage: 'trusting', signing, beside: next, bridgePem, followed: [] } as const;
  return put(state, begun);
}

/** All nodes trust both: from here on the new one signs. */
export function advanceAuthority(state: ClusterState, kind: Operation['kind'], phase: string): ClusterState {
  const { authorities } = state;
  if (kind !== 'rotate-ca' || phase !== 'issuing' || authorities?.stage !== 'trusting') return state;
  const { signing, beside } = authorities;
  if (beside === null) return state;
  return put(state, { ...authorities, stage: 'issuing', signing: beside, beside: signing });
}

/** Both are trusted until the old one is retired; one that nothing rests on yet goes with its operation. */
export function endAuthority(
  state: ClusterState,
  { kind }: Pick<Operation, 'kind'>,
  result: Operation['state'],
): ClusterState {
  const { authorities } = state;
  if (kind !== 'rotate-ca' || authorities === undefined) return state;
  if (result === 'done') return put(state, { ...authorities, stage: 'changed' });
  if (authorities.stage !== 'trusting') return state;
  return put(state, { ...authorities, stage: 'settled', beside: null, bridgePem: null });
}

/** A node has done what the stage asks. */
export function followAuthority(
  state: ClusterState,
  { nodeId, stage, sha256 }: CommandOf<'authority-followed'>,
): Outcome {
  const { authorities } = state;
  if (own(state.nodes, nodeId) === undefined) return refused('not_found', `no node "${nodeId}"`);
  if (authorities?.stage !== stage || authorities.signing.sha256 !== sha256)
    return refused('conflict', `that is over: ${authorityWords(state)}`);
  if (authorities.followed.includes(nodeId)) return done(state, []);
  const followed = [...authorities.followed, nodeId];
  return done({ ...state, authorities: { ...authorities, followed } }, []);
}
