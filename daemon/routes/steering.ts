/** Pause, schedule, and the word of a former leader. Parse, one call, shape the answer. */
import type { HandOverReport, PauseRequest, ScheduleRequest } from '../../src/api/index.ts';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import { expectedChecks, type ScheduledOperation } from '../../src/cluster/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { shortId } from '../data-dir.ts';
import { handOverCommand } from '../hand-over-report.ts';
import { type NodeContext, proposeCommand, requireCluster } from '../node-context.ts';
import { maintenanceView } from '../node-view.ts';
import { DEFAULT_MAINTENANCE_MS } from '../operation-steps.ts';
import { expectedOf, requireLength, requireNodes, usualLengthMs } from '../operations.ts';
import { scheduleView } from '../views.ts';

/** Throws `conflict` where term or leader are not as the caller believes. */
function requireExpected(context: NodeContext, request: PauseRequest): void {
  requireNodes(requireCluster(context), [request.expect_leader]);
  const { term = 0, leaderId = null } = context.consensus.status ?? {};
  const failed = expectedChecks({ term, leaderId }, expectedOf(request));
  if (failed.length > 0) throw new SqlccError('conflict', `refused: ${failed.map((c) => c.text).join('; ')}`);
}

export async function pauseCluster(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const request = call.body as PauseRequest;
  requireExpected(context, request);
  const { maxPauseMs: mostMs } = context.config.membership;
  const usualMs = usualLengthMs(mostMs);
  const { reason, for_ms: forMs = usualMs } = request;
  requireLength('a pause', forMs, { mostMs, key: 'membership.max_pause' });
  const command = { kind: 'cluster-pause', owner: call.identity.id, reason, forMs } as const;
  resultOf((await proposeCommand(context, command, call)).result);
  const isCut = request.for_ms === undefined && usualMs < DEFAULT_MAINTENANCE_MS;
  return {
    body: {
      pause: maintenanceView(requireCluster(context).pause),
      ...(isCut && { longest_ms: usualMs }),
    },
  };
}

export async function resumeCluster(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const why = call.query['reason'] ?? '';
  const cause = `by ${call.identity.id}${why === '' ? '' : `: ${why}`}`;
  resultOf((await proposeCommand(context, { kind: 'cluster-resume', cause }, call)).result);
  return { body: { pause: maintenanceView(requireCluster(context).pause) } };
}

export async function schedule(context: NodeContext): Promise<Answer> {
  const read = await context.reads.bestEffort(false);
  return { body: { schemaVersion: 1, schedule: requireCluster(context).schedule.map(scheduleView), read } };
}

function entryOf(context: NodeContext, id: string): ScheduledOperation {
  const found = requireCluster(context).schedule.find((s) => s.id === id);
  if (found !== undefined) return found;
  const hint = `"sqlcc schedule list" shows the last ${LIMITS.scheduleHistory}`;
  throw new SqlccError('not_found', `no schedule "${id}"`, { hint });
}

export async function scheduleOperation(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { kind, to, expect_leader: expectLeader, at, reason = '' } = call.body as ScheduleRequest;
  requireNodes(requireCluster(context), [to, expectLeader]);
  const id = shortId();
  const wish = { to: to ?? null, expectLeader: expectLeader ?? null, reason };
  const entry = { id, kind, ...wish, at: Date.parse(at) };
  resultOf((await proposeCommand(context, { kind: 'schedule-add', entry }, call)).result);
  return { status: 201, body: { entry: scheduleView(entryOf(context, id)) } };
}

export async function cancelSchedule(context: NodeContext, call: Call): Promise<Answer> {
  await context.reads.requireLeader(call.remainingMs());
  const { id } = entryOf(context, call.params['id'] ?? '');
  const cause = `by ${call.identity.id}`;
  const { result } = await proposeCommand(context, { kind: 'schedule-cancel', id, cause }, call);
  if (!result.ok && result.code === 'conflict') {
    const hint = '"sqlcc schedule list --all" shows what became of it, "sqlcc op cancel" ends what has begun';
    throw new SqlccError(result.code, result.message, { hint, details: { ...result.details } });
  }
  resultOf(result);
  return { body: { entry: scheduleView(entryOf(context, id)) } };
}

/** The certificate must be the former leader's own. */
export async function reportHandOver(context: NodeContext, call: Call): Promise<Answer> {
  const from = call.params['id'] ?? '';
  if (call.identity.id !== from)
    throw new SqlccError('permission_denied', `${call.identity.id} may not speak for ${from}`);
  await context.reads.requireLeader(call.remainingMs());
  const command = handOverCommand(from, call.body as HandOverReport);
  resultOf((await proposeCommand(context, command, call)).result);
  return { body: {} };
}
