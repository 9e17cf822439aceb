/** From the configuration's keys to the channels behind them. */
import type { AlertAction } from '../../src/alerts/index.ts';
import type { NotifierConfig } from '../../src/config/index.ts';
import { EmailNotifier } from './email.ts';
import type { Notifier } from './notifier.ts';
import { PagerDutyNotifier } from './pagerduty.ts';
import { SlackNotifier } from './slack.ts';
import { WebhookNotifier } from './webhook.ts';

/** The notifier of `channel`; null when it is not configured. */
export function createNotifier(channel: AlertAction, config: NotifierConfig): Notifier | null {
  switch (channel) {
    case 'email':
      return config.email && new EmailNotifier(config.email);
    case 'slack':
      return config.slack && new SlackNotifier(config.slack);
    case 'pagerduty':
      return config.pagerduty && new PagerDutyNotifier(config.pagerduty);
    case 'webhook':
      return config.webhook && new WebhookNotifier(config.webhook);
  }
}
