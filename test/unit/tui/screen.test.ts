import { describe, expect, it } from 'vitest';
import type { NodeRow } from '../../../tui/feed/wire.ts';
import { layoutOf } from '../../../tui/layout.ts';
import { banner } from '../../../tui/lines/head.ts';
import { nodeLine, tableHeading, tableShape } from '../../../tui/lines/node-table.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { type Model, PANES } from '../../../tui/model/model.ts';
import { ASCII, UNICODE } from '../../../tui/theme/symbols.ts';
import { fitLine, lineWidth, textOf } from '../../../tui/theme/tokens.ts';
import { node, sixNodes, status } from '../../tui/recording.ts';
import { full, live, press, send } from './model-kit.ts';

const SIZES = [
  [44, 12],
  [50, 14],
  [60, 15],
  [79, 24],
  [80, 20],
  [80, 24],
  [100, 28],
  [110, 30],
  [120, 36],
  [200, 60],
  [30, 6],
] as const;

describe('layoutOf', () => {
  it('layoutOf uses every row and every column, at any size, focus and number of nodes', () => {
    for (const [columns, rows] of SIZES) {
      for (const nodes of [1, 3, 6, 50, 1000]) {
        for (const focus of PANES) {
          const layout = layoutOf({ columns, rows, nodes, focus });
          const height = layout.bands.reduce((sum, b) => sum + b.height, layout.detailRows);
          expect(height + layout.headRows + 1, `${columns}x${rows} ${nodes} ${focus}`).toBe(
            Math.max(3, rows),
          );
          for (const band of layout.bands) {
            expect(band.height).toBeGreaterThan(0);
            expect(band.panes.reduce((sum, p) => sum + p.width, 0)).toBe(columns);
          }
        }
      }
    }
  });

  it('layoutOf keeps the table, and shows the focused pane wherever there is room for two', () => {
    const layout = layoutOf({ columns: 60, rows: 15, nodes: 6, focus: 'alerts' });
    expect(layout.bands.flatMap((b) => b.panes.map((p) => p.pane))).toEqual(['nodes', 'alerts']);
  });
});

describe('the topology of a large screen', () => {
  const textAt = (model: Model, columns: number, rows: number) =>
    screenOf({ model, symbols: UNICODE }, columns, rows)
      .bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))))
      .join('\n');

  it('has all about the selected node below it, from 160x45 on', () => {
    expect(textAt(live(), 160, 45)).toContain('┌ n1 · eu-a');
    expect(textAt(press(live(), 'j'), 160, 45)).toContain('┌ n2 · eu-a');
    expect(textAt(press(live(), '/', ...'eu-c'), 200, 60), 'the one under the bar').toContain('┌ n5 · eu-c');
    expect(textAt(live(), 159, 45)).not.toContain('┌ n1 · eu-a');
    expect(textAt(live(), 160, 44)).not.toContain('┌ n1 · eu-a');
    expect(() => textAt(press(live(), '/', ...'nobody'), 200, 60)).not.toThrow();
  });

  it('tells clock, loop and fsync of a node that says them, and of no other', () => {
    const told = { clock_offset_ms: 12.34, event_loop_lag_ms: null, fsync_ms: 8 };
    const nodes = sixNodes().map((n) => (n.node_id === 'n1' ? { ...n, ...told } : n));
    expect(textAt(live(status({ nodes })), 200, 60)).toContain('clock off by 12 ms · fsync 8.0 ms');
    const older = sixNodes().map(({ clock_offset_ms, event_loop_lag_ms, fsync_ms, ...row }) => row);
    expect(textAt(live(status({ nodes: older })), 200, 60)).not.toContain('timing');
  });

  it('counts the nodes of each state where not all fit, the worst first', () => {
    const [well, dead] = ['n2', 'n5'].map((id) => sixNodes().find((n) => n.node_id === id) as NodeRow);
    const nodes = Array.from(
      { length: 100 },
      (_, i) => ({ ...(i === 50 ? dead : well), node_id: `n${i}` }) as NodeRow,
    );
    expect(textAt(live(status({ nodes })), 200, 60)).toMatch(
      /Nodes 100 · 1–15 of 100 · 1 dead · 99 ok · seen/,
    );
    expect(textAt(live(), 200, 60)).not.toContain('1 dead');
  });
});

