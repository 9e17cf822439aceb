import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../src/rpc/json.ts';

describe('parseJson', () => {
  it.each([
    ['{"__proto__":{"admin":true}}', '__proto__'],
    ['{"a":[{"\\u005f_proto__":1}]}', '__proto__'],
    ['{"constructor":{"prototype":{}}}', 'constructor'],
    [`${'['.repeat(33)}${']'.repeat(33)}`, 'deeper than 32'],
    [`${'{"a":'.repeat(33)}{}${'}'.repeat(33)}`, 'deeper than 32'],
    ['{"a":', 'no JSON'],
    ['', 'no JSON'],
  ])('refuses %s', (text, reason) => {
    const parsed = parseJson(text);
    expect(parsed.ok ? '' : parsed.reason).toContain(reason);
  });

  it('takes 32 levels', () => {
    expect(parseJson(`${'['.repeat(32)}${']'.repeat(32)}`).ok).toBe(true);
  });

  it('a bomb of brackets is refused in bounded time', () => {
    const once = (): number => {
      const began = performance.now();
      expect(parseJson('['.repeat(64 * 1024)).ok).toBe(false);
      return performance.now() - began;
    };
    // the best of some runs is what it costs; the rest is what else the machine does
    expect(Math.min(...Array.from({ length: 8 }, once))).toBeLessThan(50);
  });

  it('is total, and equal to JSON.parse where it says yes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const parsed = parseJson(text);
        if (parsed.ok) expect(parsed.value).toEqual(JSON.parse(text));
      }),
      { numRuns: 2000 },
    );
  });
});
