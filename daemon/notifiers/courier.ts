/**
 * Carries notifications to the channels: at least once each, in the order of offers within an incident, or to
 * the dead letters. It remembers nothing across a restart: whoever offers remembers, and offers again.
 */
import type { AlertAction, Notification } from '../../src/alerts/index.ts';
import type { Clock, Logger, Random } from '../../src/base/index.ts';
import type { NotifierConfig } from '../../src/config/index.ts';
import { systemRandom } from '../chance.ts';
import { systemClock } from '../system-clock.ts';
import { createNotifier } from './create-notifier.ts';
import type { WaitingRow } from './delivery-queue.ts';
import { type CourierListener, type CourierRow, Lane } from './lane.ts';
import type { Notifier } from './notifier.ts';

export type { CourierListener, CourierRow } from './lane.ts';

const CHANNELS: readonly AlertAction[] = ['email', 'slack', 'pagerduty', 'webhook'];

export interface CourierOptions {
  readonly config: NotifierConfig;
  readonly listener: CourierListener;
  readonly logger: Logger;
  /** The real ones unless given. */
  readonly clock?: Clock;
  readonly random?: Random;
  /** Whether attempts may begin now; they may unless given. After it said no, call `goOn`. */
  readonly mayBegin?: () => boolean;
  /** The four of this folder unless given. */
  readonly create?: (channel: AlertAction, config: NotifierConfig) => Notifier | null;
}

export class Courier {
  readonly #create: (channel: AlertAction, config: NotifierConfig) => Notifier | null;
  readonly #lanes: ReadonlyMap<AlertAction, Lane>;
  #config: NotifierConfig;

  constructor(options: CourierOptions) {
    const { config, listener, logger, clock = systemClock, random = systemRandom() } = options;
    const { mayBegin = () => true } = options;
    this.#create = options.create ?? createNotifier;
    this.#config = config;
    this.#lanes = new Map(
      CHANNELS.map((channel) => [channel, new Lane({ channel, listener, logger, clock, random, mayBegin })]),
    );
    for (const [channel, lane] of this.#lanes) lane.configure(this.#create(channel, config));
  }

  /**
   * The configuration from now on. What waits for a changed channel is tried at once; what waits for one that
   * is gone is dead.
   */
  reconfigure(config: NotifierConfig): void {
    const old = this.#config;
    this.#config = config;
    for (const [channel, lane] of this.#lanes) {
      const isSame = JSON.stringify(old[channel]) === JSON.stringify(config[channel]);
      if (!isSame) lane.configure(this.#create(channel, config));
    }
  }

  /**
   * Sends it, now or later. The same kind of the same incident that is still on its way is not taken again. A
   * dead letter may be reported before this returns.
   */
  offer(notification: Notification, channel: AlertAction): void {
    this.#lanes.get(channel)?.offer(notification);
  }

  /**
   * Somebody else sends it from now on, a new leader: forgets what waits, tells nobody of it. What is under
   * way may end, and is reported when it was delivered or rejected.
   */
  withdraw(isIt: (notification: Notification, channel: AlertAction) => boolean): void {
    for (const [channel, lane] of this.#lanes) lane.withdraw((notification) => isIt(notification, channel));
  }

  /** Attempts may begin again. */
  goOn(): void {
    for (const lane of this.#lanes.values()) lane.goOn();
  }

  /** The channels for people, all four. */
  status(): CourierRow[] {
    return [...this.#lanes.values()].map((lane) => lane.row());
  }

  /** What was offered here and not delivered yet. */
  waiting(): (WaitingRow & { readonly channel: AlertAction })[] {
    return [...this.#lanes].flatMap(([channel, lane]) => lane.waiting().map((row) => ({ channel, ...row })));
  }

  /**
   * Begins no attempt any more, gives those under way a second to end, and reports what ends in it; after
   * that nothing is reported. What waits is left to whoever offers next.
   */
  async stop(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }
}
