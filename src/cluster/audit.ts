/**
 * Who changed what, when, from where, why and with what outcome, as a chain of hashes.
 * Control commands and the membership of the Raft group only; what else the cluster
 * does by itself is an event.
 */
import { matchersText } from '../alerts/index.ts';
import { type AuditRecord, type ChainEnd, endOf, GENESIS, linked } from '../audit/index.ts';
import { LIMITS } from '../base/index.ts';
import { authorityWords } from './authorities.ts';
import type { ClusterState, NodeRecord, Operation } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition } from './outcome.ts';
import { own } from './outcome.ts';
import { seatOf } from './seats.ts';

interface Subject {
  readonly target: string;
  readonly reason: string;
  /** The target in words, as a state holds it; null: it does not. */
  readonly seenIn?: (state: ClusterState) => string | null;
}

/** A line without what ties it to the others. */
type Draft = Omit<AuditRecord, 'seq' | 'hash'>;

function nodeWords(node: NodeRecord | undefined): string | null {
  if (node === undefined) return null;
  const { suffrage, host, port, instanceId, zone, metadata } = node;
  const labels = Object.entries(metadata).map(([key, value]) => ` ${key}=${value}`);
  return `${suffrage} ${host}:${port}, instance ${instanceId}, zone "${zone}"${labels.join('')}`;
}

function maintenanceWords(state: ClusterState, nodeId: string): string | null {
  const found = own(state.maintenance, nodeId);
  return found === undefined ? null : `by ${found.owner} until ${new Date(found.expires).toISOString()}`;
}

function pauseWords({ pause }: ClusterState): string | null {
  return pause === null ? null : `by ${pause.owner} until ${new Date(pause.expires).toISOString()}`;
}

function scheduleWords(state: ClusterState, id: string): string | null {
  const found = state.schedule.find((s) => s.id === id);
  return found === undefined ? null : `${found.state}, at ${new Date(found.at).toISOString()}`;
}

function drainWords(state: ClusterState, nodeId: string): string | null {
  const found = own(state.drains ?? {}, nodeId);
  return found === undefined
    ? null
    : `drained by ${found.owner} until ${new Date(found.expires).toISOString()}`;
}

function operationWords(state: ClusterState, id: string, begun?: Operation['kind']): string | null {
  const found = state.operations.find((o) => o.id === id);
  const words = found === undefined ? null : `${found.state}, phase ${found.phase}`;
  const kind = found?.kind ?? begun;
  if (kind !== 'rotate-ca' && kind !== 'retire-ca') return words;
  const parts = [words, authorityWords(state)].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join('; ');
}

function silenceWords(state: ClusterState): string | null {
  return state.silences.length === 0 ? null : `silences ${state.silences.map((s) => s.id).join(', ')}`;
}

function configWords(state: ClusterState): string | null {
  const active = state.configs.findLast((c) => c.isActive);
  return active === undefined ? null : `version ${active.version}, hash ${active.configHash}`;
}

function tokenWords(state: ClusterState, id: string): string | null {
  const found = own(state.tokens, id);
  if (found === undefined) return null;
  const { kind, role, nodeId, expires, usedBy } = found;
  const bound = nodeId === null ? '' : ` for ${nodeId}`;
  return `${kind} ${role}${bound} until ${new Date(expires).toISOString()}, used by ${usedBy ?? 'nobody'}`;
}

function userWords(state: ClusterState, name: string): string | null {
  const found = own(state.users, name);
  if (found === undefined) return null;
  return found.isActive ? `role ${found.role}` : 'revoked';
}

function alertWords(state: ClusterState, id: string): string | null {
  const found = state.alerts.find((a) => a.id === id);
  return found === undefined ? null : `${found.state}, acknowledged by ${found.acknowledgedBy ?? 'nobody'}`;
}

type Steering = Extract<
  ClusterCommand,
  {
    kind:
      | `maintenance-${string}`
      | `cluster-${string}`
      | `schedule-${string}`
      | 'operation-begin'
      | 'operation-end';
  }
>;

