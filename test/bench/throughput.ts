/**
 * Writes and linearizable reads of both sides in turn: A B A B, one running at a time, fresh for each number of
 * callers and each repetition. Server CPU is that of all three nodes, read when the load says that its
 * counted time begins and ends.
 */
import { must } from '../../src/base/index.ts';
import { CALM_CORES, untilCalm } from './calm.ts';
import { CpuMeter, type CpuUsed, type ThreadTimes } from './cpu-meter.ts';
import { Loader, type LoadRequest, type LoadResult, runLoad } from './load/loader.ts';
import { KEYS } from './options.ts';
import { rssMb } from './process-figures.ts';
import { type Leader, type Side, type SideName, START, VALUE_BYTES, WAYS, type Way } from './sides.ts';
import { type Figure, figureOf, quantile } from './spread.ts';

export interface ThroughputPlan {
  readonly ops: readonly ('put' | 'get')[];
  readonly callers: readonly number[];
  readonly ways: readonly Way['name'][];
  readonly sides: readonly SideName[];
  readonly repetitions: number;
  readonly keys: number;
  readonly warmMs: number;
  readonly measureMs: number;
  /** A load beside which something else kept more than CALM_CORES busy is made again, up to so many times in all. */
  readonly attempts: number;
  readonly goProgram: string | null;
  say(text: string): void;
}

/** One load, once. */
interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuUs: number;
  readonly threadsUs: ThreadTimes;
  readonly loadCpuUs: number;
  readonly loadCores: number;
  readonly otherCores: number;
  readonly errors: number;
  readonly rssBeforeMb: number;
  readonly rssMb: number;
}

/** One row of the table: a load over all repetitions. */
export interface Cell {
  readonly side: SideName;
  readonly way: Way['name'];
  readonly op: 'put' | 'get';
  readonly callers: number;
  readonly connections: number;
  readonly perSecond: Figure;
  readonly p50Ms: Figure;
  readonly p99Ms: Figure;
  /** CPU of all three nodes an operation, µs. */
  readonly serverCpuUs: Figure;
  /** The same by thread of the leader and of the followers, medians, µs; {} for etcd, whose threads have no names. */
  readonly threadsUs: ThreadTimes;
  /** CPU of the load an operation, µs. */
  readonly loadCpuUs: Figure;
  /** Cores that the load process kept busy: near 1 a Node load is itself the limit. */
  readonly loadCores: Figure;
  /** Cores that neither load nor nodes kept busy: what else ran on the machine, and took from the figures. */
  readonly otherCores: Figure;
  readonly errors: number;
  /** Resident memory a node when the counted time began and when the load had ended, MB, the largest of the three. */
  readonly rssBeforeMb: Figure;
  readonly rssMb: Figure;
}

const TIMEOUT_MS = 60_000;
export function requestOf(side: Side, leader: string, keys = KEYS): LoadRequest {
  return {
    ...{ op: 'put', endpoints: [leader], callers: 64, conns: 1, keys, valueBytes: VALUE_BYTES },
    ...{ count: keys, warmMs: 1000, measureMs: 3000, tls: side.tls },
  };
}

/** Every key once, so that every read finds its key; also what warms a fresh cluster. */
async function prepare(side: Side, leader: string, plan: ThroughputPlan): Promise<void> {
  const generator = side.name === 'etcd' ? 'etcd' : 'sdk';
  const request = { ...requestOf(side, leader, plan.keys), op: 'fill' } as const;
  const loader = new Loader(generator, plan.goProgram, request);
  await runLoad(loader, TIMEOUT_MS);
}

function largestMb(side: Side): number {
  return Math.max(...side.pids().map(rssMb));
}

async function measure(side: Side, leader: Leader, loader: Loader): Promise<Run> {
  let meter: CpuMeter | null = null;
  let used: CpuUsed | null = null;
  let rssBeforeMb = 0;
  const result: LoadResult = await runLoad(loader, TIMEOUT_MS, {
    begin: () => {
      rssBeforeMb = largestMb(side);
      meter = new CpuMeter(side.pids(), leader.pid);
    },
    end: () => {
      used = meter?.used() ?? null;
    },
  });
  const { nodesMs, machineMs, threadsMs } = must(used as CpuUsed | null, 'the CPU of the counted time');
  const { ops, errors, error, seconds, latencyUs } = result;
  if (errors > 0) process.stderr.write(`  ${errors} errors, the first: ${error}\n`);
  const perCall = (ms: number): number => (ms * 1000) / ops;
  return {
    perSecond: ops / seconds,
    p50Ms: quantile(latencyUs, 0.5) / 1000,
    p99Ms: quantile(latencyUs, 0.99) / 1000,
    serverCpuUs: perCall(nodesMs),
    threadsUs: Object.fromEntries(Object.entries(threadsMs).map(([name, ms]) => [name, perCall(ms)])),
    loadCpuUs: perCall(result.cpuMs),
    loadCores: result.cpuMs / 1000 / seconds,
    otherCores: Math.max(0, machineMs - nodesMs - result.cpuMs) / 1000 / seconds,
    errors,
    rssBeforeMb,
    rssMb: largestMb(side),
  };
}

