/**
 * Who may hold a connection before anybody knows who it is: so many unauthenticated
 * connections for one address, so many in all (Consul CVE-2020-7219). Above that it is
 * refused. Of those of one address only some may be in their handshake, which costs
 * the CPU; the others wait their turn, so that a hundred honest clients of one host
 * that start together get in one after another.
 */
import { LIMITS } from '../base/index.ts';

export interface AdmissionLimits {
  readonly connections: number;
  readonly handshakesPerAddress: number;
  readonly unauthenticatedPerAddress: number;
}

const ADMISSION_LIMITS: AdmissionLimits = {
  connections: LIMITS.maxSessionsPerServer,
  handshakesPerAddress: LIMITS.maxHandshakesPerAddress,
  unauthenticatedPerAddress: LIMITS.maxConnectionsPerUnauthenticatedAddress,
};

interface AddressCount {
  handshakes: number;
  unauthenticated: number;
  readonly waiting: Set<() => void>;
}

/** One connection's place; each step may be told twice. */
export interface Place {
  /** Calls `handshake` once: now, or when another of the same address is done; never after `closed`. */
  begin(handshake: () => void): void;
  /** The TLS handshake is over. */
  secured(): void;
  /** A certificate or a token was verified: it no longer counts for its address. */
  authenticated(): void;
  closed(): void;
}

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #addresses = new Map<string, AddressCount>();
  #connections = 0;
  #refused = 0;

  constructor(limits: AdmissionLimits = ADMISSION_LIMITS) {
    this.#limits = limits;
  }

  /** Connections that hold a place. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** A place for a new connection, or null when it must be closed at once. */
  enter(address: string): Place | null {
    const count = this.#addresses.get(address) ?? { handshakes: 0, unauthenticated: 0, waiting: new Set() };
    if (
      this.#connections >= this.#limits.connections ||
      count.unauthenticated >= this.#limits.unauthenticatedPerAddress
    ) {
      this.#refused++;
      return null;
    }
    this.#connections++;
    count.unauthenticated++;
    this.#addresses.set(address, count);
    return this.#place(address, count);
  }

  #place(address: string, count: AddressCount): Place {
    let [handshaking, anonymous, open] = [false, true, true];
    let start: (() => void) | null = null;
    const begin = (handshake: () => void): void => {
      start = (): void => {
        handshaking = true;
        count.handshakes++;
        handshake();
      };
      if (count.handshakes < this.#limits.handshakesPerAddress) start();
      else count.waiting.add(start);
    };
    const secured = (): void => {
      if (!handshaking) return;
      handshaking = false;
      count.handshakes--;
      for (const next of count.waiting) {
        count.waiting.delete(next);
        next();
        break;
      }
    };
    const authenticated = (): void => {
      if (anonymous) count.unauthenticated--;
      anonymous = false;
    };
    const closed = (): void => {
      if (!open) return;
      open = false;
      if (start !== null) count.waiting.delete(start);
      secured();
      authenticated();
      this.#connections--;
      if (count.handshakes === 0 && count.unauthenticated === 0) this.#addresses.delete(address);
    };
    return { begin, secured, authenticated, closed };
  }
}
