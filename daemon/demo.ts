/**
 * `sqlcc demo`: three daemons as real processes, real data, a client that writes
 * without pause, and `sqlcc top` on them; or, with `drill` or without a terminal, the
 * failover drill. Whatever happens, the daemons end and what they wrote goes, unless kept.
 */

import type { SqlccClient } from '../src/client/index.ts';
import { loadCities } from './cities.ts';
import { DemoCluster } from './demo-cluster.ts';
import { type DrillReport, runDrill } from './drill.ts';

export interface DemoOptions {
  readonly nodes: number;
  /** null = a temporary folder. */
  readonly dir: string | null;
  readonly basePort: number | null;
  readonly keep: boolean;
  readonly drill: boolean;
  readonly rounds: number;
  readonly logLevel?: string;
}

/** What the demo needs of whoever started it. */
export interface DemoOutput {
  /** A line of progress for people. */
  say(text: string): void;
  report(report: DrillReport): void;
  /** Shows the terminal on the running cluster; resolves with its exit code when the person leaves it. */
  top(client: SqlccClient, contextFile: string): Promise<number>;
  /** How another terminal joins, with this context file. */
  join(contextFile: string): string;
}

const WRITE_PAUSE_MS = 5;

/** A client whose writes an operator can watch; ends with the signal. */
async function writeForever(client: SqlccClient, signal: AbortSignal): Promise<void> {
  const session = await client.openSession();
  for (let n = 1; !signal.aborted; n++) {
    const statement = {
      sql: 'INSERT INTO visits (city, at) SELECT id, ? FROM cities WHERE id % 9973 = ? LIMIT 1',
      params: [Date.now(), n % 9973],
    };
    // a demo goes on through every failover; what it could not write is not counted anywhere
    await session.sql([statement], { timeoutMs: 20_000 }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, WRITE_PAUSE_MS));
  }
}

async function play(cluster: DemoCluster, output: DemoOutput): Promise<number> {
  const client = cluster.client();
  output.say('loading the cities of the world (GeoNames, CC BY 4.0) …');
  const loaded = await loadCities(client, () => {});
  output.say(`${loaded.rows} rows in ${(loaded.ms / 1000).toFixed(1)} s`);
  await client.sql([{ sql: 'CREATE TABLE IF NOT EXISTS visits (city INTEGER, at INTEGER)' }]);
  const stop = new AbortController();
  const writing = writeForever(cluster.newClient(), stop.signal);
  try {
    return await output.top(client, cluster.contextFile);
  } finally {
    stop.abort();
    await writing.catch(() => {});
  }
}

/** A drill has passed when every row is as its writer was told and all nodes hold the same state. */
function drillPassed(report: DrillReport): boolean {
  const { lost, duplicated, unexpected } = report;
  return lost + duplicated + unexpected === 0 && report.state_hash_equal && report.acked > 0;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** Resolves with the exit code. The first signal stops everything in order, the second kills it. */
export async function runDemo(options: DemoOptions, output: DemoOutput): Promise<number> {
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? hurry : stop).abort();
  // before anything is made: what comes from here on is taken away again
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await startAndRun(options, output, { signal: stop.signal, hurry: hurry.signal });
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

async function startAndRun(
  options: DemoOptions,
  output: DemoOutput,
  ends: { readonly signal: AbortSignal; readonly hurry: AbortSignal },
): Promise<number> {
  output.say(`starting ${options.nodes} nodes …`);
  const { nodes, dir, basePort, keep } = options;
  const logLevel = options.logLevel === undefined ? {} : { logLevel: options.logLevel };
  const cluster = await DemoCluster.start({ nodes, dir, basePort, keep, ...logLevel, ...ends });
  output.say(output.join(cluster.contextFile));
  try {
    const work = options.drill
      ? runDrill(cluster, { rounds: options.rounds, say: (text) => output.say(text), signal: ends.signal })
      : play(cluster, output);
    const interrupted = new Promise<'interrupted'>((resolve) => {
      if (ends.signal.aborted) resolve('interrupted');
      ends.signal.addEventListener('abort', () => resolve('interrupted'));
    });
    const ended = await Promise.race([work, interrupted]);
    if (ended === 'interrupted') return INTERRUPTED;
    if (typeof ended === 'number') return ended;
    output.report(ended);
    return drillPassed(ended) ? 0 : 1;
  } finally {
    await cluster.stop();
    if (keep) output.say(`kept in ${cluster.dir}`);
    else {
      cluster.remove();
      output.say('the demo is over; its files are removed (--keep keeps them)');
    }
  }
}
