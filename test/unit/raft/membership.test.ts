import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import {
  EMPTY_MEMBERSHIP,
  findMember,
  isJoint,
  leaveJoint,
  MembershipStack,
  membersOf,
  planChange,
} from '../../../src/raft/membership.ts';
import type { Membership, MembershipChange, RaftMember } from '../../../src/raft/types.ts';

const member = (nodeId: string, instance = `i-${nodeId}`): RaftMember => ({
  nodeId,
  instanceId: instance,
  address: `${nodeId}:1`,
});

const group = (voters: string, learners = ''): Membership => ({
  ...EMPTY_MEMBERSHIP,
  voters: [...voters].map((id) => member(id)),
  learners: [...learners].map((id) => member(id)),
});

const ids = (list: readonly RaftMember[]): string => list.map((m) => m.nodeId).join('');

function planned(m: Membership, change: MembershipChange): Membership | string {
  const plan = planChange(m, change);
  return plan.kind === 'ready' ? plan.membership : plan.reason;
}

const KINDS = ['add-learner', 'promote', 'demote', 'remove', 'replace'] as const;

function changeOf(names: string): fc.Arbitrary<MembershipChange> {
  const name = fc.constantFrom(...names);
  return fc.tuple(fc.constantFrom(...KINDS), name, name, fc.boolean()).map(([kind, nodeId, by, stays]) => {
    if (kind === 'add-learner') return { kind, member: member(nodeId) };
    return kind === 'replace' ? { kind, nodeId, by, stays } : { kind, nodeId };
  });
}

describe('planChange', () => {
  it('replaces a voter by a learner in one joint configuration of the same size', () => {
    const change = { kind: 'replace', nodeId: 'b', by: 'd', stays: false } as const;
    const joint = planned(group('abc', 'de'), change) as Membership;
    expect([ids(joint.voters), ids(joint.outgoing), ids(joint.learners)]).toEqual(['acd', 'abc', 'e']);
    expect(leaveJoint(joint)).toEqual(group('acd', 'e'));
    const kept = leaveJoint(planned(group('abc', 'd'), { ...change, stays: true }) as Membership);
    expect([ids(kept.voters), ids(kept.learners)]).toEqual(['acd', 'b']);
    expect(planned(group('abc', 'd'), { ...change, by: 'c' })).toBe('c is not a learner');
    expect(planned(group('abc', 'd'), { ...change, nodeId: 'x' })).toBe('x is not a voter');
    expect(planned(group('a', 'd'), { ...change, nodeId: 'a' })).toMatchObject({ outgoing: [member('a')] });
  });

  it('promotes through a joint configuration', () => {
    const joint = planned(group('ab', 'c'), { kind: 'promote', nodeId: 'c' }) as Membership;
    expect([ids(joint.voters), ids(joint.outgoing), ids(joint.learners)]).toEqual(['abc', 'ab', '']);
    expect(leaveJoint(joint)).toEqual(group('abc'));
  });

  it('demotes to a learner only when the joint configuration is left', () => {
    const joint = planned(group('abc'), { kind: 'demote', nodeId: 'b' }) as Membership;
    expect([ids(joint.voters), ids(joint.outgoing), ids(joint.learnersNext)]).toEqual(['ac', 'abc', 'b']);
    expect(ids(membersOf(joint))).toBe('acb');
    expect(leaveJoint(joint)).toEqual(group('ac', 'b'));
  });

  it('removes a voter through a joint configuration, a learner at once', () => {
    const joint = planned(group('abc', 'd'), { kind: 'remove', nodeId: 'a' }) as Membership;
    expect([ids(joint.voters), ids(joint.outgoing), isJoint(joint)]).toEqual(['bc', 'abc', true]);
    expect(planned(group('abc', 'd'), { kind: 'remove', nodeId: 'd' })).toEqual(group('abc'));
  });

  it('replaces a learner whose disk was wiped, and no voter', () => {
    const change: MembershipChange = { kind: 'add-learner', member: member('c', 'new') };
    expect(findMember(planned(group('ab', 'c'), change) as Membership, 'c')?.instanceId).toBe('new');
    expect(planned(group('abc'), change)).toMatch(/voter; remove it first/);
  });

  it('moves an address in place', () => {
    const moved = planned(group('ab', 'c'), {
      kind: 'set-address',
      nodeId: 'c',
      address: 'new:1',
    }) as Membership;
    expect(findMember(moved, 'c')?.address).toBe('new:1');
    expect(isJoint(moved)).toBe(false);
  });

  it.each([
    ['a', '', { kind: 'remove', nodeId: 'a' }, /last voter/],
    ['a', 'b', { kind: 'demote', nodeId: 'a' }, /last voter/],
    ['ab', '', { kind: 'promote', nodeId: 'b' }, /not a learner/],
    ['ab', '', { kind: 'demote', nodeId: 'c' }, /not a voter/],
    ['ab', '', { kind: 'remove', nodeId: 'c' }, /not a member/],
    ['ab', '', { kind: 'set-address', nodeId: 'c', address: '' }, /not a member/],
    ['ab', 'c', { kind: 'add-learner', member: member('c') }, /learner already/],
    ['abcdefg', 'h', { kind: 'promote', nodeId: 'h' }, new RegExp(`${LIMITS.maxVoters} voters`)],
  ] as const)('of voters %s and learners %s refuses %o', (voters, learners, change, reason) => {
    expect(planned(group(voters, learners), change)).toMatch(reason);
  });

  it('never loses the last voter, nor makes anybody two things, whatever is asked', () => {
    fc.assert(
      fc.property(fc.array(changeOf('abcdefgh'), { maxLength: 40 }), (changes) => {
        let current = group('a');
        for (const next of changes) {
          const plan = planChange(current, next);
          if (plan.kind === 'refused') continue;
          const joint = plan.membership;
          // old and new majorities share a voter: at most one voter differs
          const differs = [...ids(joint.voters)].filter(
            (id) => isJoint(joint) && !ids(joint.outgoing).includes(id),
          );
          expect(differs.length).toBeLessThanOrEqual(1);
          current = leaveJoint(joint);
          const all = [...current.voters, ...current.learners].map((m) => m.nodeId);
          expect(current.voters.length).toBeGreaterThan(0);
          expect(current.voters.length).toBeLessThanOrEqual(LIMITS.maxVoters);
          expect(new Set(all).size).toBe(all.length);
        }
      }),
    );
  });
});

