/**
 * Who observes whom: K rings, each a pseudo-random order of all live members; a member
 * is observed by its predecessors. Every node computes the same picture from the same
 * list, and a join or leave moves O(K) edges. Up to 11 members all observe all.
 *
 * A random ring may name the same predecessor twice, so rings are asked in order until
 * K different ones are found: everybody has exactly K observers, and subjects are the
 * inverse. The union of K rings is an expander: no few cuts separate many members.
 *
 * Who is gone keeps its seat and is skipped: deaths come in crowds, and most of the dead
 * come back.
 */
import { LIMITS, type NodeId, type Random } from '../base/index.ts';
import { Rings, ringsSeed } from './rings.ts';

/** K: observers of one member. */
export const OBSERVERS = 10;
const FULL_MESH = OBSERVERS + 1;
/** Seats of those who are gone are given up when they are so many, and more than those taken. */
const EMPTY_SEATS = 64;

/** Few members share predecessors often, so more rings are needed until K differ. */
function ringsFor(members: number): number {
  return members <= 24 ? 40 : 16;
}

export class Overlay {
  #rings: Rings;
  /** Others use the rings too: they are copied before a change. */
  #isShared: boolean;
  readonly #gone = new Set<number>();
  #observers = new Map<NodeId, readonly NodeId[]>();

  /** Empty, or with all seats of `rings`, which are then never changed from here. */
  constructor(clusterId: string, rings: Rings | null = null) {
    this.#rings = rings ?? new Rings(ringsSeed(clusterId));
    this.#isShared = rings !== null;
  }

  get size(): number {
    return this.#rings.size - this.#gone.size;
  }

  has(nodeId: NodeId): boolean {
    const seat = this.#rings.seatOf(nodeId);
    return seat !== undefined && !this.#gone.has(seat);
  }

  /** True when it was not a member before. */
  add(nodeId: NodeId): boolean {
    const seat = this.#rings.seatOf(nodeId);
    if (seat === undefined ? this.size >= LIMITS.maxMembers : !this.#gone.delete(seat)) return false;
    if (seat === undefined) {
      if (this.#isShared) this.#replaceRings();
      this.#rings.add(nodeId);
    }
    this.#observers.clear();
    return true;
  }

  /** True when it was a member. */
  delete(nodeId: NodeId): boolean {
    const seat = this.#rings.seatOf(nodeId);
    if (seat === undefined || this.#gone.has(seat)) return false;
    this.#gone.add(seat);
    if (this.#gone.size > Math.max(EMPTY_SEATS, this.size)) this.#replaceRings();
    this.#observers.clear();
    return true;
  }

  /** One of the members by chance, but not `nodeId`; null when there is none. */
  pick(random: Random, nodeId: NodeId): NodeId | null {
    const others = this.size - (this.has(nodeId) ? 1 : 0);
    while (others > 0) {
      const seat = Math.floor(random.next() * this.#rings.size);
      // at least one seat of three is taken, so this ends soon
      if (!this.#gone.has(seat) && this.#rings.nameOf(seat) !== nodeId) return this.#rings.nameOf(seat);
    }
    return null;
  }

  /** Those who watch `nodeId`: min(K, N − 1) different members. */
  observers(nodeId: NodeId): readonly NodeId[] {
    const known = this.#observers.get(nodeId);
    if (known !== undefined) return known;
    const found = this.has(nodeId) ? this.#findObservers(nodeId) : [];
    this.#observers.set(nodeId, found);
    return found;
  }

  /** Those whom `nodeId` watches. */
  subjects(nodeId: NodeId): readonly NodeId[] {
    if (!this.has(nodeId)) return [];
    if (this.size <= FULL_MESH) return this.observers(nodeId);
    const own = this.#seat(nodeId);
    const found = new Set<number>();
    for (let r = 0; r < ringsFor(this.size); r++) {
      const candidate = this.#step(r, own, 1);
      // before ring r its observers are at most r, so on the first K rings there is room for one more
      if (r < OBSERVERS || this.#observe(candidate).includes(own)) found.add(candidate);
    }
    for (let seat = own, n = 1; n <= 2 * OBSERVERS; n++) {
      seat = this.#step(0, seat, 1);
      if (!found.has(seat) && this.#observe(seat).includes(own)) found.add(seat);
    }
    found.delete(own);
    return [...found].map((seat) => this.#rings.nameOf(seat)).sort();
  }

  #findObservers(nodeId: NodeId): readonly NodeId[] {
    const own = this.#seat(nodeId);
    if (this.size > FULL_MESH) {
      return this.#observe(own)
        .map((seat) => this.#rings.nameOf(seat))
        .sort();
    }
    const all: NodeId[] = [];
    for (let seat = 0; seat < this.#rings.size; seat++) {
      if (seat !== own && !this.#gone.has(seat)) all.push(this.#rings.nameOf(seat));
    }
    return all.sort();
  }

  /** Seats of the K observers of `own`, above a full mesh. */
  #observe(own: number): number[] {
    const found: number[] = [];
    const rings = ringsFor(this.size);
    for (let r = 0; r < rings && found.length < OBSERVERS; r++) {
      const seat = this.#step(r, own, -1);
      if (!found.includes(seat)) found.push(seat);
    }
    for (let seat = own, n = 1; n <= 2 * OBSERVERS && found.length < OBSERVERS; n++) {
      seat = this.#step(0, seat, -1);
      if (seat !== own && !found.includes(seat)) found.push(seat);
    }
    return found;
  }

  /** The next taken seat after `seat` on ring `r`. */
  #step(r: number, seat: number, direction: 1 | -1): number {
    let at = this.#rings.next(r, seat, direction);
    while (this.#gone.has(at)) at = this.#rings.next(r, at, direction);
    return at;
  }

  #seat(nodeId: NodeId): number {
    return this.#rings.seatOf(nodeId) as number;
  }

  #replaceRings(): void {
    this.#rings = this.#rings.copy((seat) => !this.#gone.has(seat));
    this.#gone.clear();
    this.#isShared = false;
  }
}
