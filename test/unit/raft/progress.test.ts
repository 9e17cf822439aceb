import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { Progress } from '../../../src/raft/progress.ts';
import { ReadIndexQueue } from '../../../src/raft/read-index.ts';

const fresh = (lastIndex = 10): Progress =>
  new Progress({ nodeId: 'b', instanceId: 'i-b', session: 1, lastIndex, now: 0 });

const replicating = (match: number): Progress => {
  const peer = fresh();
  peer.accept(match, 1);
  return peer;
};

describe('Progress', () => {
  it('probes with one append at a time', () => {
    const peer = fresh();
    expect([peer.state, peer.next, peer.isPaused()]).toEqual(['probe', 11, false]);
    peer.sent(12, 100);
    expect(peer.isPaused()).toBe(true);
    expect(peer.next).toBe(11);
  });

  it('goes back to the hint, never behind what matches, and ignores stale refusals', () => {
    const peer = fresh();
    expect(peer.reject(7, 3)).toBe(false);
    expect(peer.reject(10, 3)).toBe(true);
    expect([peer.next, peer.paused]).toEqual([4, false]);
    peer.accept(3, 1);
    peer.sent(9, 10);
    peer.becomeProbe();
    peer.next = 8;
    expect(peer.reject(7, 1)).toBe(true);
    expect([peer.match, peer.next]).toEqual([3, 4]);
  });

  it('asks anew whoever refuses what it had acknowledged: its log may have gone back', () => {
    const peer = replicating(8);
    expect(peer.reject(8, 2)).toBe(true);
    expect([peer.state, peer.match, peer.next, peer.isPaused()]).toEqual(['probe', 0, 3, false]);
    peer.accept(2, 1);
    peer.becomeProbe();
    expect(peer.reject(2, 0)).toBe(true);
    expect([peer.match, peer.next]).toEqual([0, 1]);
  });

  it('pipelines when logs agree, until the window is full', () => {
    const peer = replicating(3);
    for (let n = 0; n < LIMITS.maxInflightMessages; n++) peer.sent(4 + n, 1);
    expect([peer.state, peer.next, peer.isPaused()]).toEqual([
      'replicate',
      4 + LIMITS.maxInflightMessages,
      true,
    ]);
    peer.accept(5, 1);
    expect([peer.inflightMessages, peer.isPaused()]).toEqual([LIMITS.maxInflightMessages - 2, false]);
  });

  it('counts bytes in flight too', () => {
    const peer = replicating(3);
    peer.sent(4, LIMITS.maxInflightBytes);
    expect(peer.isPaused()).toBe(true);
    peer.accept(4, 1);
    expect([peer.inflightBytes, peer.isPaused()]).toEqual([0, false]);
  });

  it('falls back to probing behind the match when an append was lost', () => {
    const peer = replicating(3);
    peer.sent(9, 10);
    expect(peer.reject(6, 3)).toBe(true);
    expect([peer.state, peer.next, peer.inflightMessages]).toEqual(['probe', 4, 0]);
  });

  it('has half as many messages out behind each refusal, and one more behind each news', () => {
    const peer = replicating(3);
    const fill = (): number => {
      while (!peer.isPaused()) peer.sent(peer.next, 1);
      return peer.inflightMessages;
    };
    expect(fill()).toBe(LIMITS.maxInflightMessages);
    peer.reject(6, 3);
    peer.accept(4, 1);
    expect(fill()).toBe(LIMITS.maxInflightMessages / 2 + 1);
    for (let n = 0; n < 20; n++) {
      peer.reject(peer.match + 1, peer.match);
      peer.becomeReplicate();
    }
    // never none
    expect(fill()).toBe(1);
    const before = peer.match;
    while (peer.match < before + 2 * LIMITS.maxInflightMessages) {
      peer.sent(peer.next, 1);
      peer.accept(peer.match + 1, 1);
    }
    expect(fill()).toBe(LIMITS.maxInflightMessages);
  });

  it('takes an acknowledgement that is old for no news', () => {
    const peer = replicating(8);
    expect(peer.accept(5, 1)).toBe(false);
    expect([peer.match, peer.next]).toEqual([8, 9]);
  });

  it('leaves the snapshot state when it is back in the log, by whichever way (bug 23)', () => {
    const peer = replicating(3);
    peer.becomeSnapshot(20);
    expect(peer.isPaused()).toBe(true);
    peer.accept(15, 18);
    expect(peer.state).toBe('snapshot');
    peer.accept(17, 18);
    expect([peer.state, peer.next]).toEqual(['replicate', 18]);
  });

  it('probes behind a snapshot that arrived, and where it was when it did not', () => {
    const arrived = replicating(3);
    arrived.becomeSnapshot(20);
    arrived.becomeProbe();
    expect([arrived.next, arrived.paused]).toEqual([21, false]);
    const lost = replicating(3);
    lost.becomeSnapshot(20);
    lost.snapshotFailed();
    expect([lost.next, lost.paused]).toEqual([4, true]);
  });
});

describe('ReadIndexQueue', () => {
  const local = (id: number) => ({ kind: 'local', id }) as const;

  it('confirms a read only by answers to its own round or a later one', () => {
    const queue = new ReadIndexQueue();
    queue.add(local(1), 5);
    expect(queue.takeBroadcast()).toBe(true);
    queue.add(local(2), 6);
    expect(queue.confirm(0)).toEqual([]);
    expect(queue.confirm(1).map((r) => [r.origin.id, r.index])).toEqual([[1, 5]]);
    expect(queue.takeBroadcast()).toBe(true);
    expect(queue.confirm(2).map((r) => r.index)).toEqual([6]);
    expect(queue.size).toBe(0);
  });

  it('lets the reads of a turn share one round', () => {
    const queue = new ReadIndexQueue();
    queue.add(local(1), 5);
    queue.add(local(2), 5);
    expect(queue.round).toBe(1);
    expect(queue.takeBroadcast()).toBe(true);
    expect(queue.takeBroadcast()).toBe(false);
  });

  it('defers reads until the first commit of the term, and begins them then', () => {
    const queue = new ReadIndexQueue();
    queue.add(local(1), null);
    expect(queue.confirm(9)).toEqual([]);
    queue.release(4);
    queue.takeBroadcast();
    expect(queue.confirm(queue.round).map((r) => r.index)).toEqual([4]);
  });

  it('refuses more than its limit and hands back everything when leadership ends', () => {
    const queue = new ReadIndexQueue();
    for (let id = 0; id < LIMITS.maxPendingReads; id++)
      expect(queue.add(local(id), id % 2 ? 1 : null)).toBe(true);
    expect(queue.add(local(-1), 1)).toBe(false);
    expect(queue.drain()).toHaveLength(LIMITS.maxPendingReads);
    expect(queue.size).toBe(0);
  });
});
