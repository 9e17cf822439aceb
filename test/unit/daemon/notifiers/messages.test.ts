/** What each channel is given, field by field; that hostile texts stay texts is in test/contract/notifier.ts. */
import { describe, expect, it } from 'vitest';
import {
  EmailNotifier,
  mailFailure,
  mailOf,
  mailSecurity,
  messageId,
  smtpTarget,
} from '../../../../daemon/notifiers/email.ts';
import { deliveryOf, retryAfterMs } from '../../../../daemon/notifiers/http-delivery.ts';
import { dedupKey, pagerDutyEvent } from '../../../../daemon/notifiers/pagerduty.ts';
import { slackMessage } from '../../../../daemon/notifiers/slack.ts';
import { fingerprint, WebhookNotifier, webhookMessage } from '../../../../daemon/notifiers/webhook.ts';
import { escapeMrkdwn, isoTime, oneLine, titleOf } from '../../../../daemon/notifiers/wording.ts';
import { type Notification, TEMPLATE_NAMES } from '../../../../src/alerts/index.ts';
import { LIMITS } from '../../../../src/base/index.ts';
import type { Resolve } from '../../../../src/rpc/index.ts';
import { HOSTILE_TEXTS, sample } from './sample.ts';

const MAIL = { from: 'SQLCC <sqlcc@example.com>', to: ['ops@example.com'] };

describe('deliveryOf', () => {
  const answered = (status: number, retryAfter: string | null = null, text = 'words') => {
    return deliveryOf({ kind: 'answered', status, retryAfter, location: null, text }, 0);
  };

  it.each([200, 201, 202, 204])('%d is a delivery', (status) => {
    expect(answered(status)).toEqual({ outcome: 'delivered', receipt: `${status} words` });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('%d may be tried again', (status) => {
    expect(answered(status)).toEqual({ outcome: 'retry', afterMs: null, reason: `${status} words` });
    expect(answered(status, '3')).toMatchObject({ outcome: 'retry', afterMs: 3000 });
  });

  it.each([400, 401, 403, 404, 410, 413, 422, 499])('%d is final', (status) => {
    expect(answered(status, '3')).toEqual({ outcome: 'rejected', reason: `${status} words` });
  });

  it.each([300, 301, 302, 303, 307, 308])('%d is not followed, and said so', (status) => {
    const delivery = answered(status);
    expect(delivery).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/redirects are not followed/),
    });
  });

  it('cuts what the receiver says and keeps it on one line', () => {
    const said = answered(400, null, `a\r\nb${'x'.repeat(10_000)}`);
    expect(said.outcome === 'rejected' && said.reason).toMatch(/^400 a b[x]+…$/);
    expect(said.outcome === 'rejected' && said.reason.length).toBeLessThan(310);
  });
});

describe('retryAfterMs', () => {
  const now = Date.parse('Sun, 29 Nov 2026 02:00:00 GMT');

  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7000],
    ['999999', LIMITS.maxRetryAfterMs],
    ['Sun, 29 Nov 2026 02:00:30 GMT', 30_000],
    ['Sunday, 29-Nov-26 02:00:30 GMT', 30_000],
    ['Sun, 29 Nov 2026 01:00:00 GMT', 0],
    ['Sun, 29 Nov 2099 01:00:00 GMT', LIMITS.maxRetryAfterMs],
    ['-5', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    ['2026-11-29', null],
    ['9'.repeat(400), null],
    [null, null],
  ])('reads %j', (text, ms) => {
    expect(retryAfterMs(text, now)).toBe(ms);
  });
});

