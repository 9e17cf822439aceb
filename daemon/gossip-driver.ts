/**
 * The detector's hands: carries its packets over the gossip streams, its inputs to it and
 * its events out. It owns one timer. No verdict is taken in it: after a standstill the
 * expired timer comes before the packets that lie unread in the sockets, so a tick is
 * handed in only after two rounds of the event loop have read them.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import type { NodeClaim } from '../src/auth/index.ts';
import type { Duration, LogFields, Logger, LogLevel, NodeId } from '../src/base/index.ts';
import { LIMITS, unreachable } from '../src/base/index.ts';
import type {
  FailureCause,
  GossipInput,
  GossipMessage,
  GossipStatus,
  MemberEvent,
  MemberView,
} from '../src/gossip/index.ts';
import { decodeGossip, encodeGossip, GossipFailureDetector } from '../src/gossip/index.ts';
import { PeerTransport } from '../src/rpc/index.ts';
import { beats } from './beats.ts';
import { systemRandom } from './chance.ts';
import { ClockOffsets } from './clock-offsets.ts';
import { decodeDigest, encodeDigest } from './digest-codec.ts';
import type { DigestFacts, MemberFacts } from './node-view.ts';
import { systemClock } from './system-clock.ts';

/** A node that is no neighbour (asked, retried, compared with) keeps its connection this long. */
const LINGER_MS = 15_000;
/** How soon a link that opened is used, and how often the wanted links are compared with the neighbours. */
const LINKS_INTERVAL_MS = 100;
const LAG_INTERVAL_MS = 1000;
/** How often the loop is looked at; each look wakes an idle process. */
const LAG_RESOLUTION_MS = 100;
/** Goodbyes are on their way after this long. */
const LEAVE_MS = 130;

/** Events by the words of the row that people see. */
type Liveness = MemberFacts['liveness'];

const LIVENESS: Readonly<Record<MemberView['state'], Liveness>> = {
  alive: 'alive',
  suspect: 'suspect',
  failed: 'dead',
  left: 'left',
};

/** What the daemon hears of the transport. */
export interface GossipTransportListener {
  payload(peer: NodeId, purpose: 'gossip' | 'control' | 'bulk', bytes: Uint8Array): void;
  unreachable(peer: NodeId): void;
  lost(peer: NodeId): void;
  dead(peer: NodeId): void;
  restored(peer: NodeId): void;
  log(level: LogLevel, event: string, fields: LogFields): void;
}

/** What the driver needs of a transport; `PeerTransport` is one. */
export interface GossipTransport {
  start(): Promise<void>;
  stop(): Promise<void>;
  setPeers(peers: readonly { readonly nodeId: NodeId; readonly address: string }[]): void;
  send(peer: NodeId, purpose: 'gossip', payload: Uint8Array): void;
  /** For what may be lost, doubled or early: probes and their answers. Absent: `send`. */
  sendProbe?(peer: NodeId, purpose: 'gossip', payload: Uint8Array): void;
  accept(claim: NodeClaim, purpose: 'gossip' | 'control' | 'bulk', stream: Duplex): void;
  /** The record of who belongs to the cluster changed. */
  review(): void;
  /** Reads the certificates again; a transport without any has nothing to do. */
  reload?(): void;
  links(): readonly {
    readonly nodeId: NodeId;
    readonly connected: boolean;
    readonly probeLane?: 'udp' | 'h2';
  }[];
}

export interface GossipDriverOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly instanceId: string;
  /** Starts of this data directory, this one included. */
  readonly bootCounter: number;
  readonly pkiDir: string;
  /** Where others reach this node's API listener. */
  readonly advertise: { readonly host: string; readonly port: number };
  readonly listener: {
    /** A member changed in this node's eyes; `cause` is a phrase for people. */
    verdict(peer: NodeId, liveness: Liveness, by: readonly NodeId[], cause: string): void;
    /** A member was found dead because its host says that the process is gone; `verdict` follows. */
    gone(peer: NodeId): void;
  };
  readonly logger: Logger;
  /** Where probes in datagrams come in; null: connections carry them. */
  readonly probes: { readonly host: string; readonly port: number } | null;
  /** Why a node is not talked with although its certificate is good; see PeerTransport. */
  readonly refusal: (claim: NodeClaim) => string | null;
  /** How long a connection to a node that is no neighbour is kept behind the last word to it; 15 s. */
  readonly lingerMs?: number;
  /** Another transport, for tests. */
  readonly transport?: (listener: GossipTransportListener) => GossipTransport;
}

/** One member as gossip knows it, with who accuses it and why. */
export interface GossipMember extends MemberFacts {
  readonly accusedBy: readonly NodeId[];
  /** A phrase for people; '' while nothing is wrong. */
  readonly cause: string;
}

