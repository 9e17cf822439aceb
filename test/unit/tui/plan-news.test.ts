/** What becomes of a plan that is read for long: it is renewed, and only what changed disturbs the reader. */
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../tui/feed/wire.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Effect } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { plan, START } from '../../tui/recording.ts';
import { dialogOf, live, press, pressed, send } from './model-kit.ts';

function came(model: Model, made: Plan): Model {
  return send(model, { type: 'planned', dialogId: dialogOf(model).id, plan: made, mono: model.mono })[0];
}

function later(model: Model, ms: number): [Model, Effect[]] {
  return send(model, { type: 'tick', now: START, mono: model.mono + ms });
}

/** Armed: reason and name are written and the cursor is on the button. */
function armed(): Model {
  const dialog = came(press(live(), 'F'), plan());
  return { ...dialog, overlay: { ...dialogOf(dialog), field: 'execute', reason: 'kernel', typed: 'n2' } };
}

const WRITTEN = { field: 'execute', reason: 'kernel', typed: 'n2' };

describe('a plan that is read for long', () => {
  it('is asked for again before its time is over, for the same target, again where no answer comes', () => {
    const [model, effects] = later(armed(), 20_000);
    const asked = { kind: 'plan', dialogId: dialogOf(model).id };
    expect(effects).toEqual([{ ...asked, request: { kind: 'failover', to: 'n2', dry_run: true } }]);
    expect(later(armed(), 19_900)[1], 'in time').toEqual([]);
    expect(later(model, 4900)[1], 'asked already').toEqual([]);
    expect(later(model, 5000)[1].map((e) => e.kind)).toEqual(['plan']);
    expect(dialogOf(model)).toMatchObject({ ...WRITTEN, step: { kind: 'review' } });
  });

  it('that is renewed unchanged keeps what was typed, is not deaf, and runs with the newest token', () => {
    let model = armed();
    for (let turn = 1; turn <= 10; turn++) {
      model = later(model, 20_000)[0];
      // lag and pause differ in every plan
      const candidates = plan().candidates.map((c) => ({ ...c, lag_entries: turn }));
      model = came(model, plan({ token: `plan-${turn}`, candidates, expected_gap_ms: 180 + turn }));
      expect(dialogOf(model)).toMatchObject({ ...WRITTEN, changes: [] });
    }
    const enter = { type: 'key' as const, key: { name: 'enter', burst: 1 }, mono: model.mono + 1 };
    const [, effects] = send(model, enter);
    expect(effects).toMatchObject([{ kind: 'run', request: { plan_token: 'plan-10', reason: 'kernel' } }]);
  });

  const failing = plan().checks.map((c) => (c.name === 'quorum' ? { ...c, result: 'fail' as const } : c));
  const out = plan().candidates.map((c) => (c.node_id === 'n2' ? { ...c, eligible: false } : c));
  it.each([
    ['another term', { term: 10 }, 'term 9 → 10'],
    ['another leader', { from: 'n3' }, 'leader n1 → n3'],
    ['a target that can not any more', { candidates: out }, 'n2: able → not able'],
    ['a check that fails', { checks: failing, allowed: false }, 'quorum: pass → fail'],
    ['no check that says why', { allowed: false }, 'it is not allowed any more'],
  ])('with %s empties the name, says it, and is deaf for a moment', (_, patch, said) => {
    const model = came(later(armed(), 20_000)[0], plan(patch));
    expect(dialogOf(model)).toMatchObject({ field: 'confirm', reason: 'kernel', typed: '' });
    expect(dialogOf(model).changes).toEqual(['the plan has changed while you looked', said]);
    expect(dialogOf(model).deafUntil).toBeGreaterThan(model.mono);
    const [, effects] = pressed(model, 'enter');
    expect(effects.filter((e) => e.kind === 'run')).toEqual([]);
  });

  it('stands where the leader does not answer, and is made anew instead of run once it is out of date', () => {
    const asked = later(armed(), 20_000)[0];
    const failure = { code: 'unavailable', message: 'no leader', hint: '' };
    const refused = send(asked, { type: 'refused', dialogId: dialogOf(asked).id, failure })[0];
    expect(dialogOf(refused)).toMatchObject({ ...WRITTEN, step: { kind: 'review' } });
    const [after, effects] = pressed(later(refused, 12_000)[0], 'enter');
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
    expect(dialogOf(after).changes[0]).toContain('expired');
  });

  it('that comes after it was confirmed does not bring the dialog back', () => {
    const sent = press(later(armed(), 20_000)[0], 'enter');
    expect(dialogOf(sent).step.kind).toBe('starting');
    expect(dialogOf(came(sent, plan())).step.kind).toBe('starting');
  });
});

describe('the candidates of a plan', () => {
  const many = (...order: string[]) => plan({ to: order[0] ?? null, candidates: order.map((id) => row(id)) });
  const row = (node_id: string, eligible = true) => ({ node_id, eligible, reasons: [], lag_entries: 0 });

  it('keep their places, the able ones first, however newer plans sort them; arrows go along them', () => {
    let model = came(press(live(), 'F'), many('n5', 'n4', 'n2', 'n6'));
    const seen: string[] = [];
    for (const sorted of [
      ['n6', 'n4', 'n2', 'n5'],
      ['n4', 'n6', 'n5', 'n2'],
      ['n2', 'n6', 'n5', 'n4'],
    ]) {
      const asked = press(model, 'down');
      const { to } = dialogOf(asked).request;
      seen.push(to ?? '');
      model = came(asked, { ...many(...sorted), to: to ?? null });
    }
    expect(seen).toEqual(['n4', 'n2', 'n6']);
    expect(dialogOf(model).order).toEqual(['n5', 'n4', 'n2', 'n6']);
    expect(dialogOf(press(model, 'down')).request.to, 'round').toBe('n5');
  });

  it('another one is chosen without losing the reason or the cursor; the name is void', () => {
    const asked = press(came(press(live(), 'F'), many('n2', 'n6')), ...'why', 'tab', ...'n2', 'down');
    expect(dialogOf(asked)).toMatchObject({ reason: 'why', field: 'confirm', typed: '' });
  });

  it('that one is always among the rows that are shown', () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${i + 1}`);
    for (const chosen of names)
      for (const [columns, rows] of [
        [120, 36],
        [80, 24],
      ] as const) {
        const first = came(press(live(), 'F'), many(...names));
        const model = came(first, { ...many(...names), to: chosen });
        const { overlay } = screenOf({ model, symbols: UNICODE }, columns, rows);
        const text = overlay?.rows.map((r) => textOf(r.line)).join('\n');
        expect(text, chosen).toMatch(new RegExp(` ${chosen} .*TARGET:`));
      }
  });
});
