/**
 * A cluster of production detectors in virtual time. One agenda, seeded chance, one
 * thread; nodes keep connections as the daemon does (link.ts), so loss is delay, a killed
 * process shows by refused connections, and a silent host by nothing. Bytes are those of
 * the real codec plus what carries them:
 *
 * a packet on a connection costs 5 (frame) + 9 (HTTP/2) + 22 (TLS) + 52 (TCP and IP with
 * timestamps) and an acknowledgement of 52 the other way; one in a datagram 28 (UDP and
 * IP) + 30 (header, counter and tag of the seal).
 */
import { type NodeId, type Random, seededRandom } from '../../src/base/index.ts';
import {
  encodeGossip,
  GossipFailureDetector,
  type GossipInput,
  type GossipMessage,
  type MemberEvent,
  type Packet,
  type Roster,
  rosterOf,
} from '../../src/gossip/index.ts';
import { Agenda } from './agenda.ts';
import { Link } from './link.ts';
import { type Delay, Network } from './network.ts';
import { SimNode } from './sim-node.ts';

const SEGMENT_BYTES = 88;
const ACK_BYTES = 52;
const DATAGRAM_BYTES = 58;
/** A larger message goes by the connection. */
const MAX_DATAGRAM_PAYLOAD = 1100;
/** A node that is no neighbour keeps its connection this long, and links are looked at this often (driver). */
const LINGER_MS = 15_000;
const LINKS_INTERVAL_MS = 100;
const DIGEST_INTERVAL_MS = 1000;
/** A routine word of a daemon about itself, in bytes. */
const DIGEST_BYTES = 150;
const HANG_UP_MS = { least: 12, spread: 18 };

export interface WorldOptions {
  readonly nodes: number;
  readonly seed: number;
  /** What carries probes: the connection, or datagrams beside it. */
  readonly lane: 'h2' | 'udp';
  /** False: nobody knows anybody, nodes come by `join`. */
  readonly settled?: boolean;
  readonly delay?: Delay;
  /** Clocks run up to this part too fast or too slow. */
  readonly drift?: number;
  /** Chance that a datagram comes twice; it may also overtake. */
  readonly duplicates?: number;
  readonly onEvent: (viewer: SimNode, event: MemberEvent) => void;
  readonly onTurn?: (node: SimNode) => void;
  /** A message is about to leave, its bytes counted. */
  readonly onSent?: (node: SimNode, message: { readonly kind: string; readonly bytes: number }) => void;
}

const LAN: Delay = { leastMs: 0.1, tailMs: 0.3 };

/** `n0001`, … */
export function nameOf(index: number): NodeId {
  return `n${String(index + 1).padStart(4, '0')}`;
}

