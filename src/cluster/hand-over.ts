/**
 * Leadership that was given away by itself (a slow disk, a lagging loop, entries that reach nobody): why, to
 * whom, who else could have taken it, and how long no further one follows unless it must.
 */
import type { Timestamp } from '../base/index.ts';
import { formatDuration, LIMITS } from '../base/index.ts';
import type { ClusterState, Cooldown, Operation } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, own, ring } from './outcome.ts';
import type { Check } from './plan.ts';
import { check } from './plan.ts';

/** Key of the record's cool-down of automatic hand-overs. */
const HAND_OVER = 'hand-over';

/** The cool-down that keeps a deferrable hand-over back; null = none does. */
export function handOverCooldown(
  { cooldowns }: Pick<ClusterState, 'cooldowns'>,
  now: Timestamp,
): Cooldown | null {
  const found = own(cooldowns, HAND_OVER);
  return found !== undefined && found.until > now ? found : null;
}

/** Said in every plan that moves leadership; people's operations neither obey it nor begin one. */
export function cooldownChecks(state: ClusterState, now: Timestamp): Check[] {
  const cooldown = handOverCooldown(state, now);
  if (cooldown === null) return [];
  const text =
    `automatic hand-overs rest for another ${formatDuration(cooldown.until - now)} (${cooldown.cause}); ` +
    'what you ask for does not';
  return [check('cool-down', 'warn', text)];
}

export function recordHandOver(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'hand-over-record' }>,
  at: ApplyPosition,
): Outcome {
  const { id, from, term, cause, candidates } = command;
  if (state.operations.some((o) => o.id === id)) return done(state, [], { repeated: true });
  const to = state.primary.nodeId;
  const isMoved = to !== from && state.primary.epoch > term;
  const startedAt = Math.min(at.timestamp, isMoved ? state.primary.since : at.timestamp);
  const error = isMoved ? null : 'nobody took leadership over';
  const operation: Operation = {
    ...{ id, kind: 'hand-over', state: isMoved ? 'done' : 'failed', phase: 'transferring', from, to, error },
    phases: [{ name: 'transferring', at: startedAt, elapsedMs: 0, result: error ?? 'done' }],
    ...{ actor: 'system', reason: cause, startedAt, endedAt: at.timestamp, forMs: null, candidates },
  };
  const event: EventDraft = {
    kind: 'hand-over-recorded',
    nodeId: from,
    severity: 'warning',
    message: `${from} gave leadership away by itself${isMoved ? ` to ${to}` : ', nobody took it'}: ${cause}`,
    data: { operation: id, from, to, term, cause, candidates },
  };
  const operations = ring(state.operations, operation, LIMITS.operationHistory);
  const cooldown: Cooldown = {
    since: at.timestamp,
    until: at.timestamp + LIMITS.handOverCooldownMs,
    cause: `${from}: ${cause}`,
  };
  const cooldowns = isMoved ? { ...state.cooldowns, [HAND_OVER]: cooldown } : state.cooldowns;
  return done({ ...state, operations, cooldowns }, [event], { repeated: false });
}
