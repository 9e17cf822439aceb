/** Streams that go on elsewhere: events and watches through the death of the node that served them. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EventLine, KvWatchLine } from '../../src/client/index.ts';
import { clientOf, followerOf, leaderOf, startCluster, until } from './harness.ts';

/** A replicated event without its cursor, which belongs to the node that gave it: all else is the same. */
function text({ cursor: _cursor, ...event }: EventLine): string {
  return JSON.stringify(event);
}

/** What a node tells of the replicated events up to `last`. */
async function history(events: AsyncIterable<EventLine>, last: number): Promise<string[]> {
  const lines: string[] = [];
  for await (const event of events) {
    if (event.index !== null && event.index <= last) lines.push(text(event));
  }
  return lines;
}

describe('a watch of keys', () => {
  it('goes on behind the last version after a kill: no gap, no repetition', async () => {
    const cluster = await startCluster(3);
    const writer = await cluster.client().openSession();
    await writer.put('w/start', '0');
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const seen: KvWatchLine[] = [];
    // the watcher knows one node only at first; it learns the others from the cluster
    const watcher = clientOf(cluster, {});
    await watcher.nodes();
    const watching = (async () => {
      for await (const line of watcher.kv.watch({ prefix: 'w/', after: 0, signal: abort.signal })) {
        if (line.type !== 'progress') seen.push(line);
      }
    })();
    for (let n = 0; n < 50; n++) await writer.put(`w/${n}`, `${n}`);
    await until('the first half', async () => seen.length >= 51);
    const victim = await leaderOf(cluster);
    await cluster.killNode(victim);
    for (let n = 50; n < 100; n++) await writer.put(`w/${n}`, `${n}`, { timeoutMs: 60_000 });
    await writer.delete('w/start', { timeoutMs: 60_000 });
    const second = cluster.nodes.find((n) => n.nodeId !== victim)?.nodeId as string;
    await cluster.startNode(victim);
    await cluster.untilHealthy();
    await cluster.killNode(second);
    for (let n = 100; n < 150; n++) await writer.put(`w/${n}`, `${n}`, { timeoutMs: 60_000 });
    await until('all changes', async () => seen.length >= 152);
    abort.abort();
    await watching;
    const keys = seen.map((line) => `${line.type} ${line.key}`);
    const puts = Array.from({ length: 150 }, (_, n) => `put w/${n}`);
    expect(keys).toEqual(['put w/start', ...puts.slice(0, 100), 'delete w/start', ...puts.slice(100)]);
    const versions = seen.map((line) => line.version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
  });
});

describe('events', () => {
  it('are the same on every node, and resume on another one without gap or repetition', async () => {
    const cluster = await startCluster(3);
    const client = cluster.client();
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const seen: EventLine[] = [];
    const follower = clientOf(cluster, {});
    const following = (async () => {
      for await (const event of follower.events({ after: '0', signal: abort.signal })) {
        if (event.kind !== 'progress' && event.index !== null) seen.push(event);
      }
    })();
    for (let round = 0; round < 2; round++) {
      const victim = round === 0 ? await leaderOf(cluster) : await followerOf(cluster);
      await cluster.killNode(victim);
      await client.createToken({ kind: 'access', role: 'viewer' }, { timeoutMs: 60_000 });
      await cluster.startNode(victim);
      await cluster.untilHealthy();
    }
    const made = await client.createToken({ kind: 'access', role: 'viewer' });
    await client.revokeToken(made.id);
    const last = (await client.stateHash()).index;
    const each = await Promise.all(
      cluster.nodes.map(async ({ nodeId }) => {
        await until('applied', async () => (await client.stateHash(nodeId)).index >= last);
        const own = clientOf(cluster, { node: nodeId });
        return history(own.events({ after: '0', follow: false }), last);
      }),
    );
    expect(each[0]?.length).toBeGreaterThan(10);
    expect(each[1]).toEqual(each[0]);
    expect(each[2]).toEqual(each[0]);
    const told = (): string[] => seen.filter((e) => (e.index as number) <= last).map(text);
    await until('all events', async () => told().length >= (each[0]?.length ?? 0)).catch(() => null);
    abort.abort();
    await following;
    expect(told()).toEqual(each[0]);

    // any cursor of one node is good on another, one amid the events of an entry too
    for (const [n, event] of seen.filter((e) => (e.index as number) <= last).entries()) {
      const other = cluster.nodes.find(({ nodeId }) => nodeId !== event.node_id)?.nodeId as string;
      const node = clientOf(cluster, { node: other });
      const rest = await history(node.events({ after: event.cursor, follow: false }), last);
      expect(rest).toEqual(told().slice(n + 1));
    }
  });
});
