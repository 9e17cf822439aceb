/**
 * SIGKILL of the leader, or SIGTERM, until the first accepted write of a later term, round after round. The load
 * process sends the signal, so that its own clock measures from there to the answer; between rounds the node that
 * ended comes back and catches up. Detection and election are told apart by this project's own events.
 */
import { SqlccError } from '../../src/base/index.ts';
import type { SqlccClient } from '../../src/client/index.ts';
import { CALM_CORES, otherCores, untilCalm } from './calm.ts';
import { Loader } from './load/loader.ts';
import type { EndSignal } from './options.ts';
import { type Side, type SideName, START, type Timing } from './sides.ts';
import { type Figure, figureOf, quantile, short } from './spread.ts';
import { requestOf } from './throughput.ts';

export interface FailoverPlan {
  readonly rounds: number;
  readonly sides: readonly SideName[];
  /** Only the sides' defaults. */
  readonly quick: boolean;
  /** More than 1: a kill waits for calm. */
  readonly attempts: number;
  readonly nodes: number;
  readonly signal: EndSignal;
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
  readonly nodes: number;
  readonly signal: EndSignal;
  readonly rounds: number;
  /** From the signal to the first accepted write. */
  readonly gapMs: Times;
  /** From the leader's last sign of life to the campaign that won; this project only, null where it handed over. */
  readonly detectMs: Times | null;
  /** From that campaign to the leadership; this project only. */
  readonly electionTookMs: Times | null;
  /** Cores that something else kept busy just before a kill. */
  readonly otherCores: Figure;
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
/** A node that was told to stop has ended by then. */
const END_TIMEOUT_MS = 10_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function timesOf(values: readonly number[]): Times {
  const at = (q: number): number => short(quantile(values, q));
  return { samples: values.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

interface Gap {
  readonly ms: number;
  readonly term: number;
}

interface Round extends Gap {
  readonly otherCores: number;
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
  return { detectMs: detect.length === 0 ? null : timesOf(detect), electionTookMs: timesOf(election) };
}

/** Until that process is gone: what ended is started again. */
async function untilEnded(pid: number): Promise<void> {
  const deadline = performance.now() + END_TIMEOUT_MS;
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (performance.now() > deadline)
      throw new SqlccError('deadline_exceeded', `process ${pid} goes on after the signal`);
    await sleep(10);
  }
}

async function playRounds(side: Side, plan: FailoverPlan): Promise<Round[]> {
  const { goProgram, rounds, attempts, signal, say } = plan;
  const request = { ...requestOf(side, ''), op: 'failover', endpoints: side.endpoints, conns: 1 } as const;
  const loader = new Loader(side.name === 'etcd' ? 'etcd' : 'sdk', goProgram, request);
  try {
    await loader.line('begin', GAP_TIMEOUT_MS);
    const played: Round[] = [];
    for (let n = 1; n <= rounds; n++) {
      await sleep(CALM_MS);
      const pids = [...side.pids(), loader.pid];
      const other = await (attempts > 1 ? untilCalm(pids) : otherCores(pids));
      const { pid } = await side.leader();
      const heard = loader.line<Gap>('gap', GAP_TIMEOUT_MS);
      loader.tell(`${signal} ${pid}`);
      const gap = await heard;
      await untilEnded(pid);
      played.push({ ...gap, otherCores: other });
      const busy = other > CALM_CORES ? `, ${other.toFixed(1)} cores busy elsewhere` : '';
      say(`  round ${n} of ${rounds}: ${gap.ms.toFixed(1)} ms, term ${gap.term}${busy}`);
      await side.revive();
    }
    return played;
  } finally {
    loader.kill();
  }
}

export async function measureFailover(plan: FailoverPlan): Promise<FailoverRow[]> {
  const rows: FailoverRow[] = [];
  for (const { side: name, isDefault, ...timing } of TIMINGS) {
    if (!plan.sides.includes(name) || (plan.quick && !isDefault)) continue;
    plan.say(`failover, ${name} at ${timing.heartbeatMs}/${timing.electionMs} ms`);
    const { nodes, signal } = plan;
    const side = await START[name](isDefault ? null : timing, nodes);
    try {
      const played = await playRounds(side, plan);
      const terms = new Set(played.map((r) => r.term));
      const apart =
        side.client === null
          ? { detectMs: null, electionTookMs: null }
          : await electionsOf(side.client, terms);
      const gapMs = timesOf(played.map((r) => r.ms));
      const other = figureOf(played.map((r) => r.otherCores));
      const row = { side: name, ...timing, isDefault, nodes, signal, rounds: played.length, gapMs, ...apart };
      rows.push({ ...row, otherCores: other });
    } finally {
      await side.stop();
    }
  }
  return rows;
}
