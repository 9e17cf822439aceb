/**
 * A cluster of real detectors in virtual time: one queue of events, seeded chance, every
 * message through the real codec. Links may be cut one way, nodes killed, stalled,
 * restarted. Invariants are checked after each input.
 */
import { type NodeId, seededRandom } from '../../../src/base/index.ts';
import {
  decodeGossip,
  encodeGossip,
  GossipFailureDetector,
  type GossipInput,
  type MemberEvent,
} from '../../../src/gossip/index.ts';

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A binary heap by time, then by order of planning. */
class Agenda {
  readonly #heap: Planned[] = [];
  #order = 0;

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at, order: this.#order++, run });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isBefore(heap[i] as Planned, heap[parent] as Planned)) break;
      swap(heap, i, parent);
      i = parent;
    }
  }

  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  take(): Planned {
    const heap = this.#heap;
    const first = heap[0] as Planned;
    const last = heap.pop() as Planned;
    if (heap.length > 0) heap[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && isBefore(heap[child] as Planned, heap[least] as Planned)) least = child;
      }
      if (least === i) return first;
      swap(heap, i, least);
      i = least;
    }
  }
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at === b.at ? a.order < b.order : a.at < b.at;
}

function swap(heap: Planned[], a: number, b: number): void {
  const kept = heap[a] as Planned;
  heap[a] = heap[b] as Planned;
  heap[b] = kept;
}

export interface Seen {
  readonly at: number;
  readonly node: NodeId;
  readonly event: MemberEvent;
}

class SimNode {
  readonly nodeId: NodeId;
  detector: GossipFailureDetector;
  isUp = true;
  stalledUntil = 0;
  waiting: GossipInput[] = [];
  wakeAt = Number.POSITIVE_INFINITY;
  /** The tick that was planned and came while it stood still. */
  tickDue = false;
  bytesOut = 0;

  constructor(nodeId: NodeId, detector: GossipFailureDetector) {
    this.nodeId = nodeId;
    this.detector = detector;
  }
}

export interface WorldOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly lossRatio?: number;
  /** Invariants after each input; default true. */
  readonly check?: boolean;
  /** Keep `traceHash`; default false. */
  readonly trace?: boolean;
}

