/**
 * One run: clients and watchers work on a cluster while faults come and go; then all is
 * healed, every key is read on every node, and the checkers judge the history.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assert, must, pick, seededRandom } from '../../../src/base/index.ts';
import type { SqlccClient } from '../../../src/client/index.ts';
import { checkLinearizable, type Decision } from '../check/linearizable.ts';
import { historyOf } from '../check/record.ts';
import { checkRevisions } from '../check/revisions.ts';
import { Caller } from './caller.ts';
import { connect } from './cluster.ts';
import type { Ground } from './ground.ts';
import { Keys } from './keys.ts';
import type { Nemesis, Scene } from './nemesis.ts';
import { type Merits, meritsOf } from './qualify.ts';
import { Recorder } from './recorder.ts';
import { Watcher } from './watcher.ts';
import type { Workload } from './workloads.ts';

const CLIENTS = 24;
/** Clients of the SDK; callers share them. */
const CONNECTIONS = 5;
/** Load that does not count yet: connections are opened, query processes start. */
const RAMP_MS = 2500;
/** Load without faults before the first one. */
const CALM_MS = 3000;
const PAUSE_BETWEEN_FAULTS_MS = 1200;
const VIEW_INTERVAL_MS = 100;
const HEAL_TIMEOUT_MS = 40_000;
const WATCH_TIMEOUT_MS = 20_000;
const CHECK_TIMEOUT_MS = 60_000;
const MAX_FINDINGS = 20;

export interface RunOptions {
  readonly ground: Ground;
  readonly workload: Workload;
  readonly nemesis: Nemesis;
  readonly seconds: number;
  readonly seed: number;
  /** Where the history of a run that fails is kept. */
  readonly dir: string;
}

export interface RunResult {
  readonly workload: string;
  readonly nemesis: string;
  readonly seed: number;
  readonly ops: number;
  readonly ok: number;
  readonly unknown: number;
  readonly failed: number;
  readonly writesPerSecond: number;
  readonly foreignReads: number;
  /** Faults that took effect, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** How far the term moved. */
  readonly terms: number;
  readonly values: Decision;
  readonly revisions: Decision;
  readonly watchEvents: number;
  readonly compacted: number;
  readonly checkMs: number;
  readonly findings: readonly string[];
  /** Why the run did not come to its end; null = it did. */
  readonly failure: string | null;
  /** Why the run does not count; empty = it does. */
  readonly objections: readonly string[];
  readonly verdict: 'good' | 'bad' | 'does not count';
  /** The history, where it was kept. */
  readonly history: string | null;
}

class Run {
  readonly #options: RunOptions;
  readonly #recorder = new Recorder();
  readonly #writers: SqlccClient[];
  readonly #readers: SqlccClient[];
  readonly #nodes: readonly string[];
  readonly #keys: Keys;
  readonly #findings: string[] = [];
  readonly #faults: Record<string, number> = {};
  readonly #mayEnd = new Set<string>();
  readonly #over = new AbortController();
  readonly #pinned: SqlccClient[] = [];
  #watchers: readonly Watcher[] = [];
  #leader: string | null = null;
  #failure: string | null = null;
  readonly #terms = new Set<number>();

  constructor(options: RunOptions) {
    this.#options = options;
    const { workload, seed } = options;
    const { cluster } = options.ground;
    this.#writers = Array.from({ length: CONNECTIONS }, () => connect(cluster));
    this.#readers = Array.from({ length: CONNECTIONS }, () => connect(cluster, { failFast: true }));
    this.#nodes = cluster.nodes.map((n) => n.nodeId);
    this.#keys = new Keys(workload.prefix, seededRandom(seed));
  }

