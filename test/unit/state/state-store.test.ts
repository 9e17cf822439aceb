import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AssertionError, LIMITS } from '../../../src/base/index.ts';
import { SqliteReader } from '../../../src/engines/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';
import { type AppliedGroup, StateReader, StateStore } from '../../../src/state/index.ts';
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
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-state-'));
  log = new LogWriter();
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('StateStore', () => {
  it('starts empty and remembers the applied index over a restart', () => {
    const store = open();
    expect([store.appliedIndex(), store.clusterState()]).toEqual([0, null]);
    store.apply([log.raw('noop', new Uint8Array()), log.put('k', 'v')]);
    const hash = store.stateHash();
    shut(store);
    const again = open();
    expect(again.appliedIndex()).toBe(2);
    expect(again.stateHash()).toBe(hash);
  });

  it('refuses an entry that was applied or leaves a gap', () => {
    const store = open();
    const [first, second, third] = [log.put('a', '1'), log.put('b', '2'), log.put('c', '3')];
    store.apply([first]);
    for (const wrong of [first, third]) expect(() => store.apply([wrong])).toThrow(AssertionError);
    expect(store.apply([second]).lastIndex).toBe(2);
  });

  it('answers each entry in order and keeps the failed ones out', () => {
    const group = open().apply([
      log.sql(['CREATE TABLE t (id INTEGER PRIMARY KEY)']),
      log.sql([['INSERT INTO t VALUES (?)', 1]]),
      log.sql(['INSERT INTO t VALUES (2)', 'INSERT INTO t VALUES (1)']),
      log.sql(['SELECT count(*) FROM t']),
    ]);
    expect(group.results.map((r) => r.index)).toEqual([1, 2, 3, 4]);
    expect(group.results[2]?.result).toMatchObject({
      ok: false,
      code: 'sql_error',
      details: { statement: 1, sqlstate: '23505' },
    });
    expect(last(group)).toMatchObject({ ok: true, value: [{ rows: [[1]] }] });
    for (const { digest } of group.results) expect(Number.isSafeInteger(digest)).toBe(true);
  });

  it('keeps the cluster record, tells its events once, and says null when it did not change', () => {
    const store = open();
    const changed = store.apply([
      log.command({ kind: 'node-stopped', nodeId: 'n1' }),
      log.command({ kind: 'node-stopped', nodeId: 'n2' }),
    ]);
    expect(changed.clusterState).toMatchObject({ name: '2' });
    expect(changed.events.map((e) => e.index)).toEqual([1, 2]);
    expect(last(changed)).toEqual({ ok: true, value: { seen: 2, actor: 'ada' } });
    const refused = store.apply([log.command({ kind: 'token-revoke', id: 'x' })]);
    expect(refused.clusterState).toBeNull();
    shut(store);
    expect(open().clusterState()).toMatchObject({ name: '2' });
    expect(StateReader.open(join(dir, 'a')).events(1)).toMatchObject([{ index: 2 }]);
  });

  it('hashes the record but for the count of elections, which nodes of other versions began elsewhere', () => {
    let stores = 0;
    const hash = (changes: object): string => {
      log = new LogWriter();
      const encodeCluster = (state: object): Buffer => {
        const all = { text: 'a/"\u2028\\ü\n', small: 1e-7, ...changes, last: [1.5, null, {}] };
        return Buffer.from(JSON.stringify({ format: 3, state: { ...state, ...all } }));
      };
      const store = StateStore.open({ ...optionsIn(join(dir, `e${stores++}`)), encodeCluster });
      opened.push(store);
      store.apply([log.command({ kind: 'node-stopped', nodeId: 'n1' })]);
      return store.stateHash();
    };
    const counted = hash({ electionCount: 201 });
    expect(hash({ electionCount: 200 })).toBe(counted);
    expect(hash({})).toBe(counted);
    expect(hash({ electionCounts: 200 })).not.toBe(counted);
    expect(hash({ electionCount: 201, small: 2e-7 })).not.toBe(counted);
  });

  it('keeps the newest events only', () => {
    const store = open();
    const many = Array.from({ length: LIMITS.eventHistory + 5 }, () =>
      log.command({ kind: 'node-stopped', nodeId: 'n' }),
    );
    store.apply(many);
    const events = StateReader.open(join(dir, 'a')).events(LIMITS.eventHistory * 2);
    expect(events.length).toBe(LIMITS.eventHistory);
    expect(events[0]?.index).toBe(6);
  });

  it('an entry that is no envelope is refused, and the log goes on', () => {
    const store = open();
    const group = store.apply([
      log.raw('sql', Buffer.from('{"statements":7}')),
      log.raw('command', Buffer.from('nonsense')),
      log.put('k', 'v'),
    ]);
    expect(group.results.map((r) => r.result.ok)).toEqual([false, false, true]);
  });

  it('last_insert_rowid and changes begin anew in each entry', () => {
    const store = open();
    store.apply([log.sql(['CREATE TABLE t (id INTEGER PRIMARY KEY, x)', 'INSERT INTO t VALUES (41, 0)'])]);
    const read = log.sql(['SELECT last_insert_rowid()', 'UPDATE t SET x = last_insert_rowid() RETURNING x']);
    expect(last(store.apply([read]))).toMatchObject({
      value: [{ rows: [[0]] }, { rows: [[0]], last_insert_id: null }],
    });
  });
});

