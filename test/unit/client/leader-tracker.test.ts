import { describe, expect, it } from 'vitest';
import { LeaderTracker } from '../../../src/client/leader-tracker.ts';

const three = () => new LeaderTracker(['a:1', 'b:1', 'c:1']);

describe('LeaderTracker', () => {
  it('LeaderTracker begins with the first address and turns to those that did not fail', () => {
    const tracker = three();
    expect(tracker.next()).toBe('a:1');
    tracker.failed('a:1');
    expect(tracker.next()).toBe('b:1');
    tracker.failed('b:1');
    tracker.failed('c:1');
    expect(tracker.allFailed).toBe(true);
    expect(tracker.next()).toBe('a:1');
    tracker.answered('c:1');
    expect(tracker.allFailed).toBe(false);
    expect(tracker.next()).toBe('c:1');
  });

  it('LeaderTracker prefers the leader once it is known', () => {
    const tracker = three();
    expect(tracker.hint({ leader: 'c:1', term: 3, from: 'a:1' })).toBe(true);
    expect(tracker.next()).toBe('c:1');
    expect(tracker.isLost).toBe(false);
  });

  it('LeaderTracker believes nobody but a lost leader itself that it still leads', () => {
    const tracker = three();
    tracker.hint({ leader: 'a:1', term: 3, from: 'a:1' });
    tracker.failed('a:1');
    expect(tracker.isLost).toBe(true);
    expect(tracker.hint({ leader: 'a:1', term: 3, from: 'b:1' })).toBe(false);
    expect(tracker.hint({ leader: 'a:1', term: 0, from: 'b:1' })).toBe(false);
    expect(tracker.isLost).toBe(true);
    expect(tracker.hint({ leader: 'a:1', term: 3, from: 'a:1' })).toBe(true);
    expect(tracker.isLost).toBe(false);
  });

  it('LeaderTracker takes a lost leader back when it was elected anew', () => {
    const tracker = three();
    tracker.hint({ leader: 'a:1', term: 3, from: 'a:1' });
    tracker.failed('a:1');
    expect(tracker.hint({ leader: 'a:1', term: 5, from: 'b:1' })).toBe(true);
    expect(tracker.leader).toBe('a:1');
  });

  it('LeaderTracker ignores hints of an older term', () => {
    const tracker = three();
    tracker.hint({ leader: 'b:1', term: 4, from: 'b:1' });
    expect(tracker.hint({ leader: 'a:1', term: 3, from: 'c:1' })).toBe(false);
    expect(tracker.leader).toBe('b:1');
    expect(tracker.term).toBe(4);
  });

  it('LeaderTracker keeps its leader when another node fails', () => {
    const tracker = three();
    tracker.hint({ leader: 'b:1', term: 4, from: 'b:1' });
    tracker.failed('a:1');
    expect(tracker.leader).toBe('b:1');
  });

  it('LeaderTracker learns addresses once and up to its limit', () => {
    const tracker = three();
    tracker.learn(['c:1', 'd:1', 'e:1'], 4);
    expect(tracker.endpoints).toEqual(['a:1', 'b:1', 'c:1', 'd:1']);
  });
});