  async play(): Promise<RunResult> {
    const { workload } = this.#options;
    try {
      const writer = must(this.#writers[0], 'a client');
      await workload.prepare(writer, this.#keys);
      this.#watchers = await this.#watch(writer);
      const ends = [this.#views(), this.#guard()];
      const callers = Array.from({ length: CLIENTS }, (_, n) => this.#caller(n));
      const load = callers.map((caller, n) => this.#load(caller, n));
      // what ends one ends all, and is told when the faults are over
      for (const work of [...load, ...ends]) work.catch(() => this.#over.abort());
      await sleep(RAMP_MS);
      this.#recorder.note('load');
      await this.#attack();
      this.#over.abort();
      this.#recorder.note('load-ended');
      await Promise.all([...load, ...ends]);
      await this.#settle(writer, this.#watchers);
    } catch (error) {
      this.#failure = (error as Error).stack ?? String(error);
    } finally {
      this.#over.abort();
      // one that goes on would try for ever, and keep this process
      for (const watcher of this.#watchers) watcher.abandon();
      await Promise.all([...this.#writers, ...this.#readers, ...this.#pinned].map((c) => c.close()));
    }
    return this.#judge();
  }

  #caller(n: number): Caller {
    return new Caller({
      recorder: this.#recorder,
      random: seededRandom(this.#options.seed * 1000 + n),
      writer: must(this.#writers[n % CONNECTIONS], 'a client'),
      reader: must(this.#readers[n % CONNECTIONS], 'a client'),
    });
  }

  async #load(caller: Caller, client: number): Promise<void> {
    const turn = { caller, keys: this.#keys, nodes: this.#nodes, client };
    while (!this.#over.signal.aborted) {
      await this.#options.workload.turn(turn);
      // a node or a cluster that refuses at once is not asked in a tight loop
      if (caller.failures > 0) await sleep(Math.min(50, 5 * caller.failures));
    }
  }

  async #watch(client: SqlccClient): Promise<Watcher[]> {
    const { workload, ground } = this.#options;
    const { prefix } = workload;
    const after = (await client.kv.list({ prefix, limit: 1 })).read.applied_index;
    return Array.from({ length: workload.watchers }, (_, n) => {
      const node = n === 0 ? {} : { node: must(this.#nodes[n % this.#nodes.length], 'a node') };
      const own = connect(ground.cluster, node);
      this.#pinned.push(own);
      return new Watcher(own, this.#recorder, prefix, after);
    });
  }

  /** Each node's word on leader and term, again and again. */
  async #views(): Promise<void> {
    const { cluster } = this.#options.ground;
    const views = async (node: string): Promise<void> => {
      const client = connect(cluster, { node, failFast: true });
      this.#pinned.push(client);
      while (!this.#over.signal.aborted) {
        try {
          const { leader_id, term } = await client.leader({ stale: true, timeoutMs: 300 });
          if (leader_id !== null) this.#leader = leader_id;
          this.#terms.add(term);
          this.#recorder.note('view', { node, leader: leader_id, term });
        } catch {
          // it is gone, stopped or cut off: others say who leads
        }
        await sleep(VIEW_INTERVAL_MS);
      }
    };
    await Promise.all(this.#nodes.map(views));
  }

  /** No process ends unless a fault ends it. */
  async #guard(): Promise<void> {
    const said = new Set<unknown>();
    while (!this.#over.signal.aborted) {
      for (const { nodeId, child } of this.#options.ground.cluster.nodes) {
        if (child === null || (child.exitCode === null && child.signalCode === null)) continue;
        if (this.#mayEnd.has(nodeId) || said.has(child)) continue;
        said.add(child);
        this.#findings.push(`${nodeId} ended by itself: ${child.exitCode ?? child.signalCode}`);
      }
      await sleep(VIEW_INTERVAL_MS);
    }
  }

  async #attack(): Promise<void> {
    const { seconds, nemesis, seed, ground } = this.#options;
    const deadline = performance.now() + seconds * 1000;
    const left = (): number => Math.max(0, deadline - performance.now());
    const scene: Scene = {
      cluster: ground.cluster,
      hardware: ground.hardware,
      client: must(this.#writers[0], 'a client'),
      random: seededRandom(seed + 77),
      leader: () => this.#leader,
      wait: (ms) => sleep(Math.min(ms, left())),
      find: (text) => void this.#findings.push(text),
      note: (kind, facts) => this.#recorder.note(kind, facts),
      effect: (kind) => {
        this.#faults[kind] = (this.#faults[kind] ?? 0) + 1;
      },
      allowEnd: (nodeId, may) => void (may ? this.#mayEnd.add(nodeId) : this.#mayEnd.delete(nodeId)),
    };
    await scene.wait(CALM_MS);
    while (left() > 0) {
      await nemesis.strike(scene);
      await scene.wait(PAUSE_BETWEEN_FAULTS_MS);
    }
  }

  /** Everything runs again; every key is read on every node, and every watcher catches up. */
  async #settle(writer: SqlccClient, watchers: readonly Watcher[]): Promise<void> {
    const { ground, workload } = this.#options;
    await ground.cluster.untilHealthy(HEAL_TIMEOUT_MS);
    const caller = this.#caller(0);
    for (const k of this.#keys.used()) await workload.read(caller, k, pick(caller.random, this.#nodes));
    for (const node of this.#nodes) for (const k of this.#keys.some(12)) await workload.read(caller, k, node);
    if (watchers.length > 0) {
      const version = await this.#lastWrite(caller);
      await this.#caughtUp(watchers, version);
      await Promise.all(watchers.map((w) => w.stop(version)));
    }
    await this.#compareStates(writer);
  }

  /** One write behind all others: who watches has everything once it has this. */
  async #lastWrite(caller: Caller): Promise<number> {
    for (let n = 0; ; n++) {
      const { ok, rev } = await caller.put(`${this.#options.workload.prefix}-end`);
      if (ok === 'ok' && rev !== undefined) return rev;
      assert(n < 10, 'a healthy cluster takes a write');
      await sleep(200);
    }
  }

  async #caughtUp(watchers: readonly Watcher[], rev: number): Promise<void> {
    const deadline = performance.now() + WATCH_TIMEOUT_MS;
    while (watchers.some((w) => w.reached < rev)) {
      if (performance.now() > deadline) {
        const reached = watchers.map((w) => w.reached).join(', ');
        this.#findings.push(`watchers reached ${reached}, not ${rev}, in ${WATCH_TIMEOUT_MS} ms`);
        return;
      }
      await sleep(20);
    }
  }

  async #compareStates(client: SqlccClient): Promise<void> {
    for (const deadline = performance.now() + WATCH_TIMEOUT_MS; ; await sleep(50)) {
      const hashes = await Promise.all(this.#nodes.map((n) => client.stateHash(n)));
      const indexes = new Set(hashes.map((h) => h.index));
      if (indexes.size === 1) {
        if (new Set(hashes.map((h) => h.state_hash)).size > 1)
          this.#findings.push(`the nodes' states differ at index ${hashes[0]?.index}`);
        return;
      }
      assert(performance.now() < deadline, `the nodes come to one index, not ${[...indexes].join(', ')}`);
    }
  }

  #judge(): RunResult {
    const { workload, nemesis, seed, dir } = this.#options;
    const history = historyOf(this.#recorder.lines);
    const began = performance.now();
    const isOver = (): boolean => performance.now() - began > CHECK_TIMEOUT_MS;
    const values = checkLinearizable(history, { isOver });
    const revisions = checkRevisions(history);
    const checkMs = Math.round(performance.now() - began);
    const faults = Object.values(this.#faults).reduce((a, b) => a + b, 0);
    const merits: Merits = meritsOf(history, faults, nemesis.name !== 'none');
    const findings = [...this.#findings, ...values.findings, ...revisions.findings];
    const isGood =
      findings.length === 0 &&
      this.#failure === null &&
      values.verdict === 'good' &&
      revisions.verdict === 'good';
    const verdict = !isGood ? 'bad' : merits.objections.length > 0 ? 'does not count' : 'good';
    const of = (ok: string): number => history.ops.filter((op) => op.ok === ok).length;
    const terms = [...this.#terms];
    return {
      ...{ workload: workload.name, nemesis: nemesis.name, seed, ops: history.ops.length },
      ...{ ok: of('ok'), unknown: of('unknown'), failed: of('fail') },
      ...{ writesPerSecond: Math.round(merits.writesPerSecond), foreignReads: merits.foreignReads },
      ...{ faults: this.#faults, terms: terms.length === 0 ? 0 : Math.max(...terms) - Math.min(...terms) },
      ...{ values: values.verdict, revisions: revisions.verdict, checkMs },
      ...{ watchEvents: revisions.watchEvents, compacted: revisions.compacted },
      ...{ findings: findings.slice(0, MAX_FINDINGS), objections: merits.objections, verdict },
      failure: this.#failure,
      history: verdict === 'good' ? null : this.#keep(dir),
    };
  }

  #keep(dir: string): string {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'history.jsonl');
    this.#recorder.save(file);
    return file;
  }
}

/** Plays one run on a healthy cluster, and leaves the cluster running. */
export function playRun(options: RunOptions): Promise<RunResult> {
  return new Run(options).play();
}
