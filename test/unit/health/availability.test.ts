import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/health/index.ts';
import { Availability, ratioOf } from '../../../src/health/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Looks once a second from `from` to `until`; service is seen at each look. */
function look(availability: Availability, from: number, until: number, isServing = true): void {
  for (let now = from; now <= until; now += 1000)
    availability.observe(isServing, isServing ? now : null, now);
}

function spans(availability: Availability, now: number): Record<string, Span> {
  return Object.fromEntries(availability.report(now).windows.map(({ name, ...span }) => [name, span]));
}

describe('Availability', () => {
  it('is whole before anything was seen, and while a node has only just started', () => {
    const availability = new Availability();
    expect(ratioOf(availability.report(0))).toBe(1);
    look(availability, 0, 2000, false);
    expect(availability.report(2000).observedMs).toBe(0);
    look(availability, 2500, 5500);
    expect(availability.report(5500)).toMatchObject({ observedMs: 3000, servingMs: 3000 });
  });

  it('counts a node that finds no leader at all from its start', () => {
    const availability = new Availability();
    look(availability, 1000, 11_000, false);
    expect(availability.report(11_000)).toMatchObject({ observedMs: 10_000, servingMs: 0 });
  });

  it('counts a failover between two looks in full: from the last word of the leader', () => {
    const availability = new Availability();
    look(availability, 0, 10_000);
    // heard at 10.4 s, missed at 10.6 s, somebody else leads at 10.65 s
    availability.observe(false, 10_400, 10_600);
    expect(availability.report(10_620)).toMatchObject({ observedMs: 10_620, servingMs: 10_400 });
    availability.observe(true, 10_650, 10_650);
    look(availability, 11_000, 20_000);
    expect(availability.report(20_000)).toMatchObject({ observedMs: 20_000, servingMs: 19_750 });
  });

  it('believes in a leader until it is missed, and no longer than its last word once it is', () => {
    const availability = new Availability();
    look(availability, 0, 10_000);
    availability.observe(true, 10_000, 10_900);
    expect(availability.report(10_900)).toMatchObject({ servingMs: 10_900 });
    availability.observe(false, 10_000, 11_000);
    expect(availability.report(11_000)).toMatchObject({ servingMs: 10_000, observedMs: 11_000 });
  });

  it('leaves out the time in which this node stood still, whoever led then', () => {
    const serving = new Availability();
    look(serving, 0, 10_000);
    look(serving, 60_000, 70_000);
    expect(serving.report(70_000)).toMatchObject({
      ...{ observedMs: 20_000, servingMs: 20_000, unobservedMs: 50_000 },
    });
    const led = new Availability();
    look(led, 0, 10_000);
    // it wakes up, learns that it leads no more, and half a second later who does
    led.observe(false, 9950, 60_000);
    led.observe(true, 60_500, 60_500);
    look(led, 61_000, 70_000);
    expect(led.report(70_000)).toMatchObject({ observedMs: 20_000, servingMs: 19_500, unobservedMs: 50_000 });
    const down = new Availability();
    look(down, 0, 10_000);
    look(down, 11_000, 12_000, false);
    look(down, 62_000, 63_000, false);
    expect(down.report(63_000)).toMatchObject({
      observedMs: 13_000,
      servingMs: 10_000,
      unobservedMs: 50_000,
    });
    expect(down.report(99_000)).toMatchObject({ observedMs: 13_000, servingMs: 10_000 });
  });

  it('forgets by windows, and what failed 30 days ago costs no budget any more', () => {
    const availability = new Availability();
    look(availability, 0, HOUR);
    look(availability, HOUR + 1000, HOUR + MINUTE, false);
    look(availability, HOUR + MINUTE + 1000, 3 * HOUR);
    const now = 3 * HOUR;
    // the service came back with the first look that saw it
    expect(spans(availability, now)['24h']).toEqual({ observedMs: now, servingMs: now - 61_000 });
    expect(ratioOf(spans(availability, now)['1h'] as Span)).toBe(1);
    expect(availability.report(now).budgetMs).toBeCloseTo(259_200 - 61_000);
    look(availability, now + 1000, 2 * DAY);
    expect(ratioOf(spans(availability, 2 * DAY)['24h'] as Span)).toBe(1);
    expect(ratioOf(spans(availability, 2 * DAY)['30d'] as Span)).toBeCloseTo(1 - 61 / 172_800);
    // a month asleep is no month of service
    look(availability, 33 * DAY, 33 * DAY + HOUR);
    const later = availability.report(33 * DAY + HOUR);
    expect(later.budgetMs).toBeCloseTo(259_200);
    expect(later.observedMs - later.servingMs).toBe(61_000);
  });
});
