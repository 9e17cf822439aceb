/**
 * A paused cluster moves neither leadership nor members by itself. Raft still elects after a death: without
 * that, a pause would be an outage. It ends by itself.
 */
import type { Timestamp } from '../base/index.ts';
import { formatDuration, LIMITS } from '../base/index.ts';
import type { ClusterState, Maintenance } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { isSetAnew, setAnew, tooLong } from './maintenance.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';
import type { Check } from './plan.ts';
import { check } from './plan.ts';

type CommandOf<K extends ClusterCommand['kind']> = Extract<ClusterCommand, { kind: K }>;

/** The pause in force; null when none is, also before the leader has cleared one whose time is over. */
export function pauseInForce({ pause }: Pick<ClusterState, 'pause'>, now: Timestamp): Maintenance | null {
  return pause !== null && pause.expires > now ? pause : null;
}

const why = (reason: string): string => (reason === '' ? '' : `: ${reason}`);

export function pauseCluster(
  state: ClusterState,
  { owner, reason, forMs }: CommandOf<'cluster-pause'>,
  at: ApplyPosition,
): Outcome {
  if (!(forMs > 0) || forMs > LIMITS.maxPauseMs) {
    return refused('invalid_argument', tooLong('a pause', LIMITS.maxPauseMs, forMs));
  }
  const current = pauseInForce(state, at.timestamp);
  if (current !== null && current.owner !== owner) {
    return refused('conflict', `the cluster is paused by ${current.owner} already${why(current.reason)}`);
  }
  const since = current?.since ?? at.timestamp;
  const pause: Maintenance = { owner, reason, since, expires: at.timestamp + forMs };
  const event: EventDraft = {
    kind: 'cluster-paused',
    nodeId: null,
    severity: 'warning',
    message: `the cluster is paused by ${owner} for ${formatDuration(forMs)}${why(reason)}`,
    data: { owner, reason, since_ms: since, expires_ms: pause.expires, for_ms: forMs },
  };
  return done({ ...state, pause }, [event], { expires: pause.expires });
}

export function resumeCluster(
  state: ClusterState,
  { cause, expires }: CommandOf<'cluster-resume'>,
  at: ApplyPosition,
): Outcome {
  const { pause } = state;
  if (pause === null) return done(state, [], { changed: false });
  if (isSetAnew(pause, expires)) return setAnew('the pause of the cluster', pause);
  const event: EventDraft = {
    kind: 'cluster-resumed',
    nodeId: null,
    message: `the pause of the cluster ended${why(cause)}`,
    data: { cause, owner: pause.owner, lasted_ms: Math.max(0, at.timestamp - pause.since) },
  };
  return done({ ...state, pause: null }, [event], { changed: true });
}

/**
 * What a pause means for an operation that moves leadership: only to a node that was named. Empty when the
 * cluster is not paused.
 */
export function pauseChecks(state: ClusterState, isTargetNamed: boolean, now: Timestamp): Check[] {
  const pause = pauseInForce(state, now);
  if (pause === null) return [];
  const words = `the cluster is paused by ${pause.owner} for another ${formatDuration(pause.expires - now)}`;
  if (isTargetNamed) return [check('pause', 'warn', words)];
  return [check('pause', 'fail', `${words}: leadership moves only to a node that is named (--to)`)];
}
