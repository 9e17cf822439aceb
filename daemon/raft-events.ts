/**
 * What this node's Raft core says, as events for people. They carry no index: they are this node's own view.
 */
import type { NodeId, Timestamp } from '../src/base/index.ts';
import type { ClusterEvent } from '../src/cluster/index.ts';
import type { RaftEvent } from '../src/raft/index.ts';

type OwnEvent = Omit<ClusterEvent, 'index'>;

function round(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

/** The event for the stream, or null for what nobody watches. */
export function ownEvent(nodeId: NodeId, at: Timestamp, event: RaftEvent): OwnEvent | null {
  const info = (
    kind: OwnEvent['kind'],
    message: string,
    data: OwnEvent['data'],
    about: NodeId | null = nodeId,
  ): OwnEvent => ({
    kind,
    severity: 'info',
    nodeId: about,
    at,
    message,
    data,
  });
  switch (event.kind) {
    case 'role-changed':
      return info('role-changed', `${nodeId} is ${event.role} in term ${event.term}`, {
        role: event.role,
        term: event.term,
      });
    case 'leader-changed': {
      const { leaderId, term } = event;
      if (leaderId !== null)
        return info('role-changed', `${nodeId} follows ${leaderId} in term ${term}`, {
          leader_id: leaderId,
          term,
        });
      const lost = info('leader-lost', `${nodeId} knows no leader (term ${term})`, { term });
      return { ...lost, severity: 'warning' };
    }
    case 'campaign-started': {
      const silence = round(event.silenceMs);
      const data = { campaign: event.campaign, term: event.term, silence_ms: silence };
      const heard = silence === null ? '' : `, last word of the leader ${silence} ms ago`;
      return info(
        'campaign-started',
        `${nodeId} asks for pre-votes for term ${event.term + 1} (${event.campaign}${heard})`,
        data,
      );
    }
    case 'vote': {
      const { candidate, term, granted, refusal } = event;
      const word = granted ? 'votes for' : `refuses (${refusal})`;
      return info('vote', `${nodeId} ${word} ${candidate} in term ${term}`, {
        candidate,
        term,
        granted,
        refusal,
      });
    }
    case 'stepped-down':
      return {
        ...info('role-changed', `${nodeId} steps down: ${event.reason}`, { term: event.term }),
        severity: 'warning',
      };
    case 'membership-changed': {
      const { voters, outgoing, learners } = event.membership;
      const names = (members: typeof voters): string => members.map((m) => m.nodeId).join(' ') || 'none';
      const joint = outgoing.length === 0 ? '' : `, leaving ${names(outgoing)}`;
      const pending = event.committed ? '' : ' (not committed)';
      const text = `voters ${names(voters)}${joint}, learners ${names(learners)}${pending}`;
      return info('membership-changed', text, { index: event.index, committed: event.committed });
    }
    case 'hint-taken':
      return info('campaign-started', `${nodeId} lost its connection to ${event.peer} (rank ${event.rank})`, {
        peer: event.peer,
        rank: event.rank,
      });
    case 'elected':
    case 'transfer-ended':
      return null; // elected: the replicated leader-elected says it; a transfer: its operation does
  }
}
