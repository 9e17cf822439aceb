/** What somebody who has never seen the screen is told on the way: found by trying it with its hints alone. */
import { describe, expect, it } from 'vitest';
import { SqlccError } from '../../../src/base/index.ts';
import { KEYMAP } from '../../../tui/keymap.ts';
import { helpText } from '../../../tui/lines/overlays.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { failureOf } from '../../../tui/patience.ts';
import { ASCII, UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { endedOperation, plan, sixNodes, status } from '../../tui/recording.ts';
import { full, live, press, pressed, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

function lastLine(model: Model, columns: number): string {
  return (
    screenText({ ...model, toast: null }, columns, columns > 100 ? 36 : 24)
      .split('\n')
      .at(-1) ?? ''
  );
}

/** The failover dialog with its plan. */
function failover(): Model {
  const asked = press(live(), 'F');
  const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
  return send(asked, { type: 'planned', dialogId, plan: plan(), mono: asked.mono })[0];
}

/** The dialog of maintenance of n3 with its plan. */
function maintenance(): Model {
  const asked = press(live(), 'j', 'j', 'M');
  const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
  const made = plan({ kind: 'maintenance', to: null, candidates: [] });
  return send(asked, { type: 'planned', dialogId, plan: made, mono: asked.mono })[0];
}

function overlayText(model: Model): string {
  const screen = screenOf({ model, symbols: UNICODE }, 120, 36);
  return [...(screen.overlay?.rows ?? []), screen.foot].map((r) => textOf(r.line)).join('\n');
}

describe('a plan', () => {
  it('counts no seconds down; out of date it says so, and holds from when it came, not from the last beat', () => {
    const asked = press(live(), 'F');
    const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
    const [planned] = send(asked, { type: 'planned', dialogId, plan: plan(), mono: asked.mono + 900 });
    expect(overlayText(planned)).toContain('Checks by the leader: ');
    const at = (ms: number) => overlayText({ ...planned, mono: asked.mono + 900 + ms });
    expect(at(29_999)).toContain('Checks by the leader: ');
    expect(at(30_000)).toContain('out of date: it does not answer');
  });
});

describe('the last line', () => {
  it('has the filter, the palette and the way out beside help at any width, in words from 80 on', () => {
    for (const view of VIEW_IDS) {
      const filters = view !== 'raft' && view !== 'node';
      for (const columns of [80, 100, 120, 200])
        expect(lastLine(full({ view }), columns), `${view} ${columns}`).toMatch(
          filters ? / {2}\/ filter {2}: go {2}q quit {2}\? help $/ : / {2}: go {2}q quit {2}\? help $/,
        );
      expect(lastLine(full({ view }), 60)).toMatch(
        filters ? /\/ {2}: {2}q {2}\? help $/ : / : {2}q {2}\? help $/,
      );
      expect(lastLine(full({ view }), 60), 'and something to do').toMatch(/^ [A-Za-z]+ [a-z ]+ {2}/);
    }
  });

  it('has no key of a row where there is none, nor of the past before anything was heard', () => {
    const calm = full({ view: 'alerts' });
    const none = { ...calm, picture: { ...calm.picture, alerts: [] } };
    expect(lastLine(calm, 120)).toMatch(/↑↓ select.*Enter open.*T that second/);
    expect(lastLine(none, 120)).not.toMatch(/select|Enter|T that second/);
    const idle = { ...full({ view: 'operations' }) };
    const empty = { ...idle, picture: { ...idle.picture, answers: {} } };
    expect(lastLine(idle, 120)).toMatch(/↑↓ select.*Enter open/);
    expect(lastLine(empty, 120)).not.toMatch(/select|Enter/);
    const unheard = { ...live(), picture: { ...live().picture, status: null } };
    expect(lastLine(unheard, 120)).not.toMatch(/select|Enter|past/);
  });

  it('keeps the keys while the screen greets: what is said first stands above them', () => {
    const text = 'this cluster ends with the screen';
    const greeted = send(full(), { type: 'told', text, level: 'info', greets: true })[0];
    for (const [columns, rows] of [
      [120, 36],
      [80, 24],
      [60, 15],
      [44, 12],
    ] as const) {
      const lines = screenText(greeted, columns, rows).split('\n');
      expect(lines.at(-1)).toMatch(/\bq\b.*\?.?help/);
      const { overlay } = screenOf({ model: greeted, symbols: UNICODE }, columns, rows);
      expect(overlay?.rows.map((r) => textOf(r.line).trim())).toEqual([text]);
      expect(overlay?.top).toBe(rows - 2);
    }
  });

  it('names what explains a state, all that can be done, and the way out of a node', () => {
    for (const columns of [80, 120]) {
      expect(lastLine(full(), columns)).toMatch(/F failover .*e explain .*a actions/);
      expect(lastLine(full({ view: 'alerts' }), columns)).toMatch(/A ack .*e explain/);
      expect(lastLine(full({ view: 'node' }), columns)).toMatch(/Esc back .*e explain .*a actions/);
    }
    expect(lastLine(full({ view: 'node' }), 120)).toContain('↑↓ scroll  Esc back');
  });

  it('offers what works here and nothing else, and the way back first', () => {
    const failure = { code: 'unavailable', message: 'refused', hint: '' };
    const caller = { id: 'eve', role: 'viewer' as const, scopes: ['read-cluster' as const] };
    const models: readonly (readonly [string, Model, RegExp])[] = [
      ['lost', send(full(), { type: 'lost', failure, now: full().now })[0], /R other node/],
      ['history', press(full(), '{'), /End live/],
      ['frozen', press(full(), ' '), /Space live/],
      ['read-only', full({ readOnly: true }), /e explain/],
      [
        'viewer',
        send(full(), { type: 'status', status: status({ caller }), now: full().now })[0],
        /e explain/,
      ],
    ];
    for (const [name, base, first] of models) {
      expect(lastLine(base, 80), name).toMatch(first);
      for (const view of VIEW_IDS)
        for (const columns of [44, 60, 80, 120]) {
          const keys = screenText({ ...base, view, toast: null }, columns, columns < 60 ? 12 : 36).split(
            '\n',
          );
          expect(keys.at(-1), `${name} ${view} ${columns}`).not.toMatch(/(^|\s)[FDMASUCBKXEOW](\s|$)/);
        }
    }
    const tiny = (model: Model) =>
      screenText({ ...model, toast: null }, 44, 12)
        .split('\n')
        .at(-1);
    expect(tiny(models[0]?.[1] as Model)).toMatch(/ R .*q \?help/);
    expect(tiny(models[1]?.[1] as Model)).toMatch(/ End .*q \?help/);
    expect(tiny(full({ view: 'node' })), 'it has no rows').not.toContain('/');
  });

  it('offers what the row under the bar allows, and K while something is on trial', () => {
    const config = full({ view: 'config' });
    expect(lastLine(config, 80)).not.toMatch(/B roll back|K keep/);
    expect(lastLine(press(config, 'down'), 80)).toContain('B roll back');
    const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };
    const trial = send(config, {
      type: 'status',
      now: config.now,
      status: status({ config: { version: 42, tentative } }),
    });
    expect(lastLine(trial[0], 80)).toContain('K keep');
    // it is closed for the first 400 ms under the bar, which is no reason to come and go
    const alerts = full({ view: 'alerts' });
    expect(lastLine(alerts, 80)).toContain('A ack');
    expect(lastLine(press(alerts, 'down'), 80), 'acknowledged already').not.toContain('A ack');
  });

  it('says whether M begins or ends the maintenance of the node under the bar', () => {
    for (const view of ['topology', 'node'] as const)
      for (const columns of [80, 120]) {
        expect(lastLine(full({ view, selected: 'n3' }), columns)).toContain('M maint on ');
        expect(lastLine(full({ view, selected: 'n6' }), columns)).toContain('M maint off ');
      }
  });

  it('of the fleet says that Enter leaves this cluster, and goes to none that does not answer', () => {
    const fleet = full({ view: 'fleet' });
    expect(lastLine(fleet, 80)).toContain('Enter go there');
    expect(overlayText(press(fleet, '?'))).toContain('leave this cluster and go to the selected one');
    expect(overlayText(press(full(), '?'))).toContain('all about the row');
    const question = { slice: 'fleet' as const, arg: 'dr-site' };
    const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
    const silent = send(fleet, { type: 'no-answer', question, failure, now: fleet.now })[0];
    const [stays, effects] = pressed({ ...silent, cursor: { fleet: 'dr-site' } }, 'enter');
    expect(effects).toEqual([]);
    expect(stays.toast?.text).toMatch(/dr-site does not answer: .*; c goes there all the same/);
    const shut = { ...silent, cursor: { fleet: 'dr-site' } };
    expect(lastLine(shut, 80)).not.toContain('go there');
    expect(overlayText(press(shut, 'e'))).toContain('c leaves this cluster and goes there all the same');
    const there = { ...silent, cursor: { fleet: 'prod-us' } };
    expect(lastLine(there, 80)).toContain('Enter go there');
    expect(overlayText(press(there, 'e'))).toContain('Enter leaves this cluster and goes there.');
    const own = { ...silent, cursor: { fleet: 'prod-eu' } };
    expect(overlayText(press(own, 'e')), 'it is here already').not.toContain('goes there');
    const [, going] = pressed({ ...silent, cursor: { fleet: 'prod-us' } }, 'enter');
    expect(going).toMatchObject([{ kind: 'context', name: 'prod-us' }]);
  });

  it('calls nothing but Esc the way back: [ goes into the past', () => {
    for (const view of VIEW_IDS) expect(lastLine(full({ view }), 200)).not.toMatch(/\[ back/);
    expect(lastLine(full(), 120)).toContain('[ past');
  });

  it('names the keys of a view again as soon as it is opened; a warning and a way back stay', () => {
    const said = send(full(), { type: 'told', text: 'copied', level: 'info' })[0];
    expect(press(said, '4').toast).toBeNull();
    const warned = send(full(), { type: 'told', text: 'not written', level: 'warning' })[0];
    expect(press(warned, '4').toast?.text).toBe('not written');
    const offered = { text: 'copied', level: 'info' as const, until: 9e9, undoes: true as const };
    expect(press({ ...said, toast: offered }, '4').toast?.text).toBe('copied');
  });
});

it('tabs move closer together, then go whole, from the last; the open one and what needs a look stay', () => {
  const base = full();
  const current = status({ operation: 'op-7' });
  const seen = (view: Model['view'], times = 1) => {
    const alerts = Array.from({ length: times }, () => base.picture.alerts).flat();
    const model = { ...base, view, picture: { ...base.picture, alerts, status: current } };
    return textOf(screenOf({ model, symbols: UNICODE }, 80, 24).head[1]?.line ?? []).trimEnd();
  };
  const most = '1 Topo  2 Raft  3 Alerts !1  4 Config  5 Events  6 Log  7 Ops 1';
  expect(seen('topology')).toBe(`${most.replace('1 Topo ', '[1 Topo]')}  8 Fleet`);
  expect(seen('fleet')).toBe(` ${most} [8 Fleet]`);
  expect(seen('node')).toBe(` ${most}  8 Fleet [Node]`);
  for (const times of [50, 100])
    expect(seen('node', times)).toBe(` ${most.replace('!1', `!${times}`)} [Node]`);
});

describe('what is told', () => {
  const path = '/home/anna/.local/state/sqlcc/screens/prod-eu-topology-2026-03-04T12-04-31.txt';

  it('is not cut: a long toast takes as many lines as it needs, and dims nothing', () => {
    const model = send(full(), { type: 'told', text: `saved as ${path} and two more`, level: 'info' })[0];
    for (const [columns, rows] of [
      [60, 15],
      [44, 12],
    ] as const) {
      const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
      const { overlay } = screen;
      const lines = [...(overlay?.rows ?? []), screen.foot].map((r) => textOf(r.line));
      expect(lines.every((l) => l.length === columns)).toBe(true);
      expect(
        lines
          .map((l) => l.trim())
          .join('')
          .replaceAll(' ', ''),
      ).toBe(`savedas${path}andtwomore`);
      expect(overlay).toMatchObject({ veils: false, top: rows - lines.length });
    }
    expect(screenOf({ model, symbols: UNICODE }, 120, 36).overlay).toBeNull();
  });

  it('the way out of the past is told at every size', () => {
    const past = press(full(), '[');
    for (const [columns, rows] of [
      ...([
        [120, 36],
        [80, 24],
        [60, 15],
        [44, 12],
      ] as const),
    ]) {
      const text = screenText(past, columns, rows);
      expect(text, `${columns}x${rows}`).toContain('End live');
    }
  });

  it('a list says what ! means only where something in it acts', () => {
    for (const [key, acts] of [
      ...([
        ['a', true],
        [':', true],
        ['v', false],
        ['y', false],
        ['c', false],
      ] as const),
    ]) {
      const foot = screenOf({ model: press(full(), key), symbols: UNICODE }, 80, 24).foot.line;
      expect(textOf(foot).includes('! = acts'), key).toBe(acts);
      expect(textOf(foot), key).toContain('Esc close');
    }
  });

  it('LIVE has a sign of its own where a follower is a letter', () => {
    const { head } = screenOf({ model: full(), symbols: ASCII }, 80, 24);
    expect(head.map((row) => textOf(row.line)).join('')).toContain('* LIVE');
  });

  it('why an action is closed is read whole in the menu', () => {
    const menu = press(full(), 'a');
    for (const [columns, rows] of [
      [80, 24],
      [44, 12],
    ] as const) {
      const seen = Array.from({ length: 9 }, (_, down) => {
        const screen = screenOf(
          { model: press(menu, ...Array(down).fill('down')), symbols: UNICODE },
          columns,
          rows,
        );
        const box = screen.overlay?.rows.map((r) => textOf(r.line)) ?? [];
        expect(box.join('')).toContain('▌ ');
        expect(box.join('')).not.toContain('…');
        return box.join('\n');
      }).join(' ');
      expect(seen).toMatch(/closed:[\s\S]*nothing[\s\S]*changed here[\s\S]*just now/);
      expect(textOf(screenOf({ model: menu, symbols: UNICODE }, columns, rows).foot.line)).toContain(
        'asks first, A at once',
      );
    }
  });
});

it('who asks first and who acts at once is said where keys are learned, by the keys in force', () => {
  const help = screenOf({ model: press(full(), '?', ...Array(40).fill('down')), symbols: UNICODE }, 120, 60);
  const text = help.overlay?.rows.map((r) => textOf(r.line)).join('') ?? '';
  const words = text.replaceAll(/[ │]+/g, ' ');
  expect(words).toContain('They ask first, but A, and U behind a change, act at once.');
  const atOnce = KEYMAP.filter((b) => b.level === 1).map((b) => b.id);
  expect(atOnce, 'whoever joins them is to be named there').toEqual(['ack']);
});

describe('a dialog', () => {
  it('says where the cursor is when letters are typed on Cancel, and takes them where Tab leads', () => {
    const lost = press(failover(), 'shift+tab', 'k');
    expect(overlayText(lost)).toContain('the cursor is on Cancel: Tab goes to the reason');
    expect(overlayText(press(lost, 'tab', ...'kernel'))).toContain('Reason (needed): kernel');
    expect(overlayText(press(lost, 'tab'))).not.toContain('the cursor is on Cancel');
  });

  it('begins in the reason: Enter and Enter again only says that one is needed; Cancel says it is over', () => {
    const [model, effects] = pressed(failover(), 'enter', 'enter');
    expect(effects).toEqual([]);
    expect(model.overlay).toMatchObject({ field: 'reason', note: expect.stringContaining('required') });
    for (const keys of [['escape'], ['shift+tab', 'enter']]) {
      const closed = press(model, ...keys);
      expect([closed.overlay, closed.toast?.text]).toEqual([null, 'cancelled: nothing was changed']);
    }
  });

  it('says what Enter does where the cursor is, and tells of y only where it arms', () => {
    const said = (model: Model) => overlayText(model).split('\n').at(-1) ?? '';
    expect(said(failover())).toMatch(/^ Enter next field .*Esc cancel/);
    expect(said(press(failover(), 'shift+tab'))).toMatch(/^ Enter cancels/);
    expect(said(press(failover(), 'tab', 'tab'))).toMatch(/^ Enter says what is missing/);
    expect(said(press(failover(), ...'why', 'tab', ...'n2'))).toMatch(/^ Enter next field/);
    expect(said(press(failover(), ...'why', 'tab', ...'n2', 'enter'))).toMatch(/^ Enter fails over to n2/);
    for (const open of [press(full({ view: 'alerts' }), 'S'), maintenance()]) {
      expect(said(open)).toMatch(/^ y arms, then Enter confirms .*Enter reason {2}Esc cancel/);
      const inReason = overlayText(press(open, 'tab'));
      expect(inReason).toMatch(/Reason \(optional\):[\s\S]*Enter ends the reason; then y arms/);
      expect(inReason).not.toContain('y then Enter');
      expect(said(press(open, 'y'))).toMatch(/^ Enter confirms/);
    }
  });

  it('of maintenance ends with the node and for how long, not with who leads since then', () => {
    const sent = press(maintenance(), 'y', 'enter');
    const dialogId = sent.overlay?.kind === 'action' ? sent.overlay.id : 0;
    const operation = { ...endedOperation(), kind: 'maintenance' as const, to: 'n2' };
    const text = overlayText(send(sent, { type: 'started', dialogId, operation })[0]);
    expect(text).toContain('n3 in maintenance for 1h');
    expect(text).not.toContain('done: n2');
  });

  it('names no choice that it has not, and says what no trial means', () => {
    const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };
    const trial = live(status({ config: { version: 42, tentative } }), { view: 'config' });
    expect(overlayText(press(trial, 'K'))).not.toContain('how long');
    const asked = press(full({ view: 'config' }), 'j', 'B');
    const dialogId = asked.overlay?.kind === 'change' ? asked.overlay.id : 0;
    const made = { checks: [], effects: ['a: 1 → 2'], allowed: true, arm: null, base: 41 };
    const review = send(asked, { type: 'preflight', dialogId, plan: made, mono: asked.mono })[0];
    expect(overlayText(review)).toMatch(
      /On all nodes at once; taken back unless K keeps it within 1m[\s\S]*critical alert fires[\s\S]*\[1m\][\s\S]*← → how long/,
    );
    expect(overlayText(press(review, 'left'))).toContain('On all nodes at once, without a trial');
  });

  it('says what is wrong with a configuration, not only how much', () => {
    const details = {
      issues: [{ line: 2, message: 'monitoring.x is no key' }, { message: 'name is empty' }],
    };
    const error = new SqlccError('config_invalid', 'the configuration has 2 issues', { details });
    expect(failureOf(error).message).toBe(
      'the configuration has 2 issues: monitoring.x is no key; name is empty',
    );
    expect(failureOf(new SqlccError('conflict', 'no', { details: { issues: 'x' } })).message).toBe('no');
  });
});

describe('a silent node', () => {
  it('was heard so long ago, in words', () => {
    const nodes = sixNodes().map((n) => ({ ...n, last_heartbeat_ms: n.node_id === 'n3' ? 69_446 : 4 }));
    const model = live(status({ nodes }), { view: 'node', selected: 'n3' });
    expect(screenText(model, 120, 36)).toContain('heard 1m09s ago');
    expect(screenText({ ...model, selected: 'n2' }, 120, 36)).toContain('heard 4.0 ms ago');
  });
});

describe('help', () => {
  it('lists what works now, and under a head of its own what is closed, with the reason', () => {
    const lines = (model: Model) => {
      const text = helpText({ model, symbols: UNICODE }, 0, { width: 110, rows: 80 });
      expect(textOf(text.title)).toContain('keys that work now');
      const all = text.lines.map(textOf);
      const at = all.indexOf('closed now, and why');
      return { open: all.slice(0, at), closed: all.slice(at + 1) };
    };
    const { open, closed } = lines(full());
    expect(open.some((l) => l.includes('keep the configuration'))).toBe(false);
    expect(open.join('\n')).not.toMatch(/closed|no configuration is on trial/);
    expect(closed.join('\n')).toMatch(
      /ACT +.*\n(.*\n)*.*K +keep the .* on trial \(no configuration is on trial\)/,
    );
    const calm = full({ view: 'alerts' });
    const none = lines({ ...calm, picture: { ...calm.picture, alerts: [] } });
    expect(none.open.join('\n')).not.toMatch(/row up|that second|all about the row/);
    expect(none.closed.join('\n')).toMatch(/row up \(nothing is listed here\)/);
  });
});
