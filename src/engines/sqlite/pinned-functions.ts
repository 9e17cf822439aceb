/**
 * Clock and chance of a log entry. SQLite's own `now` and `random()` would differ on
 * each replica, so the functions are replaced on the applier's connection: `now` is
 * the entry's timestamp, chance a generator seeded by the entry. DEFAULT
 * CURRENT_TIMESTAMP, triggers, views and ORDER BY random() go through them too.
 *
 * Date arithmetic stays SQLite's: the arguments are cleaned of every way to say `now`
 * and handed to the built-in function on a connection of its own.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Random, seededRandom } from '../../base/index.ts';
import type { SqlPin } from '../sql-store.ts';

type Value = null | bigint | number | string | Uint8Array;

/** Arguments before the modifiers that may say `now`; strftime has its format in front. */
const TIME_FUNCTIONS: Readonly<Record<string, { readonly from: number; readonly times: number }>> = {
  date: { from: 0, times: 1 },
  time: { from: 0, times: 1 },
  datetime: { from: 0, times: 1 },
  julianday: { from: 0, times: 1 },
  unixepoch: { from: 0, times: 1 },
  strftime: { from: 1, times: 1 },
  timediff: { from: 0, times: 2 },
};
/** The time zone of a machine is no replicated fact: local time is UTC everywhere. */
const ZONE_MODIFIERS = ['localtime', 'utc'];
const MAX_BLOB_BYTES = 16 * 1024 * 1024;

/** Text as SQLite's date parser sees it: bytes as text, ended by the first NUL. */
function asText(value: Value): Value {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
  return typeof text === 'string' ? (text.split('\0', 1)[0] as string) : text;
}

export class PinnedFunctions {
  readonly #calendar = new DatabaseSync(':memory:', { readBigInts: true, returnArrays: true });
  readonly #statements = new Map<string, StatementSync>();
  #pin: SqlPin = { timestamp: 0, seed: 0 };
  #random: Random | null = null;

  /** Sets clock and chance for the statements to come. */
  pin(pin: SqlPin): void {
    this.#pin = pin;
    this.#random = null;
  }

  /**
   * Replaces the functions on `db`. Those with arguments may stand in indexes; those that always mean
   * `now` may not.
   */
  register(db: DatabaseSync): void {
    db.function('random', { deterministic: false }, () => BigInt.asIntN(64, this.#word()));
    db.function('randomblob', { deterministic: false, useBigIntArguments: true }, (size) =>
      this.#blob(size as Value),
    );
    for (const [name, { from, times }] of Object.entries(TIME_FUNCTIONS)) {
      const options = { deterministic: true, varargs: true, useBigIntArguments: true };
      db.function(name, options, (...args: unknown[]) => this.#time(name, args as Value[]));
      const always = times === 1 && from === 0;
      if (always) db.function(name, { deterministic: false }, () => this.#time(name, []));
    }
    db.function('current_timestamp', { deterministic: false }, () => this.#iso().slice(0, 19));
    db.function('current_date', { deterministic: false }, () => this.#iso().slice(0, 10));
    db.function('current_time', { deterministic: false }, () => this.#iso().slice(11, 19));
  }

  close(): void {
    this.#calendar.close();
  }

  #iso(): string {
    return new Date(this.#pin.timestamp).toISOString().replace('T', ' ').replace('Z', '');
  }

  #word(): bigint {
    this.#random ??= seededRandom(this.#pin.seed);
    const high = Math.floor(this.#random.next() * 2 ** 32);
    const low = Math.floor(this.#random.next() * 2 ** 32);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  #blob(size: Value): Uint8Array {
    const wanted =
      typeof size === 'bigint' || typeof size === 'number' ? Number(size) : Number.parseInt(String(size), 10);
    const bytes = Math.min(Math.max(1, Number.isFinite(wanted) ? Math.trunc(wanted) : 1), MAX_BLOB_BYTES + 1);
    const out = Buffer.alloc(Math.ceil(bytes / 8) * 8);
    for (let at = 0; at < bytes; at += 8) out.writeBigUInt64BE(BigInt.asUintN(64, this.#word()), at);
    return out.subarray(0, bytes);
  }

  #time(name: string, given: readonly Value[]): Value {
    const { from, times } = TIME_FUNCTIONS[name] as { from: number; times: number };
    const args = given.map(asText);
    if (args.length === from) args.push('now');
    for (let n = from; n < Math.min(from + times, args.length); n++) {
      const word = typeof args[n] === 'string' ? (args[n] as string).toLowerCase() : '';
      if (word === 'now') args[n] = this.#iso();
      if (word !== 'subsec' && word !== 'subsecond') continue;
      args[n] = this.#iso();
      args.push('subsec');
    }
    const kept = args.filter(
      (arg, n) => n < from + times || typeof arg !== 'string' || !ZONE_MODIFIERS.includes(arg.toLowerCase()),
    );
    return this.#call(name, kept);
  }

  #call(name: string, args: readonly Value[]): Value {
    const key = `${name}/${args.length}`;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#calendar.prepare(`SELECT ${name}(${args.map(() => '?').join(',')})`);
      this.#statements.set(key, statement);
    }
    return (statement.get(...args) as unknown as [Value])[0];
  }
}
