/**
 * The rhythm: probes, opinions, questions to helpers, retries of the failed, comparison
 * of tables. Everything here happens on a tick, after all queued input was read, because
 * after a standstill the expired timer comes before the packets that disprove it.
 */
import { between, type Instant, NEVER, type NodeId, pick } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import { FAN_OUT } from './dissemination.ts';
import { type Member, PART_OPINIONS } from './member-list.ts';
import { type Edge, levelAt, riseAt, silenceMs } from './observe.ts';
import {
  ASK_INTERVAL_MS,
  ASKED,
  DEGRADED_AFTER_MS,
  MIN_SUSPECT_MS,
  retryIntervalMs,
  SMALL_CLUSTER,
  SYNC_INTERVAL_MS,
  stallMs,
  TOMBSTONE_MS,
  widenedSuspectMs,
} from './suspicion.ts';
import { believe, opine, reportSplit } from './verdict.ts';
import { type Level, QUIET, SUSPECTS, VOTES_DEAD } from './votes.ts';

/** A subject heard this short a part of a period ago need not be probed: its own probe was proof enough. */
const FRESH_PART = 0.7;

export function onTick(core: GossipCore): void {
  const { now } = core;
  core.health.recover(now);
  if (now >= core.roundAt) {
    const period = core.timing.probeMs;
    core.roundAt = now + period * (0.9 + 0.2 * core.random.next());
    probeRound(core, period * FRESH_PART);
  }
  for (const [nodeId, edge] of core.edges) {
    const member = core.members.get(nodeId);
    if (member !== undefined) watch(core, member, edge);
  }
  believe(core);
  reportSplit(core);
  retryFailed(core);
  compareTables(core);
  forgetOld(core);
  core.unsettled = true;
}

/** A wake-up or packet that comes much later than asked for: this node stood still. */
export function noticeStall(core: GossipCore, wakeAt: Instant): void {
  const late = core.now - wakeAt;
  if (late <= stallMs(core.timing)) return;
  core.health.worse('stall', core.now);
  core.graceUntil = core.now + core.timing.lateMs;
  for (const [nodeId, edge] of core.edges) {
    edge.allowanceMs += late;
    const member = core.members.get(nodeId);
    const isUnsent = member !== undefined && core.news.isUnsent(nodeId);
    // what was thought before the standstill and not yet said is thought over again
    if (isUnsent && !edge.hard && member.state === 'alive') opine(core, member, QUIET);
  }
}

function probeRound(core: GossipCore, freshMs: number): void {
  for (const [nodeId, edge] of core.edges) {
    const member = core.members.get(nodeId);
    if (member === undefined || core.now < edge.probeAt) continue;
    if (member.heardAt !== null && core.now - member.heardAt < freshMs) continue;
    probe(core, member, core.ownLevel(member) !== QUIET);
    edge.probeAt = core.now;
  }
}

function probe(core: GossipCore, member: Member, accused: boolean): void {
  member.pingSequence++;
  member.pingAt = core.now;
  const body = { kind: 'ping', sequence: member.pingSequence, accused, rttMs: member.rttMs } as const;
  // whom it concerns hears first what is said about it
  const claim = accused || member.state === 'failed' ? core.describe(member.nodeId, PART_OPINIONS) : null;
  core.send(member.nodeId, body, claim === null ? [] : [claim]);
}

function watch(core: GossipCore, member: Member, edge: Edge): void {
  const { now, timing } = core;
  const silence = silenceMs(edge, member.heardAt, now);
  const own = core.ownLevel(member);
  const limits = { suspectMs: widenedSuspectMs(timing, core.health.value), voteMs: timing.voteMs };
  const level = levelAt(edge, member.heardAt, now, limits);
  if (now >= core.graceUntil || level === VOTES_DEAD) raise(core, member, own, level);
  if (silence < timing.lateMs) return;
  if (now >= edge.probeAt + timing.reprobeMs) {
    probe(core, member, level >= SUSPECTS);
    edge.probeAt = now;
  }
  if (level >= SUSPECTS && now >= edge.askAt) askOthers(core, member, edge);
}

/** Opinions get worse by watching, better by hearing; a helper's word turns a vote back into a suspicion. */
function raise(core: GossipCore, member: Member, own: Level, level: Level): void {
  if (level > own || (own > SUSPECTS && level === SUSPECTS)) opine(core, member, level);
}

