/**
 * Messages between simulated nodes: lost, doubled, late, reordered, cut one way. They
 * cross as bytes, through the real codec.
 */
import type { NodeId, Random } from '../../src/base/index.ts';
import { decodeMessages, encodeMessages, type RaftMessage } from '../../src/raft/index.ts';
import type { SimOptions } from './options.ts';
import { Violation } from './oracle.ts';
import type { World } from './world.ts';

export class SimNetwork {
  readonly #world: World;
  readonly #random: Random;
  readonly #options: SimOptions;
  /** Directed pairs `a>b` that carry nothing. */
  readonly #cut = new Set<string>();
  #calm = false;

  constructor(world: World, random: Random, options: SimOptions) {
    this.#world = world;
    this.#random = random;
    this.#options = options;
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** From now on no loss and short delays: the liveness phase. */
  calm(): void {
    this.heal();
    this.#calm = true;
  }

  isCut(from: NodeId, to: NodeId): boolean {
    return this.#cut.has(`${from}>${to}`);
  }

  /** One-way delay of the next message, ms: a floor, an exponential tail, and now and then one that comes from the past. */
  delay(): number {
    const mean = this.#calm ? 0.2 : this.#options.delayMeanMs;
    const late = !this.#calm && this.#random.next() < this.#options.lateRatio ? 400 * this.#random.next() : 0;
    return 0.05 - Math.log(1 - this.#random.next()) * mean + late;
  }

  send(messages: readonly RaftMessage[], deliver: (message: RaftMessage) => void): void {
    for (const message of messages) {
      const bytes = encodeMessages([message]);
      const copies = !this.#calm && this.#random.next() < this.#options.duplicateRatio ? 2 : 1;
      for (let i = 0; i < copies; i++) {
        if (!this.#calm && this.#random.next() < this.#options.lossRatio) continue;
        this.#world.after(this.delay(), () => {
          if (this.isCut(message.from, message.to)) return;
          const decoded = decodeMessages(bytes);
          if (!decoded.ok) throw new Violation(`Codec: ${decoded.reason}`);
          for (const m of decoded.value) deliver(m);
        });
      }
    }
  }
}
