import { describe, expect, it } from 'vitest';
import { WritePace } from '../../../src/raft/write-pace.ts';

describe('WritePace', () => {
  it('expects nothing before anything was written', () => {
    expect(new WritePace().expectedMs(1000)).toBe(0);
  });

  it('counts a write that is open by its age', () => {
    const pace = new WritePace();
    pace.handedOver(1, 100);
    pace.handedOver(2, 300);
    expect(pace.expectedMs(400)).toBe(300);
    pace.acknowledged(1, 400);
    expect(pace.expectedMs(400)).toBe(300);
    expect(pace.expectedMs(900)).toBe(600);
  });

  it('counts the slowest of late, and forgets it by and by', () => {
    const pace = new WritePace();
    pace.handedOver(1, 0);
    pace.acknowledged(1, 800);
    expect(pace.expectedMs(800)).toBe(800);
    const times = Array.from({ length: 40 }, (_, i) => {
      pace.handedOver(2 + i, 1000 + i);
      pace.acknowledged(2 + i, 1000 + i);
      return pace.expectedMs(1000 + i);
    });
    expect(times[0]).toBe(700);
    expect([...times].sort((a, b) => b - a)).toEqual(times);
    expect(times.at(-1)).toBeLessThan(5);
  });

  it('takes one acknowledgement for all writes before it', () => {
    const pace = new WritePace();
    for (let token = 1; token <= 3; token++) pace.handedOver(token, token * 10);
    pace.acknowledged(3, 50);
    // none is open any more: 40, 30 and 20 ms
    expect(pace.expectedMs(10_000)).toBeCloseTo(36.4, 1);
  });
});
