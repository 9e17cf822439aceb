/** Key-values, SQL and sessions: parse, one call of the service, shape the answer. */
import type { KvItem, SqlRequest } from '../../src/api/index.ts';
import { LIMITS, SqlccError } from '../../src/base/index.ts';
import type { StateCommand } from '../../src/cluster/index.ts';
import type { Answer, Call } from '../../src/rpc/index.ts';
import { resultOf } from '../applied.ts';
import { freshId } from '../data-dir.ts';
import { type NodeContext, requireSpace } from '../node-context.ts';
import { isoTime } from '../node-view.ts';
import type { AppliedResult } from '../protocol.ts';
import { checkKey, checkValue, encodeCommand, ifMatch, readWish, sessionKey } from '../requests.ts';
import { runSql } from '../sql-service.ts';

interface StoredItem {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly term: number;
  readonly timestamp: number;
}

function itemView(item: StoredItem): KvItem {
  return { ...item, timestamp: isoTime(item.timestamp) };
}

/** Without a wait where this node leads: that is how most writes come. */
function mutate(context: NodeContext, call: Call, command: StateCommand): Promise<AppliedResult> {
  return context.reads.isLeader ? enter(context, call, command) : redirect(context, call, command);
}

async function redirect(context: NodeContext, call: Call, command: StateCommand): Promise<AppliedResult> {
  await context.reads.requireLeader(call.remainingMs());
  return enter(context, call, command);
}

function enter(context: NodeContext, call: Call, command: StateCommand): Promise<AppliedResult> {
  requireSpace(context, 'data');
  const data = encodeCommand(command, call.identity.id, sessionKey(call));
  return context.consensus.proposals.propose('command', data, call.remainingMs());
}

export async function putKey(context: NodeContext, call: Call): Promise<Answer> {
  const key = checkKey(call.params['key'] ?? '');
  const value = checkValue((call.body as { value: string }).value);
  const applied = await mutate(context, call, {
    kind: 'kv-put',
    key,
    value,
    ifVersion: ifMatch(call.headers['if-match']),
  });
  const stored = resultOf(applied.result) as StoredItem;
  const body = { key, version: stored.version, term: stored.term, timestamp: isoTime(stored.timestamp) };
  return { body: applied.result.replayed ? { ...body, replayed: true } : body };
}

export async function deleteKey(context: NodeContext, call: Call): Promise<Answer> {
  const key = checkKey(call.params['key'] ?? '');
  const applied = await mutate(context, call, {
    kind: 'kv-delete',
    key,
    ifVersion: ifMatch(call.headers['if-match']),
  });
  const done = resultOf(applied.result) as {
    deleted: boolean;
    version: number;
    term: number;
    timestamp: number;
  };
  const body = { key, ...done, timestamp: isoTime(done.timestamp) };
  return { body: applied.result.replayed ? { ...body, replayed: true } : body };
}

export async function getKey(context: NodeContext, call: Call): Promise<Answer> {
  const key = checkKey(call.params['key'] ?? '');
  const read = await context.reads.prepare(
    readWish(call.query['level'], call.query['min_index']),
    call.remainingMs(),
  );
  const found = context.reader.get(key);
  if (found.item === null) {
    throw new SqlccError('not_found', `no key "${key}"`, {
      details: { read: { ...read, applied_index: found.appliedIndex } },
    });
  }
  return { body: { ...itemView(found.item), read: { ...read, applied_index: found.appliedIndex } } };
}

function inTurn<T extends { readonly bytes: number }>(
  context: NodeContext,
  call: Call,
  read: () => T,
): Promise<T> {
  return context.lists.take(read, () => call.remainingMs() === 0 || call.signal.aborted);
}

export async function listKeys(context: NodeContext, call: Call): Promise<Answer> {
  const limit = call.query['limit'] === undefined ? 1000 : Number(call.query['limit']);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMITS.maxListItems) {
    throw new SqlccError('invalid_argument', `limit is 1 to ${LIMITS.maxListItems}`);
  }
  const read = await context.reads.prepare(
    readWish(call.query['level'], call.query['min_index']),
    call.remainingMs(),
  );
  const prefix = call.query['prefix'] ?? '';
  const found = await inTurn(context, call, () => context.reader.list(prefix, limit, LIMITS.maxListBytes));
  return {
    body: {
      items: found.items.map(itemView),
      truncated: found.truncated,
      read: { ...read, applied_index: found.appliedIndex },
    },
  };
}

export async function batchKeys(context: NodeContext, call: Call): Promise<Answer> {
  const body = call.body as { keys: string[]; level?: string; min_index?: number };
  if (body.keys.length > LIMITS.maxBatchKeys) {
    throw new SqlccError(
      'invalid_argument',
      `a batch has at most ${LIMITS.maxBatchKeys} keys, this one ${body.keys.length}`,
    );
  }
  for (const key of body.keys) checkKey(key);
  const read = await context.reads.prepare(readWish(body.level, body.min_index), call.remainingMs());
  const found = await inTurn(context, call, () => context.reader.batch(body.keys, LIMITS.maxListBytes));
  const held = new Set(found.items.map((i) => i.key));
  // what did not fit any more is neither held nor missing
  const missing = body.keys.slice(0, found.asked).filter((key) => !held.has(key));
  return {
    body: {
      items: found.items.map(itemView),
      missing,
      truncated: found.truncated,
      read: { ...read, applied_index: found.appliedIndex },
    },
  };
}

export async function openSession(context: NodeContext, call: Call): Promise<Answer> {
  const session = freshId();
  const applied = await mutate(context, call, { kind: 'session-open', session });
  resultOf(applied.result);
  return { body: { session, index: applied.index } };
}

export async function sql(context: NodeContext, call: Call): Promise<Answer> {
  return { body: await runSql(context, call, call.body as SqlRequest) };
}
