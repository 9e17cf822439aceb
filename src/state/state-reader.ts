/**
 * Reads of the main thread: key-values, stored events, and the first judgement of a
 * SQL request. Each answer is one statement, hence one point in time, and carries the
 * index that it was read at. Nothing in here runs a user's SQL: that is for processes
 * that can be killed (reader-pool.ts).
 */
import type { Bytes, LogIndex } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterEvent, SqlStatement } from '../cluster/index.ts';
import { SqliteReader } from '../engines/index.ts';
import { itemOf, KV_COLUMNS, type KvRow, prefixEnd } from './kv.ts';
import type { KvItem } from './types.ts';

interface Found {
  readonly items: readonly KvItem[];
  /** As JSON, about. */
  readonly bytes: Bytes;
  readonly appliedIndex: LogIndex;
  /** There was more than the answer may hold. */
  readonly truncated: boolean;
}

const APPLIED = 'coalesce((SELECT idx FROM _sqlcc_applied WHERE id = 0), 0)';
/** The applied index beside each row, and once alone when there is none. */
const select = (where: string): string =>
  `SELECT ${APPLIED}, k.* FROM (SELECT 1) LEFT JOIN (SELECT ${KV_COLUMNS} FROM _sqlcc_kv WHERE ${where}) k`;

/** Reads by `own` that follow each other at once are one transaction. */
const GET = `SELECT ${APPLIED}, value, version, term, at FROM _sqlcc_kv WHERE key = ?`;
const APPLIED_ALONE = `SELECT ${APPLIED}`;
const LIST_ALL = select('key >= ? ORDER BY key LIMIT ?');
const LIST_UNTIL = select('key >= ? AND key < ? ORDER BY key LIMIT ?');
/** In the order asked for, a row of nulls for a key that does not exist. */
const BATCH = `SELECT ${APPLIED}, k.*
  FROM (SELECT 1) LEFT JOIN (SELECT unhex(value) AS wanted FROM json_each(?)) j
  LEFT JOIN (SELECT ${KV_COLUMNS} FROM _sqlcc_kv) k ON k.key = j.wanted`;
const EVENTS = 'SELECT body FROM (SELECT n, body FROM _sqlcc_events ORDER BY n DESC LIMIT ?) ORDER BY n';

const meta = (name: string): string => `(SELECT value FROM _sqlcc_meta WHERE name = '${name}')`;
const OWN = `SELECT ${APPLIED}, ${meta('cluster')}, ${meta('membership')}`;

/** The cluster's record and the Raft group at one applied index, encoded. */
export interface OwnState {
  readonly appliedIndex: LogIndex;
  readonly cluster: Uint8Array | null;
  readonly membership: Uint8Array | null;
}

type Row = readonly [bigint, ...KvRow];
type GetRow = readonly [applied: bigint, value: string, version: bigint, term: bigint, at: bigint];

function itemIn([, ...row]: Row): KvItem | null {
  return (row[0] as unknown) === null ? null : itemOf(row);
}

/** Rows until the answer is full; one value always fits. */
class Collected {
  readonly items: KvItem[] = [];
  appliedIndex: LogIndex = 0;
  /** As JSON. */
  bytes = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** False when the row does not fit any more. */
  add(row: Row): boolean {
    this.appliedIndex = Number(row[0]);
    const item = itemIn(row);
    if (item === null) return true;
    this.bytes += jsonBytes(item.value) + jsonBytes(item.key) + ITEM_BYTES;
    if (this.bytes > this.#limit && this.items.length > 0) return false;
    this.items.push(item);
    return true;
  }
}

/** What an item weighs beside key and value. */
const ITEM_BYTES = 100;

/** Control characters take six bytes each. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}

export class StateReader {
  readonly #reader: SqliteReader;

  private constructor(dir: string) {
    this.#reader = new SqliteReader(dir);
  }

  /** Reads the state in the folder `engine/`; reads throw unavailable until the state worker has made it. */
  static open(dir: string): StateReader {
    return new StateReader(dir);
  }

  /** `write` when at least one statement may change something; judged by its words, so every node agrees. */
  classify(statements: readonly SqlStatement[]): 'read' | 'write' {
    return statements.some((statement) => this.#reader.shape(statement.sql).writes) ? 'write' : 'read';
  }

  /**
   * True unless all statements together are known to do little work; then they must be tried before
   * they may enter the log.
   */
  mayRunAway(statements: readonly SqlStatement[]): boolean {
    const costs = this.#reader.costs(statements);
    const steps = costs.reduce((sum, cost) => sum + cost.steps, 0);
    return steps > LIMITS.sqlHarmlessSteps || costs.some((cost) => cost.kind !== 'known');
  }

  get(key: string): { readonly item: KvItem | null; readonly appliedIndex: LogIndex } {
    const row = this.#reader.own(GET).get(Buffer.from(key)) as unknown as GetRow | undefined;
    if (row === undefined) {
      const [applied] = this.#reader.own(APPLIED_ALONE).get() as unknown as [bigint];
      return { item: null, appliedIndex: Number(applied) };
    }
    const [applied, value, version, term, at] = row;
    const item = { key, value, version: Number(version), term: Number(term), timestamp: Number(at) };
    return { item, appliedIndex: Number(applied) };
  }

  /**
   * Keys that begin with `prefix`, in the order of their bytes: at most `limit` items and `maxBytes` of them.
   */
  list(prefix: string, limit: number, maxBytes: number): Found {
    const begin = Buffer.from(prefix);
    const end = prefixEnd(begin);
    const most = BigInt(limit + 1);
    const rows =
      end === null
        ? this.#reader.own(LIST_ALL).iterate(begin, most)
        : this.#reader.own(LIST_UNTIL).iterate(begin, end, most);
    const collected = new Collected(maxBytes);
    let truncated = false;
    for (const row of rows as unknown as Iterable<Row>) {
      truncated = collected.items.length === limit || !collected.add(row);
      if (truncated) break;
    }
    return {
      items: collected.items,
      bytes: collected.bytes,
      appliedIndex: collected.appliedIndex,
      truncated,
    };
  }

  /**
   * The keys that exist, in the order asked for, until `maxBytes` are full; `asked` = so many of the keys are
   * answered.
   */
  batch(keys: readonly string[], maxBytes: number): Found & { readonly asked: number } {
    const hex = keys.map((key) => Buffer.from(key).toString('hex'));
    const collected = new Collected(maxBytes);
    let asked = 0;
    for (const row of this.#reader.own(BATCH).iterate(JSON.stringify(hex)) as unknown as Iterable<Row>) {
      if (!collected.add(row)) break;
      asked++;
    }
    asked = Math.min(asked, keys.length); // no keys: one row of nulls
    return {
      items: collected.items,
      bytes: collected.bytes,
      appliedIndex: collected.appliedIndex,
      truncated: asked < keys.length,
      asked,
    };
  }

  /** Stored replicated events, oldest first: the newest `limit` of them. */
  events(limit: number): readonly ClusterEvent[] {
    const rows = this.#reader.own(EVENTS).all(BigInt(limit)) as unknown as [string][];
    return rows.map(([body]) => JSON.parse(body) as ClusterEvent);
  }

  /** What the state machine holds about itself, as bytes; null where nothing was applied yet. */
  own(): OwnState {
    const row = this.#reader.own(OWN).get() as unknown as [bigint, Uint8Array | null, Uint8Array | null];
    return { appliedIndex: Number(row[0]), cluster: row[1], membership: row[2] };
  }

  close(): void {
    this.#reader.close();
  }
}
