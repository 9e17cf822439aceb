import { describe, expect, it } from 'vitest';
import type { EventLine, OperationView } from '../../../tui/feed/wire.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { moveSteps } from '../../../tui/model/move-steps.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { at, endedOperation, event, operation, plan } from '../../tui/recording.ts';
import { dialogOf, full, live, press, send } from './model-kit.ts';

/** As a daemon names them: leadership moves from n1 to n2 between 1040 and 1122. */
const moving = (patch: Partial<OperationView> = {}) =>
  operation({
    phase: 'transferring',
    phases: [
      { name: 'accepted', at: at(1000), elapsed_ms: 40, result: 'ok' },
      { name: 'transferring', at: at(1040), elapsed_ms: null, result: null },
    ],
    ...patch,
  });
const own = (ms: number, id: string, kind: string, data: EventLine['data']) =>
  event(ms, id, kind, `${id} says`, { data });

const ASKS = own(1050, 'n2', 'campaign-started', { campaign: 'transfer', term: 10 });
const VOTES = [
  own(1062, 'n1', 'vote', { candidate: 'n2', term: 10, granted: true, refusal: null }),
  own(1058, 'n3', 'vote', { candidate: 'n2', term: 10, granted: true, refusal: null }),
  own(1059, 'n6', 'vote', { candidate: 'n2', term: 10, granted: false, refusal: 'log' }),
];
const LEADS = own(1075, 'n2', 'role-changed', { role: 'leader', term: 10 });
const RECORD = own(1080, 'n2', 'leader-elected', { term: 10, votes: ['n1', 'n2', 'n3'] });
const FOLLOWS = [
  own(1083, 'n3', 'role-changed', { leader_id: 'n2', term: 10 }),
  own(1081, 'n1', 'role-changed', { leader_id: 'n2', term: 10 }),
];

const steps = (events: readonly EventLine[], op = moving()) =>
  moveSteps(op, { ...full().picture, events }).map((s) => `${s.at - Date.parse(at(1000))} ${s.words}`);

describe('what is seen of a change of leadership', () => {
  it('grows as it happens: asked, voted for, leads, followed', () => {
    expect(steps([])).toEqual([]);
    expect(steps([ASKS])).toEqual(['50 n2 asks for votes, term 10']);
    expect(steps([ASKS, ...VOTES]).slice(1)).toEqual(['62 votes 2/5: n1 n3']);
    expect(steps([...FOLLOWS, RECORD, LEADS, ...VOTES, ASKS])).toEqual([
      ...['50 n2 asks for votes, term 10', '62 votes 3/5: n1 n2 n3', '75 n2 leads term 10'],
      ...['80 its first entry is applied: writes go on', '83 followed by n1 n3'],
    ]);
    // a node that neither voted nor stood hears the entry that all apply
    const writes = '80 its first entry is applied: writes go on';
    expect(steps([RECORD])).toEqual(['80 votes 3/5: n1 n2 n3', '80 n2 leads term 10', writes]);
    // through the old leader, which voted when there were enough, and follows before it applies
    const late = own(1062, 'n6', 'vote', { candidate: 'n2', term: 10, granted: true, refusal: null });
    const follows = own(1070, 'n6', 'role-changed', { leader_id: 'n2', term: 10 });
    expect(steps([late, follows, RECORD])).toEqual([
      ...['62 votes 4/5: n1 n2 n3 n6', '70 n2 leads term 10', '70 followed by n6', writes],
    ]);
  });

  it('is of this operation alone: no other time, candidate or term', () => {
    const before = own(200, 'n2', 'leader-elected', { term: 8, votes: ['n2'] });
    const other = own(1060, 'n1', 'vote', { candidate: 'n3', term: 10, granted: true });
    expect(steps([before, other])).toEqual([]);
    expect(steps([before, ASKS])).toEqual(['50 n2 asks for votes, term 10']);
    const stale = own(1045, 'n3', 'vote', { candidate: 'n2', term: 9, granted: true });
    expect(steps([stale, ASKS, LEADS])).toEqual(['50 n2 asks for votes, term 10', '75 n2 leads term 10']);
    const [accepted] = moving().phases;
    expect(steps([ASKS], moving({ phases: accepted === undefined ? [] : [accepted] }))).toEqual([]);
    expect(steps([ASKS], moving({ to: null }))).toEqual([]);
    const ended = moving().phases.map((p) => ({ ...p, elapsed_ms: p.elapsed_ms ?? 82 }));
    const later = own(60_000, 'n2', 'leader-elected', { term: 12, votes: ['n2'] });
    expect(steps([ASKS, LEADS, later], moving({ phases: ended }))).toHaveLength(2);
  });

  it('says of the pause what the daemon tells: to the first entry, not to the end of the phase', () => {
    const asked = press(live(), 'F');
    const dialog = dialogOf(asked);
    const ended = (gapMs: number | null) => {
      const { write_gap_ms: _told, ...unknown } = endedOperation();
      const op = gapMs === null ? unknown : { ...unknown, write_gap_ms: gapMs };
      const model = { ...asked, overlay: { ...dialog, step: { kind: 'ended', operation: op } as const } };
      const rows = screenOf({ model, symbols: UNICODE }, 120, 36).overlay?.rows ?? [];
      return rows.map((r) => textOf(r.line).trim()).find((line) => line.includes('done: n2'));
    };
    expect(ended(38)).toContain('done: n2 in 122 ms, writes paused 38 ms');
    expect(ended(null)).toMatch(/done: n2 in 122 ms\W*$/);
  });

  it('stands below its phase in the dialog while it runs, and in the Operations view', () => {
    const asked = press(live(), 'F');
    const dialogId = dialogOf(asked).id;
    const planned = send(asked, { type: 'planned', dialogId, plan: plan(), mono: asked.mono })[0];
    const armed = press(planned, ...'kernel', 'tab', ...'n2', 'tab', 'enter');
    expect(dialogOf(armed).step.kind).toBe('starting');
    const running = send(armed, { type: 'started', dialogId, operation: moving() })[0];
    const heard = send(running, { type: 'events', events: [ASKS, ...VOTES], now: running.now })[0];
    const textOfAll = (model: Model) => {
      const screen = screenOf({ model, symbols: UNICODE }, 120, 36);
      const rows = screen.bands.flatMap((b) => b.panes.flatMap((p) => p.rows));
      return [...rows, ...(screen.overlay?.rows ?? [])].map((r) => textOf(r.line)).join('\n');
    };
    expect(textOfAll(heard)).toMatch(/40 ms {2}transferring[\s\S]*50 ms +n2 asks for votes, term 10/);
    expect(textOfAll(heard)).toMatch(/62 ms +votes 2\/5: n1 n3/);
    const known = send(full({ view: 'operations' }), {
      ...{ type: 'answer', question: { slice: 'operations', arg: '' }, value: [moving()], now: full().now },
    })[0];
    const seen = send(known, { type: 'events', events: [ASKS, LEADS], now: known.now })[0];
    expect(textOfAll(seen)).toMatch(/transferring[\s\S]*75 ms +n2 leads term 10/);
  });
});
