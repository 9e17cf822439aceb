import { describe, expect, it, onTestFinished } from 'vitest';
import { bindingsOf, type Context, doubledKeys, KEYMAP, takeKeymap } from '../../../tui/keymap.ts';
import { acceptBurst } from '../../../tui/model/burst.ts';
import type { ChangePlan } from '../../../tui/model/change-plan.ts';
import { choices } from '../../../tui/model/chooser.ts';
import { refusal } from '../../../tui/model/gate.ts';
import type { Effect, Message } from '../../../tui/model/messages.ts';
import type { Chooser, Model } from '../../../tui/model/model.ts';
import { VIEW_IDS, VIEWS, type ViewId } from '../../../tui/model/views.ts';
import { keyNames } from '../../../tui/use-keys.ts';
import { withUserKeys } from '../../../tui/user-keys.ts';
import { plan, START, status } from '../../tui/recording.ts';
import { EVERY_KEY, fresh, full, live, press, pressed, send } from './model-kit.ts';

const CONTEXTS: readonly Context[] = ['main', 'filter', 'overlay', 'chooser', 'dialog'];
/** Each view with all its answers. */
const EVERY_VIEW = VIEW_IDS.map((view) => full({ view }));

const CHANGE_PLAN: ChangePlan = {
  checks: [],
  ...{ effects: ['a: 1 → 2 (live)'], allowed: true, arm: null, base: 41 },
};

/** Presses a key; what it asks a plan for gets one, so that its dialog stands at the confirmation. */
function pressedWithPlans(model: Model, name: string): [Model, Effect[]] {
  const [after, effects] = pressed(model, name);
  const { mono } = after;
  const plans = effects.flatMap((e): Message[] => {
    if (e.kind === 'plan') return [{ type: 'planned', dialogId: e.dialogId, plan: plan(), mono }];
    return e.kind === 'preflight'
      ? [{ type: 'preflight', dialogId: e.dialogId, plan: CHANGE_PLAN, mono }]
      : [];
  });
  const [planned, more] = send(after, ...plans);
  return [planned, [...effects, ...more]];
}

function changesOf(effects: readonly Effect[]): Effect[] {
  return effects.filter((e) => e.kind === 'run' || e.kind === 'act');
}

/** The keys of this view that open a dialog, each with that dialog at its confirmation. */
function atReview(view: Model): (readonly [string, Model])[] {
  return EVERY_KEY.flatMap((key) => {
    const [model] = pressedWithPlans(view, key);
    const { overlay } = model;
    const isDialog = overlay?.kind === 'action' || overlay?.kind === 'change';
    return isDialog && overlay.step.kind === 'review' ? [[key, model] as const] : [];
  });
}

