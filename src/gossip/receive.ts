/**
 * What each input but the tick does. Nothing here looks at how late anything is: packets
 * and evidence are taken at their word, and silence is the tick's business.
 */
import { LIMITS, type NodeId, unreachable } from '../base/index.ts';
import type { GossipCore } from './core.ts';
import { PRIORITY } from './dissemination.ts';
import {
  compareIncarnations,
  type Member,
  NEVER_HEARD,
  PART_ADDRESS,
  PART_ALL,
  PART_DIGEST,
  PART_OPINIONS,
  updateOf,
} from './member-list.ts';
import { adopt, mergeUpdate } from './merge.ts';
import { sendTable } from './probe.ts';
import { RttWindow } from './rtt-window.ts';
import { digestSpreadIntervalMs } from './suspicion.ts';
import { differingBuckets } from './sync.ts';
import type { GossipMessage, MemberUpdate } from './types.ts';
import { opine } from './verdict.ts';
import { QUIET, VOTES_DEAD } from './votes.ts';

/** What a comparison of tables is about. */
const PART_CLAIM = PART_OPINIONS | PART_ADDRESS;
/** Nodes asked at once for the others when joining. */
const JOIN_ASKED = 3;
/** Weight of the newest round trip in the smoothed one. */
const RTT_WEIGHT = 0.2;

export function onPacket(core: GossipCore, from: NodeId, message: GossipMessage): void {
  if (from === core.self.nodeId || core.barred.has(from)) return;
  // the address follows in its own update
  const member = core.members.get(from) ?? core.addMember(from, '');
  if (member === undefined) return;
  const order = compareIncarnations(message.incarnation, member.incarnation);
  if (order > 0) adopt(core, member, message.incarnation);
  // an earlier life, or one that is called ended: it is told, and answers with a new one
  if (order < 0 || member.state !== 'alive') core.correct(from, from);
  else onHeard(core, member);
  const source = { from, isNews: message.kind === 'news' };
  for (const update of message.updates) mergeUpdate(core, update, source);
  onBody(core, member, message);
}

/** First-hand proof of life: whatever this node thought of the member is over. */
function onHeard(core: GossipCore, member: Member): void {
  member.heardAt = core.now;
  member.claimDueAt = null;
  const edge = core.edges.get(member.nodeId);
  if (edge === undefined) return;
  edge.allowanceMs = 0;
  edge.hard = false;
  edge.unanswered = 0;
  opine(core, member, QUIET);
}

function onBody(core: GossipCore, member: Member, message: GossipMessage): void {
  switch (message.kind) {
    case 'ping':
      if (message.accused && isWitness(core, member) && !core.isLeaving)
        core.health.worse('accused', core.now);
      member.rttMs ??= message.rttMs;
      return core.send(member.nodeId, { kind: 'ack', sequence: message.sequence });
    case 'ack':
      if (message.sequence !== 0 && message.sequence === member.pingSequence) measure(core, member);
      return;
    case 'ask':
      return answer(core, member, message.subject);
    case 'heard':
      return onHeardElsewhere(core, message.subject, message.agoMs);
    case 'news':
      return;
    case 'sync':
      return onSync(core, member, message.buckets);
    case 'delta':
      return core.sendUpdates(member.nodeId, updatesIn(core, message.wanted, PART_CLAIM));
    default:
      return unreachable(message);
  }
}

/** Who is called failed, or was just now, heard nobody for seconds: it was cut off, and accuses everybody. */
function isWitness(core: GossipCore, member: Readonly<Member>): boolean {
  return member.state === 'alive' && core.now - member.backAt >= core.timing.suspectMs;
}

function measure(core: GossipCore, member: Member): void {
  const rtt = Math.max(0, core.now - member.pingAt);
  member.rttMs = member.rttMs === null ? rtt : member.rttMs + (rtt - member.rttMs) * RTT_WEIGHT;
  member.rtts ??= new RttWindow();
  member.rtts.record(rtt);
}

/** SWIM's ping-req: an observer probes the subject anyway, so it answers from what it heard itself. */
function answer(core: GossipCore, asker: Member, subject: NodeId): void {
  const member = core.members.peek(subject);
  const canSay = member?.state === 'alive' && member.heardAt !== null && core.edges.has(subject);
  const agoMs = canSay && member.heardAt !== null ? core.now - member.heardAt : null;
  core.send(asker.nodeId, { kind: 'heard', subject, agoMs });
}

function onHeardElsewhere(core: GossipCore, subject: NodeId, agoMs: number | null): void {
  const edge = core.edges.get(subject);
  if (edge === undefined) return;
  edge.unanswered = 0;
  if (agoMs !== null) edge.indirectAt = Math.max(edge.indirectAt, core.now - agoMs);
}