/** Of what says who leads, and what the cluster may do by itself. */
function steeringSubject(command: Steering): Subject {
  switch (command.kind) {
    case 'maintenance-enable': {
      const { nodeId, reason } = command;
      return { target: nodeId, reason, seenIn: (s) => maintenanceWords(s, nodeId) };
    }
    case 'maintenance-disable': {
      const { nodeId, cause } = command;
      return { target: nodeId, reason: cause, seenIn: (s) => maintenanceWords(s, nodeId) };
    }
    case 'cluster-pause':
      return { target: 'cluster', reason: command.reason, seenIn: pauseWords };
    case 'cluster-resume':
      return { target: 'cluster', reason: command.cause, seenIn: pauseWords };
    case 'schedule-add': {
      const { id, kind, to, reason } = command.entry;
      return { target: `${kind} → ${to ?? 'best'}`, reason, seenIn: (s) => scheduleWords(s, id) };
    }
    case 'schedule-cancel':
    case 'schedule-skip':
      return { target: command.id, reason: command.cause, seenIn: (s) => scheduleWords(s, command.id) };
    case 'schedule-start':
      return { target: command.id, reason: '', seenIn: (s) => scheduleWords(s, command.id) };
    case 'operation-begin': {
      const { id, kind, from, to, reason } = command.operation;
      const target = `${kind} ${from ?? '-'} → ${to ?? '-'}`;
      return { target, reason, seenIn: (s) => operationWords(s, id, kind) };
    }
    case 'operation-end': {
      const { id, error, state } = command;
      return { target: id, reason: error ?? state, seenIn: (s) => operationWords(s, id) };
    }
  }
}

function seatWords(state: ClusterState, nodeId: string): string | null {
  const node = own(state.nodes, nodeId);
  return node === undefined ? null : `wanted as ${seatOf(node)}`;
}

function nodeWordsIn(state: ClusterState, nodeId: string): string | null {
  return nodeWords(own(state.nodes, nodeId));
}

function onNode(
  nodeId: string,
  reason: string,
  words: (state: ClusterState, nodeId: string) => string | null,
): Subject {
  return { target: nodeId, reason, seenIn: (state) => words(state, nodeId) };
}

type OfPeople = Extract<
  ClusterCommand,
  { kind: `token-${string}` | `user-${string}` | 'certificate-revoke' }
>;

/** Of who may come in, and as what. */
function peopleSubject(command: OfPeople): Subject {
  switch (command.kind) {
    case 'token-create': {
      const { id, kind, role } = command.token;
      return { target: `${kind} token ${id}`, reason: role, seenIn: (s) => tokenWords(s, id) };
    }
    case 'token-revoke':
      return { target: command.id, reason: '', seenIn: (s) => tokenWords(s, command.id) };
    case 'user-set':
    case 'user-revoke': {
      const { name, reason } = command;
      return { target: `user ${name}`, reason, seenIn: (s) => userWords(s, name) };
    }
    case 'certificate-revoke': {
      const { serial, name, reason } = command;
      const target = serial === null ? `certificates of ${name}` : `certificate ${serial}`;
      return { target, reason, seenIn: (s) => `${s.revoked.length} revoked` };
    }
  }
}

/** What a control command is about; null for what a node or the leader reports by itself. */
function subjectOf(command: ClusterCommand): Subject | null {
  switch (command.kind) {
    case 'bootstrap':
      return { target: command.name, reason: '', seenIn: (s) => `cluster ${s.clusterId}` };
    case 'node-admit':
      return onNode(command.node.nodeId, '', nodeWordsIn);
    case 'node-update':
      return onNode(command.nodeId, '', nodeWordsIn);
    case 'node-remove':
      return onNode(command.nodeId, command.reason, nodeWordsIn);
    case 'node-seat':
      return onNode(command.nodeId, command.reason, seatWords);
    case 'drain-enable':
      return onNode(command.nodeId, command.reason, drainWords);
    case 'drain-disable':
      return onNode(command.nodeId, command.cause, drainWords);
    case 'maintenance-enable':
    case 'maintenance-disable':
    case 'cluster-pause':
    case 'cluster-resume':
    case 'schedule-add':
    case 'schedule-cancel':
    case 'schedule-skip':
    case 'schedule-start':
    case 'operation-begin':
    case 'operation-end':
      return steeringSubject(command);
    case 'config-put':
      return {
        target: `config ${command.configHash.slice(0, 12)}`,
        reason: command.reason,
        seenIn: configWords,
      };
    case 'config-confirm':
      return { target: `config version ${command.version}`, reason: '', seenIn: configWords };
    case 'config-revert':
      return { target: `config version ${command.version}`, reason: command.cause, seenIn: configWords };
    case 'token-create':
    case 'token-revoke':
    case 'user-set':
    case 'user-revoke':
    case 'certificate-revoke':
      return peopleSubject(command);
    case 'audit-note':
      return { target: command.target, reason: command.reason };
    case 'alert-acknowledge':
    case 'alert-unacknowledge':
      return { target: command.id, reason: '', seenIn: (s) => alertWords(s, command.id) };
    case 'silence-create':
      return { target: matchersText(command.matchers), reason: command.reason, seenIn: silenceWords };
    case 'silence-expire':
      return { target: command.id, reason: command.cause, seenIn: silenceWords };
    case 'node-started':
    case 'node-stopped':
    case 'node-liveness':
    case 'leader-started':
    case 'operation-phase':
    case 'hand-over-record':
    case 'authority-followed':
    case 'certificate-known':
    case 'alert-transition':
    case 'notification-steps':
    case 'verify-mark':
    case 'verify-result':
      return null;
  }
}