/** Medians of every thread over the runs, without those that did nothing. */
function threadsOf(runs: readonly Run[]): ThreadTimes {
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.threadsUs)))];
  const medians = names.map(
    (name) => [name, figureOf(runs.map((run) => run.threadsUs[name] ?? 0)).median] as const,
  );
  return Object.fromEntries(medians.filter(([, us]) => us >= 1).sort(([, a], [, b]) => b - a));
}

/** The load beside which least else was running: chosen by that alone, never by its own figures. */
async function calmest(side: Side, attempts: number, attempt: () => Promise<Run>): Promise<Run> {
  let best: Run | null = null;
  for (let n = 0; n < attempts && (best === null || best.otherCores > CALM_CORES); n++) {
    if (attempts > 1) await untilCalm(side.pids());
    const run = await attempt();
    if (best === null || run.otherCores < best.otherCores) best = run;
  }
  return must(best, 'one attempt');
}

type Runs = Map<string, { readonly way: Way; readonly op: 'put' | 'get'; readonly runs: Run[] }>;

/** All loads of one side for one number of callers, on a fresh cluster. */
async function visit(plan: ThroughputPlan, name: SideName, callers: number, runs: Runs): Promise<void> {
  const side = await START[name]();
  try {
    const leader = await side.leader();
    await prepare(side, leader.endpoint, plan);
    for (const way of WAYS.filter((w) => w.side === name && plan.ways.includes(w.name))) {
      if (callers === 1 && way.name.endsWith('own')) continue; // the same as one client for all callers
      for (const op of plan.ops) {
        const base = requestOf(side, leader.endpoint, plan.keys);
        const request = { ...base, op, callers, conns: way.connsOf(callers) };
        const { warmMs, measureMs } = plan;
        const loader = () => new Loader(way.generator, plan.goProgram, { ...request, warmMs, measureMs });
        const run = await calmest(side, plan.attempts, () => measure(side, leader, loader()));
        const key = `${name} ${way.name} ${op}`;
        const entry = runs.get(key) ?? { way, op, runs: [] };
        entry.runs.push(run);
        runs.set(key, entry);
        const other =
          run.otherCores > CALM_CORES ? `, ${run.otherCores.toFixed(1)} cores busy elsewhere` : '';
        plan.say(`  ${key}: ${Math.round(run.perSecond)}/s, p99 ${run.p99Ms.toFixed(1)} ms${other}`);
      }
    }
  } finally {
    await side.stop();
  }
}

export async function measureThroughput(plan: ThroughputPlan): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const callers of plan.callers) {
    const runs: Runs = new Map();
    for (let n = 1; n <= plan.repetitions; n++) {
      for (const side of plan.sides) {
        const warm = `${plan.keys} keys written and ${plan.warmMs / 1000} s of each load uncounted`;
        plan.say(`${callers} callers, ${n} of ${plan.repetitions}, ${side}; warmed up alike: ${warm}`);
        await visit(plan, side, callers, runs);
      }
    }
    for (const { way, op, runs: all } of runs.values()) {
      const over = (of: (run: Run) => number): Figure => figureOf(all.map(of));
      cells.push({
        ...{ side: way.side, way: way.name, op, callers, connections: way.connsOf(callers) },
        perSecond: over((r) => r.perSecond),
        p50Ms: over((r) => r.p50Ms),
        p99Ms: over((r) => r.p99Ms),
        serverCpuUs: over((r) => r.serverCpuUs),
        threadsUs: way.side === 'sqlcc' ? threadsOf(all) : {},
        loadCpuUs: over((r) => r.loadCpuUs),
        loadCores: over((r) => r.loadCores),
        otherCores: over((r) => r.otherCores),
        errors: all.reduce((total, r) => total + r.errors, 0),
        rssBeforeMb: over((r) => r.rssBeforeMb),
        rssMb: over((r) => r.rssMb),
      });
    }
  }
  return cells;
}
