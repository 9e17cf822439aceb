import { describe, expect, it } from 'vitest';
import { actionDialogText } from '../../../tui/lines/action-dialog.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { plan } from '../../tui/recording.ts';
import { dialogOf, EVERY_KEY, live, press, pressed, runs, send } from './model-kit.ts';

describe('update: maintenance', () => {
  const asked = press(live(), 'j', 'j', 'M');
  const shown = plan({ kind: 'maintenance', token: 'm-1', to: 'n3', candidates: [] });
  const open = send(asked, {
    type: 'planned',
    dialogId: dialogOf(asked).id,
    plan: shown,
    mono: asked.mono,
  })[0];

  it('asks for the selected node, one hour', () => {
    expect(dialogOf(asked).request).toEqual({
      kind: 'maintenance',
      node_id: 'n3',
      enable: true,
      for_ms: 3_600_000,
    });
  });

  it('Enter alone leads on to the reason and back, as in every dialog, and neither runs nor cancels', () => {
    expect(dialogOf(press(open, 'enter')).field).toBe('reason');
    const back = pressed(open, 'enter', ...'why', 'enter');
    expect([dialogOf(back[0]).field, dialogOf(back[0]).reason, runs(back[1])]).toEqual(['cancel', 'why', []]);
    expect(runs(pressed(back[0], 'y', 'enter')[1])).toMatchObject([{ request: { reason: 'why' } }]);
  });

  it('y then Enter runs it; another key takes the y back', () => {
    expect(runs(pressed(open, 'y', 'enter')[1])).toHaveLength(1);
    expect(runs(pressed(open, 'y', 'x', 'enter')[1])).toEqual([]);
  });

  it('every key but Enter takes the y back, also one that does something else or nothing', () => {
    for (const key of EVERY_KEY.filter((k) => k !== 'y' && k !== 'enter')) {
      const [model, effects] = pressed(open, 'y', key, 'enter');
      expect(runs(effects), key).toEqual([]);
      if (model.overlay?.kind === 'action') expect(model.overlay.yes, key).toBe(false);
    }
    expect(runs(pressed(open, 'y', 'tab', 'tab', 'enter')[1])).toEqual([]);
    const armed = press(open, 'y');
    const paste = { type: 'paste' as const, text: 'x', mono: armed.mono + 1000 };
    expect(runs(pressed(send(armed, paste)[0], 'enter')[1])).toEqual([]);
  });

  it('y in a burst does not arm', () => {
    const [model] = send(open, { type: 'key', key: { name: 'y', burst: 2 }, mono: open.mono + 1000 });
    expect(dialogOf(model).yes).toBe(false);
  });

  it('says each length that the arrows offer, and until what time of the day', () => {
    const text = (model: Model): string =>
      actionDialogText(dialogOf(model), { model, symbols: UNICODE }, { width: 98, rows: 20 })
        .lines.map((line) => line.map((s) => s.text).join(''))
        .join('\n');
    expect(text(open)).toContain('off by itself after 1h, at 13:04');
    expect(text(open)).toContain('← → changes: 5m 10m 15m 30m [1h] 2h 4h 8h 12h 1d');
    const day = { ...dialogOf(open), request: { ...dialogOf(open).request, for_ms: 86_400_000 } };
    expect(text({ ...open, overlay: day })).toContain('off by itself after 1d, at 12:04 tomorrow');
    const odd = { ...day, request: { ...day.request, for_ms: 2_700_000 } };
    expect(text({ ...open, overlay: odd })).toContain('30m [45m] 1h');
    const end = { ...day, request: { kind: 'maintenance' as const, node_id: 'n6', enable: false } };
    expect(text({ ...open, overlay: end })).not.toContain('← → changes');
  });

  it('arrows change how long', () => {
    const [model, effects] = pressed(open, 'right');
    expect(dialogOf(model).request.for_ms).toBe(7_200_000);
    expect(dialogOf(press(open, 'left')).request.for_ms).toBe(1_800_000);
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
  });

  it('where less is allowed it is planned anew with that, and says so; arrows go on from there', () => {
    const failure = {
      code: 'invalid_argument',
      message: 'lasts up to 30m here, not 1h',
      hint: '',
      longestMs: 1_800_000,
    };
    const [again, effects] = send(asked, { type: 'refused', dialogId: dialogOf(asked).id, failure });
    const { request, step, changes, id } = dialogOf(again);
    expect([request.for_ms, step.kind, changes]).toEqual([1_800_000, 'planning', [failure.message]]);
    expect(effects).toMatchObject([{ kind: 'plan', request: { for_ms: 1_800_000, dry_run: true } }]);
    // a second refusal of what was allowed is the end of it
    const over = send(again, { type: 'refused', dialogId: id, failure })[0];
    expect(dialogOf(over).step).toMatchObject({ kind: 'failed', message: failure.message });
    const shown30 = send(again, { type: 'planned', dialogId: id, plan: shown, mono: again.mono })[0];
    expect(dialogOf(pressed(shown30, 'left')[0]).request.for_ms).toBe(900_000);
    expect(dialogOf(pressed(shown30, 'right')[0]).request.for_ms).toBe(3_600_000);
  });

  it('a node that is in maintenance is asked out of it', () => {
    const onN6 = press(live(), 'end', 'k', 'M');
    expect(dialogOf(onN6).request).toEqual({ kind: 'maintenance', node_id: 'n6', enable: false });
    const hintOf = (model: Model): string => {
      const came = { dialogId: dialogOf(model).id, plan: shown, mono: model.mono };
      const reviewed = send(model, { type: 'planned', ...came })[0];
      return actionDialogText(
        dialogOf(reviewed),
        { model: reviewed, symbols: UNICODE },
        { width: 100, rows: 20 },
      ).hint;
    };
    expect(hintOf(asked)).toContain('← → how long');
    expect(hintOf(onN6), 'an end has no length').not.toContain('how long');
  });
});
