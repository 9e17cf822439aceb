import { describe, expect, it } from 'vitest';
import { assert } from '../../../src/base/index.ts';
import type { Link } from '../../../tui/feed/slices.ts';
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import { brailleChart, niceTop } from '../../../tui/format/braille.ts';
import { tabs } from '../../../tui/lines/head.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { choices, fuzzy } from '../../../tui/model/chooser.ts';
import { alertRows, happenings, wanted } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { duplicates, VIEW_IDS, VIEWS } from '../../../tui/model/views.ts';
import { ASCII, UNICODE } from '../../../tui/theme/symbols.ts';
import { lineWidth, textOf } from '../../../tui/theme/tokens.ts';
import { event, START, status } from '../../tui/recording.ts';
import { fresh, full, live, press, pressed, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const SIZES = [
  [200, 60],
  [120, 36],
  [110, 30],
  [80, 24],
  [80, 20],
  [60, 15],
  [44, 12],
  [30, 6],
] as const;

function textAt(model: Model, columns = 120, rows = 36): string {
  const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
  const body = screen.bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))));
  const over = screen.overlay?.rows.map((r) => textOf(r.line)) ?? [];
  return [...screen.head.map((h) => textOf(h.line)), ...body, textOf(screen.foot.line), ...over].join('\n');
}

/** A model whose questions of `view` were all refused. */
function unanswered(view: Model['view']): Model {
  const asked = { ...live(), view };
  const failure = { code: 'unavailable', message: 'connection refused\u001b[2J', hint: '' };
  return send(
    asked,
    ...wanted(asked).map((question) => ({ type: 'no-answer' as const, question, failure, now: 0 })),
  )[0];
}

describe('screenOf, every view', () => {
  it('fills exactly its rows and columns at every size, known or not, with and without Unicode', () => {
    for (const view of VIEW_IDS) {
      for (const model of [
        full({ view }),
        fresh({ view }),
        unanswered(view),
        press(full({ view }), 'enter'),
      ]) {
        for (const symbols of [UNICODE, ASCII]) {
          for (const [columns, rows] of SIZES) {
            const screen = screenOf({ model, symbols }, columns, rows);
            const height = screen.bands.reduce((sum, b) => sum + b.height, 0);
            const what = `${view} ${columns}x${rows}`;
            expect(height + screen.head.length + 1, what).toBe(rows);
            for (const band of screen.bands) {
              expect(
                band.panes.reduce((sum, p) => sum + p.width, 0),
                what,
              ).toBe(columns);
              for (const pane of band.panes) {
                expect(pane.rows.length, what).toBeLessThanOrEqual(band.height);
                for (const row of pane.rows)
                  expect(lineWidth(row.line), what).toBeLessThanOrEqual(pane.width);
              }
            }
            for (const row of [...screen.head, screen.foot]) expect(lineWidth(row.line), what).toBe(columns);
          }
        }
      }
    }
  });

  it('says that it waits, why there is no answer, and that there is nothing', () => {
    for (const view of ['config', 'operations', 'log'] as const) {
      expect(textAt({ ...live(), view })).toContain('asking the cluster…');
      expect(textAt(unanswered(view))).toContain('no answer: connection refused');
      expect(textAt(unanswered(view))).not.toContain('\u001b');
    }
    const none = send(live(undefined, { view: 'operations' }), {
      ...{ type: 'answer', question: { slice: 'operations', arg: '' }, value: [], now: 0 },
    })[0];
    expect(textAt(none)).toContain('none so far: F or D begins one');
    const calm = send(live(undefined, { view: 'alerts' }), { type: 'alerts', alerts: [] })[0];
    expect(textAt(calm)).toContain('none: nothing fires');
    expect(textAt({ ...live(), view: 'events' })).toContain('quiet so far');
  });

  it('an answer that could not be refreshed stays and says so', () => {
    const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
    const question = { slice: 'operations' as const, arg: '' };
    const old = send(full({ view: 'operations' }), { type: 'no-answer', question, failure, now: 1 })[0];
    expect(textAt(old, 200, 60)).toMatch(/~ of \d\d:\d\d:\d\d, not refreshed: connection refused/);
    expect(textAt(old, 200, 60)).toContain('balance the load');
  });
});

