import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from '../../../daemon/data-lock.ts';

const HOLDER = join(import.meta.dirname, 'lock-holder.ts');
const children: ChildProcess[] = [];
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-unit-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  rmSync(dir, { recursive: true, force: true });
});

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (m) => resolve(m as T)));
}

/** A process that is ready to take the folder. */
async function contender(): Promise<ChildProcess> {
  const child = fork(HOLDER, { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] });
  children.push(child);
  await message(child);
  return child;
}

function take(child: ChildProcess): Promise<{ won: boolean; error: string }> {
  const answer = message<{ won: boolean; error: string }>(child);
  child.send(dir);
  return answer;
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  return gone;
}

describe('lockDataDir', () => {
  // twelve real processes, each with its own start: seconds on a busy machine
  it('lets one of several racing processes in, whatever a crash left behind', {
    timeout: 60_000,
  }, async () => {
    for (const left of [null, '', '{"pid":1,"start":null}', 'half of a li']) {
      if (left !== null) writeFileSync(join(dir, 'LOCK'), left);
      const racers = await Promise.all([contender(), contender(), contender()]);
      const outcomes = await Promise.all(racers.map(take));
      expect(
        outcomes.filter((o) => o.won),
        JSON.stringify(outcomes),
      ).toHaveLength(1);
      await Promise.all(racers.map(kill));
    }
  });

  it('names the process that holds it, and is free the moment that one is killed', {
    timeout: 60_000,
  }, async () => {
    const owner = await contender();
    expect(await take(owner)).toEqual({ won: true, error: '' });
    const second = await contender();
    expect(await take(second)).toEqual({
      won: false,
      error: `${dir} is in use by process ${owner.pid}`,
    });
    await kill(owner);
    const third = await contender();
    expect(await take(third)).toEqual({ won: true, error: '' });
  });

  it('refuses the same process twice without giving the lock away', async () => {
    const unlock = lockDataDir(dir);
    expect(() => lockDataDir(dir)).toThrow(`in use by process ${process.pid}`);
    expect((await take(await contender())).won).toBe(false);
    unlock();
    expect(existsSync(join(dir, 'LOCK.owner'))).toBe(false);
    expect((await take(await contender())).won).toBe(true);
  });

  it('keeps its files to the owner', () => {
    const unlock = lockDataDir(dir);
    for (const file of ['LOCK', 'LOCK.owner']) expect(statSync(join(dir, file)).mode & 0o777).toBe(0o600);
    unlock();
  });
});