describe('tableShape', () => {
  it('node lines have the width of their heading at every width from 44 to 200', () => {
    const model = live();
    for (let cells = 44; cells <= 200; cells++) {
      const shape = tableShape(sixNodes(), cells);
      expect(lineWidth(tableHeading(shape, cells))).toBe(cells);
      for (const row of sixNodes()) {
        const line = nodeLine(row, shape, { model, symbols: UNICODE }, { isSelected: false, isStale: false });
        expect(lineWidth(line)).toBeLessThanOrEqual(cells);
        expect(lineWidth(fitLine(line, cells))).toBe(cells);
      }
    }
  });

  it('tableShape gives up columns from the least wanted, never the state', () => {
    const ids = (cells: number) => tableShape(sixNodes(), cells).columns.map((c) => c.column.id);
    expect(ids(30)).toEqual(['state']);
    expect(ids(44)).toEqual(['zone', 'state', 'lag']);
    expect(ids(78)).toContain('replication');
    expect(ids(118)).toEqual([
      'zone',
      'role',
      'state',
      'term',
      'match',
      'lag',
      'replication',
      'rtt',
      'cpu',
      'disk',
      'p95',
      'tx',
      'spark',
    ]);
  });
});

describe('screenOf', () => {
  it('screenOf gives every line its exact width at every size', () => {
    for (const symbols of [UNICODE, ASCII]) {
      for (const [columns, rows] of SIZES) {
        const screen = screenOf({ model: live(), symbols }, columns, rows);
        for (const row of [...screen.head, screen.foot]) expect(lineWidth(row.line)).toBe(columns);
        for (const band of screen.bands) {
          for (const pane of band.panes) {
            expect(pane.rows.length).toBeLessThanOrEqual(band.height);
            for (const row of pane.rows) expect(lineWidth(row.line)).toBeLessThanOrEqual(pane.width);
          }
        }
      }
    }
  });

  it('screenOf draws as many rows of a thousand nodes as fit, around the selected one', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i + 1}`));
    const model = press(live(status({ nodes })), 'end');
    const screen = screenOf({ model, symbols: UNICODE }, 120, 36);
    const table = screen.bands[0]?.panes[0]?.rows.map((r) => textOf(r.line)) ?? [];
    expect(table.length).toBe(screen.bands[0]?.height);
    expect(table.join('\n')).toContain('▌● n1000');
  });

  it('screenOf writes no escape sequence of a hostile node name', () => {
    const nodes = [node('n\x1b[2J\u202eevil', { role: 'leader' })];
    const screen = screenOf({ model: live(status({ nodes })), symbols: UNICODE }, 120, 36);
    const text = screen.bands
      .flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))))
      .join('\n');
    expect(text).toContain('nevil');
    expect(text).not.toMatch(/[\x1b\u202e]/);
  });

  it('screenOf says every state with a sign and a word, not by colour alone', () => {
    const screen = screenOf({ model: live(), symbols: UNICODE }, 120, 36);
    const text = screen.bands
      .flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))))
      .join('\n');
    for (const words of [
      '★ n1',
      '✖ n5',
      'DEAD 6m28s',
      '■ n6',
      'MAINT 48m left',
      '◇ n4',
      'Learner',
      'catch-up 91%',
      'degraded !',
    ]) {
      expect(text).toContain(words);
    }
  });
});

describe('the banner', () => {
  const tentative = { version: 42, previous: 41, expires: '2026-01-02T03:05:00.000Z' };
  const bannerOf = (picture: ReturnType<typeof status>) => {
    const view = { model: live(picture), symbols: UNICODE };
    return textOf(banner(view, layoutOf({ columns: 160, rows: 40, nodes: 6, focus: 'nodes' })));
  };

  it('says that the cluster is paused, by whom, until when, why, and what ails it meanwhile', () => {
    const pause = { owner: 'anna', reason: 'move of eu-b', since: '', expires: '2026-03-04T13:00:00.000Z' };
    expect(bannerOf(status({ pause }))).toMatch(
      /\|\| paused by anna until 13:00:00: move of eu-b : resume ends it .*n5 is dead/,
    );
    const cluster = { ...status().cluster, health: 'healthy' as const, reasons: [] };
    expect(bannerOf(status({ pause: { ...pause, reason: '' }, cluster })).trim()).toBe(
      '|| paused by anna until 13:00:00 : resume ends it',
    );
    const critical = { ...status().cluster, health: 'critical' as const };
    expect(bannerOf(status({ pause, cluster: critical })), 'what is worse is said').toContain(
      '!! NO WRITES:',
    );
    expect(bannerOf(status({ pause: null }))).not.toContain('paused');
  });

  it('says that a configuration is on trial, what comes back and when, healthy or not', () => {
    const words = 'config v42 on trial: v41 again at 03:05:00';
    const sick = status({ config: { version: 42, tentative } });
    expect(bannerOf(sick)).toMatch(/v42 on trial \d+s: K keeps it/);
    const cluster = { ...sick.cluster, health: 'healthy' as const, reasons: [] };
    expect(bannerOf({ ...sick, cluster })).toContain(words);
    expect(bannerOf({ ...sick, cluster, config: { version: 42 } })).toContain('config v42');
    expect(bannerOf({ ...sick, cluster, config: { version: 42, tentative: null } })).not.toContain('trial');
  });
});

describe('a screen without a banner', () => {
  const headOf = (model: Model, columns: number, rows: number) => {
    const screen = screenOf({ model, symbols: UNICODE }, columns, rows);
    const height = screen.bands.reduce((sum, b) => sum + b.height, 0);
    expect(screen.head.length + height + 1).toBe(rows);
    return screen.head.map((r) => textOf(r.line)).slice(1);
  };

  it.each([
    [60, 15],
    [44, 12],
  ])('at %ix%i says in one line what must be said, and takes none where nothing is', (columns, rows) => {
    const say = (model: Model) => headOf(model, columns, rows).join('');
    const cluster = { ...status().cluster, health: 'healthy' as const, reasons: [] };
    const well = live(status({ cluster }));
    expect(headOf(well, columns, rows)).toEqual([]);
    const base = full();
    const own = (base.picture.views?.views ?? []).map((v) =>
      v.node_id === 'n6' ? { ...v, leader_id: 'n6', term: 8 } : v,
    );
    const views = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views: own } };
    const split = send(base, views, views)[0];
    expect(say(split), 'the few first').toMatch(/VIEWS DISAGREE {2}n6: n6 t8 · (4×|n1 n2 n3 n4:) n1 t9 +v/);
    expect(say({ ...split, readOnly: true })).toMatch(/DISAGREE {2}n6: n6 .*READ-ONLY/);
    expect(say({ ...live(), readOnly: true })).toContain('READ-ONLY');
    expect(say(press(well, '/', ...'n2')), 'the last line shows it').toBe('');
    expect(say(press(live(), '/', ...'n2', 'enter'))).toContain('/n2');
    expect(say(live(status({ operation: 'op-7' })))).toContain('operation op-7 runs');
    const tentative = { version: 42, previous: 41, expires: '2026-01-02T03:05:00.000Z' };
    expect(say(live(status({ config: { version: 42, tentative } })))).toContain('v42 on trial');
    expect(say(press(full(), '{'))).toMatch(/HISTORY -1m0\ds/);
    const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
    expect(say(send(live(), { type: 'lost', failure, now: 1 })[0])).toContain('LOST n1');
    const pause = { owner: 'anna', reason: '', since: '', expires: '2026-03-04T13:00:00.000Z' };
    expect(say(live(status({ pause })))).toContain('paused by anna until 13:00:00');
  });
});
