/** Words that fit their place: headings, kinds, the one line of a small screen, what is known of the dead. */
import { describe, expect, it } from 'vitest';
import { actionDialogText } from '../../../tui/lines/action-dialog.ts';
import { tableHeading, tableShape } from '../../../tui/lines/node-table.ts';
import { metricsOf } from '../../../tui/model/metrics.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { operation, plan, START, status } from '../../tui/recording.ts';
import { dialogOf, full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

describe('tableHeading', () => {
  it('says how many seconds the line of the CPU is of, at the pace of the pictures, however narrow', () => {
    const at = (cells: number, stepMs?: number) => {
      const shape = tableShape(status().nodes, cells, ['state', 'spark']);
      return textOf(tableHeading(shape, cells, stepMs)).match(/CPU (\d+) s/)?.[1];
    };
    for (const cells of [40, 60, 90]) expect(at(cells), `${cells}`).toBe('60');
    expect(at(60, 2000)).toBe('120');
  });
});

describe('the Operations view', () => {
  const rows = [
    operation({ id: 'o2', kind: 'maintenance-disable', from: 'n2', to: null, reason: 'the disk is new' }),
    operation({ id: 'o1', kind: 'maintenance-enable', from: 'n2', to: null, reason: 'disk is replaced' }),
  ];
  const asked = { question: { slice: 'operations', arg: '' } as const, value: rows, now: START };
  const model = send(live(undefined, { view: 'operations' }), { type: 'answer', ...asked })[0];

  it('tells the beginning of a maintenance from its end, and has the whole reason beside it', () => {
    for (const [columns, height] of [
      [80, 24],
      [120, 36],
    ] as const) {
      const text = screenText(model, columns, height);
      expect(text).toContain('maint on');
      expect(text).toContain('maint off');
      expect(text).not.toContain('maintenance…');
      expect(text).toMatch(/by anna: (the disk is new|disk is replaced)/);
    }
    expect(screenText(model, 120, 36)).toMatch(/maint on .*anna disk is replaced/);
  });

  it('calls it in the pane as in the list, and says by which word events have it', () => {
    const text = screenText(model, 120, 36);
    expect(text).toMatch(/┌ maint (on|off) o\d /);
    expect(text).toMatch(/in events: maintenance-(enable|disable)/);
    const other = { ...asked, value: [operation({ id: 'o3' })] };
    const moved = screenText(send(model, { type: 'answer', ...other })[0], 120, 36);
    expect(moved).toContain('┌ failover o3 ');
    expect(moved).not.toContain('in events:');
  });
});

describe('a small screen', () => {
  it('leaves facts out of the title of Alerts rather than cut one', () => {
    const title = (columns: number, rows: number) =>
      screenText(full({ view: 'alerts' }), columns, rows)
        .split('\n')
        .find((l) => l.includes('Alerts firing'))
        ?.replace(/─+$/, '')
        .trim();
    expect(title(44, 12)).toBe('─ Alerts firing 2 (1 acked) · silences 1');
    expect(title(60, 15)).toBe('─ Alerts firing 2 (1 acked) · silences 1 · resolved 0');
  });

  it('has one line with the reason of the health, and none where all is well', () => {
    const rows = screenText(full(), 60, 15).split('\n');
    expect(rows[1]).toMatch(/^ ! {2}degraded: .*n5 is dead/);
    const sound = status().cluster;
    const well = live(status({ cluster: { ...sound, health: 'healthy', reasons: [] } }));
    expect(screenText(well, 60, 15)).not.toContain('degraded:');
    expect(screenText(full(), 44, 12).split('\n')[1]).not.toContain('degraded:');
  });

  it('keeps the length of a maintenance in sight where the rest of the dialog scrolls', () => {
    const open = press(live(), 'j', 'j', 'M');
    const shown = plan({ kind: 'maintenance', to: 'n3', candidates: [] });
    const { id: dialogId } = dialogOf(open);
    const model = send(open, { type: 'planned', dialogId, plan: shown, mono: open.mono })[0];
    const pinned = (width: number, rows: number) =>
      (actionDialogText(dialogOf(model), { model, symbols: UNICODE }, { width, rows }).pinned ?? [])
        .map(textOf)
        .join('\n');
    expect(pinned(40, 7)).toContain('for 1h, at 13:04');
    expect(pinned(100, 30)).not.toContain('for 1h');
  });
});

describe('a dead node', () => {
  it('has no round trip and no lag: both would be of before', () => {
    const dead = (nodes = status().nodes) =>
      nodes.map((n) => (n.node_id === 'n5' ? { ...n, rtt_ms: 12.5, lag_entries: 143 } : n));
    const model = live(status({ nodes: dead() }), { selected: 'n5' });
    const row = screenText(model, 200, 60)
      .split('\n')
      .find((line) => /n5 .*DEAD/.test(line));
    expect(row).toBeDefined();
    expect(row).not.toMatch(/ 143 | 12\.5 /);
    expect(screenText({ ...model, view: 'node' }, 120, 36)).toContain('round trip —');
    const now = (name: string) => metricsOf(model, 'n5').find((m) => m.name === name)?.now ?? null;
    expect([now('lag'), now('RTT ms')]).toEqual([null, null]);
    expect(metricsOf(live(), 'n3').find((m) => m.name === 'lag')?.now).toBeGreaterThan(0);
  });
});

describe('a lost connection', () => {
  const failure = { code: 'unavailable', message: 'connect ECONNREFUSED 10.0.0.1:5434', hint: '' };
  const { now } = full();
  const gone = { ...send(full(), { type: 'lost', failure, now })[0], now: now + 7000 };

  it.each([
    [
      200,
      60,
      /LOST n1 7s {2}picture of 12:04:31, 7s old · connect .* attempt 1 .*n6 in maint.* R another node/,
    ],
    [80, 24, /LOST n1 7s {2}picture of 12:04:31, 7s old · conn.* e reads on R another node *$/],
    [60, 15, /LOST n1 7s {2}picture 7s old .* e reads on R another node *$/],
    [44, 12, /LOST n1 7s {2}7s old ·… e reads on R other *$/],
  ])('says at %ix%i first how old the picture is', (columns, rows, words) => {
    const [first, second, third] = screenText(gone, columns, rows).split('\n');
    expect(first).toContain('LOST');
    expect(columns < 80 ? second : third).toMatch(words);
  });

  it('lets a death grow older as its alert does', () => {
    const before = screenText(full(), 80, 24);
    expect(before).toMatch(/DEAD 6m28s/);
    expect(before).toMatch(/NodeDown n5 6m25s/);
    const after = screenText(gone, 80, 24);
    expect(after).toMatch(/DEAD 6m35s/);
    expect(after).toMatch(/NodeDown n5 6m32s/);
    expect(screenText({ ...gone, view: 'node', selected: 'n5' }, 120, 36)).toContain('DEAD 6m35s');
  });
});

describe('through another node', () => {
  it('is said in the header and above its events; what the cluster answers is not called its', () => {
    const through = (patch: Partial<Model> = {}) => screenText(full({ observer: 'n2', ...patch }), 120, 36);
    expect(through()).toMatch(/via n1 \(pinned\)/);
    expect(through()).toContain('Events of n2');
    expect(through({ view: 'operations' })).toContain('asked of the cluster, not of n2');
    expect(screenText(full(), 120, 36)).not.toMatch(/pinned|Events of/);
  });
});

describe('the head of Alerts', () => {
  it('counts the silences in force, also where none is on an alert that fires', () => {
    expect(screenText(full({ view: 'alerts' }), 120, 36)).toMatch(/· silences [1-9] ·/);
  });
});

describe('the figures of a node', () => {
  it('call a late event loop by what it does', () => {
    expect(metricsOf(full(), 'n1').map((m) => m.name)).toContain('stall ms');
  });
});
