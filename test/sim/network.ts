/**
 * Messages between simulated nodes: lost, doubled, late, reordered; links that are cut
 * one way, clogged (hold everything for a while, then deliver all of it) or reset (what
 * is on its way is gone at once). Where the options say so they cross as bytes, through
 * the real codec.
 */
import type { Instant, NodeId, Random } from '../../src/base/index.ts';
import { decodeMessages, encodeMessages, type RaftMessage } from '../../src/raft/index.ts';
import type { SimOptions } from './options.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

/** What the network may do to a message, and how often it did. */
export interface NetworkCounts {
  sent: number;
  lost: number;
  doubled: number;
  late: number;
  cut: number;
  clogged: number;
  reset: number;
  asBytes: number;
}

/** One direction between two nodes. */
interface Link {
  isCut: boolean;
  /** Cut for a while of its own, whatever becomes of partitions. */
  isSevered: boolean;
  clogUntil: Instant;
  /** Grows with each reset: messages of an earlier one never arrive. */
  epoch: number;
  inFlight: number;
}

const LATE_MS = 400;

export class SimNetwork {
  readonly counts: NetworkCounts = {
    ...{ sent: 0, lost: 0, doubled: 0, late: 0, cut: 0, clogged: 0, reset: 0, asBytes: 0 },
  };
  readonly #world: World;
  readonly #random: Random;
  readonly #options: SimOptions;
  readonly #links = new Map<NodeId, Map<NodeId, Link>>();
  #isCalm = false;

  constructor(world: World, random: Random, options: SimOptions) {
    this.#world = world;
    this.#random = random;
    this.#options = options;
  }

  cut(from: NodeId, to: NodeId): void {
    this.#link(from, to).isCut = true;
  }

  /** Nothing comes through until it is mended; healing partitions mends it not. */
  sever(from: NodeId, to: NodeId): void {
    this.#link(from, to).isSevered = true;
  }

  mend(from: NodeId, to: NodeId): void {
    this.#link(from, to).isSevered = false;
  }

  /** The link holds whatever would arrive before `until`. */
  clog(from: NodeId, to: NodeId, until: Instant): void {
    this.#link(from, to).clogUntil = until;
  }

  /** What is on its way is lost; both ends may go on at once. Answers how many messages that were. */
  reset(from: NodeId, to: NodeId): number {
    const link = this.#link(from, to);
    const lost = link.inFlight;
    link.epoch++;
    link.inFlight = 0;
    this.counts.reset += lost;
    return lost;
  }

  heal(): void {
    for (const links of this.#links.values())
      for (const link of links.values()) {
        link.isCut = false;
        link.clogUntil = 0;
      }
  }

  /** From now on no loss and short delays: the liveness phase. */
  calm(): void {
    this.heal();
    for (const links of this.#links.values()) for (const link of links.values()) link.isSevered = false;
    this.#isCalm = true;
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  isCut(from: NodeId, to: NodeId): boolean {
    const { isCut, isSevered } = this.#link(from, to);
    return isCut || isSevered;
  }

  /** One-way delay of the next message, ms: a floor, an exponential tail, and now and then one that comes from the past. */
  delay(): number {
    const { delayMeanMs, lateRatio } = this.#options;
    if (this.#isCalm) return 0.05 + 0.4 * this.#random.next();
    let ms = 0.05 - Math.log(1 - this.#random.next()) * delayMeanMs;
    if (lateRatio > 0 && this.#random.next() < lateRatio) {
      ms += LATE_MS * this.#random.next();
      this.counts.late++;
    }
    return ms;
  }

  send(messages: readonly RaftMessage[], deliver: (message: RaftMessage) => void): void {
    for (const message of messages) {
      this.counts.sent++;
      const link = this.#link(message.from, message.to);
      const pack = this.#options.asBytes ? encodeMessages([message]) : message;
      if (this.#isCalm) {
        this.#post(link, pack, deliver);
        continue;
      }
      const { duplicateRatio, lossRatio } = this.#options;
      const isDoubled = duplicateRatio > 0 && this.#random.next() < duplicateRatio;
      if (isDoubled) this.counts.doubled++;
      for (let copies = isDoubled ? 2 : 1; copies > 0; copies--) {
        if (lossRatio > 0 && this.#random.next() < lossRatio) this.counts.lost++;
        else this.#post(link, pack, deliver);
      }
    }
  }

  #post(
    link: Link,
    pack: RaftMessage | Uint8Array<ArrayBuffer>,
    deliver: (message: RaftMessage) => void,
  ): void {
    const { epoch } = link;
    link.inFlight++;
    const arrive = (): void => {
      if (epoch !== link.epoch) return;
      if (link.clogUntil > this.#world.now && !this.#isCalm) {
        this.counts.clogged++;
        this.#world.plan(link.clogUntil - this.#world.now, arrive, null);
        return;
      }
      link.inFlight--;
      if (link.isCut || link.isSevered) {
        this.counts.cut++;
        return;
      }
      if (pack instanceof Uint8Array) this.#unpack(pack, deliver);
      else deliver(pack);
    };
    this.#world.plan(this.delay(), arrive, null);
  }

  #unpack(bytes: Uint8Array<ArrayBuffer>, deliver: (message: RaftMessage) => void): void {
    const decoded = decodeMessages(bytes);
    if (!decoded.ok) throw new Violation(`Codec: ${decoded.reason}`);
    this.counts.asBytes++;
    for (const m of decoded.value) deliver(m);
  }

  #link(from: NodeId, to: NodeId): Link {
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let link = links.get(to);
    if (link === undefined) {
      link = { isCut: false, isSevered: false, clogUntil: 0, epoch: 0, inFlight: 0 };
      links.set(to, link);
    }
    return link;
  }
}
