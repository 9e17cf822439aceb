/** The line beside an alert: which reading it is of, and that nobody is asked for it. */
import { describe, expect, it } from 'vitest';
import type { AlertRow } from '../../../tui/feed/wire.ts';
import { lows, peaks } from '../../../tui/model/metrics.ts';
import type { Model } from '../../../tui/model/model.ts';
import { readingOf } from '../../../tui/model/readings.ts';
import { START, status } from '../../tui/recording.ts';
import { fresh, full, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const SECOND = 1000;

function alert(condition: string, nodeId: string | null = 'n3'): AlertRow {
  const since = new Date(START).toISOString();
  return {
    ...{ id: 'a9', rule: 'Own', node_id: nodeId, severity: 'warning', state: 'firing', since },
    ...{ value: 'x', acknowledged_by: null, condition },
  };
}

/** Ten pictures a second apart; n3's fsync is the second, from the fifth on n5 lives and nobody leads. */
function watched(patch: Partial<Model> = {}): Model {
  const messages = Array.from({ length: 10 }, (_, i) => {
    const picture = status();
    const nodes = picture.nodes.map((n) =>
      n.node_id === 'n3'
        ? { ...n, fsync_ms: i, disk_usage: i === 9 ? null : 0.5 }
        : n.node_id === 'n5' && i >= 5
          ? { ...n, liveness: 'alive' as const }
          : n,
    );
    // one may come or go: the others are found in their new places
    const listed = i % 2 === 0 ? nodes : nodes.toReversed();
    const raft = i >= 5 ? { ...picture.raft, leader_id: null } : picture.raft;
    return {
      type: 'status' as const,
      status: { ...picture, raft, nodes: listed },
      now: START + i * SECOND,
    };
  });
  const [model] = send(fresh(patch), ...messages);
  return { ...model, now: START + 9 * SECOND };
}

const values = (model: Model, of: AlertRow): readonly number[] =>
  readingOf(model, of)?.samples.map((s) => s.value) ?? [];

describe('readingOf', () => {
  it('readingOf is of the node that the alert is of, through the kept pictures', () => {
    expect(values(watched(), alert('fsync > 500ms'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(values(watched(), alert('node_up == 0', 'n5'))).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('readingOf the cluster needs no node', () => {
    const model = watched();
    expect(values(model, alert('leader_count == 0', null))).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
    const name = readingOf(model, alert('healthy_nodes < total_nodes * 0.5', null))?.name;
    expect(name).toBe('healthy_nodes');
    expect(values(model, alert('healthy_nodes < 2', null))).toEqual([5, 5, 5, 5, 5, 6, 6, 6, 6, 6]);
  });

  it('readingOf leaves out what was not told, and is none where no picture has it', () => {
    expect(values(watched(), alert('disk_usage > 0.8'))).toHaveLength(9);
    expect(readingOf(watched(), alert('replication_rate > 9'))).toBe(null);
    expect(readingOf(watched(), alert('fsync > 500ms', 'n99'))).toBe(null);
    expect(readingOf(fresh(), alert('fsync > 500ms'))).toBe(null);
  });

  it('readingOf ends at the second that is looked back at, and begins with the span of charts', () => {
    const past = { ...watched(), now: START + 4 * SECOND };
    expect(values(past, alert('fsync > 500ms')).slice(0, 5)).toEqual([0, 1, 2, 3, 4]);
    expect(values(watched({ spanMs: 3 * SECOND }), alert('fsync > 500ms'))).toEqual([6, 7, 8, 9]);
  });
});

describe('lows', () => {
  it('lows has the worst of a slice where the rule watches for small values', () => {
    const samples = [1, 1, 0, 1].map((value, i) => ({ at: i * SECOND, value }));
    const window = { from: 0, to: 4 * SECOND };
    expect([lows(samples, window, 2), peaks(samples, window, 2)]).toEqual([
      [1, 0],
      [1, 1],
    ]);
    const isLow = (condition: string) => readingOf(watched(), alert(condition))?.isLowBad;
    expect(['node_up == 0', 'healthy_nodes < 3', 'fsync > 500ms'].map(isLow)).toEqual([true, true, false]);
  });
});

describe('a bound', () => {
  it('is that of the rule where it counts what the samples count, and none where it counts bytes', () => {
    const model = full();
    const lag = model.picture.alerts.find((a) => a.node_id === 'n3');
    if (lag === undefined) throw new Error('no alert of n3');
    const bound = (condition: string) => readingOf(model, { ...lag, condition })?.bound;
    expect(bound('cpu_usage > 0.8')).toBe(0.8);
    expect(bound('sync_lag > 5000'), '5000 bytes are no entries').toBeNull();
    expect(bound('sync_lag > 100MB')).toBeNull();
    const alerts = [{ ...lag, condition: 'sync_lag > 5' }];
    const wide = { ...model, view: 'alerts' as const, picture: { ...model.picture, alerts } };
    const node = press({ ...wide, view: 'topology', selected: 'n3' }, 'enter');
    expect(screenText(wide, 200, 60)).toContain('sync_lag');
    for (const seen of [wide, node]) expect(screenText(seen, 200, 60)).not.toContain('= alert');
  });
});

describe('the alerts', () => {
  it('have their line in the list and beside it, as long as + and - make it', () => {
    const text = screenText(full({ view: 'alerts' }), 200, 60);
    expect(text).toMatch(/FOR {2}LAST 10m +VALUE/);
    expect(text).toMatch(/ReplicaLag .*·▁▅ sync_lag 112\.2 MB +bob/);
    expect(text).toMatch(/last 10m +·+▁ node_up/);
    expect(screenText(press(full({ view: 'alerts' }), '-'), 200, 60)).toContain('LAST 1m');
  });

  it('have whole names of shipped rules, and who has seen one at the end of its value', () => {
    const model = full({ view: 'alerts' });
    const rules = ['MaintenanceExpiring', 'PersonCertExpiry'];
    const alerts = model.picture.alerts.map((a, i) => ({ ...a, rule: rules[i] ?? a.rule }));
    const named = { ...model, picture: { ...model.picture, alerts } };
    for (const [columns, rows] of [
      [200, 60],
      [120, 36],
      [80, 24],
    ] as const) {
      const text = screenText(named, columns, rows);
      expect(text, `${columns}`).toMatch(/FIRING +PersonCertExpiry +n5/);
      expect(text, `${columns}`).toMatch(/ACKED +MaintenanceExpiring n3 .* sync_lag.* bob *[│]/);
      expect(text, 'one that is acked fires still').toContain('firing 2 (1 acked) ·');
    }
    expect(screenText(model, 60, 15)).toMatch(/sync_lag.*… bob/);
  });

  it('have no line where it would leave no room for what the alert says', () => {
    expect(screenText(full({ view: 'alerts' }), 60, 15)).not.toContain('LAST ');
  });
});