describe('wording', () => {
  it('has a title with everything that matters at night', () => {
    expect(titleOf(sample())).toBe('[FIRING] critical: HighErrorRate on n2 (trial)');
    const resolved = sample({ kind: 'resolved', rule: 'LeaderDown', nodeId: null, severity: 'warning' });
    expect(titleOf(resolved)).toBe('[RESOLVED] warning: LeaderDown (trial)');
    const titles = HOSTILE_TEXTS.map((text) =>
      titleOf(sample({ rule: text, nodeId: text, clusterName: text })),
    );
    expect(Math.max(...titles.map((t) => t.length))).toBeLessThanOrEqual(200);
  });

  it('cuts without breaking a character, and says that it cut', () => {
    expect(oneLine('abcdef', 4)).toBe('abc…');
    expect(oneLine('abcd', 4)).toBe('abcd');
    expect(oneLine('🚨🚨🚨', 4)).toBe('🚨…');
    expect(oneLine('a\tb\r\nc\u2028d', 20)).toBe('a b c d');
    expect(oneLine('\r\n'.repeat(100_000), 100)).toBe('…');
  });

  it('calls nobody', () => {
    expect(escapeMrkdwn('<!here> & @channel, @erika')).toBe('&lt;!here&gt; &amp; @\u200bchannel, @erika');
  });

  it('says so when a time is none', () => {
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z');
    for (const time of [Number.NaN, 1e300, Number.POSITIVE_INFINITY])
      expect(isoTime(time)).toMatch(/unknown/);
  });
});

describe('pagerDutyEvent', () => {
  it('triggers, acknowledges and resolves one incident by one key', () => {
    const events = (['firing', 'acknowledged', 'resolved'] as const).map((kind) =>
      pagerDutyEvent(sample({ kind }), 'R'),
    );
    expect(events.map((e) => (e as { event_action: string }).event_action)).toEqual([
      'trigger',
      'acknowledge',
      'resolve',
    ]);
    expect(events).toEqual(
      events.map(() => expect.objectContaining({ routing_key: 'R', dedup_key: sample().key })),
    );
    expect(events[0]).toMatchObject({
      payload: {
        summary: 'HighErrorRate on n2: error_rate = 0.037',
        ...{ source: 'n2', severity: 'critical', timestamp: '2026-11-29T02:00:00.000Z', group: 'trial' },
        custom_details: { condition: 'error_rate > 0.01', value: 'error_rate = 0.037', node: 'n2' },
      },
    });
  });

  it('has a key that the API takes, and another one for another incident', () => {
    const keys = ['plain', 'a'.repeat(255), 'a'.repeat(256), 'a'.repeat(257), 'Ü', 'x\ny', ''].map(dedupKey);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[\x20-\x7e]{1,255}$/);
    expect(keys.slice(0, 2)).toEqual(['plain', 'a'.repeat(255)]);
  });
});

