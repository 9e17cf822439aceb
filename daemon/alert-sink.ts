/** What carries notifications to their channels, as seen by whoever decides that they are due. */
import type { AlertAction, Notification } from '../src/alerts/index.ts';
import type { NotifierConfig } from '../src/config/index.ts';

/** What became of an offer; each ends in one of the two. */
export interface SinkListener {
  delivered(notification: Notification, channel: AlertAction, receipt: string): void;
  dead(notification: Notification, channel: AlertAction, reason: string): void;
}

export interface AlertSink {
  /** The same notification on its way to the same channel is not taken again. */
  offer(notification: Notification, channel: AlertAction): void;
  /** Forgets of what waits whatever `isIt` says, and tells nobody: another node sends that now. */
  withdraw(isIt: (notification: Notification, channel: AlertAction) => boolean): void;
  reconfigure(config: NotifierConfig): void;
  stop(): Promise<void>;
}
