/**
 * Messages between nodes. Each node opens to each peer one stream a purpose and sends
 * on it; what the peer has to say comes on the peer's own streams. So a purpose never
 * waits behind another, and a dead direction is seen by the side that needs it.
 *
 * It carries bytes and tells what connections prove about a peer's process; what
 * follows from that is decided by Raft and gossip. Delivery is at most once, in order
 * within one connection: who wants more sends again.
 */

import type { X509Certificate } from 'node:crypto';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { isNodeRole, type NodeClaim } from '../auth/index.ts';
import type { ClusterId, InstanceId, LogFields, LogLevel, NodeId } from '../base/index.ts';
import { LIMITS, SqlccError } from '../base/index.ts';
import { identityOf, spkiFingerprint } from '../pki/index.ts';
import type { EvidenceVerdict } from './death-evidence.ts';
import { DialBudget } from './dial-budget.ts';
import { fitsFrame } from './frame.ts';
import { authorityOf, helloHeaders, type PeerPurpose, type TransferHeader } from './peer-hello.ts';
import { PeerInbox } from './peer-inbox.ts';
import { PeerLines } from './peer-lines.ts';
import { PeerListener } from './peer-listener.ts';
import { ProbeLane } from './probe-lane.ts';
import { RoundTrips } from './round-trips.ts';
import { readServerTls, type ServerTls } from './tls.ts';
import { splitAddress } from './undici-client.ts';

const TICK_MS = 200;
/** A timer later than this was not the peer's silence but our own. */
const LATE_MS = 100;
/** A connection may be older than its peer's newest certificate; one older than so many renewals is gone. */
const MAX_ANSWERED = 4;
const TOO_LONG_QUIET_MS = 1000;

/**
 * `steady`: five a second, for round-trip times. `sparing`: each 5 s, and five a second for a while when a
 * peer that was heard on its own streams falls silent; where the messages themselves ask and answer.
 */
export type Pings = 'steady' | 'sparing';

export interface PeerTransportListener {
  /** `claim` is what the certificate of the stream says of the peer. */
  payload(peer: NodeId, purpose: PeerPurpose, bytes: Uint8Array, claim: NodeClaim): void;
  /** A message was dropped: not connected, too long, or too much waits. At most once a turn for each peer. */
  unreachable(peer: NodeId): void;
  /** A connection that stood was hung up and the next one refused. */
  lost(peer: NodeId): void;
  /** Refused again 50 ms later. */
  dead(peer: NodeId): void;
  /** Connected again after `lost` or `dead`. */
  restored(peer: NodeId): void;
  /** A peer has dialled in; `callers` says where it is found. */
  called?(peer: NodeId): void;
  /** A peer opened a stream for one transfer; the listener owns it. Absent: such streams are refused. */
  bulk?(peer: NodeId, header: TransferHeader, stream: Duplex, claim: NodeClaim): void;
  log(
    level: LogLevel,
    event: string,
    fields: LogFields & Record<string, string | number | boolean | null>,
  ): void;
}

export interface PeerTransportOptions {
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  /** Folder with ca.crt, node.crt and node.key. */
  readonly pkiDir: string;
  /** Where others dial this node, for those who do not know; asked at each dial. Absent: not told. */
  readonly address?: () => string | null;
  /** null: streams are handed in by `accept`. */
  readonly listen: { readonly host: string; readonly port: number } | null;
  /** The first one carries pings and gives evidence. */
  readonly purposes: readonly PeerPurpose[];
  /** Default `steady`. */
  readonly pings?: Pings;
  /** Where datagrams for `sendProbe` come in; others find it at the port that they dial. Absent: none do. */
  readonly probes?: { readonly host: string; readonly port: number };
  readonly listener: PeerTransportListener;
  /**
   * Why a node with a good certificate is not talked with, in either direction: it was removed, another
   * disk has its name. Asked for each new stream and, by `review`, for those that stand. Absent: everybody
   * is.
   */
  readonly refusal?: (claim: NodeClaim) => string | null;
}

interface Inbound {
  readonly inbox: PeerInbox;
  readonly claim: NodeClaim;
  /** Where the peer says that it is dialled. */
  readonly address: string | null;
}

export interface PeerAddress {
  readonly nodeId: NodeId;
  /** `host:port`. */
  readonly address: string;
  /** Default: as the transport's. */
  readonly pings?: Pings;
  /** Default: all of the transport's; its first one is always among them. */
  readonly purposes?: readonly PeerPurpose[];
}

