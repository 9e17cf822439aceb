/** What a node's disk must hold, beside what a restart finds. */
import { describe, expect, it } from 'vitest';
import type { RaftStorage } from '../../src/raft/index.ts';
import { entry, request, Stage } from './oracle-stage.ts';

/** A log as a restart finds it, behind the term and the vote that the stage begins with. */
const holding = (first: number, last: number, term: (index: number) => number | undefined) =>
  ({
    initialState: () => ({ hardState: { term: 1, votedFor: 'n1' }, snapshot: null }),
    firstIndex: () => first,
    lastIndex: () => last,
    snapshot: () => null,
    term,
  }) as unknown as RaftStorage;

describe('Shadow', () => {
  it('a restart that misses what was acknowledged is found, one that misses the rest is not', () => {
    const { oracle } = new Stage();
    const shadow = oracle.shadowOf('i-n1');
    const log = holding(1, 1, () => 1);
    shadow.written(request({ token: 50, entries: [entry(2, 1)] }));
    expect(shadow.copy().reopened(log)).toBeNull();
    shadow.acknowledged(50);
    expect(shadow.reopened(log)).toContain('durable was term 1 vote n1 last 2');
  });

  it('a restart whose log has the right end and vote is found by another term before it, and by a hole', () => {
    const { oracle } = new Stage();
    const terms = [0, 1, 1, 1];
    const three = oracle.shadowOf('i-n2');
    three.written(request({ token: 60, entries: [entry(2, 1), entry(3, 1)] }));
    three.acknowledged(60);
    expect(three.reopened(holding(1, 3, (index) => (index === 2 ? 2 : terms[index])))).toContain(
      'durable was',
    );
    expect(three.reopened(holding(2, 3, (index) => terms[index]))).toContain('durable was');
    expect(three.reopened(holding(1, 3, (index) => terms[index]))).toBeNull();
  });
});
