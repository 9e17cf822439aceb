/**
 * What waits for one channel, and every decision about it: pure, with time and chance handed in.
 * Notifications of one incident go one after the other, in the order in which they were offered; incidents do
 * not wait for each other. A failed attempt is repeated after a drawn wait under a doubling ceiling; a wait
 * that the receiver asked for holds the whole channel. What was not delivered in LIMITS.notificationGiveUpMs
 * is given up.
 */
import type { Notification } from '../../src/alerts/index.ts';
import {
  assert,
  type Duration,
  type Instant,
  LIMITS,
  must,
  NEVER,
  type Random,
} from '../../src/base/index.ts';
import type { Delivery } from './notifier.ts';

/** One notification on its way. */
export interface Parcel {
  readonly notification: Notification;
  readonly offeredAt: Instant;
  /** Ended attempts. */
  attempts: number;
  /** Why the last of them failed. */
  lastError: string | null;
  /** No attempt before this. */
  dueAt: Instant;
  isUnderWay: boolean;
  /** Nobody wants it to be tried again. */
  isWithdrawn: boolean;
}

/** What keeps a notification that was not delivered yet. */
export interface WaitingRow {
  /** Of the notification. */
  readonly key: string;
  readonly kind: Notification['kind'];
  /** Ended attempts. */
  readonly attempts: number;
  readonly lastError: string | null;
  /** Until the next one; null = one is under way, or others are sent first. */
  readonly nextInMs: Duration | null;
}

export interface Attempted {
  readonly offeredAt: Instant;
  /** Ended attempts, this one included. */
  readonly attempts: number;
  readonly delivery: Delivery;
  readonly now: Instant;
  readonly random: Random;
}

/** `holdUntil`: no attempt on this channel before; null when the receiver named no time. */
type Next =
  | { readonly do: 'delivered'; readonly receipt: string }
  | { readonly do: 'again'; readonly at: Instant; readonly holdUntil: Instant | null }
  | { readonly do: 'give-up'; readonly reason: string };

/** `dropped`: it failed and was withdrawn in the meantime; nobody is to be told. */
type Settled = Next | { readonly do: 'dropped' };

/** The ceiling of the wait after `attempts` failed ones. */
export function backoffCeilingMs(attempts: number): number {
  return Math.min(LIMITS.maxNotificationBackoffMs, LIMITS.notificationBackoffMs * 2 ** (attempts - 1));
}

/** What follows an attempt. The last one is made when the time is up, and not before. */
export function afterAttempt({ offeredAt, attempts, delivery, now, random }: Attempted): Next {
  if (delivery.outcome === 'delivered') return { do: 'delivered', receipt: delivery.receipt };
  if (delivery.outcome === 'rejected') return { do: 'give-up', reason: delivery.reason };
  const deadline = offeredAt + LIMITS.notificationGiveUpMs;
  if (now >= deadline) return { do: 'give-up', reason: givenUp(attempts, delivery.reason) };
  const { afterMs } = delivery;
  const asked = afterMs === null ? null : Math.min(Math.max(0, afterMs), LIMITS.maxRetryAfterMs);
  const waitMs = Math.max(asked ?? 0, random.next() * backoffCeilingMs(attempts));
  return {
    do: 'again',
    at: Math.min(now + waitMs, deadline),
    holdUntil: asked === null ? null : now + asked,
  };
}

function givenUp(attempts: number, reason: string): string {
  const minutes = Math.round(LIMITS.notificationGiveUpMs / 60_000);
  const tries = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  return `given up after ${minutes} minutes and ${tries}: ${reason}`;
}

export type Offered = 'queued' | 'repeated' | 'full';

const markOf = ({ key, kind }: Notification): string => `${kind}\n${key}`;

export class DeliveryQueue {
  /** By incident, in the order of offers; only the first of each may be sent. */
  readonly #chains = new Map<string, Parcel[]>();
  /** The first of each chain unless it is under way, by `dueAt`. */
  readonly #due: Parcel[] = [];
  /** All, oldest first. */
  readonly #all = new Set<Parcel>();
  readonly #marks = new Set<string>();
  #underWay = 0;
  #holdUntil: Instant = Number.NEGATIVE_INFINITY;
  /** Why the newest attempt failed; null after one that did not. */
  #lastError: string | null = null;

