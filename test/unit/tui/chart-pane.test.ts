/** Charts: the times below them, and a line across where the rule of an alert has its bound. */
import { describe, expect, it } from 'vitest';
import type { AlertRow } from '../../../tui/feed/wire.ts';
import { boundRow, brailleChart } from '../../../tui/format/braille.ts';
import { chartPane, timesOf } from '../../../tui/lines/chart-pane.ts';
import type { Model } from '../../../tui/model/model.ts';
import { boundIn, boundOf } from '../../../tui/model/readings.ts';
import { ASCII, UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { START, status } from '../../tui/recording.ts';
import { fresh, full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const MINUTE = 60_000;

describe('timesOf', () => {
  it.each([
    [40, 10, '11:54            11:59             12:04'],
    [20, 10, '11:54          12:04'],
    [24, 1, '12:03:31        12:04:31'],
    [31, 60, '11:04        11:34        12:04'],
  ])(
    'timesOf %i cells and %i min has both ends, and the middle where there is room',
    (cells, minutes, text) => {
      expect(timesOf({ from: START - minutes * MINUTE, to: START }, cells)).toBe(text);
    },
  );
});

describe('boundRow', () => {
  it('is where a course of that value goes, dot by dot', () => {
    for (const value of [0, 1, 3, 5, 8, 10]) {
      for (const ascii of [false, true]) {
        const chart = { columns: 1, rows: 4, top: 10, ascii };
        const drawn = brailleChart([value, value], chart);
        const at = boundRow(value, chart);
        expect(drawn.findIndex((row) => row !== ' ' && row !== '⠀')).toBe(at?.row);
        if (!ascii) expect(drawn[at?.row ?? 0]).toBe(at?.dash);
      }
    }
    expect(boundRow(11, { columns: 1, rows: 4, top: 10, ascii: false })).toBeNull();
  });
});

describe('boundIn', () => {
  it.each([
    ['cpu_usage > 90%', 'cpu_usage', 0.9],
    ['cpu_usage >= 0.9', 'cpu_usage', 0.9],
    ['fsync > 500ms', 'fsync', 500],
    ['query_latency_p95 > 1.5s', 'query_latency_p95', 1500],
    ['queries_per_second < 100/s', 'queries_per_second', 100],
    ['cpu_usage > 95% or memory_usage > 90%', 'memory_usage', 0.9],
    // what else must hold, or is counted otherwise than samples are, has no place in a chart
    ['cpu_usage > 90% and uptime > 10m', 'cpu_usage', null],
    ['not (memory_usage > 1% or cpu_usage > 2% or disk_usage > 3%)', 'cpu_usage', null],
    ['sync_lag > 100MB', 'sync_lag', null],
    ['healthy_nodes < total_nodes * 0.5', 'healthy_nodes', null],
    ['cpu_usage > 5 constructor', 'cpu_usage', null],
    ['disk_usage > 0.8', 'cpu_usage', null],
  ])('boundIn %s of %s is %s', (condition, name, bound) => {
    expect(boundIn(condition, name)).toBe(bound);
  });
});

function alert(condition: string): AlertRow {
  const since = new Date(START).toISOString();
  return {
    ...{ id: 'a9', rule: 'Own', node_id: 'n3', severity: 'warning', state: 'firing', since },
    ...{ value: '612 ms > 500 ms', acknowledged_by: null, condition },
  };
}

/** A minute of pictures, in which n3's disk becomes slow, and the alert of a rule of this condition. */
function slow(condition: string, patch: Partial<Model> = {}): Model {
  const pictures = Array.from({ length: 60 }, (_, i) => {
    const nodes = status().nodes.map((n) => (n.node_id === 'n3' ? { ...n, fsync_ms: i * 15 } : n));
    return { type: 'status' as const, status: status({ nodes }), now: START + i * 1000 };
  });
  const told = { type: 'alerts' as const, alerts: [alert(condition)] };
  return { ...send(fresh(patch), ...pictures, told)[0], now: START + MINUTE, spanMs: MINUTE };
}

describe('chartPane', () => {
  const wish = { title: 'Lag', unit: String, values: () => [4], bound: 5 };

  it('names the bound where the course leaves room, and draws up to it', () => {
    const pane = chartPane(wish, { model: fresh(), symbols: UNICODE }, { width: 45, height: 8 });
    const text = pane.lines.map(textOf);
    expect(text[0]).toMatch(/^ {8}5│.*⠉ 5 = alert ⠉*$/);
    expect(text.slice(1, -2).join('')).not.toContain('alert');
    expect(text.at(-1)).toMatch(/^ {10}11:54 .* 12:04$/);
  });

  it('has no line where no rule is known, and no times where there is no row for them', () => {
    const view = { model: fresh(), symbols: ASCII };
    const plain = chartPane({ ...wish, bound: null }, view, { width: 45, height: 8 });
    expect(plain.lines.map(textOf).join('')).not.toMatch(/alert|-{3}/);
    expect(chartPane(wish, view, { width: 45, height: 5 }).lines.map(textOf).join('')).not.toContain('11:54');
  });
});

describe('a bound on the screen', () => {
  it('stands beside its alert where there is room for a chart, else the course is a line', () => {
    const model = slow('fsync > 500ms', { view: 'alerts' });
    const text = screenText(model, 120, 36);
    expect(text).toContain('last 1m     fsync');
    expect(text).toMatch(/ 500 ms = alert /);
    expect(text).toMatch(/ 1 000 ms│/);
    expect(text).toMatch(/12:04:31 +12:05:31/);
    for (const [columns, rows] of [
      [110, 30],
      [80, 24],
      [60, 15],
      [44, 12],
    ] as const)
      expect(screenText(model, columns, rows)).not.toContain('= alert');
    expect(screenText(slow('node_up == 0', { view: 'alerts' }), 120, 36)).not.toContain('│⠀');
  });

  it('stands in the chart of the CPU, of the rule that is passed first', () => {
    const twice = slow('cpu_usage > 95%', { selected: 'n3' });
    const both = { ...twice.picture, alerts: [...twice.picture.alerts, alert('cpu_usage > 80%')] };
    const model = { ...twice, picture: both };
    expect(boundOf(model, 'cpu_usage')).toBe(0.8);
    expect(screenText(press(model, 'enter'), 120, 36)).toContain(' 80 = alert ');
    expect(screenText(press(live(status(), { selected: 'n3' }), 'enter'), 120, 36)).not.toContain('= alert');
  });
});

describe('the Raft view', () => {
  it('gives what elections leave of a tall screen to charts', () => {
    const text = screenText(full({ view: 'raft' }), 200, 60).split('\n');
    const row = (words: string) => text.findIndex((line) => line.includes(words));
    expect([row(' Elections 3 '), row(' Links '), row(' Commits/s ')]).toEqual([10, 27, 36]);
    expect(text[36]).toContain('Commit latency p95 ms 2.7');
  });

  it('has terms as far back as + and - say once they are pressed, with what nobody led of that time', () => {
    const text = (...keys: string[]) => screenText(press(full({ view: 'raft' }), ...keys), 120, 36);
    expect(text()).toMatch(/Terms · last 60 min · \+ -/);
    expect(text('-')).toMatch(/Terms · last 1m00s · \+ -/);
    expect(text('-')).toMatch(/t9 ─+── n1 ─+►/);
    expect(text('-')).toContain('no leader 0 ms in 1m00s: led 100.000 %');
    const ten = text('-', '+');
    expect(ten).toMatch(/Terms · last 10m00s/);
    expect(ten).toContain('no leader 231 ms in 10m00s: led 99.962 %');
    expect(ten).toMatch(/t8 ─.*┤ +│\n.*t9 +▲/);
    expect(ten).not.toMatch(/ t7 /);
    expect(text('+')).toContain('no leader 439 ms in 60 min: led 99.988 %');
  });
});
