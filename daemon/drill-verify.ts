/**
 * What the drill proves: every node's own rows against what the writers were told. Rows are
 * read in pages by rowid, so that neither the limit of an answer nor the length of the drill
 * matters, and each page costs what it holds.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../src/base/index.ts';
import type { SqlccClient } from '../src/client/index.ts';
import type { DemoCluster } from './demo-cluster.ts';

const PAGE_ROWS = Math.floor(LIMITS.maxSqlRows / 2);
const PAGE_TIMEOUT_MS = 30_000;
/** A hash walks the whole state; after a long drill that takes seconds. */
const HASH_TIMEOUT_MS = 60_000;
const SETTLE_TIMEOUT_MS = 120_000;

export interface Tally {
  /** Acknowledged rows that are missing. */
  readonly lost: number;
  /** Rows that are there more than once. */
  readonly duplicated: number;
  /** Rows that are there although their write was refused, or was never made. */
  readonly unexpected: number;
}

/** Compares the ids that a node holds with what the writers were told. */
export function tally(
  ids: Iterable<number>,
  acked: ReadonlySet<number>,
  unknown: ReadonlySet<number>,
): Tally {
  const found = new Set<number>();
  const twice = new Set<number>();
  let unexpected = 0;
  let kept = 0;
  for (const id of ids) {
    if (found.has(id)) {
      twice.add(id);
      continue;
    }
    found.add(id);
    if (acked.has(id)) kept++;
    else if (!unknown.has(id)) unexpected++;
  }
  return { lost: acked.size - kept, duplicated: twice.size, unexpected };
}

export type ReadPage = (after: number, limit: number) => Promise<readonly (readonly [number, number])[]>;

/** All ids of the table, page by page; `read` answers (rowid, id) behind a rowid, in order. */
export async function allIds(read: ReadPage, pageRows: number = PAGE_ROWS): Promise<number[]> {
  const ids: number[] = [];
  for (let after = 0; ; ) {
    const page = await read(after, pageRows);
    for (const [, id] of page) ids.push(id);
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return ids;
    after = last[0];
  }
}

function pagesOf(client: SqlccClient, node: string): ReadPage {
  return async (after, limit) => {
    const sql = 'SELECT rowid, id FROM drill WHERE rowid > ? ORDER BY rowid LIMIT ?';
    const answer = await client.sql([{ sql, params: [after, limit] }], {
      ...{ level: 'none', node, timeoutMs: PAGE_TIMEOUT_MS },
    });
    return (answer.results[0]?.rows ?? []) as [number, number][];
  };
}

/** Reads every node's own rows once all have applied the same index. */
export async function verify(
  cluster: Pick<DemoCluster, 'nodes' | 'client'>,
  acked: readonly number[],
  unknown: readonly number[],
): Promise<Tally & { readonly equal: boolean }> {
  const hashes = await hashesAtOneIndex(cluster);
  const [ackedSet, unknownSet] = [new Set(acked), new Set(unknown)];
  const sum = { lost: 0, duplicated: 0, unexpected: 0 };
  for (const { nodeId } of cluster.nodes) {
    const ids = await allIds(pagesOf(cluster.client(), nodeId));
    const found = tally(ids, ackedSet, unknownSet);
    sum.lost += found.lost;
    sum.duplicated += found.duplicated;
    sum.unexpected += found.unexpected;
  }
  return { ...sum, equal: new Set(hashes).size === 1 };
}

/** Hash of the whole state on each node, taken at one applied index; with its index where that never came. */
async function hashesAtOneIndex(cluster: Pick<DemoCluster, 'nodes' | 'client'>): Promise<string[]> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  const client = cluster.client();
  for (;;) {
    const call = { timeoutMs: HASH_TIMEOUT_MS };
    const asked = cluster.nodes.map((n) => client.stateHash(n.nodeId, call));
    const isLate = performance.now() > deadline;
    // the last round's word is final, also when it is an error
    const answers = await Promise.all(asked).catch((error: unknown) => {
      if (isLate) throw error;
      return [];
    });
    if (new Set(answers.map((a) => a.index)).size === 1) return answers.map((a) => a.state_hash);
    if (isLate) return answers.map((a) => `${a.index}:${a.state_hash}`);
    await sleep(50);
  }
}
