/**
 * What the parts of the detector share: the table, the picture of who observes whom, the
 * edges of this node and the record of what it wants done. No decision is taken here.
 */
import { type Instant, LIMITS, type NodeId, type Random } from '../base/index.ts';
import { Awareness } from './awareness.ts';
import { HEADER_BYTES, updateBytes } from './codec.ts';
import { NewsQueue, type Priority } from './dissemination.ts';
import {
  compareIncarnations,
  type Member,
  NO_OPINIONS,
  newMember,
  PART_ALL,
  PART_DIGEST,
  updateOf,
} from './member-list.ts';
import { MemberTable, type Roster } from './member-table.ts';
import { type Edge, newEdge } from './observe.ts';
import { Overlay } from './overlay.ts';
import { COMPARE_SOON_MS, digestIntervalMs, OWN_WATCH_MS, type Timing, timingFor } from './suspicion.ts';
import type {
  ClaimState,
  GossipBody,
  Incarnation,
  MemberEvent,
  MemberUpdate,
  ObserverKey,
  Packet,
} from './types.ts';
import { levelOf, QUIET } from './votes.ts';

export interface GossipOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** `host:port` at which others reach this node. */
  readonly address: string;
  /** Counts the starts on this data directory; ≥ 1 and larger than at any start before. */
  readonly bootCounter: number;
  readonly random: Random;
  /** Known members to start with, this node among them in this life; absent: none. See `Roster`. */
  readonly roster?: Roster;
}

export class GossipCore {
  readonly random: Random;
  /** This node in the same shape as the others; its `state` is `left` while it leaves. */
  readonly self: Member;
  readonly members: MemberTable;
  readonly overlay: Overlay;
  /** Subjects of this node. */
  readonly edges = new Map<NodeId, Edge>();
  readonly news = new NewsQueue();
  readonly health = new Awareness();
  /** Removed from the cluster: their packets and claims are ignored. */
  readonly barred = new Set<NodeId>();
  now: Instant = 0;
  /** Until then no opinion gets worse: this node stood still a moment ago. */
  graceUntil: Instant = 0;
  /** Members entered or left the rings since the edges were drawn; once a turn is enough. */
  #moved = false;
  #neighbours: NodeId[] | null = null;
  packets: Packet[] = [];
  events: MemberEvent[] = [];
  /** An opinion or the overlay changed, so verdicts have to be looked at again. */
  unsettled = false;
  /** Members with claims that a sender of this turn got wrong. */
  readonly corrections = new Map<NodeId, Set<NodeId>>();
  /** Former subjects of whom this node still thinks ill; verdict.ts withdraws that. */
  readonly lapsed = new Set<NodeId>();
  /** Own words up to this one were urgent and go with the next packet. */
  urgentDigest = 0;
  /** The next own routine word to everybody; null until the first was said. */
  digestSpreadAt: Instant | null = null;
  retryAt: Instant = 0;
  syncAt: Instant = 0;
  roundAt: Instant = 0;

  constructor(options: GossipOptions) {
    this.random = options.random;
    const roster = options.roster ?? null;
    this.overlay = new Overlay(options.clusterId, roster?.rings ?? null);
    this.self = newMember(options.nodeId, options.address);
    this.self.incarnation = { boot: options.bootCounter, refutation: 0 };
    this.members = new MemberTable(this.self, roster);
    this.overlay.add(options.nodeId);
    this.#moved = roster !== null;
  }

  get timing(): Timing {
    return timingFor(this.overlay.size);
  }

  get isLeaving(): boolean {
    return this.self.state === 'left';
  }

  event(event: MemberEvent): void {
    this.events.push(event);
  }

  /** A new row of the table, not yet heard of; undefined when the table is full. */
  addMember(nodeId: NodeId, address: string): Member | undefined {
    if (this.members.size >= LIMITS.maxMembers) return undefined;
    const member = newMember(nodeId, address);
    this.members.add(member);
    this.enter(member);
    return member;
  }

  /** The member counts as live: it observes and is observed. */
  enter(member: Member): void {
    if (this.overlay.add(member.nodeId)) this.#onMove();
  }

  /** The member is failed, left or forgotten: others take over its edges. */
  withdraw(member: Member): void {
    if (this.overlay.delete(member.nodeId)) this.#onMove();
  }