/** A node that others find by name and address. */
export interface GossipSeed {
  readonly nodeId: NodeId;
  readonly host: string;
  readonly port: number;
}

export class GossipDriver {
  readonly #options: GossipDriverOptions;
  readonly #detector: GossipFailureDetector;
  readonly #transport: GossipTransport;
  readonly #delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  readonly #seeds = new Map<NodeId, string>();
  /** Nodes that are no neighbours but were just sent to, and until when their connection is kept. */
  readonly #visited = new Map<NodeId, number>();
  /** Peers whose link is open: the first packet over a new link says who this node is. */
  readonly #open = new Set<NodeId>();
  /** Digests as they were parsed, by the bytes they came in. */
  readonly #parsed = new WeakMap<Uint8Array, DigestFacts>();
  readonly clocks = new ClockOffsets();
  #digestKey = '';
  #peersKey = '';
  #looks: (() => void)[] = [];
  #cancelWake: () => void = () => {};
  #tickPending = false;
  #isRunning = false;

  constructor(options: GossipDriverOptions) {
    const { clusterId, nodeId, instanceId, bootCounter, advertise, pkiDir } = options;
    this.#options = options;
    const address = addressOf(advertise);
    this.#detector = new GossipFailureDetector({
      ...{ clusterId, nodeId, address, bootCounter },
      random: systemRandom(),
    });
    const make =
      options.transport ??
      ((listener) => {
        const purposes = ['gossip'] as const;
        const { refusal } = options;
        const probes = options.probes === null ? {} : { probes: options.probes };
        const who = { clusterId, nodeId, instanceId, pkiDir, ...probes };
        return new PeerTransport({ ...who, listen: null, purposes, pings: 'sparing', listener, refusal });
      });
    this.#transport = make({
      payload: (peer, _purpose, bytes) => this.#onPayload(peer, bytes),
      unreachable: () => {}, // silence is counted anyway
      lost: () => {}, // one refusal is a hint for Raft, no evidence for a vote
      dead: (peer) => this.evidence(peer, 'dead'),
      restored: (peer) => this.evidence(peer, 'restored'),
      log: (level, event, fields) => options.logger.log(level === 'info' ? 'debug' : level, event, fields),
    });
  }

  async start(): Promise<void> {
    const { logger, bootCounter } = this.#options;
    this.#isRunning = true;
    this.#delay.enable();
    await this.#transport.start();
    this.#looks.push(beats.every(LINKS_INTERVAL_MS, () => this.#followLinks()));
    this.#looks.push(beats.every(LAG_INTERVAL_MS, () => this.#reportLag()));
    logger.log('info', 'gossip-started', { boot: bootCounter });
    this.#join([...this.#seeds.keys()]);
  }

  /** Says goodbye if that was not done yet, waits until it is on its way, closes. */
  async stop(): Promise<void> {
    if (!this.#isRunning) return;
    if (!this.#detector.status(systemClock.now()).isLeaving) {
      this.leave();
      await new Promise((resolve) => setTimeout(resolve, LEAVE_MS));
    }
    this.#isRunning = false;
    this.#cancelWake();
    for (const stop of this.#looks) stop();
    this.#delay.disable();
    await this.#transport.stop();
  }

  /** The node's certificate was renewed on disk: new connections use it. */
  reloadCertificates(): void {
    this.#transport.reload?.();
  }

  /** A verified peer's gossip stream, from the listener that it dialled. */
  accept(claim: NodeClaim, purpose: 'gossip' | 'control' | 'bulk', stream: Duplex): void {
    this.#transport.accept(claim, purpose, stream);
  }

  /** Nodes that may be asked for the others. Adds; new ones and new addresses are asked at once. */
  setSeeds(seeds: readonly GossipSeed[]): void {
    const fresh = this.#remember(seeds);
    if (fresh.length > 0 && this.#isRunning) this.#join(fresh);
  }

  /** Notes where seeds are; answers those that are new or have moved. */
  #remember(seeds: readonly GossipSeed[]): NodeId[] {
    const fresh = seeds.filter(
      (s) => s.nodeId !== this.#options.nodeId && this.#seeds.get(s.nodeId) !== addressOf(s),
    );
    for (const seed of fresh) this.#seeds.set(seed.nodeId, addressOf(seed));
    return fresh.map((s) => s.nodeId);
  }

  /** All nodes on record: one that was in an earlier list and is not in this is forgotten and kept out. */
  knownNodes(records: readonly GossipSeed[]): void {
    const nodes = records.map((r) => ({ nodeId: r.nodeId, address: addressOf(r) }));
    const listed = new Set(records.map((r) => r.nodeId));
    for (const nodeId of this.#seeds.keys()) if (!listed.has(nodeId)) this.#seeds.delete(nodeId);
    this.#handle({ kind: 'known', nodes });
    this.#transport.review();
    const fresh = this.#remember(records);
    // its neighbours meet a newcomer: if all did, each join would cost a connection with everybody
    if (fresh.length > 0 && this.#isRunning && !this.#hasCompany()) this.#join(fresh);
  }

  /** True once anybody was heard. */
  #hasCompany(): boolean {
    const { members } = this.#detector.status(systemClock.now());
    return members.some((m) => m.nodeId !== this.#options.nodeId && m.silenceMs !== null);
  }

  /** This node's newest word about itself; a change of health, role or leader is spread at once. */
  publishDigest(digest: DigestFacts): void {
    const key = `${digest.health} ${digest.role} ${digest.leaderId} ${digest.told?.incident}`;
    const urgent = key !== this.#digestKey;
    this.#digestKey = key;
    let bytes = encodeDigest(digest);
    if (bytes.length > LIMITS.maxGossipDigestBytes) {
      bytes = encodeDigest({ ...digest, issues: ['too many issues to list'] });
    }
    this.#handle({ kind: 'digest', bytes, urgent });
  }

  /** Tells the others that this node goes away on purpose; it stays silent from then on. */
  leave(): void {
    this.#handle({ kind: 'leave' });
  }

  /** What connections prove about a peer's process, from the consensus worker or from here. */
  evidence(peer: NodeId, evidence: 'dead' | 'restored'): void {
    this.#handle({ kind: 'evidence', nodeId: peer, evidence });
  }

  /** Undefined for a node of which nothing was heard yet, by anybody. */
  member(nodeId: NodeId): GossipMember | undefined {
    const view = this.#detector.member(nodeId, systemClock.now());
    return view === undefined ? undefined : this.#facts(view);
  }

  /** All members that anything is known of. */
  members(): ReadonlyMap<NodeId, GossipMember> {
    const found = new Map<NodeId, GossipMember>();
    for (const view of this.#detector.status(systemClock.now()).members) {
      const facts = this.#facts(view);
      if (facts !== undefined) found.set(view.nodeId, facts);
    }
    return found;
  }

  /** For metrics: own health, news that wait, whom this node watches. */
  status(): GossipStatus {
    return this.#detector.status(systemClock.now());
  }

  /** What carries the probes of the connected neighbours now, how many by which. */
  probeLanes(): Readonly<Record<'udp' | 'h2', number>> {
    const counts = { udp: 0, h2: 0 };
    for (const { connected, probeLane } of this.#transport.links()) {
      if (connected || probeLane === 'udp') counts[probeLane ?? 'h2']++;
    }
    return counts;
  }

  #facts(view: MemberView): GossipMember | undefined {
    if (!view.isKnown && view.state !== 'failed') return undefined;
    return {
      nodeId: view.nodeId,
      liveness: LIVENESS[view.state],
      silenceMs: view.silenceMs,
      rttMs: view.rttMs,
      rttSpread: view.rttSpread,
      digest: view.digest === null ? null : this.#parse(view.digest.bytes),
      accusedBy: view.accusedBy,
      cause: causeText(view),
    };
  }

  #parse(bytes: Uint8Array): DigestFacts | null {
    const known = this.#parsed.get(bytes);
    if (known !== undefined) return known;
    const digest = decodeDigest(bytes);
    if (digest !== null) this.#parsed.set(bytes, digest);
    return digest;
  }

  /** How far the wall clock is off from the nearest other one; null while that is not known. */
  clockOffsetMs(): Duration | null {
    return this.clocks.offsetMs(systemClock.now());
  }

  #join(nodeIds: readonly NodeId[]): void {
    const seeds = nodeIds.map((nodeId) => ({ nodeId, address: this.#seeds.get(nodeId) ?? '' }));
    if (seeds.length > 0) this.#handle({ kind: 'join', seeds });
  }

  #onPayload(peer: NodeId, bytes: Uint8Array): void {
    const decoded = decodeGossip(bytes);
    if (decoded.ok) {
      const word = decoded.message.updates.find((update) => update.nodeId === peer)?.digest;
      const digest = word === undefined || word === null ? null : this.#parse(word.bytes);
      if (digest !== null) this.clocks.note(peer, digest.at, Date.now(), systemClock.now());
      this.#handle({ kind: 'packet', from: peer, message: decoded.message });
    } else this.#options.logger.log('warn', 'gossip-refused', { peer, reason: decoded.reason });
  }

  #handle(input: GossipInput): void {
    // before the start nobody could send what it says; a digest or record is remembered all the same
    if (!this.#isRunning && input.kind !== 'known' && input.kind !== 'digest') return;
    const { packets, events, wakeAt } = this.#detector.handle(input, systemClock.now());
    if (this.#isRunning) {
      for (const { to, message } of packets) this.#send(to, message);
      if (!this.#tickPending) {
        this.#cancelWake();
        this.#cancelWake = systemClock.wakeAt(wakeAt, () => this.#onWake());
      }
    }
    for (const event of events) this.#tell(event);
  }

  /** Two rounds of the event loop read what lies in the sockets; then the tick may judge. */
  #onWake(): void {
    this.#tickPending = true;
    setImmediate(() =>
      setImmediate(() => {
        this.#tickPending = false;
        if (this.#isRunning) this.#handle({ kind: 'tick' });
      }),
    );
  }

  /** Without a link the packet is dropped: probes are repeated, a new link begins with a comparison. */
  #send(to: NodeId, message: GossipMessage): void {
    if (!this.#open.has(to)) {
      const isNew = !this.#visited.has(to);
      this.#visited.set(to, systemClock.now() + (this.#options.lingerMs ?? LINGER_MS));
      if (isNew) this.#connect();
    }
    const bytes = encodeGossip(message);
    const isProbe = message.kind === 'ping' || message.kind === 'ack';
    if (isProbe && this.#transport.sendProbe !== undefined) this.#transport.sendProbe(to, 'gossip', bytes);
    else this.#transport.send(to, 'gossip', bytes);
  }

  /** Connects to the neighbours and to whoever was visited lately. */
  #connect(): void {
    const now = systemClock.now();
    for (const [nodeId, until] of this.#visited) if (until < now) this.#visited.delete(nodeId);
    const peers = [...new Set([...this.#detector.neighbours(), ...this.#visited.keys()])]
      .map((nodeId) => ({ nodeId, address: this.#detector.member(nodeId, now)?.address ?? '' }))
      .filter((p) => p.address !== '')
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const key = peers.map((p) => `${p.nodeId}=${p.address}`).join(' ');
    if (key === this.#peersKey) return;
    this.#peersKey = key;
    this.#transport.setPeers(peers);
    // a link that still stood when its node was given up is gone all the same
    const kept = new Set(peers.map((p) => p.nodeId));
    for (const nodeId of this.#open) if (!kept.has(nodeId)) this.#open.delete(nodeId);
  }

  #followLinks(): void {
    this.#connect();
    const opened: NodeId[] = [];
    for (const { nodeId, connected } of this.#transport.links()) {
      if (!connected) this.#open.delete(nodeId);
      else if (!this.#open.has(nodeId)) {
        this.#open.add(nodeId);
        opened.push(nodeId);
      }
    }
    for (const nodeId of opened) this.#handle({ kind: 'link', nodeId });
  }

  #reportLag(): void {
    const ms = Math.max(0, this.#delay.max / 1e6 - LAG_RESOLUTION_MS);
    this.#delay.reset();
    this.#handle({ kind: 'lag', ms: Number.isFinite(ms) ? ms : 0 });
  }

  #tell(event: MemberEvent): void {
    const { logger, listener } = this.#options;
    switch (event.kind) {
      case 'refuted':
        return logger.log('warn', 'called-failed-and-denied', { refutation: event.incarnation.refutation });
      case 'outdated-boot':
        return logger.log('error', 'boot-counter-behind', { boot: event.boot });
      case 'own-health':
        return logger.log(event.value === 0 ? 'info' : 'warn', 'own-health', { value: event.value });
      case 'forgotten':
        return logger.log('info', 'member-forgotten', { node: event.nodeId });
      case 'joined':
        return listener.verdict(event.nodeId, 'alive', [], 'first heard');
      case 'restarted':
        return listener.verdict(event.nodeId, 'alive', [], `restarted, start ${event.incarnation.boot}`);
      case 'alive':
        return listener.verdict(event.nodeId, 'alive', [], 'answers again');
      case 'left':
        return listener.verdict(event.nodeId, 'left', [], 'said goodbye');
      case 'suspected':
        return listener.verdict(event.nodeId, 'suspect', event.by, `not heard by ${event.by.join(', ')}`);
      case 'degraded': {
        const cause = `partial connectivity: ${event.by.join(', ')} cannot hear it, others can`;
        return listener.verdict(event.nodeId, 'suspect', event.by, cause);
      }
      case 'failed':
        if (event.cause === 'process-death') listener.gone(event.nodeId);
        return listener.verdict(event.nodeId, 'dead', event.by, FAILURE_TEXT[event.cause]);
      default:
        return unreachable(event);
    }
  }
}

const FAILURE_TEXT: Readonly<Record<FailureCause, string>> = {
  'process-death': 'its host refuses connections',
  silence: 'silent for too long',
  told: 'others found it dead',
};

function causeText(view: MemberView): string {
  if (view.cause !== null) return FAILURE_TEXT[view.cause];
  if (view.isDegraded) return 'partial connectivity';
  return view.state === 'suspect' ? 'not heard' : '';
}

function addressOf(at: { readonly host: string; readonly port: number }): string {
  return at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`;
}
