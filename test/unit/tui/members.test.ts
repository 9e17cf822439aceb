/** Draining, removing and replacing a node: the same gate and the same confirmation as a failover. */
import { describe, expect, it } from 'vitest';
import type { OperationRequest } from '../../../tui/feed/wire.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { node, plan, sixNodes, status } from '../../tui/recording.ts';
import { full, live, press, pressed, send } from './model-kit.ts';

function textAt(model: Model): string {
  const screen = screenOf({ model, symbols: UNICODE }, 100, 30);
  return (screen.overlay?.rows ?? []).map((r) => textOf(r.line)).join('\n');
}

/** Opens the dialog with `key` on a node, and gives it a plan; answers the request too. */
function planned(key: string, on: string, from: Model = full()): [Model, OperationRequest] {
  const [open, effects] = pressed({ ...from, selected: on }, key);
  const asked = effects[0];
  if (asked?.kind !== 'plan') throw new Error(`${key} asked for no plan: ${open.toast?.text}`);
  const answer = plan({ kind: asked.request.kind, from: on, to: null, command: `sqlcc node x ${on}` });
  const told = { type: 'planned' as const, dialogId: asked.dialogId, plan: answer, mono: open.mono };
  return [send(open, told)[0], asked.request];
}

function runs(model: Model, ...keys: string[]): OperationRequest[] {
  return pressed(model, ...keys)[1].flatMap((e) => (e.kind === 'run' ? [e.request] : []));
}

describe('drain', () => {
  it('asks y and Enter, says how long, and ends what was begun', () => {
    const [model, request] = planned('E', 'n3');
    expect(request).toMatchObject({ kind: 'drain', node_id: 'n3', enable: true, dry_run: true });
    expect(textAt(model)).toContain('DRAIN ON · n3');
    expect(textAt(model)).toContain('Clients are sent elsewhere, vote and copy stay');
    expect(runs(model, 'enter')).toEqual([]);
    expect(runs(model, 'y', 'enter')).toMatchObject([{ kind: 'drain', node_id: 'n3', enable: true }]);
    const drain = { owner: 'anna', reason: 'x', since: '', expires: '2026-03-04T13:04:31.000Z' };
    const drained = live(status({ nodes: [node('n1', { role: 'leader' }), node('n2', { drain })] }));
    const [off, ending] = planned('E', 'n2', drained);
    expect(ending).toMatchObject({ enable: false });
    expect(textAt(off)).toContain('DRAIN OFF');
  });
});

describe('the same for scripts', () => {
  it.each(['M', 'E', 'O', 'W'])('is refused behind another election: %s', (key) => {
    const [model] = planned(key, 'n5');
    expect(textAt(model).replaceAll(/\s*│\n│?\s*/g, ' ')).toContain('sqlcc node x n5 --expect-term 9');
    expect(textAt(model)).not.toContain('--expect-leader');
  });
});

describe('remove', () => {
  it('is armed by the name of the node and a reason, and by nothing else', () => {
    const [model, request] = planned('O', 'n5');
    expect(request).toEqual({ kind: 'remove-node', node_id: 'n5', dry_run: true });
    expect(textAt(model)).toContain('leaves for good');
    expect(textAt(model)).toContain('Type n5 to arm');
    expect(runs(model, 'y', 'enter')).toEqual([]);
    expect(runs(model, ...'gone', 'tab', ...'n4', 'tab', 'enter')).toEqual([]);
    expect(runs(model, 'tab', ...'n5', 'tab', 'enter'), 'without a reason').toEqual([]);
    const sent = runs(model, ...'gone', 'tab', ...'n5', 'tab', 'enter');
    expect(sent).toMatchObject([{ kind: 'remove-node', node_id: 'n5', reason: 'gone' }]);
  });

  it('is the administrator’s: an operator is told so and asks for no plan', () => {
    const caller = { id: 'bob', role: 'operator', scopes: ['operate'] };
    for (const key of ['O', 'W']) {
      const [model, effects] = pressed(live(status({ caller })), key);
      expect(effects).toEqual([]);
      expect(model.toast?.text).toContain('needs the scope administer, and bob is operator');
    }
    expect(pressed(live(status({ caller })), 'E')[1]).toHaveLength(1);
  });
});

describe('replace', () => {
  it('takes a node that follows without a vote, another one by the arrows, and the voter’s name', () => {
    const nodes = [...sixNodes(), node('n7', { voter: false, role: 'learner' })];
    const [model, request] = planned('W', 'n5', live(status({ nodes })));
    expect(request).toMatchObject({ kind: 'replace-node', node_id: 'n5', to: 'n4' });
    expect(textAt(model)).toContain('REPLACE · n5 → n4');
    const [, effects] = pressed(model, 'down');
    expect(effects).toMatchObject([{ kind: 'plan', request: { to: 'n7', node_id: 'n5' } }]);
    const sent = runs(model, ...'dead disk', 'tab', ...'n5', 'tab', 'enter');
    expect(sent).toMatchObject([{ kind: 'replace-node', node_id: 'n5', to: 'n4', reason: 'dead disk' }]);
  });

  it('is closed where nobody could take the place, or the node has no vote', () => {
    const voters = sixNodes().filter((n) => n.voter);
    expect(press(live(status({ nodes: voters })), 'W').toast?.text).toContain('join one with --observer');
    expect(press({ ...full(), selected: 'n4' }, 'W').toast?.text).toContain('n4 has no vote');
  });
});
