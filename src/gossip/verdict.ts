/**
 * From opinions to states. Every node counts for itself, from the same items, with the
 * same picture of who observes whom; nobody's word that somebody is dead is a verdict.
 * The two exceptions have a guard each: see `believe` and `claimFailed`.
 */
import { assert, type NodeId } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import { PRIORITY } from './dissemination.ts';
import { MEMBER_TRANSITIONS, type Member, PART_OPINIONS } from './member-list.ts';
import { CLAIM_GRACE_MS, DEGRADED_AFTER_MS, MIN_SUSPECT_MS, thresholds } from './suspicion.ts';
import type { FailureCause, MemberState } from './types.ts';
import {
  accusers,
  countAccusers,
  type Level,
  levelOf,
  type Observer,
  QUIET,
  SUSPECTS,
  type Tally,
  tally,
  VOTES_SILENT,
  withLevel,
} from './votes.ts';

/** This node's opinion of a member becomes `level`; news if that is a change. */
export function opine(core: GossipCore, member: Member, level: Level): void {
  const count = member.opinions.get(core.self.key) ?? 0;
  if (levelOf(count) === level) return;
  core.members.reopine(member, () => member.opinions.set(core.self.key, withLevel(count, level)));
  // a withdrawal that is lost would leave others suspecting
  if (level === QUIET) core.compareSoon();
  core.members.restless.add(member);
  core.spread(member.nodeId, level === SUSPECTS ? PRIORITY.suspicion : PRIORITY.vote, PART_OPINIONS);
  if (level >= VOTES_SILENT) core.news.hurry(core.now);
  core.unsettled = true;
}

/** The member itself was heard within S1. */
function isHeard(core: GossipCore, member: Readonly<Member>): boolean {
  return member.heardAt !== null && core.now - member.heardAt < core.timing.suspectMs;
}

/** What the live observers of `member` say. */
function tallyOf(core: GossipCore, member: Readonly<Member>): Tally {
  const observers: Observer[] = [];
  for (const nodeId of core.overlay.observers(member.nodeId)) {
    if (nodeId === core.self.nodeId) observers.push({ nodeId, key: core.self.key });
    else {
      const observer = core.members.peek(nodeId);
      if (observer !== undefined && !isVotedOn(core, observer)) observers.push({ nodeId, key: observer.key });
    }
  }
  return tally(member.opinions, observers);
}

/**
 * Observers that are themselves voted on do not count: a dead rack must not outvote those
 * who see it. One lone accuser does not silence an observer, or a node that is deaf would
 * become the only judge of everybody; nor does any vote against one that this node hears.
 */
function isVotedOn(core: GossipCore, observer: Readonly<Member>): boolean {
  if (core.edges.get(observer.nodeId)?.hard) return true;
  if (observer.opinions.size === 0 || isHeard(core, observer)) return false;
  const { low } = thresholds(core.overlay.observers(observer.nodeId).length);
  return countAccusers(observer.opinions, VOTES_SILENT) >= Math.max(2, low);
}

/** Looks at every accused or claimed member again. */
export function settle(core: GossipCore): void {
  // a failure moves edges and silences an observer, which may decide the next one
  core.followOverlay();
  for (let rounds = 0; core.unsettled && rounds < core.members.size + 2; rounds++) {
    core.unsettled = false;
    withdrawLapsed(core);
    for (const member of core.members.restless) {
      if (member.state === 'alive') judge(core, member);
      if (isCalm(member)) core.members.restless.delete(member);
    }
    core.followOverlay();
  }
}

/** Nothing about it can change until the next input about it. */
function isCalm(member: Member): boolean {
  if (member.state !== 'alive') return true;
  if (member.shown !== 'alive' || member.claimDueAt !== null || member.splitSince !== null) return false;
  return countAccusers(member.opinions, SUSPECTS) === 0;
}

function withdrawLapsed(core: GossipCore): void {
  for (const nodeId of core.lapsed) {
    const member = core.members.get(nodeId);
    if (member?.state === 'alive' && !core.edges.has(nodeId)) opine(core, member, QUIET);
  }
  core.lapsed.clear();
}

