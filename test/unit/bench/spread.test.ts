import { describe, expect, it } from 'vitest';
import { figureOf, quantile, textOf } from '../../bench/spread.ts';

describe('quantile', () => {
  it('takes the nearest rank, of values in any order', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0, 0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([1, 50, 99, 100]);
    expect(quantile([7, 9, 8], 0.5)).toBe(8);
  });

  it('of nothing is no number', () => {
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('figureOf', () => {
  it('is the median with the least and the most, as it is printed', () => {
    expect(textOf(figureOf([5200, 4800, 5123.4]))).toBe('5,123 (4,800–5,200)');
    expect(textOf(figureOf([1.2345]))).toBe('1.23');
  });
});