describe('a node that is dead', () => {
  it('has no lag, no bar of it and no rate, at any size: they were of before', () => {
    for (const [columns, rows] of SIZES) {
      const lines = textAt(full(), columns, rows).split('\n');
      const row = lines.find((line) => /✖ ?n5/.test(line) && /DEAD/.test(line)) ?? '';
      expect(row, `${columns}x${rows}`).not.toMatch(/23 151|█/);
    }
    const told = (rate: number) => {
      const nodes = status().nodes.map((n) => ({ ...n, queries_per_second: rate }));
      return textAt(send(full(), { type: 'status', status: status({ nodes }), now: full().now })[0], 130, 36);
    };
    expect(told(640)).toMatch(/TX\/S[\s\S]*n1 .* 640 [\s\S]*n5 .* — /);
    expect(told(12_345)).toMatch(/n1 .* 12\.3k /);
    expect(textAt(full(), 44, 12), 'of who lives it stands there').toMatch(/n3 .*lag 5 610/);
    expect(textAt(full(), 44, 12)).toMatch(/✖ ?n5 .*DEAD/);
  });
});

describe('who may change nothing', () => {
  const seenBy = (role: string, ...scopes: string[]) => {
    const caller = { id: 'eve', role, scopes } as NonNullable<StatusResponse['caller']>;
    return send(full(), { type: 'status', status: status({ caller }), now: full().now })[0];
  };

  it('is told so at every size, by its rights as by how the screen was started', () => {
    for (const [columns, rows] of SIZES) {
      const text = (model: Model) => textAt(model, columns, rows);
      const what = `${columns}x${rows}`;
      expect(text(seenBy('viewer', 'read-cluster')), what).toContain('READ-ONLY');
      expect(text(full({ readOnly: true })), what).toContain('READ-ONLY');
      expect(text(seenBy('operator', 'read-cluster', 'operate')), what).not.toContain('READ-ONLY');
    }
    expect(textAt(seenBy('viewer', 'read-cluster'), 80, 24)).toContain('READ-ONLY (viewer)');
    // an older node does not say who one is
    const { caller: _none, ...older } = status();
    const unsaid = send(full(), { type: 'status', status: older, now: full().now })[0];
    expect(textAt(unsaid)).not.toContain('READ-ONLY');
  });
});

describe('an old answer is marked as one, wherever it is drawn', () => {
  const failure = { code: 'unavailable', message: 'refused', hint: '' };
  const slices = {
    ...{ operations: 'operations', versions: 'config', pending: 'config', diff: 'config' },
    ...{ silences: 'alerts', explain: 'alerts', audit: 'events', links: 'raft', log: 'log' },
  } as const;
  it.each(Object.entries(slices))('%s in %s', (slice, view) => {
    const model = full({ view: view as Model['view'] });
    const questions = wanted(model);
    const known = Object.keys(model.picture.answers).find((key) => key.split(' ')[0] === slice);
    const question =
      questions.find((q) => q.slice === slice) ?? ({ slice, arg: known?.split(' ')[1] ?? '' } as never);
    const old = send(model, { type: 'no-answer', question, failure, now: 1 })[0];
    expect(textAt(model, 200, 60)).not.toContain('not refreshed');
    expect(textAt(old, 200, 60)).toMatch(/~ of \d\d:\d\d:\d\d, not refreshed/);
    if (slice === 'pending') expect(textAt(old, 200, 60)).not.toContain('runs on');
  });
});

