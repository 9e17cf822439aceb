/**
 * The last hour of every node in samples of a second (ten above 50 nodes), for screens that look back.
 * Bounded by count.
 */
import type { Duration, LogIndex, NodeId, Timestamp } from '../src/base/index.ts';
import { LIMITS } from '../src/base/index.ts';

export interface HistoryPoint {
  readonly at: Timestamp;
  readonly nodeId: NodeId;
  readonly cpuUsage: number | null;
  readonly lagEntries: number | null;
  readonly appliedIndex: LogIndex;
}

export interface HistoryAnswer {
  readonly stepMs: Duration;
  readonly points: readonly HistoryPoint[];
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

  /**
   * Points of the last `seconds`, oldest first: the newest of each step. A step is as long as was asked for,
   * no shorter than they are kept, and long enough that an answer stays within its limit.
   */
  since(seconds: number, now: Timestamp, stepMs = 0): HistoryAnswer {
    const from = now - seconds * 1000;
    const rows = this.#rows.filter((row) => timeOf(row) >= from);
    const step = Math.max(stepMs, this.#stepMs, leastStep(rows));
    return { stepMs: step, points: (step > this.#stepMs ? newestOfEach(rows, step) : rows).flat() };
  }
}

function timeOf(row: readonly HistoryPoint[] | undefined): Timestamp {
  return row?.[0]?.at ?? 0;
}

/** The shortest step in which all of it is within the limit of an answer, ms. */
function leastStep(rows: readonly HistoryPoint[][]): Duration {
  const points = rows.reduce((sum, row) => sum + row.length, 0);
  if (points <= LIMITS.historyPoints) return 0;
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 1);
  const steps = Math.max(1, Math.floor(LIMITS.historyPoints / widest) - 1);
  return Math.ceil((timeOf(rows.at(-1)) - timeOf(rows[0])) / steps / STEP_MS) * STEP_MS;
}

/** Steps are counted back from the newest row. */
function newestOfEach(rows: readonly HistoryPoint[][], stepMs: Duration): HistoryPoint[][] {
  const newest = timeOf(rows.at(-1));
  const stepOf = (row: readonly HistoryPoint[] | undefined) => Math.floor((newest - timeOf(row)) / stepMs);
  return rows.filter((row, i) => i === rows.length - 1 || stepOf(row) !== stepOf(rows[i + 1]));
}
