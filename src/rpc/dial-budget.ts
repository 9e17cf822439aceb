/**
 * How long a handshake may take, and how many of a node's dials shake hands at once. A host's kernel takes a
 * connection whatever its process does, so the time for that is fixed; TLS waits for the process. Where many
 * daemons start on few cores a fixed time for it is a trap: all are too slow, break off, begin anew, and
 * what they had done was for nothing. So who was late before is given more time, and fewer begin at once.
 *
 * Whether a peer is dead is not decided here: refusals come before the handshake, silence is counted
 * elsewhere.
 */
import { assert, type Duration, LIMITS } from '../base/index.ts';

const FIRST_MS = 1000;

/** For the next handshake with a peer that was late so often in a row; never longer than a listener waits. */
export function handshakeTimeoutMs(late: number): Duration {
  return Math.min(LIMITS.handshakeTimeoutMs, FIRST_MS * 2 ** Math.min(late, 10));
}

export type DialRank = 'urgent' | 'patient';

/**
 * Places for handshakes. Patient ones, which were late before or which nobody waits for, have half of them: a
 * few peers that stand still do not hold up the others.
 */
export class DialBudget {
  readonly #limit: number;
  readonly #running = { urgent: 0, patient: 0 };
  readonly #waiting: Readonly<Record<DialRank, Set<() => void>>> = { urgent: new Set(), patient: new Set() };

  constructor(limit: number = LIMITS.maxDialHandshakes) {
    assert(limit >= 2, `${limit} places have no half`);
    this.#limit = limit;
  }

  /**
   * Calls `begin` once, now or when a place is free. The answer gives the place back, or waits for none any
   * more; it may be called twice.
   */
  enter(rank: DialRank, begin: () => void): () => void {
    let isOver = false;
    let isRunning = false;
    const start = (): void => {
      isRunning = true;
      this.#running[rank]++;
      begin();
    };
    this.#waiting[rank].add(start);
    this.#fill();
    return () => {
      if (isOver) return;
      isOver = true;
      this.#waiting[rank].delete(start);
      if (!isRunning) return;
      this.#running[rank]--;
      this.#fill();
    };
  }

  #fill(): void {
    for (let next = this.#next(); next !== null; next = this.#next()) next();
  }

  /** Takes the one that has waited for the longest of those that may begin; the urgent first. */
  #next(): (() => void) | null {
    const { urgent, patient } = this.#running;
    if (urgent + patient >= this.#limit) return null;
    const ranks: readonly DialRank[] = patient < this.#limit / 2 ? ['urgent', 'patient'] : ['urgent'];
    for (const rank of ranks) {
      for (const start of this.#waiting[rank]) {
        this.#waiting[rank].delete(start);
        return start;
      }
    }
    return null;
  }
}
