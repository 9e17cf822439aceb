import { describe, expect, it } from 'vitest';
import { Liar } from './broken-worlds.ts';
import { SimCluster } from './cluster.ts';
import { nodesOf } from './play.ts';
import { type Play, ruleOf, shrink } from './shrink.ts';
import type { SimResult } from './sim-result.ts';

function liars(seed: number): Play {
  return (options) =>
    new SimCluster({ seed, nodes: options.nodes, options, storage: (parts) => new Liar(parts) }).run();
}

describe('shrink', () => {
  it('finds the few faults that break the same rule, and little time', () => {
    const play = (seed: number) =>
      new SimCluster({ seed, nodes: nodesOf(seed), storage: (parts) => new Liar(parts) }).run();
    let first: SimResult | undefined;
    for (let seed = 1; seed <= 40 && first === undefined; seed++) {
      const result = play(seed);
      if (ruleOf(result.violation) === 'Recovery' && result.faults.length > 10) first = result;
    }
    expect(first).toBeDefined();
    if (first === undefined) return;
    const { result, options, plays } = shrink(liars(first.seed), first, 150);
    expect(ruleOf(result.violation)).toBe('Recovery');
    expect(plays).toBeGreaterThan(5);
    expect(options.safetyMs).toBeLessThan(first.options.safetyMs);
    const left = result.faults.filter((number) => !options.without.includes(number));
    // the power cut, and what is of its kind before the play ends
    expect(left.length).toBeLessThan(first.faults.length / 2);
    expect(options.nodes).toBe(3);
    // what is left plays the same way again
    expect(liars(first.seed)(options).traceHash).toBe(result.traceHash);
  });
});
