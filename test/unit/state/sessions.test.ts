import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';
import { type AppliedGroup, StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from './log.ts';

let dir = '';
let log = new LogWriter();
let opened: StateStore[] = [];

function open(part = 'a'): StateStore {
  const store = StateStore.open(optionsIn(join(dir, part)));
  opened.push(store);
  return store;
}
function shut(store: StateStore): void {
  opened = opened.filter((s) => s !== store);
  store.close();
}
/** The result of the last entry. */
function last(group: AppliedGroup): AppliedGroup['results'][number]['result'] | undefined {
  return group.results.at(-1)?.result;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-sessions-'));
  log = new LogWriter();
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('Sessions', () => {
  const at = (seq: number): { session: string; seq: number } => ({ session: 's', seq });

  it('answer a repeated write and do not apply it again, also in another group and after a restart', () => {
    const store = open();
    store.apply([log.openSession('s'), log.sql(['CREATE TABLE t (x)'])]);
    const insert = (): LogEntry => log.sql(['INSERT INTO t VALUES (1)'], at(1));
    const [first, second] = store.apply([insert(), insert()]).results;
    // it tells where the write stands, not its repetition
    const replay = { ...first?.result, index: first?.index, replayed: true };
    expect(second?.result).toEqual(replay);
    shut(store);
    const again = open();
    expect(last(again.apply([insert()]))).toEqual(replay);
    expect(last(again.apply([log.sql(['SELECT count(*) FROM t'])]))).toMatchObject({
      value: [{ rows: [[1]] }],
    });
  });

  it('a refusal is an answer too and is repeated, whatever changed since', () => {
    const store = open();
    store.apply([log.openSession('s'), log.put('k', 'v')]);
    const group = store.apply([log.put('k', 'w', 0, at(1))]);
    const refused = last(group);
    expect(refused).toMatchObject({ ok: false, code: 'precondition_failed' });
    store.apply([log.remove('k')]);
    expect(last(store.apply([log.put('k', 'w', 0, at(1))]))).toEqual({
      ...refused,
      index: group.lastIndex,
      replayed: true,
    });
  });

  it('an unknown session is expired, and nothing is applied', () => {
    const group = open().apply([log.put('k', 'v', null, at(1))]);
    expect(last(group)).toMatchObject({ ok: false, code: 'session_expired' });
    expect(group.kvChanges).toEqual([]);
  });

  it('forgets the lowest numbers first and refuses what it forgot', () => {
    const store = open();
    store.apply([log.openSession('s')]);
    const count = LIMITS.maxSessionReplies + 1;
    store.apply(Array.from({ length: count }, (_, n) => log.put('k', 'v', null, at(n + 1))));
    expect(last(store.apply([log.put('k', 'v', null, at(1))]))).toMatchObject({
      ok: false,
      code: 'session_expired',
    });
    expect(last(store.apply([log.put('k', 'v', null, at(count))]))).toMatchObject({
      ok: true,
      replayed: true,
    });
    expect(last(store.apply([log.put('k', 'v', null, at(count + 50))]))).not.toHaveProperty('replayed');
  });

  it('keep every answer that a client may still wait for, whatever their size, and grow no further', () => {
    const store = open();
    store.apply([log.openSession('s'), log.sql(['CREATE TABLE t (id INTEGER PRIMARY KEY, x)'])]);
    const insert = (seq: number): LogEntry =>
      log.sql(
        [[`INSERT INTO t VALUES (?, hex(zeroblob(?))) RETURNING x`, seq, 1 + ((seq * 97) % 9000)]],
        at(seq),
      );
    const all = Array.from({ length: 3 * LIMITS.maxSessionInFlight }, (_, n) => n + 1);
    const first = store.apply(all.map(insert)).results;
    expect(first.every((r) => r.result.ok)).toBe(true);
    const needed = all.slice(-LIMITS.maxSessionInFlight);
    const again = store.apply(needed.map(insert)).results.map((r) => r.result);
    const whole = again.filter((r, n) => {
      if (!r.ok) {
        expect(r).toMatchObject({ code: 'session_expired', details: { took_effect: true } });
        return false;
      }
      const { result, index } = first[first.length - needed.length + n] as (typeof first)[number];
      expect(r).toEqual({ ...result, index, replayed: true });
      return true;
    });
    // the large ones shrank, the small ones and the newest are whole
    expect(whole.length).toBeGreaterThan(needed.length / 3);
    expect(again.at(-1)).toMatchObject({ ok: true, replayed: true });
    expect(last(store.apply([log.sql(['SELECT count(*) FROM t'])]))).toMatchObject({
      value: [{ rows: [[all.length]] }],
    });
    const db = new DatabaseSync(join(dir, 'a', 'state.db'), { readOnly: true });
    const kept = db.prepare('SELECT sum(octet_length(reply)) AS bytes FROM _sqlcc_replies').get();
    const noted = db.prepare('SELECT bytes FROM _sqlcc_sessions').get();
    db.close();
    expect(kept).toEqual(noted);
    expect(kept?.['bytes']).toBeLessThanOrEqual(LIMITS.maxSessionInFlightBytes);
  });

  it('answer 256 writes in flight whose first answers all got lost', () => {
    const store = open();
    store.apply([log.openSession('s')]);
    const put = (seq: number): LogEntry => log.put(`k${seq}`, 'x'.repeat(3000), null, at(seq));
    const numbers = Array.from({ length: LIMITS.maxSessionInFlight }, (_, n) => n + 1);
    store.apply(numbers.map(put));
    const again = store.apply(numbers.toReversed().map(put)).results.map((r) => r.result);
    expect(again.every((r) => r.ok && r.replayed === true)).toBe(true);
  });

  it('a write with an answer too large to keep is never applied twice', () => {
    const store = open();
    store.apply([log.openSession('s'), log.sql(['CREATE TABLE t (x)'])]);
    const insert = (): LogEntry =>
      log.sql(['INSERT INTO t VALUES (hex(zeroblob(99999))) RETURNING x'], at(1));
    expect(last(store.apply([insert()]))).toMatchObject({ ok: true });
    expect(last(store.apply([insert()]))).toMatchObject({
      code: 'session_expired',
      details: { took_effect: true },
    });
    expect(last(store.apply([log.sql(['SELECT count(*) FROM t'])]))).toMatchObject({
      value: [{ rows: [[1]] }],
    });
  });

  it('shorten a refusal that is too large to keep, and end', () => {
    const store = open();
    store.apply([log.openSession('s'), log.sql(['CREATE TABLE t (x)'])]);
    // a name of control characters is six bytes a character in JSON
    const refusal = (seq: number): LogEntry =>
      log.sql([`SELECT * FROM "${'\u0001'.repeat(20_000)}"`], at(seq));
    const numbers = Array.from({ length: LIMITS.maxSessionInFlight }, (_, n) => n + 1);
    store.apply(numbers.map(refusal));
    const again = store.apply(numbers.map(refusal)).results.map((r) => r.result);
    expect(again.every((r) => !r.ok && r.code === 'sql_error' && r.replayed === true)).toBe(true);
  });

  it('the session longest unused in the log makes room', () => {
    const store = open();
    const names = Array.from({ length: LIMITS.maxSessions }, (_, n) => `s${n}`);
    store.apply(names.map((name) => log.openSession(name)));
    store.apply([log.put('k', 'v', null, { session: 's0', seq: 1 }), log.openSession('late')]);
    const use = (session: string): LogEntry => log.put('k', 'v', null, { session, seq: 2 });
    const results = store.apply([use('s0'), use('s1'), use('s2')]).results.map((r) => r.result.ok);
    expect(results).toEqual([true, false, true]);
  });

  it('a session opened inside another is no accident', () => {
    const store = open();
    store.apply([log.openSession('s')]);
    expect(last(store.apply([log.command({ kind: 'session-open', session: 'u' }, at(1))]))).toMatchObject({
      ok: true,
    });
  });
});
