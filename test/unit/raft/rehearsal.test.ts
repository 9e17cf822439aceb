import { describe, expect, it } from 'vitest';
import { rehearseElection } from '../../../src/raft/index.ts';

describe('rehearseElection', () => {
  it('plays a change of leader to its end, the same one each time', () => {
    expect(rehearseElection()).toEqual([2, 3]);
    expect(rehearseElection()).toEqual([2, 3]);
  });
});
