/** Rules of the paper that are best read as tables: who wins, what is committed, what a newer term does. */
import { describe, expect, it } from 'vitest';
import type { Scene } from '../golden/raft/scene.ts';
import {
  append,
  elect,
  forge,
  leading,
  of,
  propose,
  roleOf,
  servers,
  stand,
  three,
  vote,
} from './servers.ts';

/** A server `a` of `size` that stands in term 2, its pre-votes won and its own vote durable. */
function standing(size: number): { scene: Scene; others: string[] } {
  const ids = [...'abcdefg'].slice(0, size);
  const scene = servers(Object.fromEntries(ids.map((id) => [id, [1]])), 1);
  stand(scene, 'a');
  scene.deliver((m) => m.kind === 'pre-vote');
  scene.deliver((m) => m.kind === 'pre-vote-response');
  scene.wire = [];
  return { scene, others: ids.slice(1) };
}

describe('§5.1 a newer term', () => {
  const last = { index: 1, term: 1 };
  const hint = { index: 0, term: 0 };
  const answer = { appliedIndex: 0, round: 0, session: 0 };
  const messages: readonly Record<string, unknown>[] = [
    { ...vote(7, last), reason: 'transfer' },
    append(7, last, []),
    { kind: 'heartbeat', term: 7, commit: 0, round: 0, session: 1, ranks: [] },
    { kind: 'vote-response', term: 7, granted: false, refusal: 'voted' },
    { kind: 'append-response', term: 7, accepted: false, index: 0, hint, ...answer },
    { kind: 'heartbeat-response', term: 7, loopLagMs: 0, diskLatencyMs: 0, ...answer },
    { kind: 'timeout-now', term: 7, expectedLast: { index: 9, term: 6 } },
  ];
  const roles: readonly (readonly [string, () => Scene])[] = [
    ['follower', three],
    ['pre-candidate', () => standingBefore()],
    ['candidate', () => standing(3).scene],
    ['leader', leading],
  ];

  function standingBefore(): Scene {
    const scene = three();
    stand(scene, 'a');
    return scene;
  }

  it.each(roles)('makes a follower of a %s, in whatever message it comes', (role, make) => {
    for (const message of messages) {
      const scene = make();
      expect(of(scene, 'a').role).toBe(role);
      forge(scene, { from: 'b', to: 'a', ...message });
      expect(roleOf(scene, 'a'), String(message.kind)).toBe('follower 7');
    }
  });

  it.each(roles)('is not taken from a %s by a message of an older one', (_, make) => {
    for (const message of messages) {
      const scene = make();
      const before = roleOf(scene, 'a');
      forge(scene, { from: 'b', to: 'a', ...message, term: 0 });
      expect(roleOf(scene, 'a'), String(message.kind)).toBe(before);
    }
  });
});

describe('§5.2 an election in one round', () => {
  // y and n are the answers of the others, in order; who is left out has not answered
  it.each([
    [1, '', 'leader'],
    [3, 'yy', 'leader'],
    [3, 'y', 'leader'],
    [5, 'yyyy', 'leader'],
    [5, 'yyy', 'leader'],
    [5, 'yy', 'leader'],
    [7, 'yyy', 'leader'],
    [3, 'nn', 'follower'],
    [5, 'nnnn', 'follower'],
    [5, 'ynnn', 'follower'],
    [4, 'nn', 'follower'],
    [4, 'yn', 'candidate'],
    [3, '', 'candidate'],
    [3, 'n', 'candidate'],
    [5, 'y', 'candidate'],
    [5, 'nn', 'candidate'],
    [7, 'yynnn', 'candidate'],
    [2, '', 'candidate'],
    [2, 'y', 'leader'],
    [2, 'n', 'follower'],
  ])('of %i servers with the answers "%s" ends as %s', (size, answers, role) => {
    const { scene, others } = standing(size);
    [...answers].forEach((said, n) => {
      const granted = said === 'y';
      const refusal = granted ? null : 'voted';
      const from = others[n] ?? '';
      forge(scene, { from, to: 'a', kind: 'vote-response', term: 2, granted, refusal });
      // a second time by the same server changes nothing
      if (of(scene, 'a').role === 'candidate')
        forge(scene, { from, to: 'a', kind: 'vote-response', term: 2, granted: true, refusal: null });
    });
    expect(roleOf(scene, 'a')).toBe(`${role} 2`);
  });

  it('timeouts are drawn so that servers seldom stand together', () => {
    let together = 0;
    const rounds = 400;
    for (let seed = 1; seed <= rounds; seed++) {
      const scene = servers({ a: [1], b: [1], c: [1], d: [1], e: [1] }, 1, seed);
      const wakes = ['a', 'b', 'c', 'd', 'e'].map((id) => of(scene, id).wakeAt).sort((x, y) => x - y);
      // a vote takes a message and a write, some 5 ms
      if ((wakes[1] ?? 0) - (wakes[0] ?? 0) < 5) together++;
    }
    expect(together / rounds).toBeLessThan(0.3);
    expect(together).toBeGreaterThan(0);
  });
});

describe('§5.3 a commit', () => {
  it.each([
    [1, '', true],
    [3, '', false],
    [3, 'b', true],
    [3, 'bc', true],
    [5, 'b', false],
    [5, 'bc', true],
    [5, 'bcd', true],
    [4, 'b', false],
    [4, 'bc', true],
    [7, 'bc', false],
    [7, 'bcd', true],
  ])('of %i servers needs a majority: held by the leader and "%s" is %s', (size, holders, isCommitted) => {
    const scene = servers(Object.fromEntries([...'abcdefg'].slice(0, size).map((id) => [id, [1]])), 1);
    elect(scene, 'a');
    const before = of(scene, 'a').commitIndex;
    propose(scene, 'a');
    scene.deliver((m) => m.kind === 'append' && holders.includes(m.to));
    scene.deliver((m) => m.kind === 'append-response');
    expect(of(scene, 'a').commitIndex).toBe(before + (isCommitted ? 1 : 0));
  });

  it.each([[[1]], [[1, 2]], [[1, 2, 2]], [[1, 1, 1, 2]], [[1, 1, 3, 3, 3]]])(
    'of a new leader takes all that its log %j holds of earlier terms along',
    (log) => {
      const scene = servers({ a: log, b: [1], c: [1] }, 4);
      stand(scene, 'a');
      scene.deliver(() => true);
      scene.deliver(() => true);
      scene.deliver(() => true);
      scene.deliver(() => true);
      expect(of(scene, 'a')).toMatchObject({ role: 'leader', term: 5, commitIndex: 0 });
      scene.stabilize();
      for (const id of ['a', 'b', 'c']) {
        expect(of(scene, id).commitIndex).toBe(log.length + 1);
        expect(scene.node(id).applied).toBe(log.length + 1);
      }
    },
  );
});
