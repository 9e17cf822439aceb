/** Resident memory of each node: fresh, after 100,000 writes to as many keys, and a minute later. */
import { Loader, runLoad } from './load/loader.ts';
import { rssMb } from './process-figures.ts';
import { type Side, type SideName, START } from './sides.ts';
import { requestOf } from './throughput.ts';

export interface MemoryRow {
  readonly side: SideName;
  readonly writes: number;
  /** MB of each node, the leader first. */
  readonly freshMb: readonly number[];
  readonly afterMb: readonly number[];
  readonly laterMb: readonly number[];
}

export interface MemoryPlan {
  readonly sides: readonly SideName[];
  readonly writes: number;
  readonly restMs: number;
  readonly goProgram: string | null;
  say(text: string): void;
}

const CALLERS = 64;
const TIMEOUT_MS = 300_000;

async function sizes(side: Side): Promise<number[]> {
  const leader = (await side.leader()).pid;
  const others = side.pids().filter((pid) => pid !== leader);
  return [leader, ...others].map((pid) => Math.round(rssMb(pid)));
}

export async function measureMemory(plan: MemoryPlan): Promise<MemoryRow[]> {
  const { writes, restMs, goProgram } = plan;
  const rows: MemoryRow[] = [];
  for (const name of plan.sides) {
    plan.say(`memory, ${name}, ${writes} writes`);
    const side = await START[name]();
    try {
      const freshMb = await sizes(side);
      const { endpoint } = await side.leader();
      const load = { op: 'fill', callers: CALLERS, keys: writes, count: writes } as const;
      const request = { ...requestOf(side, endpoint), ...load };
      const { errors, error } = await runLoad(
        new Loader(name === 'etcd' ? 'etcd' : 'sdk', goProgram, request),
        TIMEOUT_MS,
      );
      if (errors > 0) plan.say(`  ${errors} writes failed: ${error}`);
      const afterMb = await sizes(side);
      await new Promise((resolve) => setTimeout(resolve, restMs));
      rows.push({ side: name, writes, freshMb, afterMb, laterMb: await sizes(side) });
    } finally {
      await side.stop();
    }
  }
  return rows;
}
