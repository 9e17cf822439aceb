/**
 * The table: one row a known member, and beside it what would else be searched for: who
 * is restless, who is ended, one hash a bucket. So a turn costs what happened in it, not
 * what the cluster counts.
 *
 * Rows may be lent: a `Roster` holds rows that many tables share and nobody changes; a
 * table makes its own copy of a row when it has something to write into it. A daemon
 * starts with an empty roster. A simulation of ten thousand nodes lends all of them one.
 */
import type { NodeId } from '../base/index.ts';
import { SYNC_BUCKETS } from './codec.ts';
import { type Member, NO_OPINIONS, newMember } from './member-list.ts';
import { Rings, ringsSeed } from './rings.ts';
import { bucketOf, flipClaim } from './sync.ts';
import type { ClaimState, Incarnation, ObserverKey } from './types.ts';

/** Rows, rings and hashes that tables share; never changed. */
export interface Roster {
  readonly rows: ReadonlyMap<NodeId, Member>;
  readonly names: ReadonlyMap<ObserverKey, NodeId>;
  readonly buckets: readonly (readonly NodeId[])[];
  readonly hashes: readonly number[];
  readonly rings: Rings;
}

/** A cluster that has found itself: all members on record, known and alive in their first life. */
export function rosterOf(
  clusterId: string,
  nodes: readonly { readonly nodeId: NodeId; readonly address: string }[],
): Roster {
  const rows = new Map<NodeId, Member>();
  const names = new Map<ObserverKey, NodeId>();
  const buckets: NodeId[][] = Array.from({ length: SYNC_BUCKETS }, () => []);
  const hashes = new Array<number>(SYNC_BUCKETS).fill(0);
  for (const { nodeId, address } of nodes) {
    const member = newMember(nodeId, address);
    member.incarnation = { boot: 1, refutation: 0 };
    member.onRecord = true;
    rows.set(nodeId, member);
    names.set(member.key, nodeId);
    (buckets[bucketOf(nodeId)] as NodeId[]).push(nodeId);
    flipClaim(hashes, member);
  }
  const rings = new Rings(
    ringsSeed(clusterId),
    nodes.map((n) => n.nodeId),
  );
  return { rows, names, buckets, hashes, rings };
}

export class MemberTable {
  readonly #self: Member;
  readonly #lent: Roster | null;
  /** Lent rows that are not in this table (any more). */
  readonly #hidden = new Set<NodeId>();
  readonly #rows = new Map<NodeId, Member>();
  readonly #names = new Map<ObserverKey, NodeId>();
  /** Of rows that are not lent. */
  readonly #buckets: (Set<NodeId> | undefined)[] = [];
  readonly #hashes: number[];
  /** All of whom anything is undecided: accused, claimed failed, shown as suspect; others may be in it. */
  readonly restless = new Set<Member>();
  /** Failed and left. */
  readonly ended = new Set<Member>();

  constructor(self: Member, lent: Roster | null) {
    this.#self = self;
    this.#lent = lent;
    this.#names.set(self.key, self.nodeId);
    this.#hashes = lent === null ? new Array<number>(SYNC_BUCKETS).fill(0) : [...lent.hashes];
    const row = lent?.rows.get(self.nodeId);
    if (row !== undefined) {
      this.#hidden.add(self.nodeId);
      flipClaim(this.#hashes, row);
    }
    flipClaim(this.#hashes, self);
  }

  get size(): number {
    return this.#rows.size + this.#lentSize();
  }

  /** Lent rows that this table shows and has no copy of. */
  #lentSize(): number {
    return this.#lent === null ? 0 : this.#lent.rows.size - this.#hidden.size;
  }

  has(nodeId: NodeId): boolean {
    return this.peek(nodeId) !== undefined;
  }

  /** The row, to look at. */
  peek(nodeId: NodeId): Readonly<Member> | undefined {
    return this.#rows.get(nodeId) ?? this.#lentRow(nodeId);
  }

  /** The row, to be written. */
  get(nodeId: NodeId): Member | undefined {
    const own = this.#rows.get(nodeId);
    if (own !== undefined || this.#lent === null) return own;
    const lent = this.#lentRow(nodeId);
    if (lent === undefined) return undefined;
    const row = { ...lent };
    this.#hidden.add(nodeId);
    this.#rows.set(nodeId, row);
    return row;
  }

  #lentRow(nodeId: NodeId): Member | undefined {
    return this.#lent === null || this.#hidden.has(nodeId) ? undefined : this.#lent.rows.get(nodeId);
  }

  add(member: Member): void {
    const { nodeId } = member;
    this.#rows.set(nodeId, member);
    this.#names.set(member.key, nodeId);
    if (this.#lent?.rows.has(nodeId) !== true) {
      const bucket = bucketOf(nodeId);
      const ids = this.#buckets[bucket];
      if (ids === undefined) this.#buckets[bucket] = new Set([nodeId]);
      else ids.add(nodeId);
    }
    flipClaim(this.#hashes, member);
  }

  delete(member: Member): void {
    flipClaim(this.#hashes, member);
    this.#rows.delete(member.nodeId);
    this.#names.delete(member.key);
    this.#buckets[bucketOf(member.nodeId)]?.delete(member.nodeId);
    this.restless.delete(member);
    this.ended.delete(member);
  }

  /** What is claimed of a member, this node included: the one way in which life and state change. */
  restate(member: Member, incarnation: Incarnation, state: ClaimState): void {
    flipClaim(this.#hashes, member);
    member.incarnation = incarnation;
    member.state = state;
    flipClaim(this.#hashes, member);
    if (member === this.#self) return;
    this.restless.add(member);
    if (state === 'alive') this.ended.delete(member);
    else this.ended.add(member);
  }

  /** The one way in which opinions about a member, or this node, change. */
  reopine<T>(member: Member, change: () => T): T {
    flipClaim(this.#hashes, member);
    if (member.opinions === NO_OPINIONS) member.opinions = new Map();
    const result = change();
    if (member.opinions.size === 0) member.opinions = NO_OPINIONS;
    flipClaim(this.#hashes, member);
    return result;
  }

  /** Whose short name this is; this node's too. */
  nameOf(key: ObserverKey): NodeId | undefined {
    const own = this.#names.get(key);
    if (own !== undefined || this.#lent === null) return own;
    const lent = this.#lent.names.get(key);
    return lent === undefined || !this.has(lent) ? undefined : lent;
  }

  /** All rows, to look at: for people and for checks, it takes long. */
  *all(): Generator<Readonly<Member>> {
    yield* this.#rows.values();
    if (this.#lentSize() <= 0 || this.#lent === null) return;
    for (const [nodeId, row] of this.#lent.rows) if (!this.#hidden.has(nodeId)) yield row;
  }

  /** One hash a bucket, of this node and all in the table. */
  hashes(): number[] {
    return [...this.#hashes];
  }

  /** Rows of some buckets, this node's own among them, to look at. */
  rowsIn(buckets: readonly number[]): Readonly<Member>[] {
    const found: Readonly<Member>[] = [];
    if (buckets.includes(bucketOf(this.#self.nodeId))) found.push(this.#self);
    for (const bucket of buckets) {
      for (const ids of [this.#buckets[bucket] ?? [], this.#lent?.buckets[bucket] ?? []]) {
        for (const nodeId of ids) {
          const row = this.peek(nodeId);
          if (row !== undefined) found.push(row);
        }
      }
    }
    return found;
  }
}
