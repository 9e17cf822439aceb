/** How a leader finds where its log and a follower's part: each answer skips a term, on both sides. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { logOf, memberOf, Scene } from '../../golden/raft/scene.ts';

const membership = {
  voters: ['a', 'b', 'c'].map((id) => memberOf(id)),
  outgoing: [],
  learners: [],
  learnersNext: [],
};

/** The positions at which `c` refused until its log was that of `a`. */
function refusals(leader: readonly number[], follower: readonly number[]): number[] {
  const scene = new Scene();
  const term = Math.max(...leader, ...follower);
  scene.add('a', logOf(leader, membership), term);
  scene.add('b', logOf(leader, membership), term);
  scene.add('c', logOf(follower, membership), term);
  scene.now = scene.core('a').status().wakeAt;
  scene.step('a', { kind: 'tick' });
  scene.stabilize();
  expect(scene.core('a').status().role).toBe('leader');
  const { storage } = scene.node('c');
  const found = Array.from({ length: storage.lastIndex() }, (_, i) => storage.term(i + 1));
  expect(found).toEqual([...leader, term + 1]);
  return scene.history.flatMap((m) =>
    m.kind === 'append-response' && m.from === 'c' && !m.accepted ? [m.index] : [],
  );
}

describe('replicateAll', () => {
  /** A leader of three whose first entry is committed, and everybody knows it. */
  function led(): Scene {
    const scene = new Scene();
    for (const id of ['a', 'b', 'c']) scene.add(id, logOf([1], membership), 1);
    scene.now = scene.core('a').status().wakeAt;
    scene.step('a', { kind: 'tick' });
    scene.stabilize();
    scene.step('a', { kind: 'tick' });
    scene.stabilize();
    return scene;
  }
  const propose = (scene: Scene, count: number): void => {
    const proposal = { kind: 'command', timestamp: 0, data: new Uint8Array(1) } as const;
    const proposals = Array.from({ length: count }, (_, id) => ({ id, ...proposal }));
    scene.step('a', { kind: 'propose', proposals });
    scene.stabilize();
  };
  const commitOf = (scene: Scene, id: string): number => scene.core(id).status().commitIndex;

  it('tells a commit of few entries at once', () => {
    const scene = led();
    propose(scene, 7);
    expect([commitOf(scene, 'a'), commitOf(scene, 'b'), commitOf(scene, 'c')]).toEqual([9, 9, 9]);
  });

  it('tells a commit of many entries with those that follow', () => {
    const scene = led();
    propose(scene, 8);
    expect([commitOf(scene, 'a'), commitOf(scene, 'b'), commitOf(scene, 'c')]).toEqual([10, 2, 2]);
    const before = scene.history.length;
    propose(scene, 8);
    expect([commitOf(scene, 'a'), commitOf(scene, 'b'), commitOf(scene, 'c')]).toEqual([18, 10, 10]);
    // one append and one answer a follower, and nothing else
    expect(scene.history.slice(before).map((m) => m.kind)).toEqual([
      ...['append', 'append', 'append-response', 'append-response'],
    ]);
  });

  it('tells a commit of many entries by itself when none follow', () => {
    const scene = led();
    propose(scene, 8);
    const { wakeAt } = scene.core('a').status();
    expect(wakeAt).toBe(scene.now + 10);
    scene.now = wakeAt;
    scene.step('a', { kind: 'tick' });
    scene.stabilize();
    expect([commitOf(scene, 'b'), commitOf(scene, 'c')]).toEqual([10, 10]);
  });
});

describe('probing a follower', () => {
  it.each([
    // the follower's tail is of terms that the leader never had: it skips them
    [[1, 3, 3, 3, 5, 5, 5, 5, 5], [1, 1, 1, 1, 2, 2], [9]],
    // the leader has the follower's terms longer: the leader skips
    [
      [1, 3, 3, 3, 3, 3, 3, 3, 7],
      [1, 3, 3, 4, 4, 5, 5, 5, 6],
      [9, 8],
    ],
    [[1, 1, 1], [1, 1], [3]],
    [[1, 1, 1], [1, 1, 1, 1, 1], []],
    [[1, 1, 4, 4, 4], [1, 1, 2, 2, 3, 3, 3], [5]],
    [
      [1, 2, 2, 4, 4, 6, 6, 6],
      [1, 2, 3, 3, 5, 5],
      [8, 5, 3],
    ],
    [[1, 2, 2, 2], [1], [4]],
  ])(
    'of a leader with terms %j and a follower with %j takes refusals at %j',
    (leader, follower, expected) => {
      expect(refusals(leader, follower)).toEqual(expected);
    },
  );
});

describe('catching up', () => {
  it('sends one follower no more in a turn than fits, and goes on at once', () => {
    const scene = new Scene();
    for (const id of ['a', 'b', 'c']) scene.add(id, logOf([1], membership), 1);
    scene.now = scene.core('a').status().wakeAt;
    scene.step('a', { kind: 'tick' });
    scene.stabilize();
    const bytes = 0.4 * LIMITS.maxTurnBytes;
    const proposals = Array.from({ length: 16 }, (_, id) => ({
      ...{ id, kind: 'command' as const, timestamp: 0, data: new Uint8Array(bytes) },
    }));
    scene.step('a', { kind: 'propose', proposals });
    const sent: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const mine = scene.wire.filter((m) => m.kind === 'append' && m.to === 'b');
      sent.push(mine.reduce((sum, m) => sum + (m.kind === 'append' ? m.entries.length : 0), 0));
      scene.wire = [];
      if (scene.core('a').status().wakeAt > scene.now) break;
      scene.step('a', { kind: 'tick' });
    }
    expect(sent.reduce((sum, n) => sum + n, 0)).toBe(16);
    expect(sent.length).toBeGreaterThan(2);
    // a step here is two turns: the disk answers at once
    const most = 2 * (LIMITS.maxTurnBytes + LIMITS.maxAppendBytes);
    for (const entries of sent) expect(entries * bytes).toBeLessThan(most);
  });
});
