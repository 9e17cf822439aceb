import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterAll } from 'vitest';
import type { ConsensusToState, MainToState, StateToConsensus, StateToMain } from '../../daemon/protocol.ts';
import { StateHost } from '../../daemon/state-host.ts';
import { must } from '../../src/base/index.ts';
import { encodeEntries, type LogEntry, type RaftStore, type SnapshotMeta } from '../../src/raft/index.ts';
import { ModelStore } from '../sim/model-store.ts';
import { until } from '../unit/rpc/peer-fixture.ts';
import { Bench, snapshotMeta } from '../unit/wal/wal-kit.ts';
import { describeRaftStore } from './raft-store.ts';

describeRaftStore('ModelStore', async () => {
  const bench = new Bench();
  let applied = 0;
  let busyUntil = 0;
  const store = new ModelStore({
    appliedIndex: 0,
    work: (ms, fn) => {
      busyUntil = Math.max(bench.now(), busyUntil) + ms;
      bench.wakeAt(busyUntil, fn);
    },
    apply: (entry) => {
      applied = entry.index;
      return true;
    },
    restore: (meta) => {
      applied = meta.index;
      return true;
    },
  });
  return {
    store,
    snapshotOf: async (entries) => snapshotMeta(entries.at(-1)?.index ?? 0),
    settle: async () => bench.run(100),
    reopen: async () => applied,
    stop: async () => {},
  };
});

const root = mkdtempSync(join(tmpdir(), 'sqlcc-raft-store-'));
let folders = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The state worker's inside, spoken to over ports as the two other threads do. */
class Hosted implements RaftStore {
  readonly dir: string;
  readonly #consensus: MessagePort;
  readonly #main: MessagePort;
  #appliedIndex: number | null = null;
  #stopped = false;
  #made: SnapshotMeta | null = null;
  /** Who waits for an answer; the worker answers in order. */
  readonly #applying: ((index: number) => void)[] = [];
  readonly #restoring: ((index: number) => void)[] = [];

  constructor(dir: string) {
    this.dir = dir;
    const [consensus, main] = [new MessageChannel(), new MessageChannel()];
    this.#consensus = consensus.port1;
    this.#main = main.port1;
    this.#consensus.on('message', (message: StateToConsensus) => {
      if (message.kind === 'applied') this.#applying.shift()?.(message.index);
      if (message.kind === 'restored') this.#restoring.shift()?.(message.index);
      if (message.kind === 'snapshot-made') this.#made = message.meta;
    });
    this.#main.on('message', (message: StateToMain) => {
      if (message.kind === 'open') this.#appliedIndex = message.appliedIndex;
      if (message.kind === 'stopped') this.#stopped = true;
    });
    const identity = { clusterId: 'c1', nodeId: 'n1', instanceId: 'i1' };
    new StateHost({
      facts: { ...identity, dataDir: dir },
      snapshotThreshold: 1_000_000,
      main: main.port2,
      consensus: consensus.port2,
    }).start();
  }

  async opened(): Promise<number> {
    await until('the state is open', () => this.#appliedIndex !== null);
    return this.appliedIndex();
  }

  appliedIndex(): number {
    return must(this.#appliedIndex, 'the index at start');
  }

  apply(entries: readonly LogEntry[], applied: (index: number) => void): void {
    this.#applying.push(applied);
    this.#toState({ kind: 'apply', packed: encodeEntries(entries), tags: [] });
  }

  restore(meta: SnapshotMeta, done: (index: number) => void): void {
    this.#restoring.push(done);
    this.#toState({ kind: 'restore', meta });
  }

  async snapshot(): Promise<SnapshotMeta> {
    this.#fromMain({ kind: 'snapshot' });
    await until('a snapshot', () => this.#made !== null);
    return must(this.#made, 'the snapshot');
  }

  async settle(): Promise<void> {
    await until('all answers', () => this.#applying.length + this.#restoring.length === 0);
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#fromMain({ kind: 'stop' });
    await until('it stopped', () => this.#stopped);
    this.#consensus.close();
    this.#main.close();
  }

  #toState(message: ConsensusToState): void {
    this.#consensus.postMessage(message);
  }

  #fromMain(message: MainToState): void {
    this.#main.postMessage(message);
  }
}

async function host(): Promise<Hosted> {
  const hosted = new Hosted(join(root, String(folders++)));
  await hosted.opened();
  return hosted;
}

describeRaftStore('StateHost', async () => {
  const store = await host();
  return {
    store,
    snapshotOf: async (entries) => {
      const other = await host();
      other.apply(entries, () => {});
      await other.settle();
      const meta = await other.snapshot();
      await other.stop();
      const name = join('snapshots', `${meta.id}.snap`);
      cpSync(join(other.dir, name), join(store.dir, name));
      return meta;
    },
    settle: () => store.settle(),
    reopen: async () => {
      await store.stop();
      const next = new Hosted(store.dir);
      const index = await next.opened();
      await next.stop();
      return index;
    },
    stop: () => store.stop(),
  };
});