describe('webhookMessage', () => {
  it("is Alertmanager's version 4", () => {
    expect(webhookMessage(sample({ kind: 'resolved' }))).toEqual({
      version: '4',
      groupKey: sample().key,
      truncatedAlerts: 0,
      status: 'resolved',
      receiver: 'sqlcc',
      groupLabels: { alertname: 'HighErrorRate' },
      commonLabels: expect.objectContaining({ alertname: 'HighErrorRate', node: 'n2', severity: 'critical' }),
      commonAnnotations: expect.objectContaining({ value: 'error_rate = 0.037' }),
      externalURL: '',
      alerts: [
        {
          status: 'resolved',
          labels: expect.objectContaining({ cluster: 'trial' }),
          annotations: expect.objectContaining({ condition: 'error_rate > 0.01', incident: sample().key }),
          startsAt: '2026-11-29T02:00:00.000Z',
          endsAt: '2026-11-29T02:00:05.000Z',
          generatorURL: '',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      ],
    });
    expect(webhookMessage(sample())).toMatchObject({
      status: 'firing',
      alerts: [{ status: 'firing', endsAt: '0001-01-01T00:00:00Z' }],
    });
  });

  it('has the fingerprints of Prometheus, stable over the incidents of one alert', () => {
    // the two examples of Prometheus' own tests
    expect(fingerprint({})).toBe(14695981039346656037n.toString(16));
    expect(fingerprint({ name: 'garland, briggs', fear: 'love is not enough' })).toBe(
      5799056148416392346n.toString(16).padStart(16, '0'),
    );
    const of = (n: object) => (n as { alerts: { fingerprint: string }[] }).alerts[0]?.fingerprint;
    expect(of(webhookMessage(sample({ key: 'other', kind: 'resolved', value: '1' })))).toBe(
      of(webhookMessage(sample())),
    );
    expect(of(webhookMessage(sample({ nodeId: 'n3' })))).not.toBe(of(webhookMessage(sample())));
  });
});

describe('slackMessage', () => {
  it('has a title, a colour and the facts, and asks for no markup', () => {
    expect(slackMessage(sample())).toMatchObject({
      text: '[FIRING] critical: HighErrorRate on n2 (trial)',
      ...{ mrkdwn: false, parse: 'none', link_names: false },
      attachments: [{ color: '#b3261e', text: 'HighErrorRate on n2: error_rate = 0.037', mrkdwn_in: [] }],
    });
    expect(slackMessage(sample({ kind: 'resolved' }))).toMatchObject({ attachments: [{ color: '#26762b' }] });
    const condition = slackMessage(sample({ condition: 'a < 1 and b > 2' }));
    expect(JSON.stringify(condition)).toContain('a &lt; 1 and b &gt; 2');
  });
});

describe('mail', () => {
  it('makes a thread of an incident', () => {
    const first = mailOf(sample(), MAIL);
    const last = mailOf(sample({ kind: 'resolved' }), MAIL);
    expect(first.messageId).toMatch(/^<[0-9a-f]{32}\.firing@example\.com>$/);
    expect(first.references).toBeUndefined();
    expect(last).toMatchObject({ references: [first.messageId], inReplyTo: first.messageId });
    expect(last.messageId).toBe(first.messageId.replace('firing', 'resolved'));
    expect(messageId('k', 'firing', 'a@[192.0.2.1]')).toMatch(/@sqlcc\.invalid>$/);
  });

  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 587, secure: false, auth: null }],
    ['smtps://mail.example', { host: 'mail.example', port: 465, secure: true, auth: null }],
    ['smtp://a%40b:p%2Fw@mail.example:2525', { port: 2525, auth: { user: 'a@b', pass: 'p/w' } }],
    ['smtp://[::1]:25', { host: '::1', port: 25 }],
    ['https://mail.example', null],
    ['smtp://', null],
    ['mail.example:25', null],
  ])('reads %s', (text, target) => {
    const read = smtpTarget(text);
    expect(read).toEqual(target === null ? null : expect.objectContaining(target));
  });

  it.each([
    // password, loopback, require_tls → TLS must be, certificate must be right
    [false, false, true, true, true],
    [false, false, false, false, true],
    [false, true, true, false, false],
    [false, true, false, false, false],
    [true, false, true, true, true],
    [true, false, false, true, true],
    [true, true, true, true, true],
    [true, true, false, true, true],
  ])('password %j, loopback %j, require_tls %j: TLS %j, certificate %j', (...row) => {
    const [hasPassword, isLoopback, requireTls, requireTLS, rejectUnauthorized] = row;
    expect(mailSecurity(hasPassword, isLoopback, requireTls)).toEqual({ requireTLS, rejectUnauthorized });
  });

  it.each<[string, object, 'retry' | 'rejected']>([
    ['a broken connection', { code: 'ESOCKET' }, 'retry'],
    ['a greylisting server', { responseCode: 451 }, 'retry'],
    ['a wrong password', { code: 'EAUTH', responseCode: 535 }, 'rejected'],
    ['a refused message', { responseCode: 554 }, 'rejected'],
    [
      'nobody known',
      { responseCode: 550, rejectedErrors: [{ responseCode: 550 }, { responseCode: 553 }] },
      'rejected',
    ],
    [
      'some busy mailboxes',
      { responseCode: 550, rejectedErrors: [{ responseCode: 550 }, { responseCode: 452 }] },
      'retry',
    ],
  ])('calls %s what it is', (_what, fields, outcome) => {
    expect(mailFailure(Object.assign(new Error('words'), fields))).toMatchObject({
      outcome,
      reason: 'words',
    });
  });

  it('goes to no forbidden address, whatever its name means', async () => {
    const resolve: Resolve = async () => [{ address: '169.254.169.254', family: 4 }];
    const config = { ...MAIL, smtpUrl: 'smtp://mail.example', requireTls: true, allowLoopback: true };
    const delivery = await new EmailNotifier(config, { resolve }).deliver(
      sample(),
      AbortSignal.timeout(5000),
    );
    expect(delivery).toMatchObject({
      outcome: 'rejected',
      reason: expect.stringMatching(/^mail\.example:587: .*link-local/),
    });
  });
});

