/**
 * Writers of an endurance run: each inserts rows through an exactly-once session, one after the other or at
 * a rate, and remembers for each attempt when it began, when it ended and what it was told. The drill's
 * `verify` compares that with what every node stores.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { longestGap, type Measured, measured } from '../../daemon/drill.ts';
import { verify } from '../../daemon/drill-verify.ts';
import { SqlccError } from '../../src/base/index.ts';
import type { ClientSession, SqlccClient } from '../../src/client/index.ts';
import type { LabCluster } from '../lab/index.ts';
import type { Stage } from './stage.ts';

export interface LoadOptions {
  readonly writers?: number;
  /** Of all writers together; without it each writes as fast as it is answered. */
  readonly perSecond?: number;
  /** Bytes of each row beside its numbers. */
  readonly bytes?: number;
  readonly timeoutMs?: number;
  /** Default: the cluster's one client. */
  readonly client?: SqlccClient;
}

interface Attempt {
  readonly began: number;
  readonly ended: number;
  /** `ok`, or the code of the error. */
  readonly told: string;
}

export interface Window {
  /** Attempts that began in it and were acknowledged. */
  readonly acked: number;
  readonly perSecond: number;
  readonly latencyMs: Measured;
  /** The longest time without an acknowledgement. */
  readonly gapMs: number;
  /** Attempts that were not acknowledged, by code. */
  readonly codes: Readonly<Record<string, number>>;
}

const TABLE =
  'CREATE TABLE IF NOT EXISTS drill (id INTEGER NOT NULL, writer INTEGER NOT NULL, at TEXT NOT NULL)';
const ERROR_PAUSE_MS = 20;

/** False when the refused row surely is not there. */
function mayBeThere({ code, retry }: SqlccError): boolean {
  return (
    retry === 'unknown' || code === 'session_expired' || code === 'deadline_exceeded' || code === 'internal'
  );
}

export class Load {
  readonly acked: number[] = [];
  readonly unknown: number[] = [];
  readonly #attempts: Attempt[] = [];
  /** When attempts began that have no answer yet. */
  readonly #open = new Set<{ readonly began: number }>();
  readonly #cluster: LabCluster;
  readonly #options: LoadOptions;
  #nextId = 1;
  #running = true;
  #done: Promise<unknown> = Promise.resolve();
  #fault: unknown = null;

  private constructor(cluster: LabCluster, options: LoadOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Makes the table and starts the writers; they stop with the stage. */
  static async start(stage: Stage, cluster: LabCluster, options: LoadOptions = {}): Promise<Load> {
    const load = new Load(cluster, options);
    await cluster.client().sql([{ sql: TABLE }], { timeoutMs: 20_000 });
    const count = options.writers ?? 4;
    load.#done = Promise.all(Array.from({ length: count }, (_, i) => load.#write(i, count)));
    load.#done.catch((error: unknown) => {
      load.#fault = error;
    });
    stage.onEnd(() => {
      load.#running = false;
    });
    return load;
  }

  get attempts(): number {
    return this.#attempts.length;
  }

  async #write(writer: number, writers: number): Promise<void> {
    const { perSecond, bytes = 10, timeoutMs = 20_000 } = this.#options;
    const client = this.#options.client ?? this.#cluster.client();
    let session = await client.openSession();
    const everyMs = perSecond === undefined ? 0 : (1000 * writers) / perSecond;
    let due = performance.now() + (everyMs * writer) / writers;
    while (this.#running) {
      if (everyMs > 0) {
        await sleep(Math.max(0, due - performance.now()));
        // what was missed during a long answer is not made up for: one writer, one write at a time
        due = Math.max(due + everyMs, performance.now());
      }
      const id = this.#nextId++;
      const told = await this.#attempt(session, { id, writer, bytes, timeoutMs });
      if (told === 'ok') continue;
      if (told === 'session_expired') session = await client.openSession();
      await sleep(ERROR_PAUSE_MS);
    }
  }

  async #attempt(
    session: ClientSession,
    row: { id: number; writer: number; bytes: number; timeoutMs: number },
  ): Promise<string> {
    const sql = 'INSERT INTO drill (id, writer, at) VALUES (?, ?, ?)';
    const open = { began: performance.now() };
    this.#open.add(open);
    let told = 'ok';
    try {
      const params = [row.id, row.writer, 'x'.repeat(row.bytes)];
      await session.sql([{ sql, params }], { timeoutMs: row.timeoutMs });
      this.acked.push(row.id);
    } catch (error) {
      // anything that is not an answer is a mistake of this program
      if (!(error instanceof SqlccError)) throw error;
      if (mayBeThere(error)) this.unknown.push(row.id);
      told = error.code;
    }
    this.#open.delete(open);
    this.#attempts.push({ began: open.began, ended: performance.now(), told });
    return told;
  }

  /** What the writers felt between two instants of the monotonic clock. */
  between(from: number, to: number = performance.now()): Window {
    if (this.#fault !== null) throw this.#fault;
    const inside = this.#attempts.filter((a) => a.began >= from && a.began < to);
    const good = inside.filter((a) => a.told === 'ok');
    const codes: Record<string, number> = {};
    for (const { told } of inside) if (told !== 'ok') codes[told] = (codes[told] ?? 0) + 1;
    const waiting = [...this.#open].filter((o) => o.began < to).length;
    if (waiting > 0 && to < performance.now() - 1000) codes['unanswered'] = waiting;
    const times = this.#attempts.filter((a) => a.told === 'ok').map((a) => a.ended);
    return {
      acked: good.length,
      perSecond: Math.round(good.length / Math.max(0.001, (to - from) / 1000)),
      latencyMs: measured(good.map((a) => a.ended - a.began)),
      gapMs: Math.round(longestGap([...times, to], from, to)),
      codes,
    };
  }

  /** How long after `since` the next acknowledgement came; null when none did within the time. */
  async nextAck(since: number, withinMs: number): Promise<number | null> {
    const deadline = since + withinMs;
    let seen = 0;
    while (performance.now() < deadline) {
      if (this.#fault !== null) throw this.#fault;
      for (; seen < this.#attempts.length; seen++) {
        const attempt = this.#attempts[seen];
        if (attempt?.told === 'ok' && attempt.ended >= since) return attempt.ended - since;
      }
      await sleep(2);
    }
    return null;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  /** Stops, and claims that nothing acknowledged is lost, nothing is doubled, and all nodes are equal. */
  async verify(stage: Stage): Promise<void> {
    await this.stop();
    await this.#cluster.untilHealthy();
    const { equal, ...tally } = await verify(this.#cluster, this.acked, this.unknown);
    const said = { acked: this.acked.length, unknown: this.unknown.length, ...tally, equal };
    const nothing = tally.lost + tally.duplicated + tally.unexpected === 0;
    stage.claim(
      'nothing acknowledged is lost, nothing is doubled, all nodes are equal',
      nothing && equal,
      said,
    );
    stage.atLeast('acknowledged writes', this.acked.length, 100);
  }
}
