/**
 * Configurations as one tree over all logs: what a membership entry follows is fixed by
 * its position (Log Matching). A configuration may only be followed by one that shares
 * a node with it in every pair of their majorities, and only once it is committed; so any
 * two configurations that can decide at the same time intersect.
 */
import type { LogPosition } from '../../src/base/index.ts';
import type { Membership, RaftMember } from '../../src/raft/index.ts';

/** A configuration and the entry that brought it. */
export interface Config extends LogPosition {
  readonly membership: Membership;
  /** The one in force before it; null for the first. */
  readonly before: Config | null;
}

function isMajority(half: readonly RaftMember[], has: (instanceId: string) => boolean): boolean {
  if (half.length === 0) return true;
  let held = 0;
  for (const { instanceId } of half) if (has(instanceId)) held++;
  return held * 2 > half.length;
}

/** Is it on the way from voters to as many others? */
export function isReplacement({ voters, outgoing }: Membership): boolean {
  const isIn = (half: readonly RaftMember[], { nodeId }: RaftMember): boolean =>
    half.some((m) => m.nodeId === nodeId);
  return (
    outgoing.length > 0 && voters.some((m) => !isIn(outgoing, m)) && outgoing.some((m) => !isIn(voters, m))
  );
}

/** True when these disks are enough for every majority that the membership needs. */
export function isQuorum(membership: Membership, has: (instanceId: string) => boolean): boolean {
  return isMajority(membership.voters, has) && isMajority(membership.outgoing, has);
}

/** Two sets of disks without one in common that decide alone, one under each membership; null when there are none. */
export function disjointQuorums(a: Membership, b: Membership): string | null {
  const all = [...a.voters, ...a.outgoing, ...b.voters, ...b.outgoing].map((m) => m.instanceId);
  const names = [...new Set(all)];
  for (let bits = 0; bits < 1 << names.length; bits++) {
    const chosen = new Set(names.filter((_, n) => (bits & (1 << n)) !== 0));
    if (isQuorum(a, (name) => chosen.has(name)) && isQuorum(b, (name) => !chosen.has(name)))
      return `${[...chosen].join(' ')} against ${names.filter((name) => !chosen.has(name)).join(' ')}`;
  }
  return null;
}
