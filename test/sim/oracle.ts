/**
 * What must never happen, checked after each step of the simulated world: the safety
 * properties of Raft (figure 3 of the paper) over all nodes together, what durability
 * promises, and what clients were told.
 *
 * The oracle sees the nodes from outside: what they write, send, commit and apply. It
 * keeps one history (what was committed at which index) and holds everybody to it.
 */
import type { InstanceId, LogIndex, NodeId, Term } from '../../src/base/index.ts';
import {
  decodeMembership,
  type LogEntry,
  type Membership,
  type PersistRequest,
  type RaftMessage,
  type RaftStatus,
  type SnapshotMeta,
} from '../../src/raft/index.ts';
import { Shadow } from './shadow.ts';

export class Violation extends Error {
  override readonly name = 'Violation';
}

/** One life of a node as the oracle remembers it between two steps. */
interface Life {
  term: Term;
  commit: LogIndex;
  applied: LogIndex;
  /** The term that it leads, or 0. */
  leads: Term;
  /** The membership in force after the last turn. */
  membership: Membership | null;
  /** Its log was cut since the last turn. */
  cut: boolean;
}

const decoder = new TextDecoder();

/** Identity of an entry's content. */
function printOf(entry: LogEntry): string {
  const data = entry.kind === 'command' ? decoder.decode(entry.data) : String(entry.data.length);
  return `${entry.term}/${entry.kind}/${data}`;
}

/** The client's number in an entry, or null. */
export function serialOf(entry: LogEntry): number | null {
  return entry.kind === 'command' ? Number(decoder.decode(entry.data)) : null;
}

export class Oracle {
  /** One for each disk that ever was: what it acknowledged it held, whatever became of it. */
  readonly #shadows = new Map<InstanceId, Shadow>();
  readonly #leaders = new Map<Term, NodeId>();
  /** Log Matching: an entry's identity fixes its content and the term before it, in every log. */
  readonly #written = new Map<string, string>();
  readonly #memberships = new Map<string, Membership>();
  /** Terms of committed entries. */
  readonly #committed: (Term | undefined)[] = [];
  /** The term in which each was first seen to be committed. */
  readonly #committedIn: (Term | undefined)[] = [];
  readonly #applied: (string | undefined)[] = [];
  readonly #lives = new Map<NodeId, Life>();
  readonly #acked = new Map<number, LogIndex>();
  readonly #serialAt = new Map<number, LogIndex>();
  #ackedFloor: LogIndex = 0;
  #highest: LogIndex = 0;
  /** Checks made so far. */
  checks = 0;
  /** The first thing that went wrong; later ones follow from it. */
  violation: Violation | null = null;

  /** The shadow of a disk. */
  shadowOf(instanceId: InstanceId): Shadow {
    const known = this.#shadows.get(instanceId) ?? new Shadow();
    this.#shadows.set(instanceId, known);
    return known;
  }

  /** Highest index that any node has applied. */
  get appliedIndex(): LogIndex {
    return this.#highest;
  }

