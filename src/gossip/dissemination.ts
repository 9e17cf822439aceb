/**
 * What is new and still has to be passed on: one item a member, at most one round each
 * 100 ms, three rounds an item (a digest one), the most important first. The
 * item holds only which parts are new; the words are taken from the table when sent, so
 * a later fact overtakes an earlier one in the queue for free.
 */
import { type Duration, type Instant, LIMITS, NEVER, type NodeId } from '../base/index.ts';
import { Budget } from './budget.ts';
import { HEADER_BYTES, updateBytes } from './codec.ts';
import type { MemberUpdate } from './types.ts';

const ROUND_MS: Duration = 100;
/** Random neighbours a round. */
export const FAN_OUT = 4;
/** Rounds by priority: who misses a routine word hears the next one. */
const ROUNDS: Readonly<Record<Priority, number>> = [3, 3, 3, 3, 1];

/** Lower goes first. */
export const PRIORITY = { end: 0, life: 1, vote: 2, suspicion: 3, metadata: 4 } as const;
export type Priority = 0 | 1 | 2 | 3 | 4;

interface Item {
  priority: Priority;
  parts: number;
  rounds: number;
}

/** Ranks hold what waits, so that nobody sorts ten thousand items ten times a second. */
const MOST_ROUNDS = 3;

function rankOf({ priority, rounds }: Item): number {
  return priority * MOST_ROUNDS + MOST_ROUNDS - rounds;
}

export class NewsQueue {
  readonly #items = new Map<NodeId, Item>();
  readonly #ranks: readonly Set<NodeId>[] = Array.from({ length: 5 * MOST_ROUNDS }, () => new Set());
  #nextRoundAt: Instant = 0;
  readonly #budget = new Budget();

  get size(): number {
    return this.#items.size;
  }

  /** When the next round is due; never while nothing is new. */
  get wakeAt(): Instant {
    return this.#items.size === 0 ? NEVER : this.#nextRoundAt;
  }

  /** Something about `nodeId` is new: all its rounds from now on, with all parts that still wait. */
  add(nodeId: NodeId, priority: Priority, parts: number): void {
    const item = this.#items.get(nodeId);
    if (item === undefined) {
      const fresh = { priority, parts, rounds: ROUNDS[priority] };
      this.#items.set(nodeId, fresh);
      this.#ranks[rankOf(fresh)]?.add(nodeId);
      return;
    }
    const before = rankOf(item);
    item.priority = Math.min(item.priority, priority) as Priority;
    item.parts |= parts;
    item.rounds = Math.max(item.rounds, ROUNDS[priority]);
    this.#move(nodeId, before, rankOf(item));
  }

  #move(nodeId: NodeId, from: number, to: number): void {
    if (from === to) return;
    this.#ranks[from]?.delete(nodeId);
    this.#ranks[to]?.add(nodeId);
  }

  /** Own evidence of a death does not wait for the next round. */
  hurry(now: Instant): void {
    this.#nextRoundAt = Math.min(this.#nextRoundAt, now);
  }

  /** An item that has not been sent yet. */
  isUnsent(nodeId: NodeId): boolean {
    const item = this.#items.get(nodeId);
    return item !== undefined && item.rounds === ROUNDS[item.priority];
  }

  delete(nodeId: NodeId): void {
    const item = this.#items.get(nodeId);
    if (item === undefined) return;
    this.#ranks[rankOf(item)]?.delete(nodeId);
    this.#items.delete(nodeId);
  }

  /**
   * The updates of this round, most important first, within the batch and the budget
   * for `copies` receivers; empty when it is not yet time.
   */
  takeRound(
    now: Instant,
    copies: number,
    describe: (nodeId: NodeId, parts: number) => MemberUpdate | null,
  ): MemberUpdate[] {
    if (this.#items.size === 0 || copies === 0 || now < this.#nextRoundAt) return [];
    this.#nextRoundAt = now + ROUND_MS;
    const updates: MemberUpdate[] = [];
    let room: number = LIMITS.maxGossipBatchBytes;
    const taken: NodeId[] = [];
    for (const nodeId of this.#inOrder()) {
      const update = describe(nodeId, this.#items.get(nodeId)?.parts ?? 0);
      if (update === null) {
        this.delete(nodeId);
        continue;
      }
      const size = updateBytes(update);
      const header = updates.length === 0 ? HEADER_BYTES : 0;
      if (size > room || !this.spend(now, (header + size) * copies)) break;
      room -= size;
      updates.push(update);
      taken.push(nodeId);
    }
    for (const nodeId of taken) this.#countRound(nodeId);
    return updates;
  }

  *#inOrder(): Generator<NodeId> {
    for (const rank of this.#ranks) yield* rank;
  }

  #countRound(nodeId: NodeId): void {
    const item = this.#items.get(nodeId);
    if (item === undefined) return;
    if (item.rounds === 1) return this.delete(nodeId);
    const before = rankOf(item);
    item.rounds--;
    this.#move(nodeId, before, rankOf(item));
  }

  /** Takes `bytes` from the budget of this node; false when there is not enough. */
  spend(now: Instant, bytes: number): boolean {
    return this.#budget.spend(now, bytes);
  }
}
