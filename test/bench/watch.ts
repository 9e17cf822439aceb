/** From the start of a put on the leader to its change at a follower, one at a time, on an otherwise idle cluster. */
import { Loader, runLoad } from './load/loader.ts';
import { type SideName, START } from './sides.ts';
import { quantile, short } from './spread.ts';
import { requestOf } from './throughput.ts';

export interface WatchRow {
  readonly side: SideName;
  /** Whose client watches and writes: the SDK in Node, or the Go program. */
  readonly generator: 'sdk' | 'http' | 'etcd';
  readonly changes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface WatchPlan {
  readonly sides: readonly SideName[];
  readonly changes: number;
  readonly goProgram: string | null;
  say(text: string): void;
}

const TIMEOUT_MS = 120_000;
const GENERATORS = { etcd: ['etcd'], sqlcc: ['sdk', 'http'] } as const;

export async function measureWatch(plan: WatchPlan): Promise<WatchRow[]> {
  const rows: WatchRow[] = [];
  for (const name of plan.sides) {
    const side = await START[name]();
    try {
      for (const generator of GENERATORS[name]) {
        if (generator !== 'sdk' && plan.goProgram === null) continue;
        plan.say(`watch, ${name} by ${generator}`);
        const endpoints = [(await side.leader()).endpoint, await side.follower()];
        const request = { ...requestOf(side, ''), op: 'watch', endpoints, count: plan.changes } as const;
        const { latencyUs } = await runLoad(new Loader(generator, plan.goProgram, request), TIMEOUT_MS);
        const at = (q: number): number => short(quantile(latencyUs, q) / 1000);
        rows.push({ side: name, generator, changes: latencyUs.length, p50Ms: at(0.5), p99Ms: at(0.99) });
      }
    } finally {
      await side.stop();
    }
  }
  return rows;
}
