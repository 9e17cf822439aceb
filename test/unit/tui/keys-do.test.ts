/** Each key that help lists does something in its view, no other key does, and a held one changes no cluster. */
import { describe, expect, it } from 'vitest';
import { bindingsOf } from '../../../tui/keymap.ts';
import type { Effect, Message } from '../../../tui/model/messages.ts';
import type { Model } from '../../../tui/model/model.ts';
import { update } from '../../../tui/model/update.ts';
import { VIEW_IDS, type ViewId } from '../../../tui/model/views.ts';
import { plan } from '../../tui/recording.ts';
import { PLAN } from './change-kit.ts';
import { EVERY_KEY, full, press } from './model-kit.ts';

/** Whether a person notices: all but the clocks, the row that is held, and what was told of the cluster. */
function isSame(one: Model, other: Model): boolean {
  const {
    mono: _m,
    now: _n,
    underBar: _u,
    picture: _p,
    record: _r,
    trace: _t,
    toast,
    past,
    frozen,
    ...rest
  } = one;
  const told = toast?.text === other.toast?.text && past?.at === other.past?.at;
  const names = Object.keys(rest) as (keyof typeof rest)[];
  return (
    told &&
    frozen === other.frozen &&
    names.every(
      (name) => rest[name] === other[name] || JSON.stringify(rest[name]) === JSON.stringify(other[name]),
    )
  );
}

/** The same view as it was opened, further down, behind a filter, in the past, and moved sideways. */
function places(view: ViewId): Model[] {
  const opened = full({
    view,
    lastView: view === 'raft' ? 'topology' : 'raft',
    selected: 'n2',
    mostShift: 4,
  });
  const moved = { ...opened, shift: 1, spanMs: 60_000, filter: { text: 'n', editing: false } };
  const down = press(opened, 'j', 'j');
  const past = press({ ...opened, spanMs: 600_000 }, '[', '{', '(');
  const side = { ...opened, side: { focused: true, scroll: 3 } };
  return [opened, moved, down, past, side, { ...moved, cursor: {} }];
}

function does(model: Model, name: string): boolean {
  const message: Message = { type: 'key', key: { name, burst: 1 }, mono: model.mono + 1000 };
  // the same moment without the key: what the clock alone changes is no work of the key
  const [still] = update(model, { ...message, key: { name: 'f12', burst: 1 } });
  const [after, effects] = update(model, message);
  return effects.length > 0 || !isSame(after, still);
}

describe.each(VIEW_IDS)('in %s', (view) => {
  it('each listed key does something, or says why not', () => {
    const models = places(view);
    const idle = bindingsOf('main', view).flatMap(({ id, keys }) =>
      keys.filter((key) => !models.some((model) => does(model, key))).map((key) => `${id} ${key}`),
    );
    // the key of the view that one is in
    expect(idle.filter((words) => !words.startsWith(`view:${view} `))).toEqual([]);
  });

  it('no key that is not listed does anything', () => {
    const listed = new Set(bindingsOf('main', view).flatMap((b) => b.keys));
    const unlisted = EVERY_KEY.filter((key) => !listed.has(key));
    expect(unlisted.length).toBeGreaterThan(20);
    const doing = unlisted.filter((key) => places(view).some((model) => does(model, key)));
    expect(doing).toEqual([]);
  });
});

const REPEAT_MS = 33;
const HELD_MS = 3000;

/** The key held for 3 s as a keyboard repeats it, each plan there 100 ms after it was asked for. */
function held(from: Model, name: string): Effect[] {
  let model = from;
  const changes: Effect[] = [];
  const due: Message[] = [];
  for (let at = 0; at <= HELD_MS; at += REPEAT_MS) {
    const mono = from.mono + at;
    for (const message of due.splice(0, at % 99 === 0 ? due.length : 0)) model = update(model, message)[0];
    const [next, effects] = update(model, { type: 'key', key: { name, burst: 1 }, mono });
    model = next;
    changes.push(...effects.filter((e) => e.kind === 'run' || e.kind === 'act'));
    for (const e of effects) {
      if (e.kind === 'plan') due.push({ type: 'planned', dialogId: e.dialogId, plan: plan(), mono });
      if (e.kind === 'preflight') due.push({ type: 'preflight', dialogId: e.dialogId, plan: PLAN, mono });
    }
  }
  return changes;
}

it('a key held for 3 s changes nothing but an acknowledgement, alone or behind a key that opens a dialog', () => {
  const named = ['enter', 'tab', 'escape', 'up', 'down', 'left', 'right', 'pagedown', 'y', ' ', 'ctrl+e'];
  for (const view of VIEW_IDS) {
    const openers = bindingsOf('main', view).flatMap((b) => (b.level === undefined ? [] : b.keys));
    const model = press(full({ view }), 'j', 'k');
    for (const key of [...named, ...openers]) {
      const kinds = held(model, key).map((e) => (e.kind === 'act' ? e.request.act.kind : e.kind));
      const isAck = view === 'alerts' && key === 'A';
      expect([...new Set(kinds)], `${view} ${key}`).toEqual(isAck ? ['ack'] : []);
    }
    for (const opener of openers.filter((key) => key !== 'A')) {
      const [open] = update(model, { type: 'key', key: { name: opener, burst: 1 }, mono: model.mono + 1000 });
      for (const key of ['enter', 'y', 'tab'])
        expect(held(open, key), `${view} ${opener} then ${key}`).toEqual([]);
    }
  }
});

/** A line as a hand types it, a key every 300 ms, each plan there before the next key; what is asked of the cluster. */
function orderedIn(view: ViewId, order: string): { readonly changes: Effect[]; readonly plans: number } {
  let model = full({ view, selected: 'n2' });
  const changes: Effect[] = [];
  let plans = 0;
  for (const letter of order) {
    const mono = model.mono + 300;
    const name = letter === '\r' ? 'enter' : letter;
    const [next, effects] = update(model, { type: 'key', key: { name, burst: 1 }, mono });
    model = next;
    changes.push(...effects.filter((e) => e.kind === 'run' || e.kind === 'act'));
    for (const e of effects) {
      if (e.kind === 'plan') {
        plans++;
        model = update(model, { type: 'planned', dialogId: e.dialogId, plan: plan(), mono })[0];
      }
      if (e.kind === 'preflight')
        model = update(model, { type: 'preflight', dialogId: e.dialogId, plan: PLAN, mono })[0];
    }
  }
  return { changes, plans };
}

it.each(VIEW_IDS)('an order typed letter by letter in %s plans at most, and changes nothing', (view) => {
  const { changes, plans } = orderedIn(view, 'FAILOVER NOW y\r');
  const kinds = changes.map((e) => (e.kind === 'act' ? e.request.act.kind : e.kind));
  expect(kinds.filter((kind) => view !== 'alerts' || kind !== 'ack')).toEqual([]);
  // keys that reach nothing would prove nothing; Fleet has no node to act on
  if (view !== 'fleet') expect(plans).toBeGreaterThan(0);
});
