/**
 * A reference model of one Raft server: the rules of the paper over plain data, written
 * to be read beside figure 2, not to be fast. It shares no code with the product.
 *
 * Kept for each server: what it must have in memory, and every state that its disk may
 * be in (the acknowledged one, and one more for each write that is still out). What is
 * durable is not counted but asked of all of them.
 *
 * Not in it: when a server stands (that is chance), to whom a leader sends
 * what, and how a read is confirmed.
 */
import type { LogEntry, Membership, RaftMember, RaftMessage, SnapshotMeta } from '../../src/raft/index.ts';

/** An entry as far as two logs can differ in it. */
interface Line {
  readonly term: number;
  /** Null unless the entry is a membership. */
  readonly membership: Membership | null;
}

/** What a disk holds: hard state, and the lines behind `base`. */
export interface Image {
  readonly term: number;
  readonly votedFor: string | null;
  readonly base: { readonly index: number; readonly term: number };
  /** The membership at `base`, and the index that made it. */
  readonly baseMembership: Membership;
  readonly baseMembershipIndex: number;
  readonly lines: readonly Line[];
}

interface Peer {
  readonly instanceId: string;
  match: number;
  /** Number under which the leader talks to it; null before its first word. */
  session: number | null;
  contactAt: number;
}

export type ModelRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** The longest that a server keeps to whom it supports. */
const SUPPORT_MS = 3000;

const NOBODY: Membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };

export function emptyImage(): Image {
  const base = { index: 0, term: 0 };
  return { term: 0, votedFor: null, base, baseMembership: NOBODY, baseMembershipIndex: 0, lines: [] };
}

export function everybody(m: Membership): RaftMember[] {
  return [...m.voters, ...m.outgoing, ...m.learners, ...m.learnersNext];
}

/** A majority of each half that has members. */
function isQuorum(m: Membership, has: (id: string) => boolean): boolean {
  return [m.voters, m.outgoing].every((half) => {
    const count = half.filter((member) => has(member.nodeId)).length;
    return half.length === 0 || count > half.length / 2;
  });
}

export class RaftModel {
  readonly id: string;
  readonly instanceId: string;
  term = 0;
  votedFor: string | null = null;
  role: ModelRole = 'follower';
  leaderId: string | null = null;
  commit = 0;
  /** Up to here the log is known to be that of the leader of this term. */
  matched = 0;
  #log: Image;
  /** States of the disk: the acknowledged one first, then one for each write that is out. */
  #disk: { token: number; image: Image }[];
  contactAt: number | null = null;
  askedAt = Number.NEGATIVE_INFINITY;
  /** Evidence that the leader is gone. */
  leaseVoid = false;
  /** The last one that was refused a pre-vote, who may be answered anew when the leader turns out to be gone. */
  asker: Extract<RaftMessage, { kind: 'pre-vote' }> | null = null;
  isLeaving = false;
  isDistressed = false;
  timeoutMs: number;
  campaign = 0;
  /** Whom it supported, by a yes or a vote, and when: for a while it may keep to that one. */
  readonly supported = new Map<string, number>();
  readonly answers = new Map<string, boolean>();
  readonly peers = new Map<string, Peer>();
  termStart = 0;
  /** An installed snapshot whose write is out: what is durable meanwhile is nobody's business. */
  #installing: number | null = null;

  constructor(id: string, instanceId: string, options: { image: Image; applied: number; timeoutMs: number }) {
    this.id = id;
    this.instanceId = instanceId;
    this.timeoutMs = options.timeoutMs;
    this.#log = options.image;
    this.#disk = [{ token: 0, image: options.image }];
    this.term = options.image.term;
    this.votedFor = options.image.votedFor;
    this.commit = Math.max(options.applied, options.image.base.index);
  }

  // ---- the log

