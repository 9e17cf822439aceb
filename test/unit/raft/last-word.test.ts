/** How long nobody led, by the record of whoever wins: also by one that did not see the whole of it. */
import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import type { RaftEvent } from '../../../src/raft/index.ts';
import { LastWord } from '../../../src/raft/last-word.ts';
import { logOf, type Scene, Scene as Stage } from '../../golden/raft/scene.ts';
import { elect, led, membership } from './led.ts';

type Elected = Extract<RaftEvent, { kind: 'elected' }>;

/** Keeps the elections of a scene, newest last. */
function electionsOf(scene: Scene): Elected[] {
  const won: Elected[] = [];
  scene.watch = {
    started: () => {},
    stepped: () => {},
    took: (_, output) => void won.push(...output.events.filter((e) => e.kind === 'elected')),
  };
  return won;
}

/** Time passes for all but `still`: what is sent to those waits in their queues, and their timers do not run. */
function pass(scene: Scene, ms: number, ...still: string[]): void {
  const end = scene.now + ms;
  const isAwake = (id: string): boolean => !still.includes(id);
  for (; scene.now < end; scene.now += 1) {
    scene.deliver((m) => isAwake(m.to));
    for (const { id, core } of scene.nodes.values())
      if (isAwake(id) && core !== null && core.status().wakeAt <= scene.now) scene.step(id, { kind: 'tick' });
  }
}

/** It reads what waited for it, as a process does that goes on. */
function wake(scene: Scene, id: string): void {
  scene.deliver((m) => m.to === id);
}

/** `id` alone has timers, all have ears. */
function winBy(scene: Scene, id: string): void {
  for (let n = 0; n < 2000 && scene.core(id).status().role !== 'leader'; n++) {
    scene.now += 1;
    scene.deliver(() => true);
    if (scene.core(id).status().wakeAt <= scene.now) scene.step(id, { kind: 'tick' });
  }
  expect(scene.core(id).status().role).toBe('leader');
}

const goneMs = ({ silenceMs, electionMs }: Elected): number => (silenceMs ?? Number.NaN) + electionMs;

describe('the time without a leader', () => {
  it.each(['b', 'c'])('is whole, though c stood still and %s wins', (winner) => {
    const scene = led('abc');
    const won = electionsOf(scene);
    pass(scene, 200);
    pass(scene, 30, 'c');
    const diedAt = scene.now;
    scene.crash('a');
    pass(scene, 5000, 'c');
    wake(scene, 'c');
    winBy(scene, winner);
    const tookMs = scene.now - diedAt;
    const [election] = won;
    // a voter last heard the leader up to one beat before it died
    expect(goneMs(must(election, 'an election')) - tookMs).toBeGreaterThanOrEqual(0);
    expect(goneMs(must(election, 'an election')) - tookMs).toBeLessThan(60);
  });

  it('is not that in which only the winner stood still', () => {
    const scene = led('abc');
    const won = electionsOf(scene);
    pass(scene, 200);
    pass(scene, 10_000, 'c');
    const diedAt = scene.now;
    scene.crash('a');
    pass(scene, 500, 'c');
    wake(scene, 'c');
    winBy(scene, 'c');
    expect(goneMs(must(won[0], 'an election')) - (scene.now - diedAt)).toBeLessThan(60);
  });

  it('is not that in which the winner alone heard nobody, and asked in vain', () => {
    const scene = led('abc');
    const won = electionsOf(scene);
    pass(scene, 200);
    scene.cuts.add('a>c');
    pass(scene, 5000);
    expect(scene.core('c').status().role).toBe('pre-candidate');
    const diedAt = scene.now;
    scene.crash('a');
    winBy(scene, 'c');
    const tookMs = scene.now - diedAt;
    expect(goneMs(must(won[0], 'an election'))).toBeGreaterThanOrEqual(tookMs);
    expect(goneMs(must(won[0], 'an election')) - tookMs).toBeLessThan(60);
  });

  it('begins for a leader that lost its majority when that last answered', () => {
    const scene = led('abc');
    const won = electionsOf(scene);
    pass(scene, 200);
    for (const cut of ['a>b', 'b>a', 'a>c', 'c>a']) scene.cuts.add(cut);
    const cutAt = scene.now;
    scene.crash('c');
    pass(scene, 2000, 'b');
    expect(scene.core('a').status().role).toBe('pre-candidate');
    scene.cuts.clear();
    winBy(scene, 'a');
    const tookMs = scene.now - cutAt;
    expect(goneMs(must(won[0], 'an election'))).toBeGreaterThanOrEqual(tookMs);
    expect(goneMs(must(won[0], 'an election')) - tookMs).toBeLessThan(60);
  });

  it('is in the status of who stood still too, until a word comes that nothing held up', () => {
    const scene = led('abc');
    pass(scene, 200);
    pass(scene, 30, 'c');
    scene.crash('a');
    pass(scene, 5000, 'b', 'c');
    wake(scene, 'c');
    expect(scene.core('c').status()).toMatchObject({ role: 'follower', leaderId: 'a' });
    expect(scene.core('c').status().silenceMs).toBeGreaterThanOrEqual(5000);
    expect(scene.core('c').status().silenceMs).toBeLessThan(5100);
    winBy(scene, 'b');
    pass(scene, 1000);
    expect(scene.core('c').status()).toMatchObject({ leaderId: 'b' });
    expect(scene.core('c').status().silenceMs).toBeLessThan(60);
  });

  it('is not known where nobody ever heard a leader', () => {
    const scene = new Stage();
    for (const id of 'abc') scene.add(id, logOf([1], membership('abc')), 1);
    const won = electionsOf(scene);
    elect(scene, 'a');
    expect(won).toMatchObject([{ silenceMs: null }]);
  });
});

describe('LastWord', () => {
  it('counts what comes out of queues from where the standstill began, and then as it comes', () => {
    const word = new LastWord();
    expect(word.at).toBeNull();
    word.heard(100);
    word.stoodStill(120, 5000, 150);
    word.heard(5001);
    expect(word.at).toBe(120);
    word.heard(5149);
    expect(word.at).toBe(120);
    word.heard(5151);
    expect(word.at).toBe(5151);
  });
});
