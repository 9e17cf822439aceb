/** A node in maintenance keeps its vote, is no candidate, and does not alarm; it ends by itself. */
import type { Duration, Timestamp } from '../base/index.ts';
import { formatDuration } from '../base/index.ts';
import type { ClusterState, Maintenance } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, refused, without } from './outcome.ts';

/** Longest maintenance, whatever `membership.max_maintenance` says; whoever needs more asks again. */
export const MAX_MAINTENANCE_MS = 30 * 86_400_000;

/** Why `what` can't last `forMs`: it is too long, or no length at all. */
export function tooLong(what: string, mostMs: Duration, forMs: Duration): string {
  return `${what} lasts up to ${formatDuration(mostMs)}, not ${forMs > 0 ? formatDuration(forMs) : forMs}`;
}

export function enableMaintenance(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'maintenance-enable' }>,
  at: ApplyPosition,
): Outcome {
  const { nodeId, owner, reason, forMs, operation } = command;
  if (own(state.nodes, nodeId) === undefined)
    return refused('not_found', `no node "${nodeId}" in this cluster`);
  if (!(forMs > 0) || forMs > MAX_MAINTENANCE_MS) {
    return refused('invalid_argument', tooLong('maintenance', MAX_MAINTENANCE_MS, forMs));
  }
  const current = own(state.maintenance, nodeId);
  if (current !== undefined && current.owner !== owner) {
    const text = `${nodeId} is in maintenance by ${current.owner} already`;
    return refused('conflict', `${text}${current.reason === '' ? '' : ` (${current.reason})`}`);
  }
  const maintenance: Maintenance = {
    owner,
    reason,
    since: current?.since ?? at.timestamp,
    expires: at.timestamp + forMs,
    ...(operation !== undefined && { operation }),
  };
  const length = current === undefined ? '' : ` for another ${formatDuration(forMs)}`;
  const event: EventDraft = {
    kind: 'maintenance-enabled',
    nodeId,
    message: `${nodeId} is in maintenance by ${owner}${length}${reason === '' ? '' : `: ${reason}`}`,
    data: { owner, reason, since_ms: maintenance.since, expires_ms: maintenance.expires, for_ms: forMs },
  };
  const entered = { ...state, maintenance: { ...state.maintenance, [nodeId]: maintenance } };
  return done(entered, [event], { expires: maintenance.expires });
}

/** Whether a command that ends what is over was made of another end than the record's: it is not over. */
export function isSetAnew(current: Maintenance, seen: Timestamp | undefined): boolean {
  return seen !== undefined && seen !== current.expires;
}

export function setAnew(what: string, { owner, expires }: Maintenance): Outcome {
  const end = new Date(expires).toISOString();
  return refused('conflict', `${what} was set anew by ${owner}, until ${end}`);
}

export function disableMaintenance(
  state: ClusterState,
  { nodeId, cause, expires }: Extract<ClusterCommand, { kind: 'maintenance-disable' }>,
  at: ApplyPosition,
): Outcome {
  const current = own(state.maintenance, nodeId);
  if (current === undefined) return done(state, [], { changed: false });
  if (isSetAnew(current, expires)) return setAnew(`the maintenance of ${nodeId}`, current);
  const event: EventDraft = {
    kind: 'maintenance-disabled',
    nodeId,
    message: `${nodeId} left maintenance${cause === '' ? '' : `: ${cause}`}`,
    data: { cause, owner: current.owner, lasted_ms: Math.max(0, at.timestamp - current.since) },
  };
  return done({ ...state, maintenance: without(state.maintenance, nodeId) }, [event], { changed: true });
}
