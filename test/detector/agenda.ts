/**
 * What will happen, by time and then by order of planning: a binary heap in flat arrays,
 * because ten thousand nodes plan some million things a virtual minute.
 */
export class Agenda {
  readonly #at: number[] = [];
  readonly #order: number[] = [];
  readonly #run: (() => void)[] = [];
  #planned = 0;
  #size = 0;

  /** Instant of the first thing; infinity when nothing is planned. */
  get next(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#at[0] as number);
  }

  /** Things planned so far: how much was to do. */
  get planned(): number {
    return this.#planned;
  }

  add(at: number, run: () => void): void {
    const order = this.#planned++;
    let hole = this.#size++;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!this.#isAfter(parent, at, order)) break;
      this.#move(parent, hole);
      hole = parent;
    }
    this.#put(hole, at, order, run);
  }

  /** Removes the first thing and gives it. */
  take(): () => void {
    const first = this.#run[0] as () => void;
    const last = --this.#size;
    const at = this.#at[last] as number;
    const order = this.#order[last] as number;
    const run = this.#run[last] as () => void;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= last) break;
      if (
        child + 1 < last &&
        this.#isAfter(child, this.#at[child + 1] as number, this.#order[child + 1] as number)
      )
        child++;
      if (this.#isAfter(child, at, order)) break;
      this.#move(child, hole);
      hole = child;
    }
    if (last > 0) this.#put(hole, at, order, run);
    return first;
  }

  #isAfter(place: number, at: number, order: number): boolean {
    const other = this.#at[place] as number;
    return other > at || (other === at && (this.#order[place] as number) > order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from] as number, this.#order[from] as number, this.#run[from] as () => void);
  }

  #put(place: number, at: number, order: number, run: () => void): void {
    this.#at[place] = at;
    this.#order[place] = order;
    this.#run[place] = run;
  }
}
