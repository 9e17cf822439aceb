/** At most one lane to each address, opened when first needed and shared by all calls. */
import { SqlccError } from '../base/index.ts';
import type { Endpoint, Lane, Wire } from './wire.ts';

export class LanePool {
  readonly #wire: Wire;
  readonly #lanes = new Map<Endpoint, Lane>();
  readonly #opening = new Map<Endpoint, Promise<Lane>>();
  #closed = false;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** The open lane to `endpoint`, without waiting; undefined when there is none. */
  peek(endpoint: Endpoint): Lane | undefined {
    const lane = this.#lanes.get(endpoint);
    return lane?.isOpen === true ? lane : undefined;
  }

  /** The lane to `endpoint`; callers at the same time share one attempt. Rejects with `unavailable`. */
  get(endpoint: Endpoint): Promise<Lane> {
    const lane = this.peek(endpoint);
    if (lane !== undefined) return Promise.resolve(lane);
    const opening = this.#opening.get(endpoint) ?? this.#open(endpoint);
    this.#opening.set(endpoint, opening);
    return opening;
  }

  async #open(endpoint: Endpoint): Promise<Lane> {
    try {
      const lane = await this.#wire.openLane(endpoint);
      if (this.#closed) {
        lane.close();
        throw new SqlccError('unavailable', 'the client is closed');
      }
      this.#lanes.set(endpoint, lane);
      return lane;
    } finally {
      this.#opening.delete(endpoint);
    }
  }

  /** Closes the lane to `endpoint`: its calls in flight are rejected and judged by their own rules. */
  drop(endpoint: Endpoint): void {
    this.#lanes.get(endpoint)?.close();
    this.#lanes.delete(endpoint);
  }

  close(): void {
    this.#closed = true;
    for (const endpoint of [...this.#lanes.keys()]) this.drop(endpoint);
  }
}