function askOthers(core: GossipCore, member: Member, edge: Edge): void {
  edge.askAt = core.now + ASK_INTERVAL_MS;
  if (edge.unanswered >= ASKED) core.health.worse('no-answers', core.now);
  const others = core.overlay.observers(member.nodeId).filter((o) => o !== core.self.nodeId);
  for (const helper of core.some(others, ASKED)) {
    // a helper that never was there says nothing about this node
    if ((core.members.peek(helper)?.heardAt ?? null) !== null) edge.unanswered++;
    core.send(helper, { kind: 'ask', subject: member.nodeId });
  }
}

/**
 * Failed members are tried again, or a healed partition would stay two clusters. Small
 * clusters try each; in large ones all members together make a constant number of tries.
 */
function retryFailed(core: GossipCore): void {
  if (core.now < core.retryAt) return;
  const interval = retryIntervalMs(core.overlay.size);
  core.retryAt = core.now + (interval * between(core.random, 75, 125)) / 100;
  const failed = [...core.members.ended].filter((m) => m.state === 'failed').map((m) => m.nodeId);
  const tries = core.overlay.size <= SMALL_CLUSTER ? SMALL_CLUSTER : 1;
  for (const nodeId of core.some(failed, tries)) {
    const member = core.members.get(nodeId);
    if (member !== undefined) probe(core, member, false);
  }
}

function compareTables(core: GossipCore): void {
  if (core.now < core.syncAt) return;
  core.syncAt = core.now + (SYNC_INTERVAL_MS * between(core.random, 90, 110)) / 100;
  const neighbours = core.neighbours();
  const targets = new Set<NodeId>();
  if (neighbours.length > 0) targets.add(pick(core.random, neighbours));
  const anybody = core.overlay.pick(core.random, core.self.nodeId);
  if (anybody !== null) targets.add(anybody);
  for (const to of targets) sendTable(core, to);
}

/** Opens a comparison of tables with `to`. */
export function sendTable(core: GossipCore, to: NodeId): void {
  core.send(to, { kind: 'sync', buckets: core.members.hashes() });
}

function forgetOld(core: GossipCore): void {
  for (const member of core.members.ended) {
    if (member.onRecord || core.now - member.endedAt < TOMBSTONE_MS) continue;
    core.forget(member);
    core.event({ kind: 'forgotten', nodeId: member.nodeId });
  }
}

/** One round of news to some neighbours, if it is time and there is any. */
export function spreadNews(core: GossipCore): void {
  if (core.now < core.news.wakeAt) return;
  const targets = core.some(core.neighbours(), FAN_OUT);
  const updates = core.news.takeRound(core.now, targets.length, (nodeId, parts) =>
    core.describe(nodeId, parts),
  );
  if (updates.length === 0) return;
  for (const to of targets) core.send(to, { kind: 'news' }, updates);
}

/** After a tick: the next instant at which anything here may have to be done. */
export function nextWake(core: GossipCore): Instant {
  const { timing, now } = core;
  let first: Instant = NEVER;
  // what is due already and was not done (a budget that is spent) waits for the next round
  const due = (at: Instant): void => {
    if (at > now && at < first) first = at;
  };
  for (const at of [core.roundAt, core.news.wakeAt, core.health.wakeAt, core.syncAt, core.graceUntil])
    due(at);
  const limits = { suspectMs: widenedSuspectMs(timing, core.health.value), voteMs: timing.voteMs };
  for (const [nodeId, edge] of core.edges) {
    const member = core.members.get(nodeId);
    if (member === undefined) continue;
    due(riseAt(edge, member.heardAt, now, limits));
    if (silenceMs(edge, member.heardAt, now) >= timing.lateMs) due(edge.probeAt + timing.reprobeMs);
  }
  for (const { claimDueAt, splitSince } of core.members.restless) {
    if (claimDueAt !== null) due(claimDueAt);
    if (splitSince === null) continue;
    due(splitSince + MIN_SUSPECT_MS);
    due(splitSince + DEGRADED_AFTER_MS);
  }
  if (core.members.ended.size > 0) due(core.retryAt);
  return first;
}
