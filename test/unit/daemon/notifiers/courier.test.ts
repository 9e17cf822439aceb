import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Courier, type CourierOptions, type CourierRow } from '../../../../daemon/notifiers/courier.ts';
import type { Notifier } from '../../../../daemon/notifiers/notifier.ts';
import type { AlertAction, Notification } from '../../../../src/alerts/index.ts';
import { LIMITS, type LogFields, must, seededRandom } from '../../../../src/base/index.ts';
import type { NotifierConfig } from '../../../../src/config/index.ts';
import { answer, HttpReceiver } from '../../rpc/http-receiver.ts';
import { until } from '../../rpc/peer-fixture.ts';
import { ManualClock } from './manual-clock.ts';
import { sample } from './sample.ts';

const NOTHING: NotifierConfig = { email: null, slack: null, pagerduty: null, webhook: null };

describe('Courier', () => {
  let receiver: HttpReceiver;
  let clock: ManualClock;
  let courier: Courier;
  let told: { what: 'delivered' | 'dead'; key: string; kind: string; channel: AlertAction; text: string }[];
  let logged: { level: string; event: string; fields: LogFields }[];

  beforeEach(async () => {
    receiver = await HttpReceiver.start();
    clock = new ManualClock();
    told = [];
    logged = [];
  });
  afterEach(async () => {
    const stopping = courier.stop();
    await clock.advance(2000);
    await stopping;
    await receiver.stop();
  });

  const webhook = (url = receiver.url('/S3CRETPATH')): NotifierConfig => {
    return { ...NOTHING, webhook: { url, allowLoopback: true } };
  };
  const start = (config: NotifierConfig, more: Partial<CourierOptions> = {}): void => {
    const note = (what: 'delivered' | 'dead') => (n: Notification, channel: AlertAction, text: string) => {
      told.push({ what, key: n.key, kind: n.kind, channel, text });
    };
    const logger = {
      log: (level: string, event: string, fields: LogFields = {}) =>
        void logged.push({ level, event, fields }),
    };
    const listener = { delivered: note('delivered'), dead: note('dead') };
    courier = new Courier({ config, listener, logger, clock, random: seededRandom(7), ...more });
  };
  const row = (channel: AlertAction = 'webhook'): CourierRow => {
    return must(
      courier.status().find((r) => r.channel === channel),
      'a row',
    );
  };
  const requests = (count: number) => until(`${count} requests`, () => receiver.requests.length === count);
  const failed = (count: number) => {
    // one line for each failure, and the next attempt is planned
    const delays = () => logged.filter((l) => l.event === 'notification-delayed').length;
    return until(`${count} failures`, () => delays() === count);
  };
  const outcomes = (count: number) => until(`${count} outcomes`, () => told.length === count);

  it('delivers at once and says so', async () => {
    start(webhook());
    courier.offer(sample(), 'webhook');
    await outcomes(1);
    expect(told).toEqual([
      { what: 'delivered', key: sample().key, kind: 'firing', channel: 'webhook', text: '200 ok' },
    ]);
    expect(row()).toMatchObject({
      configured: true,
      queued: 0,
      delivered: 1,
      dead: 0,
      lastError: null,
      heldForMs: 0,
    });
    expect(row().lastDeliveredAt).toBe(clock.wall());
    expect(clock.waiting).toBe(0);
  });

  it('buries at once what has no notifier, and says what to configure', () => {
    start(webhook());
    courier.offer(sample(), 'email');
    expect(told).toEqual([expect.objectContaining({ what: 'dead', channel: 'email' })]);
    expect(told[0]?.text).toMatch(/configure notifiers\.email .*sqlcc cluster config update/);
    expect(row('email')).toMatchObject({ configured: false, queued: 0, dead: 1 });
  });

  it('tries again under a doubling ceiling until it is taken, and logs the first failure loudly', async () => {
    receiver.behaviour = answer(503);
    start(webhook());
    courier.offer(sample(), 'webhook');
    for (let attempt = 1; attempt <= 8; attempt++) {
      await failed(attempt);
      expect(receiver.requests).toHaveLength(attempt);
      const waitMs = clock.nextAt - clock.now();
      expect(waitMs).toBeLessThanOrEqual(Math.min(60_000, 1000 * 2 ** (attempt - 1)));
      if (attempt === 8) receiver.behaviour = answer(200, 'ok');
      await clock.advance(waitMs);
    }
    await outcomes(1);
    expect(told[0]).toMatchObject({ what: 'delivered' });
    expect(row()).toMatchObject({ delivered: 1, dead: 0, lastError: expect.stringMatching(/503$/) });
    const delays = logged.filter((l) => l.event === 'notification-delayed').map((l) => l.level);
    expect(delays).toEqual(['warn', ...Array(7).fill('debug')]);
    expect(JSON.stringify([logged, courier.status()])).not.toContain('S3CRETPATH');
  });

  it('keeps the kinds of an incident in order while the first one waits', async () => {
    let busy = 2;
    receiver.behaviour = (response) => void response.writeHead(busy-- > 0 ? 503 : 200).end();
    start(webhook());
    for (const kind of ['firing', 'acknowledged', 'resolved'] as const)
      courier.offer(sample({ kind, by: 'erika' }), 'webhook');
    for (const attempt of [1, 2]) {
      await failed(attempt);
      expect(receiver.requests).toHaveLength(attempt);
      await clock.step();
    }
    await outcomes(3);
    const words = receiver.requests.map((r) => JSON.parse(r.body).alerts[0]);
    expect(words.map((a) => a.annotations.acknowledged_by ?? a.status)).toEqual([
      'firing',
      'firing',
      'firing',
      'erika',
      'resolved',
    ]);
    expect(told.map((t) => t.kind)).toEqual(['firing', 'acknowledged', 'resolved']);
  });

  it('holds the whole channel as long as the receiver asks for', async () => {
    receiver.behaviour = answer(429, 'slow down', { 'retry-after': '7' });
    start(webhook());
    courier.offer(sample({ key: 'a' }), 'webhook');
    await failed(1);
    receiver.behaviour = answer(200, 'ok');
    courier.offer(sample({ key: 'b' }), 'webhook');
    expect(row().heldForMs).toBe(7000);
    await clock.advance(6999);
    expect(receiver.requests).toHaveLength(1);
    await clock.advance(1);
    await outcomes(2);
    expect(row().heldForMs).toBe(0);
  });

  it('gives up after 15 minutes and not before', async () => {
    receiver.behaviour = answer(500, 'boom');
    start(webhook());
    const begun = clock.now();
    courier.offer(sample(), 'webhook');
    const delays = () => logged.filter((l) => l.event === 'notification-delayed').length;
    for (let attempt = 1; told.length === 0; attempt++) {
      await until('the end of an attempt', () => told.length > 0 || delays() === attempt);
      if (told.length === 0) await clock.step();
    }
    expect(clock.now() - begun).toBeGreaterThanOrEqual(LIMITS.notificationGiveUpMs);
    expect(clock.now() - begun).toBeLessThan(LIMITS.notificationGiveUpMs + 2);
    expect(told[0]?.text).toMatch(/^given up after 15 minutes and \d+ attempts: .*500 boom$/);
    expect(row()).toMatchObject({ queued: 0, delivered: 0, dead: 1 });
    expect(clock.waiting).toBe(0);
  });

  it('gives up in time also what never had its turn', async () => {
    const silent: Notifier = {
      channel: 'webhook',
      deliver: (_n, signal) => {
        return new Promise((resolve) => {
          const end = () => resolve({ outcome: 'retry', afterMs: null, reason: 'silent' });
          signal.addEventListener('abort', end, { once: true });
        });
      },
      close: async () => {},
    };
    start(NOTHING, { create: (channel) => (channel === 'webhook' ? silent : null) });
    // four at a time, each cut after 30 s: 120 get a turn in 15 minutes, and four begin as these are over
    for (let n = 0; n < 200; n++) courier.offer(sample({ key: `k${n}` }), 'webhook');
    await clock.advance(LIMITS.notificationGiveUpMs - 1);
    const early = told.length;
    await clock.advance(LIMITS.notificationAttemptMs + 1);
    expect([early, told.length]).toEqual([0, 200]);
    expect(told.every((t) => t.what === 'dead' && t.text.startsWith('given up after 15 minutes'))).toBe(true);
    expect(told.filter((t) => t.text.includes('and 0 attempts')).length).toBeGreaterThanOrEqual(76);
  });

  it('takes an offer once while it is on its way', async () => {
    receiver.behaviour = answer(503);
    start(webhook());
    courier.offer(sample(), 'webhook');
    courier.offer(sample(), 'webhook');
    await failed(1);
    courier.offer(sample(), 'webhook');
    receiver.behaviour = answer(200);
    await clock.step();
    await outcomes(1);
    expect(receiver.requests).toHaveLength(2);
    courier.offer(sample(), 'webhook');
    await outcomes(2);
  });

  it('buries what does not fit, at once', async () => {
    receiver.behaviour = () => {};
    start(webhook());
    for (let n = 0; n <= LIMITS.maxQueuedNotifications; n++)
      courier.offer(sample({ key: `k${n}` }), 'webhook');
    expect(told).toEqual([
      expect.objectContaining({ what: 'dead', key: `k${LIMITS.maxQueuedNotifications}` }),
    ]);
    expect(told[0]?.text).toMatch(/4096 notifications wait/);
  });

  it('goes on with a new configuration at once', async () => {
    receiver.behaviour = answer(429, '', { 'retry-after': '200' });
    start(webhook());
    courier.offer(sample({ key: 'a' }), 'webhook');
    courier.offer(sample({ key: 'b' }), 'webhook');
    await failed(2);
    receiver.behaviour = answer(200);
    courier.reconfigure(webhook());
    await clock.advance(1000);
    expect(receiver.requests, 'nothing changed').toHaveLength(2);
    courier.reconfigure(webhook(receiver.url('/new')));
    await outcomes(2);
    expect(receiver.requests.map((r) => r.path)).toEqual(['/S3CRETPATH', '/S3CRETPATH', '/new', '/new']);
  });

  it('buries what waits for a channel that is gone, also what was under way', async () => {
    receiver.behaviour = () => {};
    start(webhook());
    for (const kind of ['firing', 'resolved'] as const) courier.offer(sample({ kind }), 'webhook');
    await requests(1);
    courier.reconfigure(NOTHING);
    expect(told.map((t) => [t.what, t.kind])).toEqual([['dead', 'resolved']]);
    await clock.advance(LIMITS.notificationAttemptMs);
    await outcomes(2);
    expect(told[1]).toMatchObject({ what: 'dead', kind: 'firing', text: expect.stringMatching(/configure/) });
  });

  it('cuts an attempt that does not end, and does not let it hold up other channels', async () => {
    receiver.behaviour = (response, { path }) => void (path === '/slack' && response.end('ok'));
    start({ ...webhook(), slack: { url: receiver.url('/slack'), allowLoopback: true } });
    courier.offer(sample(), 'webhook');
    courier.offer(sample(), 'slack');
    await outcomes(1);
    expect(told[0]).toMatchObject({ what: 'delivered', channel: 'slack' });
    await clock.advance(LIMITS.notificationAttemptMs);
    await failed(1);
    expect(row().lastError).toMatch(/given up/);
  });

  it('leaves to others what is withdrawn, and goes on with what is offered then', async () => {
    receiver.behaviour = answer(503);
    start(webhook());
    for (const kind of ['firing', 'resolved'] as const) courier.offer(sample({ kind }), 'webhook');
    await failed(1);
    courier.withdraw(() => true);
    expect(row().queued).toBe(0);
    expect(clock.waiting).toBe(0);
    await clock.advance(3_600_000);
    expect([receiver.requests.length, told.length]).toEqual([1, 0]);
    receiver.behaviour = answer(200);
    courier.offer(sample(), 'webhook');
    await outcomes(1);
  });

  it('begins no attempt, due or new, while it may not, and all when it goes on', async () => {
    receiver.behaviour = answer(503);
    let mayBegin = true;
    start(webhook(), { mayBegin: () => mayBegin });
    courier.offer(sample(), 'webhook');
    await failed(1);
    mayBegin = false;
    receiver.behaviour = answer(200);
    courier.offer(sample({ key: 'other' }), 'webhook');
    await clock.advance(60_000);
    expect([receiver.requests.length, row().queued]).toEqual([1, 2]);
    mayBegin = true;
    courier.goOn();
    await outcomes(2);
  });

  it('begins nothing once it is stopped, but hears what was under way', async () => {
    let end = (): void => {};
    receiver.behaviour = (response) => {
      end = () => void response.end('late');
    };
    start(webhook());
    for (const kind of ['firing', 'resolved'] as const) courier.offer(sample({ kind }), 'webhook');
    await requests(1);
    const stopping = courier.stop();
    courier.offer(sample({ key: 'c' }), 'webhook');
    end();
    await stopping;
    expect(told).toEqual([expect.objectContaining({ what: 'delivered', kind: 'firing', text: '200 late' })]);
    await clock.advance(3_600_000);
    expect(receiver.requests).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it('does not wait for a silent receiver when it is stopped', async () => {
    receiver.behaviour = () => {};
    start(webhook());
    courier.offer(sample(), 'webhook');
    await requests(1);
    let isStopped = false;
    courier.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(1000);
    // the exchange itself would take 5 s
    await until('the stop', () => isStopped, 2500);
    expect(told).toEqual([]);
    await until('its connection to be closed', () => receiver.open === 0);
  });

  it('survives a notifier that breaks its promise never to reject', async () => {
    let calls = 0;
    const broken: Notifier = {
      channel: 'slack',
      deliver: () =>
        calls++ === 0
          ? Promise.reject(new TypeError('oops'))
          : Promise.resolve({ outcome: 'delivered', receipt: 'x' }),
      close: async () => {},
    };
    start(NOTHING, { create: (channel) => (channel === 'slack' ? broken : null) });
    courier.offer(sample(), 'slack');
    await failed(1);
    expect(logged.map((l) => l.event)).toContain('notifier-bug');
    await clock.step();
    await outcomes(1);
  });
});
