/** What is always true of the detector between two inputs; a failed one is a bug and stops the node. */
import { assert, LIMITS } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import { MAX_OWN_HEALTH } from './suspicion.ts';
import { bucketHashes, differingBuckets } from './sync.ts';

export function checkInvariants(core: GossipCore): void {
  const { self, members, overlay, edges } = core;
  assert(!members.has(self.nodeId), 'a node is not in its own table');
  assert(members.size <= LIMITS.maxMembers, 'too many members');
  assert(core.health.value >= 0 && core.health.value <= MAX_OWN_HEALTH, 'own health out of range');
  assert(core.packets.length === 0 && core.events.length === 0, 'output left behind');
  assert(core.news.size <= members.size + 1, 'more news than members');
  for (const member of members.all()) {
    const { nodeId, state, shown } = member;
    assert(
      overlay.has(nodeId) === (state === 'alive'),
      `${nodeId}: ${state} and its place on the rings differ`,
    );
    assert(
      state === 'alive' ? shown === 'alive' || shown === 'suspect' : shown === state,
      `${nodeId} shows ${shown}`,
    );
    assert(
      (member.cause !== null) === (state === 'failed'),
      `${nodeId}: ${state} with cause ${member.cause}`,
    );
    assert(member.opinions.size <= LIMITS.maxGossipOpinions, `${nodeId}: too many opinions`);
    assert(member.claimDueAt === null || state === 'alive', `${nodeId}: a claim about a settled end`);
    assert(members.nameOf(member.key) !== undefined, `${nodeId} has no short name`);
    assert(
      members.ended.has(member) === (state !== 'alive'),
      `${nodeId}: ${state} and the list of the ended differ`,
    );
    const isCalm = shown === state && member.claimDueAt === null && member.splitSince === null;
    assert(isCalm || members.restless.has(member), `${nodeId}: undecided, and nobody looks at it`);
    if (core.ownLevel(member) !== 0 && state === 'alive') {
      assert(edges.has(nodeId), `${nodeId}: an opinion without watching`);
    }
  }
  const hashes = bucketHashes([self, ...members.all()]);
  assert(differingBuckets(hashes, members.hashes()).length === 0, 'hashes of the table are not up to date');
  const subjects = overlay.subjects(self.nodeId);
  assert(edges.size === subjects.length, `${edges.size} edges, ${subjects.length} subjects`);
  for (const nodeId of subjects) assert(edges.has(nodeId), `${nodeId} is not watched`);
}
