/**
 * Port `Notifier`: one channel on which people are told. It makes one attempt and says how that went; when to
 * try again, and when to give up, is decided elsewhere.
 */
import type { AlertAction, Notification } from '../../src/alerts/index.ts';

/**
 * `delivered`: the receiver took it, with its word for people. `retry`: it may take it later, perhaps it even
 * has it; `afterMs` is what it asked for, null when it named no time. `rejected`: the same again is
 * pointless. Reasons are sentences on one line without a secret.
 */
export type Delivery =
  | { readonly outcome: 'delivered'; readonly receipt: string }
  | { readonly outcome: 'retry'; readonly afterMs: number | null; readonly reason: string }
  | { readonly outcome: 'rejected'; readonly reason: string };

export interface Notifier {
  readonly channel: AlertAction;
  /**
   * One attempt, ended soon after `signal` is aborted; it never rejects. The same notification given twice
   * carries the same mark (Message-ID, dedup key, group key), by which a receiver knows the repetition.
   */
  deliver(notification: Notification, signal: AbortSignal): Promise<Delivery>;
  /** Ends what is under way; every later attempt is a `retry`. May be called twice. */
  close(): Promise<void>;
}
