/** The one word for how a node is, worst first: death before maintenance before illness before lag. */

import type { NodeRow } from '../feed/wire.ts';
import { age, rough } from '../format/words.ts';
import type { Token } from '../theme/tokens.ts';

export interface NodeStateWord {
  readonly kind:
    | 'dead'
    | 'left'
    | 'suspect'
    | 'unknown'
    | 'maint'
    | 'unhealthy'
    | 'degraded'
    | 'starting'
    | 'catch-up'
    | 'lagging'
    | 'ok';
  readonly word: string;
  readonly token: Token;
  /** Problems sort first and are what `!` shows. */
  readonly isProblem: boolean;
}

/** A follower this many entries behind is worth a word; between two heartbeats a busy one has fewer. */
const LAG_WORTH_SAYING = 2000;

/** `now` (wall ms) is only needed for how long something lasts; `toldAt`: when what is said of it was so. */
export function nodeState(row: NodeRow, now: number | null = null, toldAt = now): NodeStateWord {
  const more = now === null || toldAt === null ? 0 : Math.max(0, now - toldAt);
  const since = (ms: number | null): string => (ms === null ? '' : ` ${age(ms + more)}`);
  const word = (
    kind: NodeStateWord['kind'],
    text: string,
    token: Token,
    isProblem = true,
  ): NodeStateWord => ({
    kind,
    word: text,
    token,
    isProblem,
  });
  if (row.liveness === 'dead') return word('dead', `DEAD${since(row.last_heartbeat_ms)}`, 'dead');
  if (row.liveness === 'left') return word('left', 'left', 'muted', false);
  if (row.maintenance !== null) {
    const left = now === null ? 0 : Date.parse(row.maintenance.expires) - now;
    return word('maint', left > 0 ? `MAINT ${rough(left)} left` : 'MAINT', 'maintenance', false);
  }
  if (row.liveness === 'suspect') return word('suspect', `suspect${since(row.last_heartbeat_ms)}`, 'suspect');
  if (row.liveness === 'unknown') return word('unknown', 'unknown', 'suspect');
  if (row.health === 'UNHEALTHY') return word('unhealthy', 'unhealthy !!', 'critical');
  if (row.health === 'DEGRADED') return word('degraded', 'degraded !', 'warning');
  if (row.state === 'STARTING') return word('starting', 'starting', 'info', false);
  const lag = row.lag_entries ?? 0;
  if (row.role === 'learner' && lag > 0 && row.match_index !== null) {
    const done = Math.floor((row.match_index / Math.max(1, row.match_index + lag)) * 100);
    return word('catch-up', `catch-up ${done}%`, 'learner', false);
  }
  if (lag > LAG_WORTH_SAYING) return word('lagging', 'lagging !', 'warning');
  return word('ok', 'ok', 'ok', false);
}
