/**
 * A wire whose credentials may be replaced while it is used: a certificate is renewed, or the cluster's CA is
 * another one. When a node takes them no more, or shows a certificate that they do not trust, they are read
 * anew, and what was refused is sent again if they are others now. It was refused at the door, or never left.
 */
import { SqlccError } from '../base/index.ts';
import type { Credentials } from './types.ts';
import type { Endpoint, Lane, StreamOptions, Wire, WireAnswer, WireRequest } from './wire.ts';

/** A wire that shows other credentials from now on; what is under way ends as it began. */
export interface RenewableWire extends Wire {
  /** Throws, and changes nothing, for credentials that are none. */
  reload(credentials: Credentials): void;
}

const UNAUTHENTICATED = 401;
const RENEWED = 'the credentials were renewed';
/** How long what was sent with the old ones may take on its lane. */
const REFUSAL_MS = 2000;

function isAtTheDoor(error: unknown): boolean {
  if (!(error instanceof SqlccError)) return false;
  return (
    error.code === 'unauthenticated' || (error.code === 'unavailable' && error.details['sent'] === false)
  );
}

const same = (a: Credentials, b: Credentials): boolean =>
  a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.token === b.token;

export class RenewedWire implements Wire {
  readonly #wire: RenewableWire;
  readonly #read: () => Credentials;
  #shown: Credentials;
  /** How often they were replaced. */
  #renewals = 0;

  constructor(wire: RenewableWire, shown: Credentials, read: () => Credentials) {
    this.#wire = wire;
    this.#shown = shown;
    this.#read = read;
  }

  async request(
    endpoint: Endpoint,
    request: WireRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<WireAnswer> {
    const [began, renewals] = [performance.now(), this.#renewals];
    try {
      const answer = await this.#wire.request(endpoint, request, timeoutMs, signal);
      if (answer.status !== UNAUTHENTICATED || !this.#isRenewed(renewals)) return answer;
    } catch (error) {
      if (!isAtTheDoor(error) || !this.#isRenewed(renewals)) throw error;
    }
    const leftMs = Math.max(1, Math.ceil(timeoutMs - (performance.now() - began)));
    return this.#wire.request(endpoint, request, leftMs, signal);
  }

  /** One that ends so amid its lines is broken for whoever reads it, and goes on behind the last of them. */
  async *stream(endpoint: Endpoint, request: WireRequest, options: StreamOptions): AsyncGenerator<unknown> {
    const renewals = this.#renewals;
    try {
      yield* this.#wire.stream(endpoint, request, options);
    } catch (error) {
      if (!isAtTheDoor(error) || !this.#isRenewed(renewals)) throw error;
      throw new SqlccError('unavailable', (error as Error).message, { cause: error, details: { endpoint } });
    }
  }

  async openLane(endpoint: Endpoint): Promise<Lane> {
    const renewals = this.#renewals;
    try {
      return this.#ending(await this.#wire.openLane(endpoint), renewals);
    } catch (error) {
      if (!isAtTheDoor(error) || !this.#isRenewed(renewals)) throw error;
      return this.#ending(await this.#wire.openLane(endpoint), this.#renewals);
    }
  }

  /** A lane that ends once a call on it is refused and there are newer credentials, for the next to show. */
  #ending(lane: Lane, renewals: number): Lane {
    const call = async (request: WireRequest, timeoutMs: number): Promise<WireAnswer> => {
      const answer = await lane.call(request, timeoutMs);
      if (answer.status !== UNAUTHENTICATED || !this.#isRenewed(renewals)) return answer;
      // what is under way was sent before, and is answered: with a refusal, or for good
      void lane.leave(RENEWED, REFUSAL_MS);
      throw new SqlccError('unavailable', RENEWED, { details: { sent: false } });
    };
    return {
      get isOpen() {
        return lane.isOpen;
      },
      call,
      leave: (reason, patienceMs) => lane.leave(reason, patienceMs),
      close: () => lane.close(),
    };
  }

  close(): Promise<void> {
    return this.#wire.close();
  }

  /** Whether other credentials are shown now than after so many renewals. */
  #isRenewed(renewals: number): boolean {
    if (this.#renewals > renewals) return true;
    try {
      const read = this.#read();
      if (same(read, this.#shown)) return false;
      this.#wire.reload(read);
      this.#shown = read;
    } catch {
      return false; // gone, or replaced by half: what is shown stays until the next refusal
    }
    this.#renewals++;
    return true;
  }
}