  /** Waiting, and under way. */
  get size(): number {
    return this.#all.size;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Until when the receiver asked for silence; in the past when it did not. */
  get holdUntil(): Instant {
    return this.#holdUntil;
  }

  /** `repeated`: the same kind of the same incident is here already. `full`: it was not taken. */
  offer(notification: Notification, now: Instant): Offered {
    const mark = markOf(notification);
    if (this.#marks.has(mark)) {
      this.#want(notification);
      return 'repeated';
    }
    if (this.#all.size >= LIMITS.maxQueuedNotifications) return 'full';
    const parcel: Parcel = {
      notification,
      offeredAt: now,
      attempts: 0,
      lastError: null,
      dueAt: now,
      isUnderWay: false,
      isWithdrawn: false,
    };
    const chain = this.#chains.get(notification.key);
    if (chain === undefined) {
      this.#chains.set(notification.key, [parcel]);
      this.#plan(parcel);
    } else chain.push(parcel);
    this.#all.add(parcel);
    this.#marks.add(mark);
    return 'queued';
  }

  /** All that is here, oldest first. */
  waiting(now: Instant): WaitingRow[] {
    return [...this.#all].map((parcel) => {
      const { notification, attempts, lastError, dueAt } = parcel;
      const { key, kind } = notification;
      const isNext = this.#due.includes(parcel);
      const nextInMs = isNext ? Math.max(0, dueAt - now, this.#holdUntil - now) : null;
      return { key, kind, attempts, lastError, nextInMs };
    });
  }

  /** What is to be sent now, marked as under way; null when nothing is, or enough is. */
  take(now: Instant): Parcel | null {
    const first = this.#due[0];
    if (first === undefined || first.dueAt > now || now < this.#holdUntil) return null;
    if (this.#underWay >= LIMITS.notificationsInFlight) return null;
    this.#due.shift();
    first.isUnderWay = true;
    this.#underWay++;
    return first;
  }

  /** Takes what an attempt brought, and says what it means. */
  settle(parcel: Parcel, delivery: Delivery, now: Instant, random: Random): Settled {
    assert(parcel.isUnderWay && this.#all.has(parcel), 'only what is under way ends');
    parcel.isUnderWay = false;
    parcel.attempts++;
    this.#underWay--;
    const { offeredAt, attempts } = parcel;
    const next = afterAttempt({ offeredAt, attempts, delivery, now, random });
    this.#lastError = delivery.outcome === 'delivered' ? null : delivery.reason;
    parcel.lastError = this.#lastError;
    if (next.do !== 'again' || parcel.isWithdrawn) {
      this.#remove(parcel);
      return next.do === 'again' ? { do: 'dropped' } : next;
    }
    parcel.dueAt = next.at;
    this.#holdUntil = Math.max(this.#holdUntil, next.holdUntil ?? Number.NEGATIVE_INFINITY);
    this.#plan(parcel);
    return next;
  }

  /**
   * What waited too long behind others, taken out, with the reason. Call it after `take`: what is due has the
   * first right to be tried.
   */
  expire(now: Instant): { readonly notification: Notification; readonly reason: string }[] {
    const gone: { notification: Notification; reason: string }[] = [];
    for (const parcel of this.#all) {
      if (parcel.isUnderWay) continue;
      if (parcel.offeredAt + LIMITS.notificationGiveUpMs >= now) break;
      this.#remove(parcel);
      const why = this.#lastError ?? 'others were sent first';
      gone.push({ notification: parcel.notification, reason: givenUp(parcel.attempts, why) });
    }
    return gone;
  }

  /**
   * When `take` or `expire` may have something if nothing ends or is offered before; NEVER when they can't.
   */
  nextAt(): Instant {
    const first = this.#due[0];
    const isFree = this.#underWay < LIMITS.notificationsInFlight;
    const takeAt = first === undefined || !isFree ? NEVER : Math.max(first.dueAt, this.#holdUntil);
    for (const parcel of this.#all) {
      // a little later, so that then it is past the deadline and not on it
      if (!parcel.isUnderWay) return Math.min(takeAt, parcel.offeredAt + LIMITS.notificationGiveUpMs + 1);
    }
    return takeAt;
  }

  /** Everything that waits is due now: somebody changed what may have been the cause. */
  hurry(now: Instant): void {
    this.#holdUntil = Number.NEGATIVE_INFINITY;
    for (const parcel of this.#all) parcel.dueAt = Math.min(parcel.dueAt, now);
  }

  /**
   * Forgets of what waits whatever `isIt` says; what is under way is not tried again unless it is offered
   * again before it ends.
   */
  withdraw(isIt: (notification: Notification) => boolean): void {
    for (const parcel of [...this.#all].filter(({ notification }) => isIt(notification))) {
      if (parcel.isUnderWay) parcel.isWithdrawn = true;
      else this.#remove(parcel);
    }
  }

  /** Takes out everything that is not under way. */
  drain(): Notification[] {
    const waiting = [...this.#all].filter((parcel) => !parcel.isUnderWay);
    for (const parcel of waiting) this.#remove(parcel);
    return waiting.map((parcel) => parcel.notification);
  }

  #want({ key, kind }: Notification): void {
    for (const parcel of this.#chains.get(key) ?? [])
      if (parcel.notification.kind === kind) parcel.isWithdrawn = false;
  }

  #plan(parcel: Parcel): void {
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (must(this.#due[middle], 'a parcel').dueAt <= parcel.dueAt) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, parcel);
  }

  /** Out of everything; the next of its chain may go at once. */
  #remove(parcel: Parcel): void {
    const { key } = parcel.notification;
    const chain = must(this.#chains.get(key), 'its chain');
    const wasFirst = chain[0] === parcel;
    chain.splice(chain.indexOf(parcel), 1);
    const planned = this.#due.indexOf(parcel);
    if (planned !== -1) this.#due.splice(planned, 1);
    this.#all.delete(parcel);
    this.#marks.delete(markOf(parcel.notification));
    const [next] = chain;
    if (next === undefined) this.#chains.delete(key);
    else if (wasFirst) this.#plan(next);
  }
}
