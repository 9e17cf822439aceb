import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { beats } from '../../../daemon/beats.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

describe('beats', () => {
  it('looks at multiples of a beat, all at the same moments, with one timer', () => {
    const told: string[] = [];
    const stops = [beats.every(100, () => told.push('a'))];
    vi.advanceTimersByTime(100);
    // who comes later keeps to the moments of the others
    stops.push(
      beats.every(200, () => told.push('b')),
      beats.every(1000, () => told.push('c')),
    );
    expect(vi.getTimerCount()).toBe(1);
    for (let n = 0; n < 10; n++) {
      told.push('|');
      vi.advanceTimersByTime(100);
    }
    const words = told.join('').split('|');
    expect(words.filter((w) => w.startsWith('a'))).toHaveLength(11);
    expect(words.filter((w) => w.includes('b'))).toHaveLength(5);
    expect(words.filter((w) => w.includes('c'))).toHaveLength(1);
    expect(words.filter((w) => w.includes('c')).every((w) => w.includes('b'))).toBe(true);
    for (const stop of stops) stop();
  });

  it('stops who wants to stop, also in a beat, and its timer with the last one', () => {
    const told: string[] = [];
    const stopB = beats.every(100, () => {
      told.push('b');
      stopB();
    });
    const stopA = beats.every(100, () => told.push('a'));
    vi.advanceTimersByTime(300);
    expect(told).toEqual(['b', 'a', 'a', 'a']);
    stopA();
    stopA();
    expect(vi.getTimerCount()).toBe(0);
    const stopC = beats.every(100, () => told.push('c'));
    vi.advanceTimersByTime(100);
    expect(told.at(-1)).toBe('c');
    stopC();
  });

  it('refuses another rhythm', () => {
    expect(() => beats.every(250, () => {})).toThrow('250 ms is no multiple of 100');
    expect(() => beats.every(0, () => {})).toThrow();
  });
});
