/** Ports for what a test starts, where test files run beside each other. */
import { findPorts } from '../../daemon/demo-cluster.ts';

/** A worker's blocks lie so far above those of the one before: what is free when looked at stays free. */
const PORTS_PER_WORKER = 500;

/**
 * Whatever a test starts takes its ports here, benches too: a test runs them beside another, and a look
 * whether a port is free takes it for a moment.
 * Answers the first of free blocks for `nodes` nodes, at `from` or above.
 */
export function findTestPorts(nodes: number, from: number): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 1);
  return findPorts(nodes, from + (worker - 1) * PORTS_PER_WORKER);
}
