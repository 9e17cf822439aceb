/** What waits in memory and what the file holds: seen by readers, by a life after a crash, by conditions. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { LogEntry } from '../../../src/raft/index.ts';
import { StateReader, StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from './log.ts';

let dir = '';
let log = new LogWriter();
let opened: StateStore[] = [];

function open(part: string): StateStore {
  const store = StateStore.open(optionsIn(join(dir, part)));
  opened.push(store);
  return store;
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-settle-'));
  log = new LogWriter();
});
afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('StateStore.settle', () => {
  it('writes of keys are seen by readers from then on, a write of another kind takes them along', async () => {
    const store = open('a');
    const reader = StateReader.open(join(dir, 'a'));
    // reads that follow each other at once are one point in time
    const get = async (key: string) => reader.get(key);
    store.apply([log.put('k', '1'), log.put('l', '1')]);
    expect([store.appliedIndex(), store.settledIndex()]).toEqual([2, 0]);
    expect(await get('k')).toEqual({ item: null, appliedIndex: 0 });
    store.settle();
    expect(store.settledIndex()).toBe(2);
    expect(await get('k')).toMatchObject({ item: { value: '1', version: 1 }, appliedIndex: 2 });
    store.apply([log.put('k', '2'), log.remove('l')]);
    expect(await get('l')).toMatchObject({ item: { value: '1' }, appliedIndex: 2 });
    store.apply([log.sql(['CREATE TABLE t (x)'])]);
    expect(store.settledIndex()).toBe(5);
    expect(await get('k')).toMatchObject({ item: { value: '2', version: 3 }, appliedIndex: 5 });
    expect(await get('l')).toEqual({ item: null, appliedIndex: 5 });
    reader.close();
  });

  it('conditions and deletes see what no row holds yet', () => {
    const store = open('a');
    store.apply([log.put('k', 'a'), log.put('l', 'a')]);
    store.settle();
    store.apply([log.put('k', 'b'), log.remove('l')]);
    const entries = [
      log.put('k', 'c', 1),
      log.put('k', 'c', 3),
      log.put('l', 'b', 2),
      log.put('l', 'b', 0),
      log.remove('k', 6),
      log.remove('k'),
    ];
    const { results } = store.apply(entries);
    expect(store.settledIndex()).toBe(2);
    const seen = results.map(({ result }) => (result.ok ? result.value : result.details));
    expect(seen).toMatchObject([
      { version: 3 },
      { key: 'k', version: 6 },
      { version: 0 },
      { key: 'l', version: 8 },
      { deleted: true },
      { deleted: false },
    ]);
  });

  it('tells how much waits, by entries and by bytes', () => {
    const store = open('a');
    expect(store.unsettledShare).toBe(0);
    const puts = Array.from({ length: LIMITS.unsettledEntries / 4 }, () => log.put('k', 'v'));
    store.apply(puts);
    expect(store.unsettledShare).toBe(1 / 4);
    store.settle();
    expect(store.unsettledShare).toBe(0);
    const value = 'v'.repeat(LIMITS.unsettledBytes / 8);
    for (let n = 0; n < 4; n++) store.apply([log.put('k', value)]);
    expect(store.unsettledShare).toBeCloseTo(1 / 2, 3);
  });

  it('in steps: conditions see what is on its way, readers all of it at the end, and what came meanwhile waits', async () => {
    const store = open('a');
    const reader = StateReader.open(join(dir, 'a'));
    const get = async (key: string) => reader.get(key);
    store.apply([log.put('k', 'a'), log.put('l', 'a'), log.put('m', 'a')]);
    expect([store.settleSome(1), store.settleSome(1)]).toEqual([false, false]);
    expect([store.isSettling, store.settledIndex(), store.unsettledShare]).toEqual([true, 0, 0]);
    const { results } = store.apply([log.put('k', 'b', 1), log.put('m', 'b', 3), log.remove('l', 3)]);
    expect(results.map(({ result }) => result.ok)).toEqual([true, true, false]);
    expect((await get('k')).item).toBeNull();
    expect(store.unsettledShare).toBeGreaterThan(0);
    expect(store.settleSome(1)).toBe(true);
    expect([store.isSettling, store.settledIndex()]).toEqual([false, 3]);
    expect(await get('k')).toMatchObject({ item: { value: 'a' }, appliedIndex: 3 });
    // whatever needs the file ends what is under way
    expect(store.settleSome(1)).toBe(false);
    store.apply([log.put('n', 'a')]);
    store.apply([log.sql(['CREATE TABLE t (x)'])]);
    expect([store.isSettling, store.settledIndex()]).toEqual([false, store.appliedIndex()]);
    reader.close();
  });

  it('a copy that takes its place ends what is under way', async () => {
    const [store, twin] = [open('a'), open('b')];
    const puts = [log.put('k', 'a'), log.put('l', 'a')];
    store.apply([...puts, log.put('m', 'a')]);
    await store.snapshotTo(join(dir, 'copy.db'));
    twin.apply(puts);
    expect(twin.settleSome(1)).toBe(false);
    twin.restore(join(dir, 'copy.db'));
    expect([twin.isSettling, twin.settledIndex()]).toEqual([false, 3]);
    expect(twin.stateHash()).toBe(store.stateHash());
  });

  it('a copy, a hash and an orderly end hold all that was applied', async () => {
    const store = open('a');
    store.apply([log.put('k', 'v')]);
    const made = await store.snapshotTo(join(dir, 'copy.db'));
    expect(made.index).toBe(1);
    store.apply([log.put('k', 'w')]);
    const hash = store.stateHash();
    const [twin, last] = [open('b'), log.put('l', 'w')];
    twin.restore(join(dir, 'copy.db'));
    expect([twin.appliedIndex(), twin.settledIndex()]).toEqual([1, 1]);
    twin.apply([{ ...last, index: 2, data: Buffer.from(JSON.stringify(putOf('k', 'w'))) }]);
    expect(twin.stateHash()).not.toBe(hash); // another time of writing: the hash looks at everything
    store.apply([last]);
    opened = opened.filter((one) => one !== store);
    store.close();
    const again = open('a');
    expect([again.appliedIndex(), again.settledIndex()]).toEqual([3, 3]);
  });

  it('behind a failure nothing that waits is written, also at the end', () => {
    const failing = () => {
      throw new Error('the disk is full');
    };
    const store = StateStore.open({ ...optionsIn(join(dir, 'a')), applyCluster: failing });
    store.apply([log.sql(['CREATE TABLE t (x)'])]);
    store.apply([log.put('k', 'v')]);
    const group = [log.put('l', 'v'), log.command({ kind: 'node-stopped', nodeId: 'n1' })];
    expect(() => store.apply(group)).toThrow('full');
    expect(() => store.settle()).toThrow('failed before');
    store.close();
    const again = open('a');
    expect([again.appliedIndex(), again.settledIndex()]).toEqual([1, 1]);
    again.apply([log.put('k', 'w', 0), log.put('l', 'w', 0)].map((entry, n) => ({ ...entry, index: n + 2 })));
    expect(again.appliedIndex()).toBe(3);
  });

  it('a crash at any point leaves whole groups, and the log makes the same state of them again', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, ifVersion: fc.option(fc.nat(12)) }),
      fc.record({ kind: fc.constant('remove' as const), key, ifVersion: fc.option(fc.nat(12)) }),
      fc.record({ kind: fc.constant('sql' as const) }),
      fc.record({ kind: fc.constant('session' as const), seq: fc.integer({ min: 1, max: 4 }) }),
    );
    const settles = fc.constantFrom('not', 'whole', 'a row');
    const group = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), settles });
    let run = 0;
    const play = fc.property(
      fc.array(group, { minLength: 1, maxLength: 8 }),
      fc.nat(7),
      (groups, crashAt) => {
        const part = `run${++run}`;
        log = new LogWriter();
        const first = [log.sql(['CREATE TABLE t (x)']), log.openSession('s')];
        const all: LogEntry[][] = groups.map(({ steps }) => steps.map(entryOf));
        const [waiting, prompt] = [open(`${part}-waiting`), open(`${part}-prompt`)];
        const answers = { waiting: [waiting.apply(first)], prompt: [prompt.apply(first)] };
        for (const [n, { settles }] of groups.entries()) {
          const entries = all[n] as LogEntry[];
          answers.waiting.push(waiting.apply(entries));
          answers.prompt.push(prompt.apply(entries));
          prompt.settle();
          if (settles === 'whole') waiting.settle();
          if (settles === 'a row') waiting.settleSome(1);
          // what a killed process leaves is what the files hold now
          if (n === crashAt)
            cpSync(join(dir, `${part}-waiting`), join(dir, `${part}-crashed`), {
              recursive: true,
              verbatimSymlinks: true,
            });
        }
        expect(answers.waiting.map((a) => a.results)).toEqual(answers.prompt.map((a) => a.results));
        const hash = prompt.stateHash();
        expect(waiting.stateHash()).toBe(hash);
        if (crashAt < groups.length) {
          const crashed = open(`${part}-crashed`);
          const known = crashed.appliedIndex();
          const left = [...first, ...all.flat()].filter((entry) => entry.index > known);
          if (left.length > 0) crashed.apply(left);
          expect(crashed.stateHash()).toBe(hash);
        }
        for (const store of opened.splice(0)) store.close();
      },
    );
    fc.assert(play, { numRuns: 25 });
  });
});

function putOf(key: string, value: string): object {
  return { command: { kind: 'kv-put', key, value, ifVersion: null }, actor: 'ada' };
}

type Step =
  | { readonly kind: 'put' | 'remove'; readonly key: string; readonly ifVersion: number | null }
  | { readonly kind: 'sql' }
  | { readonly kind: 'session'; readonly seq: number };

function entryOf(step: Step): LogEntry {
  switch (step.kind) {
    case 'put':
      return log.put(step.key, 'v', step.ifVersion);
    case 'remove':
      return log.remove(step.key, step.ifVersion);
    case 'sql':
      return log.sql(['INSERT INTO t VALUES (random())']);
    case 'session':
      return log.put('a', 'once', null, { session: 's', seq: step.seq });
  }
}
