/** Silences as replicated state: made by people, ended by them or by their time. */
import { matchersText } from '../alerts/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import { tooLong } from './maintenance.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';

/** Longest silence; whoever needs more asks again. */
const MAX_SILENCE_MS = 30 * 86_400_000;

export function createSilence(
  state: ClusterState,
  { id, matchers, forMs, reason }: Extract<ClusterCommand, { kind: 'silence-create' }>,
  at: ApplyPosition,
): Outcome {
  if (!(forMs > 0) || forMs > MAX_SILENCE_MS) {
    return refused('invalid_argument', tooLong('a silence', MAX_SILENCE_MS, forMs));
  }
  if (state.silences.some((s) => s.id === id)) return refused('conflict', `there is a silence "${id}"`);
  // one whose time is over by this entry's clock stays: others may know better, and its end is an entry too
  const { silences } = state;
  if (silences.length >= LIMITS.maxSilences) {
    return refused('overloaded', `there are ${LIMITS.maxSilences} silences already`);
  }
  const { rule, nodeId, severity } = matchers;
  const until = at.timestamp + forMs;
  const silence = {
    ...{ id, matchers: { rule, nodeId, severity }, created: at.timestamp, until },
    ...{ by: at.actor, reason },
  };
  const event: EventDraft = {
    kind: 'silence-created',
    nodeId,
    message: `${at.actor} silenced ${matchersText(matchers)}${reason === '' ? '' : `: ${reason}`}`,
    data: { id, rule, node_id: nodeId, severity, until_ms: until, by: at.actor, reason },
  };
  return done({ ...state, silences: [...silences, silence] }, [event], { id, until });
}

export function expireSilence(
  state: ClusterState,
  { id, cause }: Extract<ClusterCommand, { kind: 'silence-expire' }>,
): Outcome {
  const silence = state.silences.find((s) => s.id === id);
  if (silence === undefined) return refused('not_found', `no silence "${id}"`);
  const event: EventDraft = {
    kind: 'silence-ended',
    nodeId: silence.matchers.nodeId,
    message: `the silence of ${matchersText(silence.matchers)} ended${cause === '' ? '' : `: ${cause}`}`,
    data: { id, cause, by: silence.by },
  };
  return done({ ...state, silences: state.silences.filter((s) => s !== silence) }, [event], { id });
}
