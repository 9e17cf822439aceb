/**
 * One client process of a run: calls, and writes down what it was told, nothing more.
 * What it was told is taken at its word: an error that promises that nothing happened is
 * `fail`, everything that leaves it open is `unknown`, and then the process ends and
 * another one goes on.
 */
import { assert, type Random, SqlccError } from '../../../src/base/index.ts';
import type { ClientSession, SqlccClient } from '../../../src/client/index.ts';
import { isReadOp, type Op, type OpName, type Seen } from '../check/record.ts';
import type { Recorder } from './recorder.ts';

const READ_TIMEOUT_MS = 800;
const WRITE_TIMEOUT_MS = 2500;
const SESSION_TIMEOUT_MS = 6000;
/** A query runs in a process that may have to be started first. */
const QUERY_TIMEOUT_MS = 3000;

type Told = Partial<Op>;

export interface CallerOptions {
  readonly recorder: Recorder;
  readonly random: Random;
  /** Finds the leader and is patient. */
  readonly writer: SqlccClient;
  /** Pinned to a node with each call, and gives up at once. */
  readonly reader: SqlccClient;
}

/** What an error says of a write or a read. */
export function toldByError(error: unknown, isRead: boolean): Told {
  if (!(error instanceof SqlccError)) throw error;
  const { code, details } = error;
  if (isRead && code === 'not_found') {
    const read = details['read'] as { applied_index: number; node_id: string } | undefined;
    assert(read !== undefined, 'not_found says at which revision');
    return { ok: 'ok', res: { v: null, mod: 0 }, rev: read.applied_index, node: read.node_id };
  }
  if (code === 'precondition_failed')
    return { ok: 'fail', err: 'mismatch', res: { v: null, mod: Number(details['version']) } };
  if (isRead && (error.retry !== 'no' || code === 'unauthenticated')) return { ok: 'fail', err: code };
  if (error.retry === 'unknown' || code === 'session_expired') return { ok: 'unknown', err: code };
  // a node whose clock is off by years takes nobody's certificate
  if (error.retry === 'safe' || code === 'unauthenticated') return { ok: 'fail', err: code };
  throw error; // the run itself is wrong
}

const seenOf = (item: { value: string; version: number }): Seen => ({ v: item.value, mod: item.version });

