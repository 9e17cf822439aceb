import { describe, expect, it } from 'vitest';
import { NodeClock, World } from './world.ts';

describe('NodeClock', () => {
  it('a short pause within a long one puts nothing before what the long one holds', () => {
    const world = new World();
    const clock = new NodeClock(world);
    const done: string[] = [];
    const until = (at: number): void => {
      while (world.step(at));
    };
    clock.pauseUntil(1000);
    clock.later(10, () => done.push('first'));
    until(100);
    clock.pauseUntil(400);
    clock.later(10, () => done.push('second'));
    until(2000);
    expect(done).toEqual(['first', 'second']);
  });
});
