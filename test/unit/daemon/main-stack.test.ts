/** What a thread finds out about a main thread that takes nothing; the test is that main thread. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { close, open, Session, url } from 'node:inspector';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MainStand } from '../../../daemon/main-stack.ts';

const LONG_MS = 20_000;

const flag = new Int32Array(new SharedArrayBuffer(4));
const isSeen = (): boolean => Atomics.load(flag, 0) === 2;

/** Starts a thread that looks, stands still in `stall` until it has looked, and answers what it saw. */
async function seenIn(stall: () => unknown, boundMs = LONG_MS, fd: number | null = null): Promise<MainStand> {
  Atomics.store(flag, 0, 0);
  const worker = new Worker(new URL('./looker.ts', import.meta.url), { workerData: { flag, boundMs, fd } });
  await once(worker, 'online');
  const seen = once(worker, 'message');
  Atomics.store(flag, 0, 1);
  Atomics.notify(flag, 0);
  await stall();
  const [stand] = (await seen) as [MainStand];
  await worker.terminate();
  return stand;
}

function goesRound(): void {
  while (!isSeen());
}

async function comesBack(): Promise<void> {
  while (!isSeen()) await null;
}

function ticks(done: () => void): void {
  if (isSeen()) done();
  else process.nextTick(ticks, done);
}

/** Reads from nobody until somebody has written. */
function pipe(): number {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-look-'));
  execFileSync('mkfifo', [join(dir, 'pipe')]);
  const fd = openSync(join(dir, 'pipe'), 'r+');
  onTestFinished(() => {
    closeSync(fd);
    rmSync(dir, { recursive: true });
  });
  return fd;
}

/** How often main was held so far. */
function holds(): () => number {
  const session = new Session();
  session.connect();
  onTestFinished(() => session.disconnect());
  let count = 0;
  session.on('Debugger.paused', () => count++);
  session.post('Debugger.enable');
  return () => count;
}

describe('lookAtMain', () => {
  it('tells the stack of a loop, what the process takes, and how much of the time main ran', async () => {
    const { stack, memory, thread } = await seenIn(goesRound);
    expect(stack).toMatch(/goesRound \(main-stack\.test\.ts:\d+:\d+\) < seenIn \(main-stack\.test\.ts:/);
    expect(memory).toMatch(/^rss \d+, heap \d+ of \d+, external \d+, array buffers \d+ MB$/);
    expect(thread).toMatch(/^\w, ran \d+ of \d+ ms$/);
  });

  it.each([
    ['promises', comesBack, 'comesBack'],
    ['ticks', () => new Promise<void>((resolve) => ticks(resolve)), 'ticks'],
  ])('tells the stack of a loop of %s, and main goes on', async (_kind, stall, name) => {
    expect((await seenIn(stall)).stack).toContain(`${name} (main-stack.test.ts:`);
  });

  it('holds main for a step where it is met between two, but not where a debugger may do so', async () => {
    const held = holds();
    while (held() === 0) await seenIn(comesBack);
    expect(url()).toBeUndefined();
    open(0);
    onTestFinished(close);
    const before = held();
    for (let n = 0; n < 5; n++) await seenIn(comesBack);
    expect(held()).toBe(before);
  });

  it('says after the bound that there is none, when main is in native code', async () => {
    const fd = pipe();
    const { stack, thread } = await seenIn(() => readSync(fd, new Uint8Array(1)), 200, fd);
    expect(stack).toBe('none within 200 ms: in native code, or without a processor');
    expect(thread).toMatch(/^S, ran \d+ of \d+ ms$/);
  });
});
