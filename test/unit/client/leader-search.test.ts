import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqlccClient } from '../../../src/client/index.ts';
import { doubtPause } from '../../../src/client/leader-search.ts';
import { MemoryCluster } from './memory-cluster.ts';

const INSERT = [{ sql: 'INSERT 1' }];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass in small steps, so that answers (a turn of the loop each) keep up with timers. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 5) {
    await vi.advanceTimersByTimeAsync(Math.min(5, left));
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function opened(cluster: MemoryCluster) {
  const client = new SqlccClient({ endpoints: cluster.endpoints, ca: '' }, cluster);
  const opening = client.openSession();
  await pass(20);
  return { client, session: await opening };
}

const asked = (cluster: MemoryCluster): number =>
  cluster.seen.filter((line) => line.includes('/v1/leader')).length;

describe('LeaderSearch', () => {
  it('doubtPause hurries while nobody hears the leader, for a second', () => {
    expect(doubtPause(150, null)).toBe(50);
    expect(doubtPause(200, 180)).toBe(50);
    expect(doubtPause(200, 60)).toBe(400);
    expect(doubtPause(1200, null)).toBe(400);
  });

  it('watch finds the successor of a leader that vanished without a word, soon after its election', async () => {
    const cluster = new MemoryCluster(3);
    const { client, session } = await opened(cluster);
    const [first = '', second = ''] = cluster.endpoints;
    cluster.mute.add(first);
    cluster.belief = first;
    cluster.heardMs = 150;
    const writing = session.sql(INSERT);
    await pass(270);
    expect(cluster.log).toEqual([]);
    // the others miss it too, and keep the question
    expect(cluster.waiting.map((w) => w.split(' ').at(-1))).toEqual([first, first]);
    cluster.elect(second);
    await pass(5);
    await expect(writing).resolves.toMatchObject({ index: 1 });
    expect(cluster.log).toEqual(['INSERT 1']);
    await client.close();
  });

  it('watch does not hurry others about a leader that they hear, however slow its answer is', async () => {
    const cluster = new MemoryCluster(3);
    const { client, session } = await opened(cluster);
    const before = asked(cluster);
    cluster.mute.add(cluster.endpoints[0] ?? '');
    cluster.heardMs = 40;
    // many calls share one doubt
    const writing = Promise.allSettled(Array.from({ length: 20 }, () => session.sql(INSERT)));
    await pass(1000);
    // at 150, 200, 600 and 1000 ms two others each; who came just behind another's doubt 50 ms before that
    expect(asked(cluster) - before).toBeLessThanOrEqual(12);
    expect(asked(cluster) - before).toBeGreaterThanOrEqual(4);
    await client.close();
    await pass(6000);
    expect((await writing).map((w) => w.status)).toEqual(Array.from({ length: 20 }, () => 'rejected'));
  });

  it('a write that must not be sent twice waits for the word of the node that has it, whoever leads', async () => {
    const cluster = new MemoryCluster(3);
    const [first = '', second = ''] = cluster.endpoints;
    cluster.elect(second);
    cluster.mute.add(first);
    const client = new SqlccClient({ endpoints: cluster.endpoints, ca: '' }, cluster);
    const writing = client.sql(INSERT);
    writing.catch(() => {}); // looked at below
    await pass(1000);
    // the first was a guess: the others say who leads, and what the first has done is still its own to tell
    expect(asked(cluster)).toBeGreaterThanOrEqual(2);
    expect(cluster.log).toEqual([]);
    cluster.speak(first);
    await pass(50);
    await expect(writing).resolves.toMatchObject({ index: 1 });
    expect(cluster.log).toEqual(['INSERT 1']);
    await client.close();
  });

  it('asks each node once who leads beside the lost leader, and goes on as soon as somebody does', async () => {
    const cluster = new MemoryCluster(3);
    const { client, session } = await opened(cluster);
    const [first = '', second = '', third = ''] = cluster.endpoints;
    cluster.belief = first;
    const before = asked(cluster);
    cluster.afterWrite = () => {
      cluster.afterWrite = null;
      cluster.kill(first);
    };
    const writing = session.sql(INSERT);
    await pass(200);
    expect([...cluster.waiting].sort()).toEqual([second, third].map((e) => `${e} beside ${first}`));
    expect(asked(cluster) - before).toBe(0);
    cluster.elect(third);
    await pass(5);
    await expect(writing).resolves.toMatchObject({ index: 1 });
    expect(cluster.log).toEqual(['INSERT 1']);
    await client.close();
  });

  it('watch hears of the successor though another node is gone as well', async () => {
    const cluster = new MemoryCluster(5);
    const { client, session } = await opened(cluster);
    const [first = '', second = '', third = ''] = cluster.endpoints;
    cluster.mute.add(first).add(third);
    cluster.belief = first;
    cluster.heardMs = 150;
    const writing = session.sql(INSERT);
    await pass(200);
    cluster.elect(second);
    await pass(120);
    await expect(writing).resolves.toMatchObject({ index: 1 });
    await client.close();
  });
});
