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

/**
 * The replies of one session, by number and in order of numbers. Nearly all are written in order and taken out
 * from the front, so copies share one list and each knows how much of it is its own; who changes anything but the
 * end makes its own list first.
 */
class Replies {
  #seqs: number[] = [];
  #texts: string[] = [];
  #head = 0;
  #end = 0;
  #isShared = false;

  get(seq: bigint): string | undefined {
    const at = this.#find(Number(seq));
    return this.#isAt(at, seq) ? this.#texts[at] : undefined;
  }

  set(seq: bigint, text: string): void {
    // behind the own end the list may go on with what a copy was told
    const isNext = this.#end === this.#seqs.length && this.#find(Number(seq)) === this.#end;
    if (!isNext) this.#own();
    const at = this.#find(Number(seq));
    if (this.#isAt(at, seq)) {
      this.#texts[at] = text;
      return;
    }
    this.#seqs.splice(at, 0, Number(seq));
    this.#texts.splice(at, 0, text);
    this.#end++;
  }

  delete(seq: bigint): void {
    if (!this.#isAt(this.#find(Number(seq)), seq)) return;
    if (this.#find(Number(seq)) === this.#head) {
      this.#head++;
      return;
    }
    this.#own();
    const at = this.#find(Number(seq));
    this.#seqs.splice(at, 1);
    this.#texts.splice(at, 1);
    this.#end--;
  }

  /** The lowest number with such a text. */
  first(fits: (text: string) => boolean): readonly [bigint, string] | undefined {
    for (let at = this.#head; at < this.#end; at++) {
      const text = this.#texts[at] as string;
      if (fits(text)) return [BigInt(this.#seqs[at] as number), text];
    }
    return undefined;
  }

  all(): [number, string][] {
    const texts = this.#texts.slice(this.#head, this.#end);
    return texts.map((text, n) => [this.#seqs[this.#head + n] as number, text]);
  }

  copy(): Replies {
    const copy = new Replies();
    copy.#seqs = this.#seqs;
    copy.#texts = this.#texts;
    copy.#head = this.#head;
    copy.#end = this.#end;
    copy.#isShared = true;
    this.#isShared = true;
    return copy;
  }

  #isAt(at: number, seq: bigint): boolean {
    return at < this.#end && this.#seqs[at] === Number(seq);
  }

  /** Where a number stands, or would. */
  #find(seq: number): number {
    let low = this.#head;
    let high = this.#end;
    if (high > low && (this.#seqs[high - 1] as number) < seq) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#seqs[middle] as number) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** From now on nobody else has this list. */
  #own(): void {
    if (!this.#isShared) return;
    this.#seqs = this.#seqs.slice(this.#head, this.#end);
    this.#texts = this.#texts.slice(this.#head, this.#end);
    this.#end -= this.#head;
    this.#head = 0;
    this.#isShared = false;
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
/** Statements as they were written, and with single spaces: the same few in each machine. */
const texts = new Map<string, string>();

function squeezed(sql: string): string {
  const known = texts.get(sql);
  if (known !== undefined) return known;
  const text = sql.replaceAll(/\s+/g, ' ').trim();
  texts.set(sql, text);
  return text;
}

const numbers = ([key, cells]: [string, object]): [string, unknown[]] => [
  key,
  Object.values(cells).map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell)),
];

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

  /** All rows of each table, for a text of them. */
  all(): (readonly [string, unknown])[][] {
    const replies = [...this.replies].map(([id, those]): [string, unknown] => [id, those.all()]);
    return [[...this.kv].map(numbers), [...this.sessions].map(numbers), replies];
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
