/** One line for each thing that happens in a scene, short enough to be read by the dozen. */
import type { LogPosition } from '../../../src/base/index.ts';
import type {
  LogEntry,
  Membership,
  PeerStatus,
  RaftEvent,
  RaftMessage,
  RaftStatus,
} from '../../../src/raft/index.ts';

const at = (p: LogPosition): string => `${p.index}/${p.term}`;

const KIND_MARKS = { noop: '∅', membership: 'm', config: 'c', command: '', sql: 's' } as const;

/** `3/2` is index 3 of term 2; ∅ opens a term, m is a membership. */
export function printEntry(entry: LogEntry): string {
  return `${at(entry)}${KIND_MARKS[entry.kind]}`;
}

function printAnswer(granted: boolean, refusal: string | null): string {
  return granted ? 'yes' : `no (${refusal})`;
}

function printBody(m: RaftMessage): string {
  switch (m.kind) {
    case 'pre-vote':
    case 'vote':
      return `last ${at(m.last)} ${m.reason}`;
    case 'pre-vote-response':
      return printAnswer(m.granted, m.refusal) + (m.retryAfterMs > 0 ? ` for ${m.retryAfterMs} ms` : '');
    case 'vote-response':
      return printAnswer(m.granted, m.refusal);
    case 'append': {
      const entries = m.entries.length > 6 ? [...m.entries.slice(0, 2), ...m.entries.slice(-1)] : m.entries;
      const text = entries.map(printEntry).join(m.entries.length > 6 ? ' … ' : ' ');
      return `after ${at(m.prev)} [${text}] commit ${m.commit}`;
    }
    case 'append-response':
      return m.accepted ? `holds ${m.index}` : `refuses ${m.index}, try ${at(m.hint)}`;
    case 'heartbeat':
      return `commit ${m.commit} ranks ${m.ranks.join(' ')}`;
    case 'snapshot':
      return at(m.meta);
    case 'timeout-now':
      return `if ${at(m.expectedLast)}`;
    case 'read-index-response':
      return `${m.index}`;
    default:
      return '';
  }
}

export function printMessage(m: RaftMessage): string {
  return `${m.from} → ${m.to} ${m.kind} t${m.term} ${printBody(m)}`.trimEnd();
}

export function printMembership(m: Membership): string {
  const names = (list: Membership['voters']): string => list.map((x) => x.nodeId).join(' ');
  const parts = [`voters ${names(m.voters)}`];
  if (m.outgoing.length > 0) parts.push(`outgoing ${names(m.outgoing)}`);
  if (m.learners.length > 0) parts.push(`learners ${names(m.learners)}`);
  if (m.learnersNext.length > 0) parts.push(`learners next ${names(m.learnersNext)}`);
  return parts.join(', ');
}

export function printEvent(e: RaftEvent): string {
  switch (e.kind) {
    case 'role-changed':
      return `is ${e.role} in t${e.term}`;
    case 'leader-changed':
      return e.leaderId === null ? 'knows no leader' : `follows ${e.leaderId} in t${e.term}`;
    case 'campaign-started':
      return `campaigns (${e.campaign})`;
    case 'elected':
      return `is elected in t${e.term} by ${e.votes.join(' ')}`;
    case 'stepped-down':
      return `steps down: ${e.reason}`;
    case 'vote':
      return `votes ${printAnswer(e.granted, e.refusal)} on ${e.candidate} in t${e.term}`;
    case 'membership-changed':
      return `membership of ${e.index} ${e.committed ? 'committed' : 'in force'}: ${printMembership(e.membership)}`;
    case 'transfer-ended':
      return `transfer ${e.ok ? 'done' : 'failed'}: ${e.reason}`;
    case 'hint-taken':
      return `takes the hint that ${e.peer} is lost, rank ${e.rank}`;
  }
}

export function printStatus(s: RaftStatus): string {
  const marks = `last ${at(s.last)} durable ${s.durableIndex} commit ${s.commitIndex} applied ${s.appliedIndex}`;
  const vote = s.votedFor === null ? '' : ` voted ${s.votedFor}`;
  return `${s.nodeId} ${s.role} t${s.term}${vote} ${marks}`;
}

export function printPeer(p: PeerStatus): string {
  const flight = p.inflightMessages > 0 ? ` in flight ${p.inflightMessages}` : '';
  return `${p.nodeId} ${p.state} match ${p.match} next ${p.next}${flight}`;
}
