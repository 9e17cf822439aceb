/**
 * Shapes of the replicated record as the API shows them: operations, tokens, alerts, audit, configurations.
 * Record in, row out.
 */
import type { OperationView, ScheduleRow } from '../src/api/index.ts';
import type {
  AuditRecord,
  ConfigVersionRecord,
  Election,
  Operation,
  ScheduledOperation,
  TokenRecord,
} from '../src/cluster/index.ts';
import { writeGapMs } from '../src/cluster/index.ts';
import { candidateView, isoTime } from './node-view.ts';

export function operationView(operation: Operation, elections: readonly Election[]): OperationView {
  return {
    id: operation.id,
    kind: operation.kind,
    state: operation.state,
    phase: operation.phase,
    phases: operation.phases.map((p) => ({
      name: p.name,
      at: isoTime(p.at),
      elapsed_ms: p.elapsedMs,
      result: p.result,
    })),
    from: operation.from,
    to: operation.to,
    actor: operation.actor,
    reason: operation.reason,
    error: operation.error,
    candidates: operation.candidates.map(candidateView),
    write_gap_ms: writeGapMs(operation, elections),
  };
}

export function scheduleView(entry: ScheduledOperation): ScheduleRow {
  const { id, kind, to, expectLeader, at, actor, reason, createdAt, state, operation, cause } = entry;
  const times = { at: isoTime(at), created: isoTime(createdAt) };
  return { id, kind, to, expect_leader: expectLeader, ...times, actor, reason, state, operation, cause };
}

export function tokenView(token: TokenRecord) {
  return {
    id: token.id,
    kind: token.kind,
    role: token.role,
    node_id: token.nodeId,
    created: isoTime(token.created),
    expires: isoTime(token.expires),
    created_by: token.createdBy,
    used_by: token.usedBy,
    user: token.user ?? null,
  };
}

export function auditView(record: AuditRecord) {
  return { ...record, at: isoTime(record.at) };
}

export function configVersionView(version: ConfigVersionRecord) {
  return {
    version: version.version,
    config_hash: version.configHash,
    create_time: isoTime(version.createTime),
    create_node: version.createNode,
    changes: [...version.changes],
    is_active: version.isActive,
    author: version.author,
    reason: version.reason,
    confirmation: version.confirmation ?? null,
  };
}
