/** `A`, which acts at once: on what, and not on what just moved under the bar. */
import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/base/index.ts';
import type { ActRequest } from '../../../tui/feed/desk.ts';
import type { AlertRow } from '../../../tui/feed/wire.ts';
import { alertRows, cursorAt, rowKeys } from '../../../tui/model/lists.ts';
import type { Effect, Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { full, press, pressed, send } from './model-kit.ts';

function acts(effects: readonly Effect[]): ActRequest[] {
  return effects.flatMap((e) => (e.kind === 'act' ? [e.request] : []));
}

describe('the alert under the bar', () => {
  it('A acknowledges at once, and an acknowledged alert no more', () => {
    expect(acts(pressed(full({ view: 'alerts' }), 'A')[1])).toMatchObject([
      { act: { kind: 'ack', id: 'a1', incident: '1772625600000' } },
    ]);
    const [model, effects] = pressed(full({ view: 'alerts' }), 'j', 'A');
    expect(effects).toEqual([]);
    expect(model.toast?.text).toContain('acknowledged by bob already');
    const own = model.picture.alerts.map((a) => ({ ...a, silenced_by: null, incident: 'i1' }));
    const after = press(send(model, { type: 'alerts', alerts: own })[0], 'U');
    expect(after.overlay).toMatchObject({ act: { kind: 'unack', id: 'a2', incident: 'i1', by: 'bob' } });
    const elsewhere = pressed(press(send(model, { type: 'alerts', alerts: own })[0], '1'), 'U')[0];
    expect(elsewhere.overlay, 'where nobody sees which alert the bar is on').toBeNull();
    expect(elsewhere.toast?.text).toContain('nothing was changed here just now; the alerts are in 3');
    const over = full().picture.alerts.map((a) => ({
      ...a,
      state: 'resolved' as const,
      acknowledged_by: null,
    }));
    const past = send(full({ view: 'alerts' }), { type: 'alerts', alerts: over })[0];
    expect(press(past, 'A').toast?.text).toContain('no longer fires');
  });

  it('A acts on the alert that was under the bar, whatever comes above it, and not on one that just came', () => {
    const seen = press(full(), '3');
    const first = seen.picture.alerts.find((a) => a.id === 'a1');
    assert(first !== undefined, 'an alert');
    const newer = { ...first, id: 'zz', rule: 'LeaderDown', since: '2030-01-01T00:00:00.000Z' };
    const came = send(seen, { type: 'alerts', alerts: [newer, ...seen.picture.alerts] })[0];
    expect(alertRows(came)[0]?.id, 'it stands above').toBe('zz');
    expect(acts(pressed(came, 'A')[1])).toMatchObject([{ act: { id: 'a1', incident: first.incident } }]);
    const gone = send(came, { type: 'alerts', alerts: [newer] })[0];
    const key = (mono: number): Message => ({ type: 'key', key: { name: 'A', burst: 1 }, mono });
    const [early, none] = send(gone, key(gone.mono + 399));
    expect([acts(none), early.toast?.text]).toMatchObject([
      [],
      /LeaderDown has only just come under the bar/,
    ]);
    expect(acts(send(gone, key(gone.mono + 400))[1])).toMatchObject([{ act: { id: 'zz' } }]);
    const refired = { ...newer, incident: 'another' };
    const again = send(gone, { type: 'tick', now: gone.now, mono: gone.mono + 5000 })[0];
    const changed = send(again, { type: 'alerts', alerts: [refired] })[0];
    expect(acts(send(changed, key(changed.mono + 100))[1]), 'another incident of it').toEqual([]);
  });

  const [one] = full().picture.alerts;
  assert(one !== undefined, 'an alert');
  const fires = (id: string, since: string) => ({ ...one, id, since, state: 'firing' as const });
  const over = (id: string, since: string) => ({ ...one, id, since, state: 'resolved' as const });
  const bar = (model: Model) => rowKeys(model)[cursorAt(model, rowKeys(model))];
  const told = (model: Model, ...alerts: AlertRow[]) => send(model, { type: 'alerts', alerts })[0];
  const [early, late] = ['2026-03-04T12:00:00.000Z', '2026-03-04T12:04:00.000Z'];

  it('nobody moved the bar: it leaves what is resolved for the first that fires', () => {
    const seen = told(full({ view: 'alerts' }), fires('x', early));
    expect(bar(seen)).toBe('x');
    const resolved = told(seen, over('x', late));
    expect(bar(resolved), 'nothing fires').toBe('x');
    const next = told(resolved, over('x', late), fires('y', late), fires('z', early));
    expect(bar(next)).toBe('y');
    const [, none] = send(next, { type: 'key', key: { name: 'A', burst: 1 }, mono: next.mono + 399 });
    expect(acts(none), 'it has only just come').toEqual([]);
    // what fires holds it still, also when another view was looked at meanwhile
    expect(bar(told(next, fires('a', '2026-03-04T12:05:00.000Z'), fires('y', late)))).toBe('y');
    const back = press(told(press(next, '1'), over('y', late), fires('z', early)), '3');
    expect(bar(back)).toBe('z');
  });

  it('a row that somebody chose, or reads, keeps the bar though it is resolved', () => {
    const both = [fires('y', late), over('x', early)];
    const chosen = press(told(full({ view: 'alerts' }), ...both), 'j');
    expect(bar(told(chosen, ...both, fires('a', late)))).toBe('x');
    expect(bar(press(chosen, '1', '3')), 'looked at anew, what fires is first').toBe('y');
    const read = press(told(full({ view: 'alerts' }), fires('x', early)), 'tab');
    const meanwhile = told(read, over('x', late), fires('y', late));
    expect(bar(meanwhile)).toBe('x');
    expect(bar(press(meanwhile, 'escape'))).toBe('y');
  });
});