describe('a webhook', () => {
  it('sends the login of its address by https alone, but on this machine', async () => {
    const resolve: Resolve = async () => [{ address: '192.0.2.1', family: 4 }];
    const tried = async (url: string, allowLoopback = false) => {
      const notifier = new WebhookNotifier({ url, allowLoopback }, { resolve, timeoutMs: 50 });
      return notifier.deliver(sample(), new AbortController().signal);
    };
    for (const login of ['ops:S3CRET', 'S3CRET', ':S3CRET']) {
      const outcome = await tried(`http://${login}@hooks.example/x`);
      expect(outcome).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('https') });
      expect(JSON.stringify(outcome)).not.toContain('S3CRET');
      // nobody listens there: it was tried
      expect(await tried(`http://${login}@127.0.0.1:1/x`, true)).toMatchObject({ outcome: 'retry' });
    }
    expect(await tried('http://hooks.example/x')).toMatchObject({ outcome: 'retry' });
  });
});

describe('templates', () => {
  const templates = {
    title: '{{kind}} {{ subject }} <b>',
    text: '{{ value }} at {{ node }}: {{rule}} & @here',
  };

  it('word title and sentence of each channel, escaped as it needs', () => {
    const n = sample({ value: '<!channel> {{ rule }}' });
    const slack = slackMessage(n, templates);
    expect(slack).toMatchObject({ text: 'FIRING HighErrorRate on n2 &lt;b&gt;' });
    const sentence = '&lt;!channel&gt; {{ rule }} at n2: HighErrorRate &amp; @\u200bhere';
    expect(slack).toMatchObject({ attachments: [{ text: sentence }] });
    const mail = mailOf(n, { ...MAIL, ...templates });
    expect(mail.subject).toBe('FIRING HighErrorRate on n2 <b>');
    expect(mail.text).toMatch(/^<!channel> \{\{ rule \}\} at n2: HighErrorRate & @here\n\nCluster: /);
    expect(mail.html).toContain('&lt;!channel&gt; {{ rule }} at n2: HighErrorRate &amp; @here');
    const event = pagerDutyEvent(n, 'key', templates);
    expect(event).toMatchObject({
      payload: { summary: '<!channel> {{ rule }} at n2: HighErrorRate & @here' },
    });
  });

  it.each(HOSTILE_TEXTS.map((text) => [text.slice(0, 30), text]))(
    'keep %j on one line, bounded',
    (_name, text) => {
      const n = sample({ value: text, rule: text, nodeId: text, clusterName: text, by: text });
      const everything = TEMPLATE_NAMES.map((name) => `{{ ${name} }}`).join('\n');
      const mail = mailOf(n, { ...MAIL, title: everything, text: everything });
      expect(mail.subject).not.toMatch(/[\u0000-\u001f]/);
      expect(mail.subject.length).toBeLessThanOrEqual(200);
      expect(mail.text.split('\n')[0]?.length).toBeLessThanOrEqual(1000);
      expect(mail.text.split('\n')[1]).toBe('');
    },
  );

  it('that come out empty are none: nobody refuses an alert for want of words', () => {
    const n = sample();
    for (const empty of ['{{ by }}', ' ', '']) {
      const words = { title: empty, text: empty };
      expect(mailOf(n, { ...MAIL, ...words })).toEqual(mailOf(n, MAIL));
      expect(slackMessage(n, words)).toEqual(slackMessage(n));
      expect(pagerDutyEvent(n, 'key', words)).toEqual(pagerDutyEvent(n, 'key'));
    }
  });

  it('of titles that do not say the kind have it in front, behind the first', () => {
    const title = (kind: Notification['kind'], template: string) =>
      mailOf(sample({ kind }), { ...MAIL, title: template }).subject;
    expect(title('firing', '{{ rule }}!')).toBe('HighErrorRate!');
    expect(title('acknowledged', '{{ rule }}!')).toBe('[ACKNOWLEDGED] HighErrorRate!');
    expect(title('resolved', '{{ rule }}!')).toBe('[RESOLVED] HighErrorRate!');
    expect(title('resolved', '{{ rule }} {{kind}}')).toBe('HighErrorRate RESOLVED');
    expect(title('resolved', '{{ title }}')).toBe(titleOf(sample({ kind: 'resolved' })));
    expect(title('resolved', 'x'.repeat(300))).toHaveLength(200);
  });

  it('one of them leaves the other as it is', () => {
    const n = sample();
    const { subject, text } = mailOf(n, { ...MAIL, title: 'x' });
    expect([subject, text]).toEqual(['x', mailOf(n, MAIL).text]);
  });
});
