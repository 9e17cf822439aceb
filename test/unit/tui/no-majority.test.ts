/** What the screen says where no majority is there: words that lead somewhere, and whole ones. */
import { describe, expect, it } from 'vitest';
import type { Plan, StatusResponse } from '../../../tui/feed/wire.ts';
import { layoutOf } from '../../../tui/layout.ts';
import { explainText } from '../../../tui/lines/explain.ts';
import { header } from '../../../tui/lines/head.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { wallPicture } from '../../../tui/wall/picture.ts';
import { event, plan, START, status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { alone, fresh, full, live, press, pressed, send } from './model-kit.ts';
import { drawn, screenText } from './screen-text.ts';

function words(model: Model): string {
  const { lines } = explainText({ model, symbols: UNICODE }, 0, { width: 400, rows: 40 });
  return lines.map(textOf).join('\n');
}

const head = (model: Model, columns: number): string =>
  textOf(header({ model, symbols: UNICODE }, layoutOf({ columns, rows: 40, nodes: 6, focus: 'nodes' })));

describe('without a majority', () => {
  it('an action says whom to start, and not to wait for an election that can not come', () => {
    const { toast } = press(alone(), 'D');
    expect(toast?.text).toMatch(
      /no majority: 1 of 5 voters up, 3 needed: start n2, n3, n5, n6; e says more$/,
    );
    const raft = { ...status().raft, leader_id: null };
    const calm = send(full(), { type: 'status', status: status({ raft }), now: full().now })[0];
    expect(press(calm, 'F').toast?.text).toContain('there is no leader: wait for the election');
  });

  it('whoever is cut off names those that it misses', () => {
    const isolation = { since_ms: 1, reached: ['n2'], missing: ['n3', 'n5', 'n6'], needs: 1, text: 'alone' };
    const model = alone({ isolation });
    const via = model.picture.status?.cluster.read.node_id;
    const missing = ['n1', 'n3', 'n5', 'n6'].filter((n) => n !== via).join(', ');
    expect(press(model, 'D').toast?.text).toContain(`start ${missing};`);
    expect(drawn(press(model, 'F'), 120, 36)).toContain(`Start ${missing}, or mend`);
  });

  it('e says what to do, and names neither a key that is closed nor a leader that there is not', () => {
    const told = words({ ...alone(), selected: 'n1' });
    expect(told).toContain('Start n2, n3, n5, n6, or mend the network to them');
    expect(told).toContain('sqlcc cluster recover --help');
    expect(told).not.toContain('the leader.');
    expect(told).not.toContain('behind the leader');
    expect(words(full())).not.toContain('recover');
  });
});

describe('a forced failover', () => {
  const told = (model: Model, columns = 120, rows = 36) =>
    drawn(model, columns, rows).replace(/[│\s]+/g, ' ');

  it('does not exist: without a majority F says what can be done, and by which command', () => {
    for (const view of ['topology', 'raft', 'events', 'node'] as const) {
      const [open, effects] = pressed({ ...alone(), view }, 'F');
      expect(effects, view).toEqual([]);
      const text = told(open);
      expect(text, view).toContain('There is no majority: 1 of 5 voters up, 3 needed.');
      expect(text, view).toContain('1. Start n2, n3, n5, n6, or mend the network to them');
      expect(text, view).toContain('sqlcc cluster recover --data-dir DIR --dry-run');
      expect(text, view).toContain('A failover can’t be forced');
      expect(press(open, 'escape').overlay, view).toBeNull();
    }
    for (const [columns, rows] of SIZES)
      expect(told(press(alone(), 'F'), columns, rows), `${columns}x${rows}`).toMatch(
        /There is no majority: .*1\. Start n2, n3, n5, n6/,
      );
  });

  it('is found in the palette, and says that a failover need not be forced where a majority is up', () => {
    const [open, effects] = pressed(full(), ':', ...'force', 'enter');
    expect(effects).toEqual([]);
    expect(told(open)).toMatch(/It need not be: F hands over while a majority is up.*cluster recover --help/);
    expect(told(press(alone(), ':', ...'forced', 'enter'))).toContain('Start n2, n3, n5, n6');
  });

  it('is not what F says to who may not act, nor while an election can be won', () => {
    expect(press({ ...alone(), readOnly: true }, 'F').toast?.text).toContain('read-only');
    const raft = { ...status().raft, leader_id: null };
    const calm = send(full(), { type: 'status', status: status({ raft }), now: full().now })[0];
    expect(press(calm, 'F').overlay).toBeNull();
  });

  it('is not offered by a plan that was refused: its dialog says what to mend, and takes no name', () => {
    const refusedBy = (name: string, patch: Partial<Plan> = {}) => {
      const [open, [asked]] = pressed(full(), 'F');
      const dialogId = asked?.kind === 'plan' ? asked.dialogId : 0;
      const checks = [{ name, result: 'fail' as const, text: 'it is not safe' }];
      const candidates = plan().candidates.map((c) => ({ ...c, eligible: c.node_id !== 'n5' }));
      const answer = plan({ allowed: false, checks, candidates, ...patch });
      return told(send(open, { type: 'planned', dialogId, plan: answer, mono: open.mono })[0]);
    };
    const ways = [
      ['quorum', 'start the voters that are down'],
      ['operation', 'wait until that has ended'],
      ['pause', 'choose a target with ↑↓, or end the pause: :resume'],
      ['target', '↑↓ chooses another'],
      ['cool', 'mend what is marked'],
    ] as const;
    for (const [name, way] of ways) {
      expect(refusedBy(name), name).toContain(`The checks refuse it and nothing forces it: ${way}.`);
      expect(refusedBy(name), name).not.toContain('to arm');
    }
    expect(refusedBy('target', { candidates: [] })).toContain('mend what is said of it');
  });
});

describe('the first moment without a leader', () => {
  const told = (ms: number) => {
    const lost = event(ms, 'n2', 'leader-lost', 'knows no leader (term 9)', { data: { term: 9 } });
    return send(full(), { type: 'events', events: [lost], now: START + ms })[0];
  };

  it('is counted from the loss also before the next beat of the clock', () => {
    for (const view of ['topology', 'raft'] as const) {
      const [text, later] = [told(700), send(told(700), { type: 'tick', now: START + 950, mono: 1 })[0]].map(
        (model) => screenText({ ...model, view }, 120, 36),
      );
      expect(text, view).toContain('NO LEADER 0.0 s');
      expect(text, view).toMatch(/no leader for 0\.0 s/i);
      expect(text, view).not.toMatch(/-\d+(\.\d+)? (ms|s)\b|led 1\d\d\.\d*[1-9]/);
      expect(later, view).toMatch(/no leader for 0\.3 s/i);
    }
  });

  it('the clock of the screen never goes back for what is told late', () => {
    const [late] = send(full(), { type: 'events', events: [], now: START - 5000 });
    expect(late.now).toBe(full().now);
  });
});

describe('nobody leads', () => {
  const isolation = { since_ms: 65_000, reached: ['n1'], missing: ['n2'], needs: 3, text: 'alone' };
  const at = (view: Model['view'], model: Model) => screenText({ ...model, view }, 120, 36);

  it('since when is what the node measured, also where the screen was opened later', () => {
    const raft = { ...status().raft, leader_id: null };
    const cut = status({ raft, isolation });
    const opened = send(fresh(), { type: 'status', status: cut, now: START })[0];
    expect(opened.picture.leaderlessSince).toBe(START - 65_000);
    const later = send(opened, { type: 'status', status: cut, now: START + 1000 })[0];
    expect(later.picture.leaderlessSince, 'known already').toBe(START - 65_000);
    expect(at('raft', opened)).toContain('NO LEADER for 1m05s');
    expect(at('topology', opened)).toContain('no leader for 1m05s');
  });

  it('no term goes on in the timeline, and the time without a leader counts this one', () => {
    expect(at('raft', full())).toMatch(/t9 +▲── n1 ─+►/);
    const model = { ...alone(), now: alone().now + 60_000 };
    expect(at('raft', model)).toMatch(/t9 +▲── n1 ─+✖/);
    expect(at('raft', model)).not.toContain('►');
    expect(at('raft', full())).toContain('no leader 439 ms in 60 min');
    expect(at('raft', model)).toContain('no leader 1m00s in 60 min');
  });

  it('terms of a young cluster fill the axis, and of many the newest are seen with the sum', () => {
    const [row] = status().elections;
    if (row === undefined) throw new Error('no election');
    const elected = (s: number, term: number) => ({
      ...row,
      term,
      at: new Date(START - s * 1000).toISOString(),
    });
    const young = live(status({ elections: [elected(120, 1), elected(60, 2)] }), { view: 'raft' });
    const text = screenText(young, 120, 36);
    expect(text).toContain('Terms · last 2m00s');
    expect(text).toMatch(/12:02:31 .*12:04:31/);
    const start =
      text
        .split('\n')
        .find((line) => / t2 /.test(line))
        ?.indexOf('▲') ?? 0;
    expect(Math.abs(start - 62), 'in the middle').toBeLessThan(4);
    const many = Array.from({ length: 12 }, (_, i) => elected(3000 - i * 200, i + 1));
    const busy = screenText(live(status({ elections: many }), { view: 'raft' }), 80, 24);
    expect(busy).toMatch(/Terms · last 50m00s, 9 older/);
    expect(busy).toMatch(/t10 .*\n.*t11 .*\n.*t12 .*\n.*\n.* in 50m00s: led /);
    expect(screenText(full({ view: 'raft' }), 80, 24)).toContain('in 60 min: led 99.988 %');
  });

  it('of a cluster that is half a minute old no more is counted than there was, with its first election', () => {
    const row = { ...status().elections[0], detect_ms: null, election_ms: 14, term: 1 };
    const aged = (s: number): string => {
      const first = { ...row, at: new Date(START - s * 1000).toISOString() };
      return screenText(
        live(status({ elections: [first] } as Partial<StatusResponse>), { view: 'raft' }),
        120,
        36,
      );
    };
    expect(aged(36)).toContain('no leader 14 ms in 36s: led 99.961 %');
    expect(aged(36), 'the axis has its least length').toContain('Terms · last 1m00s');
    expect(aged(66)).toContain('no leader 14 ms in 1m06s: led 99.979 %');
    expect(aged(3300), 'nearly an hour is one').toContain('no leader 14 ms in 60 min: led 100.000 %');
  });

  it('an election is waited for only where one can be won', () => {
    const raft = { ...status().raft, leader_id: null };
    const calm = send(full(), { type: 'status', status: status({ raft }), now: full().now })[0];
    for (const view of ['topology', 'raft'] as const) {
      expect(at(view, calm)).toContain('electing');
      expect(at(view, alone())).toContain('no majority: 1 of 5 voters up, 3 needed');
      expect(at(view, alone())).not.toContain('electing');
    }
  });
});

describe('a node that answers each second without a majority', () => {
  const copy = (ageMs: number) => ({
    ...status().cluster,
    read: { ...status().cluster.read, age_ms: ageMs },
  });
  const cut = alone({ cluster: copy(18_000) });

  it('has an old copy of what all share, and is not called stale for it', () => {
    for (const [columns, rows] of SIZES) {
      const text = drawn(cut, columns, rows);
      expect(text, `${columns}x${rows}`).toMatch(/q(uorum )?1\/5 .*~ (NO QUORUM )?18s/);
      expect(text, `${columns}x${rows}`).not.toMatch(/STALE|~[★●✖■◇ ] ?n\d/);
    }
    expect(head(cut, 120)).toContain('~ NO QUORUM 18s');
    expect(drawn(cut, 120, 36)).toContain('config v41~');
    expect(wallPicture(cut, []).title).toContain('NO QUORUM 18s');
    expect(words(cut)).toMatch(/~ NO QUORUM 18s: n1 answers, .* is of now\.\n.*configuration.*no majority/);
  });

  it('is stale, with all of its rows, where it answers no longer', () => {
    const silent = { ...cut, now: cut.now + 60_000 };
    expect(head(silent, 120)).toContain('~ STALE 1m18s');
    expect(drawn(silent, 120, 36)).toMatch(/~● n2|~✖ n2/);
    expect(words(silent)).toContain('~ STALE 1m18s: what n1 tells is that old');
    const [led] = send(full(), {
      type: 'status',
      status: status({ cluster: copy(18_000) }),
      now: full().now,
    });
    expect(head(led, 120), 'somebody leads').toContain('~ STALE 18s');
  });
});

describe('the first line', () => {
  const named = { cluster: { ...status().cluster, name: 'production-of-western-europe' } };
  const lost: readonly (readonly [string, Model, RegExp])[] = [
    ['no leader', alone(named), /NO LEADER.*quorum 1\/5 LOST/],
    ['stale', { ...alone(named), now: alone().now + 60_000 }, /quorum 1\/5~.*STALE/],
    ['lost', disconnected(alone(named)), /quorum 1\/5~ .* LOST /],
    ['history', press(full(), '{'), /quorum \d\/\d (OK|LOST) .*HISTORY/],
    ['healthy, with a long name', send(full(), { type: 'status', status: status(named), now: 0 })[0], /OK/],
  ];

  it.each(lost)('%s: who leads, the quorum and the state are whole at every width', (_, model, told) => {
    for (let columns = 110; columns <= 160; columns++) {
      const text = head(model, columns);
      const isFull = layoutOf({ columns, rows: 40, nodes: 6, focus: 'nodes' }).tier === 'full';
      if (isFull) expect(text, `${columns}`).toMatch(told);
      expect(text, `${columns}`).not.toContain('…via');
    }
    expect(head(model, 240)).toMatch(/sqlcc top .*commit/);
  });
});

function disconnected(model: Model): Model {
  const failure = { code: 'unavailable', message: 'refused', hint: '' };
  return send(model, { type: 'lost', failure, now: model.now })[0];
}
