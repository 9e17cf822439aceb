/** An alert that fired more than once: each time is on the screen, and was when it was. */
import { describe, expect, it } from 'vitest';
import { must } from '../../../src/base/index.ts';
import { firingsOf } from '../../../tui/model/firings.ts';
import { alertRows } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { travel } from '../../../tui/model/time.ts';
import { event, START } from '../../tui/recording.ts';
import { full, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const ago = (ms: number) => START - ms;

function told(ms: number, kind: 'fired' | 'resolved', value: string, since: number | null = null) {
  const data = { id: 'a2', value, previous_since_ms: since };
  return event(-ms, 'n3', `alert-${kind}`, `ReplicaLag ${kind}: ${value}`, { data });
}

/** `a2` fires since 63 s ago; it did so from 330 to 300 s ago and until 350 s ago, before what is told of. */
function again(): Model {
  const events = [
    told(350_000, 'resolved', '6100 > 5000', ago(360_000)),
    told(330_000, 'fired', '7200 > 5000'),
    told(300_000, 'resolved', '100 > 5000'),
    told(63_000, 'fired', '5610 > 5000 entries'),
  ];
  const model = full({ view: 'alerts' });
  const since = new Date(ago(63_000)).toISOString();
  const alerts = model.picture.alerts.map((a) => (a.id === 'a2' ? { ...a, since } : a));
  const recorded = model.picture.events.filter((e) => e.kind !== 'alert-fired');
  const picture = { ...model.picture, events: recorded };
  return send({ ...model, picture }, { type: 'alerts', alerts }, { type: 'events', events, now: START })[0];
}

describe('firingsOf', () => {
  it('firingsOf tells each time, the present one once', () => {
    const model = again();
    const alert = must(
      model.picture.alerts.find((a) => a.id === 'a2'),
      'the alert',
    );
    expect(firingsOf(model.picture, alert)).toEqual([
      { from: Date.parse(alert.fired_at ?? alert.since), to: null, value: alert.value },
      { from: ago(330_000), to: ago(300_000), value: '7200 > 5000' },
      { from: ago(360_000), to: ago(350_000), value: '6100 > 5000' },
    ]);
    expect(firingsOf({ events: [] }, alert)).toHaveLength(1);
  });

  it('firingsOf says what it fired with, and not what its end found', () => {
    const model = again();
    const alert = must(
      model.picture.alerts.find((a) => a.id === 'a2'),
      'the alert',
    );
    const ended = { ...alert, state: 'resolved' as const, fired_at: alert.since, value: '12 > 5000' };
    const over = { ...ended, since: new Date(START).toISOString() };
    expect(firingsOf(model.picture, over)[0]).toMatchObject({ to: START, value: '5610 > 5000 entries' });
  });

  it('travel shows an alert as it was in each of its firings and between them', () => {
    const at = (ms: number) => {
      const { state, since, value } = alertRows(travel(again(), ago(ms))).find((a) => a.id === 'a2') ?? {};
      return [state, since === undefined ? since : START - Date.parse(since), value];
    };
    expect(at(370_000)).toEqual([undefined, undefined, undefined]);
    expect(at(355_000)).toEqual(['firing', 360_000, '6100 > 5000']);
    expect(at(340_000)).toEqual(['resolved', 350_000, '6100 > 5000']);
    expect(at(310_000)).toEqual(['firing', 330_000, '7200 > 5000']);
    expect(at(200_000)).toEqual(['resolved', 300_000, '7200 > 5000']);
    expect(at(30_000).slice(0, 1)).toEqual(['firing']);
  });

  it('the Alerts view lists each firing of the selected one, where there was more than one', () => {
    const second = { ...again(), cursor: { alerts: 'a2' } };
    const text = screenText(second, 120, 36);
    expect(text).toContain('fired 3 times');
    expect(text).toMatch(/11:59:01 for 30s +7200 > 5000/);
    expect(screenText({ ...second, cursor: { alerts: 'a1' } }, 120, 36)).not.toMatch(/fired \d/);
  });

  it('the Alerts view tells of what is over when that was, not for how long it is', () => {
    const [first] = full().picture.alerts;
    const since = new Date(ago(185_000)).toISOString();
    const text = (state: 'firing' | 'resolved') => {
      const alerts = [{ ...must(first, 'an alert'), since, state }];
      return screenText(send(full({ view: 'alerts' }), { type: 'alerts', alerts })[0], 120, 36);
    };
    expect(text('resolved')).toMatch(/RESOLVED \S+ +\S+ +3m ago /);
    expect(text('resolved')).toMatch(/resolved +12:01:26, 3m05s ago/);
    expect(text('firing')).toMatch(/(FIRING|ACKED) +\S+ +\S+ +3m05s /);
    expect(text('firing')).toMatch(/since +12:01:26, 3m05s /);
  });
});
