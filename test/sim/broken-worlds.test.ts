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

  it('finds nothing where nothing is wrong', () => {
    for (const nodes of [1, 7]) {
      const options = { ...calmOptions(nodes), clients: 2, thinkMs: 20, safetyMs: 3000 };
      expect(makeCluster(1, 'memory', nodes, options).run().violation).toBeNull();
    }
  });
});
