/** Alerts, their rules and silences: words, flags and examples. */
import { type CommandSpec, NEVER_ASKS, NODE_FLAG, REASON_FLAG } from '../command-spec.ts';

export const ALERT: readonly CommandSpec[] = [
  {
    path: 'alert list',
    summary: 'alerts that fire, or did, and who was told',
    details:
      'VALUE is that of the moment in SINCE; "alert explain" has the one of now, and what is done first.',
    online: true,
    watchable: true,
    examples: ['alert list', 'alert list -o json'],
    load: async () => (await import('../commands/alert.ts')).alertList,
  },
  {
    path: 'alert ack',
    summary: 'say that you have seen an alert',
    details:
      'It is about the incident that fires now, and says what that is. One that has ended is refused, and ' +
      'so is one that was named and has fired again since.',
    args: ['<id>'],
    flags: [
      { flags: '--incident <incident>', text: 'this one and no other, as "alert list -o json" names it' },
      NEVER_ASKS,
    ],
    online: true,
    examples: ['alert ack LeaderDown', 'alert ack HighErrorRate:n2 --incident 1795917600000'],
    load: async () => (await import('../commands/alert.ts')).alertAck,
  },
  {
    path: 'alert unack',
    summary: 'take an acknowledgement back',
    details:
      'Whosever it is; the audit has who took it back. Channels that were told of the acknowledgement are ' +
      'not told that it is gone: PagerDuty has no such word. One that has ended is refused.',
    args: ['<id>'],
    flags: [
      { flags: '--incident <incident>', text: 'this one and no other, as "alert list -o json" names it' },
      NEVER_ASKS,
    ],
    online: true,
    examples: ['alert unack LeaderDown', 'alert unack HighErrorRate:n2 --incident 1795917600000'],
    load: async () => (await import('../commands/alert.ts')).alertUnack,
  },
  {
    path: 'alert rules',
    summary: 'all rules with condition, state and what they look at',
    details: '--names asks no node: it lists what a condition can use, with unit and meaning.',
    flags: [{ flags: '--names', text: 'the names that conditions can use, instead of the rules' }],
    online: true,
    watchable: true,
    examples: ['alert rules', 'alert rules -o json', 'alert rules --names'],
    load: async () => (await import('../commands/alert.ts')).alertRules,
  },
  {
    path: 'alert explain',
    summary: 'why an alert fires, or not: its condition with values',
    details: 'By the name of a rule (every node that it asks) or by the id of one alert.',
    args: ['<id>'],
    online: true,
    examples: ['alert explain HighErrorRate', 'alert explain DiskSpaceLow:n2'],
    load: async () => (await import('../commands/alert.ts')).alertExplain,
  },
  {
    path: 'alert test',
    summary: 'send a notification that is marked as a test',
    details:
      'By the channels of a rule, or by one channel. Says what the channel answered; exits 1 when ' +
      'one gave up or has not answered within 4 s.',
    args: ['[rule]'],
    flags: [
      {
        flags: '--channel <channel>',
        text: 'only this one',
        choices: ['email', 'slack', 'pagerduty', 'webhook'],
      },
    ],
    online: true,
    examples: ['alert test HighErrorRate', 'alert test --channel email'],
    load: async () => (await import('../commands/alert.ts')).alertTest,
  },
  {
    path: 'alert silence list',
    summary: 'silences in force',
    online: true,
    watchable: true,
    examples: ['alert silence list'],
    load: async () => (await import('../commands/silence.ts')).silenceList,
  },
  {
    path: 'alert silence add',
    summary: 'tell nobody of some alerts for a while',
    details: 'They still fire and are shown. What still fires when the silence ends is told then.',
    flags: [
      { flags: '--rule <name>', text: 'alerts of this rule' },
      { ...NODE_FLAG, text: 'alerts about this node' },
      { flags: '--severity <severity>', text: 'of this severity', choices: ['critical', 'warning', 'info'] },
      { flags: '--all', text: 'all alerts' },
      { flags: '--for <duration>', text: 'how long, default 1h' },
      REASON_FLAG,
      NEVER_ASKS,
    ],
    online: true,
    examples: ['alert silence add --rule HighLatency --for 2h --reason "load test"'],
    load: async () => (await import('../commands/silence.ts')).silenceAdd,
  },
  {
    path: 'alert silence remove',
    summary: 'end a silence before its time',
    args: ['<id>'],
    flags: [NEVER_ASKS],
    online: true,
    examples: ['alert silence remove 4f2a9c'],
    load: async () => (await import('../commands/silence.ts')).silenceRemove,
  },
];
