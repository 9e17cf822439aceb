import { describe, expect, it } from 'vitest';
import { pauseWords } from '../../../src/base/index.ts';

const words = (mostMs: number, ...measuredMs: number[]) => {
  const { time, from } = pauseWords(mostMs, measuredMs);
  return `${time}, ${from}`;
};

describe('pauseWords', () => {
  it('pauseWords says of a figure whether it was measured, and how often', () => {
    expect(words(78)).toBe('up to 78 ms, estimated, none measured yet');
    expect(words(85, 85)).toBe('85 ms, as in the last hand-over');
    expect(words(85, 65, 85)).toBe('65 to 85 ms, as in the last two hand-overs');
    expect(words(85, 70, 85, 65)).toBe('65 to 85 ms, as in the last three hand-overs');
    expect(words(80, 80, 80, 80, 80)).toBe('80 ms, as in the last 4 hand-overs');
  });

  it('pauseWords turns to seconds where one of the figures has them', () => {
    expect(words(1234, 65, 1234)).toBe('65 ms to 1.23 s, as in the last two hand-overs');
  });
});
