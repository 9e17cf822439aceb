/**
 * Exactly once (dissertation §6.3): a session numbers its writes, and each answer is
 * kept under its number, so that a write sent again is answered and not applied again.
 * All of it is replicated state: every replica forgets the same sessions and answers,
 * by log order, never by a clock. What was forgotten is refused, never applied again
 * in silence.
 *
 * The answers to the highest LIMITS.maxSessionInFlight numbers are never forgotten: a
 * client keeps the numbers it waits for no further apart.
 */
import type { StatementSync } from 'node:sqlite';
import type { LogIndex } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ApplyResult } from '../cluster/index.ts';
import type { OwnStatements } from './schema.ts';

/** The session key of a write; both or none. */
export interface SessionKey {
  readonly session: string;
  readonly seq: number;
}

/** Characters kept of a refusal: small in any encoding. */
const LONGEST_REFUSAL = 400;

interface SessionRow {
  /** Answers up to this number are gone. */
  floor: number;
  replies: number;
  bytes: number;
}

/** A larger answer is not kept at all. */
const LARGEST_REPLY_BYTES = LIMITS.maxSessionReplyBytes / 2;
/** Answers up to this size never shrink: so many of them fit into the bytes of all in flight. */
const SMALL_REPLY_BYTES = LIMITS.maxSessionInFlightBytes / LIMITS.maxSessionInFlight;

function expired(message: string, details: Readonly<Record<string, unknown>> = {}): ApplyResult {
  return { ok: false, code: 'session_expired', message, details };
}

export class Sessions {
  readonly #find: StatementSync;
  readonly #open: StatementSync;
  readonly #update: StatementSync;
  readonly #touch: StatementSync;
  readonly #oldest: StatementSync;
  readonly #drop: StatementSync;
  readonly #dropReplies: StatementSync;
  readonly #reply: StatementSync;
  readonly #keep: StatementSync;
  readonly #firstReply: StatementSync;
  readonly #dropReply: StatementSync;
  readonly #firstLarge: StatementSync;
  readonly #shrink: StatementSync;
  #count: number;

