import { describe, expect, it } from 'vitest';
import { changeDialogText } from '../../../tui/lines/change-dialog.ts';
import { type ChangeAct, commandOf, LENGTHS, titleOfChange } from '../../../tui/model/change-plan.ts';
import type { Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { at, status } from '../../tui/recording.ts';
import { acts, dialogOf, failure, PLAN, planned, silence } from './change-kit.ts';
import { EVERY_KEY, full, press, pressed, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const rollback = () => press(full({ view: 'config' }), 'j', 'B');
const typed = () => planned(rollback(), { arm: 'v40' });

describe('a change dialog', () => {
  it('is deaf for 400 ms after it opened, and again after its plan came', () => {
    const early: Message = { type: 'key', key: { name: 'y', burst: 1 }, mono: silence().mono + 399 };
    expect(dialogOf(send(silence(), early)[0]).yes).toBe(false);
    expect(dialogOf(send(silence(), { ...early, mono: silence().mono + 400 })[0]).yes).toBe(true);
    const came = planned(rollback());
    const soon: Message = { type: 'key', key: { name: 'y', burst: 1 }, mono: came.mono + 399 };
    expect(dialogOf(send(came, soon)[0]).yes).toBe(false);
  });

  it('is never confirmed by a burst or a paste', () => {
    const armed = press(silence(), 'y');
    const key = (name: string, burst: number): Message => ({
      ...{ type: 'key', key: { name, burst }, mono: armed.mono + 1000 },
    });
    expect(acts(send(silence(), key('y', 2), key('enter', 2))[1])).toEqual([]);
    expect(acts(send(armed, key('enter', 2))[1])).toEqual([]);
    expect(acts(send(silence(), { type: 'paste', text: 'y\r', mono: 9e9 })[1])).toEqual([]);
    expect(acts(send(armed, key('enter', 1))[1])).toHaveLength(1);
  });

  it('of y begins before its fields: Enter leads on and neither does nor cancels, other keys take the y back', () => {
    expect(dialogOf(press(silence(), 'enter')).field).toBe('reason');
    expect(dialogOf(press(silence(), 'enter', 'enter')).field).toBe('cancel');
    const [model, effects] = pressed(silence(), 'y', 'x', 'enter');
    expect(dialogOf(model)).toMatchObject({ field: 'reason', yes: false });
    expect(acts(effects)).toEqual([]);
    expect(dialogOf(press(typed(), 'enter')).field, 'it begins where it is filled').toBe('reason');
    for (const key of EVERY_KEY.filter((k) => k !== 'y' && k !== 'enter'))
      expect(acts(pressed(silence(), 'y', key, 'enter')[1]), key).toEqual([]);
    expect(acts(pressed(silence(), 'y', 'tab', 'tab', 'enter')[1])).toEqual([]);
  });

  it('that must be typed wants the name and a reason, and says what is missing', () => {
    const [unreasoned, none] = pressed(typed(), 'tab', ...'v40', 'enter');
    expect(dialogOf(unreasoned).note).toContain('a reason is required');
    const [misspelt, still] = pressed(typed(), ...'why', 'enter', ...'v4', 'enter');
    expect(dialogOf(misspelt).note).toBe('type v40 to arm');
    expect(acts([...none, ...still])).toEqual([]);
    const done = pressed(typed(), ...'why', 'enter', ...'v40', 'enter', 'enter')[1];
    expect(acts(done)).toMatchObject([{ act: { kind: 'rollback', version: 40 }, reason: 'why', base: 41 }]);
  });

  it('that must be typed takes no pasted name and no y', () => {
    const onName = press(typed(), 'tab');
    const pasted = send(onName, { type: 'paste', text: 'v40', mono: onName.mono + 1000 })[0];
    expect(dialogOf(pasted).typed).toBe('');
    expect(dialogOf(press(typed(), 'y')).yes).toBe(false);
  });

  it('whose checks refuse it can not be run', () => {
    const refused = planned(rollback(), { allowed: false });
    const [model, effects] = pressed(refused, 'y', 'enter');
    expect(acts(effects)).toEqual([]);
    expect(dialogOf(model).note).toContain('the checks refuse it');
  });

  it('asks the gate once more at the last moment', () => {
    const lost = send(press(silence(), 'y'), { type: 'lost', failure: failure('unavailable'), now: 0 })[0];
    const [model, effects] = pressed(lost, 'enter');
    expect(acts(effects)).toEqual([]);
    expect(dialogOf(model).note).toContain('not connected');
  });

  it('changes its length with ← →, and the command and the effect with it', () => {
    const act = (model: Model) => dialogOf(model).act;
    expect(act(silence())).toMatchObject({
      kind: 'silence',
      rule: 'NodeDown',
      nodeId: 'n5',
      forMs: 3_600_000,
    });
    expect(act(press(silence(), 'right'))).toMatchObject({ forMs: 14_400_000 });
    expect(act(press(silence(), 'left', 'left', 'left'))).toMatchObject({ forMs: 900_000 });
    expect(commandOf(act(press(silence(), 'right')), 'a "b"')).toBe(
      'sqlcc alert silence add --rule NodeDown --node n5 --for 4h --reason \'a "b"\'',
    );
    expect(dialogOf(press(silence(), 'y', 'right')).yes).toBe(false);
    expect(act(press(planned(rollback()), 'left'))).toMatchObject({ confirmMs: null });
  });

  it('Esc closes it at any time; what was sent goes on and is told', () => {
    const sent = press(silence(), 'y', 'enter');
    expect(dialogOf(sent).step.kind).toBe('starting');
    const hidden = press(sent, 'escape');
    expect(hidden.overlay).toBeNull();
    const result = { words: 'silenced', undo: null };
    expect(send(hidden, { type: 'acted', dialogId: dialogOf(sent).id, result })[0].toast?.text).toBe(
      'silenced',
    );
  });
});

describe('what came of a change', () => {
  const sent = () => press(silence(), 'y', 'enter');
  const refusedWith = (model: Model, code: string) =>
    send(model, { type: 'change-refused', dialogId: dialogOf(model).id, failure: failure(code) })[0];

  it('a conflict plans again and says why', () => {
    const running = press(planned(rollback()), 'y', 'enter');
    const dialogId = dialogOf(running).id;
    const [model, effects] = send(running, {
      type: 'change-refused',
      dialogId,
      failure: failure('conflict'),
    });
    expect(dialogOf(model).step.kind).toBe('planning');
    expect(dialogOf(model).note).toContain('refused, this is a new plan: it said conflict');
    expect(effects).toMatchObject([{ kind: 'preflight', act: { kind: 'rollback', version: 40 } }]);
    expect(dialogOf(model).id).not.toBe(dialogId);
  });

  it('a lost answer is unknown, never failed, and nothing is repeated', () => {
    const step = dialogOf(refusedWith(sent(), 'outcome_unknown')).step;
    expect(step).toMatchObject({ kind: 'failed', unknown: true });
    expect(dialogOf(refusedWith(sent(), 'invalid_argument')).step).toMatchObject({ unknown: false });
  });

  it('a lost answer of a hidden one stays on the screen as unknown, with the command', () => {
    const hidden = press(sent(), 'escape');
    const { id: dialogId, act } = dialogOf(sent());
    const lost = { type: 'change-refused' as const, dialogId, failure: failure('outcome_unknown') };
    const after = send(hidden, { ...lost, act })[0];
    expect(after.unsettled).toMatchObject([
      /^sqlcc alert silence list: silence NodeDown on n5, outcome unknown/,
    ]);
    expect(press(after, 'escape').unsettled).toEqual([]);
    expect(send(hidden, lost)[0].unsettled, 'a question changes nothing').toEqual([]);
  });

  it('a refusal for want of rights closes the dialog and the same after it', () => {
    const model = refusedWith(sent(), 'permission_denied');
    expect(model.overlay).toBeNull();
    const [after, effects] = pressed(model, 'S');
    expect(effects).toEqual([]);
    expect(after.toast?.text).toContain('not allowed');
  });

  it('a text that the nodes refuse stays to be corrected', () => {
    const written = press(full({ view: 'config' }), 'C', ...'a=1', 'enter');
    const model = refusedWith(written, 'config_invalid');
    expect(dialogOf(model)).toMatchObject({
      step: { kind: 'editing' },
      text: 'a=1',
      note: 'it said config_invalid',
    });
  });

  it('answers of a dialog that is gone are dropped', () => {
    const model = press(rollback(), 'escape');
    const late = send(model, { type: 'preflight', dialogId: 1, plan: PLAN, mono: 0 })[0];
    expect(late.overlay).toBeNull();
    const next = press(model, 'B');
    const wrong = dialogOf(next).id - 1;
    const other = send(next, { type: 'preflight', dialogId: wrong, plan: PLAN, mono: 0 })[0];
    expect(dialogOf(other).step.kind).toBe('planning');
  });

  it('U takes the last change back while its toast shows, and not after', () => {
    const undo: ChangeAct = { kind: 'unsilence', id: 's2', label: 'NodeDown on n5' };
    const result = { words: 'silenced', undo };
    const model = send(sent(), { type: 'acted', dialogId: dialogOf(sent()).id, result })[0];
    expect(model.toast?.text).toContain('U takes it back');
    expect(acts(pressed(model, 'U')[1])).toMatchObject([{ act: undo }]);
    const later: Message = { type: 'key', key: { name: 'U', burst: 1 }, mono: model.mono + 10_001 };
    const [after, effects] = send(model, later);
    expect(acts(effects)).toEqual([]);
    expect(after.toast?.text).toContain('neither silenced nor');
  });

  const unack = (id: string, by = 'anna'): ChangeAct => ({
    ...{ kind: 'unack', id, incident: '1772625600000', by, label: 'NodeDown on n5' },
  });

  it('U takes an acknowledgement back at once while its toast shows, and later by y and Enter', () => {
    const acknowledged = full().picture.alerts.map((a) => ({ ...a, acknowledged_by: 'anna' }));
    const result = { words: 'acknowledged NodeDown on n5', undo: unack('a1') };
    const [asked] = pressed(full({ view: 'alerts' }), 'A');
    const model = send(
      asked,
      { type: 'acted', dialogId: 0, result },
      { type: 'alerts', alerts: acknowledged },
    )[0];
    expect(model.toast?.text).toBe('acknowledged NodeDown on n5   U takes it back');
    expect(acts(pressed(model, 'U')[1])).toMatchObject([{ act: unack('a1') }]);
    const later: Message = { type: 'key', key: { name: 'U', burst: 1 }, mono: model.mono + 10_001 };
    const [after, effects] = send(model, later);
    expect(acts(effects), 'it is asked first').toEqual([]);
    expect(dialogOf(after).act).toEqual(unack('a1'));
    expect(titleOfChange(dialogOf(after).act)).toBe('UNACKNOWLEDGE NodeDown on n5');
    expect(commandOf(dialogOf(after).act, '')).toBe('sqlcc alert unack a1 --incident 1772625600000');
    const armed: Message = { type: 'key', key: { name: 'y', burst: 1 }, mono: after.mono + 1000 };
    const sentOff = send(after, armed, { ...armed, key: { name: 'enter', burst: 1 } })[1];
    expect(acts(sentOff)).toMatchObject([{ act: unack('a1') }]);
  });

  it('U of an alert says why there is nothing to take back', () => {
    const of = (patch: object) => {
      const alerts = full().picture.alerts.map((a) => ({ ...a, ...patch }));
      return press(send(full({ view: 'alerts' }), { type: 'alerts', alerts })[0], 'U').toast?.text;
    };
    expect(of({ acknowledged_by: null })).toContain('neither silenced nor acknowledged');
    expect(of({ acknowledged_by: 'bob', state: 'resolved' })).toContain('no longer fires');
    expect(of({ acknowledged_by: 'bob', incident: undefined })).toContain('which incident it is');
  });

  it('what could be taken back earlier keeps no one from ending the silence that is selected', () => {
    const undo: ChangeAct = { kind: 'unsilence', id: 's2', label: 'NodeDown on n5' };
    const silenced = full().picture.alerts.map((a) => ({ ...a, silenced_by: 's7' }));
    const model = send(
      sent(),
      { type: 'acted', dialogId: dialogOf(sent()).id, result: { words: 'silenced', undo } },
      { type: 'alerts', alerts: silenced },
    )[0];
    const later: Message = { type: 'key', key: { name: 'U', burst: 1 }, mono: model.mono + 10_001 };
    expect(dialogOf(send(model, later)[0]).act).toMatchObject({ kind: 'unsilence', id: 's7' });
  });

  it('U takes nothing back once another toast stands in the place of the one that says so', () => {
    const undo: ChangeAct = { kind: 'unsilence', id: 's2', label: 'NodeDown on n5' };
    const result = { words: 'silenced', undo };
    const model = send(sent(), { type: 'acted', dialogId: dialogOf(sent()).id, result })[0];
    const told = send(model, { type: 'told', text: 'copied', level: 'info' })[0];
    const [after, effects] = pressed(told, 'U');
    expect(acts(effects)).toEqual([]);
    expect(after.toast?.text).toContain('neither silenced nor');
  });

  it('U means the silence of the row under the bar, also while the toast of another shows', () => {
    const undo: ChangeAct = { kind: 'unsilence', id: 's2', label: 'NodeDown on n5' };
    const silenced = (id: string) => full().picture.alerts.map((a) => ({ ...a, silenced_by: id }));
    const result = { words: 'silenced', undo };
    const of = (id: string) =>
      send(
        sent(),
        { type: 'acted', dialogId: dialogOf(sent()).id, result },
        { type: 'alerts', alerts: silenced(id) },
      )[0];
    expect(acts(pressed(of('s7'), 'U')[1])).toEqual([]);
    expect(dialogOf(press(of('s7'), 'U')).act).toMatchObject({ kind: 'unsilence', id: 's7' });
    expect(acts(pressed(of('s2'), 'U')[1])).toMatchObject([{ act: undo }]);
  });

  it('the end of a silence says what the silence is of, whose, and what sounds again', () => {
    const alerts = full().picture.alerts.map((a) => ({ ...a, silenced_by: 's7' }));
    const question = { slice: 'silences' as const, arg: '' };
    const value = [
      {
        ...{ id: 's7', rule: null, node_id: 'n3', severity: 'critical' as const, created: at(-1000) },
        ...{ until: at(18_000_000), by: 'anna', reason: 'move' },
      },
    ];
    const base = send(full({ view: 'alerts' }), { type: 'alerts', alerts })[0];
    const known = send(base, { type: 'answer', question, value, now: base.now })[0];
    const dialog = dialogOf(press(known, 'U'));
    expect(titleOfChange(dialog.act)).toBe('END SILENCE every rule of severity critical on n3');
    const effects = dialog.step.kind === 'review' ? dialog.step.plan.effects : [];
    expect(effects[0]).toMatch(/^by anna, .* left: move$/);
    expect(effects[1]).toBe(
      `${alerts.length} alerts silent by it: ${alerts.map((a) => `${a.rule} on ${a.node_id}`).join(', ')}`,
    );
    const unknown = send(base, { type: 'answer', question, value: [], now: base.now })[0];
    const plan = dialogOf(press(unknown, 'U')).step;
    expect(plan.kind === 'review' && plan.plan.effects).toContain('what else it is of is not known');
  });

  it('a change that moved on is planned anew where a server plans it, and else is over', () => {
    const running = sent();
    const { id: dialogId, act } = dialogOf(running);
    const refusal: Message = { type: 'change-refused', dialogId, act, failure: failure('conflict') };
    expect(dialogOf(send(running, refusal)[0]).step).toMatchObject({
      ...{ kind: 'failed', message: 'it said conflict', unknown: false },
    });
    const asked = press(planned(rollback()), 'y', 'enter');
    const again = send(asked, { ...refusal, dialogId: dialogOf(asked).id, act: dialogOf(asked).act })[0];
    expect(dialogOf(again)).toMatchObject({ step: { kind: 'planning' }, deafUntil: again.mono + 400 });
  });

  it('a change is under way until it is answered, by whatever answer', () => {
    const running = sent();
    const { id: dialogId, act } = dialogOf(running);
    expect(running.acting).toEqual([{ dialogId, act }]);
    const hidden = press(running, 'escape');
    expect(hidden.acting).toEqual(running.acting);
    const done = { type: 'acted', dialogId, result: { words: 'x', undo: null } } as const;
    expect(send(hidden, done)[0].acting).toEqual([]);
    for (const code of ['conflict', 'permission_denied', 'internal'])
      expect(
        send(hidden, { type: 'change-refused', dialogId, act, failure: failure(code) })[0].acting,
      ).toEqual([]);
  });

  describe('of a configuration', () => {
    const back = { kind: 'rollback', version: 41, active: 42, confirmMs: null } as const;
    /** After a rollback to v40, which made v42. */
    const rolled = (undoes: 'change' | 'rollback' = 'rollback', running = 42): Model => {
      const started = press(planned(rollback()), 'y', 'enter');
      const result = { words: 'v42 is in force', undo: { ...back, undoes } };
      return send(
        started,
        { type: 'acted', dialogId: dialogOf(started).id, result },
        { type: 'status', status: status({ config: { version: running } }), now: started.now },
      )[0];
    };

    it('U plans the version before it, forward after a rollback, and asks as for any other', () => {
      const [model, effects] = pressed(rolled(), 'U');
      expect(rolled().toast?.text).toBe('v42 is in force   U rolls forward to v41');
      expect(dialogOf(model)).toMatchObject({
        step: { kind: 'planning' },
        act: { version: 41, confirmMs: null },
      });
      expect(acts(effects), 'nothing before it is confirmed').toEqual([]);
      expect(effects).toMatchObject([{ kind: 'preflight', act: { kind: 'rollback', version: 41 } }]);
      expect(titleOfChange(dialogOf(model).act)).toBe('ROLL FORWARD CONFIG to v41');
      expect(commandOf(dialogOf(model).act, '')).toBe('sqlcc cluster config rollback 41');
      const sentOff = pressed(planned(model, { base: 42, text: 'as checked' }), 'y', 'enter');
      expect(acts(sentOff[1])).toMatchObject([
        { base: 42, text: 'as checked', act: { kind: 'rollback', version: 41 } },
      ]);
      const typedOne = planned(model, { arm: 'v41' });
      expect(acts(pressed(typedOne, 'y', 'enter')[1]), 'one that touches elections is typed').toEqual([]);
      expect(rolled('change').toast?.text).toContain('U goes back to v41');
      expect(titleOfChange(dialogOf(press(rolled('change'), 'U')).act)).toBe('ROLL BACK CONFIG to v41');
    });

    it('U stays open in the Config view while that version is in force, and elsewhere for its toast', () => {
      const later = (model: Model): Model =>
        send(model, { type: 'key', key: { name: 'U', burst: 1 }, mono: model.mono + 10_001 })[0];
      expect(dialogOf(later(rolled())).act).toMatchObject({ version: 41 });
      expect(later(rolled('rollback', 41)).overlay, 'a picture of before the change').not.toBeNull();
      const moved = later(rolled('rollback', 43));
      expect(moved.overlay).toBeNull();
      expect(moved.toast?.text).toContain('v43 is in force by now: select a version and B');
      expect(dialogOf(press({ ...rolled(), view: 'topology' }, 'U')).act).toMatchObject({ version: 41 });
      const away = later({ ...rolled(), view: 'topology' });
      expect(away.toast?.text).toContain('nothing was changed here just now');
      expect(press(full({ view: 'config' }), 'U').toast?.text).toContain('nothing was changed here');
    });

    it('the last line names U where there is something to take back, and only there', () => {
      for (const columns of [120, 44]) {
        const last = (model: Model) =>
          screenText({ ...model, toast: null }, columns, 24)
            .split('\n')
            .at(-1);
        expect(last(rolled()), `${columns} wide`).toMatch(/ U /);
        expect(last(full({ view: 'config' })), `${columns} wide`).not.toMatch(/ U /);
      }
    });

    it('U is refused by the gate like any other change', () => {
      const [model, effects] = pressed({ ...rolled(), readOnly: true }, 'U');
      expect(model.toast?.text).toContain('read-only');
      expect(effects).toEqual([]);
    });
  });
});

describe('what can be changed', () => {
  it('a key that came together with others opens nothing', () => {
    for (const [view, key] of [
      ['alerts', 'S'],
      ['alerts', 'A'],
      ['topology', 'F'],
      ['config', 'C'],
    ] as const) {
      const burst: Message = { type: 'key', key: { name: key, burst: 2 }, mono: 5000 };
      const [model, effects] = send(full({ view }), burst);
      expect(effects, key).toEqual([]);
      expect(model.overlay, key).toBeNull();
    }
  });

  it('B rolls back to an old version only, X cancels what runs, K keeps what is on trial', () => {
    expect(press(full({ view: 'config' }), 'B').toast?.text).toContain('this version is in force');
    expect(dialogOf(press(full({ view: 'operations' }), 'X')).act).toMatchObject({
      kind: 'cancel',
      id: 'op-8',
    });
    expect(press(full({ view: 'operations' }), 'j', 'X').toast?.text).toContain('does not run');
    expect(press(full(), 'K').toast?.text).toContain('no configuration is on trial');
    const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };
    const trial = status({ config: { version: 42, tentative } });
    const model = send(full(), { type: 'status', status: trial, now: full().now })[0];
    expect(dialogOf(press(model, 'K')).act).toEqual({
      ...{ kind: 'confirm', version: 42, previous: 41 },
    });
  });

  it('D steps down: a plan without a target, armed by y, run with the plan’s term', () => {
    const [asked, effects] = pressed(full(), 'D');
    expect(effects).toMatchObject([{ kind: 'plan', request: { kind: 'failover', dry_run: true } }]);
    expect(effects[0]?.kind === 'plan' && 'to' in effects[0].request).toBe(false);
    expect(asked.overlay).toMatchObject({ kind: 'action', action: 'step-down' });
  });

  it('the command for scripts is quoted: a value, a path and a reason are words of their own', () => {
    const apply = (text: string) => commandOf({ kind: 'apply', text, confirmMs: null }, 'so $(id) `id`');
    expect(apply('raft.election_timeout_ms=[1500, 3000]  a=1')).toBe(
      "sqlcc cluster config set 'raft.election_timeout_ms=[1500, 3000]' a=1 --reason 'so $(id) `id`'",
    );
    expect(apply('@/tmp/my file.yaml')).toContain("config update '/tmp/my file.yaml' --reason");
  });

  it('the command for scripts is bound to what the screen binds it to', () => {
    const back = { kind: 'rollback', version: 40, active: 41, confirmMs: 60_000 } as const;
    expect(commandOf(back, '', 41)).toBe(
      'sqlcc cluster config rollback 40 --if-version 41 --confirm-within 1m',
    );
    const apply = { kind: 'apply', text: 'a.b=1', confirmMs: null } as const;
    expect(commandOf(apply, '', 41)).toBe('sqlcc cluster config set a.b=1 --if-version 41');
    expect(commandOf({ ...apply, text: '@/f' }, '', 41)).toBe(
      'sqlcc cluster config update /f --if-version 41',
    );
    const checked = commandOf({ ...apply, checkOnly: true }, '', 41);
    expect(checked, 'a check changes nothing').toBe('sqlcc cluster config set a.b=1 --dry-run');
    const ack = { kind: 'ack', id: 'a1', incident: '1772625600000', label: 'x' } as const;
    expect(commandOf(ack, '')).toBe('sqlcc alert ack a1 --incident 1772625600000');
    const model = planned(rollback(), { base: 41 });
    const room = { width: 100, rows: 20 };
    const { lines } = changeDialogText(dialogOf(model), { model, symbols: UNICODE }, room);
    expect(lines.map(textOf).join('\n'), 'the dialog prints it').toContain('rollback 40 --if-version 41');
  });

  it('every kind of change has its command for scripts', () => {
    for (const kind of Object.keys(LENGTHS)) {
      const act = {
        ...{ kind, id: 'x', label: 'l', rule: 'r', nodeId: null, forMs: 60_000, text: 'a=1' },
        ...{ confirmMs: 60_000, version: 4, active: 5, what: 'w' },
      } as unknown as ChangeAct;
      expect(commandOf(act, ''), kind).toMatch(/^sqlcc (alert|op|cluster (config|pause|resume))\b/);
    }
  });
});
