/**
 * What a node's disk must hold, kept apart from the log under test: every request that
 * was written, applied once it was acknowledged. It answers the one question that
 * safety hangs on (is this durable here?), and checks what a restart finds.
 */
import type { LogIndex, NodeId, Term } from '../../src/base/index.ts';
import type { HardState, PersistRequest, RaftStorage } from '../../src/raft/index.ts';

/** Terms of entries by index; what lies at and before `base` is covered by a snapshot. */
class Image {
  hardState: HardState = { term: 0, votedFor: null };
  base: LogIndex = 0;
  /** Index of the first element of `#terms`. */
  #from: LogIndex = 0;
  #terms: Term[] = [0];

  get last(): LogIndex {
    return this.#from + this.#terms.length - 1;
  }

  term(index: LogIndex): Term | undefined {
    return this.#terms[index - this.#from];
  }

  apply(request: PersistRequest): void {
    const { snapshot, truncateFrom, entries, hardState } = request;
    if (snapshot !== null && !snapshot.keepSuffix) {
      this.base = snapshot.meta.index;
      this.#from = this.base;
      this.#terms = [snapshot.meta.term];
    } else if (truncateFrom !== null && truncateFrom <= this.last) {
      this.#terms.length = truncateFrom - this.#from;
    }
    for (const entry of entries) this.#terms.push(entry.term);
    this.hardState = hardState ?? this.hardState;
  }

  copy(): Image {
    const copy = new Image();
    copy.hardState = this.hardState;
    copy.base = this.base;
    copy.#from = this.#from;
    copy.#terms = [...this.#terms];
    return copy;
  }

  /** Each entry that the log has is one of these, and it has all of them that no snapshot covers. */
  fits(storage: RaftStorage): boolean {
    const { hardState } = storage.initialState();
    if (this.hardState.term !== hardState.term || this.hardState.votedFor !== hardState.votedFor)
      return false;
    const [first, last] = [storage.firstIndex(), storage.lastIndex()];
    if (this.last !== last || first > Math.max(this.base, storage.snapshot()?.index ?? 0) + 1) return false;
    if (this.term(last) !== (storage.term(last) ?? 0)) return false;
    for (let index = first; index < last; index++) if (this.term(index) !== storage.term(index)) return false;
    return true;
  }
}

export class Shadow {
  /** What the disk held before somebody put an older one in its place: it was right to count on that. */
  #before: Shadow | null = null;
  #durable = new Image();
  #pending: PersistRequest[] = [];
  /** Votes that were on this disk, or behind which a later term was when they were told; by term. */
  readonly #votes = new Map<Term, NodeId>();

  get hardState(): HardState {
    return this.#durable.hardState;
  }

  get last(): LogIndex {
    return this.#durable.last;
  }

  /** Does the disk hold this entry, or a snapshot behind it; or did it until it was replaced? */
  holds(index: LogIndex, term: Term): boolean {
    if (index <= this.#durable.base || this.#durable.term(index) === term) return true;
    return this.#before?.holds(index, term) ?? false;
  }

  /** Whom it voted for in a term, if a restart could not undo it. */
  voted(term: Term): NodeId | undefined {
    return this.#votes.get(term) ?? this.#before?.voted(term);
  }

  countVote(term: Term, candidate: NodeId): void {
    this.#votes.set(term, candidate);
  }

  #noteVote({ term, votedFor }: HardState): void {
    if (votedFor !== null) this.countVote(term, votedFor);
  }

  written(request: PersistRequest): void {
    this.#pending.push(request);
  }

  acknowledged(token: number): void {
    let count = 0;
    for (const request of this.#pending) {
      if (request.token > token) break;
      this.#durable.apply(request);
      this.#noteVote(this.#durable.hardState);
      count++;
    }
    if (count === this.#pending.length) this.#pending = [];
    else this.#pending.splice(0, count);
  }

  /** What this disk holds now, for a copy of it. */
  copy(): Shadow {
    const copy = new Shadow();
    copy.#durable = this.#durable.copy();
    copy.#pending = [...this.#pending];
    for (const [term, candidate] of this.#votes) copy.#votes.set(term, candidate);
    return copy;
  }

  /** It stands in the place of `before`. */
  after(before: Shadow): this {
    this.#before = before;
    return this;
  }

  /** A new life: what was acknowledged must be there, of the rest any beginning. Returns what is wrong, or null. */
  reopened(storage: RaftStorage): string | null {
    const image = this.#durable.copy();
    // the longest beginning that fits is what survived
    let found = image.fits(storage) ? this.#durable : null;
    for (const request of this.#pending) {
      image.apply(request);
      if (image.fits(storage)) found = image.copy();
    }
    this.#pending = [];
    if (found !== null) {
      this.#durable = found;
      this.#noteVote(found.hardState);
      return null;
    }
    const { hardState } = storage.initialState();
    const { term, votedFor } = this.#durable.hardState;
    const wanted = `term ${term} vote ${votedFor} last ${this.#durable.last}`;
    const is = `term ${hardState.term} vote ${hardState.votedFor} last ${storage.lastIndex()}`;
    return `found ${is}, durable was ${wanted}`;
  }
}

/** What is behind `inner`, with a way of its own to write. */
export function writingBy(inner: RaftStorage, write: RaftStorage['write']): RaftStorage {
  return {
    initialState: () => inner.initialState(),
    firstIndex: () => inner.firstIndex(),
    lastIndex: () => inner.lastIndex(),
    term: (index) => inner.term(index),
    entries: (low, high, maxBytes) => inner.entries(low, high, maxBytes),
    tailWithin: (high, maxBytes) => inner.tailWithin(high, maxBytes),
    snapshot: () => inner.snapshot(),
    waitingBytes: () => inner.waitingBytes(),
    onFailure: (failed) => inner.onFailure(failed),
    write,
  };
}

/** A storage whose every write and acknowledgement the shadow hears of first. */
export function spied(
  inner: RaftStorage,
  shadow: Shadow,
  onWrite: (request: PersistRequest) => void,
): RaftStorage {
  return writingBy(inner, (request, done) => {
    onWrite(request);
    shadow.written(request);
    inner.write(request, (token) => {
      shadow.acknowledged(token);
      done(token);
    });
  });
}