export interface PeerLinkStatus {
  readonly nodeId: NodeId;
  readonly connected: boolean;
  readonly rttMs: number | null;
  /** What carries its probes now. */
  readonly probeLane: 'udp' | 'h2';
}

/** How much later the wall clock here is than the peer's, the way of its word included. */
export interface ClockWord {
  readonly nodeId: NodeId;
  readonly lateMs: number;
}

export class PeerTransport {
  readonly #options: PeerTransportOptions;
  readonly #peers = new Map<NodeId, PeerLines>();
  readonly #budget = new DialBudget();
  /** Peers whose lines are pinged in another way than the transport's. */
  readonly #pings = new Map<NodeId, Pings>();
  /** When a peer's streams last brought a message; monotonic ms. */
  readonly #heardAt = new Map<NodeId, number>();
  /** With which certificates peers answered when they were dialled, the newest last. */
  readonly #answered = new Map<NodeId, readonly NodeClaim[]>();
  readonly #inboxes = new Map<string, Inbound>();
  readonly #roundTrips = new RoundTrips();
  readonly #dropped = new Set<NodeId>();
  readonly #listener: PeerListener | null;
  readonly #probes: ProbeLane | null;
  #tls: ServerTls;
  #timer: NodeJS.Timeout | null = null;
  #tickDue = 0;
  #saidTooLongAt = Number.NEGATIVE_INFINITY;

  /** Reads the certificates; throws `storage_failed` when one is missing. */
  constructor(options: PeerTransportOptions) {
    this.#options = options;
    this.#tls = readServerTls(options.pkiDir, options.clusterId);
    this.#probes = this.#probeLane();
    this.#listener =
      options.listen === null
        ? null
        : new PeerListener({
            ...options.listen,
            tls: this.#tls,
            accept: (claim, purpose, stream, address) => this.accept(claim, purpose, stream, address),
            transfer: (claim, header, stream) => this.#acceptTransfer(claim, header, stream),
            refusal: (claim) => this.#refusal(claim),
            refused: (address, reason) => options.listener.log('warn', 'peer-refused', { address, reason }),
          });
  }

  /** The port it listens on; null without a listener of its own. */
  get port(): number | null {
    return this.#listener?.port ?? null;
  }

  #probeLane(): ProbeLane | null {
    const { probes, purposes, listener } = this.#options;
    const purpose = purposes[0];
    if (probes === undefined || purpose === undefined) return null;
    return new ProbeLane({
      ...probes,
      payload: (peer, bytes, claim) => {
        if (this.#peers.has(peer)) this.#heardAt.set(peer, performance.now());
        listener.payload(peer, purpose, bytes, claim);
      },
      log: (event, reason) => this.#log(event === 'probe-lane-open' ? 'info' : 'warn', event, { reason }),
    });
  }

