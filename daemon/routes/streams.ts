/**
 * The two endless answers: events of the cluster, changes of keys. Both resume, both show a sign of life
 * when idle.
 */
import type { EventLine, KvWatchLine } from '../../src/api/index.ts';
import type { LogIndex } from '../../src/base/index.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import type { KvChange } from '../../src/state/index.ts';
import type { StreamEvent } from '../event-hub.ts';
import { type Followed, follow } from '../follow.ts';
import type { KeyPosition, KeySelector } from '../key-watch.ts';
import type { NodeContext } from '../node-context.ts';
import { isoTime } from '../node-view.ts';

const PROGRESS_MS = 5000;

function eventLine(event: StreamEvent): EventLine {
  return {
    cursor: event.cursor,
    index: event.index,
    node_id: event.nodeId ?? event.origin,
    at: isoTime(event.at),
    kind: event.kind,
    severity: event.severity,
    message: event.message,
    data: { ...event.data },
  };
}

/** `GET /v1/events?after=&follow=&types=`: stored events behind `after`, then new ones unless `follow=0`. */
export async function events(context: NodeContext, call: Call): Promise<Answer> {
  const { hub } = context;
  const point = hub.parse(call.query['after']);
  if (point === undefined)
    throw new SqlccError('invalid_argument', `after "${call.query['after']}" is no cursor and no index`);
  const types = call.query['types']?.split(',').filter(Boolean) ?? [];
  const isWanted = (kind: string): boolean => types.length === 0 || types.includes(kind);
  // another node's ring may be ahead: wait for what the reader has seen already, so that nothing comes
  // twice or out of order
  await context.state.whenApplied(point.index, call.remainingMs());
  if (hub.isFull) throw new SqlccError('overloaded', 'too many event streams are open on this node');
  const position = hub.begin(point);
  const source: Followed<EventLine> = {
    next: () => ({ lines: hub.read(position, isWanted, Date.now()).map(eventLine), ended: false }),
    idle: () => eventLine(hub.progress(Date.now())),
    subscribe: (wake) => hub.subscribe(wake),
  };
  const endless = call.query['follow'] !== '0';
  return { stream: follow(source, { signal: call.signal, endless, idleMs: PROGRESS_MS }) };
}

function watchLine(change: KvChange): KvWatchLine {
  const { type, key, value, version, term } = change;
  return { type, key, value, version, term, timestamp: isoTime(change.timestamp) };
}

function mark(type: 'progress' | 'compacted', version: LogIndex): KvWatchLine {
  return { type, key: null, value: null, version, term: 0, timestamp: null };
}

/** `?watch=1&after=V` for one key or a prefix: changes behind V without a gap, or one line `compacted`. */
export async function watchKeys(context: NodeContext, call: Call): Promise<Answer> {
  const { keys } = context;
  const key = call.params['key'];
  const selector: KeySelector = key === undefined ? { prefix: call.query['prefix'] ?? '' } : { key };
  const after = call.query['after'] === undefined ? keys.appliedIndex : Number(call.query['after']);
  if (!Number.isSafeInteger(after) || after < 0)
    throw new SqlccError('invalid_argument', `after "${call.query['after']}" is no version`);
  await context.state.whenApplied(after, call.remainingMs());
  if (keys.isFull) throw new SqlccError('overloaded', 'too many watches are open on this node');
  const position: KeyPosition = { selector, version: after };
  const source: Followed<KvWatchLine> = {
    next: () => {
      const changes = keys.read(position);
      if (changes === null) return { lines: [mark('compacted', keys.floor)], ended: true };
      return { lines: changes.map(watchLine), ended: false };
    },
    idle: () => mark('progress', position.version),
    subscribe: (wake) => keys.subscribe(wake),
  };
  return { stream: follow(source, { signal: call.signal, endless: true, idleMs: PROGRESS_MS }) };
}
