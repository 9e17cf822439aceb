import { describe, expect, it } from 'vitest';
import { changeDialogText } from '../../../tui/lines/change-dialog.ts';
import { explainText } from '../../../tui/lines/explain.ts';
import { choices } from '../../../tui/model/chooser.ts';
import type { Chooser, Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { status } from '../../tui/recording.ts';
import { acts, dialogOf } from './change-kit.ts';
import { full, press, pressed, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const pause = { owner: 'anna', reason: 'move of eu-b', since: '', expires: '2026-03-04T13:00:00.000Z' };
const paused = (patch: object = {}): Model =>
  send(full(), { type: 'status', status: status({ pause, ...patch }), now: full().now })[0];
const noteOf = (model: Model, text: string): string | undefined => {
  const chooser: Chooser = { kind: 'chooser', purpose: 'palette', text, at: 0 };
  return choices(model, chooser)[0]?.note;
};

const textOfDialog = (model: Model): string => {
  const view = { model, symbols: UNICODE };
  const { lines } = changeDialogText(dialogOf(model), view, { width: 100, rows: 30 });
  return lines.map(textOf).join(' ');
};

describe('the pause of the cluster', () => {
  it('begins by the palette with a reason, `y` and Enter, and no sooner', () => {
    const opened = press(full(), ':', ...'pause', 'enter');
    expect(textOfDialog(opened)).toContain('sqlcc cluster pause');
    expect(textOfDialog(opened)).toContain('an hour, or as long as is allowed');
    const [lacking, none] = pressed(opened, 'enter', 'enter');
    expect(acts(none)).toEqual([]);
    expect(dialogOf(lacking).note).toContain('a reason is required');
    const [, sent] = pressed(lacking, ...'move', 'enter', 'left', 'y', 'enter');
    expect(acts(sent)).toMatchObject([{ act: { kind: 'pause', forMs: 900_000 }, reason: 'move' }]);
  });

  it('ends by the palette with `y` and Enter', () => {
    const opened = press(paused(), ':', ...'resume', 'enter');
    expect(textOfDialog(opened)).toMatch(/the pause by anna ends.*sqlcc cluster resume/);
    expect(acts(pressed(opened, 'y', 'enter')[1])).toMatchObject([{ act: { kind: 'resume', by: 'anna' } }]);
  });

  it('is closed where there is nothing to end, or another person began one', () => {
    expect(noteOf(full(), 'resume')).toBe('closed: the cluster is not paused');
    const closed = press(full(), ':', ...'resume', 'enter');
    expect([closed.overlay, closed.toast?.text]).toEqual([null, 'resume: the cluster is not paused']);
    const caller = { id: 'bob', role: 'operator', scopes: ['read-cluster', 'operate'] };
    expect(noteOf(paused({ caller }), 'pause')).toBe('closed: anna has paused it until 13:00:00');
    const anna = { ...caller, id: 'anna' };
    expect(noteOf(paused({ caller: anna }), 'pause'), 'one’s own is made longer').not.toContain('closed');
  });

  it.each([
    [120, 36],
    [80, 24],
    [44, 12],
  ])('says at %d x %d by what it ends', (columns, rows) => {
    const cluster = { ...status().cluster, health: 'healthy' as const, reasons: [] };
    expect(screenText(paused({ cluster }), columns, rows)).toContain(': resume');
    const view = { model: paused({ cluster }), symbols: UNICODE };
    const { lines } = explainText(view, 0, { width: columns - 4, rows: rows - 4 });
    expect(lines.map(textOf).join(' ')).toContain('sqlcc cluster resume');
  });
});
