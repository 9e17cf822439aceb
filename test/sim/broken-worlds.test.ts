import { describe, expect, it } from 'vitest';
import { BROKEN_WORLDS } from './broken-worlds.ts';
import { calmOptions } from './options.ts';
import { makeCluster } from './play.ts';
import { ruleOf } from './shrink.ts';

describe('SimCluster', () => {
  it.each(BROKEN_WORLDS.map((w) => [w.rule, w.about, w.make] as const))(
    '%s is a violation: %s',
    (rule, _, make) => {
      expect(ruleOf(make().run().violation)).toBe(rule);
    },
  );

  it('says whether a bare quorum was healed first, and did', () => {
    const quorum = (quorumFirst: boolean): string[] => {
      const options = { ...calmOptions(5), clients: 1, thinkMs: 20, safetyMs: 1000, quorumFirst };
      const { violation, counts } = makeCluster(1, 'memory', 5, options).run();
      expect(violation).toBeNull();
      return Object.keys(counts).filter((name) => name.startsWith('quorum '));
    };
    expect(quorum(true)).toEqual(['quorum healed']);
    expect(quorum(false)).toEqual(['quorum not drawn']);
  });

  it('finds nothing where nothing is wrong', () => {
    for (const nodes of [1, 7]) {
      const options = { ...calmOptions(nodes), clients: 2, thinkMs: 20, safetyMs: 3000 };
      expect(makeCluster(1, 'memory', nodes, options).run().violation).toBeNull();
    }
  });
});
