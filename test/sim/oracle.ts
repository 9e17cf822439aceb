/**
 * What must never happen, checked after each step of the simulated world: the safety
 * properties of Raft (figure 3 of the paper) over all nodes together, and what durability
 * promises. What clients were told is history.ts.
 *
 * The oracle sees the nodes from outside: what they write, send, commit and apply. It
 * keeps one history (what was committed at which index) and holds everybody to it. Each
 * check looks only at what is new, so it costs the same in a long seed.
 */
import type { InstanceId, LogIndex, LogPosition, NodeId, Term } from '../../src/base/index.ts';
import {
  decodeMembership,
  type LogEntry,
  type Membership,
  type PersistRequest,
  type RaftMarks,
  type RaftMessage,
  type SnapshotMeta,
} from '../../src/raft/index.ts';
import { type Config, disjointQuorums, isQuorum, isReplacement } from './config-safety.ts';
import { Polls } from './polls.ts';
import { Shadow } from './shadow.ts';
import { Violation } from './violation.ts';

/** One life of a process as the oracle remembers it between two steps. */
interface Life {
  term: Term;
  vote: NodeId | null;
  commit: LogIndex;
  applied: LogIndex;
  /** The last term that it led, or 0. */
  leads: Term;
  /** The newest term that it has written or ended a turn in. */
  wrote: Term;
  /** The membership in force after the last turn. */
  membership: Membership | null;
  /** Its log was cut since the last turn. */
  cut: boolean;
  /** The end of its log after the last turn; null before the first. */
  last: LogPosition | null;
  /** Terms between the last turn's and that of its newest write, and the end of its log before. */
  skipped: { readonly after: Term; readonly before: Term; readonly last: LogPosition } | null;
  /** Newest snapshot that it found when it started, or that a leader sent: the state may have to load it first. */
  sent: LogIndex;
}

/** What a leader's log held when it was elected; whatever it added since is of its own term. */
interface Inheritance {
  readonly first: LogIndex;
  readonly terms: readonly Term[];
}

/** A log as far as the oracle looks into it. */
export interface LogView {
  term(index: LogIndex): Term | undefined;
  firstIndex(): LogIndex;
  lastIndex(): LogIndex;
}

/** An entry that some log holds or held: index and term fix its content and what is before it. */
interface Witness {
  readonly entry: LogEntry;
  readonly previous: Term;
  readonly config: Config | null;
  /** Another one of the same index. */
  readonly next: Witness | undefined;
}

export function isSameEntry(a: LogEntry, b: LogEntry): boolean {
  if (a === b) return true;
  if (a.term !== b.term || a.index !== b.index || a.kind !== b.kind) return false;
  if (a.data === b.data) return true;
  if (a.data.length !== b.data.length) return false;
  for (let i = 0; i < a.data.length; i++) if (a.data[i] !== b.data[i]) return false;
  return true;
}

const nameOf = ({ term, index, kind, data }: LogEntry): string =>
  `${index}/${term} ${kind} of ${data.length} bytes`;

export class Oracle {
  /** One for each disk that ever was: what it acknowledged it held, whatever became of it. */
  readonly #shadows = new Map<InstanceId, Shadow>();
  readonly #leaders = new Map<Term, NodeId>();
  readonly #inherited = new Map<Term, Inheritance>();
  readonly #written: (Witness | undefined)[] = [];
  /** Terms of committed entries. */
  readonly #committed: (Term | undefined)[] = [];
  /** The term in which each was first seen to be committed. */
  readonly #committedIn: (Term | undefined)[] = [];
  readonly #applied: (LogEntry | undefined)[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #polls = new Polls();
  /** Configurations that were appended in the turn under way. */
  #newConfigs: Config[] = [];
  #highest: LogIndex = 0;
  /** Checks made so far. */
  checks = 0;
  /** Changes that were appended in which one voter came and another went. */
  replacements = 0;
  /** The first thing that went wrong; later ones follow from it. */
  violation: Violation | null = null;

