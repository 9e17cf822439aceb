/**
 * The drill: kill the leader under load, again and again, and prove that nothing that
 * was acknowledged is lost or doubled. Everything printed was measured: gaps by the
 * writing client, detection and election by the daemons' own events.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SqlccError } from '../src/base/index.ts';
import type { EventLine, SqlccClient } from '../src/client/index.ts';
import { loadCities } from './cities.ts';
import type { DemoCluster } from './demo-cluster.ts';
import { verify } from './drill-verify.ts';
import { WRITERS, Writer } from './drill-writer.ts';

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Percentiles with the number of values they were taken from; null where there was none. */
export interface Measured {
  readonly samples: number;
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

export interface DrillReport {
  readonly schemaVersion: 1;
  readonly nodes: number;
  readonly rounds: number;
  readonly acked: number;
  /** Writes whose outcome the client could not learn. */
  readonly unknown: number;
  /** Writes that were refused before they took effect. */
  readonly refused: number;
  readonly lost: number;
  readonly duplicated: number;
  /** Rows that are stored although their write was refused. */
  readonly unexpected: number;
  /** From the old leader's last sign of life to the campaign. */
  readonly detect_ms: Measured;
  readonly election_ms: Measured;
  readonly write_gap_ms: Measured;
  readonly rejoin_ms: Measured;
  readonly state_hash_equal: boolean;
  readonly rss_mb_per_node: number;
  readonly rows_loaded: number;
  readonly load_ms: number;
  readonly seconds: number;
  readonly dir: string;
}

/** Writes must flow this long before a kill, so that a gap is a gap. */
const CALM_MS = 600;
const REJOIN_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 20_000;
/** How long the events of the last elections may be on their way. */
const EVENTS_TIMEOUT_MS = 3000;

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Percentiles by nearest rank; zeros for no values. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) return { p50: 0, p99: 0, max: 0 };
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => round(sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number);
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function measured(values: readonly number[]): Measured {
  if (values.length === 0) return { samples: 0, p50: null, p99: null, max: null };
  return { samples: values.length, ...spread(values) };
}

/** The longest pause between acknowledgements, of all writers together, that overlaps [from, to]. */
export function longestGap(times: readonly number[], from: number, to: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let longest = 0;
  for (let i = 1; i < sorted.length; i++) {
    const [a, b] = [sorted[i - 1] as number, sorted[i] as number];
    if (b >= from && a <= to) longest = Math.max(longest, b - a);
  }
  return longest;
}

interface Election {
  /** Null when the winner had not heard of a leader before. */
  readonly detectMs: number | null;
  readonly electionMs: number;
}

/** Follows the event stream and remembers elections by term; `failure` is what ended it, if anything did. */
interface ElectionWatch {
  readonly byTerm: ReadonlyMap<number, Election>;
  failure: unknown;
}

function followElections(client: SqlccClient, signal: AbortSignal): ElectionWatch {
  const byTerm = new Map<number, Election>();
  const watch: ElectionWatch = { byTerm, failure: null };
  const follow = async (): Promise<void> => {
    for await (const event of client.events({ follow: true, signal }) as AsyncIterable<EventLine>) {
      if (event.kind !== 'leader-elected') continue;
      const data = event.data as { term: number; silence_ms: number | null; election_ms: number };
      byTerm.set(data.term, { detectMs: data.silence_ms, electionMs: data.election_ms });
    }
  };
  follow().catch((error: unknown) => {
    if (!signal.aborted) watch.failure = error;
  });
  return watch;
}

async function leaderOf(client: SqlccClient): Promise<{ nodeId: string; term: number }> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const status = await client.status().catch(() => null);
    if (status?.raft.leader_id) return { nodeId: status.raft.leader_id, term: status.raft.term };
    await sleep(25);
  }
  throw new SqlccError('no_leader', 'the drill found no leader for 5 s');
}

async function untilCaughtUp(client: SqlccClient, nodeId: string, since: number): Promise<number> {
  while (performance.now() - since < REJOIN_TIMEOUT_MS) {
    const status = await client.status().catch(() => null);
    const row = status?.nodes.find((n) => n.node_id === nodeId);
    if (row?.voter && row.liveness === 'alive' && row.lag_entries !== null && row.lag_entries <= 100)
      return performance.now() - since;
    await sleep(10);
  }
  throw new SqlccError('deadline_exceeded', `${nodeId} did not catch up within ${REJOIN_TIMEOUT_MS} ms`);
}

interface Rounds {
  readonly gaps: number[];
  readonly rejoin: number[];
  /** Terms that began with a kill. */
  readonly terms: number[];
}

interface Play {
  readonly cluster: DemoCluster;
  readonly writers: readonly Writer[];
  readonly out: Rounds;
  readonly signal: AbortSignal;
}

