/** The first write of the first node: a log whose only entry says that this node alone is the cluster. */
import type { Timestamp } from '../base/index.ts';
import { encodeMembership } from './codec-membership.ts';
import type { PersistRequest, RaftMember } from './types.ts';

/** Token 0 is taken by it: a core that starts afterwards counts from 1. */
export function bootstrapRequest(member: RaftMember, timestamp: Timestamp): PersistRequest {
  const membership = { voters: [member], outgoing: [], learners: [], learnersNext: [] };
  const data = encodeMembership(membership);
  return {
    token: 0,
    hardState: { term: 1, votedFor: null },
    truncateFrom: null,
    entries: [{ index: 1, term: 1, kind: 'membership', timestamp, data }],
    snapshot: null,
    compactTo: null,
  };
}
