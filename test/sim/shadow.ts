/**
 * What a node's disk must hold, kept apart from the log under test: every request that
 * was written, applied once it was acknowledged. It answers the one question that
 * safety hangs on (is this durable here?), and checks what a restart finds.
 */
import type { LogIndex, Term } from '../../src/base/index.ts';
import type { HardState, PersistRequest, RaftStorage } from '../../src/raft/index.ts';

/** Terms of entries by index; `base` is covered by a snapshot. */
interface Image {
  readonly hardState: HardState;
  readonly base: LogIndex;
  readonly last: LogIndex;
  readonly terms: readonly Term[];
}

const EMPTY: Image = { hardState: { term: 0, votedFor: null }, base: 0, last: 0, terms: [0] };

/** The terms after one request; arrays are copied only when something is cut. */
function after(image: Image, request: PersistRequest): Image {
  let { base, last } = image;
  let terms = image.terms as Term[];
  if (request.snapshot !== null && !request.snapshot.keepSuffix) {
    const { meta } = request.snapshot;
    base = meta.index;
    last = meta.index;
    terms = [];
    terms[meta.index] = meta.term;
  } else if (request.truncateFrom !== null && request.truncateFrom <= last) {
    last = request.truncateFrom - 1;
    terms = terms.slice(0, last + 1);
  }
  if (request.entries.length > 0 && terms.length > last + 1) terms = terms.slice(0, last + 1);
  for (const entry of request.entries) terms[++last] = entry.term;
  return { hardState: request.hardState ?? image.hardState, base, last, terms };
}

export class Shadow {
  #durable: Image = EMPTY;
  #pending: { readonly token: number; readonly request: PersistRequest }[] = [];

  get hardState(): HardState {
    return this.#durable.hardState;
  }

  get last(): LogIndex {
    return this.#durable.last;
  }

  /** Does the disk hold this entry, or a snapshot behind it? */
  holds(index: LogIndex, term: Term): boolean {
    const { base, last, terms } = this.#durable;
    return index <= base || (index <= last && terms[index] === term);
  }

  written(request: PersistRequest): void {
    this.#pending.push({ token: request.token, request });
  }

  acknowledged(token: number): void {
    while (this.#pending[0] !== undefined && this.#pending[0].token <= token) {
      const [next] = this.#pending.splice(0, 1);
      if (next !== undefined) this.#durable = after(this.#durable, next.request);
    }
  }

  /** A new life: what was acknowledged must be there, of the rest any beginning. Returns what is wrong, or null. */
  reopened(storage: RaftStorage): string | null {
    const candidates = [this.#durable];
    for (const { request } of this.#pending) candidates.push(after(candidates.at(-1) ?? EMPTY, request));
    this.#pending = [];
    const { hardState } = storage.initialState();
    const last = storage.lastIndex();
    const fits = (image: Image): boolean =>
      image.hardState.term === hardState.term &&
      image.hardState.votedFor === hardState.votedFor &&
      image.last === last &&
      image.terms[last] === (storage.term(last) ?? 0);
    // the longest beginning that fits is what survived
    const found = candidates.findLast(fits);
    if (found === undefined) {
      const { term, votedFor } = this.#durable.hardState;
      const wanted = `term ${term} vote ${votedFor} last ${this.#durable.last}`;
      return `found term ${hardState.term} vote ${hardState.votedFor} last ${last}, durable was ${wanted}`;
    }
    this.#durable = found;
    return null;
  }
}

/** A storage whose every write and acknowledgement the shadow hears of first. */
export function spied(
  inner: RaftStorage,
  shadow: Shadow,
  onWrite: (request: PersistRequest) => void,
): RaftStorage {
  return {
    initialState: () => inner.initialState(),
    firstIndex: () => inner.firstIndex(),
    lastIndex: () => inner.lastIndex(),
    term: (index) => inner.term(index),
    entries: (low, high, maxBytes) => inner.entries(low, high, maxBytes),
    tailWithin: (high, maxBytes) => inner.tailWithin(high, maxBytes),
    snapshot: () => inner.snapshot(),
    onFailure: (failed) => inner.onFailure(failed),
    write: (request, done) => {
      onWrite(request);
      shadow.written(request);
      inner.write(request, (token) => {
        shadow.acknowledged(token);
        done(token);
      });
    },
  };
}