function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:5433`;
}

export class World {
  now = 0;
  readonly agenda = new Agenda();
  readonly network: Network;
  readonly nodes: SimNode[] = [];
  readonly random: Random;
  readonly #options: WorldOptions;
  readonly #index = new Map<NodeId, number>();
  readonly #roster: Roster | null;
  readonly #digest = new Uint8Array(DIGEST_BYTES);
  /** FNV-1a over what was sent, by whom, to whom and when, and over what was told. */
  traceHash = 0x811c9dc5;
  packets = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.network = new Network(this.random, options.delay ?? LAN, () => this.now);
    const records = Array.from({ length: options.nodes }, (_, i) => ({
      nodeId: nameOf(i),
      address: addressOf(i),
    }));
    this.#roster = options.settled === false ? null : rosterOf('c', records);
    if (this.#roster === null) return;
    for (let i = 0; i < options.nodes; i++) this.#create(i);
    for (const node of this.nodes) this.#boot(node, this.#roster);
  }

  node(nodeId: NodeId): SimNode {
    return this.nodes[this.#index.get(nodeId) as number] as SimNode;
  }

  up(): SimNode[] {
    return this.nodes.filter((n) => n.isUp);
  }

  after(ms: number, run: () => void): void {
    this.agenda.add(this.now + ms, run);
  }

  run(ms: number): void {
    const end = this.now + ms;
    while (this.agenda.next <= end) {
      this.now = this.agenda.next;
      this.agenda.take()();
    }
    this.now = end;
  }

  /** A new node that knows only `seeds`. */
  join(seeds: readonly SimNode[]): SimNode {
    const node = this.#create(this.nodes.length);
    this.#boot(node, null);
    this.#input(node, { kind: 'join', seeds: seeds.map((s) => ({ nodeId: s.nodeId, address: s.address })) });
    return node;
  }

  #create(index: number): SimNode {
    const drift = this.#options.drift ?? 0;
    const rate = 1 + (this.random.next() * 2 - 1) * drift;
    const node = new SimNode(index, nameOf(index), { address: addressOf(index), rate });
    this.nodes.push(node);
    this.#index.set(node.nodeId, index);
    return node;
  }

  #boot(node: SimNode, roster: Roster | null): void {
    node.boots++;
    const detector = new GossipFailureDetector({
      ...{ clusterId: 'c', nodeId: node.nodeId, address: node.address, bootCounter: node.boots },
      random: seededRandom(Math.floor(this.random.next() * 2 ** 32)),
      ...(roster === null ? {} : { roster }),
    });
    node.start(detector);
    const isSame = (): boolean => node.isUp && node.detector === detector;
    this.after(this.random.next() * 500, () => {
      if (isSame()) this.#input(node, { kind: 'tick' });
    });
    const publish = (): void => {
      if (!isSame()) return;
      this.#input(node, { kind: 'digest', bytes: this.#digest, urgent: false });
      this.after(DIGEST_INTERVAL_MS, publish);
    };
    this.after(this.random.next() * DIGEST_INTERVAL_MS, publish);
  }

  #input(node: SimNode, input: GossipInput): void {
    if (!node.isUp) return;
    if (this.now < node.stalledUntil) {
      node.keep(input);
      return;
    }
    const { packets, events, wakeAt } = node.detector.handle(input, node.clock(this.now));
    for (const event of events) {
      this.#trace(event.kind.length, node.index, 'nodeId' in event ? this.node(event.nodeId).index : 0);
      this.#options.onEvent(node, event);
    }
    if (node.detector.neighbours() !== node.neighbours) this.#followNeighbours(node);
    for (const packet of packets) this.#send(node, packet);
    if (wakeAt !== node.wakeAt) this.#wake(node, wakeAt);
    this.#options.onTurn?.(node);
  }

  #wake(node: SimNode, at: number): void {
    node.wakeAt = at;
    if (at === Number.POSITIVE_INFINITY) return;
    const { detector } = node;
    this.agenda.add(Math.max(this.now, node.instantOf(at)), () => {
      if (node.wakeAt === at && node.detector === detector && node.isUp) this.#input(node, { kind: 'tick' });
    });
  }

  #trace(a: number, b: number, c: number): void {
    let h = this.traceHash;
    for (const word of [Math.floor(this.now * 1000), a, b, c]) h = Math.imul(h ^ word, 0x01000193);
    this.traceHash = h >>> 0;
  }

  #send(from: SimNode, { to, message }: Packet): void {
    const index = this.#index.get(to);
    if (index === undefined) return;
    const target = this.nodes[index] as SimNode;
    const { length } = encodeGossip(message);
    this.packets++;
    this.#trace(length, from.index, index);
    from.messagesOut++;
    if (message.kind === 'news') from.countNews(this.now, length);
    this.#options.onSent?.(from, { kind: message.kind, bytes: length });
    const isProbe = message.kind === 'ping' || message.kind === 'ack';
    if (this.#options.lane === 'udp' && isProbe && length <= MAX_DATAGRAM_PAYLOAD) {
      this.#sendDatagram(from, target, { message, length });
      return;
    }
    const link = from.links.get(index) ?? this.#connect(from, target);
    if (!link.isOpen) link.lingerUntil = this.now + LINGER_MS;
    else link.send(length, () => this.#arrive(from, target, message));
  }

  /** No connection is needed for one, but a key: they have met before. */
  #sendDatagram(
    from: SimNode,
    to: SimNode,
    { message, length }: { readonly message: GossipMessage; readonly length: number },
  ): void {
    if (!from.links.has(to.index)) this.#connect(from, to).lingerUntil = this.now + LINGER_MS;
    const copies = this.random.next() < (this.#options.duplicates ?? 0) ? 2 : 1;
    from.countOut(this.now, length + DATAGRAM_BYTES);
    for (let n = 0; n < copies; n++) {
      if (this.random.next() < this.network.loss(from.index, to.index)) continue;
      this.after(this.network.delayMs(), () => this.#arrive(from, to, message));
    }
  }

  #arrive(from: SimNode, to: SimNode, message: GossipMessage): void {
    if (!to.isUp) return;
    to.hear(from.index, this.now);
    this.#input(to, { kind: 'packet', from: from.nodeId, message });
  }

  #connect(from: SimNode, to: SimNode): Link {
    const { detector } = from;
    const link = new Link({
      ...{ from, to, agenda: this.agenda, network: this.network, random: this.random },
      now: () => this.now,
      heardAt: () => from.heard.get(to.index)?.lastAt ?? Number.NEGATIVE_INFINITY,
      count: (sender, bytes) =>
        (sender as SimNode).countOut(this.now, bytes === 0 ? ACK_BYTES : bytes + SEGMENT_BYTES),
      opened: () => {
        to.links.get(from.index)?.nudge();
        this.after(this.random.next() * LINKS_INTERVAL_MS, () => {
          if (link.isOpen && from.detector === detector)
            this.#input(from, { kind: 'link', nodeId: to.nodeId });
        });
      },
      evidence: (evidence) => this.#input(from, { kind: 'evidence', nodeId: to.nodeId, evidence }),
    });
    from.links.set(to.index, link);
    to.incoming.add(link);
    for (const node of [from, to])
      node.connectionsMax = Math.max(node.connectionsMax, node.links.size + node.incoming.size);
    link.dialIn(0);
    if (this.now < to.stalledUntil) link.watch();
    return link;
  }

  /** Connections to those who are no neighbours any more go when they have lingered. */
  #followNeighbours(node: SimNode): void {
    node.neighbours = node.detector.neighbours();
    const wanted = new Set(node.neighbours.map((n) => this.#index.get(n) as number));
    node.neighboursMax = Math.max(node.neighboursMax, wanted.size);
    for (const index of wanted) if (!node.links.has(index)) this.#connect(node, this.nodes[index] as SimNode);
    for (const [index, link] of node.links) {
      if (!wanted.has(index))
        this.after(Math.max(0, link.lingerUntil - this.now) + 100, () => this.#review(node, index, link));
    }
  }

  #review(node: SimNode, index: number, link: Link): void {
    if (node.links.get(index) !== link || node.neighbours.includes(nameOf(index))) return;
    if (this.now < link.lingerUntil) {
      this.agenda.add(link.lingerUntil + 1, () => this.#review(node, index, link));
      return;
    }
    this.#unlink(node, index, link);
  }

  #unlink(node: SimNode, index: number, link: Link): void {
    link.drop();
    node.links.delete(index);
    this.nodes[index]?.incoming.delete(link);
  }

  /** SIGKILL: the host lives, hangs up and refuses. */
  kill(node: SimNode): void {
    for (const [index, link] of node.links) this.#unlink(node, index, link);
    node.stop(true);
    for (const link of node.incoming) {
      this.after(HANG_UP_MS.least + this.random.next() * HANG_UP_MS.spread, () => link.hangUp());
    }
  }

  /** Power off: nothing tells. */
  silence(node: SimNode): void {
    for (const [index, link] of node.links) this.#unlink(node, index, link);
    node.stop(false);
    this.network.setLoss(node.index, 1);
    for (const link of node.incoming) link.watch();
  }

  /** A new process on a host that lives, with the record of all nodes. */
  restart(node: SimNode): void {
    this.network.setLoss(node.index, 0);
    this.#boot(node, null);
    const nodes = this.nodes.map((n) => ({ nodeId: n.nodeId, address: n.address }));
    this.#input(node, { kind: 'known', nodes });
    const seeds = this.up().filter((n) => n !== node);
    this.#input(node, {
      kind: 'join',
      seeds: seeds.slice(0, 3).map((n) => ({ nodeId: n.nodeId, address: n.address })),
    });
  }

  /** SIGSTOP for `ms`; then queued input is read before the late tick, as the driver does. */
  stall(node: SimNode, ms: number): void {
    node.stalledUntil = this.now + ms;
    this.watch(node);
    const { detector } = node;
    this.after(ms, () => {
      if (node.detector !== detector || !node.isUp) return;
      for (const input of node.resume()) this.#input(node, input);
      this.#input(node, { kind: 'lag', ms });
    });
  }

  /** Its monotonic clock jumps ahead; the next tick is late by as much, and so is the loop in its own eyes. */
  jump(node: SimNode, ms: number): void {
    node.jump(ms);
    this.#input(node, { kind: 'tick' });
    this.#input(node, { kind: 'lag', ms });
  }

  /** The paths of `node` change now: its connections are looked at. */
  watch(node: SimNode): void {
    for (const link of node.links.values()) link.watch();
    for (const link of node.incoming) link.watch();
  }

  setLoss(node: SimNode, ratio: number): void {
    this.network.setLoss(node.index, ratio);
    this.watch(node);
  }
}
