import { describe, expect, it } from 'vitest';
import { type Followed, follow } from '../../../daemon/follow.ts';

/** A history of numbers that is read two at a time, with idle lines `-n` for n lines read. */
class Numbers implements Followed<number> {
  readonly history: number[] = [];
  readonly wakes = new Set<() => void>();
  read = 0;
  isGone = false;

  add(...numbers: number[]): void {
    this.history.push(...numbers);
    for (const wake of this.wakes) wake();
  }

  next(): { lines: number[]; ended: boolean } {
    if (this.isGone) return { lines: [0], ended: true };
    const lines = this.history.slice(this.read, this.read + 2);
    this.read += lines.length;
    return { lines, ended: false };
  }

  idle(): number {
    return -this.read;
  }

  subscribe(wake: () => void): () => void {
    this.wakes.add(wake);
    return () => this.wakes.delete(wake);
  }
}

function start(source: Followed<number>, options: { endless?: boolean; idleMs?: number } = {}) {
  const abort = new AbortController();
  const lines = follow(source, { signal: abort.signal, endless: true, idleMs: 60_000, ...options });
  const take = async (count: number): Promise<number[]> => {
    const taken: number[] = [];
    while (taken.length < count) taken.push((await lines.next()).value as number);
    return taken;
  };
  return { abort, lines, take };
}

describe('follow', () => {
  it('gives the history in pages, a sign of life, then what comes', async () => {
    const source = new Numbers();
    source.add(1, 2, 3);
    const { take, abort, lines } = start(source);
    expect(await take(4)).toEqual([1, 2, 3, -3]);
    const next = take(2);
    source.add(4);
    source.add(5);
    expect(await next).toEqual([4, 5]);
    const end = lines.next();
    abort.abort();
    expect(await end).toEqual({ done: true, value: undefined });
    expect(source.wakes.size).toBe(0);
  });

  it('takes no more than a page ahead of its reader', async () => {
    const source = new Numbers();
    source.add(...Array.from({ length: 100 }, (_, n) => n));
    await start(source).take(3);
    expect(source.read).toBe(4);
  });

  it('ends when caught up unless it is endless', async () => {
    const source = new Numbers();
    source.add(7);
    const seen: number[] = [];
    for await (const line of start(source, { endless: false }).lines) seen.push(line);
    expect(seen).toEqual([7]);
  });

  it('ends behind the last line of a history that ended', async () => {
    const source = new Numbers();
    const { take, lines } = start(source);
    await take(1);
    source.isGone = true;
    source.add();
    expect(await take(1)).toEqual([0]);
    expect((await lines.next()).done).toBe(true);
  });

  it('shows a sign of life when nothing comes', async () => {
    expect(await start(new Numbers(), { idleMs: 1 }).take(3)).toEqual([-0, -0, -0]);
  });

  it('holds nothing before its first line is asked for, and nothing after it was left', async () => {
    const source = new Numbers();
    const unread = start(source).lines;
    await unread.return(undefined);
    expect(source.wakes.size).toBe(0);
    const { take, lines } = start(source);
    await take(1);
    expect(source.wakes.size).toBe(1);
    await lines.return(undefined);
    expect(source.wakes.size).toBe(0);
  });

  it('ends at once where too many follow', async () => {
    const full: Followed<number> = {
      ...new Numbers(),
      next: () => ({ lines: [1], ended: false }),
      idle: () => 0,
      subscribe: () => null,
    };
    expect(await start(full).lines.next()).toEqual({ done: true, value: undefined });
  });
});