describe('a change of membership', () => {
  const anyone = [...'abcdef'];
  const change = changeOf(anyone.join(''));
  const start: fc.Arbitrary<Membership> = fc
    .tuple(fc.subarray(anyone, { minLength: 1 }), fc.subarray(anyone))
    .map(([voters, all]) => group(voters.join(''), all.filter((id) => !voters.includes(id)).join('')));

  /** What the change means, said without joint configurations. */
  function direct(m: Membership, wanted: MembershipChange): { voters: string[]; learners: string[] } {
    const id = wanted.kind === 'add-learner' ? wanted.member.nodeId : wanted.nodeId;
    const moved = wanted.kind === 'replace' ? [id, wanted.by] : [id];
    const [voters, learners] = [m.voters, m.learners].map((list) =>
      list.map((x) => x.nodeId).filter((x) => !moved.includes(x)),
    ) as [string[], string[]];
    if (wanted.kind === 'promote') voters.push(id);
    if (wanted.kind === 'replace') voters.push(wanted.by);
    if (wanted.kind === 'replace' && wanted.stays) learners.push(id);
    if (wanted.kind === 'demote' || wanted.kind === 'add-learner') learners.push(id);
    return { voters: voters.sort(), learners: learners.sort() };
  }

  it('through a joint configuration ends where one step would', () => {
    fc.assert(
      fc.property(start, change, (m, wanted) => {
        const plan = planChange(m, wanted);
        fc.pre(plan.kind === 'ready');
        if (plan.kind !== 'ready') return;
        const end = leaveJoint(plan.membership);
        const names = (list: readonly RaftMember[]) => list.map((x) => x.nodeId).sort();
        expect({ voters: names(end.voters), learners: names(end.learners) }).toEqual(direct(m, wanted));
        expect(isJoint(end) || end.learnersNext.length > 0).toBe(false);
      }),
    );
  });

  it('asked for a second time is refused: it has happened', () => {
    fc.assert(
      fc.property(start, change, (m, wanted) => {
        const plan = planChange(m, wanted);
        fc.pre(plan.kind === 'ready');
        if (plan.kind === 'ready')
          expect(planChange(leaveJoint(plan.membership), wanted)).toMatchObject({ kind: 'refused' });
      }),
    );
  });

  it('leaves a configuration that is not joint as it is', () => {
    fc.assert(
      fc.property(start, (m) => {
        expect(leaveJoint(m)).toEqual(m);
      }),
    );
  });
});

describe('MembershipStack', () => {
  const stack = (): MembershipStack => {
    const made = new MembershipStack({ index: 1, membership: group('abc') });
    made.push({ index: 5, membership: group('ab') });
    made.push({ index: 9, membership: group('b') });
    return made;
  };

  it('lets the newest decide and keeps the committed one', () => {
    expect(ids(stack().latest().membership.voters)).toBe('b');
    expect(ids(stack().committed().membership.voters)).toBe('abc');
    expect(stack().isSettled()).toBe(false);
  });

  it('rolls back with the log, and never below what is committed', () => {
    const one = stack();
    expect(one.truncate(10)).toBe(false);
    expect(one.truncate(6)).toBe(true);
    expect(one.latest().index).toBe(5);
    expect(one.commitTo(7)).toBe(true);
    expect(one.isSettled()).toBe(true);
    expect(() => one.truncate(5)).toThrow(/never truncated/);
  });

  it('commits several at once', () => {
    const one = stack();
    expect(one.commitTo(4)).toBe(false);
    expect(one.commitTo(20)).toBe(true);
    expect(one.all().map((c) => c.index)).toEqual([9]);
  });

  it('takes memberships in order only', () => {
    expect(() => stack().push({ index: 9, membership: group('c') })).toThrow(/membership 9 after 9/);
  });
});
