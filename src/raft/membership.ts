/**
 * Who counts, what change is legal, and which configuration is in force.
 *
 * A configuration takes effect when it is appended, not when it commits (Raft §6),
 * so the ones in force form a stack: the committed base at the bottom, what is
 * still uncommitted above. Truncating the log pops, committing drops the bottom.
 * Every change of voters goes through a joint configuration; only learners and
 * addresses change in one entry.
 */
import type { LogIndex, NodeId } from '../base/index.ts';
import { assert, LIMITS, must, unreachable } from '../base/index.ts';
import type { Membership, MembershipChange, RaftMember } from './types.ts';

/** The configuration of a node that knows nobody yet. */
export const EMPTY_MEMBERSHIP: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };

/** True between entering and leaving a joint configuration. */
export function isJoint(m: Membership): boolean {
  return m.outgoing.length > 0;
}

/** Everybody in `m`, each once; `voters` win over `outgoing` for the address. */
export function membersOf(m: Membership): RaftMember[] {
  const found = new Map<NodeId, RaftMember>();
  for (const list of [m.voters, m.outgoing, m.learners, m.learnersNext]) {
    for (const member of list) if (!found.has(member.nodeId)) found.set(member.nodeId, member);
  }
  return [...found.values()];
}

/** The member with this id, or undefined. */
export function findMember(m: Membership, id: NodeId): RaftMember | undefined {
  return (
    memberIn(m.voters, id) ??
    memberIn(m.outgoing, id) ??
    memberIn(m.learners, id) ??
    memberIn(m.learnersNext, id)
  );
}

function memberIn(list: readonly RaftMember[], id: NodeId): RaftMember | undefined {
  for (const member of list) if (member.nodeId === id) return member;
  return undefined;
}

/** True when the node's vote counts in either half. */
export function isVoter(m: Membership, id: NodeId): boolean {
  return has(m.voters, id) || has(m.outgoing, id);
}

function has(list: readonly RaftMember[], id: NodeId): boolean {
  return memberIn(list, id) !== undefined;
}

function without(list: readonly RaftMember[], id: NodeId): RaftMember[] {
  return list.filter((member) => member.nodeId !== id);
}

/** The configuration that ends the joint one `m`. */
export function leaveJoint(m: Membership): Membership {
  return { voters: m.voters, outgoing: [], learners: [...m.learners, ...m.learnersNext], learnersNext: [] };
}

export type ChangePlan =
  | { readonly kind: 'ready'; readonly membership: Membership }
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): ChangePlan => ({ kind: 'refused', reason });
const ready = (membership: Membership): ChangePlan => ({ kind: 'ready', membership });

/** What `change` makes of `m`, which must not be joint: a joint configuration when voters change. */
export function planChange(m: Membership, change: MembershipChange): ChangePlan {
  assert(!isJoint(m), 'one change of membership at a time');
  switch (change.kind) {
    case 'add-learner':
      return planLearner(m, change.member);
    case 'promote': {
      const member = m.learners.find((l) => l.nodeId === change.nodeId);
      if (member === undefined) return refused(`${change.nodeId} is not a learner`);
      if (m.voters.length >= LIMITS.maxVoters) return refused(`there are ${LIMITS.maxVoters} voters already`);
      return ready({
        voters: [...m.voters, member],
        outgoing: m.voters,
        learners: without(m.learners, change.nodeId),
        learnersNext: [],
      });
    }
    case 'demote': {
      const member = m.voters.find((v) => v.nodeId === change.nodeId);
      if (member === undefined) return refused(`${change.nodeId} is not a voter`);
      if (m.voters.length === 1) return refused('the last voter cannot be demoted');
      const voters = without(m.voters, change.nodeId);
      return ready({ voters, outgoing: m.voters, learners: m.learners, learnersNext: [member] });
    }
    case 'remove': {
      if (has(m.learners, change.nodeId))
        return ready({ ...m, learners: without(m.learners, change.nodeId) });
      if (!has(m.voters, change.nodeId)) return refused(`${change.nodeId} is not a member`);
      if (m.voters.length === 1) return refused('the last voter cannot be removed');
      const voters = without(m.voters, change.nodeId);
      return ready({ voters, outgoing: m.voters, learners: m.learners, learnersNext: [] });
    }
    case 'replace':
      return planReplacement(m, change);
    case 'set-address': {
      if (findMember(m, change.nodeId) === undefined) return refused(`${change.nodeId} is not a member`);
      const move = (member: RaftMember): RaftMember =>
        member.nodeId === change.nodeId ? { ...member, address: change.address } : member;
      return ready({ ...m, voters: m.voters.map(move), learners: m.learners.map(move) });
    }
    default:
      return unreachable(change);
  }
}

