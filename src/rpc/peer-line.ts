/**
 * Keeps a connection to one peer for one purpose: dials, redials, and says what the
 * ends of its connections prove. After a hang-up it dials at once (a dead process
 * refuses within a millisecond), after the first refusal 50 ms later, else with full
 * jitter from 20 ms up to 1 s, 5 s where nobody ever listened: who starts calls himself.
 * Who takes connections and is late with TLS is given twice the time at each dial
 * (dial-budget.ts). While the process is gone only the probing purpose asks: the others
 * would cost the successors' time just when they elect one. A peer that hangs up on
 * every connection does not want this node: it is not dialled at once, but with growing
 * patience.
 */
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { type NodeId, SqlccError } from '../base/index.ts';
import type { EvidenceInput, EvidenceVerdict, PeerEvidence } from './death-evidence.ts';
import { type DialBudget, handshakeTimeoutMs } from './dial-budget.ts';
import { type ConnectionEnd, PeerConnection, type PeerConnectionOptions } from './peer-connection.ts';
import type { PeerPurpose, TransferHeader } from './peer-hello.ts';

const BACKOFF_FIRST_MS = 20;
const BACKOFF_MAX_MS = 1000;
/** Of a peer that was never reached and whose host says that nobody listens: it calls when it has started. */
const BACKOFF_ABSENT_MAX_MS = 5000;
/** A ping unanswered for so long ends the connection. */
const SILENCE_MS = 2000;
/** Sparing pings: one so often, and at each tick while a peer that was heard is silent for between these. */
const SPARING_MS = 5000;
const QUIET_MS = 1000;
/** Who answered pings for so long and says nothing has nothing to say: a voter to one that has no vote. */
const RESERVED_MS = 10_000;
/** A dial that waits for so long may have been lost on its way. */
const DIAL_PATIENCE_MS = 150;
/** A connection that lived so long was welcome. */
const WELCOME_MS = 1000;

export interface PeerLineOptions {
  readonly peer: NodeId;
  readonly address: string;
  readonly purpose: PeerPurpose;
  /** Sends pings, watches silence and asks again after a refusal; one purpose of a transport does. */
  readonly probing: boolean;
  /** Of all lines to this peer. */
  readonly evidence: PeerEvidence<PeerPurpose>;
  /** Of all dials of the transport. */
  readonly budget: DialBudget;
  /** Everything for a dial but the callbacks; asked anew each time, since certificates are renewed. */
  readonly dial: () => Omit<PeerConnectionOptions, 'handshake' | 'opened' | 'ended' | 'pong'>;
  verdict(what: NonNullable<EvidenceVerdict>): void;
  /** The connection was given up because its peer was silent. */
  silent(): void;
  /** A connection stands, over this socket. */
  opened(socket: TLSSocket | null): void;
  pong(rttMs: number): void;
  log(event: 'peer-connected' | 'peer-disconnected', reason: string): void;
}

/** Whether a line that is pinged sparingly is due; ms since the last ping, and since the peer was heard. */
export function isTryDue(sincePingMs: number, quietMs: number): boolean {
  return sincePingMs >= SPARING_MS || (quietMs > QUIET_MS && quietMs < RESERVED_MS);
}

export class PeerLine {
  readonly #options: PeerLineOptions;
  #connection: PeerConnection | null = null;
  #timer: NodeJS.Timeout | null = null;
  #attempts = 0;
  /** Handshakes in a row that the peer did not end in time. */
  #late = 0;
  /** Zero: it was never open. */
  #openedAt = 0;
  #isReset = false;
  #dialledAt = 0;
  #isRedialled = false;
  /** What the peer had sent here when it was found silent elsewhere; null = it was not. */
  #readWhenSilent: number | null = null;
  #stopped = false;
  /** The last round trip in ms; null before the first. */
  rttMs: number | null = null;
  /** The least lateness of the peer's words of its wall clock since `takeLateMs`. */
  #lateMs: number | null = null;

  constructor(options: PeerLineOptions) {
    this.#options = options;
    this.#dial();
  }

