/** Dialogs at every size: what must be typed, and what confirms, is seen on small screens too. */
import { describe, expect, it } from 'vitest';
import type { OperationView } from '../../../tui/feed/wire.ts';
import type { Model } from '../../../tui/model/model.ts';
import { textOf, wrapUnderText, wrapWords } from '../../../tui/theme/tokens.ts';
import { expectScreen } from '../../tui/golden.ts';
import { at, endedOperation, event, operation } from '../../tui/recording.ts';
import { expectFits } from '../../tui/sizes.ts';
import { plannedBy } from './leader-words.ts';
import { dialogOf, full, press, pressed, send } from './model-kit.ts';
import { drawn } from './screen-text.ts';

const SMALL = [
  [60, 15],
  [44, 12],
] as const;

/** The dialog of an action with a plan that answers what it asked. */
function action(key: string, on: string): Model {
  const [open, [asked]] = pressed(full({ selected: on }), key);
  if (asked?.kind !== 'plan') throw new Error(`${key} asked for no plan`);
  const answer = plannedBy(asked.request);
  return send(open, { type: 'planned', dialogId: asked.dialogId, plan: answer, mono: open.mono })[0];
}

/** The dialog of a change with its plan; `arm`: the name that must be typed. */
function change(model: Model, arm: string | null): Model {
  const dialog = model.overlay;
  if (dialog?.kind !== 'change') throw new Error('no dialog of a change');
  if (dialog.step.kind === 'review') return model;
  const checks = ['valid on every live node', 'nothing restarts', 'one voter at a time'].map((text) => ({
    ...{ name: text, result: 'pass' as const, text },
  }));
  const effects = ['raft.heartbeat_interval_ms 50 → 40', 'monitoring.interval_ms 500 → 250'];
  const answer = { allowed: true, arm, checks, effects, base: 41 };
  return send(model, { type: 'preflight', dialogId: dialog.id, plan: answer, mono: model.mono })[0];
}

const DIALOGS: Readonly<Record<string, () => Model>> = {
  failover: () => action('F', 'n2'),
  'step down': () => action('D', 'n1'),
  maintenance: () => action('M', 'n4'),
  drain: () => action('E', 'n3'),
  remove: () => action('O', 'n5'),
  replace: () => action('W', 'n5'),
  silence: () => change(press(full({ view: 'alerts' }), 'S'), null),
  'configuration, to write': () => press(full({ view: 'config' }), 'C'),
  configuration: () => change(press(full({ view: 'config' }), 'C', ...'a.b=1', 'enter'), null),
  'roll back': () => change(press(full({ view: 'config' }), 'j', 'B'), 'v40'),
};

/** What is heard through n1 of leadership that moves from it to n2: its own words, and the entry that all apply. */
const MOVING = [
  event(1051, 'n1', 'vote', 'n1 votes for n2 in term 10', {
    data: { candidate: 'n2', term: 10, granted: true },
  }),
  event(1070, 'n1', 'role-changed', 'n1 follows n2 in term 10', { data: { leader_id: 'n2', term: 10 } }),
  event(
    ...([1078, 'n2', 'leader-elected'] as const),
    'n2 leads term 10 (transfer, 28 ms without a leader, votes of n1, n2, n6)',
    { data: { term: 10, votes: ['n1', 'n2', 'n6'] } },
  ),
];

/** A failover that was confirmed and has come so far. */
function underWay(now: OperationView, told: number): Model {
  const sent = press(action('F', 'n2'), ...'why', 'enter', ...'n2', 'enter', 'enter');
  const began = { type: 'started', dialogId: dialogOf(sent).id, operation: now } as const;
  return send(sent, began, { type: 'events', events: MOVING.slice(0, told), now: Date.parse(at(1100)) })[0];
}

/** Nothing can be typed into these any more, or it would change nothing. */
const BEHIND: Readonly<Record<string, () => Model>> = {
  'maintenance, refused': () => action('M', 'n3'),
  'failing over': () => underWay(operation(), 1),
  'failed over': () => underWay(endedOperation(), MOVING.length),
};

const LARGE = [
  [80, 24],
  [120, 36],
  [200, 60],
] as const;

describe.each(LARGE)('a dialog with room, at %ix%i,', (columns, rows) => {
  it('is drawn whole', () => {
    const all = Object.entries({ ...DIALOGS, ...BEHIND }).map(([name, open]) => {
      const text = drawn(open(), columns, rows);
      expectFits(text, columns, rows, name);
      expect(text, name).not.toMatch(/more lines/);
      return `=== ${name}\n${text}`;
    });
    expectScreen(`${all.join('\n')}\n`, `dialogs-${columns}x${rows}`);
  });
});