/** Kills the leader, waits for writes, brings it back; answers the line to say. */
async function playRound({ cluster, writers, out, signal }: Play): Promise<string> {
  const client = cluster.client();
  for (const writer of writers) writer.forgetTimes();
  await sleep(CALM_MS, undefined, { signal });
  const before = await leaderOf(client);
  const killedAt = performance.now();
  await cluster.killNode(before.nodeId);
  await untilWritesFlow(writers, killedAt);
  await sleep(150, undefined, { signal });
  const times = writers.flatMap((w) => w.times);
  const gap = longestGap(times, killedAt - 5, performance.now());
  out.gaps.push(gap);
  const after = await leaderOf(client);
  out.terms.push(after.term);
  const restartedAt = performance.now();
  signal.throwIfAborted();
  await cluster.startNode(before.nodeId);
  out.rejoin.push(await untilCaughtUp(client, before.nodeId, restartedAt));
  return `killed ${before.nodeId}; ${after.nodeId} leads term ${after.term}, gap ${round(gap)} ms`;
}

/** Waits until the elections of all `terms` were heard of; what is still missing then is no sample. */
async function electionsOf(watch: ElectionWatch, terms: readonly number[]): Promise<Election[]> {
  const deadline = performance.now() + EVENTS_TIMEOUT_MS;
  while (terms.some((term) => !watch.byTerm.has(term)) && performance.now() < deadline) await sleep(25);
  return terms.flatMap((term) => watch.byTerm.get(term) ?? []);
}

async function untilWritesFlow(writers: readonly Writer[], since: number): Promise<void> {
  while (performance.now() - since < SETTLE_TIMEOUT_MS) {
    if (writers.some((w) => (w.times.at(-1) ?? 0) > since + 1 && performance.now() - since > 50)) {
      const latest = Math.max(...writers.map((w) => w.times.at(-1) ?? 0));
      if (latest > since + 20) return;
    }
    await sleep(5);
  }
  throw new SqlccError(
    'deadline_exceeded',
    `no write was acknowledged for ${SETTLE_TIMEOUT_MS} ms after the kill`,
  );
}

export interface DrillOptions {
  readonly rounds: number;
  readonly say: (text: string) => void;
  /** Ends the drill: what it does then fails, and nothing is started any more. */
  readonly signal: AbortSignal;
}

/** Plays the rounds under load; the writers have stopped when it resolves or rejects. */
async function playAll(cluster: DemoCluster, writers: readonly Writer[], options: DrillOptions) {
  const { rounds, say, signal } = options;
  const out: Rounds = { gaps: [], rejoin: [], terms: [] };
  const stop = new AbortController();
  const watch = followElections(cluster.client(), AbortSignal.any([stop.signal, signal]));
  for (const writer of writers) writer.start();
  try {
    for (let n = 1; n <= rounds; n++) {
      say(`round ${n}/${rounds}: ${await playRound({ cluster, writers, out, signal })}`);
    }
    const elections = await electionsOf(watch, out.terms);
    if (watch.failure !== null) say(`the event stream broke: ${(watch.failure as Error).message}`);
    return { played: out, elections };
  } finally {
    stop.abort();
    // what ended a writer early is told rather than what followed from it
    await Promise.all(writers.map((w) => w.stop()));
  }
}

/** Plays `rounds` on a running cluster and answers the report; the caller stops the cluster. */
export async function runDrill(cluster: DemoCluster, options: DrillOptions): Promise<DrillReport> {
  const { rounds, say } = options;
  const began = performance.now();
  const client = cluster.client();
  const loaded = await loadCities(client, () => {});
  say(`loaded ${loaded.rows} cities in ${round(loaded.ms / 1000)} s`);
  // no primary key: a doubled write must be visible as a doubled row
  await client.sql([
    {
      sql: `CREATE TABLE IF NOT EXISTS drill
        (id INTEGER NOT NULL, writer INTEGER NOT NULL, at INTEGER NOT NULL)`,
    },
  ]);
  const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(() => client.openSession(), i));
  const { played, elections } = await playAll(cluster, writers, options);
  const acked = writers.flatMap((w) => w.acked);
  const unknown = writers.flatMap((w) => w.unknown);
  say(`comparing ${acked.length} acknowledged rows with what each node holds`);
  const checked = await verify(cluster, acked, unknown);
  return {
    schemaVersion: 1,
    nodes: cluster.nodes.length,
    rounds,
    acked: acked.length,
    unknown: unknown.length,
    refused: writers.reduce((n, w) => n + w.refused, 0),
    lost: checked.lost,
    duplicated: checked.duplicated,
    unexpected: checked.unexpected,
    detect_ms: measured(elections.flatMap((e) => e.detectMs ?? [])),
    election_ms: measured(elections.map((e) => e.electionMs)),
    write_gap_ms: measured(played.gaps),
    rejoin_ms: measured(played.rejoin),
    state_hash_equal: checked.equal,
    rss_mb_per_node: cluster.rssMbPerNode(),
    rows_loaded: loaded.rows,
    load_ms: Math.round(loaded.ms),
    seconds: round((performance.now() - began) / 1000),
    dir: cluster.dir,
  };
}