  get address(): string {
    return this.#options.address;
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  send(payload: Uint8Array): boolean {
    return this.#connection?.send(payload) ?? false;
  }

  /**
   * How much later the wall clock here is than the peer's, the shortest way of its word included; since this
   * was last asked, null = it said nothing.
   */
  takeLateMs(): number | null {
    const lateMs = this.#lateMs;
    this.#lateMs = null;
    return lateMs;
  }

  /** Throws `unavailable` when the peer is not connected. */
  openTransfer(header: TransferHeader): Promise<Duplex> {
    const connection = this.#connection;
    if (connection === null || !connection.isOpen) {
      return Promise.reject(new SqlccError('unavailable', `${this.#options.peer} is not connected`));
    }
    return connection.openTransfer(header);
  }

  /**
   * Called by the transport's clock, on time: pings, and gives up a connection that has been silent
   * too long. `heardAt` is when the peer's own streams brought anything.
   */
  tick(now: number, heardAt: number, pings: 'steady' | 'sparing'): void {
    const connection = this.#connection;
    if (!this.#options.probing || connection === null || !connection.isOpen) return;
    const { askedAt, pingedAt } = connection;
    if (askedAt !== null && now - askedAt > SILENCE_MS) {
      this.#options.silent();
      connection.close(`silent for ${SILENCE_MS} ms`);
    } else if (pings === 'steady' || isTryDue(now - pingedAt, now - heardAt)) connection.ping();
  }

  /**
   * The peer is certainly there, it has just dialled us: waits for no backoff, nor for a lost dial. One that
   * has reached its host is only slow: begun anew it would be slower.
   */
  nudge(): void {
    const connection = this.#connection;
    if (connection === null) {
      if (this.#timer === null) return;
    } else {
      if (connection.isOpen || connection.isReached) return;
      if (performance.now() - this.#dialledAt < DIAL_PATIENCE_MS) return;
      this.#isRedialled = true;
      connection.close('dialled anew');
    }
    this.#attempts = 0;
    this.#dialIn(0);
  }

  /** The probing line found the peer silent. This connection is left alone: it may be moving slowly. */
  doubt(): void {
    this.#readWhenSilent = this.#connection?.bytesRead ?? null;
  }

  /**
   * The probing line has reached the peer again. Where nothing has come here meanwhile, what was sent waits
   * for TCP to repeat it, patient for as long again as the silence lasted: a new connection is quicker.
   */
  renew(): void {
    const connection = this.#connection;
    const isStuck = this.#readWhenSilent !== null && connection?.bytesRead === this.#readWhenSilent;
    this.#readWhenSilent = null;
    if (isStuck && connection?.isOpen === true) connection.close('silent as the line that is probed');
  }

  /** Ends the connection; it is dialled again after a backoff. */
  reset(reason: string): void {
    this.#attempts++;
    this.#isReset = this.#connection !== null;
    this.#connection?.close(reason);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#connection?.close('this node stops');
  }

  #dial(): void {
    this.#timer = null;
    this.#dialledAt = performance.now();
    const { purpose, log, probing, budget } = this.#options;
    const rank = probing && this.#late === 0 ? 'urgent' : 'patient';
    const connection = new PeerConnection({
      ...this.#options.dial(),
      handshake: {
        timeoutMs: handshakeTimeoutMs(this.#late),
        enter: (begin) => budget.enter(rank, begin),
      },
      opened: (socket) => {
        this.#late = 0;
        this.#openedAt = performance.now();
        this.#options.opened(socket);
        log('peer-connected', purpose);
        this.#weigh('connected');
      },
      ended: (how, reason) => {
        if (this.#connection === connection) this.#connection = null;
        this.#onEnd(how, reason);
      },
      pong: (rttMs, lateMs) => {
        this.rttMs = rttMs;
        if (lateMs !== null) this.#lateMs = Math.min(this.#lateMs ?? lateMs, lateMs);
        this.#options.pong(rttMs);
      },
    });
    this.#connection = connection;
  }

  #onEnd(how: ConnectionEnd, reason: string): void {
    if (how === 'hung-up' || how === 'farewell') this.#options.log('peer-disconnected', reason);
    if (this.#stopped) return;
    if (this.#isRedialled) {
      // ended by this node to dial again: it says nothing of the peer
      this.#isRedialled = false;
      return;
    }
    const inputs: Record<ConnectionEnd, EvidenceInput> = {
      refused: 'refused',
      failed: 'inconclusive',
      late: 'inconclusive',
      'hung-up': 'hung-up',
      farewell: 'farewell',
      'closed-here': 'hung-up', // silence: not evidence yet, but a refusal after it is
    };
    if (how === 'late') this.#late++;
    const wasOpen = how === 'hung-up' || how === 'farewell' || how === 'closed-here';
    if (wasOpen && !this.#isReset && performance.now() - this.#openedAt > WELCOME_MS) this.#attempts = 0;
    this.#isReset = false;
    this.#weigh(inputs[how]);
    this.#dialIn(this.#patience(how));
  }

  #patience(how: ConnectionEnd): number {
    const { evidence, probing } = this.#options;
    const now = performance.now();
    if (evidence.isGone) {
      // one line asks for all; the others are nudged when it is answered
      if (!probing) return BACKOFF_MAX_MS * (1 + Math.random());
      if (now < evidence.confirmAt) return Math.max(1, evidence.confirmAt - now);
    } else if (this.#attempts === 0 && (how === 'hung-up' || how === 'closed-here')) {
      this.#attempts++;
      return 0;
    }
    const isAbsent = how === 'refused' && this.#openedAt === 0;
    return this.#backoff(isAbsent ? BACKOFF_ABSENT_MAX_MS : BACKOFF_MAX_MS);
  }

  #weigh(input: EvidenceInput): void {
    const { evidence, purpose } = this.#options;
    const verdict = evidence.weigh(purpose, input, performance.now());
    if (verdict !== null) this.#options.verdict(verdict);
  }

  #backoff(maxMs: number): number {
    const ceiling = Math.min(maxMs, BACKOFF_FIRST_MS * 2 ** Math.min(this.#attempts, 10));
    this.#attempts++;
    return BACKOFF_FIRST_MS / 2 + Math.random() * ceiling;
  }

  #dialIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#stopped) return;
    if (ms > 0) this.#timer = setTimeout(() => this.#dial(), ms);
    else this.#dial();
  }
}
