import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EntryResult, StateStore } from '../../../src/state/index.ts';
import { LogWriter, optionsIn } from '../../unit/state/log.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-kill-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the applier until it has said `groups` indexes, kills it after `lateMs` more; answers the last index it said. */
function runAndKill(groups: number, lateMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./applier.ts', import.meta.url), [dir], { execArgv: [] });
    let said = 0;
    let count = 0;
    child.on('message', (index: number) => {
      said = index;
      count++;
      if (count === groups) setTimeout(() => child.kill('SIGKILL'), lateMs);
    });
    child.on('error', reject);
    child.on('exit', () => resolve(said));
  });
}

describe('StateStore killed at any point', () => {
  it('has applied each entry once and none in part', async () => {
    for (let round = 0; round < 8; round++) {
      const said = await runAndKill(5 + round * 3, (round * 7) % 11);
      const store = StateStore.open(optionsIn(dir));
      const applied = store.appliedIndex();
      expect(applied).toBeGreaterThanOrEqual(said);
      const log = new LogWriter();
      const check = { ...log.sql(['SELECT n, (SELECT count(*) FROM t) FROM total']), index: applied + 1 };
      const { result } = store.apply([check]).results[0] as EntryResult;
      // the first entry makes the tables; checks of earlier rounds take an index each and change nothing
      const expected = applied - 1 - round;
      expect(result).toMatchObject({ ok: true, value: [{ rows: [[expected, expected]] }] });
      store.close();
    }
  });
});
