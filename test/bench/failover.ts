/**
 * Kill -9 of the leader until the first accepted write of a later term, round after round. The load process kills,
 * so that its own clock measures from the signal to the answer; between rounds the killed node comes back
 * and catches up. Detection and election are told apart by this project's own events.
 */
import type { SqlccClient } from '../../src/client/index.ts';
import { Loader } from './load/loader.ts';
import { type Side, type SideName, START, type Timing } from './sides.ts';
import { quantile, short } from './spread.ts';
import { requestOf } from './throughput.ts';

export interface FailoverPlan {
  readonly rounds: number;
  readonly sides: readonly SideName[];
  /** Only the sides' defaults. */
  readonly quick: boolean;
  readonly goProgram: string | null;
  say(text: string): void;
}

export interface Times {
  readonly samples: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface FailoverRow {
  readonly side: SideName;
  readonly heartbeatMs: number;
  readonly electionMs: number;
  readonly isDefault: boolean;
  readonly rounds: number;
  /** From the kill to the first accepted write. */
  readonly gapMs: Times;
  /** From the leader's last sign of life to the campaign that won; this project only. */
  readonly detectMs: Times | null;
  /** From that campaign to the leadership; this project only. */
  readonly electionTookMs: Times | null;
}

/** Every time-out that is measured: each side's defaults, and comparable ones. */
const TIMINGS: readonly (Timing & { readonly side: SideName; readonly isDefault: boolean })[] = [
  { side: 'etcd', heartbeatMs: 100, electionMs: 1000, isDefault: true },
  { side: 'sqlcc', heartbeatMs: 50, electionMs: 150, isDefault: true },
  { side: 'etcd', heartbeatMs: 50, electionMs: 500, isDefault: false },
  { side: 'sqlcc', heartbeatMs: 50, electionMs: 500, isDefault: false },
  { side: 'etcd', heartbeatMs: 10, electionMs: 50, isDefault: false },
];

const GAP_TIMEOUT_MS = 30_000;
/** Writes flow this long before a kill. */
const CALM_MS = 600;
const EVENTS_MS = 500;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function timesOf(values: readonly number[]): Times {
  const at = (q: number): number => short(quantile(values, q));
  return { samples: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

interface Gap {
  readonly ms: number;
  readonly term: number;
}

/** Events of elections that `terms` began with; one that was not heard of is no sample. */
async function electionsOf(client: SqlccClient, terms: ReadonlySet<number>) {
  await sleep(EVENTS_MS);
  const detect: number[] = [];
  const election: number[] = [];
  for await (const event of client.events({ after: '0', follow: false, types: ['leader-elected'] })) {
    if (event.kind !== 'leader-elected') continue;
    const data = event.data as { term: number; silence_ms: number | null; election_ms: number };
    if (!terms.has(data.term)) continue;
    if (data.silence_ms !== null) detect.push(data.silence_ms);
    election.push(data.election_ms);
  }
  return { detectMs: timesOf(detect), electionTookMs: timesOf(election) };
}

async function playRounds(side: Side, plan: FailoverPlan): Promise<Gap[]> {
  const { goProgram, rounds, say } = plan;
  const request = { ...requestOf(side, ''), op: 'failover', endpoints: side.endpoints, conns: 1 } as const;
  const loader = new Loader(side.name === 'etcd' ? 'etcd' : 'sdk', goProgram, request);
  try {
    await loader.line('begin', GAP_TIMEOUT_MS);
    const gaps: Gap[] = [];
    for (let n = 1; n <= rounds; n++) {
      await sleep(CALM_MS);
      const { pid } = await side.leader();
      const heard = loader.line<Gap>('gap', GAP_TIMEOUT_MS);
      loader.tell(`kill ${pid}`);
      const gap = await heard;
      gaps.push(gap);
      say(`  round ${n} of ${rounds}: ${gap.ms.toFixed(1)} ms, term ${gap.term}`);
      await side.revive();
    }
    return gaps;
  } finally {
    loader.kill();
  }
}

export async function measureFailover(plan: FailoverPlan): Promise<FailoverRow[]> {
  const rows: FailoverRow[] = [];
  for (const { side: name, isDefault, ...timing } of TIMINGS) {
    if (!plan.sides.includes(name) || (plan.quick && !isDefault)) continue;
    plan.say(`failover, ${name} at ${timing.heartbeatMs}/${timing.electionMs} ms`);
    const side = await START[name](isDefault ? null : timing);
    try {
      const gaps = await playRounds(side, plan);
      const terms = new Set(gaps.map((g) => g.term));
      const apart =
        side.client === null
          ? { detectMs: null, electionTookMs: null }
          : await electionsOf(side.client, terms);
      const gapMs = timesOf(gaps.map((g) => g.ms));
      rows.push({ side: name, ...timing, isDefault, rounds: gaps.length, gapMs, ...apart });
    } finally {
      await side.stop();
    }
  }
  return rows;
}
