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
import type { KeySelector } from '../key-watch.ts';
import type { NodeContext } from '../node-context.ts';
import { isoTime } from '../node-view.ts';
import { Pushed } from '../pushed.ts';

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
  const point = context.hub.parse(call.query['after']);
  if (point === undefined)
    throw new SqlccError('invalid_argument', `after "${call.query['after']}" is no cursor and no index`);
  const types = call.query['types']?.split(',').filter(Boolean);
  const wanted = (kind: string): boolean => types === undefined || types.length === 0 || types.includes(kind);
  // another node's ring may be ahead: wait for what the reader has seen already, so that nothing comes
  // twice or out of order
  await context.state.whenApplied(point.index, call.remainingMs());
  const lines = new Pushed<EventLine>(call.signal);
  for (const event of context.hub.since(point)) if (wanted(event.kind)) lines.push(eventLine(event));
  if (call.query['follow'] === '0') {
    lines.end();
    return { stream: lines };
  }
  const stop = context.hub.subscribe((event) => wanted(event.kind) && lines.push(eventLine(event)));
  if (stop === null) throw new SqlccError('overloaded', 'too many event streams are open on this node');
  const progress = (): void => lines.push(eventLine(context.hub.progress(Date.now())));
  progress(); // the first line comes at once: it says where to resume
  const timer = setInterval(progress, PROGRESS_MS);
  lines.onClose(() => {
    clearInterval(timer);
    stop();
  });
  return { stream: lines };
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
  const key = call.params['key'];
  const selector: KeySelector = key === undefined ? { prefix: call.query['prefix'] ?? '' } : { key };
  const after = call.query['after'] === undefined ? context.keys.appliedIndex : Number(call.query['after']);
  if (!Number.isSafeInteger(after) || after < 0)
    throw new SqlccError('invalid_argument', `after "${call.query['after']}" is no version`);
  await context.state.whenApplied(after, call.remainingMs());
  const lines = new Pushed<KvWatchLine>(call.signal);
  const missed = context.keys.since(selector, after);
  if (missed === null) {
    lines.push(mark('compacted', context.keys.floor));
    lines.end();
    return { stream: lines };
  }
  for (const change of missed) lines.push(watchLine(change));
  const stop = context.keys.subscribe(selector, (change) => lines.push(watchLine(change)));
  if (stop === null) throw new SqlccError('overloaded', 'too many watches are open on this node');
  lines.push(mark('progress', context.keys.appliedIndex));
  const timer = setInterval(() => lines.push(mark('progress', context.keys.appliedIndex)), PROGRESS_MS);
  lines.onClose(() => {
    clearInterval(timer);
    stop();
  });
  return { stream: lines };
}