describe('the register of views', () => {
  it('names no view and no digit twice, and duplicates would say it', () => {
    expect(duplicates(VIEWS.flatMap((v) => v.key ?? []))).toEqual([]);
    expect(duplicates(['1', '2', '1'])).toEqual(['1']);
  });

  it('a digit opens its view, ` the one before, Esc goes back to the table and never quits', () => {
    for (const view of VIEWS) {
      if (view.key !== null) expect(press(full(), view.key).view).toBe(view.id);
    }
    expect(press(full(), '3', '4', '`').view).toBe('alerts');
    expect(press(full(), '/', 'x', 'enter', '3').filter.text, 'a filter ends with its view').toBe('');
    const [model, effects] = pressed(full(), '3', 'escape', 'escape', 'escape');
    expect(model.view).toBe('topology');
    expect(effects).toEqual([]);
  });

  it('Enter on a node opens all about it, ← → go to its neighbours', () => {
    const model = press(full(), 'j', 'enter');
    expect(textAt(model)).toContain('┌ n2 · eu-a · ok');
    expect(textAt(press(model, 'right'))).toContain('┌ n3 · eu-b');
    expect(textAt(press(model, 'left', 'left'))).toContain('┌ n1 · eu-a');
  });

  it('tabs mark the open view and count what needs a look', () => {
    const view = { model: full({ view: 'alerts' }), symbols: UNICODE };
    const words = textOf(tabs(view, screenOf(view, 120, 36).layout));
    expect(words).toContain('[3 Alerts !1]');
    expect(words).toContain('4 Config v41');
  });

  it('the tab, the title of the alerts and the smallest screen count alike those that need a look', () => {
    const [lag, down] = full().picture.alerts;
    if (down === undefined || lag === undefined) throw new Error('two alerts are recorded');
    const seen = { acknowledged_by: 'anna' };
    const told = (...alerts: readonly (typeof down)[]) => {
      const base = full({ view: 'alerts' });
      const model = { ...base, picture: { ...base.picture, alerts } };
      return `${screenText(model, 120, 36)}\n${screenText(model, 44, 12)}`;
    };
    const third = { ...lag, id: 'a3', acknowledged_by: null, silenced_by: 's1' };
    const mixed = told(down, lag, third);
    expect(mixed).toContain('[3 Alerts !1]');
    expect(mixed).toContain('firing 3 (1 acked, 1 silenced) · silences 1');
    expect(mixed).toMatch(/^!!1 /m);
    const looked = told({ ...down, ...seen }, lag);
    expect(looked).toContain('[3 Alerts]');
    expect(looked).toContain('firing 2 (2 acked)');
    expect(looked).not.toMatch(/^!!\d/m);
  });

  it('a view asks only for what it shows, and the selection asks for its own', () => {
    expect(wanted(full())).toEqual([]);
    expect(wanted(full({ view: 'alerts' }))).toContainEqual({ slice: 'explain', arg: 'NodeDown' });
    expect(wanted(press(full({ view: 'alerts' }), 'j'))).toContainEqual({
      slice: 'explain',
      arg: 'ReplicaLag',
    });
    expect(wanted(full({ view: 'config' }))).toContainEqual({ slice: 'diff', arg: '40..41' });
  });
});

describe('lists', () => {
  it('alerts: firing before resolved, the worst first', () => {
    const rows = full().picture.alerts;
    const more = rows.concat({ ...(rows[0] as (typeof rows)[0]), id: 'old', state: 'resolved' });
    const model = send(full(), { type: 'alerts', alerts: more })[0];
    expect(alertRows(model).map((a) => a.id)).toEqual(['a1', 'a2', 'old']);
    expect(alertRows(press({ ...model, view: 'alerts' }, 'o')).map((a) => a.id)).toEqual(['a1', 'a2']);
  });

  it('events and audit are one order of time, and equal ones in a row are one line', () => {
    const again = [1, 2].map((ms) => event(ms, 'n3', 'leader-lost', 'n3 knows no leader (term 9)'));
    const third = event(3, 'n3', 'leader-lost', 'n3 knows no leader (term 9)');
    const rows = happenings(send(full(), { type: 'events', events: [...again, third], now: START })[0]);
    expect(rows.map((r) => r.at)).toEqual([...rows.map((r) => r.at)].sort().reverse());
    expect(rows[0]).toMatchObject({ times: 3 });
    expect(rows.some((r) => 'audit' in r)).toBe(true);
    expect(happenings(press(full({ view: 'events' }), 'l', 'l')).filter((r) => 'event' in r)).toHaveLength(1);
  });
});

describe('the Raft view', () => {
  it.each([
    [120, 36],
    [200, 60],
  ])('says at %d x %d how far the log of each node is', (columns, rows) => {
    const text = screenText(full({ view: 'raft' }), columns, rows);
    expect(text).toMatch(/NODE +MATCH +LAG +REPLICATION +│/);
    expect(text).toMatch(/n3 +1 198 941 +5 610 +█/);
    expect(text, 'beside the links').toMatch(/Links.*Logs/);
  });

  it('has p50 and p99 of each link where both have room, else p50 and says so, else what an older node says', () => {
    const model = full({ view: 'raft' });
    const wide = screenText(model, 200, 60);
    expect(wide).toContain('Links RTT ms p50/p99, row → column');
    expect(wide).toMatch(/ n1 +· 2\.8\/5\.0 +4\.9\/30 +7\.0\/12 +✖ +11\/19 /);
    const narrow = screenText(model, 120, 36);
    expect(narrow).toContain('Links RTT ms p50, row → column');
    expect(narrow).toMatch(/ n1 +· +2\.8 +4\.9 +7\.0 +✖ +11\b/);
    const three = status().nodes.slice(0, 3);
    const few = send(model, { type: 'status', status: status({ nodes: three }), now: model.now })[0];
    expect(screenText(few, 120, 36)).toMatch(/ n1 +· 2\.8\/5\.0 +4\.9\/30 /);
    expect(screenText(few, 120, 36), 'whole').toContain('Links RTT ms p50/p99, row → column ');
    const links = (model.picture.answers['links']?.value ?? []) as readonly Link[];
    const older = links.map(({ rttP50Ms: _p50, rttP99Ms: _p99, ...link }) => link);
    const told = { type: 'answer' as const, question: { slice: 'links' as const, arg: '' }, value: older };
    const old = screenText(send(model, { ...told, now: model.now })[0], 200, 60);
    expect(old).toContain('Links RTT ms, row → column');
    expect(old).toMatch(/ n1 +· +3\.0 +5\.1 +7\.2 +✖ +11\b/);
  });
});

