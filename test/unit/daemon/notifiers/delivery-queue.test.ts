import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterAttempt,
  backoffCeilingMs,
  DeliveryQueue,
  type Parcel,
} from '../../../../daemon/notifiers/delivery-queue.ts';
import type { Delivery } from '../../../../daemon/notifiers/notifier.ts';
import type { Notification } from '../../../../src/alerts/index.ts';
import { LIMITS, must, NEVER, type Random, seededRandom } from '../../../../src/base/index.ts';
import { sample } from './sample.ts';

const MINUTE = 60_000;
const delivered: Delivery = { outcome: 'delivered', receipt: '200 ok' };
const rejected: Delivery = { outcome: 'rejected', reason: '400 no' };
const retry = (afterMs: number | null = null): Delivery => ({ outcome: 'retry', afterMs, reason: '503' });
const drawing = (value: number): Random => ({ next: () => value });

describe('afterAttempt', () => {
  const base = { offeredAt: 1000, attempts: 1, now: 1000, random: drawing(0.5) };

  it.each<[string, Parameters<typeof afterAttempt>[0], ReturnType<typeof afterAttempt>]>([
    ['a delivery', { ...base, delivery: delivered }, { do: 'delivered', receipt: '200 ok' }],
    ['a rejection', { ...base, delivery: rejected }, { do: 'give-up', reason: '400 no' }],
    ['the first failure', { ...base, delivery: retry() }, { do: 'again', at: 1500, holdUntil: null }],
    ['the third', { ...base, attempts: 3, delivery: retry() }, { do: 'again', at: 3000, holdUntil: null }],
    ['the 30th', { ...base, attempts: 30, delivery: retry() }, { do: 'again', at: 31_000, holdUntil: null }],
    [
      'the lowest draw',
      { ...base, random: drawing(0), delivery: retry() },
      { do: 'again', at: 1000, holdUntil: null },
    ],
    ['a wait asked for', { ...base, delivery: retry(7000) }, { do: 'again', at: 8000, holdUntil: 8000 }],
    ['a wait of nothing', { ...base, delivery: retry(0) }, { do: 'again', at: 1500, holdUntil: 1000 }],
    [
      'a wait without end',
      { ...base, delivery: retry(1e12) },
      { do: 'again', at: 1000 + 5 * MINUTE, holdUntil: 1000 + 5 * MINUTE },
    ],
    [
      'a failure shortly before the time is up',
      { ...base, now: 15 * MINUTE, attempts: 40, delivery: retry() },
      { do: 'again', at: 1000 + 15 * MINUTE, holdUntil: null },
    ],
    [
      'a failure when it is up',
      { ...base, now: 1000 + 15 * MINUTE, attempts: 40, delivery: retry() },
      { do: 'give-up', reason: 'given up after 15 minutes and 40 attempts: 503' },
    ],
    [
      'a first failure when it is up',
      { ...base, now: 1000 + 15 * MINUTE, delivery: retry() },
      { do: 'give-up', reason: 'given up after 15 minutes and one attempt: 503' },
    ],
    [
      'a delivery after that',
      { ...base, now: 1000 + 20 * MINUTE, delivery: delivered },
      { do: 'delivered', receipt: '200 ok' },
    ],
  ])('says what follows %s', (_what, attempted, next) => {
    expect(afterAttempt(attempted)).toEqual(next);
  });

  it('doubles the ceiling from one second to one minute', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map(backoffCeilingMs);
    expect(ceilings).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000));
  });
});

