import { describe, expect, it } from 'vitest';
import { playSeed } from './play.ts';

/** Seeds of every run; more by `npm run sim`. */
const SEEDS = 60;

describe('simulation', () => {
  it(`RaftConsensus keeps every safety property and converges in ${SEEDS} seeds`, () => {
    const failures: string[] = [];
    const sum = { acked: 0, reads: 0, terms: 0, snapshots: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = playSeed(seed);
      for (const key of ['acked', 'reads', 'terms', 'snapshots'] as const) sum[key] += result[key];
      if (result.violation !== null) {
        failures.push(`seed ${seed}: ${result.violation}\n${result.story.slice(-40).join('\n')}`);
      }
    }
    expect(failures).toEqual([]);
    // a run in which nothing happened proves nothing
    expect(sum.acked).toBeGreaterThan(SEEDS * 100);
    expect(sum.reads).toBeGreaterThan(SEEDS * 50);
    expect(sum.terms).toBeGreaterThan(SEEDS * 2);
    expect(sum.snapshots).toBeGreaterThan(SEEDS);
  });

  it('SimCluster plays a seed the same way twice', () => {
    expect(playSeed(11).traceHash).toBe(playSeed(11).traceHash);
    expect(playSeed(12).traceHash).not.toBe(playSeed(11).traceHash);
  });
});