export class World {
  now = 0;
  readonly seen: Seen[] = [];
  readonly nodes = new Map<NodeId, SimNode>();
  readonly #options: WorldOptions;
  readonly #agenda = new Agenda();
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #cut = new Set<string>();
  readonly #boots = new Map<NodeId, number>();
  /** FNV-1a over everything that was sent and told: equal for equal seeds. */
  traceHash = 0x811c9dc5;
  lossRatio: number;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.lossRatio = options.lossRatio ?? 0;
    const names = Array.from({ length: options.nodes }, (_, i) => nodeName(i + 1));
    for (const name of names) this.#boot(name);
    for (const name of names) this.input(name, { kind: 'known', nodes: this.records(names) });
  }

  records(names: readonly NodeId[]) {
    return names.map((nodeId) => ({ nodeId, address: `${nodeId}:5433` }));
  }

  /** A started node that knows only `seeds`. */
  start(nodeId: NodeId, seeds: readonly NodeId[]): void {
    this.#boot(nodeId);
    this.input(nodeId, { kind: 'join', seeds: this.records(seeds) });
  }

  #boot(nodeId: NodeId): void {
    const bootCounter = (this.#boots.get(nodeId) ?? 0) + 1;
    this.#boots.set(nodeId, bootCounter);
    const seed = Math.floor(this.#random.next() * 2 ** 32);
    const options = {
      clusterId: 'c',
      nodeId,
      address: `${nodeId}:5433`,
      bootCounter,
      random: seededRandom(seed),
    };
    this.nodes.set(nodeId, new SimNode(nodeId, new GossipFailureDetector(options)));
  }

  after(ms: number, run: () => void): void {
    this.#agenda.add(this.now + ms, run);
  }

  /** Runs everything that is due within `ms`. */
  run(ms: number): void {
    const end = this.now + ms;
    while (this.#agenda.next <= end) {
      const planned = this.#agenda.take();
      this.now = planned.at;
      planned.run();
    }
    this.now = end;
  }

  input(nodeId: NodeId, input: GossipInput): void {
    const node = this.node(nodeId);
    if (!node.isUp) return;
    if (this.now < node.stalledUntil) {
      if (input.kind === 'tick') node.tickDue = true;
      else node.waiting.push(input);
      return;
    }
    const output = node.detector.handle(input, this.now);
    if (this.#options.check !== false) node.detector.check();
    for (const event of output.events) {
      this.seen.push({ at: this.now, node: nodeId, event });
      this.#trace(JSON.stringify(event));
    }
    for (const packet of output.packets) {
      const bytes = encodeGossip(packet.message);
      // frame 5, HTTP/2 9, TLS 22, TCP/IP 52
      node.bytesOut += bytes.length + 88;
      if (this.#options.trace === true) this.#trace(`${nodeId}>${packet.to} ${bytes.join()}`);
      this.#deliver(nodeId, packet.to, bytes);
    }
    this.#wake(node, output.wakeAt);
  }

  #wake(node: SimNode, at: number): void {
    node.wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const { detector } = node;
    this.#agenda.add(Math.max(this.now, at), () => {
      if (node.wakeAt === at && node.detector === detector && node.isUp)
        this.input(node.nodeId, { kind: 'tick' });
    });
  }

  #deliver(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    const isLost = this.#random.next() < this.lossRatio;
    const delay = 0.1 - Math.log(1 - this.#random.next()) * 0.3;
    const target = this.nodes.get(to);
    if (isLost || target === undefined || this.#cut.has(`${from}>${to}`)) return;
    const { detector } = target;
    this.after(delay, () => {
      if (this.nodes.get(to)?.detector !== detector || this.#cut.has(`${from}>${to}`)) return;
      const decoded = decodeGossip(bytes);
      if (!decoded.ok) throw new TypeError(decoded.reason);
      this.input(to, { kind: 'packet', from, message: decoded.message });
    });
  }

  #trace(text: string): void {
    if (this.#options.trace !== true) return;
    for (let i = 0; i < text.length; i++) {
      this.traceHash = Math.imul(this.traceHash ^ text.charCodeAt(i), 0x01000193) >>> 0;
    }
  }

  node(nodeId: NodeId): SimNode {
    const node = this.nodes.get(nodeId);
    if (node === undefined) throw new TypeError(`no ${nodeId}`);
    return node;
  }

  /** SIGKILL: the hosts of those who had connections refuse the next one; heard after 12–30 ms, confirmed 50 ms later. */
  kill(nodeId: NodeId): void {
    this.silence(nodeId);
    for (const other of this.up()) {
      this.after(62 + this.#random.next() * 18, () => {
        if (!this.node(nodeId).isUp) this.input(other, { kind: 'evidence', nodeId, evidence: 'dead' });
      });
    }
  }

  /** Power off or cable cut: nothing tells. */
  silence(nodeId: NodeId): void {
    this.node(nodeId).isUp = false;
  }

  /** SIGSTOP for `ms`; on resuming, queued input is read before the late tick, as the driver does. */
  stall(nodeId: NodeId, ms: number): void {
    const node = this.node(nodeId);
    node.stalledUntil = this.now + ms;
    this.after(ms, () => {
      const waiting = node.waiting;
      node.waiting = [];
      for (const input of waiting) this.input(nodeId, input);
      if (node.tickDue) {
        node.tickDue = false;
        this.input(nodeId, { kind: 'tick' });
      }
    });
  }

  cut(from: readonly NodeId[], to: readonly NodeId[]): void {
    for (const a of from) for (const b of to) this.#cut.add(`${a}>${b}`);
  }

  partition(a: readonly NodeId[], b: readonly NodeId[]): void {
    this.cut(a, b);
    this.cut(b, a);
  }

  heal(): void {
    this.#cut.clear();
  }

  up(): NodeId[] {
    return [...this.nodes.values()].filter((n) => n.isUp).map((n) => n.nodeId);
  }

  stateOf(viewer: NodeId, nodeId: NodeId) {
    return this.node(viewer).detector.member(nodeId, this.now)?.state;
  }

  /** Events of `kind` about `about` since `since`. */
  told(kind: MemberEvent['kind'], about: NodeId | null = null, since = 0): Seen[] {
    return this.seen.filter(
      ({ at, event }) =>
        at >= since &&
        event.kind === kind &&
        (about === null || ('nodeId' in event && event.nodeId === about)),
    );
  }

  /** Ms from `since` to the first and the last of `kind` about `about`, one per viewer. */
  spread(kind: MemberEvent['kind'], about: NodeId, since: number) {
    const first = new Map<NodeId, number>();
    for (const { at, node } of this.told(kind, about, since))
      if (!first.has(node)) first.set(node, at - since);
    const times = [...first.values()].sort((a, b) => a - b);
    return { viewers: times.length, first: times[0] ?? Number.NaN, last: times.at(-1) ?? Number.NaN };
  }
}

/** `n001`, … */
export function nodeName(n: number): NodeId {
  return `n${String(n).padStart(3, '0')}`;
}
