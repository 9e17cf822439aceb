import { describe, expect, it } from 'vitest';
import { choices } from '../../../tui/model/chooser.ts';
import type { ActionDialog, Chooser, Model } from '../../../tui/model/model.ts';
import { status } from '../../tui/recording.ts';
import { full, press, pressed, send } from './model-kit.ts';

const entriesOf = (model: Model, text: string) => {
  const chooser: Chooser = { kind: 'chooser', purpose: 'palette', text, at: 0 };
  return choices(model, chooser);
};
const typed = (line: string, model = full()) => pressed(model, ':', ...line, 'enter');
const requestOf = (line: string, model?: Model) =>
  typed(line, model)[1].flatMap((e) => (e.kind === 'plan' ? [e.request] : []));
const actionOf = ({ overlay }: Model): ActionDialog | null => (overlay?.kind === 'action' ? overlay : null);

describe('the palette has the words of the command line', () => {
  it.each([
    ['drain n3', { kind: 'drain', node_id: 'n3', enable: true }],
    ['maintenance n3', { kind: 'maintenance', node_id: 'n3', enable: true }],
    ['remove n3', { kind: 'remove-node', node_id: 'n3' }],
    ['replace n3', { kind: 'replace-node', node_id: 'n3' }],
    ['failover n3', { kind: 'failover', to: 'n3' }],
    ['switchover n3', { kind: 'switchover', to: 'n3' }],
  ])('%s opens its plan and nothing more', (line, request) => {
    expect(entriesOf(full(), line)[0]).toMatchObject({ words: line, acts: true });
    expect(requestOf(line)).toMatchObject([{ ...request, dry_run: true }]);
    expect(typed(line)[1].map((e) => e.kind)).toEqual(['plan']);
  });

  it('begins with places and what can be done there: what moves the bar comes last', () => {
    const words = entriesOf(full(), '').map((e) => e.words);
    expect(words[0]).toBe('go topology');
    const moving = words.indexOf('row up');
    expect(moving).toBeGreaterThan(words.indexOf('set refresh 10s'));
    expect(words.slice(moving)).toContain('first row');
    expect(entriesOf(full(), 'first row')[0]).toMatchObject({ words: 'first row' });
  });

  it('undo is U, and no word is found in the scattered letters of another', () => {
    const words = (text: string) => entriesOf(full(), text).map((e) => e.words);
    expect(words('undo')).toEqual([
      'undo the last change while its toast shows, else end the silence or the acknowledgement',
    ]);
    expect(words('theme')).toEqual([]);
    expect(words('fn2')[0]).toBe('failover n2');
  });

  it('a node that is drained is undrained, and has no drain', () => {
    const rest = { owner: 'anna', reason: '', since: '', expires: '2026-03-04T13:00:00.000Z' };
    const nodes = status().nodes.map((n) => (n.node_id === 'n3' ? { ...n, drain: rest } : n));
    const model = send(full(), { type: 'status', status: status({ nodes }), now: full().now })[0];
    expect(entriesOf(model, 'drain n3').map((e) => e.words)).toEqual(['undrain n3']);
    expect(requestOf('undrain n3', model)).toMatchObject([{ kind: 'drain', node_id: 'n3', enable: false }]);
  });

  it('what a node can not do is closed, with the reason, by name as by key', () => {
    for (const [line, why] of [
      ['replace n4', 'n4 has no vote: only a voter is replaced'],
      ['switchover n1', 'n1 leads already'],
      ['failover n4', 'n4 has no vote: only a voter can lead'],
      ['failover n5', 'n5 is dead'],
      ['switchover n6', 'n6 is in maintenance'],
    ] as const) {
      expect(entriesOf(full(), line)[0]?.note, line).toBe(`closed: ${why}`);
      const [model, effects] = typed(line);
      expect([effects, model.overlay], line).toEqual([[], null]);
      expect(model.toast?.text, line).toContain(why);
    }
  });

  it('the best candidate stands first, and those that can not lead last', () => {
    const seen = (text: string, model = full()) => entriesOf(model, text).map((e) => `${e.words}: ${e.note}`);
    expect(seen('failover n')).toEqual([
      ...['failover n2: best candidate', 'failover n3: plan', 'failover n1: closed: n1 leads already'],
      'failover n4: closed: n4 has no vote: only a voter can lead',
      ...['failover n5: closed: n5 is dead', 'failover n6: closed: n6 is in maintenance'],
    ]);
    const nodes = status().nodes.map((n) => {
      return { ...n, health: 'HEALTHY' as const, ...(n.node_id === 'n2' && { lag_entries: 9000 }) };
    });
    const behind = send(full(), { type: 'status', status: status({ nodes }), now: full().now })[0];
    expect(seen('switchover n', behind).slice(0, 2)).toEqual([
      ...['switchover n3: best candidate', 'switchover n2: plan'],
    ]);
  });

  it('F takes the node under the bar, and the planner chooses where the palette says that it can not lead', () => {
    const asked = (patch: object) => {
      const nodes = status().nodes.map((n) => (n.node_id === 'n3' ? { ...n, ...patch } : n));
      const model = send(full(), { type: 'status', status: status({ nodes }), now: full().now })[0];
      return pressed({ ...model, selected: 'n3' }, 'F')[1].flatMap((e) =>
        e.kind === 'plan' ? [e.request.to] : [],
      );
    };
    expect(asked({})).toEqual(['n3']);
    const rest = { owner: 'anna', reason: '', since: '', expires: '2026-03-04T13:00:00.000Z' };
    for (const patch of [
      { drain: rest },
      { maintenance: rest },
      { liveness: 'suspect' },
      { health: 'UNHEALTHY' },
    ])
      expect(asked(patch), JSON.stringify(patch)).toEqual([undefined]);
  });

  it('log and explain look, and change nothing', () => {
    const [log] = typed('log n3');
    expect([log.view, log.selected, log.overlay]).toEqual(['log', 'n3', null]);
    const rule = full().picture.alerts.at(-1)?.rule ?? '';
    const [told, effects] = typed(`explain ${rule}`);
    expect(effects.filter((e) => e.kind === 'act' || e.kind === 'plan')).toEqual([]);
    expect([told.view, told.overlay?.kind]).toEqual(['alerts', 'explain']);
    expect(told.cursor.alerts).toBe(full().picture.alerts.find((a) => a.rule === rule)?.id);
  });
});

