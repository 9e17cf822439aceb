/**
 * The drill: kill the leader under load, again and again, and prove that nothing that
 * was acknowledged is lost or doubled. Everything printed was measured: gaps by the
 * writing client, detection and election by the daemons' own events.
 */
import { performance } from 'node:perf_hooks';
import { SqlccError } from '../src/base/index.ts';
import type { ClientSession, EventLine, SqlccClient } from '../src/client/index.ts';
import { loadCities } from './cities.ts';
import type { DemoCluster } from './demo-cluster.ts';

export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface DrillReport {
  readonly schemaVersion: 1;
  readonly nodes: number;
  readonly rounds: number;
  readonly acked: number;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly detect_ms: Spread;
  readonly election_ms: Spread;
  readonly write_gap_ms: Spread;
  readonly rejoin_ms: Spread;
  readonly state_hash_equal: boolean;
  readonly rss_mb_per_node: number;
  readonly rows_loaded: number;
  readonly load_ms: number;
  readonly seconds: number;
  readonly dir: string;
}

const WRITERS = 4;
/** Writes must flow this long before a kill, so that a gap is a gap. */
const CALM_MS = 600;
const REJOIN_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 20_000;

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

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Writes rows without pause, remembers every acknowledgement, and never repeats an id on its own. */
class Writer {
  readonly acked: number[] = [];
  unknown = 0;
  /** When acknowledgements came, ms of the monotonic clock. */
  readonly times: number[] = [];
  readonly #session: ClientSession;
  readonly #writer: number;
  #running = true;
  #done: Promise<void> | null = null;

  constructor(session: ClientSession, writer: number) {
    this.#session = session;
    this.#writer = writer;
  }

  start(): void {
    this.#done = this.#loop();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  async #loop(): Promise<void> {
    for (let seq = 1; this.#running; seq++) {
      const id = seq * WRITERS + this.#writer;
      const statement = {
        sql: 'INSERT INTO drill (id, writer, at) VALUES (?, ?, ?)',
        params: [id, this.#writer, Date.now()],
      };
      try {
        await this.#session.sql([statement], { timeoutMs: 20_000 });
        this.acked.push(id);
        this.times.push(performance.now());
      } catch (error) {
        if (!(error instanceof SqlccError)) throw error;
        // outcome_unknown: the row may be there once; it is neither lost nor doubled if so
        this.unknown++;
      }
    }
  }
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
  readonly detectMs: number;
  readonly electionMs: number;
}

/** Follows the event stream and remembers elections by term. */
function followElections(client: SqlccClient, signal: AbortSignal): Map<number, Election> {
  const elections = new Map<number, Election>();
  void (async () => {
    try {
      for await (const event of client.events({ follow: true, signal }) as AsyncIterable<EventLine>) {
        if (event.kind !== 'leader-elected') continue;
        const data = event.data as { term: number; silence_ms: number | null; election_ms: number };
        elections.set(data.term, { detectMs: data.silence_ms ?? 0, electionMs: data.election_ms });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  })();
  return elections;
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
  readonly detect: number[];
  readonly elect: number[];
  readonly rejoin: number[];
}

async function playRounds(
  cluster: DemoCluster,
  writers: readonly Writer[],
  rounds: number,
  say: (text: string) => void,
): Promise<Rounds> {
  const client = cluster.client();
  const stop = new AbortController();
  const elections = followElections(client, stop.signal);
  const out: Rounds = { gaps: [], detect: [], elect: [], rejoin: [] };
  const terms: number[] = [];
  for (let n = 1; n <= rounds; n++) {
    await sleep(CALM_MS);
    const before = await leaderOf(client);
    const killedAt = performance.now();
    await cluster.killNode(before.nodeId);
    await untilWritesFlow(writers, killedAt);
    await sleep(150);
    const gap = longestGap(
      writers.flatMap((w) => w.times),
      killedAt - 5,
      performance.now(),
    );
    out.gaps.push(gap);
    const after = await leaderOf(client);
    terms.push(after.term);
    const restartedAt = performance.now();
    await cluster.startNode(before.nodeId);
    out.rejoin.push(await untilCaughtUp(client, before.nodeId, restartedAt));
    say(
      `round ${n}/${rounds}: killed ${before.nodeId}; ` +
        `${after.nodeId} leads term ${after.term}, gap ${round(gap)} ms`,
    );
  }
  await sleep(300); // the last election's event may still be on its way
  stop.abort();
  for (const term of terms) {
    const election = elections.get(term);
    if (election === undefined) continue;
    out.detect.push(election.detectMs);
    out.elect.push(election.electionMs);
  }
  return out;
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

/**
 * Reads every node's own rows once all have applied the same index, and compares them with what was
 * acknowledged.
 */
async function verify(
  cluster: DemoCluster,
  acked: readonly number[],
): Promise<{ lost: number; duplicated: number; equal: boolean }> {
  const hashes = await equalIndexHashes(cluster);
  let lost = 0;
  let duplicated = 0;
  for (const node of cluster.nodes) {
    const client = cluster.newClient();
    const answer = await client.sql([{ sql: 'SELECT id, count(*) FROM drill GROUP BY id' }], {
      level: 'none',
      node: node.nodeId,
    });
    await client.close();
    const found = new Map((answer.results[0]?.rows ?? []).map((row) => [row[0] as number, row[1] as number]));
    lost += acked.filter((id) => !found.has(id)).length;
    duplicated += [...found.values()].filter((count) => count > 1).length;
  }
  return { lost, duplicated, equal: new Set(hashes).size === 1 };
}

/** Hash of the whole state on each node, taken at one applied index. */
async function equalIndexHashes(cluster: DemoCluster): Promise<string[]> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  for (;;) {
    const client = cluster.client();
    const answers = await Promise.all(cluster.nodes.map((n) => client.stateHash(n.nodeId)));
    if (new Set(answers.map((a) => a.index)).size === 1) return answers.map((a) => a.state_hash);
    if (performance.now() > deadline) return answers.map((a) => `${a.index}:${a.state_hash}`);
    await sleep(50);
  }
}

/** Plays `rounds` on a running cluster and answers the report; the caller stops the cluster. */
export async function runDrill(
  cluster: DemoCluster,
  rounds: number,
  say: (text: string) => void,
): Promise<DrillReport> {
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
  const writers = await Promise.all(
    Array.from({ length: WRITERS }, async (_, i) => new Writer(await client.openSession(), i)),
  );
  for (const writer of writers) writer.start();
  let played: Rounds;
  try {
    played = await playRounds(cluster, writers, rounds, say);
  } finally {
    await Promise.all(writers.map((w) => w.stop()));
  }
  const acked = writers.flatMap((w) => w.acked);
  const checked = await verify(cluster, acked);
  return {
    schemaVersion: 1,
    nodes: cluster.nodes.length,
    rounds,
    acked: acked.length,
    unknown: writers.reduce((n, w) => n + w.unknown, 0),
    lost: checked.lost,
    duplicated: checked.duplicated,
    detect_ms: spread(played.detect),
    election_ms: spread(played.elect),
    write_gap_ms: spread(played.gaps),
    rejoin_ms: spread(played.rejoin),
    state_hash_equal: checked.equal,
    rss_mb_per_node: cluster.rssMbPerNode(),
    rows_loaded: loaded.rows,
    load_ms: Math.round(loaded.ms),
    seconds: round((performance.now() - began) / 1000),
    dir: cluster.dir,
  };
}
