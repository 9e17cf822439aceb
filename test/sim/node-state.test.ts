import { describe, expect, it } from 'vitest';
import { NodeState, type SnapshotImage } from './node-state.ts';

/** A snapshot of an empty machine that claims to stand at `index`. */
function image(state: NodeState, id: string, index: number): SnapshotImage {
  const made = state.capture(id);
  return { ...made, meta: { ...made.meta, index } };
}

describe('NodeState.keep', () => {
  it('drops what stands lowest, not what has arrived first', () => {
    const state = new NodeState();
    state.keep(image(state, 'arrived', 900), null);
    for (const index of [100, 200, 300]) state.keep(image(state, `own-${index}`, index), null);
    expect([...state.snapshots.keys()].sort()).toEqual(['arrived', 'own-200', 'own-300']);
    expect(state.newestSnapshot?.meta.id).toBe('arrived');
    expect(state.restore('arrived')).toBe(true);
  });

  it('drops nothing for one that comes, nor one that waits to be loaded', () => {
    const state = new NodeState();
    for (const index of [100, 200, 300, 400]) state.arrive(image(state, `came-${index}`, index));
    expect(state.snapshots.size).toBe(4);
    state.wanted.add('came-100');
    state.keep(image(state, 'own', 50), null);
    expect([...state.snapshots.keys()].sort()).toEqual(['came-100', 'came-200', 'came-300', 'came-400']);
    expect(state.restore('came-100')).toBe(true);
    state.keep(image(state, 'own', 60), null);
    expect(state.snapshots.has('came-100')).toBe(false);
  });

  it('never drops the one that the log builds on', () => {
    const state = new NodeState();
    state.keep(image(state, 'base', 50), 'base');
    for (const index of [100, 200, 300]) state.keep(image(state, `own-${index}`, index), 'base');
    expect(state.snapshots.has('base')).toBe(true);
  });
});
