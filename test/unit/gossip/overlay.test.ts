import { describe, expect, it } from 'vitest';
import { OBSERVERS, Overlay } from '../../../src/gossip/overlay.ts';
import { nodeName } from './world.ts';

function overlayOf(nodes: number): Overlay {
  const overlay = new Overlay('cluster');
  for (let n = 1; n <= nodes; n++) overlay.add(nodeName(n));
  return overlay;
}

const names = (nodes: number): string[] => Array.from({ length: nodes }, (_, i) => nodeName(i + 1));

describe('Overlay', () => {
  it('is a full mesh up to 11 members', () => {
    for (const nodes of [1, 2, 3, 11]) {
      const overlay = overlayOf(nodes);
      for (const name of names(nodes)) {
        const others = names(nodes).filter((n) => n !== name);
        expect(overlay.observers(name)).toEqual(others);
        expect(overlay.subjects(name)).toEqual(others);
      }
    }
  });

  it('gives everybody K different observers, and subjects as their inverse', () => {
    for (const nodes of [12, 16, 24, 25, 100, 300]) {
      const overlay = overlayOf(nodes);
      const inverse = new Map<string, string[]>(names(nodes).map((n) => [n, []]));
      for (const name of names(nodes)) {
        const observers = overlay.observers(name);
        expect(new Set(observers).size).toBe(OBSERVERS);
        expect(observers).not.toContain(name);
        for (const observer of observers) inverse.get(observer)?.push(name);
      }
      for (const name of names(nodes)) expect(overlay.subjects(name)).toEqual(inverse.get(name)?.sort());
    }
  });

  it('does not depend on the order in which members came', () => {
    const overlay = new Overlay('cluster');
    for (const name of names(40).reverse()) overlay.add(name);
    overlay.observers('n001');
    overlay.add('gone');
    overlay.delete('gone');
    for (const name of names(40)) expect(overlay.observers(name)).toEqual(overlayOf(40).observers(name));
  });

  it('moves O(K) edges on a join', () => {
    const overlay = overlayOf(200);
    const before = names(200).map((n) => overlay.observers(n).join());
    overlay.add('new');
    const moved = names(200).filter((n, i) => overlay.observers(n).join() !== before[i]).length;
    expect(moved).toBeLessThanOrEqual(2 * OBSERVERS);
  });

  it('stays connected when 30 % are gone', () => {
    const overlay = overlayOf(300);
    const live = new Set(names(300).filter((_, i) => i % 10 >= 3));
    const reached = new Set(['n004']);
    for (const name of reached) {
      for (const next of [...overlay.observers(name), ...overlay.subjects(name)])
        if (live.has(next)) reached.add(next);
    }
    expect(reached.size).toBe(live.size);
  });

  it('keeps degrees near K: about twenty connections at any size', () => {
    const overlay = overlayOf(300);
    const degrees = names(300).map((n) => new Set([...overlay.observers(n), ...overlay.subjects(n)]).size);
    expect(degrees.reduce((a, b) => a + b, 0) / 300).toBeLessThanOrEqual(20);
    expect(Math.max(...degrees)).toBeLessThanOrEqual(24);
  });
});