  #onMove(): void {
    this.#moved = true;
    this.#neighbours = null;
  }

  /** Life and state of a member; its place on the rings is the caller's business. */
  restate(member: Member, incarnation: Incarnation, state: ClaimState): void {
    this.members.restate(member, incarnation, state);
  }

  /** Who gets digests and news: observers and subjects. */
  neighbours(): readonly NodeId[] {
    if (this.#neighbours === null) {
      const both = new Set([...this.edges.keys(), ...this.overlay.observers(this.self.nodeId)]);
      both.delete(this.self.nodeId);
      this.#neighbours = [...both];
    }
    return this.#neighbours;
  }

  /** Up to `count` different ones, by chance. */
  some(from: readonly NodeId[], count: number): NodeId[] {
    const out = [...from];
    if (from.length <= count) return out;
    // the first steps of a shuffle
    for (let i = 0; i < count; i++) {
      const j = i + Math.floor(this.random.next() * (out.length - i));
      const swap = out[i] as NodeId;
      out[i] = out[j] as NodeId;
      out[j] = swap;
    }
    return out.slice(0, count);
  }

  /** Names of observers, known ones only. */
  namesOf(keys: readonly ObserverKey[]): NodeId[] {
    return keys.map((key) => this.members.nameOf(key)).filter((name) => name !== undefined);
  }

  spread(nodeId: NodeId, priority: Priority, parts: number): void {
    this.news.add(nodeId, priority, parts);
  }

  /** The table's word about a member, this node included. */
  describe(nodeId: NodeId, parts: number): MemberUpdate | null {
    const member = nodeId === this.self.nodeId ? this.self : this.members.peek(nodeId);
    return member === undefined ? null : updateOf(member, parts, this.now);
  }

  /**
   * Somebody came or went: news of that may have missed somebody by chance (of ten thousand pairs one hears
   * nothing), so tables are compared about a second later and not only at the next regular time.
   */
  compareSoon(): void {
    this.syncAt = Math.min(this.syncAt, this.now + COMPARE_SOON_MS * (0.75 + this.random.next() / 2));
  }

  /**
   * A packet to `to`. Until it knows this life of this node, the node's own address rides
   * along; so does the newest own digest, once, at the pace of `digestIntervalMs`: never with news,
   * which are passed on. The address rides with news while the budget lasts, else with the next packet.
   */
  send(to: NodeId, body: GossipBody, updates: readonly MemberUpdate[] = []): void {
    const all = [...updates];
    const peer = this.members.get(to);
    const own = this.self.digest;
    if (peer !== undefined) {
      const isNew = compareIncarnations(peer.introducedAs, this.self.incarnation) !== 0;
      const owed = own !== null && body.kind !== 'news' && this.#owesDigest(peer, own.sequence);
      const word = isNew || owed ? updateOf(this.self, isNew ? PART_ALL : PART_DIGEST, this.now) : null;
      if (word !== null && (body.kind !== 'news' || this.news.spend(this.now, updateBytes(word)))) {
        all.push(word);
        peer.introducedAs = this.self.incarnation;
        if (own !== null) {
          peer.digestSent = own.sequence;
          peer.digestDueAt = this.now + digestIntervalMs(own.bytes.length, this.neighbours().length);
        }
      }
    }
    this.packets.push({ to, message: { ...body, incarnation: this.self.incarnation, updates: all } });
  }

  #owesDigest(peer: Member, sequence: number): boolean {
    if (peer.digestSent >= sequence) return false;
    return peer.digestSent < this.urgentDigest || this.now >= peer.digestDueAt;
  }

  /** `updates` as news to one node, cut into batches; what is over the budget is left to anti-entropy. */
  sendUpdates(to: NodeId, updates: readonly MemberUpdate[]): void {
    let batch: MemberUpdate[] = [];
    let room: number = LIMITS.maxGossipBatchBytes;
    for (const update of updates) {
      const size = updateBytes(update);
      const isFull = size > room;
      const header = isFull || batch.length === 0 ? HEADER_BYTES : 0;
      if (!this.news.spend(this.now, header + size)) break;
      if (isFull) {
        this.send(to, { kind: 'news' }, batch);
        batch = [];
        room = LIMITS.maxGossipBatchBytes;
      }
      batch.push(update);
      room -= size;
    }
    if (batch.length > 0) this.send(to, { kind: 'news' }, batch);
  }

  /** The member leaves the table without a trace. */
  forget(member: Member): void {
    this.members.delete(member);
    this.news.delete(member.nodeId);
    this.edges.delete(member.nodeId);
    this.withdraw(member);
    this.#neighbours = null;
  }

  /** Says the table's word about `about` to `to` at the end of this turn: it claimed something older. */
  correct(to: NodeId, about: NodeId): void {
    const set = this.corrections.get(to);
    if (set === undefined) this.corrections.set(to, new Set([about]));
    else set.add(about);
  }

  /** This node speaks from a new life: everybody must hear it. */
  reincarnate(incarnation: Incarnation): void {
    this.members.reopine(this.self, () => {
      this.self.opinions = NO_OPINIONS;
    });
    this.restate(this.self, incarnation, this.self.state);
  }

  /** Edges follow the rings: new subjects start with a clean sheet, former ones lose this node's opinion. */
  followOverlay(): void {
    if (!this.#moved) return;
    this.#moved = false;
    this.#neighbours = null;
    const subjects = new Set(this.overlay.subjects(this.self.nodeId));
    for (const nodeId of this.edges.keys()) {
      if (subjects.has(nodeId)) continue;
      this.edges.delete(nodeId);
      const member = this.members.get(nodeId);
      if (member !== undefined && member.state === 'alive' && this.ownLevel(member) !== QUIET) {
        this.lapsed.add(nodeId);
      }
    }
    for (const nodeId of subjects) {
      if (!this.edges.has(nodeId)) this.edges.set(nodeId, newEdge(this.now, this.#watchedSince(nodeId)));
    }
    this.unsettled = true;
  }

  #watchedSince(nodeId: NodeId): Instant {
    const { timing, now } = this;
    const suspectSince = this.members.peek(nodeId)?.splitSince ?? null;
    if (suspectSince === null) return now;
    return Math.min(now, Math.max(now - timing.voteMs + OWN_WATCH_MS, suspectSince - timing.suspectMs));
  }

  ownLevel(member: Member): 0 | 1 | 2 | 3 {
    return levelOf(member.opinions.get(this.self.key) ?? 0);
  }
}
