/** What the clients of a run do. */
import { pick } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import type { Caller } from './caller.ts';
import type { Keys } from './keys.ts';

export interface Turn {
  readonly caller: Caller;
  readonly keys: Keys;
  /** All nodes: reads go to any of them. */
  readonly nodes: readonly string[];
  /** The place of the client among all. */
  readonly client: number;
}

export interface Workload {
  readonly name: string;
  /** What its keys begin with. */
  readonly prefix: string;
  /** How many watchers follow the prefix: the first goes to any node, the others keep to one each. */
  readonly watchers: number;
  /** What must exist before the first turn. */
  readonly prepare: (client: SqlccClient, keys: Keys) => Promise<void>;
  /** One operation, or two that belong together. */
  readonly turn: (turn: Turn) => Promise<void>;
  /** One linearizable read of `k` on `node`, for the end of a run. */
  readonly read: (caller: Caller, k: string, node: string) => Promise<unknown>;
}

const nothing = async (): Promise<void> => {};
const SCAN_KEYS = 4;

async function readKey({ caller, keys, nodes }: Turn, k: string): Promise<void> {
  const op = await caller.get(k, pick(caller.random, nodes));
  if (op.res !== undefined && op.ok === 'ok') keys.saw(k, op.res);
}

/** Writes, deletes and reads of registers; one read in ten is of a node's own state, labelled so. */
async function registers(turn: Turn): Promise<void> {
  const { caller, keys, nodes } = turn;
  const k = keys.next();
  const draw = caller.random.next();
  if (draw < 0.42) await readKey(turn, k);
  else if (draw < 0.47) await caller.get(k, pick(caller.random, nodes), true);
  else if (draw < 0.54) await caller.scan(keys.some(SCAN_KEYS), pick(caller.random, nodes));
  else if (draw < 0.93) await caller.put(k);
  else await caller.del(k);
}

/** Mostly compare and set on what any client saw last, so that clients get into each other's way. */
async function conditions(turn: Turn): Promise<void> {
  const { caller, keys, nodes } = turn;
  const k = keys.next();
  const draw = caller.random.next();
  if (draw < 0.35) return readKey(turn, k);
  if (draw < 0.42) {
    await caller.scan(keys.some(SCAN_KEYS), pick(caller.random, nodes));
    return;
  }
  if (draw < 0.48) {
    const put = await caller.put(k);
    if (put.ok === 'ok') keys.saw(k, { v: put.v ?? '', mod: put.rev ?? 0 });
    return;
  }
  const expected = keys.lastSeen(k);
  const isDelete = draw < 0.55;
  const op = isDelete ? await caller.del(k, expected) : await caller.cas(k, expected);
  if (op.ok === 'ok') keys.saw(k, isDelete ? { v: null, mod: 0 } : { v: op.v ?? '', mod: op.rev ?? 0 });
  else if (op.err === 'mismatch') await readKey(turn, k);
}

/** Lists in rows; every other client writes through an exactly-once session. */
async function lists({ caller, keys, nodes, client }: Turn): Promise<void> {
  const k = keys.next();
  if (caller.random.next() < 0.7) await caller.append(k, client % 2 === 0);
  else await caller.list(k, pick(caller.random, nodes));
}

const LIST_GENERATIONS = 60;

async function makeLists(client: SqlccClient, keys: Keys): Promise<void> {
  await client.sql([{ sql: 'CREATE TABLE lists (k TEXT PRIMARY KEY, v TEXT NOT NULL)' }]);
  const rows = keys.planned(LIST_GENERATIONS);
  for (let n = 0; n < rows.length; n += 100) {
    const page = rows.slice(n, n + 100);
    const sql = `INSERT INTO lists (k, v) VALUES ${page.map(() => "(?, '')").join(', ')}`;
    await client.sql([{ sql, params: page }]);
  }
}

/** Elements of sets, a row each: every acknowledged one must be there, and none that nobody added. */
async function sets({ caller, keys, nodes, client }: Turn): Promise<void> {
  const k = keys.next();
  if (caller.random.next() < 0.7) await caller.add(k, client % 2 === 0);
  else await caller.members(k, pick(caller.random, nodes));
}

async function makeSets(client: SqlccClient): Promise<void> {
  await client.sql([
    { sql: 'CREATE TABLE sets (k TEXT NOT NULL, v TEXT NOT NULL)' },
    { sql: 'CREATE INDEX sets_by_key ON sets (k)' },
  ]);
}

const getKey: Workload['read'] = (caller, k, node) => caller.get(k, node);

export const WORKLOADS: readonly Workload[] = [
  { name: 'register', prefix: 'r', watchers: 1, prepare: nothing, turn: registers, read: getKey },
  { name: 'cas', prefix: 'c', watchers: 1, prepare: nothing, turn: conditions, read: getKey },
  {
    ...{ name: 'append', prefix: 'l', watchers: 0, prepare: makeLists, turn: lists },
    read: (caller, k, node) => caller.list(k, node),
  },
  {
    ...{ name: 'set', prefix: 's', watchers: 0, prepare: makeSets, turn: sets },
    read: (caller, k, node) => caller.members(k, node),
  },
  {
    name: 'watch',
    prefix: 'w',
    watchers: 5,
    prepare: nothing,
    turn: (turn) => (turn.client % 2 === 0 ? registers(turn) : conditions(turn)),
    read: getKey,
  },
];
