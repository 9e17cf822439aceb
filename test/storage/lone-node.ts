/**
 * A cluster of one real daemon whose data folder is put away, harmed and started again: with
 * key-values and rows, two snapshots and a log behind the older one.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from '../../daemon/data-dir.ts';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';
import { noteMembership } from '../../daemon/membership-words.ts';
import { openLog } from '../../daemon/open-log.ts';
import { assert, must } from '../../src/base/index.ts';
import { applyCommand, decodeState, encodeState } from '../../src/cluster/index.ts';
import { decodeMembership, type SnapshotMeta } from '../../src/raft/index.ts';
import { StateStore } from '../../src/state/index.ts';
import { type DurableStorage, SnapshotManager } from '../../src/wal/index.ts';
import { startCluster } from '../cluster/harness.ts';
import { copyFolder, newestSegment, written } from './real-log.ts';

export type Started = { readonly ok: true } | { readonly ok: false; readonly said: string };

export class LoneNode {
  readonly cluster: DemoCluster;
  readonly dataDir: string;
  /** Acknowledged key-values. */
  readonly keys = new Map<string, string>();
  #rows = 0;

  private constructor(cluster: DemoCluster) {
    this.cluster = cluster;
    this.dataDir = cluster.node('n1').dataDir;
  }

  static async start(): Promise<LoneNode> {
    const cluster = await startCluster(1);
    await cluster.client().sql([{ sql: 'CREATE TABLE t (n INTEGER)' }]);
    return new LoneNode(cluster);
  }

  /** Writes `count` keys, again or for the first time, and as many rows. */
  async write(count: number, text: string): Promise<void> {
    for (let n = 0; n < count; n++) {
      const [key, value] = [`k${n}`, `${text} ${n}`.padEnd(200, '.')];
      await this.cluster.client().kv.put(key, value);
      this.keys.set(key, value);
      await this.cluster.client().sql([{ sql: 'INSERT INTO t VALUES (?)', params: [n] }]);
      this.#rows++;
    }
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    return this.cluster.killNode('n1', signal);
  }

  /** Starts the daemon; when it does not start, what it said instead. */
  async tryStart(): Promise<Started> {
    const node = this.cluster.node('n1');
    for (const file of [node.log, `${node.log}.stderr`]) rmSync(file, { force: true });
    try {
      await this.cluster.startNode('n1');
      return { ok: true };
    } catch (error) {
      assert(node.child?.exitCode !== null, `it neither started nor ended: ${(error as Error).message}`);
      node.child = null;
      return { ok: false, said: (error as Error).message };
    }
  }

  /** What is not as it was acknowledged: keys, and the number of rows. */
  async wrong(): Promise<string[]> {
    const client = this.cluster.client();
    const found = await client.kv.batch([...this.keys.keys()]);
    const values = new Map(found.items.map((item) => [item.key, item.value]));
    const wrong = [...this.keys].filter(([key, value]) => values.get(key) !== value).map(([key]) => key);
    const { results } = await client.sql([{ sql: 'SELECT count(*) FROM t' }]);
    const rows = Number(results[0]?.rows[0]?.[0]);
    return rows === this.#rows ? wrong : [...wrong, `${rows} rows, not ${this.#rows}`];
  }

  /** Events in the daemon's log since its last start. */
  logged(event: string): string[] {
    const { log } = this.cluster.node('n1');
    if (!existsSync(log)) return [];
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"${event}"`));
  }

  /** With the daemon stopped: a snapshot of the state, told to the log, which keeps `behind` entries behind it. */
  async makeSnapshot(behind: number): Promise<SnapshotMeta> {
    const storage = this.#log();
    const store = StateStore.open({
      dir: join(this.dataDir, 'engine'),
      applyCluster: applyCommand,
      noteMembership,
      encodeCluster: encodeState,
      decodeCluster: decodeState,
    });
    const copy = join(this.dataDir, 'engine', 'snapshot.tmp');
    const { index, term, membership, membershipIndex } = await store.snapshotTo(copy);
    store.close();
    const decoded = decodeMembership(membership);
    assert(decoded.ok, 'the membership decodes');
    const snapshots = new SnapshotManager({ dir: join(this.dataDir, 'snapshots') });
    const id = `${String(index).padStart(16, '0')}-n1-made`;
    const meta = await snapshots.createSnapshot(copy, {
      ...{ id, index, term, membershipIndex },
      membership: decoded.value,
    });
    rmSync(copy);
    await written(storage, { snapshot: { meta, keepSuffix: true }, compactTo: index - behind });
    storage.close();
    return meta;
  }

  /**
   * With the daemon stopped: the newest segment with one more write, which nobody was told of. The folder is
   * the worse for it.
   */
  async unfinishedWrite(): Promise<{ path: string; bytes: Buffer; from: number; end: number }> {
    const from = Math.ceil(newestSegment(join(this.dataDir, 'wal')).end / 8) * 8;
    const storage = this.#log();
    const { term } = storage.initialState().hardState;
    const entry = { term, index: storage.lastIndex() + 1, kind: 'noop', timestamp: 0 } as const;
    await written(storage, { entries: [{ ...entry, data: new Uint8Array(0) }] });
    const { path, bytes, end } = newestSegment(join(this.dataDir, 'wal'));
    storage.close();
    return { path, bytes, from, end };
  }

  #log(): DurableStorage {
    const identity = JSON.parse(readFileSync(join(this.dataDir, 'identity.json'), 'utf8')) as Identity;
    return openLog({ ...identity, dataDir: this.dataDir }, 0).storage;
  }

  /** Path of a snapshot's file. */
  snapshot({ id }: SnapshotMeta): string {
    return join(this.dataDir, 'snapshots', `${id}.snap`);
  }

  /** The newest segment of the log. */
  segment(): string {
    const names = readdirSync(join(this.dataDir, 'wal')).filter((name) => name.endsWith('.wal'));
    return join(this.dataDir, 'wal', must(names.sort().at(-1), 'a segment'));
  }

  /** Puts the folder away, or back. */
  save(to: string): void {
    copyFolder(this.dataDir, to);
  }

  restore(from: string): void {
    copyFolder(from, this.dataDir);
  }
}
