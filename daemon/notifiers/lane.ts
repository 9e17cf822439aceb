/**
 * One channel at work: timers and attempts. What is sent when, and when it is given up, its queue decides.
 */
import type { AlertAction, Notification } from '../../src/alerts/index.ts';
import {
  type Cancel,
  type Clock,
  LIMITS,
  type Logger,
  NEVER,
  type Random,
  type Timestamp,
} from '../../src/base/index.ts';
import { DeliveryQueue, type Parcel, type WaitingRow } from './delivery-queue.ts';
import type { Delivery, Notifier } from './notifier.ts';

/** What became of notifications; each offer that was taken ends in one of the two, unless it is stopped. */
export interface CourierListener {
  delivered(notification: Notification, channel: AlertAction, receipt: string): void;
  /** Given up: a dead letter. */
  dead(notification: Notification, channel: AlertAction, reason: string): void;
}

/** One channel for people. */
export interface CourierRow {
  readonly channel: AlertAction;
  readonly configured: boolean;
  /** Waiting or under way. */
  readonly queued: number;
  /** Of these, the ones under way. */
  readonly underWay: number;
  /** Since the start of this courier. */
  readonly delivered: number;
  readonly dead: number;
  /** Why the newest failed attempt failed, and when. */
  readonly lastError: string | null;
  readonly lastErrorAt: Timestamp | null;
  readonly lastDeliveredAt: Timestamp | null;
  /** How long the receiver asked to be left alone from now, ms; 0 when it did not. */
  readonly heldForMs: number;
}

export interface LaneOptions {
  readonly channel: AlertAction;
  readonly listener: CourierListener;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** False: no attempt begins now; `goOn` is called when one may. */
  readonly mayBegin: () => boolean;
}

/** How long `stop` lets attempts under way end by themselves: what is known now is not sent twice later. */
const STOP_GRACE_MS = 1000;

export class Lane {
  readonly #options: LaneOptions;
  readonly #queue = new DeliveryQueue();
  readonly #attempts = new Map<Promise<void>, AbortController>();
  readonly #counts = { delivered: 0, dead: 0 };
  #notifier: Notifier | null = null;
  #cancelWake: Cancel = () => {};
  #isStopped = false;
  #lastError: { text: string; at: Timestamp } | null = null;
  #lastDeliveredAt: Timestamp | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /**
   * The notifier from now on; what waits is tried with it at once. Attempts under way end with the old one.
   */
  configure(notifier: Notifier | null): void {
    const old = this.#notifier;
    this.#notifier = notifier;
    if (old !== null) this.#afterAttempts(() => old.close());
    this.#queue.hurry(this.#options.clock.now());
    this.#pump();
  }

