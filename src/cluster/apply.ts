/**
 * The state machine of the cluster: (state, command, position) → (state, events,
 * result). The same on every node, from the command and the entry alone. Total: a
 * command that can't be done is refused with a reason, and control commands that were
 * refused are audited too.
 *
 * One thing stops it: a command of a newer version, whose meaning this one doesn't
 * know. Guessing would make this replica differ from the others in silence, so it is
 * an assertion, and the node stops.
 */
import { unreachable } from '../base/index.ts';
import { acknowledgeAlert, moveAlert, unacknowledgeAlert } from './alert-ledger.ts';
import { stepNotifications } from './alert-outbox.ts';
import { audited } from './audit.ts';
import { followAuthority } from './authorities.ts';
import { bootstrapCluster } from './bootstrap.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { recordComparison } from './comparison.ts';
import { confirmConfig, putConfig, revertConfig } from './config.ts';
import { disableDrain, enableDrain } from './drain.ts';
import { startLeader } from './elections.ts';
import type { ClusterEvent } from './events.ts';
import { recordHandOver } from './hand-over.ts';
import { disableMaintenance, enableMaintenance } from './maintenance.ts';
import { admitNode, judgeNode, removeNode, startedNode, stoppedNode, updateNode } from './node-lifecycle.ts';
import { advanceOperation, beginOperation, endOperation } from './operations.ts';
import type { Applied, ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';
import { pauseCluster, resumeCluster } from './pause.ts';
import { changePeople } from './people.ts';
import { addScheduled, cancelScheduled, skipScheduled, startScheduled } from './schedule.ts';
import { moveSeat } from './seats.ts';
import { createSilence, expireSilence } from './silences.ts';

type OfAlerts = Extract<
  ClusterCommand,
  { kind: `alert-${string}` | `silence-${string}` | 'notification-steps' }
>;

function alertOutcome(state: ClusterState, command: OfAlerts, at: ApplyPosition): Outcome {
  switch (command.kind) {
    case 'alert-transition':
      return moveAlert(state, command, at);
    case 'alert-acknowledge':
      return acknowledgeAlert(state, command, at);
    case 'alert-unacknowledge':
      return unacknowledgeAlert(state, command, at);
    case 'notification-steps':
      return stepNotifications(state, command, at);
    case 'silence-create':
      return createSilence(state, command, at);
    case 'silence-expire':
      return expireSilence(state, command);
    default:
      return unreachable(command);
  }
}

type Steering = Extract<
  ClusterCommand,
  { kind: `cluster-${string}` | `schedule-${string}` | `drain-${string}` | 'hand-over-record' }
>;

/** What says who leads and serves, and what the cluster may do by itself. */
function steeringOutcome(state: ClusterState, command: Steering, at: ApplyPosition): Outcome {
  switch (command.kind) {
    case 'cluster-pause':
      return pauseCluster(state, command, at);
    case 'cluster-resume':
      return resumeCluster(state, command, at);
    case 'schedule-add':
      return addScheduled(state, command, at);
    case 'schedule-cancel':
      return cancelScheduled(state, command, at);
    case 'schedule-start':
      return startScheduled(state, command, at);
    case 'schedule-skip':
      return skipScheduled(state, command, at);
    case 'hand-over-record':
      return recordHandOver(state, command, at);
    case 'drain-enable':
      return enableDrain(state, command, at);
    case 'drain-disable':
      return disableDrain(state, command, at);
    default:
      return unreachable(command);
  }
}

type OfConfig = Extract<ClusterCommand, { kind: `config-${string}` }>;

function configOutcome(state: ClusterState, command: OfConfig, at: ApplyPosition): Outcome {
  switch (command.kind) {
    case 'config-put':
      return putConfig(state, command, at);
    case 'config-confirm':
      return confirmConfig(state, command, at);
    case 'config-revert':
      return revertConfig(state, command, at);
    default:
      return unreachable(command);
  }
}

function outcomeOf(state: ClusterState | null, command: ClusterCommand, at: ApplyPosition): Outcome {
  if (command.kind === 'bootstrap') return bootstrapCluster(state, command, at);
  if (state === null) return refused('failed_precondition', `${command.kind} before the cluster was made`);
  switch (command.kind) {
    case 'node-admit':
      return admitNode(state, command, at);
    case 'node-started':
      return startedNode(state, command, at);
    case 'node-update':
      return updateNode(state, command);
    case 'node-stopped':
      return stoppedNode(state, command, at);
    case 'node-liveness':
      return judgeNode(state, command, at);
    case 'node-seat':
      return moveSeat(state, command);
    case 'node-remove':
      return removeNode(state, command, at);
    case 'leader-started':
      return startLeader(state, command, at);
    case 'maintenance-enable':
      return enableMaintenance(state, command, at);
    case 'maintenance-disable':
      return disableMaintenance(state, command, at);
    case 'cluster-pause':
    case 'cluster-resume':
    case 'schedule-add':
    case 'schedule-cancel':
    case 'schedule-start':
    case 'schedule-skip':
    case 'hand-over-record':
    case 'drain-enable':
    case 'drain-disable':
      return steeringOutcome(state, command, at);
    case 'operation-begin':
      return beginOperation(state, command, at);
    case 'operation-phase':
      return advanceOperation(state, command, at);
    case 'operation-end':
      return endOperation(state, command, at);
    case 'authority-followed':
      return followAuthority(state, command);
    case 'config-put':
    case 'config-confirm':
    case 'config-revert':
      return configOutcome(state, command, at);
    case 'verify-mark':
      return done(state, [], { index: at.index });
    case 'verify-result':
      return recordComparison(state, command);
    case 'token-create':
    case 'token-revoke':
    case 'user-set':
    case 'user-revoke':
    case 'certificate-known':
    case 'certificate-revoke':
      return changePeople(state, command, at);
    case 'audit-note':
      return done(state, []);
    case 'alert-transition':
    case 'alert-acknowledge':
    case 'alert-unacknowledge':
    case 'notification-steps':
    case 'silence-create':
    case 'silence-expire':
      return alertOutcome(state, command, at);
    default:
      return unreachable(command);
  }
}

/**
 * What is about no node in particular is told of the primary, which made the entry: the record says who that
 * is, so that every node tells the same.
 */
function eventOf(draft: EventDraft, state: ClusterState, at: ApplyPosition): ClusterEvent {
  const nodeId = draft.nodeId ?? state.primary.nodeId ?? Object.keys(state.nodes).sort()[0] ?? null;
  return { severity: 'info', ...draft, nodeId, at: at.timestamp, index: at.index };
}

/** Applies one command; `state` null = before the bootstrap. */
export function applyCommand(
  state: ClusterState | null,
  command: ClusterCommand,
  at: ApplyPosition,
): Applied {
  const outcome = outcomeOf(state, command, at);
  if (outcome.ok) {
    return {
      state: audited(command, at, { before: state, after: outcome.state, outcome: 'ok' }),
      events: outcome.events.map((draft) => eventOf(draft, outcome.state, at)),
      result: { ok: true, value: outcome.value },
    };
  }
  const { ok: _refused, ...reason } = outcome;
  const why = `${reason.code}: ${reason.message}`;
  const remembered =
    state === null ? null : audited(command, at, { before: state, after: state, outcome: why });
  return { state: remembered, events: [], result: { ok: false, ...reason } };
}
