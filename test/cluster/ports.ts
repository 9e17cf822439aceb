/** Ports for what a test starts, where test files run beside each other. */
import { findPorts } from '../../daemon/demo-cluster.ts';

/** Where tests begin: above those of a demo that a person may be running. */
const FIRST_PORT = 25_433;
/**
 * A worker has so many for itself, whatever it asks for, because a look whether a port is free says nothing of who
 * takes it a moment later. Three have them all below those that a kernel gives to connections (from 32,768).
 */
const PORTS_PER_WORKER = 2400;

/**
 * Whatever a test starts takes its ports here, benches too: a test runs them beside another, and a look
 * whether a port is free takes it for a moment.
 * Answers the first of free blocks for `nodes` nodes. `from`, between 25,433 and 30,233, is a place for one kind of
 * thing: within a worker's own ports two places lie half as far from each other as they are named.
 */
export function findTestPorts(nodes: number, from: number): Promise<number> {
  const worker = Number(process.env['VITEST_POOL_ID'] ?? 1);
  const place = Math.floor((from - FIRST_PORT) / 2);
  return findPorts(nodes, FIRST_PORT + (worker - 1) * PORTS_PER_WORKER + place);
}
