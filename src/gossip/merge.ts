/**
 * Updates into the table. A later life replaces, an equal one merges part by part, an
 * earlier one is corrected at its sender. A claim about this node itself is answered.
 */
import type { NodeId } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import { PRIORITY } from './dissemination.ts';
import {
  compareClaims,
  compareIncarnations,
  isNewerDigest,
  type Member,
  NO_OPINIONS,
  PART_ADDRESS,
  PART_ALL,
  PART_DIGEST,
  PART_OPINIONS,
  rankOf,
} from './member-list.ts';
import { TOMBSTONE_MS } from './suspicion.ts';
import type { Incarnation, MemberUpdate } from './types.ts';
import { claimFailed, depart, fail, show } from './verdict.ts';
import { accusers, countAccusers, mergeOpinions, SUSPECTS, VOTES_SILENT } from './votes.ts';

/** One update that `from` sent, in a packet of news or beside something else. */
export function mergeUpdate(
  core: GossipCore,
  update: MemberUpdate,
  { from, isNews }: { readonly from: NodeId; readonly isNews: boolean },
): void {
  if (update.nodeId === core.self.nodeId) return mergeAboutSelf(core, update, from);
  if (core.barred.has(update.nodeId)) return;
  const isEnded = update.state !== 'alive';
  if (isEnded && update.ageS * 1000 >= TOMBSTONE_MS) return;
  if (isNothingNew(core, update)) return;
  const member = core.members.get(update.nodeId) ?? core.addMember(update.nodeId, update.address);
  if (member === undefined) return;
  const wasUnheard = member.incarnation.boot === 0;
  const order = compareIncarnations(update.incarnation, member.incarnation);
  if (order < 0) return core.correct(from, member.nodeId);
  // of a member that is only heard of when it is gone, nobody says that it joined
  if (order > 0 && wasUnheard && isEnded) core.restate(member, update.incarnation, member.state);
  else if (order > 0) adopt(core, member, update.incarnation);
  if (update.address !== '' && (order > 0 || member.address === '') && update.address !== member.address) {
    member.address = update.address;
    core.spread(member.nodeId, PRIORITY.life, PART_ADDRESS);
  }
  const isPassedOn = isNews && !wasUnheard;
  mergeDigest(core, member, update, isPassedOn);
  if (member.state === 'alive' && mergeOpinionsOf(core, member, update)) opinionsChanged(core, member);
  mergeState(core, member, update, { from, wasUnheard });
}

/** Most of what a comparison of tables brings: the same claim, and no more than is known already. */
function isNothingNew(core: GossipCore, update: MemberUpdate): boolean {
  const { opinions, digest } = update;
  const known = core.members.peek(update.nodeId);
  if (known === undefined || compareClaims(known, update) !== 0) return false;
  const isSameAddress = update.address === '' || known.address !== '';
  return isSameAddress && opinions.length === 0 && (digest === null || !isNewerDigest(digest, known.digest));
}

function mergeOpinionsOf(core: GossipCore, member: Member, update: MemberUpdate): boolean {
  if (update.opinions.length === 0) return false;
  return core.members.reopine(member, () => mergeOpinions(member.opinions, update.opinions));
}

function opinionsChanged(core: GossipCore, member: Member): void {
  const votes = countAccusers(member.opinions, VOTES_SILENT) > 0;
  core.members.restless.add(member);
  core.spread(member.nodeId, votes ? PRIORITY.vote : PRIORITY.suspicion, PART_OPINIONS);
  core.unsettled = true;
}

function mergeState(
  core: GossipCore,
  member: Member,
  update: MemberUpdate,
  context: { readonly from: NodeId; readonly wasUnheard: boolean },
): void {
  const rank = rankOf(update.state) - rankOf(member.state);
  if (rank < 0) return core.correct(context.from, member.nodeId);
  if (rank === 0) return;
  if (update.state === 'left') depart(core, member);
  // who knows nothing of a member but this has nothing to doubt it with
  else if (context.wasUnheard) {
    fail(core, member, update.cause ?? 'told', core.namesOf(accusers(member.opinions, VOTES_SILENT)));
  } else return claimFailed(core, member);
  member.endedAt = core.now - update.ageS * 1000;
}