function planReplacement(m: Membership, change: Extract<MembershipChange, { kind: 'replace' }>): ChangePlan {
  const incoming = m.learners.find((l) => l.nodeId === change.by);
  if (incoming === undefined) return refused(`${change.by} is not a learner`);
  const outgoing = m.voters.find((v) => v.nodeId === change.nodeId);
  if (outgoing === undefined) return refused(`${change.nodeId} is not a voter`);
  return ready({
    voters: [...without(m.voters, change.nodeId), incoming],
    outgoing: m.voters,
    learners: without(m.learners, change.by),
    learnersNext: change.stays ? [outgoing] : [],
  });
}

function planLearner(m: Membership, member: RaftMember): ChangePlan {
  if (has(m.voters, member.nodeId)) return refused(`${member.nodeId} is a voter; remove it first`);
  const known = m.learners.find((l) => l.nodeId === member.nodeId);
  if (known?.instanceId === member.instanceId && known.address === member.address) {
    return refused(`${member.nodeId} is a learner already`);
  }
  if (known === undefined && m.voters.length + m.learners.length >= LIMITS.maxMembers) {
    return refused(`there are ${LIMITS.maxMembers} members already`);
  }
  return ready({ ...m, learners: [...without(m.learners, member.nodeId), member] });
}

/** A configuration and the index of the entry that made it effective; 0 = none did. */
export interface IndexedMembership {
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** The configurations in force: `committed()` at the bottom, `latest()` on top decides. */
export class MembershipStack {
  #stack: IndexedMembership[];

  constructor(base: IndexedMembership) {
    this.#stack = [base];
  }

  /** The one in force. */
  latest(): IndexedMembership {
    return must(this.#stack.at(-1), 'the membership in force');
  }

  /** The newest known to be committed. */
  committed(): IndexedMembership {
    return must(this.#stack[0], 'the committed membership');
  }

  isSettled(): boolean {
    return this.#stack.length === 1;
  }

  /** All of them, oldest first. */
  all(): readonly IndexedMembership[] {
    return this.#stack;
  }

  push(entry: IndexedMembership): void {
    assert(entry.index > this.latest().index, `membership ${entry.index} after ${this.latest().index}`);
    this.#stack.push(entry);
  }

  /** Entries from `index` on are gone from the log; true when another configuration is in force now. */
  truncate(index: LogIndex): boolean {
    const before = this.#stack.length;
    while (this.#stack.length > 1 && this.latest().index >= index) this.#stack.pop();
    assert(this.latest().index < index, 'a committed membership is never truncated');
    return this.#stack.length !== before;
  }

  /** Everything up to `index` is committed; true when the base moved. */
  commitTo(index: LogIndex): boolean {
    let moved = false;
    while (this.#stack.length > 1 && (this.#stack[1] as IndexedMembership).index <= index) {
      this.#stack.shift();
      moved = true;
    }
    return moved;
  }

  /** Starts over from a snapshot's configuration. */
  reset(base: IndexedMembership): void {
    this.#stack = [base];
  }
}
