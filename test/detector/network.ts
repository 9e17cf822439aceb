/** What lies between nodes now: loss of nodes' links, cuts of pairs, cuts between zones, delays. */
import type { Random } from '../../src/base/index.ts';
import type { Path } from './tcp-flow.ts';

/** How long a packet takes: mean of an exponential tail above a least time, ms. */
export interface Delay {
  readonly leastMs: number;
  readonly tailMs: number;
}

export class Network {
  readonly #random: Random;
  readonly #delay: Delay;
  /** By node: chance that a packet is lost on its own link, each way. */
  readonly #loss = new Map<number, number>();
  readonly #cut = new Set<number>();
  /** By node; packets between zones are lost while there are any. */
  readonly #zone = new Map<number, number>();
  /** Chance that a packet is lost anywhere. */
  lossEverywhere = 0;
  /** When zones were last drawn or everything healed: who was cut off from whom may hear it again. */
  changedAt = Number.NEGATIVE_INFINITY;
  readonly #now: () => number;

  constructor(random: Random, delay: Delay, now: () => number) {
    this.#now = now;
    this.#random = random;
    this.#delay = delay;
  }

  delayMs(): number {
    return this.#delay.leastMs - Math.log(1 - this.#random.next()) * this.#delay.tailMs;
  }

  setLoss(node: number, ratio: number): void {
    if (ratio === 0) this.#loss.delete(node);
    else this.#loss.set(node, ratio);
  }

  cut(from: number, to: number): void {
    this.#cut.add(from * 0x10000 + to);
  }

  setZone(node: number, zone: number): void {
    this.#zone.set(node, zone);
    this.changedAt = this.#now();
  }

  heal(): void {
    this.#loss.clear();
    this.#cut.clear();
    this.#zone.clear();
    this.lossEverywhere = 0;
    this.changedAt = this.#now();
  }

  /** Chance that a packet from one to the other is lost now. */
  loss(from: number, to: number): number {
    if (this.#cut.size > 0 && this.#cut.has(from * 0x10000 + to)) return 1;
    if (this.#zone.size > 0 && (this.#zone.get(from) ?? 0) !== (this.#zone.get(to) ?? 0)) return 1;
    if (this.#loss.size === 0) return this.lossEverywhere;
    const passes =
      (1 - (this.#loss.get(from) ?? 0)) * (1 - (this.#loss.get(to) ?? 0)) * (1 - this.lossEverywhere);
    return 1 - passes;
  }

  isClean(a: number, b: number): boolean {
    return this.loss(a, b) === 0 && this.loss(b, a) === 0;
  }

  path(from: number, to: number): Path {
    return {
      forwardLoss: () => this.loss(from, to),
      backwardLoss: () => this.loss(to, from),
      delayMs: () => this.delayMs(),
    };
  }
}
