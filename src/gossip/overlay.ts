/**
 * Who observes whom: K rings, each a pseudo-random order of all live members; a member
 * is observed by its predecessors. Every node computes the same picture from the same
 * list, and a join or leave moves O(K) edges. Up to 11 members all observe all.
 *
 * A random ring may name the same predecessor twice, so rings are asked in order until
 * K different ones are found: everybody has exactly K observers, and subjects are the
 * inverse. The union of K rings is an expander: no few cuts separate many members.
 */
import { LIMITS, type NodeId } from '../base/index.ts';
import { hashText } from './hash.ts';

/** K: observers of one member. */
export const OBSERVERS = 10;
const FULL_MESH = OBSERVERS + 1;

/** Few members share predecessors often, so more rings are needed until K differ. */
function ringsFor(members: number): number {
  return members <= 24 ? 40 : 16;
}

interface Place {
  readonly position: number;
  readonly nodeId: NodeId;
}

export class Overlay {
  readonly #seed: number;
  readonly #members = new Set<NodeId>();
  /** Made when first asked for, then kept in order. */
  #rings: Place[][] = [];
  #observers = new Map<NodeId, readonly NodeId[]>();

  constructor(clusterId: string) {
    this.#seed = hashText(clusterId, 0x72696e67);
  }

  get size(): number {
    return this.#members.size;
  }

  has(nodeId: NodeId): boolean {
    return this.#members.has(nodeId);
  }

  /** True when it was not a member before. */
  add(nodeId: NodeId): boolean {
    if (this.#members.has(nodeId) || this.#members.size >= LIMITS.maxMembers) return false;
    this.#members.add(nodeId);
    this.#rings.forEach((ring, r) => {
      const place = { position: this.#position(r, nodeId), nodeId };
      ring.splice(insertionPoint(ring, place), 0, place);
    });
    this.#observers.clear();
    return true;
  }

  /** True when it was a member. */
  delete(nodeId: NodeId): boolean {
    if (!this.#members.delete(nodeId)) return false;
    this.#rings.forEach((ring, r) => {
      ring.splice(insertionPoint(ring, { position: this.#position(r, nodeId), nodeId }), 1);
    });
    this.#observers.clear();
    return true;
  }

  /** Those who watch `nodeId`: min(K, N − 1) different members. */
  observers(nodeId: NodeId): readonly NodeId[] {
    const known = this.#observers.get(nodeId);
    if (known !== undefined) return known;
    const found = this.#members.has(nodeId) ? this.#findObservers(nodeId) : [];
    this.#observers.set(nodeId, found);
    return found;
  }

  /** Those whom `nodeId` watches. */
  subjects(nodeId: NodeId): readonly NodeId[] {
    if (!this.#members.has(nodeId)) return [];
    if (this.size <= FULL_MESH) return this.observers(nodeId);
    const candidates = new Set<NodeId>();
    for (let r = 0; r < ringsFor(this.size); r++) candidates.add(this.#step(r, nodeId, 1));
    for (let n = 1; n <= 2 * OBSERVERS; n++) candidates.add(this.#step(0, nodeId, n));
    candidates.delete(nodeId);
    return [...candidates].filter((c) => this.observers(c).includes(nodeId)).sort();
  }

  #findObservers(nodeId: NodeId): readonly NodeId[] {
    if (this.size <= FULL_MESH) return [...this.#members].filter((m) => m !== nodeId).sort();
    const found = new Set<NodeId>();
    for (let r = 0; r < ringsFor(this.size) && found.size < OBSERVERS; r++) {
      found.add(this.#step(r, nodeId, -1));
    }
    for (let n = 1; n <= 2 * OBSERVERS && found.size < OBSERVERS; n++) {
      found.add(this.#step(0, nodeId, -n));
      found.delete(nodeId);
    }
    return [...found].sort();
  }

  /** The member `steps` places after `nodeId` on ring `r`. */
  #step(r: number, nodeId: NodeId, steps: number): NodeId {
    const ring = this.#ring(r);
    const at = insertionPoint(ring, { position: this.#position(r, nodeId), nodeId });
    const place = ring[(((at + steps) % ring.length) + ring.length) % ring.length] as Place;
    return place.nodeId;
  }

  #ring(r: number): Place[] {
    for (let n = this.#rings.length; n <= r; n++) {
      const places = [...this.#members].map((nodeId) => ({ position: this.#position(n, nodeId), nodeId }));
      this.#rings.push(places.sort(comparePlaces));
    }
    return this.#rings[r] as Place[];
  }

  #position(r: number, nodeId: NodeId): number {
    return hashText(nodeId, this.#seed + Math.imul(r + 1, 0x9e3779b1));
  }
}

function comparePlaces(a: Place, b: Place): number {
  return a.position - b.position || (a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0);
}

/** Index of `place`, or where it belongs. */
function insertionPoint(ring: readonly Place[], place: Place): number {
  let low = 0;
  let high = ring.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePlaces(ring[middle] as Place, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
