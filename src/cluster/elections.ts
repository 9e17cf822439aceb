/** A new leader says so in the log: with the embedded engine it is the primary, its term is the epoch. */
import type { Epoch } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState, Election } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { campaignWords } from './election-cause.ts';
import { withNode } from './node-lifecycle.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused, ring } from './outcome.ts';

type LeaderStarted = Extract<ClusterCommand, { kind: 'leader-started' }>;

function electedEvent(command: LeaderStarted, from: string | null): EventDraft {
  const { nodeId, term, cause, silenceMs, electionMs, votes, why, candidates = [] } = command;
  const words = from === null ? 'first election' : campaignWords(cause, from === nodeId ? null : from);
  const vacancy = `${Math.round((silenceMs ?? 0) + electionMs)} ms without a leader`;
  const reason = why === undefined ? '' : `: ${why}`;
  return {
    kind: 'leader-elected',
    nodeId,
    message: `${nodeId} leads term ${term} (${words}, ${vacancy}, votes of ${votes.join(', ')})${reason}`,
    data: {
      term,
      leader_id: nodeId,
      previous_leader_id: from,
      cause,
      silence_ms: silenceMs,
      election_ms: electionMs,
      votes,
      why: why ?? null,
      candidates,
    },
  };
}

/** Tables are long, and this record goes to every node at each change: the newest elections keep theirs. */
function remembered(known: readonly Election[], election: Election): readonly Election[] {
  const kept = ring(known, election, LIMITS.electionHistory);
  const first = kept.length - LIMITS.electionTables;
  return kept.map((e, n) => {
    if (n >= first || e.candidates === undefined) return e;
    const { candidates: _gone, ...rest } = e;
    return rest;
  });
}

/** Elections since the cluster was made, those that are forgotten too. */
export function electionCount({ electionCount: count, elections }: ClusterState): number {
  return count ?? elections.length;
}

export function startLeader(state: ClusterState, command: LeaderStarted, at: ApplyPosition): Outcome {
  const { nodeId, term } = command;
  const epoch: Epoch = term as number;
  const { primary } = state;
  if (epoch < primary.epoch) {
    return refused('conflict', `term ${term} is over: ${primary.nodeId} leads term ${primary.epoch}`);
  }
  if (epoch === primary.epoch) {
    if (primary.nodeId === nodeId) return done(state, [], { repeated: true });
    return refused('conflict', `term ${term} has its leader: ${primary.nodeId}`);
  }
  const { cause, silenceMs, electionMs, votes, why, candidates } = command;
  const election: Election = {
    ...{ term, nodeId, cause, silenceMs, electionMs, votes },
    ...(why !== undefined && { why }),
    ...(candidates !== undefined && { candidates }),
    at: at.timestamp,
    index: at.index,
  };
  const led: ClusterState = {
    ...state,
    primary: { nodeId, epoch, since: at.timestamp },
    elections: remembered(state.elections, election),
    electionCount: electionCount(state) + 1,
  };
  const record = own(state.nodes, nodeId);
  const elected = electedEvent(command, primary.nodeId);
  if (record === undefined || record.liveness === 'alive') return done(led, [elected], { repeated: false });
  // whoever leads is alive, whatever was believed of it
  const alive: EventDraft = {
    kind: 'node-alive',
    nodeId,
    message: `${nodeId} is alive: it leads`,
    data: { by: votes, cause: 'it leads' },
  };
  const risen = withNode(led, { ...record, liveness: 'alive', livenessSince: at.timestamp });
  return done(risen, [elected, alive], { repeated: false });
}
