import { describe, expect, it } from 'vitest';
import { ROLE_TRANSITIONS } from '../../../src/raft/roles.ts';
import type { RaftRole } from '../../../src/raft/types.ts';

const ROLES = Object.keys(ROLE_TRANSITIONS) as RaftRole[];

describe('ROLE_TRANSITIONS', () => {
  it('leads every role to every other, a learner through follower first', () => {
    for (const from of ROLES) {
      const seen = new Set<RaftRole>([from]);
      for (const role of seen) for (const next of ROLE_TRANSITIONS[role]) seen.add(next);
      expect([...seen].sort()).toEqual([...ROLES].sort());
    }
    expect(ROLE_TRANSITIONS.learner).toEqual(['follower']);
  });

  it('makes leaders of candidates only, and nothing but followers and learners of leaders', () => {
    expect(ROLES.filter((role) => ROLE_TRANSITIONS[role].includes('leader'))).toEqual(['candidate']);
    expect(ROLE_TRANSITIONS.leader).toEqual(['follower', 'learner']);
  });
});
