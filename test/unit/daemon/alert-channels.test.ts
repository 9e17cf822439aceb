import { describe, expect, it } from 'vitest';
import { channelsOf, unsentOf } from '../../../daemon/alert-channels.ts';
import type { AlertRule } from '../../../src/alerts/index.ts';
import { DEFAULT_ALERT_RULES } from '../../../src/alerts/index.ts';
import type { NotifierConfig } from '../../../src/config/index.ts';

const none: NotifierConfig = { email: null, slack: null, pagerduty: null, webhook: null };
const some: NotifierConfig = {
  ...none,
  slack: { url: 'file:/x', allowLoopback: false },
  webhook: { url: 'file:/y', allowLoopback: false },
};
const own: AlertRule = { ...(DEFAULT_ALERT_RULES[0] as AlertRule), name: 'Own', actions: ['email', 'slack'] };

describe('channelsOf', () => {
  it.each([
    ['a rule that somebody wrote, as it is', [own], some, 'Own', ['email', 'slack']],
    ['a shipped rule, what of it is configured', DEFAULT_ALERT_RULES, some, 'HighErrorRate', ['slack']],
    ['a shipped rule without notifiers', DEFAULT_ALERT_RULES, none, 'HighErrorRate', []],
    ['a fixed rule that nobody names', DEFAULT_ALERT_RULES, some, 'NodeDown', ['slack', 'webhook']],
    ['a fixed rule beside own rules', [own], some, 'NodeDown', ['slack', 'webhook']],
  ] as const)('%s', (_case, alerts, notifiers, rule, expected) => {
    expect(channelsOf({ alerts, notifiers }, rule)).toEqual(expected);
  });
});

describe('unsentOf', () => {
  it.each([
    ['a shipped rule, what of it nobody carries', DEFAULT_ALERT_RULES, 'LeaderDown', ['email', 'pagerduty']],
    ['a shipped rule, of which one is carried', DEFAULT_ALERT_RULES, 'HighErrorRate', ['email']],
    ['a rule that somebody wrote: what it lacks is a dead letter', [own], 'Own', []],
    ['a fixed rule that nobody names', [own], 'LeaderDown', []],
  ] as const)('%s', (_case, alerts, rule, expected) => {
    expect(unsentOf({ alerts, notifiers: some }, rule)).toEqual(expected);
  });
});
