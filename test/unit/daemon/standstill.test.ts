import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Standstill } from '../../../daemon/standstill.ts';

/** A process whose time the test moves; questions are answered one by one. */
class Process {
  now = 1000;
  wentOn = 0;
  readonly questions: ((isKnown: boolean) => void)[] = [];
  readonly standstill = new Standstill({
    now: () => this.now,
    confirm: () => new Promise((resolve) => void this.questions.push(resolve)),
    goOn: () => void this.wentOn++,
  });

  /** `ms` with a look each 200 ms, as the desk does. */
  runs(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += 200) this.standstill.look();
  }

  async answer(isKnown: boolean): Promise<void> {
    this.questions.shift()?.(isKnown);
    await turn();
  }
}

describe('Standstill', () => {
  it('asks nothing of a process that runs, nor of one that has not begun to look', () => {
    const process = new Process();
    expect(process.standstill.mayBegin).toBe(true);
    process.runs(60_000);
    process.now += 400;
    expect([process.standstill.mayBegin, process.questions.length]).toEqual([true, 0]);
  });

  it('begins nothing from the first moment on until it knows who leads', async () => {
    const process = new Process();
    process.runs(1000);
    process.now += 3000;
    // a timer that was due is before the look
    expect(process.standstill.mayBegin).toBe(false);
    process.runs(1000);
    expect([process.standstill.mayBegin, process.questions.length]).toEqual([false, 1]);
    await process.answer(false);
    process.runs(1000);
    expect([process.standstill.mayBegin, process.questions.length, process.wentOn]).toEqual([false, 1, 0]);
    await process.answer(true);
    expect([process.standstill.mayBegin, process.questions.length, process.wentOn]).toEqual([true, 0, 1]);
  });

  it('does not believe an answer that it reads after it stood still once more', async () => {
    const process = new Process();
    process.runs(1000);
    process.now += 3000;
    process.runs(400);
    process.now += 3000;
    await process.answer(true);
    expect([process.standstill.mayBegin, process.wentOn]).toEqual([false, 0]);
    // nor where a look is before the answer
    process.now += 3000;
    process.runs(400);
    await process.answer(true);
    expect([process.standstill.mayBegin, process.wentOn]).toEqual([false, 0]);
    process.runs(400);
    await process.answer(true);
    expect([process.standstill.mayBegin, process.wentOn]).toEqual([true, 1]);
  });

  it('asks no more once it is stopped', async () => {
    const process = new Process();
    process.runs(400);
    process.now += 3000;
    process.standstill.look();
    process.standstill.stop();
    await process.answer(false);
    expect([process.questions.length, process.wentOn]).toEqual([0, 0]);
  });
});