describe('KEYMAP', () => {
  it('KEYMAP has no key twice in any place of any view, and a help text for each', () => {
    for (const context of CONTEXTS) {
      for (const { id } of VIEWS) {
        const keys = bindingsOf(context, id).flatMap((b) => b.keys);
        expect(new Set(keys).size, `${context} ${id}`).toBe(keys.length);
      }
    }
    for (const binding of KEYMAP) expect(binding.help.length).toBeGreaterThan(1);
  });

  it('doubledKeys names what is bound twice, so that a start with it fails', () => {
    const again = { ...KEYMAP.find((b) => b.id === 'quit'), keys: ['F'] } as (typeof KEYMAP)[number];
    expect(doubledKeys([...KEYMAP, again])).toContain('main alerts F');
    expect(doubledKeys(KEYMAP)).toEqual([]);
  });

  it('KEYMAP lets only capital letters begin a change of the cluster', () => {
    const beginning = KEYMAP.filter((b) => b.level !== undefined);
    expect([...new Set(beginning.flatMap((b) => b.keys))].sort().join('')).toBe('ABCDEFKMOSUWX');
    for (const binding of beginning) expect(binding.disabled, binding.id).toBeDefined();
  });

  it('no key at all sends an operation, in any view, help, palette, list or filter', () => {
    for (const view of EVERY_VIEW) {
      for (const place of [view, press(view, '?'), press(view, ':'), press(view, 'v'), press(view, '/')])
        for (const key of EVERY_KEY) {
          const changes = changesOf(pressedWithPlans(place, key)[1]);
          const isAck = place === view && view.view === 'alerts' && key === 'A';
          expect(isAck ? [] : changes, `${view.view} ${key}`).toEqual([]);
        }
    }
  });

  it('no key after the plan has come sends anything either: it takes two at least, or a name', () => {
    const opened = new Set<string>();
    const config = press(full({ view: 'config' }), 'j');
    const [applied] = pressedWithPlans(press(config, 'C', ...'a=1'), 'enter');
    for (const view of [...EVERY_VIEW, config]) {
      for (const [opener, dialog] of [...atReview(view), ['C', applied] as const]) {
        opened.add(opener);
        for (const key of EVERY_KEY)
          expect(changesOf(pressedWithPlans(dialog, key)[1]), `${view.view} ${opener} ${key}`).toEqual([]);
      }
    }
    expect([...opened].sort().join(''), 'dialogs that were tried').toBe('BCDEFMOSWX');
    const armed = pressed(atReview(full()).find(([key]) => key === 'M')?.[1] ?? full(), 'y', 'enter');
    expect(changesOf(armed[1]), 'and these two do').toHaveLength(1);
  });

  it('in every view A alone acts at once, and only on an alert that can be acknowledged', () => {
    for (const view of EVERY_VIEW) {
      for (const key of EVERY_KEY) {
        const acts = pressed(view, key)[1].flatMap((e) => (e.kind === 'act' ? [e.request.act.kind] : []));
        expect(acts, `${view.view} ${key}`).toEqual(view.view === 'alerts' && key === 'A' ? ['ack'] : []);
      }
    }
  });

  it('a key that is held changes nothing but an acknowledgement, in any view', () => {
    for (const view of EVERY_VIEW) {
      for (const key of EVERY_KEY) {
        let model = view;
        const mutating: Effect[] = [];
        for (let times = 0; times < 12; times++) {
          const [next, effects] = pressedWithPlans(model, key);
          mutating.push(...changesOf(effects));
          model = next;
        }
        const isAck = view.view === 'alerts' && key === 'A';
        expect(isAck ? [] : mutating, `${view.view} ${key}`).toEqual([]);
      }
    }
  });

  it('no lower-case letter, digit, punctuation or named key even asks for a plan, in any view', () => {
    for (const view of EVERY_VIEW) {
      for (const key of EVERY_KEY.filter((k) => !/^[A-Z]$/.test(k))) {
        const asked = pressed(view, key)[1].filter((e) =>
          ['plan', 'run', 'preflight', 'act'].includes(e.kind),
        );
        expect(asked, `${view.view} ${key}`).toEqual([]);
      }
    }
  });
});

function actionsOf(view: ViewId) {
  return bindingsOf('main', view).filter((b) => b.level !== undefined);
}

/** What asks the leader to check a change: no action, but closed like one. */
function checksOf(view: ViewId) {
  return bindingsOf('main', view).filter((b) => b.level === undefined && b.disabled !== undefined);
}

/** The recording with another status. */
function told(newest: ReturnType<typeof status>): Model {
  return send(full(), { type: 'status', status: newest, now: full().now })[0];
}

/** In each of them nothing can be changed, and why in a few words. */
const CLOSED: readonly (readonly [string, Model, RegExp])[] = [
  ['read-only', full({ readOnly: true }), /read-only/],
  ['connecting', fresh(), /not connected yet/],
  ['frozen', press(full(), ' '), /frozen/],
  ['past', press(full(), '{'), /history is read-only: End/],
  ['denied', full({ denied: { all: 'not allowed: role viewer' } }), /not allowed/],
  [
    'a viewer',
    told(status({ caller: { id: 'eve', role: 'viewer', scopes: ['read-cluster'] } })),
    /needs the scope (operate|administer), and eve is viewer/,
  ],
  [
    'lost',
    send(full(), {
      type: 'lost',
      failure: { code: 'unavailable', message: 'gone', hint: '' },
      now: START,
    })[0],
    /not connected/,
  ],
  [
    'a viewer whose node is lost',
    send(told(status({ caller: { id: 'eve', role: 'viewer', scopes: ['read-cluster'] } })), {
      type: 'lost',
      failure: { code: 'unavailable', message: 'gone', hint: '' },
      now: START,
    })[0],
    /needs the scope (operate|administer)/,
  ],
  ['leaderless', told(status({ raft: { ...status().raft, leader_id: null } })), /no leader/],
  ['stale', send(full(), { type: 'tick', now: START + 10_000, mono: 1 })[0], /10s old/],
];

describe('refusal', () => {
  it('refusal closes every action in every state but a live one, and says why', () => {
    expect(refusal(live(), 'failover')).toBeNull();
    for (const [name, model, words] of CLOSED) {
      expect(refusal(model, 'failover'), name).toMatch(words);
      for (const { id: view } of VIEWS) {
        for (const binding of [...actionsOf(view), ...checksOf(view)]) {
          const [after, effects] = pressed({ ...model, view }, ...binding.keys);
          expect(effects, name).toEqual([]);
          expect(after.overlay, name).toBeNull();
          expect(after.toast?.text, name).toMatch(words);
        }
      }
    }
  });
});

