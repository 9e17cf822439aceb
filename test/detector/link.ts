/**
 * One node's own connection to one other, as the daemon keeps it: dialled, redialled,
 * given up when it is silent. While nothing is wrong with the path a packet costs one
 * entry of the agenda; a bad path gets a `TcpFlow` each way and pings.
 */
import type { Random } from '../../src/base/index.ts';
import type { Agenda } from './agenda.ts';
import type { Network } from './network.ts';
import { type FlowPort, TcpFlow } from './tcp-flow.ts';

/** As in src/rpc/peer-line.ts and peer-connection.ts. */
const CONNECT_TIMEOUT_MS = 1000;
const SILENCE_MS = 2000;
const PING_MS = 200;
const SPARING_MS = 5000;
const QUIET_MS = 1000;
const CONFIRM_MS = 50;
const BACKOFF_FIRST_MS = 20;
const BACKOFF_MAX_MS = 1000;
/** TCP and TLS on a clean path. */
const HANDSHAKE_MS = 5;
/** Flights of TLS and HTTP/2 after TCP's, each repeated until it arrives. */
const FLIGHTS = 4;
const PING_BYTES = 13;

/** The end that a link talks to. */
export interface LinkTarget {
  readonly index: number;
  /** Its process runs; else it is refused if the host lives. */
  readonly isUp: boolean;
  readonly isHostUp: boolean;
  readonly stalledUntil: number;
}

export interface LinkOptions {
  readonly from: LinkTarget;
  readonly to: LinkTarget;
  readonly agenda: Agenda;
  readonly network: Network;
  readonly random: Random;
  readonly now: () => number;
  /** When the target was last heard in any way. */
  readonly heardAt: () => number;
  /** Payload bytes go out of the dialler, or an acknowledgement out of the target (0). */
  readonly count: (sender: LinkTarget, bytes: number) => void;
  readonly opened: () => void;
  /** What the connection proves about the target's process. */
  readonly evidence: (what: 'dead' | 'restored') => void;
}

export class Link {
  readonly #o: LinkOptions;
  #state: 'waiting' | 'dialling' | 'open' | 'gone' = 'waiting';
  #attempts = 0;
  #attempt = 0;
  #refusals = 0;
  #hasStood = false;
  #tail = 0;
  #askedAt: number | null = null;
  #pingedAt = Number.NEGATIVE_INFINITY;
  #isWatched = false;
  #out: TcpFlow | null = null;
  #back: TcpFlow | null = null;
  /** Kept until then although the target is no neighbour. */
  lingerUntil = 0;

