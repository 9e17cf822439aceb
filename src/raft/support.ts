/**
 * Whom a node supports while an election takes longer than a timeout because disks do.
 *
 * An election needs two writes one after the other: the candidate's own vote, then its
 * voters'. Whoever stood meanwhile would end it before its votes are counted, and be
 * ended the same way. So a node that has said yes gives that one candidate the time that
 * writes take here, says `voted` to others and does not stand itself. Votes themselves
 * are given as ever: this is about pre-votes and timers, nothing that safety rests on.
 */
import type { Duration, LogPosition, NodeId } from '../base/index.ts';
import { comparePositions, must } from '../base/index.ts';
import type { RaftCore } from './core.ts';

/** Nobody waits longer than this for votes that slow disks hold up. */
const MAX_VOTING_MS = 3000;
/** Staggers that answers to pre-votes may need. */
const ANSWER_STAGGERS = 4;

/** A write may have to wait for the one before it; others' disks are taken to be like this one. */
function votingMs(core: RaftCore): Duration {
  return Math.min(2 * core.writes.expectedMs(core.now), MAX_VOTING_MS);
}

/**
 * Is this node's vote on its way to the disk, or was it as good as promised, and not to `asker`? Both may be:
 * the vote for one whose term is over already, the promise to the one that ended it. A promise gives way to a
 * longer log: its owner refuses the other one, which may never win.
 */
export function supportsAnother(core: RaftCore, asker: NodeId, last?: LogPosition): boolean {
  if (core.voteToken !== 0 && core.votedFor !== asker) return true;
  const { support } = core;
  if (support === null || support.to === asker || core.now >= support.until) return false;
  return last === undefined || comparePositions(last, support.last) <= 0;
}

/**
 * This node has said yes to `to`. Each gets its time once a term and leader: who can't win, and asks
 * again and again, must not bind this node for ever.
 */
export function supportOther(core: RaftCore, to: NodeId, last: LogPosition): void {
  if (core.supported.has(to)) return;
  core.supported.add(to);
  const until = core.now + votingMs(core);
  core.support = { to, until, last };
  core.electionAt = Math.max(core.electionAt, until);
}

/**
 * A pre-candidate supports itself for as long as answers take: with a majority its vote binds it, without one
 * it is free again.
 */
export function supportSelf(core: RaftCore): void {
  const answersMs = ANSWER_STAGGERS * core.settings.hintStaggerMs;
  const until = core.now + Math.min(votingMs(core), answersMs);
  core.support = { to: core.nodeId, until, last: core.log.last };
}

/** The vote is durable: whoever got it now needs those of others. */
export function supportElected(core: RaftCore): void {
  const to = must(core.votedFor, 'whom the vote is for');
  const until = core.now + votingMs(core);
  core.support = { to, until, last: { term: Number.POSITIVE_INFINITY, index: 0 } };
  core.electionAt = until + core.drawnTimeoutMs;
}
