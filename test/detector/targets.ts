/** The promises FD1–FD7 (docs/detector.md), each asked of the rows that can answer it. */
import type { Row } from './row.ts';

export interface Finding {
  readonly target: string;
  readonly row: string;
  readonly isMet: boolean;
  /** Missed, as docs/detector.md says, and by no more than it says. */
  readonly isKnown: boolean;
  readonly text: string;
}

interface Claim {
  readonly target: string;
  readonly applies: (row: Row) => boolean;
  /** What was measured, and the most that it may be. */
  readonly measured: (row: Row) => number;
  readonly most: (row: Row) => number;
  readonly what: string;
  /** A promise that is not kept, and is said not to be: so far it goes, and no further. */
  readonly missedUpTo?: (row: Row) => number;
}

const isSmall = (row: Row): boolean => row.nodes <= 5;
const isLarge = (row: Row): boolean => row.nodes > 16;
const FREE_OF_FALSE = [
  'loss-30',
  'loss-10',
  'loss-3-all',
  'stall-one',
  'stall-1',
  'stall-observers',
  'one-way',
  'churn',
  'clock-jumps',
];

const HEALS = [
  ...['zone', 'zone-2m', 'zone-1h', 'loss-80', 'one-way', 'clock-jumps'],
  ...['stall-one', 'stall-1', 'stall-observers'],
];
/** Twenty on the average: which rings name the same neighbour twice is chance. */
const MOST_NEIGHBOURS = 26;
/** One each way to each neighbour, and some to others that linger: 30, 49, 52 and 53 at 16, 100, 300 and 1,000. */
const MOST_CONNECTIONS = 56;
/** At most so much leaves a node in a second. */
const HARD_CAP = 64 * 1024;

/**
 * A node that loses 30 % of its packets repeats and reconnects; one of three seeds opens and answers a connection
 * to each of a thousand who boot in 10 s.
 */
function mostOfOne({ scenario, nodes }: Row): number {
  const isKnown = (scenario === 'loss-30' && nodes >= 100) || (scenario === 'join-many' && nodes >= 1000);
  return isKnown ? 160_000 : HARD_CAP;
}

/** Three members over connections say 1.1 false words a node and hour at 30 % loss; half as much again is chance. */
function falseWordsOfThree({ scenario, nodes, lane, virtualS }: Row): number {
  if (scenario !== 'loss-30' || nodes > 3 || lane !== 'h2') return 0;
  return Math.ceil((1.65 * virtualS * nodes) / 3600) + 1;
}

