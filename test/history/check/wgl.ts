/**
 * The search of Wing, Gong and Lowe as Porcupine does it: is there an order of the
 * operations of one object that its model allows and that keeps real time?
 *
 * Calls and returns stand in one doubly linked list by time. The search takes a call
 * that comes before the first return, asks the model, and lifts it with its return out
 * of the list; at a return of an operation that was not taken yet it goes back. What has
 * been tried (which operations, in which state) is remembered. An operation without a
 * return may be taken at any time or never.
 *
 * One thing is added: an operation that changes nothing is taken as soon as the model
 * allows it. That is safe, because an order in which it comes later stays legal when it
 * comes now, and so there is nothing to try instead.
 */

/** An operation with numbers for everything: what the model does with it is the model's own matter. */
export interface Call<A> {
  readonly action: A;
  readonly call: number;
  /** Infinity when no answer came. */
  readonly ret: number;
  /**
   * The place of a call that must have been taken before this one. For calls without an answer that are
   * the same but for the instant: whatever one of them explains, the earliest explains too.
   */
  readonly after?: number;
}

/** Sequential meaning of one object; states are whole numbers. */
export interface Model<A> {
  readonly initial: number;
  /** The state behind `action`, or -1 when its outcome is impossible in `state`. */
  readonly step: (state: number, action: A) => number;
  /** True for what never changes the state. */
  readonly isRead: (action: A) => boolean;
}

export type Linearization =
  | { readonly kind: 'linearizable'; readonly steps: number }
  /** `stuck`: place in `calls` of the operation that no order could take, of those that got furthest. */
  | { readonly kind: 'not-linearizable'; readonly steps: number; readonly stuck: number }
  | { readonly kind: 'undecided'; readonly steps: number };

/** How often `isOver` is asked. */
const PATIENCE_STEPS = 4096;
/** Ways remembered before the search gives up: some hundred bytes each. */
const MAX_REMEMBERED = 1_000_000;
const HEAD = 0;

interface Taken {
  readonly op: number;
  readonly before: number;
  readonly isForced: boolean;
}

class Search<A> {
  readonly #calls: readonly Call<A>[];
  readonly #model: Model<A>;
  /** Entry 0 is the head, 1 + 2n the call of operation n, 2 + 2n its return; 0 behind the last. */
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  readonly #bits: Uint32Array;
  readonly #marks: Int32Array;
  readonly #tried = new Map<number, { readonly bits: Uint32Array; readonly state: number }[]>();
  readonly #taken: Taken[] = [];
  #remembered = 0;
  #hash = 0;
  #state: number;
  /** Answered operations that have not been taken. */
  #left: number;
  steps = 0;

  constructor(calls: readonly Call<A>[], model: Model<A>) {
    this.#calls = calls;
    this.#model = model;
    this.#state = model.initial;
    this.#next = new Int32Array(1 + 2 * calls.length);
    this.#prev = new Int32Array(1 + 2 * calls.length);
    this.#bits = new Uint32Array(Math.ceil(calls.length / 32));
    this.#left = calls.filter((c) => c.ret !== Number.POSITIVE_INFINITY).length;
    this.#marks = new Int32Array(calls.length);
    let mark = 0x9e3779b9;
    for (let n = 0; n < calls.length; n++) {
      mark = Math.imul(mark ^ (mark >>> 15), 0x2c1b3c6d) + 0x297a2d39;
      this.#marks[n] = mark ^ (mark >>> 12);
    }
    this.#link();
  }