  get acked(): number {
    return this.#acked.size;
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
  elected(
    nodeId: NodeId,
    term: Term,
    log: { term(i: LogIndex): Term | undefined; firstIndex(): LogIndex },
  ): void {
    const other = this.#leaders.get(term);
    if (other !== undefined && other !== nodeId) {
      this.fail('ElectionSafety', `${other} and ${nodeId} lead term ${term}`);
    }
    this.#leaders.set(term, nodeId);
    for (let index = log.firstIndex(); index < this.#committed.length; index++) {
      const want = this.#committed[index];
      // a leader of an earlier term that was elected late owes nothing to later ones
      if (want === undefined || log.term(index) === want || (this.#committedIn[index] ?? 0) >= term) continue;
      this.fail(
        'LeaderCompleteness',
        `${nodeId} leads ${term} without ${index} of ${want} (${log.term(index)})`,
      );
    }
  }

  /** Log Matching (§5.3), Leader Append-Only (§5.3), and installed snapshots are committed history. */
  written(nodeId: NodeId, request: PersistRequest, termBefore: (index: LogIndex) => Term | undefined): void {
    this.checks++;
    const { entries, truncateFrom, snapshot } = request;
    if (truncateFrom !== null) this.#cuts(nodeId, truncateFrom, termBefore);
    if (snapshot !== null) this.snapshot(nodeId, snapshot.meta);
    const first = entries[0];
    let previous: Term = first === undefined ? 0 : (termBefore(first.index - 1) ?? -1);
    if (snapshot?.keepSuffix === false) previous = snapshot.meta.term;
    for (const entry of entries) {
      const key = `${entry.index}/${entry.term}`;
      const content = `${previous}<${printOf(entry)}`;
      const known = this.#written.get(key);
      if (known === undefined) this.#written.set(key, content);
      else if (known !== content)
        this.fail('LogMatching', `${nodeId} writes ${content} at ${key}, others ${known}`);
      if (entry.kind === 'membership') this.#noteMembership(key, entry);
      previous = entry.term;
    }
  }

  #noteMembership(key: string, entry: LogEntry): void {
    if (this.#memberships.has(key)) return;
    const decoded = decodeMembership(entry.data);
    if (!decoded.ok) this.fail('Codec', `membership ${key}: ${decoded.reason}`);
    this.#memberships.set(key, decoded.value);
  }

  /** A committed entry is never taken back where it lies. */
  #cuts(nodeId: NodeId, from: LogIndex, termAt: (index: LogIndex) => Term | undefined): void {
    const life = this.#lives.get(nodeId);
    if (life !== undefined) life.cut = true;
    for (let index = from; index < this.#committed.length; index++) {
      const known = this.#committed[index];
      if (known !== undefined && termAt(index) === known) {
        this.fail('CommittedImmutable', `${nodeId} cuts committed ${index} of term ${known}`);
      }
    }
  }

  /** A snapshot stands for committed history only. */
  snapshot(nodeId: NodeId, meta: SnapshotMeta): void {
    const known = this.#committed[meta.index];
    if (known !== meta.term) {
      this.fail('SnapshotCommitted', `${nodeId} has ${meta.id} of term ${meta.term}, committed is ${known}`);
    }
  }

  /** Nothing leaves that claims more than the sender's disk holds (§5.1, figure 2). */
  sent(m: RaftMessage): void {
    if (m.kind !== 'append-response' && m.kind !== 'vote-response' && m.kind !== 'vote') return;
    this.checks++;
    const shadow = this.shadowOf(m.fromInstance);
    const { term, votedFor } = shadow.hardState;
    // a later term on disk means that the claim was durable before
    if (term > m.term) return;
    if (m.kind === 'append-response') {
      if (!m.accepted) return;
      if (shadow.last < m.index)
        this.fail('AckBeforeDurable', `${m.from} claims ${m.index}, holds ${shadow.last}`);
      if (term < m.term) this.fail('TermBeforeDurable', `${m.from} answers in ${m.term}, holds ${term}`);
      return;
    }
    const candidate = m.kind === 'vote' ? m.from : m.to;
    if (m.kind === 'vote-response' && !m.granted) return;
    if (term !== m.term || votedFor !== candidate) {
      this.fail(
        'VoteBeforeDurable',
        `${m.from} votes ${candidate} in ${m.term}, holds ${votedFor} in ${term}`,
      );
    }
  }

  /** A new life: commit and applied start over, the term does not. */
  started(nodeId: NodeId, term: Term, applied: LogIndex): void {
    this.#lives.set(nodeId, { term, commit: 0, applied, leads: 0, membership: null, cut: false });
  }

  /** After a turn of a node: its marks keep their order, only grow, and what it commits is one history. */
  turned(status: RaftStatus, entryTerm: (index: LogIndex) => Term | undefined): void {
    this.checks++;
    const { nodeId, term, commitIndex: commit, appliedIndex: applied } = status;
    const life = this.#lives.get(nodeId);
    if (life === undefined) return;
    if (term < life.term) this.fail('MonotonicTerm', `${nodeId} went from ${life.term} to ${term}`);
    if (commit < life.commit) this.fail('MonotonicCommit', `${nodeId} went from ${life.commit} to ${commit}`);
    if (applied < life.applied)
      this.fail('MonotonicApplied', `${nodeId} went from ${life.applied} to ${applied}`);
    const { applyingIndex: applying, last, snapshotIndex } = status;
    if (applied > applying || applying > commit || commit > last.index || snapshotIndex > commit) {
      const marks = `snapshot ${snapshotIndex} applied ${applied} applying ${applying}`;
      this.fail('Order', `${nodeId}: ${marks} commit ${commit} last ${last.index}`);
    }
    for (let index = Math.max(life.commit + 1, status.firstIndex); index <= commit; index++) {
      this.#commits(status, index, entryTerm(index));
    }
    const isLeader = status.role === 'leader';
    if (isLeader && life.leads === term && life.cut)
      this.fail('LeaderAppendOnly', `${nodeId} leads and cuts`);
    if (isLeader) this.#decides(status, life, entryTerm);
    life.term = term;
    life.commit = commit;
    life.applied = applied;
    life.leads = isLeader ? term : 0;
    life.membership = status.membership;
    life.cut = false;
  }

  /** Committed entries never change, whoever says that they are committed. */
  #commits({ nodeId, term: at }: RaftStatus, index: LogIndex, term: Term | undefined): void {
    if (term === undefined) this.fail('Commit', `${nodeId} commits ${index}, which it does not hold`);
    const known = this.#committed[index];
    if (known === undefined) {
      this.#committed[index] = term;
      this.#committedIn[index] = at;
    } else if (known !== term) {
      this.fail('CommittedImmutable', `${nodeId} commits ${index} of term ${term}, it was of term ${known}`);
    }
  }

  /** What a leader commits lies on the disks of every majority that its configuration needs. */
  #decides(status: RaftStatus, life: Life, entryTerm: (index: LogIndex) => Term | undefined): void {
    const { commitIndex: commit, nodeId } = status;
    const from = Math.max(life.commit + 1, status.firstIndex);
    for (let index = from; index <= commit; index++) {
      const own = this.#memberships.get(`${index}/${entryTerm(index)}`);
      if (own === undefined || this.#isHeld(own, index, entryTerm(index))) continue;
      this.fail('CommittedOnQuorum', `${nodeId} commits the membership of ${index} without its majorities`);
    }
    if (commit < from) return;
    // a membership that followed from a commit of this very turn may have decided the rest, or not yet
    const deciding = [life.membership, status.membership].filter((m) => m !== null);
    if (deciding.some((m) => this.#isHeld(m, commit, entryTerm(commit)))) return;
    this.fail('CommittedOnQuorum', `${nodeId} commits ${commit}/${entryTerm(commit)} without a majority`);
  }

  /** Is this entry durable on a majority of each half? */
  #isHeld(membership: Membership, index: LogIndex, term: Term | undefined): boolean {
    const halves = [membership.voters, membership.outgoing].filter((half) => half.length > 0);
    return halves.every((half) => {
      const holders = half.filter((m) => this.shadowOf(m.instanceId).holds(index, term ?? -1));
      return holders.length * 2 > half.length;
    });
  }

  /** State Machine Safety (§5.4.3): no two nodes apply different entries at an index; one place for each serial. */
  applies(nodeId: NodeId, entry: LogEntry): void {
    this.checks++;
    const print = printOf(entry);
    const known = this.#applied[entry.index];
    if (known !== undefined && known !== print) {
      this.fail(
        'StateMachineSafety',
        `${nodeId} applies ${print} at ${entry.index}, others applied ${known}`,
      );
    }
    if (known !== undefined) return;
    if (this.#committed[entry.index] !== entry.term) {
      this.fail('AppliedCommitted', `${nodeId} applies ${print} at ${entry.index}, which is not committed`);
    }
    this.#applied[entry.index] = print;
    this.#highest = Math.max(this.#highest, entry.index);
    const serial = serialOf(entry);
    if (serial === null) return;
    const before = this.#serialAt.get(serial);
    if (before !== undefined) this.fail('OneSerialOneIndex', `${serial} at ${before} and at ${entry.index}`);
    this.#serialAt.set(serial, entry.index);
  }

  /** A client was told that its write is done. */
  ack(serial: number, index: LogIndex): void {
    const at = this.#serialAt.get(serial);
    if (at !== index)
      this.fail('AckBeforeApply', `serial ${serial} acknowledged at ${index}, applied at ${at}`);
    this.#acked.set(serial, index);
    this.#ackedFloor = Math.max(this.#ackedFloor, index);
  }

  /** Linearizability (§8): a read covers every write acknowledged before it was asked. */
  read(floor: LogIndex, index: LogIndex): void {
    if (index < floor)
      this.fail('Linearizability', `a read at ${index} misses writes acknowledged up to ${floor}`);
  }

  /** Highest index acknowledged to any client so far. */
  get ackedFloor(): LogIndex {
    return this.#ackedFloor;
  }

  /** At the end: every acknowledged write is in the one history. */
  finish(): void {
    for (const [serial, index] of this.#acked) {
      if (this.#serialAt.get(serial) !== index)
        this.fail('Durability', `acknowledged serial ${serial} is gone`);
    }
  }
}