describe('KeyValues', () => {
  it('put and delete answer version, term and time, and tell the change', () => {
    const group = open().apply([log.put('k', 'v'), log.remove('k'), log.remove('k')]);
    expect(group.results.map((r) => r.result)).toMatchObject([
      { ok: true, value: { key: 'k', version: 1, term: 1 } },
      { ok: true, value: { deleted: true, version: 2 } },
      { ok: true, value: { deleted: false, version: 3 } },
    ]);
    expect(group.kvChanges).toMatchObject([
      { type: 'put', key: 'k', value: 'v', version: 1 },
      { type: 'delete', key: 'k', value: null, version: 2 },
    ]);
  });

  it('a condition that fails says the version that stands', () => {
    const group = open().apply([
      log.put('k', 'a', 0),
      log.put('k', 'b', 0),
      log.put('k', 'c', 7),
      log.put('k', 'd', 1),
      log.remove('k', 1),
      log.remove('none', 3),
    ]);
    expect(group.results.map((r) => r.result.ok)).toEqual([true, false, false, true, false, false]);
    expect(group.results[1]?.result).toMatchObject({ code: 'precondition_failed', details: { version: 1 } });
    expect(group.results[4]?.result).toMatchObject({ details: { version: 4 } });
    expect(group.results[5]?.result).toMatchObject({ details: { version: 0 } });
  });
});