/** Compares tables: sends what differs and asks for the other side of it. */
function onSync(core: GossipCore, member: Member, buckets: readonly number[]): void {
  const own = core.members.hashes();
  const wanted = differingBuckets(own, buckets);
  if (wanted.length === 0) return;
  core.send(member.nodeId, { kind: 'delta', wanted });
  // who has nothing needs all; between others, digests, which always differ, would be most of the bytes
  const [empty, partly] = [wanted.filter((b) => buckets[b] === 0), wanted.filter((b) => buckets[b] !== 0)];
  const updates = [...updatesIn(core, empty, PART_ALL), ...updatesIn(core, partly, PART_CLAIM)];
  core.sendUpdates(member.nodeId, updates);
}

function updatesIn(core: GossipCore, wanted: readonly number[], parts: number): MemberUpdate[] {
  const rows = core.members.rowsIn(wanted);
  // who was never heard of here is no news to anybody
  return rows.filter((m) => m.incarnation.boot > 0).map((m) => updateOf(m, parts, core.now));
}

export function onEvidence(core: GossipCore, nodeId: NodeId, evidence: 'dead' | 'restored'): void {
  const member = core.members.get(nodeId);
  const edge = core.edges.get(nodeId);
  if (member === undefined || member.state !== 'alive' || edge === undefined) return;
  edge.hard = evidence === 'dead';
  // restored: a port answers, which is not yet a daemon that does; silence goes on counting
  if (edge.hard) opine(core, member, VOTES_DEAD);
  else if (core.ownLevel(member) === VOTES_DEAD) opine(core, member, QUIET);
}

/** The nodes on record. Those who were and are no longer are removed and stay away. */
export function onKnown(
  core: GossipCore,
  nodes: readonly { readonly nodeId: NodeId; readonly address: string }[],
): void {
  const listed = new Set(nodes.map((n) => n.nodeId));
  const removed = [...core.members.all()].filter((m) => m.onRecord && !listed.has(m.nodeId));
  for (const { nodeId } of removed) {
    const member = core.members.get(nodeId);
    if (member === undefined) continue;
    core.forget(member);
    if (core.barred.size < LIMITS.maxMembers) core.barred.add(nodeId);
    core.event({ kind: 'forgotten', nodeId });
  }
  for (const { nodeId, address } of nodes) {
    core.barred.delete(nodeId);
    const member = ensure(core, nodeId, address);
    if (member !== undefined) member.onRecord = true;
  }
}

function ensure(core: GossipCore, nodeId: NodeId, address: string): Member | undefined {
  if (nodeId === core.self.nodeId) return undefined;
  const member = core.members.get(nodeId) ?? core.addMember(nodeId, address);
  if (member !== undefined && address !== '' && member.address !== address) member.address = address;
  return member;
}

export function onJoin(
  core: GossipCore,
  seeds: readonly { readonly nodeId: NodeId; readonly address: string }[],
): void {
  for (const { nodeId, address } of seeds) ensure(core, nodeId, address);
  const asked = seeds.map((s) => s.nodeId).filter((s) => s !== core.self.nodeId);
  for (const nodeId of core.some(asked, JOIN_ASKED)) sendTable(core, nodeId);
  core.spread(core.self.nodeId, PRIORITY.life, PART_ADDRESS);
}

/** A fresh connection: say again who this node is, and compare what is known. */
export function onLink(core: GossipCore, nodeId: NodeId): void {
  const member = core.members.get(nodeId);
  if (member === undefined) return;
  member.introducedAs = NEVER_HEARD;
  sendTable(core, nodeId);
}

/**
 * In a full mesh every neighbour is everybody. In larger clusters a routine word goes to
 * neighbours each time and to all only now and then, so that idle bytes don't grow with N.
 */
export function onDigest(core: GossipCore, bytes: Uint8Array, urgent: boolean): void {
  const { self } = core;
  const sequence = (self.digest?.sequence ?? 0) + 1;
  self.digest = { boot: self.incarnation.boot, sequence, bytes };
  if (urgent) core.urgentDigest = sequence;
  const isMesh = core.neighbours().length >= core.overlay.size - 1;
  if (urgent || (!isMesh && isTimeToSpread(core))) {
    core.spread(self.nodeId, PRIORITY.metadata, PART_DIGEST);
  }
}

/** The first time comes by chance, or a cluster that was started at once would speak at once. */
function isTimeToSpread(core: GossipCore): boolean {
  const interval = digestSpreadIntervalMs(core.overlay.size);
  core.digestSpreadAt ??= core.now + interval * core.random.next();
  if (core.now < core.digestSpreadAt) return false;
  core.digestSpreadAt = core.now + interval;
  return true;
}

/** Goodbye, to each neighbour directly and as news. */
export function onLeave(core: GossipCore): void {
  core.restate(core.self, core.self.incarnation, 'left');
  core.self.endedAt = core.now;
  core.spread(core.self.nodeId, PRIORITY.end, PART_OPINIONS);
  sayGoodbye(core);
}

export function sayGoodbye(core: GossipCore): void {
  for (const nodeId of core.neighbours()) {
    core.send(nodeId, { kind: 'news' }, [updateOf(core.self, 0, core.now)]);
  }
}