  /** The shadow of a disk. */
  shadowOf(instanceId: InstanceId): Shadow {
    let known = this.#shadows.get(instanceId);
    if (known === undefined) {
      known = new Shadow();
      this.#shadows.set(instanceId, known);
    }
    return known;
  }

  /** The disk of an instance holds something else from now on. */
  replaceShadow(instanceId: InstanceId, shadow: Shadow): void {
    this.#shadows.set(instanceId, shadow.after(this.shadowOf(instanceId)));
  }

  /** Highest index that any node has applied. */
  get appliedIndex(): LogIndex {
    return this.#highest;
  }

  /** Terms that had a leader. */
  get terms(): number {
    return this.#leaders.size;
  }

  fail(rule: string, text: string): never {
    this.violation ??= new Violation(`${rule}: ${text}`);
    throw this.violation;
  }

  /** Election Safety (§5.2) and Leader Completeness (§5.4): one leader a term, whose log holds all that is committed. */
  elected(who: string, term: Term, log: LogView): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== who) {
      this.fail('ElectionSafety', `${other} and ${who} lead term ${term}`);
    }
    this.#leaders.set(term, who);
    this.#inherit(term, log);
    for (let index = log.firstIndex(); index < this.#committed.length; index++) {
      const want = this.#committed[index];
      // a leader of an earlier term that was elected late owes nothing to later ones
      if (want === undefined || log.term(index) === want || (this.#committedIn[index] ?? 0) >= term) continue;
      this.fail(
        'LeaderCompleteness',
        `${who} leads ${term} without ${index} of ${want} (${log.term(index)})`,
      );
    }
  }

  /** Election Safety rests on this (§5.2): disks can not take back the votes of each majority that the configuration needs. */
  chosen(who: string, term: Term, membership: Membership): void {
    const isFor = (instanceId: InstanceId): boolean => this.shadowOf(instanceId).voted(term) === who;
    if (isQuorum(membership, isFor)) return;
    const names = [...membership.voters, ...membership.outgoing].map((m) => m.instanceId).filter(isFor);
    this.fail('ElectedByQuorum', `${who} leads ${term} by the votes of ${names.join(' ')} alone`);
  }

  #inherit(term: Term, log: LogView): void {
    const first = log.firstIndex();
    const terms: Term[] = [];
    for (let index = first; index <= log.lastIndex(); index++) terms.push(log.term(index) ?? -1);
    this.#inherited.set(term, { first, terms });
  }

  /** The term of what the leader of `term` holds at `index`; -1 when nobody led or committed that. */
  #ledTerm(term: Term, index: LogIndex): Term {
    const log = this.#inherited.get(term);
    if (log === undefined) return -1;
    if (index < log.first) return this.#committed[index] ?? -1;
    return log.terms[index - log.first] ?? term;
  }

  /** Log Matching (§5.3), Leader Append-Only (§5.3), and installed snapshots are committed history. */
  written(who: string, request: PersistRequest, termBefore: (index: LogIndex) => Term | undefined): void {
    this.checks++;
    const { entries, truncateFrom, snapshot } = request;
    const life = this.#lives.get(who);
    if (life !== undefined) life.wrote = request.hardState?.term ?? life.wrote;
    if (truncateFrom !== null) this.#cuts(who, truncateFrom, termBefore);
    if (snapshot !== null) this.snapshot(who, snapshot.meta);
    if (life !== undefined && snapshot?.keepSuffix === false) life.sent = snapshot.meta.index;
    const { term, votedFor } = request.hardState ?? { term: 0, votedFor: null };
    if (votedFor !== null && votedFor !== who && life?.last) {
      const defect = this.#polls.voteDefect(votedFor, term, life.last);
      if (defect !== null) this.fail('VoteLog', `${who} votes in ${term}: ${defect}`);
    }
    if (life?.last && term > life.term + 1 && truncateFrom === null && snapshot === null)
      life.skipped = { after: life.term, before: term, last: life.last };
    const first = entries[0];
    let previous: Term = first === undefined ? 0 : (termBefore(first.index - 1) ?? -1);
    if (snapshot?.keepSuffix === false) previous = snapshot.meta.term;
    for (const entry of entries) {
      this.#append(who, entry, previous);
      previous = entry.term;
    }
  }

  #append(who: string, entry: LogEntry, previous: Term): void {
    const known = this.#witness(entry.index, entry.term);
    if (known !== undefined) {
      if (known.previous === previous && isSameEntry(known.entry, entry)) return;
      const text = `${who} writes ${nameOf(entry)} after term ${previous}`;
      this.fail('LogMatching', `${text}, others ${nameOf(known.entry)} after term ${known.previous}`);
    }
    const before = this.#witness(entry.index - 1, previous)?.config ?? null;
    const config = entry.kind === 'membership' ? this.#config(entry, before) : before;
    this.#written[entry.index] = { entry, previous, config, next: this.#written[entry.index] };
  }

  #witness(index: LogIndex, term: Term): Witness | undefined {
    let witness = this.#written[index];
    while (witness !== undefined && witness.entry.term !== term) witness = witness.next;
    return witness;
  }

  #config(entry: LogEntry, before: Config | null): Config {
    const { term, index } = entry;
    const decoded = decodeMembership(entry.data);
    if (!decoded.ok) this.fail('Codec', `membership ${index}/${term}: ${decoded.reason}`);
    const config = { term, index, membership: decoded.value, before };
    if (isReplacement(decoded.value)) this.replacements++;
    this.#newConfigs.push(config);
    return config;
  }

  /**
   * A node has ended amid its turn, behind what it wrote, or is about to. It may have learned in this very turn that the
   * configuration before was committed, and told nobody: the disks of the majority say so then.
   */
  ended(): void {
    for (const config of this.#newConfigs.splice(0)) {
      const { before } = config;
      if (before !== null && this.#isHeld(before.membership, before.index, before.term)) continue;
      this.#checkConfig(config);
    }
  }

  /** Any two configurations that may decide at the same time intersect (§6). */
  #checkConfig({ index, term, membership, before }: Config): void {
    if (before === null) return;
    if (this.#committed[before.index] !== before.term) {
      const text = `configuration ${index}/${term} was appended on ${before.index}/${before.term}`;
      this.fail('ConfigSafety', `${text}, which is not committed`);
    }
    const apart = disjointQuorums(before.membership, membership);
    if (apart !== null) this.fail('ConfigSafety', `configuration ${index}/${term}: ${apart}`);
  }

  /** A committed entry is never taken back where it lies. */
  #cuts(who: string, from: LogIndex, termAt: (index: LogIndex) => Term | undefined): void {
    const life = this.#lives.get(who);
    if (life !== undefined) {
      life.cut = true;
      // also in the turn in which it steps down: nobody else leads that term, so nobody may make it cut
      if (life.leads > 0 && life.wrote === life.leads)
        this.fail('LeaderAppendOnly', `${who} led term ${life.leads} and cuts`);
    }
    for (let index = from; index < this.#committed.length; index++) {
      const known = this.#committed[index];
      if (known !== undefined && termAt(index) === known) {
        this.fail('CommittedImmutable', `${who} cuts committed ${index} of term ${known}`);
      }
    }
  }

  /** A snapshot stands for committed history only. */
  snapshot(who: string, meta: SnapshotMeta): void {
    const known = this.#committed[meta.index];
    if (known !== meta.term) {
      this.fail('SnapshotCommitted', `${who} has ${meta.id} of term ${meta.term}, committed is ${known}`);
    }
  }

  /** Nothing leaves that claims more than the sender's disk holds (§5.1, figure 2). */
  sent(m: RaftMessage): void {
    if (m.kind === 'pre-vote' || m.kind === 'vote') this.#polls.asked(m);
    const last = m.kind === 'pre-vote-response' && m.granted ? this.#lives.get(m.from)?.last : null;
    if (m.kind === 'pre-vote-response' && last) {
      const defect = this.#polls.preVoteDefect(m, last);
      if (defect !== null) this.fail('PreVoteLog', `${m.from} says yes to a pre-vote: ${defect}`);
    }
    if (m.kind !== 'append-response' && m.kind !== 'vote-response' && m.kind !== 'vote') return;
    this.checks++;
    const shadow = this.shadowOf(m.fromInstance);
    const { term, votedFor } = shadow.hardState;
    // a later term on disk means that the claim was durable before, or that a restart can not take it back
    if (term > m.term) {
      if (m.kind === 'vote-response' && m.granted) this.#votedBefore(shadow, m.from, m.term, m.to);
      return;
    }
    if (m.kind === 'append-response') {
      if (!m.accepted) return;
      if (shadow.last < m.index)
        this.fail('AckBeforeDurable', `${m.from} claims ${m.index}, holds ${shadow.last}`);
      if (term < m.term) this.fail('TermBeforeDurable', `${m.from} answers in ${m.term}, holds ${term}`);
      // an older entry at the same place is not what the leader sent
      const led = this.#ledTerm(m.term, m.index);
      if (m.index > 0 && !shadow.holds(m.index, led))
        this.fail('AckOfAnother', `${m.from} claims ${m.index}/${led} in ${m.term}, its disk holds another`);
      return;
    }
    const candidate = m.kind === 'vote' ? m.from : m.to;
    if (m.kind === 'vote-response' && !m.granted) return;
    if (term !== m.term || votedFor !== candidate) {
      const text = `${m.from} votes ${candidate} in ${m.term}, holds ${votedFor} in ${term}`;
      this.fail('VoteBeforeDurable', text);
    }
  }

  /**
   * Two votes of one turn are one write, of the later term: the earlier vote never lies on the disk, and binds all the
   * same, because nobody votes in a term that has gone by. It counts from when it was told; nobody may be told another.
   * A log that nothing cut is at least as long in a turn as before it.
   */
  #votedBefore(shadow: Shadow, who: string, term: Term, candidate: NodeId): void {
    const other = shadow.voted(term);
    if (other !== undefined && other !== candidate)
      this.fail('VoteTwice', `${who} votes ${candidate} in ${term}, and has voted ${other}`);
    const skipped = this.#lives.get(who)?.skipped;
    if (skipped && term > skipped.after && term < skipped.before) {
      const defect = this.#polls.voteDefect(candidate, term, skipped.last);
      if (defect !== null) this.fail('VoteLog', `${who} votes in ${term}: ${defect}`);
    }
    shadow.countVote(term, candidate);
  }

  /** A new life: commit and applied start over, the term does not; `sent` is the snapshot that its log begins with. */
  started(who: string, term: Term, { applied, sent }: { applied: LogIndex; sent: LogIndex }): void {
    const nothing = {
      vote: null,
      commit: 0,
      leads: 0,
      wrote: term,
      membership: null,
      cut: false,
      last: null,
      skipped: null,
    };
    this.#lives.set(who, { ...nothing, term, applied, sent });
  }

  /** After a turn of a node: its marks keep their order, only grow, and what it commits is one history. */
  turned(who: string, marks: RaftMarks, entryTerm: (index: LogIndex) => Term | undefined): void {
    this.checks++;
    const life = this.#lives.get(who);
    if (life === undefined) return;
    this.#checkMarks(who, marks, life);
    const { term, commitIndex: commit } = marks;
    for (let index = Math.max(life.commit + 1, marks.firstIndex); index <= commit; index++) {
      this.#commits(who, index, { at: term, term: entryTerm(index) });
    }
    const isLeader = marks.role === 'leader';
    if (isLeader && commit > life.commit) this.#decides(marks, life, entryTerm);
    if (this.#newConfigs.length > 0) {
      for (const config of this.#newConfigs) this.#checkConfig(config);
      this.#newConfigs = [];
    }
    life.term = term;
    life.vote = marks.votedFor;
    life.commit = commit;
    life.applied = marks.appliedIndex;
    life.leads = isLeader ? term : life.leads;
    life.wrote = term;
    life.membership = marks.membership;
    life.cut = false;
    life.last = marks.last;
  }

  #checkMarks(who: string, marks: RaftMarks, life: Life): void {
    const { term, votedFor, commitIndex: commit, appliedIndex: applied, snapshotIndex } = marks;
    if (term < life.term) this.fail('MonotonicTerm', `${who} went from ${life.term} to ${term}`);
    if (term === life.term && life.vote !== null && votedFor !== life.vote)
      this.fail('MonotonicVote', `${who} voted ${life.vote} and then ${votedFor} in term ${term}`);
    if (commit < life.commit) this.fail('MonotonicCommit', `${who} went from ${life.commit} to ${commit}`);
    if (applied < life.applied)
      this.fail('MonotonicApplied', `${who} went from ${life.applied} to ${applied}`);
    const { applyingIndex: applying, durableIndex: durable, last } = marks;
    const isOrdered = applied <= applying && applying <= commit && commit <= last.index;
    // one that was made here stands for what was applied; one that was sent may wait to be loaded
    const isMeant = snapshotIndex <= Math.max(applied, life.sent) && snapshotIndex <= commit;
    if (isOrdered && isMeant && applying <= Math.max(durable, snapshotIndex)) return;
    const texts = `snapshot ${snapshotIndex} applied ${applied} applying ${applying} commit ${commit}`;
    this.fail('Order', `${who}: ${texts} durable ${durable} last ${last.index}`);
  }

  /** Committed entries never change, whoever says that they are committed. */
  #commits(who: string, index: LogIndex, seen: { at: Term; term: Term | undefined }): void {
    const { at, term } = seen;
    if (term === undefined) this.fail('Commit', `${who} commits ${index}, which it does not hold`);
    const known = this.#committed[index];
    if (known === undefined) {
      this.#committed[index] = term;
      this.#committedIn[index] = at;
    } else if (known !== term) {
      this.fail('CommittedImmutable', `${who} commits ${index} of term ${term}, it was of term ${known}`);
    }
  }

  /** What a leader commits lies on the disks of every majority that its configuration needs. */
  #decides(marks: RaftMarks, life: Life, entryTerm: (index: LogIndex) => Term | undefined): void {
    const { commitIndex: commit, nodeId } = marks;
    const from = Math.max(life.commit + 1, marks.firstIndex);
    for (let index = from; index <= commit; index++) {
      const term = entryTerm(index);
      const witness = term === undefined ? undefined : this.#witness(index, term);
      if (witness?.entry.kind !== 'membership' || witness.config === null) continue;
      if (this.#isHeld(witness.config.membership, index, term)) continue;
      this.fail('CommittedOnQuorum', `${nodeId} commits the membership of ${index} without its majorities`);
    }
    if (commit < from) return;
    // counting copies commits only what is of the leader's own term (§5.4.2, figure 8)
    if (life.leads === marks.term && entryTerm(commit) !== marks.term)
      this.fail('CommitOwnTerm', `${nodeId} leads ${marks.term} and commits ${commit}/${entryTerm(commit)}`);
    // a membership that followed from a commit of this very turn may have decided the rest, or not yet
    const term = entryTerm(commit);
    if (life.membership !== null && this.#isHeld(life.membership, commit, term)) return;
    if (life.membership !== marks.membership && this.#isHeld(marks.membership, commit, term)) return;
    this.fail('CommittedOnQuorum', `${nodeId} commits ${commit}/${term} without a majority`);
  }

  /** Is this entry durable on a majority of each half? */
  #isHeld(membership: Membership, index: LogIndex, term: Term | undefined): boolean {
    return isQuorum(membership, (instanceId) => this.shadowOf(instanceId).holds(index, term ?? -1));
  }

  /** State Machine Safety (§5.4.3): no two nodes apply different entries at an index. True when it is news. */
  applies(who: string, entry: LogEntry): boolean {
    this.checks++;
    const known = this.#applied[entry.index];
    if (known !== undefined) {
      if (isSameEntry(known, entry)) return false;
      const text = `${who} applies ${nameOf(entry)} at ${entry.index}, others applied ${nameOf(known)}`;
      this.fail('StateMachineSafety', text);
    }
    if (this.#committed[entry.index] !== entry.term) {
      this.fail('AppliedCommitted', `${who} applies ${nameOf(entry)}, which is not committed`);
    }
    this.#applied[entry.index] = entry;
    this.#highest = Math.max(this.#highest, entry.index);
    return true;
  }
}