/** Text of a line is bounded: reasons come from outside, and the chain is kept by every node. */
function clip(text: string): string {
  return text.length <= LIMITS.maxAuditText ? text : `${text.slice(0, LIMITS.maxAuditText - 1)}…`;
}

/** The chain with one line more; beyond LIMITS.auditHistory the oldest become its anchor. */
function withLine(state: ClusterState, draft: Draft): ClusterState {
  const { target, reason, before, after, outcome } = draft;
  const line: Draft = {
    ...draft,
    target: clip(target),
    reason: clip(reason),
    before: before === null ? null : clip(before),
    after: after === null ? null : clip(after),
    outcome: clip(outcome),
  };
  const lines = [...state.audit, linked(endOf(state.auditAnchor, state.audit), line)];
  const dropped = lines.slice(0, -LIMITS.auditHistory);
  const auditAnchor = endOf(state.auditAnchor, dropped);
  return { ...state, audit: lines.slice(dropped.length), auditAnchor };
}

/** Where a command leads: `before` is null ahead of the bootstrap, `outcome` is `ok` or the refusal. */
interface Step {
  readonly before: ClusterState | null;
  readonly after: ClusterState;
  readonly outcome: string;
}

/** `step.after` with one line more, or as it is where the command is none of control. */
export function audited(command: ClusterCommand, at: ApplyPosition, step: Step): ClusterState {
  const subject = subjectOf(command);
  if (subject === null) return step.after;
  const { target, reason, seenIn = () => null } = subject;
  return withLine(step.after, {
    index: at.index,
    at: at.timestamp,
    actor: at.actor,
    credential: at.origin?.credential ?? '',
    from: at.origin?.from ?? '',
    action: command.kind === 'audit-note' ? command.action : command.kind,
    ...{ target, reason },
    before: step.before === null ? null : seenIn(step.before),
    after: command.kind === 'audit-note' ? command.after : seenIn(step.after),
    outcome: command.kind === 'audit-note' ? (command.outcome ?? step.outcome) : step.outcome,
  });
}

/** A change of the Raft group in words; made by whoever leads, so told of the primary. */
export interface MembershipWords {
  readonly before: string | null;
  readonly after: string;
}

/** `state` with a line on the membership that an entry brought. */
export function membershipAudited(
  state: ClusterState,
  { before, after }: MembershipWords,
  at: Omit<ApplyPosition, 'actor'>,
): ClusterState {
  if (before === after) return state;
  return withLine(state, {
    ...{ index: at.index, at: at.timestamp, actor: 'system', credential: '', from: '' },
    ...{ action: 'raft-membership', target: `term ${at.term}`, reason: '', before, after, outcome: 'ok' },
  });
}

/** Lines of before there was a chain, tied together from the beginning. */
export function chained(lines: readonly Partial<AuditRecord>[]): {
  readonly audit: readonly AuditRecord[];
  readonly auditAnchor: ChainEnd;
} {
  const audit: AuditRecord[] = [];
  for (const { index = 0, at = 0, actor = '', action = '', target = '', ...line } of lines) {
    const draft: Draft = {
      ...{ index, at, actor, credential: '', from: '', action, target },
      ...{ reason: line.reason ?? '', before: null, after: null, outcome: line.outcome ?? '' },
    };
    audit.push(linked(endOf(GENESIS, audit), draft));
  }
  return { audit, auditAnchor: GENESIS };
}