describe('the answer of a key that is refused', () => {
  it('is gone with the next key, which may do nothing at all', () => {
    const refused = press(full(), 'U');
    expect(refused.toast?.text).toMatch(/^U unsilence: /);
    expect(press(refused, 'X').toast).toBeNull();
    expect(press(refused, 'j').toast).toBeNull();
    expect(press(refused, 'U').toast?.text).toMatch(/^U unsilence: /);
  });
});

describe('every path to a change', () => {
  /** Entries of a list that act, or that ask the nodes to check something. */
  const actsOf = (model: Model, purpose: Chooser['purpose']): (readonly [string, Model])[] => {
    const list: Chooser = { kind: 'chooser', purpose, text: '', at: 0 };
    return choices(model, list).flatMap(({ words, choice, acts }, at) =>
      acts || (choice.kind === 'binding' && choice.binding.disabled !== undefined)
        ? [[words, { ...model, overlay: { ...list, at } }] as const]
        : [],
    );
  };
  it.each(['palette', 'actions'] as const)(
    'the gate closes each entry of the %s, in every view',
    (purpose) => {
      for (const [name, model, why] of CLOSED) {
        for (const view of VIEW_IDS) {
          const entries = actsOf({ ...model, view }, purpose);
          expect(entries.length, `${view} ${name}`).toBeGreaterThan(2);
          for (const [words, at] of entries) {
            const [after, effects] = pressed(at, 'enter');
            expect([effects, after.overlay], `${view} ${name} ${words}`).toEqual([[], null]);
            expect(after.toast?.level, `${view} ${name} ${words}`).toBe('warning');
            expect(after.toast?.text, `${view} ${name} ${words}`).toMatch(why);
          }
        }
      }
    },
  );

  it.each(['palette', 'actions'] as const)('an entry of the %s runs nothing by itself', (purpose) => {
    for (const view of VIEW_IDS) {
      for (const [words, at] of actsOf(full({ view }), purpose)) {
        const changes = changesOf(pressedWithPlans(at, 'enter')[1]);
        const isAck = words.startsWith('acknowledge');
        expect(isAck ? [] : changes, `${view} ${words}`).toEqual([]);
      }
    }
  });
});

describe('rights', () => {
  const caller = { id: 'bob', role: 'operator', scopes: ['read-cluster', 'operate'] };
  const operator = (view: ViewId): Model =>
    send(full({ view }), { type: 'status', status: status({ caller }), now: full().now })[0];
  const ADMINISTERS = ['apply-config', 'keep-config', 'remove-node', 'replace-node', 'roll-back'];

  it('an operator finds closed what an administrator may, each key of it, and nothing else', () => {
    const closed = VIEWS.flatMap(({ id: view }) =>
      [...actionsOf(view), ...checksOf(view)].filter((b) => {
        const [after, effects] = pressed(operator(view), ...b.keys);
        const isClosed = after.toast?.text.includes('needs the scope administer') === true;
        if (isClosed) expect([effects, after.overlay], b.id).toEqual([[], null]);
        return isClosed;
      }),
    );
    const ids = [...new Set(closed.map((b) => b.id))].sort();
    expect(ids).toEqual([...ADMINISTERS, 'undo-config', 'validate'].sort());
    for (const key of ['F', 'D', 'M']) expect(press(operator('topology'), key).overlay, key).not.toBeNull();
    const listed = press(operator('config'), ':', ...'rollback 40', 'enter');
    expect([listed.overlay, listed.toast?.text]).toMatchObject([null, /rollback: needs the scope adm/]);
  });

  it('a refusal of one thing closes that thing and leaves the others open, until one is somebody else', () => {
    const model = press(full({ view: 'config' }), 'x', ...'a=1', 'enter');
    const dialogId = model.overlay?.kind === 'change' ? model.overlay.id : -1;
    const failure = { code: 'permission_denied', message: 'bob is operator: needs administer', hint: '' };
    const refused = send(model, { type: 'change-refused', dialogId, failure })[0];
    expect(refused.overlay).toBeNull();
    for (const key of ['x', 'C']) {
      const [after, effects] = pressed(refused, key);
      expect([after.toast?.text, after.overlay, effects]).toMatchObject([/bob is operator/, null, []]);
    }
    for (const key of ['F', 'M', 'D']) expect(press(refused, '1', key).overlay?.kind, key).toBe('action');
    const other = send(refused, { type: 'status', status: status({ caller }), now: full().now })[0];
    expect(other.denied).toEqual({});
  });

  it('a refusal that comes late closes no dialog of something else, and frees what ran hidden', () => {
    const failure = { code: 'permission_denied', message: 'no', hint: '' };
    const act = { kind: 'ack', id: 'a1', incident: undefined, label: 'x' } as const;
    const open = press(full({ view: 'alerts' }), 'A', 'S');
    const late = send(open, { type: 'change-refused', dialogId: 0, act, failure })[0];
    expect(late.overlay?.kind).toBe('change');
    expect(late.denied).toEqual({ ack: 'not allowed: no' });
    const unknown = { ...failure, code: 'unauthenticated' };
    const nobody = send(open, { type: 'change-refused', dialogId: 0, act, failure: unknown })[0];
    expect(press({ ...nobody, overlay: null }, 'F').toast?.text).toContain('not allowed');
  });
});

