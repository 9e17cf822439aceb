/** What the soak makes of the histogram of late loops. */
import { describe, expect, it } from 'vitest';
import { looksIn, p99Between } from '../../endurance/looks.ts';

const text = (thread: string, ...rows: readonly [le: string, looks: number][]): string =>
  rows
    .map(
      ([le, n]) =>
        `sqlcc_event_loop_lag_seconds_bucket{cluster="c",node="n1",thread="${thread}",le="${le}"} ${n}`,
    )
    .join('\n');
const before = looksIn(text('main', ['0.001', 500], ['0.01', 500], ['0.1', 600], ['+Inf', 600]));

describe('how late a loop was between two readings', () => {
  it.each([
    ['all at once', text('main', ['0.001', 600], ['0.01', 600], ['0.1', 700], ['+Inf', 700]), 0.99],
    ['two of a hundred late', text('main', ['0.001', 598], ['0.01', 598], ['0.1', 700], ['+Inf', 700]), 55],
    [
      'beyond the last bucket',
      text('main', ['0.001', 500], ['0.01', 500], ['0.1', 600], ['+Inf', 700]),
      Number.POSITIVE_INFINITY,
    ],
    ['nobody looked', text('main', ['0.001', 500], ['0.01', 500], ['0.1', 600], ['+Inf', 600]), Number.NaN],
    ['of another thread', text('consensus', ['0.001', 500], ['+Inf', 500]), Number.NaN],
  ])('%s', (_, after, p99Ms) => {
    const told = p99Between(before, looksIn(after), 'main');
    expect(Math.round(told * 100) / 100).toBe(p99Ms);
  });
});