describe.each(SMALL)('a dialog at %ix%i', (columns, rows) => {
  it('shows its reason, what arms it and what is wrong, whatever else there is to read', () => {
    for (const [name, open] of Object.entries(DIALOGS)) {
      const text = drawn(open(), columns, rows);
      if (name === 'configuration, to write') expect(text, name).toContain('Change: ');
      else if (/Type \S+ to arm/.test(text))
        expect(text, name).toMatch(/Reason \(needed\):[\s\S]*to arm:[\s\S]*\[ Cancel \]/);
      else expect(text, name).toMatch(/Reason \(optional\):[\s\S]*y then Enter confirms/);
    }
    const typed = press(DIALOGS['failover']?.() ?? full(), ...'why', 'enter', ...'n9', 'enter');
    expect(drawn(typed, columns, rows)).toContain('! type n2 to arm');
    expect(drawn(typed, columns, rows)).toContain('[ Fail over ]');
  });

  it('shows the worst check and the pause beside what is to be typed, without scrolling', () => {
    const text = drawn(DIALOGS['failover']?.() ?? full(), columns, rows);
    expect(text).toMatch(/pause 212 ms · ! 37 writes under way[\s\S]*Reason \(needed\):/);
  });

  it('says how much is not shown, and PgDn and PgUp reach the first line and the last', () => {
    const first = DIALOGS['failover']?.() ?? full();
    expect(drawn(first, columns, rows)).toMatch(/TARGET +LAG[\s\S]*↓\d+ more lines: PgUp PgDn/);
    const last = drawn(press(first, ...Array(9).fill('pagedown')), columns, rows);
    expect(last).toMatch(/Same as:[\s\S]*↑\d+ more lines/);
    expect(last).not.toMatch(/↓\d+ +more/);
    expect(drawn(press(first, 'pagedown', 'pageup'), columns, rows)).toBe(drawn(first, columns, rows));
  });

  it('of an unknown outcome warns, however long the reason is', () => {
    const open = DIALOGS['failover']?.() ?? full();
    const sent = press(open, ...'why', 'enter', ...'n2', 'enter', 'enter');
    const message = 'no answer within 5 s from any of the nodes that were asked. '.repeat(6);
    const failure = { code: 'outcome_unknown', message, hint: 'sqlcc op list says what runs' };
    const dialogId = sent.overlay?.kind === 'action' ? sent.overlay.id : 0;
    const failed = send(sent, { type: 'refused', dialogId, failure })[0];
    const text = drawn(failed, columns, rows);
    expect(text.replace(/[│\s]+/g, ' ')).toContain('It may have happened');
    expect(text).toMatch(/↓\d+ more lines/);
    const below = drawn(press(failed, ...Array(4).fill('pagedown')), columns, rows);
    expect(below).toContain('sqlcc op list');
  });

  it('looks as drawn', () => {
    const all = Object.entries({ ...DIALOGS, ...BEHIND }).map(
      ([name, open]) => `=== ${name}\n${drawn(open(), columns, rows)}`,
    );
    expectScreen(`${all.join('\n')}\n`, `dialogs-${columns}x${rows}`);
  });
});

it('scrolling takes a y back, as any other key does', () => {
  expect(press(action('M', 'n4'), 'y', 'pagedown').overlay).toMatchObject({ yes: false });
});

it.each(SMALL)(
  'at %ix%i a check or a verdict goes on below its text, not below its sign',
  (columns, rows) => {
    const pages = Array.from({ length: 4 }, (_, n) => press(action('F', 'n2'), ...Array(n).fill('pagedown')));
    const seen = pages.flatMap((model) => {
      const inside = drawn(model, columns, rows)
        .split('\n')
        .flatMap((line) => /│ (.*)│/.exec(line)?.[1] ?? []);
      const end = inside.findIndex((line) => line.includes('more lines'));
      return inside.slice(0, end);
    });
    expect(seen.some((line) => line.startsWith('    ') && line.includes('rtt'))).toBe(true);
    const begun = /^(Checks by|Expected write|(the )?last|Same as)/;
    // all else has a sign, or stands below the text of what has one
    for (const line of seen) if (!begun.test(line)) expect(line).toMatch(/^(▌ | {2})/);
  },
);

it('wrapUnderText sets in what does not fit, as far as the sign in front is wide', () => {
  const rows = (text: string) => wrapUnderText([{ text, token: 'plain' }], 12).map(textOf);
  expect(rows('  ✓ one two three')).toEqual(['  ✓ one two', '    three']);
  expect(rows('one two three four')).toEqual(['one two', 'three four']);
  expect(rows('         far away')).toEqual(['         far', 'away']);
});

it('wrapWords breaks between words, and between letters only what is longer than a row', () => {
  const rows = (text: string) => wrapWords([{ text, token: 'plain' }], 10).map(textOf);
  expect(rows('one two three four')).toEqual(['one two', 'three four']);
  expect(rows('')).toEqual(['']);
  expect(rows('a 123456789012345').join('|')).toBe('a|1234567890|  12345');
});
