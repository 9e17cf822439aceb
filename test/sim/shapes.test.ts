import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/index.ts';
import { drawShape, PARTIAL_SHAPES, partialShape } from './shapes.ts';

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `n${i + 1}`);

/** Pairs that still reach each other, as digits. */
function pairs(name: string, nodes: number): string {
  const { cuts } = partialShape(name, names(nodes));
  const isCut = new Set(cuts.map(([from, to]) => `${from}${to}`));
  const all = names(nodes).flatMap((a) => names(nodes).map((b) => [a, b] as const));
  return all
    .filter(([a, b]) => a < b && !isCut.has(`${a}${b}`) && !isCut.has(`${b}${a}`))
    .map(([a, b]) => `${a.slice(1)}${b.slice(1)}`)
    .join(' ');
}

describe('partialShape', () => {
  it.each([
    ['link', 3, '13 23'],
    ['bridge', 5, '12 13 14 15 23 45'],
    ['ring', 5, '12 15 23 34 45'],
    ['chain', 5, '12 23 34 45'],
    ['hub', 5, '12 13 14 15'],
    ['tails', 5, '12 13 23 24 35'],
  ])('%s of %i leaves the pairs that its name says', (name, nodes, left) => {
    expect(pairs(name, nodes)).toBe(left);
  });

  it('one way leaves one direction of each pair that it cuts', () => {
    expect(partialShape('link', names(3), true)).toEqual({ name: 'one-way link', cuts: [['n2', 'n1']] });
  });
});

describe('drawShape', () => {
  it('draws each shape that so many nodes can have, and cuts something each time', () => {
    const drawn = (nodes: number): string[] => {
      const shapes = Array.from({ length: 400 }, (_, seed) => drawShape(seededRandom(seed), names(nodes)));
      expect(shapes.every((s) => s.cuts.length > 0)).toBe(true);
      return [...new Set(shapes.map((s) => s.name))].sort();
    };
    const both = (kinds: readonly string[]): string[] => kinds.flatMap((k) => [k, `one-way ${k}`]).sort();
    expect(drawn(2)).toEqual(both(['cut']));
    expect(drawn(3)).toEqual(both(['cut', 'link']));
    expect(drawn(5)).toEqual(both(['cut', ...PARTIAL_SHAPES]));
  });
});