  async start(): Promise<void> {
    await this.#listener?.start();
    await this.#probes?.start();
    this.#tickDue = performance.now() + TICK_MS;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Says farewell to those who dialled in, then closes everything. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { inbox } of this.#inboxes.values()) inbox.farewell();
    this.setPeers([]);
    await this.#probes?.stop();
    await this.#listener?.stop();
    for (const { inbox } of [...this.#inboxes.values()]) inbox.close(null);
  }

  /** Connects to exactly these peers from now on. */
  setPeers(peers: readonly PeerAddress[]): void {
    const others = peers.filter((p) => p.nodeId !== this.#options.nodeId);
    const wanted = new Map(others.map((p) => [p.nodeId, p]));
    this.#pings.clear();
    for (const { nodeId, pings } of peers) if (pings !== undefined) this.#pings.set(nodeId, pings);
    for (const [peer, lines] of this.#peers) {
      if (lines.address === wanted.get(peer)?.address) continue;
      lines.stop();
      this.#peers.delete(peer);
      this.#heardAt.delete(peer);
      this.#roundTrips.forget(peer);
      this.#probes?.forget(peer);
    }
    for (const [peer, { address, purposes }] of wanted) {
      if (!this.#peers.has(peer)) {
        if (splitAddress(address) === null) this.#log('warn', 'peer-address-refused', { peer, address });
        else this.#peers.set(peer, this.#linesTo(peer, address));
      }
      this.#peers.get(peer)?.keep(purposes ?? this.#options.purposes);
    }
  }

  /** Nodes that keep a stream to this one, and where they say that they are dialled; each once. */
  callers(): PeerAddress[] {
    const found = new Map<NodeId, PeerAddress>();
    for (const { claim, address } of this.#inboxes.values())
      if (address !== null) found.set(claim.nodeId, { nodeId: claim.nodeId, address });
    return [...found.values()];
  }

  /** The record changed: closes the streams of those who are refused now. */
  review(): void {
    for (const { inbox, claim } of [...this.#inboxes.values()]) {
      const reason = this.#refusal(claim);
      if (reason !== null) inbox.close(reason);
    }
    // lines that were dialled too: what goes out on them is for the holder of a good certificate
    for (const [peer, claims] of this.#answered) {
      const good = claims.filter((claim) => this.#refusal(claim) === null);
      if (good.length === claims.length) continue;
      this.#answered.set(peer, good);
      this.disconnect(peer);
    }
    this.#probes?.review((claim) => this.#refusal(claim) !== null);
  }

  /**
   * Sends, or drops and tells `unreachable`. The bytes must not change afterwards. More than
   * `LIMITS.maxFrameBytes` are the sender's mistake, and dropped as well: a line in the log says so.
   */
  send(peer: NodeId, purpose: PeerPurpose, payload: Uint8Array): void {
    if (!fitsFrame(payload)) this.#sayTooLong(peer, purpose, payload.length);
    else if (this.#peers.get(peer)?.get(purpose)?.send(payload) ?? false) return;
    if (this.#dropped.size === 0) queueMicrotask(() => this.#tellDropped());
    this.#dropped.add(peer);
  }

  /**
   * As `send`, for a message that may be lost, doubled or overtake others: in a datagram where that works, on
   * the connection where it does not, and on both while that is not known.
   */
  sendProbe(peer: NodeId, purpose: PeerPurpose, payload: Uint8Array): void {
    if (this.#probes?.send(peer, payload, performance.now()) !== true) this.send(peer, purpose, payload);
  }

  /** Closes all connections with a peer; they come back after a backoff. */
  disconnect(peer: NodeId): void {
    this.#peers.get(peer)?.reset('disconnected by this node');
    this.#closeInboxes(peer, 'disconnected by this node');
  }

  links(): PeerLinkStatus[] {
    const now = performance.now();
    return [...this.#peers].map(([nodeId, lines]) => {
      const line = lines.probed;
      const probeLane = this.#probes?.isUsed(nodeId, now) === true ? 'udp' : 'h2';
      return { nodeId, connected: line?.isOpen ?? false, rttMs: line?.rttMs ?? null, probeLane };
    });
  }

  rttP99Ms(): number {
    return this.#roundTrips.p99();
  }

  /** What peers said of their wall clocks since this was last asked. */
  clockWords(): ClockWord[] {
    return [...this.#peers].flatMap(([nodeId, lines]) => {
      const lateMs = lines.probed?.takeLateMs() ?? null;
      return lateMs === null ? [] : [{ nodeId, lateMs }];
    });
  }

  /** A stream of its own for one transfer, both ways; throws `unavailable` when the peer is not connected. */
  async openBulk(peer: NodeId, header: TransferHeader): Promise<Duplex> {
    const line = this.#peers.get(peer)?.get('bulk');
    if (line === undefined) throw new SqlccError('unavailable', `no bulk connection to ${peer}`);
    return line.openTransfer(header);
  }

  /** Takes a verified peer's stream of messages; a newer one of the same purpose replaces the older. */
  accept(claim: NodeClaim, purpose: PeerPurpose, stream: Duplex, address: string | null = null): void {
    const peer = claim.nodeId;
    if (this.#refusal(claim) !== null || !this.#options.purposes.includes(purpose)) {
      stream.destroy();
      return;
    }
    const socket = (stream as Partial<ServerHttp2Stream>).session?.socket as TLSSocket | undefined;
    if (socket !== undefined) this.#probes?.accepted(claim, socket);
    const key = `${purpose} ${peer}`;
    this.#inboxes.get(key)?.inbox.close('replaced by a newer stream');
    const inbox: PeerInbox = new PeerInbox(stream, {
      payload: (bytes) => {
        if (this.#peers.has(peer)) this.#heardAt.set(peer, performance.now());
        this.#options.listener.payload(peer, purpose, bytes, claim);
      },
      closed: (reason) => {
        if (this.#inboxes.get(key)?.inbox === inbox) this.#inboxes.delete(key);
        if (reason !== null) this.#log('warn', 'peer-stream-closed', { peer, purpose, reason });
      },
    });
    this.#inboxes.set(key, { inbox, claim, address });
    this.#options.listener.called?.(peer);
    this.#peers.get(peer)?.nudge();
  }

  /** Reads the certificates again; connections made from now on use them. */
  reload(): void {
    this.#tls = readServerTls(this.#options.pkiDir, this.#options.clusterId);
    this.#listener?.reload(this.#tls);
  }

  /** Said once a second at most: whoever makes such a payload makes it again at every retry. */
  #sayTooLong(peer: NodeId, purpose: PeerPurpose, bytes: number): void {
    const now = performance.now();
    if (now - this.#saidTooLongAt < TOO_LONG_QUIET_MS) return;
    this.#saidTooLongAt = now;
    this.#log('error', 'peer-payload-too-long', { peer, purpose, bytes, limit: LIMITS.maxFrameBytes });
  }

  /** Takes a verified peer's stream for one transfer. */
  #acceptTransfer(claim: NodeClaim, header: TransferHeader, stream: Duplex): void {
    stream.on('error', () => {}); // the transfer sees 'close'
    const { listener } = this.#options;
    if (listener.bulk === undefined) stream.destroy();
    else listener.bulk(claim.nodeId, header, stream, claim);
  }

  #refusal(claim: NodeClaim): string | null {
    return this.#options.refusal?.(claim) ?? null;
  }

  #probing(): PeerPurpose {
    return this.#options.purposes[0] ?? 'control';
  }

  #linesTo(peer: NodeId, address: string): PeerLines {
    return new PeerLines({
      ...{ peer, address, probing: this.#probing(), budget: this.#budget },
      dial: (purpose) => ({
        peer,
        address,
        tls: this.#tls,
        judge: (certificate) => this.#judge(peer, certificate),
        headers: helloHeaders({ ...this.#options, purpose, address: this.#options.address?.() ?? null }),
      }),
      verdict: (what) => this.#onVerdict(peer, what),
      pong: (rttMs) => this.#roundTrips.record(peer, rttMs),
      opened: (socket) => {
        if (socket !== null) this.#probes?.dialled(peer, address, socket);
      },
      log: (event, purpose, reason) => this.#log('info', event, { peer, purpose, reason }),
    });
  }

  /** The node that was dialled must be the one that answers, whatever host it lives on. */
  #judge(peer: NodeId, certificate: X509Certificate): string | null {
    const identity = identityOf(certificate, this.#options.clusterId);
    if ('refused' in identity) return identity.refused;
    if (!isNodeRole(identity.role)) return `${identity.id} has role ${identity.role}, not a node's`;
    if (identity.id !== peer) return `${identity.id} answers at the address of ${peer}`;
    const { role, serial } = identity;
    const keySha256 = spkiFingerprint(certificate);
    const caSha256 = authorityOf(certificate, this.#tls.ca);
    const claim = { nodeId: peer, role, keySha256, caSha256, serial: serial ?? '' };
    const reason = this.#refusal(claim);
    if (reason === null) this.#remember(claim);
    return reason;
  }

  #remember(claim: NodeClaim): void {
    const known = this.#answered.get(claim.nodeId) ?? [];
    if (known.some((k) => k.serial === claim.serial)) return;
    this.#answered.set(claim.nodeId, [...known, claim].slice(-MAX_ANSWERED));
  }

  #onVerdict(peer: NodeId, what: NonNullable<EvidenceVerdict>): void {
    // its other streams end with it: no need to wait until each finds out
    if (what === 'lost') this.#closeInboxes(peer, null);
    this.#options.listener[what](peer);
  }

  #closeInboxes(peer: NodeId, reason: string | null): void {
    for (const purpose of this.#options.purposes)
      this.#inboxes.get(`${purpose} ${peer}`)?.inbox.close(reason);
  }

  #tellDropped(): void {
    const peers = [...this.#dropped];
    this.#dropped.clear();
    for (const peer of peers) this.#options.listener.unreachable(peer);
  }

  #tick(): void {
    const now = performance.now();
    const late = now - this.#tickDue > LATE_MS;
    this.#tickDue = now + TICK_MS;
    // after a stall the answers lie unread in the sockets: nobody is judged before they were read
    if (late) return;
    setImmediate(() => {
      for (const [peer, lines] of this.#peers) {
        const heardAt = this.#heardAt.get(peer) ?? Number.NEGATIVE_INFINITY;
        const pings = this.#pings.get(peer) ?? this.#options.pings ?? 'steady';
        lines.tick(performance.now(), heardAt, pings);
      }
    });
  }

  #log(level: LogLevel, event: string, fields: Record<string, string | number | boolean | null>): void {
    this.#options.listener.log(level, event, fields);
  }
}
