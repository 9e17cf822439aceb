/** The planted bugs still fit the sources: what was changed underneath them must be changed here too. */
import { describe, expect, it } from 'vitest';
import { BUGS } from '../../history/mutants/bugs.ts';
import { edited, textsOf } from '../../history/mutants/build.ts';
import { NEMESES } from '../../history/run/hardware-nemesis.ts';
import { WORKLOADS } from '../../history/run/workloads.ts';

describe('planted bugs', () => {
  for (const bug of BUGS) {
    it(`${bug.name}: every replacement finds its place, once`, () => {
      expect(textsOf(bug).size).toBeGreaterThan(0);
      expect(WORKLOADS.map((w) => w.name)).toContain(bug.workload);
      expect(NEMESES.map((n) => n.name)).toContain(bug.nemesis);
    });
  }

  it('are at least ten, each with a name of its own', () => {
    expect(new Set(BUGS.map((b) => b.name)).size).toBe(BUGS.length);
    expect(BUGS.length).toBeGreaterThanOrEqual(10);
  });

  it('a replacement without its place is refused', () => {
    const edit = { file: 'x', from: 'a', to: 'b' };
    expect(() => edited('c', edit)).toThrow(/no longer/);
    expect(() => edited('aa', edit)).toThrow(/more than once/);
    expect(edited('xay', edit)).toBe('xby');
  });
});
