import { describe, expect, it } from 'vitest';
import type { Scene } from '../../golden/raft/scene.ts';
import { led, single } from './led.ts';

describe('RaftConsensus heartbeats', () => {
  /** Whom the leader sends a heartbeat at each of its next beats. */
  function beats(scene: Scene, count: number): string[] {
    return Array.from({ length: count }, () => {
      scene.now = scene.core('a').status().wakeAt;
      scene.takeLines();
      scene.step('a', { kind: 'tick' });
      const sent = scene.takeLines().flatMap((line) => /^a → (.) heartbeat/.exec(line)?.[1] ?? []);
      scene.stabilize();
      return sent.join('');
    });
  }

  it('reach those who vote each time, and who has no vote and is in step each fourth time', () => {
    const scene = led('abc', 'd');
    expect(beats(scene, 9)).toEqual(['bcd', 'bc', 'bc', 'bc', 'bcd', 'bc', 'bc', 'bc', 'bcd']);
    scene.step('d', { kind: 'tick' });
    expect(scene.core('d').status().leaderId).toBe('a');
  });

  it('reach a learner that lost touch with the log each time: its answer lets replication go on', () => {
    const scene = led('abc', 'd');
    beats(scene, 1);
    scene.step('a', { kind: 'unreachable', peer: 'd' });
    scene.cuts.add('d>a');
    expect(beats(scene, 2)).toEqual(['bcd', 'bcd']);
  });

  it('are missed by a learner only behind the time of four of them', () => {
    const scene = led('abc', 'd');
    beats(scene, 1);
    const began = scene.now;
    const due = scene.core('d').status().wakeAt - began;
    expect(due).toBeGreaterThanOrEqual(150 + 200);
    expect(due).toBeLessThan(300 + 200);
    scene.now = began + due;
    scene.step('d', { kind: 'tick' });
    expect(scene.core('d').status().leaderId).toBe(null);
  });
});

describe('RaftConsensus reads', () => {
  it('answers a forwarded read that got lost, at its deadline, with unknown', () => {
    const scene = led('abc');
    scene.cuts.add('b>a');
    scene.takeLines();
    scene.step('b', { kind: 'read-index', id: 77 });
    const due = scene.core('b').status().wakeAt;
    expect(due).toBeLessThanOrEqual(scene.now + 150);
    scene.now += 150;
    scene.step('b', { kind: 'tick' });
    expect(scene.takeLines()).toContain('b read unknown');
    expect(scene.core('b').status().pendingReads).toBe(0);
  });

  it('answers a learner too', () => {
    const scene = led('abc', 'd');
    scene.takeLines();
    scene.step('d', { kind: 'read-index', id: 5 });
    scene.stabilize();
    expect(scene.takeLines()).toContain('d read at 2');
  });

  it('asks those who vote, and nobody else', () => {
    const scene = led('abc', 'de');
    scene.takeLines();
    scene.step('a', { kind: 'read-index', id: 5 });
    const asked = scene.takeLines().filter((line) => line.includes('heartbeat'));
    expect(asked.map((line) => line.split(' heartbeat')[0])).toEqual(['a → b', 'a → c']);
    scene.stabilize();
    expect(scene.takeLines()).toContain('a read at 2');
  });

  it('answers nothing when no leader is known', () => {
    const { core } = single(1);
    core.step({ kind: 'read-index', id: 3 }, 0);
    expect(core.take().reads).toEqual([{ id: 3, index: null }]);
  });
});
