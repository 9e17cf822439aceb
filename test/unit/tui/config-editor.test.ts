/** A configuration in the person's editor: what is asked for, checked, kept, and what when another came. */
import { describe, expect, it } from 'vitest';
import { commandOf } from '../../../tui/model/change-plan.ts';
import type { Model } from '../../../tui/model/model.ts';
import { acts, dialogOf, failure, planned, silence } from './change-kit.ts';
import { full, press, pressed, send } from './model-kit.ts';

describe('the editor of a configuration', () => {
  const written = (...keys: string[]) => press(full({ view: 'config' }), 'C', ...keys);
  const edited = (model: Model, path: string | null, words = '') =>
    send(model, { type: 'edited', dialogId: dialogOf(model).id, path, version: 41, words });

  it('Ctrl-E asks for all of what is in force, and what was written is checked like a file', () => {
    const [model, effects] = pressed(written(), 'ctrl+e');
    expect(effects).toEqual([{ kind: 'edit', dialogId: dialogOf(model).id, before: null }]);
    const [checked, asked] = edited(model, '/tmp/v41.yaml');
    const act = { kind: 'apply', text: '@/tmp/v41.yaml', wholeOf: 41 };
    expect(asked).toMatchObject([{ kind: 'preflight', act }]);
    expect(dialogOf(checked).step.kind).toBe('planning');
    const done = pressed(planned(checked), 'y', 'enter')[1];
    expect(acts(done)).toMatchObject([{ act, base: 41 }]);
    expect(commandOf(dialogOf(checked).act, 'why', 41), 'the file, whole, and nothing newer than it').toBe(
      'sqlcc cluster config update /tmp/v41.yaml --replace --if-version 41 --confirm-within 1m --reason why',
    );
  });

  it('a text that was left, and an editor that failed, change nothing and say so', () => {
    const model = press(written(), 'ctrl+e');
    const [left, asked] = edited(model, null, 'it was left as it is');
    expect(asked).toEqual([]);
    expect(dialogOf(left)).toMatchObject({ step: { kind: 'editing' }, note: 'it was left as it is' });
    const closed = press(model, 'escape');
    const late = send(closed, {
      ...{ type: 'edited', dialogId: dialogOf(model).id, path: '/tmp/x' },
      version: 41,
      words: '',
    });
    expect(late).toEqual([closed, []]);
  });

  it('what the nodes refuse is opened again as it was written; a file typed by hand is no whole one', () => {
    const checked = edited(press(written(), 'ctrl+e'), '/tmp/v41.yaml')[0];
    const dialogId = dialogOf(checked).id;
    const back = send(checked, { type: 'change-refused', dialogId, failure: failure('config_invalid') })[0];
    expect(dialogOf(back)).toMatchObject({ step: { kind: 'editing' }, text: '@/tmp/v41.yaml' });
    expect(pressed(back, 'ctrl+e')[1]).toMatchObject([
      { kind: 'edit', before: { path: '/tmp/v41.yaml', version: 41 } },
    ]);
    expect(pressed(back, 'enter')[1]).toMatchObject([{ act: { text: '@/tmp/v41.yaml', wholeOf: 41 } }]);
    const [effect] = pressed(back, 'x', 'enter')[1];
    expect(effect).toMatchObject({ kind: 'preflight', act: { text: '@/tmp/v41.yamlx' } });
    expect(effect).not.toHaveProperty('act.wholeOf');
    expect(pressed(press(back, 'x'), 'ctrl+e')[1]).toMatchObject([{ before: null }]);
  });

  it('a version that moved on says so, and Ctrl-E then opens the text on the newest one', () => {
    const checked = edited(press(written(), 'ctrl+e'), '/tmp/v41.yaml')[0];
    const refuse = (model: Model, code: string) =>
      send(model, { type: 'change-refused', dialogId: dialogOf(model).id, failure: failure(code) })[0];
    const back = refuse(checked, 'conflict');
    expect(dialogOf(back).note).toBe('v41 is not in force any more: Ctrl-E opens your text on what is');
    const [asking, effects] = pressed(back, 'ctrl+e');
    expect(effects).toMatchObject([{ kind: 'edit', before: { path: '/tmp/v41.yaml', outdated: true } }]);
    const message = { ...{ type: 'edited' as const, path: '/tmp/v43.yaml', version: 43, words: '' } };
    const [again, asked] = send(asking, { ...message, dialogId: dialogOf(asking).id });
    expect(asked).toMatchObject([{ act: { text: '@/tmp/v43.yaml', wholeOf: 43 } }]);
    expect(dialogOf(again).act).not.toHaveProperty('outdated');
    // the same where it moved on between the plan and Enter
    const sent = press(planned(checked), 'y', 'enter');
    const replanned = refuse(sent, 'conflict');
    expect(dialogOf(refuse(replanned, 'conflict')).note).toContain('Ctrl-E opens your text');
  });

  it('what was written and is not in force is kept, and closing says where', () => {
    const checked = edited(press(written(), 'ctrl+e'), '/tmp/v41.yaml')[0];
    const kept = 'what you wrote is kept in /tmp/v41.yaml';
    expect(press(planned(checked), 'escape').toast?.text).toBe(`cancelled: nothing was changed; ${kept}`);
    const sent = press(planned(checked), 'y', 'enter');
    const dialogId = dialogOf(sent).id;
    const failed = send(sent, { type: 'change-refused', dialogId, failure: failure('internal') })[0];
    expect(press(failed, 'enter')).toMatchObject({ overlay: null, toast: { text: kept } });
    const words = 'cancelled: nothing was changed';
    expect(press(written(...'a=1'), 'escape').toast?.text).toBe(words);
  });

  it('is not opened by another dialog or at another step, nor is its failure the end of the dialog', () => {
    expect(pressed(silence(), 'ctrl+e')[1]).toEqual([]);
    expect(pressed(planned(written(...'a=1', 'enter')), 'ctrl+e')[1]).toEqual([]);
    const asked = press(written(), 'ctrl+e');
    const dialogId = dialogOf(asked).id;
    const refused = send(asked, { type: 'change-refused', dialogId, failure: failure('unavailable') })[0];
    expect(dialogOf(refused)).toMatchObject({ step: { kind: 'editing' }, note: 'it said unavailable' });
  });
});
