/**
 * Who changed what, when, why and with what outcome. Control commands only; what the cluster does by itself
 * is an event.
 */
import { LIMITS } from '../base/index.ts';
import type { AuditRecord, ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition } from './outcome.ts';
import { ring } from './outcome.ts';

interface Subject {
  readonly target: string;
  readonly reason: string;
}

/** What a control command is about; null for what a node or the leader reports by itself. */
function subjectOf(command: ClusterCommand): Subject | null {
  switch (command.kind) {
    case 'bootstrap':
      return { target: command.name, reason: '' };
    case 'node-admit':
      return { target: command.node.nodeId, reason: '' };
    case 'node-update':
      return { target: command.nodeId, reason: '' };
    case 'node-remove':
    case 'maintenance-enable':
      return { target: command.nodeId, reason: command.reason };
    case 'maintenance-disable':
      return { target: command.nodeId, reason: command.cause };
    case 'operation-begin': {
      const { kind, from, to, reason } = command.operation;
      return { target: `${kind} ${from ?? '-'} → ${to ?? '-'}`, reason };
    }
    case 'operation-end':
      return { target: command.id, reason: command.error ?? command.state };
    case 'config-put':
      return { target: `config ${command.configHash.slice(0, 12)}`, reason: command.reason };
    case 'token-create':
      return { target: `${command.token.kind} token ${command.token.id}`, reason: command.token.role };
    case 'token-revoke':
    case 'alert-acknowledge':
      return { target: command.id, reason: '' };
    case 'node-started':
    case 'node-stopped':
    case 'node-liveness':
    case 'leader-started':
    case 'operation-phase':
    case 'alert-transition':
      return null;
  }
}

/** `state` with one record more; `outcome` is `ok` or why it was refused. */
export function audited(
  state: ClusterState,
  command: ClusterCommand,
  at: ApplyPosition,
  outcome: string,
): ClusterState {
  const subject = subjectOf(command);
  if (subject === null) return state;
  const record: AuditRecord = {
    index: at.index,
    at: at.timestamp,
    actor: at.actor,
    action: command.kind,
    ...subject,
    outcome,
  };
  return { ...state, audit: ring(state.audit, record, LIMITS.auditHistory) };
}
