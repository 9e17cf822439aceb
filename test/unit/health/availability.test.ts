import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/health/index.ts';
import { Availability, AvailabilityHistory, ratioOf } from '../../../src/health/index.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Looks once a second from `from` to `until`; service is seen at each look. */
function look(availability: Availability, from: number, until: number, isServing = true): void {
  for (let now = from; now <= until; now += 1000)
    availability.observe(isServing, isServing ? now : null, now);
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
});

describe('AvailabilityHistory', () => {
  it('forgets by windows, and what failed 30 days ago costs no budget any more', () => {
    const history = new AvailabilityHistory();
    const totals = { observedMs: 0, servingMs: 0 };
    const see = (from: number, until: number, isServing = true): void => {
      for (let now = from + MINUTE; now <= until; now += MINUTE) {
        totals.observedMs += MINUTE;
        if (isServing) totals.servingMs += MINUTE;
        history.observe(totals, now);
      }
    };
    const ratio = (name: string, now: number) =>
      ratioOf(history.report(now).windows.find((w) => w.name === name) as Span);
    expect(history.report(0)).toMatchObject({ budgetMs: expect.closeTo(259_200) });
    see(0, HOUR);
    see(HOUR, HOUR + 2 * MINUTE, false);
    see(HOUR + 2 * MINUTE, 3 * HOUR);
    expect(ratio('1h', 3 * HOUR)).toBe(1);
    expect(ratio('24h', 3 * HOUR)).toBeCloseTo(1 - 2 / 180);
    expect(history.report(3 * HOUR).budgetMs).toBeCloseTo(259_200 - 120_000);
    see(3 * HOUR, 2 * DAY);
    expect(ratio('24h', 2 * DAY)).toBe(1);
    expect(ratio('30d', 2 * DAY)).toBeCloseTo(1 - 2 / 2880);
    // hours where minutes do not count any more
    expect(history.slices.length).toBeLessThan(24 * 6 + 26);
    see(33 * DAY, 33 * DAY + HOUR);
    expect(history.report(33 * DAY + HOUR).budgetMs).toBeCloseTo(259_200);
    expect(history.slices.length).toBeLessThan(10);
  });

  it('goes on over a restart, whose totals begin anew', () => {
    const before = new AvailabilityHistory();
    before.observe({ observedMs: 500_000, servingMs: 400_000 }, DAY);
    const after = new AvailabilityHistory(before.slices);
    after.observe({ observedMs: 3000, servingMs: 3000 }, DAY + HOUR);
    expect(after.report(DAY + HOUR)).toMatchObject({
      windows: [
        { name: '1h', observedMs: 503_000, servingMs: 403_000 },
        { name: '24h', observedMs: 503_000 },
        { name: '30d', observedMs: 503_000 },
      ],
      budgetMs: expect.closeTo(259_200 - 100_000),
    });
  });

  it('takes service back that turned out to be none, and survives a clock that was set back', () => {
    const history = new AvailabilityHistory();
    history.observe({ observedMs: 2000, servingMs: 2000 }, DAY);
    history.observe({ observedMs: 3000, servingMs: 1500 }, DAY + 1000);
    history.observe({ observedMs: 4000, servingMs: 2500 }, HOUR);
    const [month] = history.report(DAY).windows.slice(-1);
    expect(month).toMatchObject({ observedMs: 4000, servingMs: 2500 });
  });
});