describe('the palette', () => {
  const chooser = (text: string) => ({ kind: 'chooser' as const, purpose: 'palette' as const, text, at: 0 });

  it('fuzzy finds letters in their order, whole words first', () => {
    expect(fuzzy('failover n2', 'fn2')).not.toBeNull();
    expect(fuzzy('failover n2', '2nf')).toBeNull();
    expect(fuzzy('go raft', 'raft') ?? 99).toBeLessThan(fuzzy('roll a fast', 'raft') ?? 999);
  });

  it('names every view, every node, and what can be done with it', () => {
    const words = choices(full(), chooser('')).map((e) => e.words);
    for (const expected of [
      'go alerts',
      'node n4',
      'failover n2',
      'maintenance n3',
      'rollback 40',
      'set refresh 2s',
    ])
      expect(words).toContain(expected);
  });

  it('a failover to who leads, or to who has no vote, says why not and asks nobody', () => {
    for (const [id, why] of [
      ['n1', 'n1 leads already'],
      ['n4', 'n4 has no vote: only a voter can lead'],
    ] as const) {
      const entry = choices(full(), chooser(`failover ${id}`))[0];
      expect(entry?.note).toBe(`closed: ${why}`);
      const [model, effects] = pressed(full(), ':', ...`failover ${id}`, 'enter');
      expect(effects).toEqual([]);
      expect(model.toast?.text).toBe(`failover: ${why}`);
    }
  });

  it('whoever may only look is told of the scope, also where the node leads already', () => {
    const caller = { id: 'eve', role: 'viewer', scopes: ['view'] };
    const viewer = full();
    const status = viewer.picture.status;
    assert(status !== null, 'a picture');
    const model = { ...viewer, picture: { ...viewer.picture, status: { ...status, caller } } };
    const words = [...status.nodes.map((n) => `failover ${n.node_id}`), 'maintenance n3'];
    for (const line of [...words, 'rollback 40']) {
      const entry = choices(model, chooser(line))[0];
      expect(entry?.note, line).toMatch(
        line.startsWith('rollback')
          ? /^closed: needs the scope administer/
          : /^closed: needs the scope operate/,
      );
      const [after, effects] = pressed(model, ':', ...line, 'enter');
      expect(effects, line).toEqual([]);
      expect(after.toast?.text, line).toMatch(
        /^((failover|maintenance): needs the scope operate|rollback: needs the scope administer), and eve is v/,
      );
    }
  });

  it('an entry that acts opens its plan and nothing more', () => {
    const [model, effects] = pressed(full(), ':', ...'failover n3', 'enter');
    expect(effects.map((e) => e.kind)).toEqual(['plan']);
    expect(effects[0]).toMatchObject({ request: { kind: 'failover', to: 'n3', dry_run: true } });
    expect(model.overlay?.kind).toBe('action');
  });

  it('an entry that acts is refused by the same gate as its key', () => {
    for (const line of ['failover n3', 'maintenance n3', 'rollback 40', 'step down']) {
      const [model, effects] = pressed(full({ readOnly: true }), ':', ...line, 'enter');
      expect(effects, line).toEqual([]);
      expect(model.toast?.text, line).toContain('read-only');
    }
  });

  it('filter and refresh are set by their words', () => {
    expect(press(full(), ':', ...'filter state:dead', 'enter').filter.text).toBe('state:dead');
    expect(press(full(), ':', ...'set refresh 5s', 'enter').refreshMs).toBe(5000);
  });
});