describe('a switchover', () => {
  it('is armed by a reason and the name of the target, and runs as one', () => {
    const [opened] = typed('switchover n3');
    const dialogId = actionOf(opened)?.id ?? 0;
    const plan = {
      ...{ kind: 'switchover', from: 'n1', to: 'n3', term: 9, allowed: true, checks: [], candidates: [] },
      ...{ token: 't', command: 'sqlcc cluster switchover --to n3 --yes', expected_gap_ms: 40 },
      ...{ create_time: '2026-03-04T12:00:00.000Z', expires: '2026-03-04T12:30:00.000Z' },
    } as never;
    const ready = send(opened, { type: 'planned', dialogId, plan, mono: opened.mono })[0];
    const [unarmed, none] = pressed(ready, 'tab', ...'n3', 'tab', 'enter');
    expect(none).toEqual([]);
    expect(actionOf(unarmed)?.note).toContain('a reason is required');
    const [, sent] = pressed(ready, ...'why', 'tab', ...'n3', 'tab', 'enter');
    expect(sent).toMatchObject([{ kind: 'run', request: { kind: 'switchover', to: 'n3', reason: 'why' } }]);
  });

  it('that runs hidden is shown again by the key of the failover', () => {
    const [opened] = typed('switchover n3');
    const dialog = actionOf(opened);
    if (dialog === null) throw new Error('no dialog');
    const plan = { token: 't' } as never;
    const running: Model = { ...opened, overlay: { ...dialog, step: { kind: 'starting', plan } } };
    const hidden = press(running, 'escape');
    expect(hidden.toast?.text).toBe('the switchover goes on; F shows it again');
    expect(actionOf(press(hidden, 'F'))?.action).toBe('switchover');
  });
});
