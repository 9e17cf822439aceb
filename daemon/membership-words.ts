/** The Raft group in words, for the audit: where raft's bytes and the cluster's record meet. */
import { membershipAudited } from '../src/cluster/index.ts';
import { decodeMembership, type RaftMember } from '../src/raft/index.ts';
import type { NoteMembership } from '../src/state/index.ts';
import { failStop } from './fail-stop.ts';

const LISTS = ['voters', 'outgoing', 'learners', 'learnersNext'] as const;
const NAMES = { voters: 'voters', outgoing: 'outgoing', learners: 'learners', learnersNext: 'next learners' };

function memberWords({ nodeId, address }: RaftMember): string {
  return `${nodeId} ${address}`;
}

/** `voters n1 10.0.0.1:5435, n2 10.0.0.2:5435; learners n3 10.0.0.3:5435`. */
function membershipWords(bytes: Uint8Array): string {
  const decoded = decodeMembership(bytes);
  if (!decoded.ok) failStop('state', `a committed membership does not decode: ${decoded.reason}`);
  const membership = decoded.value;
  return LISTS.filter((list) => membership[list].length > 0)
    .map((list) => `${NAMES[list]} ${membership[list].map(memberWords).join(', ')}`)
    .join('; ');
}

export const noteMembership: NoteMembership = (state, { before, after }, at) =>
  membershipAudited(
    state,
    { before: before === null ? null : membershipWords(before), after: membershipWords(after) },
    at,
  );
