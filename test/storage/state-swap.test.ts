/**
 * A state that is replaced by a snapshot, and a SIGKILL before any write, sync, rename or removal of
 * that: the next start finds the old state or the new one, whole, and goes on from it.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StateStore } from '../../src/state/index.ts';
import { FaultDisk, type FaultOp } from '../lab/index.ts';
import { skipVisibly } from '../lab/skip.ts';
import { LogWriter, optionsIn } from '../unit/state/log.ts';
import { reportAtEnd, sampled, tally, temporaryFolder } from './effort.ts';
import { copyFolder } from './real-log.ts';

reportAtEnd();

const CHANGES: readonly FaultOp[] = ['write', 'pwrite', 'fsync', 'fdatasync', 'rename', 'unlink'];
const [OLD, NEW] = [5, 40];

const ADD = 'INSERT INTO t VALUES ((SELECT count(*) FROM t))';

/** Applies entries up to that index: a table, then a row an entry. */
function applyTo(store: StateStore, index: number): void {
  const log = new LogWriter();
  const all = [log.sql(['CREATE TABLE t (n)'])];
  while (all.length < index) all.push(log.sql([ADD]));
  store.apply(all.slice(store.appliedIndex(), index));
}

async function snapshotOf(index: number, file: string): Promise<void> {
  const store = StateStore.open(optionsIn(join(temporaryFolder(), 'state')));
  applyTo(store, index);
  await store.snapshotTo(file);
  store.close();
}

function hashAt(dir: string, index: number): string {
  const store = StateStore.open(optionsIn(dir));
  applyTo(store, index);
  const hash = store.stateHash();
  store.close();
  return hash;
}

const skip = skipVisibly('kills while a state is replaced', FaultDisk.missing());

describe('a state that a snapshot replaces', () => {
  it.skipIf(skip)(
    'is the old one or the new one, killed at any operation',
    { timeout: 600_000 },
    async () => {
      const disk = FaultDisk.create(temporaryFolder());
      const [old, copy] = [join(temporaryFolder(), 'state'), join(temporaryFolder(), 'copy')];
      // the second generation of its file: a first one would be found by its name alone
      await snapshotOf(OLD, copy);
      const store = StateStore.open(optionsIn(old));
      store.restore(copy);
      store.close();
      await snapshotOf(NEW, copy);
      const whole = hashAt(join(temporaryFolder(), 'state'), NEW + 1);
      /** Where a restore ends that is killed before its change number `at`; null when it was not. */
      const killedAt = (at: number): number | null => {
        const dir = join(temporaryFolder(), 'state');
        copyFolder(old, dir);
        // the copy is used up
        const incoming = join(dir, 'incoming.tmp');
        copyFileSync(copy, incoming);
        disk.set([{ path: `${dir}/*`, ops: CHANGES, effect: 'kill', times: 1, skip: at - 1 }]);
        const args = [join(import.meta.dirname, 'restorer.ts'), dir, incoming];
        const ran = spawnSync(process.execPath, args, { env: { ...process.env, ...disk.env() } });
        disk.set([]);
        if (ran.status === 0) return null;
        expect(ran.signal, ran.stderr.toString()).toBe('SIGKILL');
        const store = StateStore.open(optionsIn(dir));
        const applied = store.appliedIndex();
        store.close();
        expect([OLD, NEW], `killed before change ${at}, ${disk.lastKilled()}`).toContain(applied);
        // it goes on to what everybody else holds
        expect(hashAt(dir, NEW + 1), disk.lastKilled()).toBe(whole);
        return applied;
      };
      const seen: number[] = [];
      for (const at of sampled(1, 400, 6)) {
        const applied = killedAt(at);
        if (applied === null) break;
        tally('SIGKILL while a state is replaced', applied === OLD ? 'the old one' : 'the new one');
        seen.push(applied);
      }
      // killed on both sides of the moment in which it changes, and never back again behind it
      expect(new Set(seen).size).toBe(2);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    },
  );
});