describe('keyNames', () => {
  const plain = {
    upArrow: false,
    downArrow: false,
    leftArrow: false,
    rightArrow: false,
    pageDown: false,
    pageUp: false,
    home: false,
    end: false,
    return: false,
    escape: false,
    ctrl: false,
    shift: false,
    tab: false,
    backspace: false,
    delete: false,
    meta: false,
    super: false,
    hyper: false,
    capsLock: false,
    numLock: false,
  };

  it('keyNames splits a burst into its keys', () => {
    expect(keyNames('jjj', plain)).toEqual(['j', 'j', 'j']);
    expect(keyNames('Fn2\r', plain)).toEqual(['F', 'n', '2', 'enter']);
    expect(keyNames('e\u0301x', plain)).toEqual(['e\u0301', 'x']);
  });

  it('keyNames names what has no letter', () => {
    expect(keyNames('', { ...plain, upArrow: true })).toEqual(['up']);
    expect(keyNames('', { ...plain, tab: true, shift: true })).toEqual(['shift+tab']);
    expect(keyNames('c', { ...plain, ctrl: true })).toEqual(['ctrl+c']);
    expect(keyNames('v', { ...plain, super: true })).toEqual(['meta+v']);
  });

  it('Esc and a key in one read, as a slow line brings them, are both', () => {
    const alt = { ...plain, meta: true };
    expect(keyNames('5', alt)).toEqual(['escape', '5']);
    expect(keyNames('', { ...alt, return: true })).toEqual(['escape', 'enter']);
    expect(keyNames('', { ...alt, escape: true })).toEqual(['escape', 'escape']);
    expect(keyNames('', { ...alt, tab: true })).toEqual(['escape', 'tab']);
    // terminals say Alt with an arrow in another way
    expect(keyNames('', { ...alt, upArrow: true })).toEqual(['up']);
    onTestFinished(() => takeKeymap(KEYMAP));
    takeKeymap(withUserKeys(KEYMAP, { help: ['?', 'meta+h'] }, 'keys.yaml'));
    expect(keyNames('h', alt), 'somebody bound it').toEqual(['meta+h']);
    expect(keyNames('5', alt)).toEqual(['escape', '5']);
  });

  it('an Esc that came together with another key closes, and the other changes nothing', () => {
    const together = (model: Model, names: readonly string[]) =>
      send(model, ...names.map((name) => ({ type: 'key' as const, key: { name, burst: 2 }, mono: 9000 })));
    const alt = { ...plain, meta: true };
    const explained = press(full(), 'e');
    expect(explained.overlay?.kind).toBe('explain');
    const [fifth] = together(explained, keyNames('5', alt));
    expect([fifth.overlay, fifth.view]).toEqual([null, 'events']);
    for (const view of VIEWS)
      for (const letter of 'FDMASUCBKXEOW') {
        const [model, effects] = together({ ...explained, view: view.id }, keyNames(letter, alt));
        expect([model.overlay, effects], `${view.id} ${letter}`).toEqual([null, []]);
      }
    // with Enter it was taken for Enter alone, which confirms
    const armed = pressedWithPlans(press(full(), 'j', 'j'), 'M')[0];
    const ready = press(armed, 'y');
    expect(pressed(ready, 'enter')[1].map((e) => e.kind)).toContain('run');
    const [closed, effects] = together(ready, keyNames('', { ...alt, return: true }));
    expect(closed.overlay?.kind).not.toBe('action');
    expect(effects.map((e) => e.kind)).not.toContain('run');
  });

  it('acceptBurst lets a held key through and drops a disguised paste', () => {
    expect(acceptBurst(['j', 'j', 'j', 'j', 'j'])).toBe(true);
    expect(acceptBurst(['j', 'k'])).toBe(true);
    expect(acceptBurst([...'Failover'])).toBe(false);
  });
});
