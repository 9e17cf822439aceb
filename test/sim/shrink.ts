/**
 * Makes a failing seed small: fewer nodes, kinds of faults, clients and single faults, and
 * less time, as long as the same rule is broken. What remains is what mattered.
 */

import { calmOptions, type SimOptions } from './options.ts';
import type { SimResult } from './sim-result.ts';

/** Plays the seed with these options. */
export type Play = (options: SimOptions) => SimResult;

export interface Shrunk {
  readonly result: SimResult;
  readonly options: SimOptions;
  readonly plays: number;
}

/** The rule that a violation names, or the first words of an error. */
export function ruleOf(violation: string | null): string | null {
  return violation === null ? null : (/^\w+(?=:)/.exec(violation)?.[0] ?? violation.slice(0, 60));
}

class Shrinker {
  readonly #play: Play;
  readonly #rule: string | null;
  readonly #limit: number;
  best: SimResult;
  plays = 0;

  constructor(play: Play, first: SimResult, limit: number) {
    this.#play = play;
    this.#rule = ruleOf(first.violation);
    this.#limit = limit;
    this.best = first;
  }

  /** Keeps a change when the rule is still broken. */
  try(change: Partial<SimOptions>): boolean {
    if (this.plays >= this.#limit) return false;
    const options = { ...this.best.options, ...change };
    if (JSON.stringify(options) === JSON.stringify(this.best.options)) return false;
    this.plays++;
    const result = this.#play(options);
    if (ruleOf(result.violation) !== this.#rule) return false;
    this.best = result;
    return true;
  }

  /** Options one by one as they are in a calm world. */
  options(): void {
    const { nodes, ...calm } = calmOptions(this.best.options.nodes);
    if (nodes > 3) this.try({ nodes: 3 });
    for (const [name, value] of Object.entries(calm)) {
      if (name === 'safetyMs' || name === 'without') continue;
      if (name === 'clients' || name === 'thinkMs') continue;
      this.try({ [name]: value });
    }
    while (this.best.options.clients > 0 && this.try({ clients: this.best.options.clients - 1 }));
  }

  time(): void {
    for (const share of [0.5, 0.75, 0.9, 0.95])
      while (this.try({ safetyMs: Math.floor(this.best.options.safetyMs * share) }));
  }

  /** Faults left out, many at once, then fewer. */
  faults(): void {
    for (let size = Math.ceil(this.#left().length / 2); size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < this.#left().length; ) {
        const { without } = this.best.options;
        const dropped = this.#left().slice(at, at + size);
        if (!this.try({ without: [...without, ...dropped] })) at += size;
      }
    }
  }

  #left(): readonly number[] {
    const { without } = this.best.options;
    return this.best.faults.filter((number) => !without.includes(number));
  }
}

/** The smallest play found of a failing one, in at most `limit` plays. */
export function shrink(play: Play, first: SimResult, limit = 400): Shrunk {
  const shrinker = new Shrinker(play, first, limit);
  for (let before = -1; before !== shrinker.plays && shrinker.plays < limit; ) {
    before = shrinker.plays;
    const was = JSON.stringify(shrinker.best.options);
    shrinker.time();
    shrinker.options();
    shrinker.faults();
    if (JSON.stringify(shrinker.best.options) === was) break;
  }
  return { result: shrinker.best, options: shrinker.best.options, plays: shrinker.plays };
}
