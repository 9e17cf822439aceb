/**
 * Slack, by an incoming webhook; Mattermost, Rocket.Chat and others take the same. A coloured attachment with
 * plain fields and no blocks, because that is what all of them show; nothing in it is read as markup.
 */
import type { Notification } from '../../src/alerts/index.ts';
import type { MessageTemplates, NotifierConfig } from '../../src/config/index.ts';
import { type NotifierOptions, postJson } from './http-delivery.ts';
import type { Delivery, Notifier } from './notifier.ts';
import { readSecret } from './secrets.ts';
import { colourOf, escapeMrkdwn, factsOf, wordsOf } from './wording.ts';

type SlackConfig = NonNullable<NotifierConfig['slack']>;

/** Values up to this long stand two in a row. */
const SHORT = 40;

/** The body for Slack; text ≤ 40,000 characters by the limits of wording.ts. */
export function slackMessage(n: Notification, templates: MessageTemplates = {}): object {
  const words = wordsOf(n, templates);
  const title = escapeMrkdwn(words.title);
  const fields = factsOf(n).map(([name, value]) => {
    return { title: name, value: escapeMrkdwn(value), short: value.length <= SHORT };
  });
  return {
    text: title,
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    attachments: [
      {
        fallback: title,
        color: colourOf(n),
        text: escapeMrkdwn(words.text),
        fields,
        mrkdwn_in: [],
        ts: Math.floor(n.at / 1000),
      },
    ],
  };
}

export class SlackNotifier implements Notifier {
  readonly channel = 'slack';
  readonly #config: SlackConfig;
  readonly #options: NotifierOptions;
  readonly #closing = new AbortController();

  constructor(config: SlackConfig, options: NotifierOptions = {}) {
    this.#config = config;
    this.#options = options;
  }

  async deliver(notification: Notification, signal: AbortSignal): Promise<Delivery> {
    const key = 'notifiers.slack.url';
    const url = await readSecret(key, this.#config.url);
    if (!url.ok) return { outcome: 'retry', afterMs: null, reason: url.reason };
    return postJson({
      ...this.#options,
      key,
      url: url.value,
      body: slackMessage(notification, this.#config),
      allowLoopback: this.#config.allowLoopback,
      isSecret: true,
      secrets: [],
      signals: [signal, this.#closing.signal],
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }
}