  constructor(store: OwnStatements) {
    this.#find = store.own('SELECT floor, replies, bytes FROM _sqlcc_sessions WHERE id = ?');
    this.#open = store.own('INSERT INTO _sqlcc_sessions VALUES (?, ?, 0, 0, 0)');
    this.#update = store.own(
      'UPDATE _sqlcc_sessions SET used = ?, floor = ?, replies = ?, bytes = ? WHERE id = ?',
    );
    this.#touch = store.own('UPDATE _sqlcc_sessions SET used = ? WHERE id = ?');
    this.#oldest = store.own('SELECT id FROM _sqlcc_sessions ORDER BY used, id LIMIT 1');
    this.#drop = store.own('DELETE FROM _sqlcc_sessions WHERE id = ?');
    this.#dropReplies = store.own('DELETE FROM _sqlcc_replies WHERE session = ?');
    this.#reply = store.own('SELECT reply FROM _sqlcc_replies WHERE session = ? AND seq = ?');
    this.#keep = store.own('INSERT INTO _sqlcc_replies VALUES (?, ?, ?)');
    this.#firstReply = store.own(
      'SELECT seq, octet_length(reply) FROM _sqlcc_replies WHERE session = ? ORDER BY seq LIMIT 1',
    );
    this.#dropReply = store.own('DELETE FROM _sqlcc_replies WHERE session = ? AND seq = ?');
    this.#firstLarge = store.own(
      `SELECT seq, reply FROM _sqlcc_replies
       WHERE session = ? AND octet_length(reply) > ${SMALL_REPLY_BYTES} ORDER BY seq LIMIT 1`,
    );
    this.#shrink = store.own('UPDATE _sqlcc_replies SET reply = ? WHERE session = ? AND seq = ?');
    const [count] = store.own('SELECT count(*) FROM _sqlcc_sessions').get() as unknown as [bigint];
    this.#count = Number(count);
  }

  /** Opens a session; opening it again is no error. The one longest unused makes room. */
  open(session: string, index: LogIndex): ApplyResult {
    if (this.#row(session) === null) {
      if (this.#count >= LIMITS.maxSessions) this.#evict();
      this.#open.run(session, BigInt(index));
      this.#count++;
    }
    return { ok: true, value: { session, index } };
  }

  /** The answer kept for `key`, or a refusal; null when the write is new and `store` must follow. */
  answered(key: SessionKey, index: LogIndex): ApplyResult | null {
    const row = this.#row(key.session);
    if (row === null) return expired(`session ${key.session} is not open: never opened, or evicted`);
    this.#touch.run(BigInt(index), key.session);
    const kept = this.#reply.get(key.session, BigInt(key.seq)) as unknown as [string] | undefined;
    if (kept !== undefined) return { ...(JSON.parse(kept[0]) as ApplyResult), replayed: true };
    if (key.seq > row.floor) return null;
    return expired(`the answer to write ${key.seq} of this session is no longer kept`, { floor: row.floor });
  }

  /**
   * Keeps the answer of a new write. Old answers go, lowest number first, when they are too many or
   * too large; those that may still be needed shrink at most.
   */
  store(key: SessionKey, result: ApplyResult, index: LogIndex): void {
    const row = this.#row(key.session);
    if (row === null) return;
    let reply = JSON.stringify({ ...result, index });
    if (Buffer.byteLength(reply) > LARGEST_REPLY_BYTES)
      reply = JSON.stringify({ ...tooLarge(key.seq, result), index });
    this.#keep.run(key.session, BigInt(key.seq), reply);
    row.replies++;
    row.bytes += Buffer.byteLength(reply);
    this.#forget(key.session, row);
    while (row.bytes > LIMITS.maxSessionInFlightBytes && this.#shrinkOne(key.session, row));
    const { floor, replies, bytes } = row;
    this.#update.run(BigInt(index), BigInt(floor), BigInt(replies), BigInt(bytes), key.session);
  }

  #forget(session: string, row: SessionRow): void {
    while (
      row.replies > LIMITS.maxSessionReplies ||
      (row.replies > LIMITS.maxSessionInFlight && row.bytes > LIMITS.maxSessionReplyBytes)
    ) {
      const [seq, size] = this.#firstReply.get(session) as unknown as [bigint, bigint];
      this.#dropReply.run(session, seq);
      row.replies--;
      row.bytes -= Number(size);
      row.floor = Math.max(row.floor, Number(seq));
    }
  }

  /** Makes the large answer with the lowest number small; false when there is none. */
  #shrinkOne(session: string, row: SessionRow): boolean {
    const found = this.#firstLarge.get(session) as unknown as [bigint, string] | undefined;
    if (found === undefined) return false;
    const [seq, before] = found;
    const stored = JSON.parse(before) as ApplyResult;
    const after = JSON.stringify({ ...tooLarge(Number(seq), stored), index: stored.index });
    this.#shrink.run(after, session, seq);
    row.bytes += Buffer.byteLength(after) - Buffer.byteLength(before);
    return true;
  }

  #row(session: string): SessionRow | null {
    const row = this.#find.get(session) as unknown as [bigint, bigint, bigint] | undefined;
    if (row === undefined) return null;
    return { floor: Number(row[0]), replies: Number(row[1]), bytes: Number(row[2]) };
  }

  #evict(): void {
    const oldest = this.#oldest.get() as unknown as [string] | undefined;
    if (oldest === undefined) return;
    this.#dropReplies.run(oldest[0]);
    this.#drop.run(oldest[0]);
    this.#count--;
  }
}

/**
 * A write whose answer is too large to keep is remembered, its rows are not: a repeat learns that it
 * happened.
 */
function tooLarge(seq: number, result: ApplyResult): ApplyResult {
  if (!result.ok) return { ok: false, code: result.code, message: result.message.slice(0, LONGEST_REFUSAL) };
  return expired(`write ${seq} took effect; its answer was too large to keep`, { took_effect: true });
}