  get image(): Image {
    return { ...this.#log, term: this.term, votedFor: this.votedFor };
  }

  get last(): { index: number; term: number } {
    const { base, lines } = this.#log;
    return { index: base.index + lines.length, term: lines.at(-1)?.term ?? base.term };
  }

  termAt(index: number): number | undefined {
    return termIn(this.#log, index);
  }

  /** Memberships with the index that brought them, oldest first; the first is the newest committed one. */
  configs(): { index: number; membership: Membership }[] {
    const { base, baseMembership, baseMembershipIndex, lines } = this.#log;
    const all = [{ index: baseMembershipIndex, membership: baseMembership }];
    lines.forEach(({ membership }, n) => {
      if (membership !== null) all.push({ index: base.index + n + 1, membership });
    });
    const committed = all.findLastIndex((c) => c.index <= this.commit);
    return all.slice(Math.max(0, committed));
  }

  get membership(): Membership {
    return this.configs().at(-1)?.membership ?? NOBODY;
  }

  get isSettled(): boolean {
    return this.configs().length === 1;
  }

  append(lines: readonly Line[]): void {
    this.#log = { ...this.#log, lines: [...this.#log.lines, ...lines] };
  }

  #cutFrom(index: number): void {
    const { base, lines } = this.#log;
    this.#log = { ...this.#log, lines: lines.slice(0, index - base.index - 1) };
  }

  /** The last index up to which every state that the disk may be in agrees with this log. */
  durable(): number | null {
    if (this.#installing !== null) return null;
    return Math.min(...this.#disk.map(({ image }) => agreement(image, this.#log)));
  }

  // ---- the disk

  /** Everything changed so far goes to the disk as one write. */
  wrote(token: number): void {
    this.#disk.push({ token, image: this.image });
    if (this.#installing === Number.POSITIVE_INFINITY) this.#installing = token;
  }

  /** True when the newest write says all that is in memory. */
  isWritten(): boolean {
    return JSON.stringify(this.#disk.at(-1)?.image) === JSON.stringify(this.image);
  }

  get writesOut(): number {
    return this.#disk.length - 1;
  }

  acknowledged(token: number): void {
    const newest = this.#disk.findLastIndex((d) => d.token <= token);
    this.#disk = this.#disk.slice(Math.max(0, newest));
    if (this.#installing !== null && token >= this.#installing) this.#installing = null;
    if (this.role === 'candidate' && this.durableVote() && !this.answers.has(this.id))
      this.answer(this.id, true);
  }

  /** Was a vote given in this term that a power cut would take back? */
  isVoteOnItsWay(): boolean {
    const image = this.#disk[0]?.image;
    return this.votedFor !== null && (image?.term !== this.term || image.votedFor !== this.votedFor);
  }

  durableVote(): boolean {
    const image = this.#disk[0]?.image;
    return image !== undefined && image.term === this.term && image.votedFor === this.id;
  }

  /** What a power cut leaves. */
  get survives(): Image {
    return this.#disk[0]?.image ?? emptyImage();
  }

  // ---- who may

  /** A voter of the newest committed configuration or of any behind it. */
  get isVoter(): boolean {
    return this.configs().some(({ membership }) =>
      [...membership.voters, ...membership.outgoing].some((v) => v.nodeId === this.id),
    );
  }

  /** False when the configuration names this server with another disk. */
  get hasOwnDisk(): boolean {
    const self = everybody(this.membership).find((m) => m.nodeId === this.id);
    return self === undefined || self.instanceId === this.instanceId;
  }

  get mayStand(): boolean {
    return this.isVoter && this.hasOwnDisk && !this.isLeaving;
  }

  /** Is it bound to a leader that it hears? */
  isBound(asker: string, now: number): boolean {
    if (this.role === 'leader') return true;
    if (this.leaderId === null || this.leaderId === asker || this.contactAt === null || this.leaseVoid)
      return false;
    return now < this.contactAt + this.timeoutMs;
  }

  /** May it say no to `asker`, for whom it would vote, because it supports another? */
  maySupportAnother(asker: string, now: number): boolean {
    return [...this.supported].some(([id, at]) => id !== asker && now - at <= SUPPORT_MS);
  }

  isUpToDate(last: { index: number; term: number }): boolean {
    const own = this.last;
    return last.term > own.term || (last.term === own.term && last.index >= own.index);
  }

  // ---- roles

  follow(term: number, leaderId: string | null): void {
    if (term > this.term) {
      this.term = term;
      this.votedFor = null;
      this.matched = 0;
    }
    if (this.role === 'leader') this.contactAt = null;
    this.role = 'follower';
    this.leaderId = leaderId;
    this.isDistressed = false;
    this.answers.clear();
    this.peers.clear();
  }

  askBeforeStanding(): void {
    this.role = 'pre-candidate';
    this.leaderId = null;
    this.answers.clear();
    this.answers.set(this.id, true);
  }

  stand(): void {
    this.term += 1;
    this.votedFor = this.id;
    this.matched = 0;
    this.role = 'candidate';
    this.leaderId = null;
    this.answers.clear();
  }

  /** One answer to the running campaign; the first of each server counts. */
  answer(from: string, granted: boolean): void {
    if (!this.answers.has(from)) this.answers.set(from, granted);
    if (this.isWon()) {
      if (this.role === 'candidate') this.lead();
      else this.stand();
    } else if (this.isLost() && this.role === 'candidate') this.follow(this.term, null);
  }

  isWon(): boolean {
    return isQuorum(this.membership, (id) => this.answers.get(id) === true);
  }

  /** No majority can be reached any more. */
  isLost(): boolean {
    return !isQuorum(this.membership, (id) => this.answers.get(id) !== false);
  }

  lead(): void {
    this.role = 'leader';
    this.leaderId = this.id;
    this.leaseVoid = false;
    this.termStart = this.last.index + 1;
    this.peers.clear();
    this.askedAt = Number.NEGATIVE_INFINITY;
    this.append([{ term: this.term, membership: null }]);
  }

  /** Followed is everybody in a configuration that may be in force; a new disk is a new peer. */
  syncPeers(now: number): void {
    const wanted = new Map<string, string>();
    for (const { membership } of this.configs())
      for (const member of everybody(membership).reverse()) wanted.set(member.nodeId, member.instanceId);
    wanted.delete(this.id);
    for (const [id, peer] of this.peers) if (wanted.get(id) !== peer.instanceId) this.peers.delete(id);
    for (const [id, instanceId] of wanted) {
      if (!this.peers.has(id)) this.peers.set(id, { instanceId, match: 0, session: null, contactAt: now });
    }
  }

  // ---- what a leader decides

  /** Is `index` durable on every majority that counts? */
  isHeld(index: number): boolean {
    const own = this.durable() ?? 0;
    return isQuorum(
      this.membership,
      (id) => (id === this.id ? own : (this.peers.get(id)?.match ?? 0)) >= index,
    );
  }

  /** Has a majority been heard since `instant`? */
  hears(instant: number): boolean {
    return this.#hears((at) => at > instant);
  }

  /** It asks voters for a sign of life: what counts is the first time since a majority gave one. */
  asks(now: number): void {
    if (this.#isAnswered()) this.askedAt = now;
  }

  /** Who has asked nobody, or has not waited for as long as others would have, gives nobody up. */
  hasWaited(now: number, answersMs: number): boolean {
    return !this.#isAnswered() && now >= this.askedAt + answersMs;
  }

  #isAnswered(): boolean {
    return this.#hears((at) => at >= this.askedAt);
  }

  #hears(isLate: (at: number) => boolean): boolean {
    return isQuorum(
      this.membership,
      (id) => id === this.id || isLate(this.peers.get(id)?.contactAt ?? Number.NEGATIVE_INFINITY),
    );
  }

  /** §5.4.2: the newest entry of the own term that is held; then what its commit brings. */
  decide(now: number): void {
    let index = this.last.index;
    while (index > this.commit && !this.isHeld(index)) index--;
    if (index <= this.commit || this.termAt(index) !== this.term || this.membership.voters.length === 0)
      return;
    const before = this.configs().length;
    this.commit = index;
    if (this.configs().length !== before) this.syncPeers(now);
    if (index < this.termStart || !this.isSettled) return;
    if (this.membership.outgoing.length > 0) this.changeMembership(leaving(this.membership), now);
    else if (!this.isVoter) this.follow(this.term, null);
  }

  changeMembership(membership: Membership, now: number): void {
    this.append([{ term: this.term, membership }]);
    this.syncPeers(now);
  }

  // ---- what a follower does

  commitTo(index: number): void {
    this.commit = Math.max(this.commit, Math.min(index, this.matched));
  }

  /** §5.3, figure 2: entries in agreement stay, the first conflict takes all behind it along. False: no fit. */
  merge(
    prev: { index: number; term: number },
    entries: readonly LogEntry[],
    read: (e: LogEntry) => Line,
  ): boolean {
    if (prev.index >= this.commit && this.termAt(prev.index) !== prev.term) return false;
    for (const entry of entries) {
      if (entry.index <= this.commit || this.termAt(entry.index) === entry.term) continue;
      if (entry.index <= this.last.index) this.#cutFrom(entry.index);
      this.append([read(entry)]);
    }
    this.matched = Math.max(this.matched, this.commit, prev.index + entries.length);
    return true;
  }

  install(meta: SnapshotMeta): void {
    const base = { index: meta.index, term: meta.term };
    const { membership: baseMembership, membershipIndex: baseMembershipIndex } = meta;
    this.#log = { ...this.#log, base, baseMembership, baseMembershipIndex, lines: [] };
    this.commit = meta.index;
    this.matched = meta.index;
    this.#installing = Number.POSITIVE_INFINITY;
  }
}

export function termIn({ base, lines }: Image, index: number): number | undefined {
  if (index === base.index) return base.term;
  return index > base.index ? lines[index - base.index - 1]?.term : undefined;
}

/** Length of the common beginning of two logs. */
function agreement(a: Image, b: Image): number {
  let index = Math.max(a.base.index, b.base.index);
  for (;;) {
    const term = termIn(a, index + 1);
    if (term === undefined || term !== termIn(b, index + 1)) return index;
    index++;
  }
}

/** §6: the new configuration alone. */
export function leaving(m: Membership): Membership {
  return { voters: m.voters, outgoing: [], learners: [...m.learners, ...m.learnersNext], learnersNext: [] };
}