  offer(notification: Notification): void {
    if (this.#isStopped) return;
    const { channel, clock } = this.#options;
    const offered = this.#queue.offer(notification, clock.now());
    if (offered === 'full')
      this.#dead(notification, `${LIMITS.maxQueuedNotifications} notifications wait for ${channel} already`);
    else this.#pump();
  }

  /** Forgets of what waits whatever `isIt` says. */
  withdraw(isIt: (notification: Notification) => boolean): void {
    this.#queue.withdraw(isIt);
    this.#pump();
  }

  /** Attempts may begin again. */
  goOn(): void {
    this.#pump();
  }

  row(): CourierRow {
    const { channel, clock } = this.#options;
    return {
      channel,
      configured: this.#notifier !== null,
      queued: this.#queue.size,
      underWay: this.#queue.underWay,
      ...this.#counts,
      lastError: this.#lastError?.text ?? null,
      lastErrorAt: this.#lastError?.at ?? null,
      lastDeliveredAt: this.#lastDeliveredAt,
      heldForMs: Math.max(0, this.#queue.holdUntil - clock.now()),
    };
  }

  /** What of the channel was not delivered yet, oldest first. */
  waiting(): WaitingRow[] {
    return this.#queue.waiting(this.#options.clock.now());
  }

  /** Begins nothing any more; what is under way may end within a second and is still reported. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelWake();
    const { clock } = this.#options;
    const cut = clock.wakeAt(clock.now() + STOP_GRACE_MS, () => {
      for (const abort of this.#attempts.values()) abort.abort();
    });
    await Promise.all(this.#attempts.keys());
    cut();
    await this.#notifier?.close();
  }

  /** Starts what is due, buries what is too old, and sleeps until the next of either. */
  #pump(): void {
    this.#cancelWake();
    if (this.#isStopped) return;
    const { clock, channel, mayBegin } = this.#options;
    const now = clock.now();
    if (this.#notifier === null) {
      for (const notification of this.#queue.drain()) this.#dead(notification, unconfigured(channel));
      return;
    }
    if (!mayBegin()) return;
    for (let next = this.#queue.take(now); next !== null; next = this.#queue.take(now))
      this.#start(next, this.#notifier);
    for (const { notification, reason } of this.#queue.expire(now)) this.#dead(notification, reason);
    const at = this.#queue.nextAt();
    this.#cancelWake = at === NEVER ? () => {} : clock.wakeAt(at, () => this.#pump());
  }

  #start(parcel: Parcel, notifier: Notifier): void {
    const { clock } = this.#options;
    const abort = new AbortController();
    const cut = clock.wakeAt(clock.now() + LIMITS.notificationAttemptMs, () => abort.abort());
    const attempt = this.#deliver(parcel, notifier, abort.signal).then((delivery) => {
      cut();
      this.#attempts.delete(attempt);
      this.#settle(parcel, delivery);
    });
    this.#attempts.set(attempt, abort);
  }

  async #deliver({ notification }: Parcel, notifier: Notifier, signal: AbortSignal): Promise<Delivery> {
    try {
      return await notifier.deliver(notification, signal);
    } catch (error) {
      // its contract says never: a bug, which must not take the other channels along
      const reason = `bug in the notifier: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.logger.log('error', 'notifier-bug', { channel: this.#options.channel, error: reason });
      return { outcome: 'retry', afterMs: null, reason };
    }
  }

  #settle(parcel: Parcel, delivery: Delivery): void {
    const { clock, random, channel, listener, logger } = this.#options;
    const { notification } = parcel;
    const now = clock.now();
    const next = this.#queue.settle(parcel, delivery, now, random);
    if (delivery.outcome !== 'delivered') this.#lastError = { text: delivery.reason, at: clock.wall() };
    if (next.do === 'delivered') {
      this.#counts.delivered++;
      this.#lastDeliveredAt = clock.wall();
      logger.log('info', 'notification-delivered', {
        ...fieldsOf(notification),
        channel,
        receipt: next.receipt,
      });
      listener.delivered(notification, channel, next.receipt);
    } else if (next.do === 'give-up') this.#dead(notification, next.reason);
    else if (next.do === 'again' && delivery.outcome === 'retry') {
      const level = parcel.attempts === 1 ? 'warn' : 'debug';
      const ms = Math.round(next.at - now);
      logger.log(level, 'notification-delayed', {
        ...fieldsOf(notification),
        channel,
        ms,
        reason: delivery.reason,
      });
    }
    this.#pump();
  }

  #dead(notification: Notification, reason: string): void {
    const { channel, listener, logger } = this.#options;
    this.#counts.dead++;
    logger.log('error', 'notification-dead', { ...fieldsOf(notification), channel, reason });
    listener.dead(notification, channel, reason);
  }

  /** Runs `then` once the attempts of this moment have ended. */
  #afterAttempts(then: () => Promise<void>): void {
    Promise.all(this.#attempts.keys()).then(then);
  }
}

function fieldsOf({ alertId, kind, key }: Notification) {
  return { alert: alertId, kind, incident: key };
}

function unconfigured(channel: AlertAction): string {
  return `no notifier for ${channel}: configure notifiers.${channel} (sqlcc cluster config update FILE)`;
}
