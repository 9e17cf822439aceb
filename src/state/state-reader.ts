/**
 * Reads of the main thread: key-values, stored events, and the first judgement of a
 * SQL request. Each answer is one statement, hence one point in time, and carries the
 * index that it was read at. Nothing in here runs a user's SQL: that is for processes
 * that can be killed (reader-pool.ts).
 */
import type { LogIndex } from '../base/index.ts';
import type { ClusterEvent, SqlStatement } from '../cluster/index.ts';
import { SqliteReader } from '../engines/index.ts';
import { itemOf, KV_COLUMNS, type KvRow, prefixEnd } from './kv.ts';
import type { KvItem } from './types.ts';

interface Found {
  readonly items: readonly KvItem[];
  readonly appliedIndex: LogIndex;
}

const APPLIED = 'coalesce((SELECT idx FROM _sqlcc_applied WHERE id = 0), 0)';
/** The applied index beside each row, and once alone when there is none. */
const select = (where: string): string =>
  `SELECT ${APPLIED}, k.* FROM (SELECT 1) LEFT JOIN (SELECT ${KV_COLUMNS} FROM _sqlcc_kv WHERE ${where}) k`;

const GET = select('key = ?');
const LIST_ALL = select('key >= ? ORDER BY key LIMIT ?');
const LIST_UNTIL = select('key >= ? AND key < ? ORDER BY key LIMIT ?');
const BATCH = select('key IN (SELECT unhex(value) FROM json_each(?))');
const EVENTS = 'SELECT body FROM (SELECT n, body FROM _sqlcc_events ORDER BY n DESC LIMIT ?) ORDER BY n';

function found(rows: unknown): Found {
  const list = rows as readonly [bigint, ...KvRow][];
  const items = list.filter((row) => (row[1] as unknown) !== null).map(([, ...row]) => itemOf(row));
  return { items, appliedIndex: Number(list[0]?.[0] ?? 0n) };
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
   * True unless each statement is known to do little work; then it must be tried before it may enter
   * the log.
   */
  mayRunAway(statements: readonly SqlStatement[]): boolean {
    return statements.some((statement) => this.#reader.cost(statement) !== 'harmless');
  }

  get(key: string): { readonly item: KvItem | null; readonly appliedIndex: LogIndex } {
    const { items, appliedIndex } = found(this.#reader.own(GET).all(Buffer.from(key)));
    return { item: items[0] ?? null, appliedIndex };
  }

  /** Keys that begin with `prefix`, in the order of their bytes; `limit` items at most. */
  list(prefix: string, limit: number): Found {
    const begin = Buffer.from(prefix);
    const end = prefixEnd(begin);
    const most = BigInt(limit);
    if (end === null) return found(this.#reader.own(LIST_ALL).all(begin, most));
    return found(this.#reader.own(LIST_UNTIL).all(begin, end, most));
  }

  /** The keys that exist, in the order asked for. */
  batch(keys: readonly string[]): Found {
    const hex = keys.map((key) => Buffer.from(key).toString('hex'));
    const { items, appliedIndex } = found(this.#reader.own(BATCH).all(JSON.stringify(hex)));
    const byKey = new Map(items.map((item) => [item.key, item]));
    return { items: keys.flatMap((key) => byKey.get(key) ?? []), appliedIndex };
  }

  /** Stored replicated events, oldest first: the newest `limit` of them. */
  events(limit: number): readonly ClusterEvent[] {
    const rows = this.#reader.own(EVENTS).all(BigInt(limit)) as unknown as [string][];
    return rows.map(([body]) => JSON.parse(body) as ClusterEvent);
  }

  close(): void {
    this.#reader.close();
  }
}