export class Caller {
  readonly #options: CallerOptions;
  #p: number;
  #session: ClientSession | null = null;
  /** Calls in a row that did not succeed. */
  failures = 0;

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#p = options.recorder.newProcess();
  }

  get random(): Random {
    return this.#options.random;
  }

  async get(k: string, node: string, isStale = false): Promise<Op> {
    const { reader } = this.#options;
    const level = isStale ? 'none' : 'linearizable';
    return this.#perform('get', k, isStale ? { stale: true } : {}, async () => {
      const found = await reader.kv.get(k, { node, level, timeoutMs: READ_TIMEOUT_MS });
      return { res: seenOf(found), rev: found.read.applied_index, node: found.read.node_id };
    });
  }

  async scan(keys: readonly string[], node: string): Promise<Op> {
    const { reader } = this.#options;
    return this.#perform('scan', '', {}, async () => {
      const found = await reader.kv.batch(keys, { node, timeoutMs: READ_TIMEOUT_MS });
      const absent = found.missing.map((k): [string, Seen] => [k, { v: null, mod: 0 }]);
      const items = found.items.map((item): [string, Seen] => [item.key, seenOf(item)]);
      const { applied_index: rev, node_id } = found.read;
      return { items: Object.fromEntries([...absent, ...items]), rev, node: node_id };
    });
  }

  async put(k: string): Promise<Op> {
    const { writer } = this.#options;
    return this.#perform('put', k, {}, async ({ v = '' }) => {
      return { rev: (await writer.kv.put(k, v, { timeoutMs: WRITE_TIMEOUT_MS })).version };
    });
  }

  async cas(k: string, expected: Seen): Promise<Op> {
    const { writer } = this.#options;
    const condition = { exp: expected.mod, expv: expected.v };
    return this.#perform('cas', k, condition, async ({ v = '' }) => {
      const options = { ifVersion: expected.mod, timeoutMs: WRITE_TIMEOUT_MS };
      return { rev: (await writer.kv.put(k, v, options)).version };
    });
  }

  /** Deletes, only if the key is as expected where that is given. */
  async del(k: string, expected?: Seen): Promise<Op> {
    const { writer } = this.#options;
    const condition = expected === undefined ? {} : { exp: expected.mod, expv: expected.v };
    return this.#perform('del', k, condition, async () => {
      const options = expected === undefined ? {} : { ifVersion: expected.mod };
      const done = await writer.kv.delete(k, { ...options, timeoutMs: WRITE_TIMEOUT_MS });
      return { rev: done.version, deleted: done.deleted };
    });
  }

  /** Appends to the list in row `k`; under a session number where `isKeyed`, so that a repeat is recognised. */
  append(k: string, isKeyed: boolean): Promise<Op> {
    const sql = 'UPDATE lists SET v = v || ? WHERE k = ?';
    return this.#write('append', k, isKeyed, (v) => ({ sql, params: [`${v};`, k] }));
  }

  /** Adds an element to the set `k`, a row each; no constraint hides that one is there twice. */
  add(k: string, isKeyed: boolean): Promise<Op> {
    const sql = 'INSERT INTO sets (k, v) VALUES (?, ?)';
    return this.#write('add', k, isKeyed, (v) => ({ sql, params: [k, v] }));
  }

  async #write(
    f: 'append' | 'add',
    k: string,
    isKeyed: boolean,
    statement: (v: string) => { sql: string; params: string[] },
  ): Promise<Op> {
    const { writer } = this.#options;
    if (isKeyed)
      this.#session ??= await writer.openSession({ timeoutMs: SESSION_TIMEOUT_MS }).catch(() => null);
    const session = isKeyed ? this.#session : null;
    return this.#perform(f, k, {}, async ({ v = '' }) => {
      const answer =
        session === null
          ? await writer.sql([statement(v)], { timeoutMs: WRITE_TIMEOUT_MS })
          : await session.sql([statement(v)], { timeoutMs: SESSION_TIMEOUT_MS });
      assert(answer.results[0]?.rows_affected === 1, `the row of ${k} is there`);
      assert(answer.index !== null, 'a write has an index');
      // of the write itself, also where the answer is a repetition's
      return { rev: answer.index };
    });
  }

  async list(k: string, node: string): Promise<Op> {
    const { reader } = this.#options;
    return this.#perform('list', k, {}, async () => {
      const statement = { sql: 'SELECT v FROM lists WHERE k = ?', params: [k] };
      const answer = await reader.sql([statement], { node, timeoutMs: QUERY_TIMEOUT_MS });
      const v = String(answer.results[0]?.rows[0]?.[0]);
      return { res: { v, mod: 0 }, rev: answer.read.applied_index, node: answer.read.node_id };
    });
  }

  async members(k: string, node: string): Promise<Op> {
    const { reader } = this.#options;
    return this.#perform('members', k, {}, async () => {
      const statement = { sql: 'SELECT v FROM sets WHERE k = ?', params: [k] };
      const answer = await reader.sql([statement], { node, timeoutMs: QUERY_TIMEOUT_MS });
      const v = (answer.results[0]?.rows ?? []).map((row) => `${String(row[0])};`).join('');
      return { res: { v, mod: 0 }, rev: answer.read.applied_index, node: answer.read.node_id };
    });
  }

  async #perform(f: OpName, k: string, given: Told, work: (op: Told) => Promise<Told>): Promise<Op> {
    const { recorder } = this.#options;
    const p = this.#p;
    const i = recorder.newOp();
    const isRead = isReadOp({ f });
    const value = isRead || f === 'del' ? {} : { v: `${p}-${i}` };
    const base = { e: 'op', p, i, f, k, ...given, ...value } as const;
    const call = recorder.now();
    const told = await work(value).then(
      (done): Told => ({ ok: 'ok', ...done }),
      (error: unknown) => toldByError(error, isRead),
    );
    const ret = recorder.now();
    const op: Op = { ...base, call, ...(told.ok === 'unknown' ? {} : { ret }), ok: 'ok', ...told };
    recorder.op(op);
    if (op.ok === 'unknown') {
      this.#p = recorder.newProcess();
      if (op.err === 'session_expired') this.#session = null;
    }
    this.failures = op.ok === 'ok' || op.err === 'mismatch' ? 0 : this.failures + 1;
    return op;
  }
}
