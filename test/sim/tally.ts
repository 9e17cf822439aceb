/** What many seeds came to together. */
import type { SimResult } from './sim-result.ts';
import { commandOf, tellingOf } from './telling.ts';

export interface Failure {
  readonly seed: number;
  readonly nodes: number;
  readonly violation: string;
  /** Plays it again. */
  readonly command: string;
  /** The end of its story. */
  readonly telling: readonly string[];
}

/** Stories that are told whole; the others by their first lines. */
const TOLD = 3;

export interface Tally {
  seeds: number;
  simulatedMs: number;
  steps: number;
  checks: number;
  committed: number;
  acked: number;
  reads: number;
  terms: number;
  snapshots: number;
  readonly counts: Record<string, number>;
  readonly failures: Failure[];
}

const SUMS = [
  ...(['simulatedMs', 'steps', 'checks', 'committed', 'acked'] as const),
  ...(['reads', 'terms', 'snapshots'] as const),
];

export function emptyTally(): Tally {
  const sums = { simulatedMs: 0, steps: 0, checks: 0, committed: 0, acked: 0, reads: 0, terms: 0 };
  return { seeds: 0, ...sums, snapshots: 0, counts: {}, failures: [] };
}

function count(tally: Tally, counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts)) tally.counts[name] = (tally.counts[name] ?? 0) + n;
}

export function addResult(tally: Tally, result: SimResult, kind: 'wal' | 'memory' = 'wal'): void {
  tally.seeds++;
  for (const sum of SUMS) tally[sum] += result[sum];
  count(tally, result.counts);
  const { seed, violation, options } = result;
  if (violation === null) return;
  const telling = tellingOf(result);
  tally.failures.push({ seed, nodes: options.nodes, violation, command: commandOf(result, kind), telling });
}

export function addTally(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds;
  for (const sum of SUMS) tally[sum] += other[sum];
  count(tally, other.counts);
  tally.failures.push(...other.failures);
}

/** The first failures with their stories, then all in a line each with the command that plays it again. */
export function failuresText({ failures }: Tally): string[] {
  return [
    ...failures.slice(0, TOLD).flatMap(({ telling, command }) => [...telling, command, '']),
    ...failures.map(({ seed, nodes, violation, command }) => {
      const text = violation.split('\n').slice(0, 3).join(' | ');
      return `seed ${seed} (${nodes} nodes): ${text}: ${command}`;
    }),
  ];
}

/** Lines for people. */
export function tallyText(tally: Tally): string[] {
  const hours = (tally.simulatedMs / 3_600_000).toFixed(2);
  const sums = SUMS.slice(1).map((sum) => `${sum} ${tally[sum]}`);
  const counts = Object.entries(tally.counts).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${tally.seeds} seeds, ${hours} simulated hours, ${tally.failures.length} with a violation`,
    sums.join(', '),
    counts.map(([name, n]) => `${name} ${n}`).join(', '),
    ...failuresText(tally),
  ];
}

export function failureText({ seed, nodes, violation }: Failure): string {
  return `seed ${seed} (${nodes} nodes): ${violation.split('\n').slice(0, 3).join(' | ')}`;
}