  #link(): void {
    const entries = this.#calls.flatMap(({ call, ret }, n) => {
      const begin = { at: call, isReturn: 0, entry: 1 + 2 * n };
      return ret === Number.POSITIVE_INFINITY ? [begin] : [begin, { at: ret, isReturn: 1, entry: 2 + 2 * n }];
    });
    // intervals are closed: what begins at the instant at which another ends overlaps it
    entries.sort((a, b) => a.at - b.at || a.isReturn - b.isReturn);
    let last = HEAD;
    for (const { entry } of entries) {
      this.#next[last] = entry;
      this.#prev[entry] = last;
      last = entry;
    }
    this.#next[last] = HEAD;
    this.#prev[HEAD] = last;
  }

  run(isOver: () => boolean): Linearization {
    let fewest = this.#left + 1;
    let stuck = -1;
    this.#takeReads();
    let entry = this.#after(HEAD);
    while (this.#left > 0) {
      if (this.#remembered > MAX_REMEMBERED || (++this.steps % PATIENCE_STEPS === 0 && isOver()))
        return { kind: 'undecided', steps: this.steps };
      if (entry !== HEAD && entry % 2 === 1) {
        entry = this.#take((entry - 1) >> 1) ? this.#after(HEAD) : this.#after(entry);
        continue;
      }
      if (this.#left < fewest && entry !== HEAD) {
        fewest = this.#left;
        stuck = (entry - 2) >> 1;
      }
      const undone = this.#goBack();
      if (undone === null) return { kind: 'not-linearizable', steps: this.steps, stuck };
      entry = this.#after(1 + 2 * undone);
    }
    return { kind: 'linearizable', steps: this.steps };
  }

  #after(entry: number): number {
    return this.#next[entry] as number;
  }

  /** Takes a write if the model allows it and this was not tried yet, and the reads that follow from it. */
  #take(op: number): boolean {
    const { action, after } = this.#calls[op] as Call<A>;
    if (this.#model.isRead(action)) return false; // it would have been taken already
    if (after !== undefined && !this.#isTaken(after)) return false;
    const state = this.#model.step(this.#state, action);
    if (state < 0) return false;
    this.#flip(op);
    if (!this.#isNew(state)) {
      this.#flip(op);
      return false;
    }
    this.#taken.push({ op, before: this.#state, isForced: false });
    this.#state = state;
    this.#lift(op);
    this.#takeReads();
    return true;
  }

  /** Takes every read before the first return that the state allows; what is lifted may uncover more. */
  #takeReads(): void {
    let entry = this.#after(HEAD);
    while (entry !== HEAD && entry % 2 === 1) {
      const op = (entry - 1) >> 1;
      const { action } = this.#calls[op] as Call<A>;
      const before = this.#prev[entry] as number;
      this.steps++;
      if (this.#model.isRead(action) && this.#model.step(this.#state, action) >= 0) {
        this.#flip(op);
        this.#taken.push({ op, before: this.#state, isForced: true });
        this.#lift(op);
        // its return may have been the next entry
        entry = before;
      }
      entry = this.#after(entry);
    }
  }

  /** Undoes down to the last free choice and answers it; null when there was none. */
  #goBack(): number | null {
    for (;;) {
      const last = this.#taken.pop();
      if (last === undefined) return null;
      this.#flip(last.op);
      this.#unlift(last.op);
      this.#state = last.before;
      if (!last.isForced) return last.op;
    }
  }

  #isTaken(op: number): boolean {
    return (((this.#bits[op >>> 5] as number) >>> (op & 31)) & 1) === 1;
  }

  #isAnswered(op: number): boolean {
    return (this.#calls[op] as Call<A>).ret !== Number.POSITIVE_INFINITY;
  }

  #lift(op: number): void {
    this.#unlink(1 + 2 * op);
    if (!this.#isAnswered(op)) return;
    this.#unlink(2 + 2 * op);
    this.#left--;
  }

  #unlift(op: number): void {
    if (this.#isAnswered(op)) {
      this.#relink(2 + 2 * op);
      this.#left++;
    }
    this.#relink(1 + 2 * op);
  }

  #unlink(entry: number): void {
    const [before, behind] = [this.#prev[entry] as number, this.#next[entry] as number];
    this.#next[before] = behind;
    this.#prev[behind] = before;
  }

  /** Entries come back in the opposite order, so their old neighbours are there. */
  #relink(entry: number): void {
    this.#next[this.#prev[entry] as number] = entry;
    this.#prev[this.#next[entry] as number] = entry;
  }

  #flip(op: number): void {
    const word = op >>> 5;
    this.#bits[word] = (this.#bits[word] as number) ^ (1 << (op & 31));
    this.#hash ^= this.#marks[op] as number;
  }

  /** Remembers the operations taken with the state behind them; false when both were met before. */
  #isNew(state: number): boolean {
    const key = this.#hash ^ Math.imul(state + 1, 0x85ebca6b);
    const bucket = this.#tried.get(key);
    this.#remembered++;
    if (bucket === undefined) {
      this.#tried.set(key, [{ bits: this.#bits.slice(), state }]);
      return true;
    }
    if (bucket.some((b) => b.state === state && b.bits.every((w, n) => w === this.#bits[n]))) return false;
    bucket.push({ bits: this.#bits.slice(), state });
    return true;
  }
}

/** Searches for an order of `calls`; gives up as `undecided` when `isOver` says so, or out of room. */
export function linearize<A>(
  calls: readonly Call<A>[],
  model: Model<A>,
  isOver: () => boolean = () => false,
): Linearization {
  return new Search(calls, model).run(isOver);
}
