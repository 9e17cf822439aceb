import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { between, pick, type Random, seededRandom } from '../../src/base/index.ts';
import type { LogEntry } from '../../src/raft/index.ts';
import { StateStore } from '../../src/state/index.ts';
import { LogWriter, optionsIn } from '../unit/state/log.ts';
import { KvMachine } from './kv-machine.ts';
import { MapTables } from './map-tables.ts';

/** One entry of any kind that the simulated machine knows, repeats and refusals among them. */
function draw(writer: LogWriter, random: Random, n: number): LogEntry {
  const session = `s${between(random, 0, 3)}`;
  const key = `k${between(random, 0, 4)}`;
  const ifVersion = pick(random, [null, null, 0, n - between(random, 1, 9)]);
  const once = random.next() < 0.7 ? { session, seq: between(random, 1, 400) } : undefined;
  const value = 'x'.repeat(random.next() < 0.05 ? 40_000 : 5) + n;
  const number = random.next();
  if (number < 0.03) return writer.openSession(session);
  if (number < 0.05) return writer.raw('noop', new Uint8Array(0));
  if (number < 0.06) return writer.raw('command', Buffer.from('no envelope'));
  if (number < 0.85) return writer.put(key, value, ifVersion, once);
  return writer.command({ kind: 'kv-delete', key, ifVersion }, once);
}

describe('KvMachine', () => {
  it('answers and holds what the state store on SQLite does', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-sim-'));
    const store = StateStore.open(optionsIn(dir));
    onTestFinished(() => {
      store.close();
      rmSync(dir, { recursive: true });
    });
    const [writer, random] = [new LogWriter(), seededRandom(7)];
    let machine = new KvMachine();
    const [seen, replayed] = [new Set<string>(), new Set<boolean>()];
    for (let n = 1; n <= 4000; n++) {
      const entry = draw(writer, random, n);
      const [want] = store.apply([entry]).results;
      const got = machine.apply(entry);
      expect(got).toEqual(want?.result);
      seen.add(got.ok ? 'ok' : got.code);
      replayed.add(got.replayed === true);
      if (n % 500 === 0) machine = machine.copy();
    }
    // every way of answering was met
    expect([...seen].sort()).toEqual(['invalid_argument', 'ok', 'precondition_failed', 'session_expired']);
    expect(replayed.size).toBe(2);
  });

  it('copies share nothing', () => {
    const writer = new LogWriter();
    const machine = new KvMachine();
    machine.apply(writer.openSession('s'));
    machine.apply(writer.put('k', 'one', null, { session: 's', seq: 1 }));
    const [copy, before] = [machine.copy(), machine.text()];
    machine.apply(writer.put('k', 'two', null, { session: 's', seq: 2 }));
    expect(copy.text()).toBe(before);
    expect(machine.text()).not.toBe(before);
    expect(copy.read('k')).toEqual({ value: 'one', version: 2 });
  });

  it('copies go on apart, each with the answers that it gave itself', () => {
    const writer = new LogWriter();
    const machine = new KvMachine();
    machine.apply(writer.openSession('s'));
    const write = (to: KvMachine, value: string, seq: number) =>
      to.apply(writer.put('k', value, null, { session: 's', seq }));
    const first = write(machine, 'one', 2);
    const copies = [machine, machine.copy(), machine.copy().copy()];
    // behind the end, before it, and behind it once more: a list that is shared knows none of the others' answers
    const told = copies.map((to, n) => [3, 1, 4].map((seq) => write(to, `${n} ${seq}`, seq)));
    for (const [n, to] of copies.entries()) {
      const again = [3, 1, 4].map((seq) => write(to, 'again', seq));
      expect(again).toEqual(
        told[n]?.map((result) => ({ ...result, index: expect.any(Number), replayed: true })),
      );
      expect(write(to, 'again', 2)).toMatchObject({ ...first, replayed: true });
    }
    expect(new Set(told.flat().map((result) => JSON.stringify(result))).size).toBe(9);
  });

  it('refuses statements that the tables do not know', () => {
    expect(() => new MapTables().own('SELECT 1')).toThrow('SELECT 1');
  });
});