  constructor(options: LinkOptions) {
    this.#o = options;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Starts to dial after `ms`. */
  dialIn(ms: number): void {
    if (this.#state === 'gone') return;
    this.#state = 'waiting';
    const attempt = ++this.#attempt;
    this.#o.agenda.add(this.#o.now() + ms, () => {
      if (attempt === this.#attempt && this.#state === 'waiting') this.#dial();
    });
  }

  /** The target has just dialled us: no need to wait. */
  nudge(): void {
    if (this.#state !== 'waiting') return;
    this.#attempts = 0;
    this.dialIn(0);
  }

  /** The driver does not want it any more. */
  drop(): void {
    this.#closeFlows();
    this.#attempt++;
    this.#state = 'gone';
  }

  /** The target's kernel closed it: its process is gone. */
  hangUp(): void {
    if (this.#state === 'open') this.#end();
  }

  /** False when it is not open: the packet is lost. `deliver` runs at most once. */
  send(bytes: number, deliver: () => void): boolean {
    if (this.#state !== 'open') return false;
    const { agenda, network, from, to } = this.#o;
    const attempt = this.#attempt;
    const arrive = (): void => {
      if (attempt === this.#attempt) deliver();
    };
    if (this.#out === null && network.isClean(from.index, to.index)) {
      this.#o.count(from, bytes);
      this.#o.count(to, 0);
      this.#tail = Math.max(this.#tail, this.#o.now() + network.delayMs());
      agenda.add(this.#tail, arrive);
    } else {
      this.watch();
      (this.#out as TcpFlow).send(bytes, arrive);
    }
    return true;
  }

  /** Something may be wrong with the path or the target: from now on it is looked at. */
  watch(): void {
    if (this.#isWatched || this.#state !== 'open') return;
    this.#isWatched = true;
    this.#askedAt = null;
    const { network, from, to } = this.#o;
    this.#out = new TcpFlow(network.path(from.index, to.index), this.#port(from, to));
    this.#back = new TcpFlow(network.path(to.index, from.index), this.#port(to, from));
    const attempt = this.#attempt;
    const look = (): void => {
      if (attempt === this.#attempt && this.#look()) this.#o.agenda.add(this.#o.now() + PING_MS, look);
    };
    this.#o.agenda.add(this.#o.now() + this.#o.random.next() * PING_MS, look);
  }

  /** True while it stays suspicious. */
  #look(): boolean {
    const { network, from, to, now } = this.#o;
    const isStalled = now() < from.stalledUntil || now() < to.stalledUntil;
    const isIdle = this.#out?.isIdle !== false && this.#back?.isIdle !== false;
    if (isIdle && network.isClean(from.index, to.index) && to.isUp && !isStalled) {
      this.#closeFlows();
      return false;
    }
    // whoever stands still does nothing, and judges nobody at its first tick after that (peer-transport.ts)
    if (now() - PING_MS < from.stalledUntil) return true;
    if (this.#askedAt !== null && now() - this.#askedAt > SILENCE_MS) {
      this.#end();
      return false;
    }
    const isQuiet = now() - this.#o.heardAt() > QUIET_MS;
    if (isQuiet || now() - this.#pingedAt >= SPARING_MS) this.#ping();
    return true;
  }

  #ping(): void {
    const { agenda, to, now } = this.#o;
    this.#pingedAt = now();
    this.#askedAt ??= now();
    const attempt = this.#attempt;
    const answer = (): void => {
      if (attempt !== this.#attempt || !to.isUp) return;
      if (now() < to.stalledUntil) return agenda.add(to.stalledUntil, answer);
      this.#back?.send(PING_BYTES, () => {
        this.#askedAt = null;
      });
    };
    this.#out?.send(PING_BYTES, answer);
  }

  #port(sender: LinkTarget, receiver: LinkTarget): FlowPort {
    const { agenda, random, now, count } = this.#o;
    return { agenda, random, now, sent: (bytes) => count(bytes === 0 ? receiver : sender, bytes) };
  }

  #closeFlows(): void {
    this.#out?.close();
    this.#back?.close();
    this.#out = null;
    this.#back = null;
    this.#isWatched = false;
  }

  #end(): void {
    this.#closeFlows();
    this.#attempts++;
    this.#refusals = 0;
    this.dialIn(0);
  }

  #dial(): void {
    this.#state = 'dialling';
    const attempt = ++this.#attempt;
    const { outcome, ms } = this.#handshake();
    this.#o.agenda.add(this.#o.now() + ms, () => {
      if (attempt !== this.#attempt) return;
      if (outcome === 'refused') this.#onRefused();
      else if (outcome === 'opened' && this.#o.to.isUp) this.#onOpen();
      else this.#retry();
    });
  }

  #handshake(): { readonly outcome: 'opened' | 'refused' | 'failed'; readonly ms: number } {
    const { network, random, from, to, now } = this.#o;
    const failed = { outcome: 'failed', ms: CONNECT_TIMEOUT_MS } as const;
    const lossOut = network.loss(from.index, to.index);
    const lossBack = network.loss(to.index, from.index);
    // the first repetition of a SYN comes after a second, which is too late
    if (!to.isHostUp || random.next() < lossOut || random.next() < lossBack) return failed;
    if (!to.isUp) return { outcome: 'refused', ms: 2 * network.delayMs() };
    let ms = HANDSHAKE_MS + 4 * network.delayMs() + Math.max(0, to.stalledUntil - now());
    for (let flight = 0; flight < FLIGHTS; flight++) {
      for (let wait = 200; random.next() < (flight % 2 === 0 ? lossOut : lossBack); wait *= 2) {
        ms += wait;
        if (ms > CONNECT_TIMEOUT_MS) return failed;
      }
    }
    return ms > CONNECT_TIMEOUT_MS ? failed : { outcome: 'opened', ms };
  }

  #onOpen(): void {
    this.#state = 'open';
    this.#hasStood = true;
    this.#attempts = 0;
    if (this.#refusals > 0) this.#o.evidence('restored');
    this.#refusals = 0;
    this.#o.opened();
    if (!this.#o.network.isClean(this.#o.from.index, this.#o.to.index)) this.watch();
  }

  /** A refusal after a connection that stood, and a second one: the process is dead. */
  #onRefused(): void {
    if (this.#hasStood) this.#refusals++;
    if (this.#refusals === 2) this.#o.evidence('dead');
    if (this.#refusals === 1) this.dialIn(CONFIRM_MS);
    else this.#retry();
  }

  #retry(): void {
    const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(this.#attempts, 10));
    this.#attempts++;
    this.dialIn(BACKOFF_FIRST_MS / 2 + this.#o.random.next() * ceiling);
  }
}
