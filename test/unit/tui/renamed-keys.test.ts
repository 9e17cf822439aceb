/** With every key renamed no screen names an old one: hints come from the register, all of them. */
import { afterEach, expect, it } from 'vitest';
import { KEYMAP, takeKeymap } from '../../../tui/keymap.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { openView, toMatch } from '../../../tui/model/navigate.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { status } from '../../tui/recording.ts';
import { fresh, full, send } from './model-kit.ts';

afterEach(() => takeKeymap(KEYMAP));

/** A sign that no text of the screen has, one a command. */
const signOf = new Map(
  [...new Set(KEYMAP.map((b) => b.id))].map((id, i) => [id, String.fromCodePoint(0x13a0 + i)]),
);

const renamed = KEYMAP.map((b) => (b.context === 'main' ? { ...b, label: signOf.get(b.id) ?? '' } : b));

const failure = { code: 'unavailable', message: 'refused', hint: '' };
const pause = { owner: 'anna', reason: 'x', since: '', expires: '2026-03-04T13:00:00.000Z' };
const silenced = (model: Model): Model => ({
  ...model,
  filter: { text: 'nothing-is-called-so', editing: false },
});

/** One view in the states in which its hints differ. */
function states(view: Model['view']): Model[] {
  const model = openView(full({ selected: 'n2' }), view);
  const now = { ...model, picture: { ...model.picture, status: status({ operation: 'op-8', pause }) } };
  const empty = openView(fresh({ contexts: ['prod-eu', 'prod-us'] }), view);
  return [
    model,
    now,
    empty,
    silenced(model),
    toMatch(model, 1),
    { ...model, frozen: { at: model.now, picture: model.picture } },
    { ...model, past: { at: model.now - 5000, picture: model.picture } },
    { ...model, unsettled: ['outcome unknown: failover'] },
    { ...model, selected: 'n99' },
    { ...model, overlay: { kind: 'help', scroll: 0 } },
    { ...model, overlay: { kind: 'explain', scroll: 0 } },
    { ...model, overlay: { kind: 'chooser', purpose: 'actions', text: '', at: 0 } },
    { ...model, overlay: { kind: 'chooser', purpose: 'palette', text: '', at: 0 } },
    send(model, { type: 'lost', failure, now: model.now })[0],
  ];
}

/** Everything that is drawn, without the last line of an overlay: its keys are not a person's to change. */
function drawn(model: Model): string[] {
  const screen = screenOf({ model, symbols: UNICODE }, 200, 60);
  const overlay = model.overlay === null ? [] : (screen.overlay?.rows ?? []).map((r) => textOf(r.line));
  const bands = screen.bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))));
  const foot = model.overlay === null ? [textOf(screen.foot.line)] : [];
  const lists = model.overlay?.kind === 'chooser' ? overlay.map((l) => l.replace(MARK, '   ')) : overlay;
  return [...screen.head.map((r) => textOf(r.line)), ...bands, ...lists, ...foot];
}

/** The mark of what acts, in lists to choose from: no key. */
const MARK = / ! (?=plan|best candidate|closed: |ends the pause|nothing moves by itself)/g;

/** A key as sentences name it: a capital or a sign alone, an arrow before words, a name with a capital. */
const OLD = /(^|[ (│])(?:([A-Z?/:!]|Esc|Space|Enter|Tab|← →|↑↓|Ctrl-\w)) (?=[a-z])/;

it('in every view and state hints name the keys in force', () => {
  takeKeymap(renamed);
  const wrong = VIEW_IDS.flatMap((view) =>
    states(view).flatMap((model, i) =>
      drawn(model)
        .filter((line) => OLD.test(line))
        .map((line) => `${view} ${i}: ${line.trim().slice(0, 160)}`),
    ),
  );
  expect(wrong).toEqual([]);
  const shown = VIEW_IDS.flatMap((view) => states(view).flatMap(drawn)).join('\n');
  const named = [...signOf.values()].filter((sign) => shown.includes(sign));
  expect(named.length, 'and many are named').toBeGreaterThan(50);
});

it('and what is looked for is seen where the keys are the old ones', () => {
  const lines = VIEW_IDS.flatMap((view) => states(view).flatMap(drawn)).filter((line) => OLD.test(line));
  expect(lines.length).toBeGreaterThan(100);
});