describe('whose view', () => {
  it('v lists what each node says, and Enter sees through it', () => {
    const open = press(full(), 'v');
    expect(textAt(open)).toContain('leader n1, term 9');
    const [model, effects] = pressed(open, 'down', 'down', 'enter');
    expect(model.observer).toBe('n2');
    expect(effects).toEqual([{ kind: 'refresh', observer: 'n2' }]);
  });

  it('nodes that name different leaders are told in the banner, with who says what', () => {
    const views = full().picture.views?.views ?? [];
    const split = views.map((v) => (v.node_id === 'n6' ? { ...v, leader_id: 'n6', term: 8 } : v));
    const news = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views: split } };
    const once = send(full(), news)[0];
    expect(textAt(once), 'one answer may come from the middle of an election').not.toContain('DISAGREE');
    const model = send(once, news)[0];
    expect(textAt(model)).toContain('!! VIEWS DISAGREE');
    expect(textAt(model)).toContain('n6: n6 t8 · n1 n2 n3 n4: n1 t9');
    expect(textAt(full())).not.toContain('DISAGREE');
  });
});

describe('after a hand-over', () => {
  /** n1 handed over to n2 so long ago, and n6 is said to tell of this term still. */
  function told(cause: string, agoMs: number, staleTerm: number): string {
    const base = full();
    const at = new Date(base.now - agoMs).toISOString();
    const newest = { term: 10, node_id: 'n2', at, cause, detect_ms: null, election_ms: 9, votes: ['n2'] };
    const seen = status({ elections: [...status().elections, newest] });
    const views = (base.picture.views?.views ?? []).map((v) =>
      v.node_id === 'n6' ? { ...v, leader_id: 'n1', term: staleTerm } : { ...v, leader_id: 'n2', term: 10 },
    );
    const news = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views } };
    return textAt(send(base, { type: 'status', status: seen, now: base.now }, news, news, news)[0]);
  }

  it('a node that is one term behind is no alarm for three seconds', () => {
    expect(told('transfer by anna', 1500, 9)).not.toContain('DISAGREE');
    expect(told('transfer by anna', 3500, 9)).toContain('DISAGREE');
  });

  it('one that is further behind is, and so is any after an election that nobody planned', () => {
    expect(told('transfer by anna', 1500, 8)).toContain('DISAGREE');
    expect(told('150 ms of silence', 1500, 9)).toContain('DISAGREE');
  });
});

describe('through another node', () => {
  it('what it can not be asked for alone says so, and what it told before is forgotten', () => {
    const say = (view: Model['view'], observer: string | null) => textAt(full({ view, observer }), 80, 24);
    for (const view of ['config', 'operations', 'alerts'] as const) {
      expect(say(view, 'n5'), view).toContain('not of n5');
      expect(say(view, null), view).not.toContain('asked of');
    }
    const other = send(full(), { type: 'other-observer' })[0];
    expect(other.picture.events).toEqual([]);
    expect(Object.keys(other.picture.answers).filter((k) => /^(audit|explain)/.test(k))).toEqual([]);
    expect(Object.keys(other.picture.answers)).toContain('operations');
  });
});

describe('brailleChart', () => {
  it('draws low left and high right, joins neighbours, leaves gaps', () => {
    const chart = { columns: 4, rows: 2, top: 7, ascii: false };
    expect(brailleChart([0, 1, 2, 3, 4, 5, 6, 7], chart)).toEqual(['⠀⠀⡠⠊', '⡠⠊⠀⠀']);
    expect(brailleChart([0, 7], { ...chart, columns: 1 })).toEqual(['⢸', '⡸']);
    expect(brailleChart([0, null, null, null], { ...chart, rows: 1, columns: 2 })).toEqual(['⡀⠀']);
    expect(brailleChart([0, 0, 7, 7], { ...chart, rows: 1, columns: 2, ascii: true })).toEqual(['**']);
  });

  it('niceTop is the next round number', () => {
    expect([0, 1, 3, 7, 11, 561, 0.3].map(niceTop)).toEqual([1, 1, 5, 10, 20, 1000, 0.5]);
  });
});

describe('what stands on a frozen picture', () => {
  it('a status that comes while it is frozen is recorded, not shown', () => {
    const frozen = press(full(), ' ');
    const news = {
      type: 'status' as const,
      status: status({ config: { version: 50 } }),
      now: frozen.now + 1000,
    };
    const after = send(frozen, news)[0];
    expect(textAt(after)).toContain('v41');
    expect(after.record.at(-1)?.picture.status?.config.version).toBe(50);
  });
});
