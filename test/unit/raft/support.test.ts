import { describe, expect, it } from 'vitest';
import type { RaftMessage } from '../../../src/raft/index.ts';
import { logOf, memberOf, Scene } from '../../golden/raft/scene.ts';

const ids = ['a', 'b', 'c', 'd'] as const;
const membership = { voters: ids.map((id) => memberOf(id)), outgoing: [], learners: [], learnersNext: [] };

function scene(): Scene {
  const made = new Scene();
  for (const id of ids) made.add(id, logOf([1], membership), 1);
  return made;
}

/** A pre-vote of `from` arrives at c, which answers yes or why not. */
function ask(at: Scene, from: string, term: number, index = 9): string | null {
  const envelope = { from, to: 'c', fromInstance: `i-${from}`, toInstance: 'i-c', term };
  const body = { kind: 'pre-vote', campaign: 1, last: { index, term: 1 }, reason: 'timeout' } as const;
  const before = at.wire.length;
  at.step('c', { kind: 'message', message: { ...envelope, ...body } });
  const answer = at.wire.slice(before).find((m) => m.kind === 'pre-vote-response');
  return answer?.granted === true ? 'yes' : (answer?.refusal ?? null);
}

/** c adopts the term of a candidate that it does not vote for, and writes it in so many ms. */
function write(at: Scene, term: number, ms: number): void {
  const envelope = { from: 'a', to: 'c', fromInstance: 'i-a', toInstance: 'i-c', term };
  const last = { index: 0, term: 0 };
  at.node('c').isDiskHeld = true;
  const message: RaftMessage = { ...envelope, kind: 'vote', last, reason: 'timeout' };
  at.step('c', { kind: 'message', message });
  at.now += ms;
  at.node('c').isDiskHeld = false;
  at.flush('c');
  at.wire = [];
}

describe('support of a candidate', () => {
  it('is for one of them, for twice the time of a write', () => {
    const at = scene();
    write(at, 2, 500);
    expect(ask(at, 'a', 2)).toBe('yes');
    at.now += 990;
    expect(ask(at, 'b', 2)).toBe('voted');
    expect(ask(at, 'a', 2)).toBe('yes');
    at.now += 20;
    expect(ask(at, 'b', 2)).toBe('yes');
  });

  it('is given to each once a term, or whoever asks most often would bind it for ever', () => {
    const at = scene();
    write(at, 2, 500);
    expect(ask(at, 'a', 2)).toBe('yes');
    at.now += 1010;
    expect(ask(at, 'a', 2)).toBe('yes');
    expect(ask(at, 'b', 2)).toBe('yes');
    write(at, 3, 500);
    at.now += 1010;
    expect(ask(at, 'a', 3)).toBe('yes');
    expect(ask(at, 'b', 3)).toBe('voted');
  });

  it('keeps its own timer, and every campaign that something else asked for, behind it', () => {
    const at = scene();
    write(at, 2, 500);
    ask(at, 'a', 2);
    expect(at.core('c').status().wakeAt).toBeGreaterThanOrEqual(at.now + 1000);
    at.now += 900;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status().role).toBe('follower');
    at.now += 400;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status().role).toBe('pre-candidate');
  });

  it('lasts three seconds at most', () => {
    const at = scene();
    write(at, 2, 60_000);
    expect(ask(at, 'a', 2)).toBe('yes');
    at.now += 2990;
    expect(ask(at, 'b', 2)).toBe('voted');
    at.now += 20;
    expect(ask(at, 'b', 2)).toBe('yes');
  });

  it('gives way to a longer log, whose owner would refuse the other', () => {
    const at = scene();
    write(at, 2, 500);
    expect(ask(at, 'a', 2, 8)).toBe('yes');
    expect(ask(at, 'b', 2, 8)).toBe('voted');
    expect(ask(at, 'b', 2, 9)).toBe('yes');
    expect(ask(at, 'a', 2, 8)).toBe('voted');
  });

  it('of itself ends for a longer log, and the own campaign with it', () => {
    const at = scene();
    write(at, 2, 500);
    at.now = at.core('c').status().wakeAt;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status().role).toBe('pre-candidate');
    expect(ask(at, 'd', 2, 1)).toBe('voted');
    expect(ask(at, 'd', 2, 2)).toBe('yes');
    expect(at.core('c').status().role).toBe('follower');
  });

  it('of itself ends for an equal log of an earlier name: two would refuse each other', () => {
    const at = scene();
    write(at, 2, 500);
    at.now = at.core('c').status().wakeAt;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status().role).toBe('pre-candidate');
    expect(ask(at, 'b', 2, 1)).toBe('yes');
    expect(at.core('c').status().role).toBe('follower');
    expect(ask(at, 'a', 2, 1)).toBe('voted');
  });

  it('is not ended by a vote for another whose term is over', () => {
    const at = scene();
    write(at, 2, 500);
    expect(ask(at, 'a', 2)).toBe('yes');
    const envelope = { from: 'b', to: 'c', fromInstance: 'i-b', toInstance: 'i-c', term: 2 };
    const body = { kind: 'vote', last: { index: 9, term: 1 }, reason: 'timeout' } as const;
    at.node('c').isDiskHeld = true;
    at.step('c', { kind: 'message', message: { ...envelope, ...body } });
    expect(at.core('c').status().votedFor).toBe('b');
    at.now += 100;
    expect(ask(at, 'b', 3)).toBe('voted');
    expect(ask(at, 'a', 3)).toBe('voted');
  });

  it('ends with the word of a leader', () => {
    const at = scene();
    write(at, 2, 500);
    ask(at, 'a', 2);
    const envelope = { from: 'a', to: 'c', fromInstance: 'i-a', toInstance: 'i-c', term: 2 };
    const body = { kind: 'heartbeat', commit: 0, round: 0, session: 1, ranks: [] } as const;
    at.step('c', { kind: 'message', message: { ...envelope, ...body } });
    at.now += 200;
    expect(ask(at, 'b', 2)).toBe('yes');
  });
});

describe('a vote on its way to the disk', () => {
  it('does not keep its node from replacing a leader that falls silent meanwhile', () => {
    const at = scene();
    at.node('c').isDiskHeld = true;
    at.now = at.core('a').status().wakeAt;
    at.step('a', { kind: 'tick' });
    at.stabilize();
    expect(at.core('c').status()).toMatchObject({ role: 'follower', leaderId: 'a', votedFor: 'a' });
    // a is gone, and c's vote for it is not durable yet: c does not stand
    at.cuts.add('a>c');
    at.now = at.core('c').status().wakeAt;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status()).toMatchObject({ role: 'follower', wakeAt: Number.POSITIVE_INFINITY });
    at.node('c').isDiskHeld = false;
    at.flush('c');
    expect(at.core('c').status().wakeAt).toBeLessThan(at.now + 301);
    at.now = at.core('c').status().wakeAt;
    at.step('c', { kind: 'tick' });
    expect(at.core('c').status().role).toBe('pre-candidate');
  });
});
