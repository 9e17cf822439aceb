/**
 * All lines to one peer, one for each purpose. One of them is probed: it measures the way, finds the peer
 * silent, and asks again after a refusal; what it finds out is told to the others. They are one witness of
 * the peer's process.
 */
import type { TLSSocket } from 'node:tls';
import type { NodeId } from '../base/index.ts';
import { type EvidenceVerdict, PeerEvidence } from './death-evidence.ts';
import type { DialBudget } from './dial-budget.ts';
import type { PeerPurpose } from './peer-hello.ts';
import { PeerLine, type PeerLineOptions } from './peer-line.ts';

export interface PeerLinesOptions {
  readonly peer: NodeId;
  readonly address: string;
  readonly probing: PeerPurpose;
  readonly budget: DialBudget;
  dial(purpose: PeerPurpose): ReturnType<PeerLineOptions['dial']>;
  verdict(what: NonNullable<EvidenceVerdict>): void;
  /** The probed line stands, over this socket. */
  opened(socket: TLSSocket | null): void;
  pong(rttMs: number): void;
  log(event: 'peer-connected' | 'peer-disconnected', purpose: PeerPurpose, reason: string): void;
}

export class PeerLines {
  readonly #options: PeerLinesOptions;
  readonly #evidence: PeerEvidence<PeerPurpose>;
  readonly #lines = new Map<PeerPurpose, PeerLine>();

  /** Without any line; see `keep`. */
  constructor(options: PeerLinesOptions) {
    this.#options = options;
    this.#evidence = new PeerEvidence(options.probing);
  }

  get address(): string {
    return this.#options.address;
  }

  get(purpose: PeerPurpose): PeerLine | undefined {
    return this.#lines.get(purpose);
  }

  /** The line that is probed. */
  get probed(): PeerLine | undefined {
    return this.#lines.get(this.#options.probing);
  }

  /** Has exactly these lines from now on. */
  keep(purposes: readonly PeerPurpose[]): void {
    for (const [purpose, line] of this.#lines) {
      if (purposes.includes(purpose)) continue;
      this.#lines.delete(purpose);
      line.stop();
    }
    for (const purpose of purposes)
      if (!this.#lines.has(purpose)) this.#lines.set(purpose, this.#lineFor(purpose));
  }

  /** See `PeerLine.tick`. */
  tick(now: number, heardAt: number, pings: 'steady' | 'sparing'): void {
    for (const line of this.#lines.values()) line.tick(now, heardAt, pings);
  }

  /** The peer has just dialled this node. */
  nudge(): void {
    for (const line of this.#lines.values()) line.nudge();
  }

  /** Ends all connections; they are dialled again after a backoff. */
  reset(reason: string): void {
    for (const line of this.#lines.values()) line.reset(reason);
  }

  stop(): void {
    for (const line of this.#lines.values()) line.stop();
  }

  #others(): PeerLine[] {
    return [...this.#lines].filter(([purpose]) => purpose !== this.#options.probing).map(([, line]) => line);
  }

  #lineFor(purpose: PeerPurpose): PeerLine {
    const { peer, address, probing, budget, verdict, pong, dial, log } = this.#options;
    return new PeerLine({
      ...{ peer, address, purpose, budget, verdict, pong, evidence: this.#evidence },
      probing: purpose === probing,
      dial: () => dial(purpose),
      silent: () => {
        for (const other of this.#others()) other.doubt();
      },
      opened: (socket) => {
        if (purpose !== probing) return;
        for (const other of this.#others()) other.renew();
        this.#options.opened(socket);
        this.nudge();
      },
      log: (event, reason) => log(event, purpose, reason),
    });
  }
}
