/**
 * Writes and linearizable reads of both sides in turn: A B A B, one running at a time, fresh for each number of
 * callers and each repetition. Server CPU is that of all three nodes, read when the load says that its
 * counted time begins and ends.
 */
import { Loader, type LoadRequest, type LoadResult, runLoad } from './load/loader.ts';
import { cpuMs, machineBusyMs, rssMb } from './process-figures.ts';
import { KEYS, type Side, type SideName, START, VALUE_BYTES, WAYS, type Way } from './sides.ts';
import { type Figure, figureOf, quantile } from './spread.ts';

export interface ThroughputPlan {
  readonly ops: readonly ('put' | 'get')[];
  readonly callers: readonly number[];
  readonly ways: readonly Way['name'][];
  readonly sides: readonly SideName[];
  readonly repetitions: number;
  readonly warmMs: number;
  readonly measureMs: number;
  readonly goProgram: string | null;
  say(text: string): void;
}

/** One load, once. */
interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly serverCpuUs: number;
  readonly loadCpuUs: number;
  readonly loadCores: number;
  readonly otherCores: number;
  readonly errors: number;
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
  /** CPU of the load an operation, µs. */
  readonly loadCpuUs: Figure;
  /** Cores that the load process kept busy: near 1 a Node load is itself the limit. */
  readonly loadCores: Figure;
  /** Cores that neither load nor nodes kept busy: what else ran on the machine, and took from the figures. */
  readonly otherCores: Figure;
  readonly errors: number;
  /** Resident memory a node when the load ended, MB, the largest of the three. */
  readonly rssMb: Figure;
}

const TIMEOUT_MS = 60_000;

export function requestOf(side: Side, leader: string): LoadRequest {
  return {
    ...{ op: 'put', endpoints: [leader], callers: 64, conns: 1, keys: KEYS, valueBytes: VALUE_BYTES },
    ...{ count: KEYS, warmMs: 1000, measureMs: 3000, tls: side.tls },
  };
}

/** Every key once, so that every read finds its key; also what warms a fresh cluster. */
async function prepare(side: Side, leader: string, goProgram: string | null): Promise<void> {
  const generator = side.name === 'etcd' ? 'etcd' : 'sdk';
  const loader = new Loader(generator, goProgram, { ...requestOf(side, leader), op: 'fill' });
  await runLoad(loader, TIMEOUT_MS);
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0);
}

async function measure(side: Side, loader: Loader): Promise<Run> {
  let cpu = 0;
  let busy = 0;
  const result: LoadResult = await runLoad(loader, TIMEOUT_MS, {
    begin: () => {
      cpu = -sum(side.pids(), cpuMs);
      busy = -machineBusyMs();
    },
    end: () => {
      cpu += sum(side.pids(), cpuMs);
      busy += machineBusyMs();
    },
  });
  const { ops, errors, error, seconds, latencyUs } = result;
  if (errors > 0) process.stderr.write(`  ${errors} errors, the first: ${error}\n`);
  return {
    perSecond: ops / seconds,
    p50Ms: quantile(latencyUs, 0.5) / 1000,
    p99Ms: quantile(latencyUs, 0.99) / 1000,
    serverCpuUs: (cpu * 1000) / ops,
    loadCpuUs: (result.cpuMs * 1000) / ops,
    loadCores: result.cpuMs / 1000 / seconds,
    otherCores: Math.max(0, busy - cpu - result.cpuMs) / 1000 / seconds,
    errors,
    rssMb: Math.max(...side.pids().map(rssMb)),
  };
}

type Runs = Map<string, { readonly way: Way; readonly op: 'put' | 'get'; readonly runs: Run[] }>;

/** All loads of one side for one number of callers, on a fresh cluster. */
async function visit(plan: ThroughputPlan, name: SideName, callers: number, runs: Runs): Promise<void> {
  const side = await START[name]();
  try {
    const leader = (await side.leader()).endpoint;
    await prepare(side, leader, plan.goProgram);
    for (const way of WAYS.filter((w) => w.side === name && plan.ways.includes(w.name))) {
      if (callers === 1 && way.name.endsWith('own')) continue; // the same as one client for all callers
      for (const op of plan.ops) {
        const request = { ...requestOf(side, leader), op, callers, conns: way.connsOf(callers) };
        const { warmMs, measureMs } = plan;
        const loader = new Loader(way.generator, plan.goProgram, { ...request, warmMs, measureMs });
        const run = await measure(side, loader);
        const key = `${name} ${way.name} ${op}`;
        const entry = runs.get(key) ?? { way, op, runs: [] };
        entry.runs.push(run);
        runs.set(key, entry);
        plan.say(`  ${key}: ${Math.round(run.perSecond)}/s, p99 ${run.p99Ms.toFixed(1)} ms`);
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
        plan.say(`${callers} callers, ${n} of ${plan.repetitions}, ${side}`);
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
        loadCpuUs: over((r) => r.loadCpuUs),
        loadCores: over((r) => r.loadCores),
        otherCores: over((r) => r.otherCores),
        errors: all.reduce((total, r) => total + r.errors, 0),
        rssMb: over((r) => r.rssMb),
      });
    }
  }
  return cells;
}
