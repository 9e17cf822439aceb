/** At most one lane to each address, opened when first needed and shared by all calls. */
import { SqlccError } from '../base/index.ts';
import type { Endpoint, Lane, Wire } from './wire.ts';

/** How long a node that leads no more may take to tell what became of writes that must not be sent twice. */
const LAST_WORD_MS = 2000;

export class LanePool {
  readonly #wire: Wire;
  readonly #lanes = new Map<Endpoint, Lane>();
  /** Those with a call that only they can answer. */
  readonly #left = new Set<Lane>();
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

  /**
   * Leaves the lane to `endpoint`: its calls in flight are rejected and made again where another node leads,
   * but for those that must not be sent twice.
   */
  leave(endpoint: Endpoint): void {
    const lane = this.#lanes.get(endpoint);
    if (lane === undefined) return;
    this.#lanes.delete(endpoint);
    this.#left.add(lane);
    void lane.leave('another node leads now', LAST_WORD_MS).then(() => this.#left.delete(lane));
  }

  close(): void {
    this.#closed = true;
    for (const lane of [...this.#lanes.values(), ...this.#left]) lane.close();
    this.#lanes.clear();
  }
}
