/** Many notifications to a receiver that fails half the time: nothing is lost, and nothing stays in memory. */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { Courier } from '../../../../daemon/notifiers/courier.ts';
import { must, pick, seededRandom, silentLogger } from '../../../../src/base/index.ts';
import { answer, type Behaviour, HttpReceiver } from '../../rpc/http-receiver.ts';
import { ManualClock } from './manual-clock.ts';
import { sample } from './sample.ts';

/** `npm test` takes a sample; SQLCC_NOTIFICATIONS=10000 is the whole. */
const OFFERS = Number(process.env['SQLCC_NOTIFICATIONS'] ?? 400);
const ROUNDS = 4;
/** Offers wait here rather than in the courier's bounded queue. */
const AHEAD = 200;
const KINDS = ['firing', 'resolved'] as const;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

function heapBytes(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

it(`Courier carries ${OFFERS} notifications past a receiver that fails half the time`, async () => {
  const random = seededRandom(4711);
  const receiver = await HttpReceiver.start();
  /** By mark, how often the receiver has taken it. */
  const taken = new Map<string, number>();
  const take = (body: string): void => {
    const { groupKey, status } = JSON.parse(body) as { groupKey: string; status: string };
    // a resolution never arrives before what it resolves
    if (status === 'resolved') expect(taken.get(`${groupKey} firing`)).toBeGreaterThan(0);
    const mark = `${groupKey} ${status}`;
    taken.set(mark, (taken.get(mark) ?? 0) + 1);
  };
  const failures: Behaviour[] = [
    answer(503),
    answer(500, 'x'.repeat(5000)),
    answer(429, '', { 'retry-after': '1' }),
    (response) => response.socket?.resetAndDestroy(),
    (response, { body }) => {
      // taken, but nobody hears of it: the one way to a duplicate
      take(body);
      response.socket?.resetAndDestroy();
    },
  ];
  let failed = 0;
  receiver.behaviour = (response, request) => {
    receiver.requests.length = 0;
    const fails = random.next() < 0.5;
    if (fails) failed++;
    else take(request.body);
    (fails ? pick(random, failures) : answer(200, 'ok'))(response, request);
  };
  const clock = new ManualClock();
  const ended = new Map<string, number>();
  let dead = 0;
  const note = ({ key, kind }: { key: string; kind: string }): void => {
    ended.set(`${key} ${kind}`, (ended.get(`${key} ${kind}`) ?? 0) + 1);
  };
  const courier = new Courier({
    config: {
      ...{ email: null, slack: null, pagerduty: null },
      webhook: { url: receiver.url(), allowLoopback: true },
    },
    listener: { delivered: (n) => note(n), dead: () => dead++ },
    logger: silentLogger,
    clock,
    random,
  });
  const row = () => must(courier.status()[3], 'the webhook');
  const heap: number[] = [];
  const remembered: WeakRef<object>[] = [];
  const begun = performance.now();
  for (let round = 0; round < ROUNDS; round++) {
    for (let n = 0; n < OFFERS / ROUNDS; n++) {
      const key = `${round}/${n >> 1}`;
      const notification = sample({ key, kind: must(KINDS[n & 1], 'a kind') });
      remembered.push(new WeakRef(notification));
      courier.offer(notification, 'webhook');
      while (row().queued > (n + 1 < OFFERS / ROUNDS ? AHEAD : 0)) {
        // time passes only while nothing is under way: then it is a back-off that is waited for
        if (row().underWay === 0) await clock.step();
        else await turn();
      }
    }
    const ms = Math.round(performance.now() - begun);
    expect(dead).toBe(0);
    expect(ended.size).toBe((OFFERS / ROUNDS) * (round + 1));
    expect(new Set(ended.values())).toEqual(new Set([1]));
    expect([...ended.keys()].filter((mark) => !taken.has(mark))).toEqual([]);
    expect(clock.waiting).toBe(0);
    await turn();
    heap.push(heapBytes() / 1024 ** 2);
    // what is done is held by nobody; the newest may still lie in a register or two
    const held = remembered.filter((ref) => ref.deref() !== undefined).length;
    expect(held).toBeLessThanOrEqual(4);
    remembered.length = 0;
    if (OFFERS >= 10_000)
      console.log(
        `round ${round}: ${ended.size} delivered, ${failed} failures, ${ms} ms, ${heap.at(-1)?.toFixed(1)} MiB`,
      );
  }
  expect(failed).toBeGreaterThan(OFFERS / 2);
  if (OFFERS >= 10_000) {
    // what grows is what this test remembers, about 200 bytes a notification
    const growth = must(heap.at(-1), 'a reading') - must(heap[0], 'a reading');
    expect(growth).toBeLessThan(2 + (OFFERS * 400) / 1024 ** 2);
  }
  await courier.stop();
  await receiver.stop();
}, 300_000);
