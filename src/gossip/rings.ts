/**
 * K pseudo-random orders of the same seats. A seat is a member's number in here; it is
 * never given to another one, so those who are gone for a while keep theirs. The orders
 * depend on the cluster's and the members' names alone, not on who came first.
 *
 * Each order is kept with its inverse: a neighbour is found without searching, and a
 * newcomer costs one pass over each order. Orders are made when first asked for.
 */
import type { NodeId } from '../base/index.ts';
import { hashText } from './hash.ts';

/** Four bytes a number: three numbers a ring and member are most of what a large table takes. */
interface Order {
  /** Seats, sorted; behind the last seat is room for more. */
  seats: Uint32Array;
  /** By seat: where it is in `seats`. */
  places: Uint32Array;
  /** By seat: the hash that sorts. */
  positions: Uint32Array;
}

export class Rings {
  readonly #seed: number;
  readonly #names: NodeId[] = [];
  readonly #seatOf = new Map<NodeId, number>();
  readonly #orders: Order[] = [];

  constructor(seed: number, names: Iterable<NodeId> = []) {
    this.#seed = seed;
    for (const nodeId of names) this.add(nodeId);
  }

  /** Its own rings with these seats, and perhaps fewer. */
  copy(isKept: (seat: number) => boolean = () => true): Rings {
    return new Rings(
      this.#seed,
      this.#names.filter((_, seat) => isKept(seat)),
    );
  }

  /** Seats given so far. */
  get size(): number {
    return this.#names.length;
  }

  seatOf(nodeId: NodeId): number | undefined {
    return this.#seatOf.get(nodeId);
  }

  nameOf(seat: number): NodeId {
    return this.#names[seat] as NodeId;
  }

  add(nodeId: NodeId): number {
    const seat = this.#names.length;
    this.#names.push(nodeId);
    this.#seatOf.set(nodeId, seat);
    this.#orders.forEach((order, r) => {
      if (seat === order.seats.length) grow(order, 2 * seat);
      order.positions[seat] = this.#position(r, nodeId);
      this.#insert(order, seat);
    });
    return seat;
  }

  /** The seat `direction` (1 or −1) places after `seat` on ring `r`. */
  next(r: number, seat: number, direction: 1 | -1): number {
    const { seats, places } = this.#order(r);
    const at = (places[seat] as number) + direction;
    const last = this.#names.length - 1;
    return seats[at < 0 ? last : at > last ? 0 : at] as number;
  }

  #insert(order: Order, seat: number): void {
    const { seats, places } = order;
    let low = 0;
    let high = seat;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(order, seats[middle] as number, seat) < 0) low = middle + 1;
      else high = middle;
    }
    // its seat is the newest, so as many are seated before it as its number says
    seats.copyWithin(low + 1, low, seat);
    seats[low] = seat;
    for (let at = low; at <= seat; at++) places[seats[at] as number] = at;
  }

  #order(r: number): Order {
    for (let n = this.#orders.length; n <= r; n++) {
      const count = this.#names.length;
      const positions = Uint32Array.from(this.#names, (nodeId) => this.#position(n, nodeId));
      const order: Order = {
        seats: Uint32Array.from(positions.keys()),
        places: new Uint32Array(count),
        positions,
      };
      order.seats.sort((a, b) => this.#compare(order, a, b));
      for (let at = 0; at < count; at++) order.places[order.seats[at] as number] = at;
      this.#orders.push(order);
    }
    return this.#orders[r] as Order;
  }

  #compare({ positions }: Order, a: number, b: number): number {
    const by = (positions[a] as number) - (positions[b] as number);
    return by !== 0 ? by : this.nameOf(a) < this.nameOf(b) ? -1 : 1;
  }

  #position(r: number, nodeId: NodeId): number {
    return hashText(nodeId, this.#seed + Math.imul(r + 1, 0x9e3779b1));
  }
}

function grow(order: Order, size: number): void {
  for (const name of ['seats', 'places', 'positions'] as const) {
    const larger = new Uint32Array(size);
    larger.set(order[name]);
    order[name] = larger;
  }
}

/** Where the rings of a cluster begin. */
export function ringsSeed(clusterId: string): number {
  return hashText(clusterId, 0x72696e67);
}