/**
 * The member lives a later life than the one known: whatever was said of the earlier one
 * is over. A tombstone ends here and only here.
 */
export function adopt(core: GossipCore, member: Member, incarnation: Incarnation): void {
  const before = member.incarnation;
  const from = member.shown;
  core.members.reopine(member, () => {
    member.opinions = NO_OPINIONS;
  });
  if (member.state === 'failed') member.backAt = core.now;
  core.restate(member, incarnation, 'alive');
  member.cause = null;
  member.failedBy = [];
  member.claimDueAt = null;
  member.splitSince = null;
  member.degraded = false;
  const edge = core.edges.get(member.nodeId);
  // the process that died was the earlier one
  if (edge !== undefined && incarnation.boot > before.boot) edge.hard = false;
  core.enter(member);
  core.compareSoon();
  core.spread(member.nodeId, PRIORITY.life, PART_ADDRESS);
  core.unsettled = true;
  const { nodeId } = member;
  if (before.boot === 0) {
    member.shown = 'alive';
    core.event({ kind: 'joined', nodeId, incarnation });
  } else if (incarnation.boot > before.boot) {
    member.shown = 'alive';
    core.event({ kind: 'restarted', nodeId, from, incarnation });
  } else show(core, member, 'alive', []);
}

/**
 * The newest word of a member about itself. News of it are for everybody and are passed on. What it says
 * beside something else goes to its neighbours: all of them hear it anyway, unless somebody accuses it: then
 * its link to others may be cut. Nor does who comes into a cluster repeat to it what it was told of it.
 */
function mergeDigest(core: GossipCore, member: Member, update: MemberUpdate, isPassedOn: boolean): void {
  const { digest } = update;
  if (digest === null || !isNewerDigest(digest, member.digest)) return;
  member.digest = digest;
  if (isPassedOn || countAccusers(member.opinions, SUSPECTS) > 0) {
    core.spread(member.nodeId, PRIORITY.metadata, PART_DIGEST);
  }
}

/** SWIM §4.2: only the member itself makes a new incarnation, and only to deny that it failed. */
function mergeAboutSelf(core: GossipCore, update: MemberUpdate, from: NodeId): void {
  const { self } = core;
  if (core.isLeaving) return;
  const order = compareIncarnations(update.incarnation, self.incarnation);
  if (order < 0) return core.correct(from, self.nodeId);
  if (compareClaims(update, self) > 0) {
    if (update.incarnation.boot > self.incarnation.boot) {
      core.event({ kind: 'outdated-boot', boot: update.incarnation.boot });
    }
    const { boot, refutation } = update.incarnation;
    core.reincarnate({ boot, refutation: refutation + 1 });
    core.health.worse('accused', core.now);
    core.event({ kind: 'refuted', incarnation: self.incarnation });
    core.spread(self.nodeId, PRIORITY.life, PART_ADDRESS);
    return core.correct(from, self.nodeId);
  }
  if (order === 0 && mergeOpinionsOf(core, self, update)) {
    core.spread(self.nodeId, PRIORITY.suspicion, PART_OPINIONS);
    for (const key of accusers(self.opinions, SUSPECTS)) proveLife(core, core.members.nameOf(key));
  }
}

/** Unasked proof to an accuser: its probes may be lost on the way here, this packet need not be. */
function proveLife(core: GossipCore, accuser: NodeId | undefined): void {
  const member = accuser === undefined ? undefined : core.members.get(accuser);
  if (member === undefined || core.now - member.proofAt < core.timing.reprobeMs) return;
  member.proofAt = core.now;
  core.send(member.nodeId, { kind: 'ack', sequence: 0 });
}

/** Sends what senders of this turn did not know, one packet each, inside the budget. */
export function sendCorrections(core: GossipCore): void {
  if (core.corrections.size === 0) return;
  for (const [to, about] of core.corrections) {
    const updates: MemberUpdate[] = [];
    for (const nodeId of about) {
      const update = core.describe(
        nodeId,
        nodeId === core.self.nodeId ? PART_ALL : PART_OPINIONS | PART_ADDRESS,
      );
      if (update !== null) updates.push(update);
    }
    core.sendUpdates(to, updates);
  }
  core.corrections.clear();
}
