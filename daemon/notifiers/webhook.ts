/**
 * Any receiver of Alertmanager's webhook, version 4 of its JSON: the many bridges that exist for it work as
 * they are. One notification is one group of one alert; an acknowledgement, which that format has no word
 * for, is a firing alert with the annotation `acknowledged_by`.
 */
import { createHash } from 'node:crypto';
import type { Notification } from '../../src/alerts/index.ts';
import type { NotifierConfig } from '../../src/config/index.ts';
import { type NotifierOptions, postJson } from './http-delivery.ts';
import type { Delivery, Notifier } from './notifier.ts';
import { readSecret } from './secrets.ts';
import { isoTime, oneLine, summaryOf } from './wording.ts';

type WebhookConfig = NonNullable<NotifierConfig['webhook']>;

/** Go's zero time: "has not ended". */
const NOT_ENDED = '0001-01-01T00:00:00Z';

/**
 * Identity of a set of labels as Prometheus computes it: FNV-1a, 64 bits, over the sorted names and values,
 * each followed by a byte that occurs in no UTF-8 text.
 */
export function fingerprint(labels: Readonly<Record<string, string>>): string {
  const separator = Buffer.from([0xff]);
  const names = Object.keys(labels).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const parts = names.flatMap((name) => [
    Buffer.from(name),
    separator,
    Buffer.from(labels[name] ?? ''),
    separator,
  ]);
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.concat(parts)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, '0');
}

function labelsOf(n: Notification): Record<string, string> {
  return {
    alertname: oneLine(n.rule),
    severity: n.severity,
    cluster: oneLine(n.clusterName),
    cluster_id: oneLine(n.clusterId),
    ...(n.nodeId === null ? {} : { node: oneLine(n.nodeId) }),
  };
}

function annotationsOf(n: Notification): Record<string, string> {
  return {
    summary: summaryOf(n),
    condition: oneLine(n.condition),
    value: oneLine(n.value),
    incident: oneLine(n.key),
    ...(n.kind === 'acknowledged' ? { acknowledged_by: oneLine(n.by ?? 'somebody') } : {}),
  };
}

/** The body; `groupKey` is the same for all kinds of one incident, `fingerprint` for all its incidents. */
export function webhookMessage(n: Notification): object {
  const labels = labelsOf(n);
  const annotations = annotationsOf(n);
  const status = n.kind === 'resolved' ? 'resolved' : 'firing';
  return {
    version: '4',
    groupKey: oneLine(n.key),
    truncatedAlerts: 0,
    status,
    receiver: 'sqlcc',
    groupLabels: { alertname: labels['alertname'] },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: '',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: isoTime(n.since),
        endsAt: status === 'resolved' ? isoTime(n.at) : NOT_ENDED,
        generatorURL: '',
        fingerprint: fingerprint(labels),
      },
    ],
  };
}

export class WebhookNotifier implements Notifier {
  readonly channel = 'webhook';
  readonly #config: WebhookConfig;
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();

  constructor(config: WebhookConfig, options: NotifierOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<Delivery> {
    const key = 'notifiers.webhook.url';
    const url = await readSecret(key, this.#config.url);
    if (!url.ok) return { outcome: 'retry', afterMs: null, reason: url.reason };
    const mark = createHash('sha256').update(`${notification.key}\n${notification.kind}`).digest('hex');
    return postJson({
      ...this.#options,
      key,
      url: url.value,
      headers: { 'idempotency-key': mark },
      body: webhookMessage(notification),
      allowLoopback: this.#config.allowLoopback,
      isSecret: false,
      secrets: [],
      signals: [signal, this.#closing.signal],
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