describe('DeliveryQueue', () => {
  const random = drawing(0.5);
  const kinds = ['firing', 'acknowledged', 'resolved'] as const;
  const one = (key: string, kind: Notification['kind'] = 'firing') => sample({ key, kind });
  const taken = (queue: DeliveryQueue, now: number): string[] => {
    const out: string[] = [];
    for (let p = queue.take(now); p !== null; p = queue.take(now)) out.push(nameOf(p));
    return out;
  };
  const nameOf = ({ notification: { key, kind } }: Parcel): string => `${key} ${kind}`;

  it('sends the kinds of one incident one after the other, in their order', () => {
    const queue = new DeliveryQueue();
    for (const kind of kinds) queue.offer(one('a', kind), 0);
    queue.offer(one('b'), 0);
    const first = must(queue.take(0), 'a parcel');
    expect(taken(queue, 0)).toEqual(['b firing']);
    queue.settle(first, retry(), 10, random);
    expect(taken(queue, 509)).toEqual([]);
    const again = must(queue.take(510), 'the same');
    expect(again).toBe(first);
    queue.settle(again, delivered, 520, random);
    const second = must(queue.take(520), 'the next');
    expect(nameOf(second)).toBe('a acknowledged');
    // a receiver that does not want one kind may want the next
    queue.settle(second, rejected, 530, random);
    expect(taken(queue, 530)).toEqual(['a resolved']);
  });

  it('says of each what keeps it: its failures, and when it is tried next', () => {
    const queue = new DeliveryQueue();
    for (const key of ['a', 'b']) queue.offer(one(key), 0);
    queue.offer(one('a', 'resolved'), 0);
    const none = { attempts: 0, lastError: null };
    const first = must(queue.take(0), 'a parcel');
    expect(queue.waiting(0)).toEqual([
      { key: 'a', kind: 'firing', ...none, nextInMs: null },
      { key: 'b', kind: 'firing', ...none, nextInMs: 0 },
      { key: 'a', kind: 'resolved', ...none, nextInMs: null },
    ]);
    queue.settle(first, retry(30_000), 1000, drawing(0));
    expect(queue.waiting(2000).slice(0, 2)).toEqual([
      { key: 'a', kind: 'firing', attempts: 1, lastError: '503', nextInMs: 29_000 },
      // the receiver asked for silence of all
      { key: 'b', kind: 'firing', ...none, nextInMs: 29_000 },
    ]);
  });

  it('takes the same kind of the same incident once while it is here', () => {
    const queue = new DeliveryQueue();
    expect(queue.offer(one('a'), 0)).toBe('queued');
    expect(queue.offer(one('a'), 0)).toBe('repeated');
    expect(queue.offer(one('a', 'resolved'), 0)).toBe('queued');
    const parcel = must(queue.take(0), 'a parcel');
    expect(queue.offer(one('a'), 1)).toBe('repeated');
    queue.settle(parcel, delivered, 2, random);
    expect(queue.offer(one('a'), 3)).toBe('queued');
    expect(queue.size).toBe(2);
  });

  it('has so many under way and so many waiting, and no more', () => {
    const queue = new DeliveryQueue();
    const offers = Array.from({ length: LIMITS.maxQueuedNotifications + 1 }, (_, n) =>
      queue.offer(one(`k${n}`), 0),
    );
    expect(offers.filter((o) => o === 'queued')).toHaveLength(LIMITS.maxQueuedNotifications);
    expect(offers.at(-1)).toBe('full');
    expect(taken(queue, 0)).toEqual(['k0 firing', 'k1 firing', 'k2 firing', 'k3 firing']);
    expect(queue.underWay).toBe(LIMITS.notificationsInFlight);
    expect(queue.nextAt()).toBe(LIMITS.notificationGiveUpMs + 1);
  });

  it('leaves a receiver alone that asks for it, with everything', () => {
    const queue = new DeliveryQueue();
    for (const key of ['a', 'b']) queue.offer(one(key), 0);
    queue.settle(must(queue.take(0), 'a parcel'), retry(30_000), 100, random);
    expect(queue.holdUntil).toBe(30_100);
    expect(taken(queue, 30_099)).toEqual([]);
    expect(queue.nextAt()).toBe(30_100);
    expect(taken(queue, 30_100)).toEqual(['b firing', 'a firing']);
    queue.offer(one('c'), 30_100);
    queue.hurry(100);
    expect(queue.holdUntil).toBeLessThan(0);
  });

  it('gives up what waits too long behind others, but nothing that is due and has a place', () => {
    const queue = new DeliveryQueue();
    for (let n = 0; n < 6; n++) queue.offer(one(`k${n}`), 0);
    const deadline = LIMITS.notificationGiveUpMs;
    const slow = Array.from({ length: 4 }, () => must(queue.take(0), 'a parcel'));
    expect(queue.expire(deadline)).toEqual([]);
    queue.settle(must(slow[0], 'the first'), retry(), 20_000, random);
    expect(queue.take(20_000)).toMatchObject({ notification: { key: 'k4' } });
    const gone = queue.expire(deadline + 1);
    expect(gone.map((g) => [g.notification.key, g.reason])).toEqual([
      ['k0', 'given up after 15 minutes and one attempt: 503'],
      ['k5', 'given up after 15 minutes and 0 attempts: 503'],
    ]);
    expect(queue.size).toBe(4);
    expect(queue.nextAt()).toBe(NEVER);
  });

  it('hands back what waits, and keeps what is under way', () => {
    const queue = new DeliveryQueue();
    for (const kind of kinds) queue.offer(one('a', kind), 0);
    const parcel = must(queue.take(0), 'a parcel');
    expect(queue.drain().map((n) => n.kind)).toEqual(['acknowledged', 'resolved']);
    expect(queue.size).toBe(1);
    queue.settle(parcel, delivered, 1, random);
    expect(queue.size).toBe(0);
  });

  it('forgets what is withdrawn, and tries again what is wanted again', () => {
    const queue = new DeliveryQueue();
    for (const key of ['a', 'b', 'c']) queue.offer(one(key), 0);
    queue.offer(one('a', 'resolved'), 0);
    const [a, b, c] = Array.from({ length: 3 }, () => must(queue.take(0), 'a parcel'));
    queue.withdraw(() => true);
    expect(queue.size).toBe(3);
    expect(queue.offer(one('c'), 1)).toBe('repeated');
    expect(queue.settle(must(a, 'a'), retry(), 2, random)).toEqual({ do: 'dropped' });
    expect(queue.settle(must(b, 'b'), delivered, 2, random)).toMatchObject({ do: 'delivered' });
    expect(queue.settle(must(c, 'c'), retry(), 2, random)).toMatchObject({ do: 'again' });
    expect(queue.size).toBe(1);
    expect(queue.offer(one('a'), 3)).toBe('queued');
  });

  /** What may happen to a queue, in any order. */
  const happening = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('offer' as const), key: fc.nat(5), kind: fc.nat(2) }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('take' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(3), how: fc.nat(3) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(400_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('hurry' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  );

  it('loses nothing, doubles nothing and keeps the order of each incident, whatever happens', () => {
    const outcomes = [delivered, rejected, retry(), retry(20_000)];
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 80 }), fc.nat(), (story, seed) => {
        const queue = new DeliveryQueue();
        const chance = seededRandom(seed);
        const here = new Map<string, string[]>();
        const underWay: Parcel[] = [];
        let now = 0;
        const leave = ({ key, kind }: Notification): void => {
          const chain = here.get(key) ?? [];
          expect(chain).toContain(kind);
          chain.splice(chain.indexOf(kind), 1);
        };
        for (const step of story) {
          if (step.do === 'offer') {
            const n = one(`k${step.key}`, kinds[step.kind]);
            const chain = here.get(n.key) ?? [];
            here.set(n.key, chain);
            expect(queue.offer(n, now)).toBe(chain.includes(n.kind) ? 'repeated' : 'queued');
            if (!chain.includes(n.kind)) chain.push(n.kind);
          } else if (step.do === 'take') {
            const parcel = queue.take(now);
            if (parcel === null) continue;
            // the oldest of its incident, and alone of it
            const { key, kind } = parcel.notification;
            expect(here.get(key)?.[0]).toBe(kind);
            expect(underWay.map((p) => p.notification.key)).not.toContain(key);
            underWay.push(parcel);
          } else if (step.do === 'end' && underWay.length > 0) {
            const [parcel] = underWay.splice(step.which % underWay.length, 1);
            const outcome = must(outcomes[step.how], 'an outcome');
            const next = queue.settle(must(parcel, 'a parcel'), outcome, now, chance);
            if (next.do !== 'again') leave(must(parcel, 'a parcel').notification);
          } else if (step.do === 'wait') now += step.ms;
          else if (step.do === 'expire')
            for (const { notification } of queue.expire(now)) leave(notification);
          else if (step.do === 'hurry') queue.hurry(now);
          else if (step.do === 'withdraw') {
            queue.withdraw(() => true);
            for (const [key, chain] of here) {
              const mine = underWay.filter((p) => p.notification.key === key).map((p) => p.notification.kind);
              here.set(
                key,
                chain.filter((kind) => mine.includes(kind as (typeof mine)[number])),
              );
            }
          }
          expect(underWay.length).toBeLessThanOrEqual(LIMITS.notificationsInFlight);
          expect(queue.size).toBe([...here.values()].flat().length);
          expect(queue.underWay).toBe(underWay.length);
        }
        // and it ends when receivers take everything
        for (const parcel of underWay) {
          queue.settle(parcel, delivered, now, chance);
          leave(parcel.notification);
        }
        while (queue.size > 0) {
          now = Math.max(now, queue.nextAt());
          for (let p = queue.take(now); p !== null; p = queue.take(now)) {
            leave(p.notification);
            queue.settle(p, delivered, now, chance);
          }
          for (const { notification } of queue.expire(now)) leave(notification);
        }
        expect(queue.nextAt()).toBe(NEVER);
      }),
      { numRuns: 500 },
    );
  });
});
