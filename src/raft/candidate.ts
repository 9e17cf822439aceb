/**
 * What candidates do with answers, and how a hand-over ends for the node that asked
 * for it once it leads no more. Everything else of a campaign is in election.ts.
 */
import { NEVER } from '../base/index.ts';
import type { RaftCore } from './core.ts';
import { onPreVoteResponse, onVoteResponse } from './election.ts';
import { endTransfer } from './roles.ts';
import type { RaftMessage } from './types.ts';

type Answer = Extract<RaftMessage, { kind: 'pre-vote-response' | 'vote-response' }>;

/** An answer to a campaign of this node. */
export function onAnswer(core: RaftCore, m: Answer): void {
  if (m.kind === 'pre-vote-response') onPreVoteResponse(core, m);
  else onVoteResponse(core, m);
}

/** The old leader waits to learn who was elected, until the hand-over's deadline. */
export function watchTransfer(core: RaftCore): void {
  const { transfer } = core;
  if (transfer === null || core.leader !== null) return;
  if (core.leaderId === transfer.to) {
    endTransfer(core, transfer, true, 'it was elected');
    return;
  }
  if (core.leaderId !== null) {
    endTransfer(core, transfer, false, `${core.leaderId} was elected instead`);
    return;
  }
  if (core.now >= transfer.deadline) endTransfer(core, transfer, false, 'nobody was elected in time');
}

/** The next wake-up of a node that does not lead. */
export function electionWakeAt(core: RaftCore): number {
  return Math.min(core.electionAt, core.retryAt, core.hint?.at ?? NEVER);
}
