/** PagerDuty, Events API v2: one incident is one dedup key, which is triggered, acknowledged and resolved. */
import { createHash } from 'node:crypto';
import type { AlertSeverity, Notification } from '../../src/alerts/index.ts';
import type { MessageTemplates, NotifierConfig } from '../../src/config/index.ts';
import { type NotifierOptions, postJson } from './http-delivery.ts';
import type { Delivery, Notifier } from './notifier.ts';
import { readSecret } from './secrets.ts';
import { factsOf, isoTime, oneLine, wordsOf } from './wording.ts';

type PagerDutyConfig = NonNullable<NotifierConfig['pagerduty']>;

const DEFAULT_URL = 'https://events.pagerduty.com/v2/enqueue';
/** Limits of the API, in characters. */
const DEDUP_KEY_LENGTH = 255;
const SUMMARY_LENGTH = 1024;

const ACTION: Readonly<Record<Notification['kind'], string>> = {
  firing: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
};

/** Our three words are among PagerDuty's four. */
const SEVERITY: Readonly<Record<AlertSeverity, string>> = {
  critical: 'critical',
  warning: 'warning',
  info: 'info',
};

/** The incident's key where it is short and plain, else its digest: the same for all kinds either way. */
export function dedupKey(key: string): string {
  if (key.length <= DEDUP_KEY_LENGTH && /^[\x20-\x7e]+$/.test(key)) return key;
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** The event; far below the 512 KiB that the API takes, by the limits of wording.ts. */
export function pagerDutyEvent(
  n: Notification,
  routingKey: string,
  templates: Pick<MessageTemplates, 'text'> = {},
): object {
  const event = { routing_key: routingKey, event_action: ACTION[n.kind], dedup_key: dedupKey(n.key) };
  return {
    ...event,
    client: 'SQLCC',
    payload: {
      summary: oneLine(wordsOf(n, templates).text, SUMMARY_LENGTH),
      source: oneLine(n.nodeId ?? n.clusterName),
      severity: SEVERITY[n.severity],
      timestamp: isoTime(n.since),
      component: oneLine(n.nodeId ?? 'cluster'),
      group: oneLine(n.clusterName),
      class: oneLine(n.rule),
      custom_details: Object.fromEntries(factsOf(n).map(([name, value]) => [name.toLowerCase(), value])),
    },
  };
}

export class PagerDutyNotifier implements Notifier {
  readonly channel = 'pagerduty';
  readonly #config: PagerDutyConfig;
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();

  constructor(config: PagerDutyConfig, options: NotifierOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<Delivery> {
    const key = 'notifiers.pagerduty.url';
    const routingKey = await readSecret('notifiers.pagerduty.routing_key', this.#config.routingKey);
    if (!routingKey.ok) return { outcome: 'retry', afterMs: null, reason: routingKey.reason };
    const url = await readSecret(key, this.#config.url ?? DEFAULT_URL);
    if (!url.ok) return { outcome: 'retry', afterMs: null, reason: url.reason };
    return postJson({
      ...this.#options,
      key,
      url: url.value,
      body: pagerDutyEvent(notification, routingKey.value, this.#config),
      allowLoopback: this.#config.allowLoopback,
      isSecret: true,
      secrets: [routingKey.value],
      signals: [signal, this.#closing.signal],
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