const CLAIMS: readonly Claim[] = [
  {
    ...{ target: 'FD1', what: 'kill: failed everywhere, p99 ms' },
    applies: (r) => r.scenario === 'kill' || r.scenario === 'churn',
    measured: (r) =>
      r.unknown > 0 ? Number.POSITIVE_INFINITY : (r.allKnowMs?.p99 ?? Number.POSITIVE_INFINITY),
    most: (r) => (isSmall(r) ? 300 : 1500),
  },
  {
    ...{ target: 'FD2', what: 'silent: first suspected, max ms' },
    applies: (r) => r.scenario === 'silent' && r.nodes <= 1000,
    measured: (r) => r.firstSuspectMs?.max ?? Number.POSITIVE_INFINITY,
    most: (r) => (isSmall(r) ? 1000 : 2000),
  },
  {
    ...{ target: 'FD2', what: 'silent: failed everywhere, p99 ms' },
    applies: (r) => r.scenario === 'silent' || r.scenario === 'die-1',
    measured: (r) =>
      r.unknown > 0 ? Number.POSITIVE_INFINITY : (r.allKnowMs?.p99 ?? Number.POSITIVE_INFINITY),
    most: (r) => (isSmall(r) ? 3600 : 4000),
  },
  {
    ...{ target: 'FD2', what: 'silent: failed everywhere, max ms' },
    applies: (r) => (r.scenario === 'silent' || r.scenario === 'die-1') && isLarge(r),
    measured: (r) =>
      r.unknown > 0 ? Number.POSITIVE_INFINITY : (r.allKnowMs?.max ?? Number.POSITIVE_INFINITY),
    most: () => 4999,
  },
  {
    ...{ target: 'FD3', what: 'false failures' },
    applies: (r) => FREE_OF_FALSE.includes(r.scenario),
    measured: (r) => r.falseFailed,
    most: () => 0,
    missedUpTo: falseWordsOfThree,
  },
  {
    ...{ target: 'FD4', what: 'all alive again after the fault, max ms' },
    applies: (r) => HEALS.includes(r.scenario),
    measured: (r) => r.healedMs?.max ?? Number.POSITIVE_INFINITY,
    most: (r) => (isSmall(r) ? 2000 : 5000),
  },
  {
    ...{ target: 'FD5', what: 'idle bytes out a node, mean a second' },
    applies: (r) => r.scenario === 'idle',
    measured: (r) => r.bytesPerS.mean,
    most: () => 10_000,
  },
  {
    ...{ target: 'FD5', what: 'bytes out a node at 10 % churn a minute, mean a second' },
    applies: (r) => r.scenario === 'churn',
    measured: (r) => r.bytesPerS.mean,
    most: () => 20_000,
  },
  {
    ...{ target: 'FD5', what: 'news out of one node in one second, most bytes' },
    applies: () => true,
    measured: (r) => r.newsPeak,
    most: () => HARD_CAP,
  },
  {
    ...{ target: 'FD5', what: 'bytes out of the busiest node, mean a second' },
    applies: (r) => r.scenario !== 'join-one',
    measured: (r) => r.bytesPerS.max,
    most: () => HARD_CAP,
    missedUpTo: mostOfOne,
  },
  {
    ...{ target: 'FD6', what: 'neighbours of a node, most' },
    applies: (r) => r.scenario === 'idle',
    measured: (r) => r.neighboursMax,
    most: () => 20,
    missedUpTo: () => MOST_NEIGHBOURS,
  },
  {
    ...{ target: 'FD6', what: 'connections of a node, both ways, most' },
    applies: (r) => r.scenario === 'idle',
    measured: (r) => r.connectionsMax,
    most: () => 20,
    missedUpTo: () => MOST_CONNECTIONS,
  },
  {
    ...{ target: 'FD7', what: 'a joining node known to all, max ms' },
    applies: (r) => r.scenario === 'join-one',
    measured: (r) => r.healedMs?.max ?? Number.POSITIVE_INFINITY,
    most: () => 3000,
  },
  {
    ...{ target: 'FD7', what: 'all boot in 10 s: all know all, max ms' },
    applies: (r) => r.scenario === 'join-many',
    measured: (r) => r.healedMs?.max ?? Number.POSITIVE_INFINITY,
    most: () => 15_000,
  },
];

/** What the rows say to the promises. */
export function findings(rows: readonly Row[]): Finding[] {
  return [
    ...rows.flatMap((row) => CLAIMS.filter((c) => c.applies(row)).map((c) => judge(c, row))),
    ...flatness(rows),
  ];
}

function judge(claim: Claim, row: Row): Finding {
  const value = claim.measured(row);
  const most = claim.most(row);
  const isMet = value <= most;
  return {
    target: claim.target,
    row: rowKey(row),
    isMet,
    isKnown: !isMet && value <= (claim.missedUpTo?.(row) ?? most),
    text: `${claim.what}: ${value}, at most ${most}`,
  };
}

/** Idle bytes at the largest size differ from those at a hundred by at most 15 %. */
function flatness(rows: readonly Row[]): Finding[] {
  const idle = rows.filter((r) => r.scenario === 'idle' && r.lane === 'h2');
  const hundred = idle.find((r) => r.nodes === 100);
  const largest = idle.filter((r) => r.nodes > 100).sort((a, b) => b.nodes - a.nodes)[0];
  if (hundred === undefined || largest === undefined) return [];
  const ratio = largest.bytesPerS.mean / hundred.bytesPerS.mean;
  const text = `idle bytes are ${ratio.toFixed(3)} of those at 100, at most 15 % apart`;
  const isMet = Math.abs(ratio - 1) <= 0.15;
  return [{ target: 'FD5', row: rowKey(largest), isMet, isKnown: false, text }];
}

export function rowKey(row: Pick<Row, 'nodes' | 'scenario' | 'lane'>): string {
  return `${row.nodes} ${row.scenario} ${row.lane}`;
}
