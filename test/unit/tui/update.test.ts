import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../tui/feed/wire.ts';
import { actionDialogText } from '../../../tui/lines/action-dialog.ts';
import type { Model } from '../../../tui/model/model.ts';
import { visibleNodes } from '../../../tui/model/selectors.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { endedOperation, event, operation, plan, START, sixNodes, status } from '../../tui/recording.ts';
import { dialogOf, live, press, pressed, runs, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

/** Opens the failover dialog and lets `shown` arrive as its plan. */
function failover(shown: Plan = plan(), model: Model = live()): Model {
  const asked = press(model, 'F');
  return send(asked, { type: 'planned', dialogId: dialogOf(asked).id, plan: shown, mono: asked.mono })[0];
}

function key(name: string, mono: number) {
  return { type: 'key' as const, key: { name, burst: 1 }, mono };
}

const ARM = [...'kernel', 'tab', ...'n2'];

describe('update: looking', () => {
  it('moves the bar and never beyond the ends', () => {
    expect(press(live(), 'j', 'j').selected).toBe('n3');
    expect(press(live(), 'k', 'k').selected).toBe('n1');
    expect(press(live(), 'G').selected).toBe('n4');
    expect(press(live(), 'G', 'g').selected).toBe('n1');
  });

  it('keeps the bar on its node when rows move', () => {
    const model = press(live(), 'j', 'j');
    const after = send(model, {
      type: 'status',
      status: status({ nodes: sixNodes().reverse() }),
      now: START,
    })[0];
    expect(after.selected).toBe('n3');
  });

  it('escape clears the filter, thaws, returns to the table, and never quits', () => {
    const model = press(live(), ' ', '/', ...'n3', 'enter', 'tab');
    const once = pressed(model, 'escape');
    expect(once[0].filter.text).toBe('');
    expect(once[0].frozen).not.toBeNull();
    const all = pressed(once[0], 'escape', 'escape', 'escape', 'escape');
    expect(all[0].frozen).toBeNull();
    expect(all[0].focus).toBe('nodes');
    expect(all[1]).toEqual([]);
  });

  it('an observer that falls silent is let go after a while, with a word; another node may answer', () => {
    const pinned = press(live(), 'R', 'R');
    expect(pinned.observer).toBe('n2');
    const failure = { code: 'unavailable', message: 'refused', hint: '' };
    const lost = (model: Model, after: number) =>
      send(model, { type: 'lost', failure, now: START + after })[0];
    const soon = lost(lost(pinned, 0), 1500);
    expect(soon.observer).toBe('n2');
    const late = lost(soon, 2100);
    expect(late.observer).toBeNull();
    expect(late.toast).toMatchObject({ text: 'n2 does not answer: seen through whichever node does' });
    expect(late.connection).toMatchObject({ kind: 'lost', attempts: 3 });
    const back = send(late, { type: 'status', status: status(), now: START + 2200 })[0];
    expect(back.connection.kind).toBe('live');
  });

  it('without an observer a loss says nothing but that it is one', () => {
    const failure = { code: 'unavailable', message: 'refused', hint: '' };
    const lost = (after: number) => ({ type: 'lost' as const, failure, now: START + after });
    expect(send(live(), lost(0), lost(60_000))[0].toast).toBeNull();
  });

  it('a frozen picture stands while the recording goes on', () => {
    const frozen = press(live(), ' ');
    const after = send(frozen, { type: 'status', status: status({ nodes: [] }), now: START + 1000 })[0];
    expect(visibleNodes(after)).toHaveLength(6);
    expect(visibleNodes(press(after, ' '))).toHaveLength(0);
  });

  it('an event that comes again after a reconnect is shown once', () => {
    const e = event(0, 'n3', 'health-changed', 'slow');
    const model = send(
      live(),
      { type: 'events', events: [e], now: START },
      { type: 'events', events: [e], now: START },
    )[0];
    expect(model.picture.events).toHaveLength(1);
  });

  it('a lost connection keeps the picture and counts attempts', () => {
    const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
    const model = send(
      live(),
      { type: 'lost', failure, now: START + 100 },
      { type: 'lost', failure, now: START + 300 },
    )[0];
    expect(model.connection).toMatchObject({ kind: 'lost', via: 'n1', since: START + 100, attempts: 2 });
    expect(visibleNodes(model)).toHaveLength(6);
  });
});

describe('update: failover', () => {
  it('runs with the plan’s token and term once reason and name are given', () => {
    const [model, effects] = pressed(failover(), ...ARM, 'tab', 'enter');
    expect(runs(effects)).toEqual([
      {
        kind: 'run',
        dialogId: dialogOf(model).id,
        request: { kind: 'failover', to: 'n2', reason: 'kernel', plan_token: 'plan-1', expect_term: 9 },
      },
    ]);
  });

  it('refuses without a reason, with a wrong name, with a failed check', () => {
    const noReason = pressed(failover(), 'tab', ...'n2', 'tab', 'enter');
    expect(runs(noReason[1])).toEqual([]);
    expect(dialogOf(noReason[0]).note).toContain('reason');
    const wrong = pressed(failover(), ...'why', 'tab', ...'n3', 'tab', 'enter');
    expect(runs(wrong[1])).toEqual([]);
    expect(dialogOf(wrong[0]).note).toBe('type n2 to arm');
    const forbidden = pressed(failover(plan({ allowed: false })), ...ARM, 'tab', 'enter');
    expect(runs(forbidden[1])).toEqual([]);
  });

  it('does not hear keys for 400 ms after it appears', () => {
    const open = failover();
    const early = open.mono + 399;
    const names = ['tab', 'x', 'tab', 'n', '2', 'tab', 'enter'];
    const [model, effects] = send(
      open,
      ...names.map((name) => ({ type: 'key' as const, key: { name, burst: 1 }, mono: early })),
    );
    expect(effects).toEqual([]);
    expect(dialogOf(model)).toMatchObject({ field: 'reason', reason: '', typed: '' });
  });

  it('an Enter that came in a burst confirms nothing', () => {
    const armed = press(failover(), ...ARM, 'tab');
    const [, effects] = send(armed, {
      type: 'key',
      key: { name: 'enter', burst: 4 },
      mono: armed.mono + 1000,
    });
    expect(effects).toEqual([]);
  });

  it('a pasted name does not arm, a pasted reason is text', () => {
    const atName = press(failover(), ...'why', 'tab');
    const pastedName = send(atName, { type: 'paste', text: 'n2', mono: atName.mono + 1000 })[0];
    expect(dialogOf(pastedName)).toMatchObject({ typed: '', note: 'the name must be typed, not pasted' });
    const atReason = failover();
    const pasted = send(atReason, { type: 'paste', text: 'kernel\nupdate\r', mono: atReason.mono + 1000 })[0];
    expect(dialogOf(pasted).reason.trim()).toBe('kernel update');
  });

  it('a paste outside of a text field does nothing', () => {
    const [model, effects] = send(live(), { type: 'paste', text: 'FAILOVER NOW y\r', mono: 9000 });
    expect(effects).toEqual([]);
    expect(model.overlay).toBeNull();
  });

  it('plans anew when the term moved, and says what changed', () => {
    const armed = press(failover(), ...ARM);
    const moved = status({ raft: { ...status().raft, term: 10, leader_id: 'n3' } });
    const [planning, effects] = send(armed, { type: 'status', status: moved, now: START });
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
    const dialog = dialogOf(planning);
    expect(dialog).toMatchObject({ typed: '', reason: 'kernel', step: { kind: 'planning' } });
    const next = { dialogId: dialog.id, plan: plan({ term: 10, from: 'n3' }), mono: planning.mono };
    const again = send(planning, { type: 'planned', ...next })[0];
    expect(dialogOf(again).changes.join(' ')).toContain('term 9 → 10');
    expect(dialogOf(again).changes.join(' ')).toContain('leader n1 → n3');
  });

  it('plans anew when the server says that its plan is void', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const failure = { code: 'conflict', message: 'the term is 10, the plan was made in 9', hint: '' };
    const [after, effects] = send(sent, { type: 'refused', dialogId: dialogOf(sent).id, failure });
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
    expect(dialogOf(after).changes[0]).toContain('the term is 10');
  });

  it('shows all that changed, however long the refusal is and however narrow the dialog', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const failure = { code: 'conflict', message: 'the plan was made by another leader', hint: '' };
    const refused = send(sent, { type: 'refused', dialogId: dialogOf(sent).id, failure })[0];
    const again = {
      dialogId: dialogOf(refused).id,
      plan: plan({ term: 10, from: 'n3' }),
      mono: refused.mono,
    };
    const model = send(refused, { type: 'planned', ...again })[0];
    for (const width of [40, 70, 104]) {
      const room = { width, rows: 30 };
      const texts = actionDialogText(dialogOf(model), { model, symbols: UNICODE }, room).lines.map(textOf);
      const said = texts.slice(texts.findIndex((text) => text.startsWith('! refused')));
      for (const text of said) expect(text.length).toBeLessThanOrEqual(width);
      expect(said.join(' ')).toContain(`${failure.message} · term 9 → 10 · leader n1 → n3`);
    }
  });

  it('an expired plan is made again instead of run', () => {
    const armed = press(failover(), ...ARM, 'tab');
    const late = { ...armed, mono: armed.mono + 30_000 };
    const [model, effects] = pressed(late, 'enter');
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
    expect(dialogOf(model).changes[0]).toContain('expired');
  });

  it('a plan holds as long as the leader said, whatever this machine takes for the time', () => {
    const isRun = (shown: Plan, now: number, waitMs: number): boolean => {
      const armed = press(failover(shown), ...ARM, 'tab');
      const came = armed.mono + waitMs;
      return runs(send({ ...armed, now }, key('enter', came))[1]).length === 1;
    };
    const at = (ms: number) => new Date(START + ms).toISOString();
    const HOUR_MS = 3_600_000;
    for (const hours of [-5, -1, 0, 1, 5]) {
      const ofLeader = { create_time: at(hours * HOUR_MS), expires: at(hours * HOUR_MS + 60_000) };
      expect(isRun(plan(ofLeader), START, 1000), `leader ${hours} h ahead`).toBe(true);
      expect(isRun(plan(ofLeader), START, 61_000), `leader ${hours} h ahead`).toBe(false);
      const { create_time: _, ...older } = plan({ expires: at(hours * HOUR_MS) });
      expect(isRun(older, START, 1000), 'of a leader that says no time').toBe(true);
      expect(isRun(older, START, 31_000)).toBe(false);
    }
  });

  it('its command names who leads now and the term, and a longer one than two lines says that more follows', () => {
    const words = (reason: string): string => {
      const model = press(failover(), ...reason);
      const { lines } = actionDialogText(
        dialogOf(model),
        { model, symbols: UNICODE },
        { width: 70, rows: 20 },
      );
      const texts = lines.map(textOf);
      const at = texts.findIndex((text) => text.startsWith('Same as: '));
      for (const text of texts.slice(at, at + 2)) expect(text.length).toBeLessThanOrEqual(70);
      return texts
        .slice(at, at + 2)
        .join('')
        .replaceAll(/ +/g, ' ');
    };
    const bound = 'sqlcc cluster failover --to n2 --yes --expect-leader n1 --expect-term 9';
    expect(words('')).toContain(bound);
    expect(words('$(id)')).toContain(`${bound} --reason '$(id)'`);
    expect(words('$(id)')).not.toContain('…');
    expect(words('very long '.repeat(15))).toMatch(/… \+2 lines/);
    expect(words('x'.repeat(150)), 'one word').toMatch(/… \+\d lines/);
  });

  it('another target asks for another plan', () => {
    const candidates = plan().candidates.map((c) => ({ ...c, eligible: c.node_id !== 'n5' }));
    const [model, effects] = pressed(failover(plan({ candidates })), 'down');
    expect(effects).toEqual([
      { kind: 'plan', dialogId: dialogOf(model).id, request: { kind: 'failover', to: 'n6', dry_run: true } },
    ]);
  });

  it('a late plan of a closed or older dialog is dropped', () => {
    const asked = press(live(), 'F');
    const { id } = dialogOf(asked);
    const closed = press(asked, 'escape');
    expect(send(closed, { type: 'planned', dialogId: id, plan: plan(), mono: 0 })[0].overlay).toBeNull();
  });

  it('Esc hides what runs, F finds it again, and its end is told', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const [running, effects] = send(sent, {
      type: 'started',
      dialogId: dialogOf(sent).id,
      operation: operation(),
    });
    expect(effects).toEqual([{ kind: 'follow', id: 'op-7' }]);
    const [hidden, none] = pressed(running, 'escape');
    expect(none).toEqual([]);
    expect(hidden.overlay).toBeNull();
    expect(dialogOf(press(hidden, 'F')).step.kind).toBe('running');
    const ended = send(hidden, { type: 'operation', operation: endedOperation() })[0];
    expect(ended.toast?.text).toContain('op-7: done');
    expect(ended.running).toBeNull();
  });

  it('after a lost connection a running operation is followed again', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const running = send(sent, { type: 'started', dialogId: dialogOf(sent).id, operation: operation() })[0];
    const failure = { code: 'unavailable', message: 'gone', hint: '' };
    const [, effects] = send(
      running,
      { type: 'lost', failure, now: START },
      { type: 'status', status: status(), now: START },
    );
    expect(effects).toContainEqual({ kind: 'follow', id: 'op-7' });
  });

  it('a failover that is done offers the way back: F plans it, as any other, and confirms nothing', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const started = { type: 'started' as const, dialogId: dialogOf(sent).id };
    const done = send(sent, { ...started, operation: endedOperation() })[0];
    const [asked, effects] = pressed(done, 'F');
    expect(effects).toMatchObject([{ kind: 'plan', request: { kind: 'failover', to: 'n1', dry_run: true } }]);
    expect(dialogOf(asked)).toMatchObject({
      step: { kind: 'planning' },
      field: 'reason',
      reason: '',
      typed: '',
    });
    expect(pressed({ ...done, readOnly: true }, 'F')[1], 'through the one gate').toEqual([]);
    const failed = { ...endedOperation(), state: 'failed' as const };
    for (const operation of [
      failed,
      { ...endedOperation(), from: null },
      { ...endedOperation(), state: 'running' as const },
    ])
      expect(
        pressed(send(sent, { ...started, operation })[0], 'F')[1].filter((e) => e.kind === 'plan'),
      ).toEqual([]);
    const held = { type: 'key' as const, key: { name: 'F', burst: 2 }, mono: done.mono + 1000 };
    expect(send(done, held)[1]).toEqual([]);
  });

  it('an unknown outcome is called unknown, never failed', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const failure = { code: 'outcome_unknown', message: 'no answer', hint: 'read first' };
    const after = send(sent, { type: 'refused', dialogId: dialogOf(sent).id, failure })[0];
    expect(dialogOf(after).step).toMatchObject({ kind: 'failed', unknown: true });
  });

  it('a hidden one whose answer was lost stays on the screen as unknown, with the command, until Esc', () => {
    const sent = press(failover(), ...ARM, 'tab', 'enter');
    const failure = { code: 'deadline_exceeded', message: 'no answer within 5 s', hint: '' };
    const lost = { type: 'refused' as const, dialogId: dialogOf(sent).id, failure };
    const after = send(press(sent, 'escape'), lost)[0];
    expect(after.running).toBeNull();
    const late = send(after, { type: 'tick', now: START, mono: after.mono + 3_600_000 })[0];
    const words = /sqlcc op list: failover n2, outcome unknown/;
    for (const [columns, rows] of [
      [120, 36],
      [80, 24],
      [60, 15],
    ] as const)
      expect(screenText(late, columns, rows), `${columns}x${rows}`).toMatch(words);
    expect(screenText(press(late, 'escape'), 120, 36)).not.toMatch(words);
    const refused = { ...lost, failure: { ...failure, code: 'failed_precondition' } };
    expect(send(press(sent, 'escape'), refused)[0]).toMatchObject({ unsettled: [], running: null });
    const again = send(press(sent, 'escape', 'F'), lost)[0];
    expect(again.running, 'shown again: its dialog says it').toBeNull();
    expect(dialogOf(again).step).toMatchObject({ kind: 'failed', unknown: true });
  });

  it('a missing right closes the action that wanted it', () => {
    const asked = press(live(), 'F');
    const failure = { code: 'permission_denied', message: 'role viewer may not operate', hint: '' };
    const after = send(asked, { type: 'refused', dialogId: dialogOf(asked).id, failure })[0];
    expect(after.overlay).toBeNull();
    expect(pressed(after, 'F')[1]).toEqual([]);
    expect(dialogOf(press(after, 'M')).action).toBe('maintenance');
  });
});
