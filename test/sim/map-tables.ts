/**
 * The tables of src/state as maps behind the same statements: the production code of key
 * values and sessions runs on them unchanged, without a database. Each statement is known
 * by its text; one that is not stops the simulation, so that nothing is guessed when the
 * production code changes. test/sim/kv-machine.test.ts holds it against SQLite.
 */
import type { StatementSync } from 'node:sqlite';
import type { OwnStatements } from '../../src/state/schema.ts';

interface KvCells {
  readonly value: string;
  readonly version: bigint;
  readonly term: bigint;
  readonly at: bigint;
}

interface SessionCells {
  used: bigint;
  floor: bigint;
  replies: bigint;
  bytes: bigint;
}

type Args = readonly unknown[];

/** The replies of one session, by number and in order of numbers. */
class Replies {
  readonly #texts = new Map<bigint, string>();
  /** Ascending; nearly all are written in order and taken out from the front. */
  #order: bigint[] = [];
  #head = 0;

  get(seq: bigint): string | undefined {
    return this.#texts.get(seq);
  }

  set(seq: bigint, text: string): void {
    if (!this.#texts.has(seq)) this.#insert(seq);
    this.#texts.set(seq, text);
  }

  delete(seq: bigint): void {
    if (!this.#texts.delete(seq)) return;
    if (this.#order[this.#head] !== seq) this.#order.splice(this.#order.indexOf(seq, this.#head), 1);
    else if (++this.#head > 1024) {
      this.#order = this.#order.slice(this.#head);
      this.#head = 0;
    }
  }

  /** The lowest number with such a text. */
  first(fits: (text: string) => boolean): readonly [bigint, string] | undefined {
    for (let at = this.#head; at < this.#order.length; at++) {
      const seq = this.#order[at] as bigint;
      const text = this.#texts.get(seq) as string;
      if (fits(text)) return [seq, text];
    }
    return undefined;
  }

  all(): [bigint, string][] {
    return this.#order.slice(this.#head).map((seq) => [seq, this.#texts.get(seq) as string]);
  }

  copy(): Replies {
    const copy = new Replies();
    for (const [seq, text] of this.#texts) copy.#texts.set(seq, text);
    copy.#order = this.#order.slice(this.#head);
    return copy;
  }

  #insert(seq: bigint): void {
    let at = this.#order.length;
    while (at > this.#head && (this.#order[at - 1] as bigint) > seq) at--;
    if (at === this.#order.length) this.#order.push(seq);
    else this.#order.splice(at, 0, seq);
  }
}

/** What a statement does; rows are arrays, as the production code asks for them. */
interface Plan {
  readonly get?: (args: Args) => unknown;
  /** Answers how many rows it changed, where the production code asks. */
  readonly run?: (args: Args) => unknown;
}

const UPSERT =
  'INSERT INTO _sqlcc_kv (key, value, version, term, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET ' +
  'value = excluded.value, version = excluded.version, term = excluded.term, at = excluded.at';
const keyOf = (bytes: unknown): string => (bytes as Buffer).toString('utf8');
const squeezed = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim();

export class MapTables implements OwnStatements {
  readonly kv = new Map<string, KvCells>();
  readonly sessions = new Map<string, SessionCells>();
  readonly replies = new Map<string, Replies>();

  /** Only the statements: the code that holds them asks for each once. */
  own(sql: string): StatementSync {
    const text = squeezed(sql);
    const plan = this.#kvPlan(text) ?? this.#sessionPlan(text) ?? this.#replyPlan(text);
    if (plan === null) throw new TypeError(`a statement that these tables do not know: ${text}`);
    const { get = () => undefined, run = () => {} } = plan;
    const changes = (args: Args) => ({ changes: Number(run(args)) });
    const statement = { get: (...args: Args) => get(args), run: (...args: Args) => changes(args) };
    return statement as unknown as StatementSync;
  }

  copy(): MapTables {
    const copy = new MapTables();
    for (const [key, cells] of this.kv) copy.kv.set(key, cells);
    for (const [id, cells] of this.sessions) copy.sessions.set(id, { ...cells });
    for (const [id, replies] of this.replies) copy.replies.set(id, replies.copy());
    return copy;
  }

  #kvPlan(text: string): Plan | null {
    switch (text) {
      case 'SELECT version FROM _sqlcc_kv WHERE key = ?':
        return {
          get: ([key]) => {
            const cells = this.kv.get(keyOf(key));
            return cells === undefined ? undefined : [cells.version];
          },
        };
      case UPSERT:
        return {
          run: ([key, value, version, term, at]) => {
            const cells = { value, version, term, at } as KvCells;
            this.kv.set(keyOf(key), cells);
          },
        };
      case 'DELETE FROM _sqlcc_kv WHERE key = ?':
        return { run: ([key]) => this.kv.delete(keyOf(key)) };
      default:
        return null;
    }
  }

  #sessionPlan(text: string): Plan | null {
    const { sessions } = this;
    switch (text) {
      case 'SELECT floor, replies, bytes FROM _sqlcc_sessions WHERE id = ?':
        return {
          get: ([id]) => {
            const cells = sessions.get(id as string);
            return cells === undefined ? undefined : [cells.floor, cells.replies, cells.bytes];
          },
        };
      case 'INSERT INTO _sqlcc_sessions VALUES (?, ?, 0, 0, 0)':
        return {
          run: ([id, used]) => {
            sessions.set(id as string, { used: used as bigint, floor: 0n, replies: 0n, bytes: 0n });
            this.replies.set(id as string, new Replies());
          },
        };
      case 'UPDATE _sqlcc_sessions SET used = ?, floor = ?, replies = ?, bytes = ? WHERE id = ?':
        return {
          run: ([used, floor, replies, bytes, id]) => {
            const cells = { used, floor, replies, bytes } as SessionCells;
            if (sessions.has(id as string)) sessions.set(id as string, cells);
          },
        };
      case 'UPDATE _sqlcc_sessions SET used = ? WHERE id = ?':
        return {
          run: ([used, id]) => {
            const cells = sessions.get(id as string);
            if (cells !== undefined) cells.used = used as bigint;
          },
        };
      case 'SELECT id FROM _sqlcc_sessions ORDER BY used, id LIMIT 1':
        return { get: () => this.#oldest() };
      case 'DELETE FROM _sqlcc_sessions WHERE id = ?':
        return { run: ([id]) => void sessions.delete(id as string) };
      case 'SELECT count(*) FROM _sqlcc_sessions':
        return { get: () => [BigInt(sessions.size)] };
      default:
        return null;
    }
  }

  #oldest(): unknown {
    const all = [...this.sessions].sort(([a, x], [b, y]) =>
      x.used === y.used ? (a < b ? -1 : 1) : x.used < y.used ? -1 : 1,
    );
    return all[0] === undefined ? undefined : [all[0][0]];
  }

  #replyPlan(text: string): Plan | null {
    const of = (id: unknown): Replies => this.replies.get(id as string) ?? new Replies();
    switch (text) {
      case 'DELETE FROM _sqlcc_replies WHERE session = ?':
        return { run: ([id]) => void this.replies.delete(id as string) };
      case 'SELECT reply FROM _sqlcc_replies WHERE session = ? AND seq = ?':
        return {
          get: ([id, seq]) => {
            const reply = of(id).get(seq as bigint);
            return reply === undefined ? undefined : [reply];
          },
        };
      case 'INSERT INTO _sqlcc_replies VALUES (?, ?, ?)':
        return { run: ([id, seq, reply]) => void of(id).set(seq as bigint, reply as string) };
      case 'SELECT seq, octet_length(reply) FROM _sqlcc_replies WHERE session = ? ORDER BY seq LIMIT 1':
        return {
          get: ([id]) => {
            const first = of(id).first(() => true);
            return first === undefined ? undefined : [first[0], BigInt(Buffer.byteLength(first[1]))];
          },
        };
      case 'DELETE FROM _sqlcc_replies WHERE session = ? AND seq = ?':
        return { run: ([id, seq]) => void of(id).delete(seq as bigint) };
      case 'UPDATE _sqlcc_replies SET reply = ? WHERE session = ? AND seq = ?':
        return { run: ([reply, id, seq]) => void of(id).set(seq as bigint, reply as string) };
      default:
        return largePlan(text, of);
    }
  }
}

/** The one statement with a number in it. */
function largePlan(text: string, of: (id: unknown) => Replies): Plan | null {
  const large =
    /^SELECT seq, reply FROM _sqlcc_replies WHERE session = \? AND octet_length\(reply\) > (\d+) ORDER BY seq LIMIT 1$/;
  const found = large.exec(text);
  if (found === null) return null;
  const limit = Number(found[1]);
  return {
    get: ([id]) => of(id).first((reply) => Buffer.byteLength(reply) > limit),
  };
}