function judge(core: GossipCore, member: Member): void {
  const said = tallyOf(core, member);
  if (said.failed && said.hard) return fail(core, member, 'process-death', said.votes);
  if (said.suspected) {
    member.splitSince ??= core.now;
    // Votes for silence follow a suspicion. Where they come without one (from behind a partition that has
    // just healed) the member first gets the time to answer. And whoever hears it does not bury it: the
    // others' votes stand, and show as partly connected.
    const hadTime = core.now - member.splitSince >= MIN_SUSPECT_MS;
    if (said.failed && hadTime && !isHeard(core, member)) return fail(core, member, 'silence', said.votes);
    show(core, member, 'suspect', said.suspects);
  } else {
    member.splitSince = null;
    member.degraded = false;
    show(core, member, 'alive', []);
  }
}

/** Reports members that have been between L and H for too long. */
export function reportSplit(core: GossipCore): void {
  for (const member of core.members.restless) {
    if (member.splitSince === null || member.degraded) continue;
    if (member.state !== 'alive' || core.now - member.splitSince < DEGRADED_AFTER_MS) continue;
    member.degraded = true;
    const by = tallyOf(core, member).suspects;
    core.event({ kind: 'degraded', nodeId: member.nodeId, by });
  }
}

/** The verdict: the member leaves the rings, everybody hears it before anything else. */
export function fail(core: GossipCore, member: Member, cause: FailureCause, by: readonly NodeId[]): void {
  core.restate(member, member.incarnation, 'failed');
  member.cause = cause;
  member.failedBy = by;
  member.endedAt = core.now;
  end(core, member);
  show(core, member, 'failed', by);
}

/** It said goodbye. */
export function depart(core: GossipCore, member: Member): void {
  core.restate(member, member.incarnation, 'left');
  member.cause = null;
  member.endedAt = core.now;
  end(core, member);
  show(core, member, 'left', []);
}

function end(core: GossipCore, member: Member): void {
  member.claimDueAt = null;
  member.splitSince = null;
  member.degraded = false;
  core.withdraw(member);
  core.compareSoon();
  core.spread(member.nodeId, PRIORITY.end, PART_OPINIONS);
  core.unsettled = true;
}

/**
 * Others say that a member failed and the votes known here do not prove it (views of the
 * rings differ for a moment, or it is a verdict from behind a partition). It is told, so
 * that it may refute; if it does not within the grace, the others are believed.
 */
export function claimFailed(core: GossipCore, member: Member): void {
  settle(core);
  if (member.state !== 'alive' || member.claimDueAt !== null) return;
  if (!isHeard(core, member)) member.claimDueAt = core.now + CLAIM_GRACE_MS;
  core.members.restless.add(member);
  tellFailed(core, member);
}

/** Tells an alive member that it is called failed in this life. */
function tellFailed(core: GossipCore, member: Member): void {
  const claim = core.describe(member.nodeId, 0);
  if (claim === null || core.now - member.toldAt < CLAIM_GRACE_MS / 3) return;
  member.toldAt = core.now;
  member.pingSequence++;
  member.pingAt = core.now;
  const ping = { kind: 'ping', sequence: member.pingSequence, accused: false, rttMs: member.rttMs } as const;
  core.send(member.nodeId, ping, [{ ...claim, state: 'failed', cause: 'told' }]);
}

/** Claims whose grace is over. */
export function believe(core: GossipCore): void {
  for (const member of core.members.restless) {
    if (member.claimDueAt === null || core.now < member.claimDueAt) continue;
    member.claimDueAt = null;
    if (member.state !== 'alive' || isHeard(core, member)) continue;
    fail(core, member, 'told', core.namesOf(accusers(member.opinions, VOTES_SILENT)));
  }
}

/** Tells people once what changed; a member never heard of is only worth a word when it is failed. */
export function show(core: GossipCore, member: Member, to: MemberState, by: readonly NodeId[]): void {
  const from = member.shown;
  if (from === to) return;
  assert(MEMBER_TRANSITIONS[from].includes(to), `${member.nodeId}: no way from ${from} to ${to}`);
  member.shown = to;
  const { nodeId, incarnation } = member;
  if (to === 'failed') core.event({ kind: 'failed', nodeId, by, cause: member.cause ?? 'told' });
  else if (to === 'left') core.event({ kind: 'left', nodeId });
  else if (incarnation.boot === 0) return;
  else if (to === 'suspect') core.event({ kind: 'suspected', nodeId, by });
  else core.event({ kind: 'alive', nodeId, from });
}