describe('snapshotTo and restore', () => {
  it('carry everything: rows, keys, sessions, record, membership and position', async () => {
    const store = open();
    const membership = Uint8Array.of(1, 2, 3);
    store.apply([
      log.raw('membership', membership),
      log.openSession('s'),
      log.put('k', 'v', null, { session: 's', seq: 1 }),
      log.command({ kind: 'node-stopped', nodeId: 'n1' }),
      log.sql(['CREATE TABLE t (x)', 'INSERT INTO t VALUES (random())']),
    ]);
    const copy = join(dir, 'copy.db');
    writeFileSync(copy, 'what a crash left');
    const made = await store.snapshotTo(copy);
    expect(made).toMatchObject({ index: 5, term: 1, membershipIndex: 1 });
    expect([...made.membership]).toEqual([...membership]);
    const other = open('b');
    other.restore(copy);
    expect(other.appliedIndex()).toBe(5);
    expect(other.clusterState()).toEqual(store.clusterState());
    expect(other.stateHash()).toBe(store.stateHash());
    const repeat = log.put('k', 'w', null, { session: 's', seq: 1 });
    expect(last(other.apply([repeat]))).toMatchObject({ ok: true, replayed: true });
  });

  it('a copy is one point in time while entries go on', async () => {
    const store = open();
    store.apply([log.sql(['CREATE TABLE t (x)'])]);
    for (let n = 0; n < 40; n++)
      store.apply([log.sql(['INSERT INTO t SELECT hex(randomblob(20000)) FROM (VALUES (1), (2), (3))'])]);
    const hash = store.stateHash();
    const copying = store.snapshotTo(join(dir, 'copy.db'));
    let done = false;
    void copying.then(() => {
      done = true;
    });
    while (!done) {
      store.apply([log.sql(['INSERT INTO t VALUES (1)'])]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(store.appliedIndex()).toBeGreaterThan(41);
    expect((await copying).index).toBe(41);
    const other = open('b');
    other.restore(join(dir, 'copy.db'));
    expect(other.stateHash()).toBe(hash);
  });

  it('a reader that was open before a restore sees the new state after it', async () => {
    const store = open();
    store.apply([log.put('k', 'old')]);
    store.settle();
    const reader = StateReader.open(join(dir, 'a'));
    expect(reader.get('k').item?.value).toBe('old');
    const other = open('b');
    other.apply([log.raw('noop', new Uint8Array())].map((e) => ({ ...e, index: 1 })));
    other.apply([{ ...log.put('k', 'new'), index: 2 }]);
    await other.snapshotTo(join(dir, 'copy.db'));
    store.restore(join(dir, 'copy.db'));
    expect(reader.get('k')).toMatchObject({ item: { value: 'new' }, appliedIndex: 2 });
    expect(readdirSync(join(dir, 'a')).filter((name) => name.startsWith('state-1'))).toEqual([]);
    reader.close();
  });

  it('reads that one message releases see one file; those of a later one see what a restore put there', async () => {
    const store = open();
    store.apply([log.put('k', 'old')]);
    store.settle();
    const other = open('b');
    other.apply([{ ...log.put('k', 'new'), index: 1 }]);
    await other.snapshotTo(join(dir, 'copy.db'));
    const reader = StateReader.open(join(dir, 'a'));
    const read = async () => reader.get('k').item?.value;
    const released = [read(), read()];
    store.restore(join(dir, 'copy.db'));
    released.push(read());
    expect(await Promise.all(released)).toEqual(['old', 'old', 'old']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await read()).toBe('new');
    reader.close();
  });

  it('a read that began before a restore ends in the state that it began in', async () => {
    const store = open();
    store.apply([log.put('k', 'old'), log.sql(['CREATE TABLE t (x)', 'INSERT INTO t VALUES (1)'])]);
    const other = open('b');
    other.apply([{ ...log.sql(['CREATE TABLE t (x)', 'INSERT INTO t VALUES (2), (3)']), index: 1 }]);
    await other.snapshotTo(join(dir, 'copy.db'));
    const reader = new SqliteReader(join(dir, 'a'));
    const applied = 'SELECT idx FROM _sqlcc_applied';
    const read = (between: () => void): unknown =>
      reader.snapshot((view) => {
        const index = view.own(applied).get();
        between();
        return [index, view.query([{ sql: 'SELECT x FROM t ORDER BY x' }])[0]?.rows];
      });
    expect(read(() => store.restore(join(dir, 'copy.db')))).toEqual([[2n], [[1]]]);
    expect(read(() => {})).toEqual([[1n], [[2], [3]]]);
    reader.close();
  });

  it('refuse a damaged copy and go on with what was there', () => {
    const store = open();
    store.apply([log.put('k', 'v')]);
    writeFileSync(join(dir, 'bad.db'), 'no database');
    expect(() => store.restore(join(dir, 'bad.db'))).toThrow(
      expect.objectContaining({ code: 'storage_failed' }),
    );
    expect(store.apply([log.put('k', 'w')]).lastIndex).toBe(2);
  });

  it('open clears what a crash in the middle of a restore left', () => {
    const store = open();
    store.apply([log.put('k', 'v')]);
    shut(store);
    writeFileSync(join(dir, 'a', 'state-2.db'), 'half');
    symlinkSync('state-2.db', join(dir, 'a', 'state.db.next'));
    expect(open().appliedIndex()).toBe(1);
    expect(readdirSync(join(dir, 'a'))).not.toContain('state-2.db');
  });
});

describe('determinism', () => {
  const script = (): LogEntry[] => {
    const w = new LogWriter();
    return [
      w.openSession('s'),
      w.sql([
        'CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x, at DEFAULT CURRENT_TIMESTAMP)',
        'CREATE TABLE w (k TEXT PRIMARY KEY, v) WITHOUT ROWID',
      ]),
      w.sql([
        'CREATE VIRTUAL TABLE f USING fts5(body)',
        "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO w VALUES (NEW.id || random(), datetime('now')); END",
      ]),
      w.sql(
        [
          "INSERT INTO t (x) VALUES (random()), (hex(randomblob(8))), (strftime('%f', 'now'))",
          "INSERT INTO f VALUES ('a b'), ('c')",
        ],
        { session: 's', seq: 1 },
      ),
      w.sql(['DELETE FROM t WHERE id = 3', "INSERT INTO f VALUES ('d a')"]),
      w.sql(['INSERT INTO t (x) SELECT x FROM t ORDER BY random() LIMIT 2'], { session: 's', seq: 2 }),
      w.put('k', 'v'),
      w.put('k', 'w', 7),
      w.put('k', 'x', 7),
      w.sql(['INSERT INTO t (id) VALUES (1)']),
      w.sql(['ANALYZE', 'CREATE INDEX i ON t (x)', 'SELECT count(*) FROM t WHERE x > 5']),
      w.sql(['INSERT INTO t (x) VALUES (last_insert_rowid()), (changes()) RETURNING *'], {
        session: 's',
        seq: 3,
      }),
      w.command({ kind: 'node-stopped', nodeId: 'n1' }),
      w.sql([
        'UPDATE t SET x = unixepoch() WHERE id % 2',
        'ALTER TABLE t ADD COLUMN z DEFAULT 3',
        'UPDATE t SET z = random()',
      ]),
      w.sql(['INSERT INTO t (x) VALUES (1)'], { session: 's', seq: 3 }),
      w.sql([
        "DELETE FROM f WHERE f MATCH 'a'",
        'DROP TRIGGER tr',
        'INSERT INTO t (x) VALUES (CURRENT_TIME)',
      ]),
    ];
  };

  it('any grouping, restart and restore on the way lead to equal digests and an equal hash', async () => {
    const reference = open('ref');
    const expected = reference.apply(script()).results.map((r) => r.digest);
    const hash = reference.stateHash();
    let run = 0;
    const cuts = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 6 }), next: fc.constantFrom('on', 'restart', 'restore') }),
      { minLength: 16 },
    );
    await fc.assert(
      fc.asyncProperty(cuts, async (steps) => {
        let name = `r${run++}`;
        let store = open(name);
        const rest = script();
        const digests: number[] = [];
        for (const step of steps) {
          if (rest.length === 0) break;
          digests.push(...store.apply(rest.splice(0, step.size)).results.map((r) => r.digest));
          if (step.next === 'restart') {
            shut(store);
            store = open(name);
          }
          if (step.next !== 'restore') continue;
          const copy = join(dir, `copy-${name}.db`);
          await store.snapshotTo(copy);
          shut(store);
          name = `${name}x`;
          store = open(name);
          store.restore(copy);
        }
        expect(digests).toEqual(expected);
        expect(store.stateHash()).toBe(hash);
      }),
      { numRuns: 6 },
    );
  }, 60_000);
});
