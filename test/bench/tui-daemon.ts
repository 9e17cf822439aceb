/**
 * What the screen costs as it is typed: `bin/sqlcc`, so launcher, command line, TLS and all, against a real
 * cluster of three. Needs what `npm run build` made.
 */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { DemoCluster } from '../../daemon/demo-cluster.ts';
import { assert } from '../../src/base/index.ts';
import { MAIN, program } from '../cluster/harness.ts';
import { findTestPorts } from '../cluster/ports.ts';
import { Terminal } from '../tui/pty.ts';

const SQLCC = join(dirname(MAIN), '..', 'bin', 'sqlcc');

/** One figure a run. */
export interface TypedTimes {
  readonly onceMs: readonly number[];
  readonly skeletonMs: readonly number[];
  readonly tableMs: readonly number[];
}

/** From exec to exit of `sqlcc top --once -o json` into a pipe. */
function once(contextFile: string): number {
  const began = performance.now();
  const env = { ...process.env, SQLCC_CONFIG: contextFile };
  const { status, stdout } = spawnSync(SQLCC, ['top', '--once', '-o', 'json'], { env, encoding: 'utf8' });
  const ms = performance.now() - began;
  assert(status === 0 && /"leader_id": ?"n\d"/.test(stdout), 'a picture of a cluster that has a leader');
  return ms;
}

async function starts(contextFile: string): Promise<{ readonly skeleton: number; readonly table: number }> {
  const began = performance.now();
  const env = { SQLCC_CONFIG: contextFile };
  const terminal = new Terminal([SQLCC, 'top'], { columns: 120, rows: 36, env });
  const skeleton = (await terminal.arrival('sqlcc top')) - began;
  const table = (await terminal.arrival('Follower')) - began;
  terminal.type('q');
  await terminal.exited();
  return { skeleton, table };
}

/** A cluster, a first start of each that counts for nothing, then `runs` of each in turn. */
export async function typedTimes(runs: number): Promise<TypedTimes> {
  const basePort = await findTestPorts(3, 25_433);
  const cluster = await DemoCluster.start({ nodes: 3, dir: null, basePort, program: program() });
  try {
    await cluster.untilHealthy();
    const times = { onceMs: [] as number[], skeletonMs: [] as number[], tableMs: [] as number[] };
    for (let run = -1; run < runs; run++) {
      const onceMs = once(cluster.contextFile);
      const { skeleton, table } = await starts(cluster.contextFile);
      if (run < 0) continue;
      times.onceMs.push(onceMs);
      times.skeletonMs.push(skeleton);
      times.tableMs.push(table);
    }
    return times;
  } finally {
    await cluster.stop();
    cluster.remove();
  }
}
