import { describe, expect, it } from 'vitest';
import { gapsOf, type Took, untilJudged, verdict } from './took.ts';

const took = (ms: number, waitedMs: number): Took => ({ ms, waitedMs });

describe('what something took', () => {
  it.each([
    ['is good below its bound, however much of it was waited for', 499, 499, 'good'],
    ['is good where little of it was waited for, and the rest is below the bound', 700, 300, 'good'],
    ['is too long where the rest is not below the bound', 900, 400, 'long'],
    [
      'is too long, though most of it was waited for, where the rest is not below the bound',
      1500,
      1000,
      'long',
    ],
    ['is not judged where most of it was waited for', 900, 500, 'unjudged'],
  ] as const)('%s', (_, ms, waitedMs, said) => {
    expect(verdict([took(1, 0), took(ms, waitedMs)], 500)).toBe(said);
  });

  it('is judged with the waits within it, not with those of a longer time', () => {
    const moments = [0, 10, 900, 910, 920].map((atMs, n) => ({ atMs, waitedMs: n === 4 ? 800 : 0 }));
    expect(verdict(gapsOf(moments), 500)).toBe('long');
  });

  it('is played again until it can be judged; where it never can, that fails', async () => {
    const [unjudged, good, long] = [took(900, 800), took(300, 0), took(900, 0)];
    const play = (tries: Took[]) =>
      untilJudged(async () => [{ what: 'a gap', boundMs: 500, all: tries.splice(0, 1) }]);
    const left = [unjudged, good, long];
    await play(left);
    expect(left).toEqual([long]);
    await expect(play([unjudged, long])).rejects.toThrow(/^a gap, < 500 ms: long: 900 ms, 0 waited$/);
    await expect(play([unjudged, unjudged, unjudged, good])).rejects.toThrow(/too busy to judge any try/);
  });
});
