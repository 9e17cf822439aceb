/**
 * The last hour of every node in samples of a second (ten above 50 nodes), for screens that look back.
 * Bounded by count.
 */
import type { LogIndex, NodeId, Timestamp } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';

export interface HistoryPoint {
  readonly at: Timestamp;
  readonly nodeId: NodeId;
  readonly cpuUsage: number | null;
  readonly lagEntries: number | null;
  readonly appliedIndex: LogIndex;
}

const MANY_NODES = 50;
const STEP_MS = 1000;
const COARSE_STEP_MS = 10_000;

export class History {
  /** One row a step. */
  #rows: HistoryPoint[][] = [];
  #stepMs = STEP_MS;
  #lastAt: Timestamp = 0;

  get stepMs(): number {
    return this.#stepMs;
  }

  /** Called each second with one point a node; drops what is older than the limit. */
  add(at: Timestamp, points: readonly HistoryPoint[]): void {
    this.#stepMs = points.length > MANY_NODES ? COARSE_STEP_MS : STEP_MS;
    if (at - this.#lastAt < this.#stepMs * 0.9) return;
    this.#lastAt = at;
    this.#rows.push([...points]);
    const most = Math.ceil((LIMITS.historySeconds * 1000) / this.#stepMs);
    if (this.#rows.length > most * 1.25) this.#rows = this.#rows.slice(-most);
  }

  /** Points of the last `seconds`, oldest first. */
  since(seconds: number, now: Timestamp): HistoryPoint[] {
    const from = now - seconds * 1000;
    return this.#rows.flatMap((row) => ((row[0]?.at ?? 0) >= from ? row : []));
  }
}
