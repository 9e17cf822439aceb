/** One node: its process, its clock, what it keeps while it stands still, and what it has sent. */
import { assert, type NodeId } from '../../src/base/index.ts';
import type { GossipFailureDetector, GossipInput } from '../../src/gossip/index.ts';
import type { Link, LinkTarget } from './link.ts';

/** Near S2: opinions may have been formed. */
const LONG_SILENCE_MS = 2500;

export class SimNode implements LinkTarget {
  readonly index: number;
  readonly nodeId: NodeId;
  readonly address: string;
  /** Ms of its clock in a true one. */
  readonly #rate: number;
  /** By how much it has jumped ahead, ms of its clock. */
  #ahead = 0;
  /** By index of the target. */
  readonly links = new Map<number, Link>();
  /** Connections of others to this node. */
  readonly incoming = new Set<Link>();
  /** By index: when its last packet came, and the first after a long silence; in true time. */
  readonly heard = new Map<number, { lastAt: number; againAt: number }>();
  #detector: GossipFailureDetector | null = null;
  neighbours: readonly NodeId[] = [];
  neighboursMax = 0;
  /** Its own and those of others to it, most at once. */
  connectionsMax = 0;
  isUp = false;
  isHostUp = false;
  boots = 0;
  stalledUntil = 0;
  wakeAt = Number.POSITIVE_INFINITY;
  #waiting: GossipInput[] = [];
  messagesOut = 0;
  bytesOut = 0;
  /** Most bytes of one second. */
  bytesPeak = 0;
  /** Most bytes of news in any second of its own clock, without what carries them. */
  newsPeak = 0;
  #news: { readonly at: number; readonly bytes: number }[] = [];
  #newsBytes = 0;
  #second = 0;
  #secondBytes = 0;

  constructor(index: number, nodeId: NodeId, own: { readonly address: string; readonly rate: number }) {
    this.index = index;
    this.nodeId = nodeId;
    this.address = own.address;
    this.#rate = own.rate;
  }

  get detector(): GossipFailureDetector {
    assert(this.#detector !== null, `${this.nodeId} was never started`);
    return this.#detector;
  }

  start(detector: GossipFailureDetector): void {
    this.#detector = detector;
    this.isUp = true;
    this.isHostUp = true;
    this.stalledUntil = 0;
    this.#waiting = [];
    this.neighbours = [];
    this.wakeAt = Number.POSITIVE_INFINITY;
  }

  stop(hostLives: boolean): void {
    this.isUp = false;
    this.isHostUp = hostLives;
    this.#waiting = [];
  }

  /** Its own clock, whose zero is nobody else's. */
  clock(now: number): number {
    return (now + 1000 + this.index) * this.#rate + this.#ahead;
  }

  /** When its clock will have shown `at`; a microsecond more, because divisions round. */
  instantOf(at: number): number {
    return (at - this.#ahead) / this.#rate - 1000 - this.index + 0.001;
  }

  /** Its clock shows `ms` more from now on; what it waits for has to be planned anew. */
  jump(ms: number): void {
    this.#ahead += ms;
    this.wakeAt = Number.NaN;
  }

  keep(input: GossipInput): void {
    this.#waiting.push(input);
  }

  /** What came while it stood still, the late tick after everything else. */
  resume(): GossipInput[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    const isTick = (input: GossipInput): boolean => input.kind === 'tick';
    return [...waiting.filter((i) => !isTick(i)), ...waiting.filter(isTick)];
  }

  hear(from: number, now: number): void {
    const heard = this.heard.get(from);
    if (heard === undefined) {
      this.heard.set(from, { lastAt: now, againAt: now });
      return;
    }
    if (now - heard.lastAt > LONG_SILENCE_MS) heard.againAt = now;
    heard.lastAt = now;
  }

  /** What was most before this counts no more. */
  forgetPeaks(): void {
    this.bytesPeak = 0;
    this.newsPeak = 0;
  }

  countNews(now: number, bytes: number): void {
    const at = this.clock(now);
    this.#news.push({ at, bytes });
    this.#newsBytes += bytes;
    let old = 0;
    for (let n = this.#news[old]; n !== undefined && n.at <= at - 1000; n = this.#news[++old])
      this.#newsBytes -= n.bytes;
    if (old > 0) this.#news.splice(0, old);
    this.newsPeak = Math.max(this.newsPeak, this.#newsBytes);
  }

  countOut(now: number, bytes: number): void {
    this.bytesOut += bytes;
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondBytes = 0;
    }
    this.#secondBytes += bytes;
    if (this.#secondBytes > this.bytesPeak) this.bytesPeak = this.#secondBytes;
  }
}
