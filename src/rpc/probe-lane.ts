/**
 * Probes in datagrams, beside the connections. On a connection, loss is delay that grows; a datagram
 * is lost or is there. So at 30 % loss a node stays heard by datagram whose connection is silent for
 * seconds.
 *
 * Nothing is answered here and nobody is talked to who has not opened a connection: what has no known
 * key, a wrong seal or an old number is dropped without a word. Messages go to the host of the
 * connection, at the port where the peer listens, never to where a datagram came from.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { NodeClaim } from '../auth/index.ts';
import type { NodeId } from '../base/index.ts';
import { keyIdOf, keyIdText, MAX_PROBE_BYTES, ProbeOpener, ProbeSealer, probeKeyOf } from './probe-seal.ts';
import { splitAddress } from './undici-client.ts';

/** A peer not heard by datagram for so long gets probes by the connection too. */
const TRUST_MS = 700;
/** Then the lane counts as blocked, and is only tried. */
const BLOCKED_MS = 5000;
const TRY_MS = 1000;

export interface ProbeLaneOptions {
  readonly host: string;
  readonly port: number;
  readonly payload: (peer: NodeId, bytes: Uint8Array, claim: NodeClaim) => void;
  readonly log: (event: 'probe-lane-open' | 'probe-lane-failed', reason: string) => void;
}

interface Outgoing {
  readonly sealer: ProbeSealer;
  readonly host: string;
  readonly port: number;
  triedAt: number;
}

interface Incoming {
  readonly keyId: string;
  readonly opener: ProbeOpener;
  readonly claim: NodeClaim;
}

export class ProbeLane {
  readonly #options: ProbeLaneOptions;
  readonly #outgoing = new Map<NodeId, Outgoing>();
  /** Newest first, two a peer: the one before stands until the newest is used from the other end. */
  readonly #incoming = new Map<NodeId, Incoming[]>();
  readonly #byKeyId = new Map<string, Incoming>();
  readonly #sealed = new WeakSet<TLSSocket>();
  readonly #heardAt = new Map<NodeId, number>();
  #socket: Socket | null = null;
  #isOpen = false;

  constructor(options: ProbeLaneOptions) {
    this.#options = options;
  }

  /** Listens; when that fails there is no lane, and connections carry the probes. */
  start(): Promise<void> {
    const { host, port, log } = this.#options;
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr: false });
    this.#socket = socket;
    socket.on('message', (datagram) => this.#onDatagram(datagram));
    return new Promise((resolve) => {
      socket.on('error', (error) => {
        this.#isOpen = false;
        log('probe-lane-failed', error.message);
        resolve();
      });
      socket.bind({ address: host, port, exclusive: true }, () => {
        this.#isOpen = true;
        log('probe-lane-open', `${host}:${port}`);
        resolve();
      });
    });
  }

  stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || !this.#isOpen) return Promise.resolve();
    this.#isOpen = false;
    return new Promise((resolve) => socket.close(() => resolve()));
  }

  /** This node has dialled `peer`: what it sends from now on is sealed with this connection's key. */
  dialled(peer: NodeId, address: string, socket: TLSSocket): void {
    // a key with two sealers would use its numbers twice
    if (this.#sealed.has(socket)) return;
    this.#sealed.add(socket);
    const key = probeKeyOf(socket);
    const port = splitAddress(address)?.port;
    const host = (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
    if (key === null || port === undefined || isIP(host) === 0) return;
    if (isIPv6(host) !== isIPv6(this.#options.host)) return;
    const triedAt = Number.NEGATIVE_INFINITY;
    this.#outgoing.set(peer, { sealer: new ProbeSealer(key), host, port, triedAt });
  }

  /** `claim` has dialled this node: datagrams under this connection's key are its own. */
  accepted(claim: NodeClaim, socket: TLSSocket): void {
    const key = probeKeyOf(socket);
    if (key === null) return;
    const incoming: Incoming = { keyId: keyIdText(key.id), opener: new ProbeOpener(key), claim };
    if (this.#byKeyId.has(incoming.keyId)) return; // a second stream of the same session
    const [newest, ...older] = this.#incoming.get(claim.nodeId) ?? [];
    for (const { keyId } of older) this.#byKeyId.delete(keyId);
    this.#incoming.set(claim.nodeId, newest === undefined ? [incoming] : [incoming, newest]);
    this.#byKeyId.set(incoming.keyId, incoming);
  }

  /** The record changed: keys of those who are refused now are forgotten. */
  review(isRefused: (claim: NodeClaim) => boolean): void {
    for (const [peer, keys] of this.#incoming) {
      if (!keys.some((k) => isRefused(k.claim))) continue;
      for (const { keyId } of keys) this.#byKeyId.delete(keyId);
      this.#incoming.delete(peer);
      this.#outgoing.delete(peer);
      this.#heardAt.delete(peer);
    }
  }

  /** Nothing more is sent to it by datagram until it is dialled again. */
  forget(peer: NodeId): void {
    this.#outgoing.delete(peer);
  }

  /** True when the datagram alone will do; false: send by the connection, too. */
  send(peer: NodeId, message: Uint8Array, now: number): boolean {
    const out = this.#outgoing.get(peer);
    if (out === undefined || !this.#isOpen || message.length > MAX_PROBE_BYTES) return false;
    const quietMs = now - (this.#heardAt.get(peer) ?? Number.NEGATIVE_INFINITY);
    if (quietMs > BLOCKED_MS && now - out.triedAt < TRY_MS) return false;
    out.triedAt = now;
    // a host without a route, a full buffer: the datagram is lost, which it may always be
    this.#socket?.send(out.sealer.seal(message), out.port, out.host, () => {});
    return quietMs <= TRUST_MS;
  }

  /** When it was last heard by datagram; minus infinity: never. Monotonic ms. */
  heardAt(peer: NodeId): number {
    return this.#heardAt.get(peer) ?? Number.NEGATIVE_INFINITY;
  }

  /** Its datagrams arrive. */
  isUsed(peer: NodeId, now: number): boolean {
    return now - this.heardAt(peer) <= BLOCKED_MS;
  }

  #onDatagram(datagram: Uint8Array): void {
    const keyId = keyIdOf(datagram);
    const incoming = keyId === null ? undefined : this.#byKeyId.get(keyId);
    const message = incoming?.opener.open(datagram) ?? null;
    if (incoming === undefined || message === null) return;
    this.#heardAt.set(incoming.claim.nodeId, performance.now());
    this.#options.payload(incoming.claim.nodeId, message, incoming.claim);
  }
}
