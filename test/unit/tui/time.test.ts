import { describe, expect, it } from 'vitest';
import type { HistoryResponse, OperationView } from '../../../tui/feed/wire.ts';
import { alertRows, happenings, operationRows, versionRows } from '../../../tui/model/lists.ts';
import type { Model } from '../../../tui/model/model.ts';
import { shown } from '../../../tui/model/selectors.ts';
import { addToRecord, reach, travel } from '../../../tui/model/time.ts';
import {
  addToTrace,
  fillTrace,
  growth,
  pointAt,
  ratesOf,
  resample,
  slicedSpan,
  type Trace,
  type TracePoint,
} from '../../../tui/model/trace.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { at, event, node, operation, START, status } from '../../tui/recording.ts';
import { full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

function phaseAt(ms: number): OperationView['phases'][number] {
  return { name: 'fence', at: at(ms), elapsed_ms: 5, result: null };
}

/** A figure a second of one node. */
function lastMinute(): HistoryResponse {
  const points = Array.from({ length: 60 }, (_, i) => ({
    ...{ at: at((i - 60) * 1000), node_id: 'n1', cpu_usage: 0.1, lag_entries: 0, applied_index: 5 },
  }));
  return { schemaVersion: 1, step_ms: 1000, points };
}

const SECOND = 1000;
const ago = (ms: number) => START - ms;

describe('travel', () => {
  it('travel shows who led at that second, by elections and losses', () => {
    const model = full();
    expect(shown(travel(model, ago(600_000))).status?.raft).toMatchObject({ leader_id: 'n5', term: 8 });
    expect(shown(travel(model, ago(2_600_000))).status?.raft).toMatchObject({ leader_id: 'n2', term: 7 });
    expect(shown(travel(model, ago(100_000))).status?.raft).toMatchObject({ leader_id: 'n1', term: 9 });
    const between = shown(travel(model, ago(388_020)));
    expect(between.status?.raft.leader_id).toBeNull();
    expect(between.leaderlessSince).toBe(ago(388_049));
    expect(between.status?.nodes.filter((n) => n.role === 'leader')).toEqual([]);
  });

  it('travel shows nothing that came later, in any view', () => {
    const model = travel(full(), ago(60_000));
    for (const view of VIEW_IDS) {
      const seen = { ...model, view };
      expect(happenings(seen).every((h) => Date.parse(h.at) <= ago(60_000))).toBe(true);
      expect(versionRows(seen).every((v) => Date.parse(v.create_time) <= ago(60_000))).toBe(true);
      expect(alertRows(seen).map((a) => a.id)).toEqual(['a1', 'a2']);
    }
    expect(alertRows(travel(full(), ago(400_000))).map((a) => a.id)).toEqual(['a2']);
    expect(alertRows(travel(full(), ago(600_000)))).toEqual([]);
    // nobody recorded what they said then
    expect(alertRows(model).map((a) => a.value)).toEqual(['—', '—']);
  });

  it('travel tells the life of a node from its events, before and after', () => {
    const row = (ms: number) => shown(travel(full(), ago(ms))).status?.nodes.find((n) => n.node_id === 'n5');
    expect(row(600_000)?.liveness).toBe('alive');
    expect(row(300_000)?.liveness).toBe('dead');
    expect(row(300_000)?.last_heartbeat_ms).toBe(88_000);
    expect(row(600_000)?.last_heartbeat_ms).toBeNull();
  });

  it('a figure that nobody recorded is missing, not that of another time', () => {
    const cpu = (ms: number) =>
      shown(travel(full(), ago(ms))).status?.nodes.find((n) => n.node_id === 'n1')?.cpu_usage;
    expect(cpu(30_000)).toBeCloseTo(0.35 + 0.3 * Math.sin(30 / 4), 5);
    expect(cpu(600_000)).toBeNull();
    const row = shown(travel(full(), ago(600_000))).status?.nodes.find((n) => n.node_id === 'n1');
    const unknown = { memory_usage: null, active_connections: null, fsync_ms: null, uptime_ms: null };
    expect(row).toMatchObject(unknown);
  });

  it('neither is what was committed, nor who was primary, nor the term of who is dead', () => {
    const at600 = travel(full(), ago(600_000));
    expect(shown(at600).status?.primary).toMatchObject({ node_id: 'n5', epoch: 8 });
    expect(screenText(at600, 200, 60)).toContain('primary n5');
    expect(screenText(at600, 200, 60)).not.toContain('commit 1');
    const [near, dead] = [travel(full(), ago(30_000)), travel(full(), ago(300_000))];
    expect(screenText(near, 200, 60)).toMatch(/commit 1 203 \d\d\d/);
    expect(screenText(dead, 200, 60)).not.toContain('commit 1');
    const term = (model: Model, id: string) => shown(model).status?.nodes.find((n) => n.node_id === id)?.term;
    expect([term(dead, 'n1'), term(dead, 'n5'), term(at600, 'n5')]).toEqual([9, null, 8]);
    // nobody leads, so nobody is the primary, as nodes say; its epoch stays
    const between = travel(full(), ago(388_020));
    expect(shown(between).status?.primary).toMatchObject({ node_id: null, epoch: 8 });
    expect(screenText(between, 200, 60)).not.toContain('commit 1');
  });

  it('travel keeps within what is known, and the newest second is live', () => {
    const model = full();
    expect(travel(model, START + 5000).past).toBeNull();
    expect(travel(model, 0).past?.at).toBe(reach(model).from);
    expect(reach(model).from).toBe(ago(3_591_000));
  });

  it('a picture that was seen comes back as it was', () => {
    const first = live(status({ config: { version: 40 } }));
    const later = send(first, {
      type: 'status',
      status: status({ config: { version: 41 } }),
      now: START + 5 * SECOND,
    })[0];
    expect(shown(travel(later, START + 2 * SECOND)).status?.config.version).toBe(40);
    expect(shown(later).status?.config.version).toBe(41);
  });
});

describe('what is remembered with its time', () => {
  it('elections, versions and operations of later are not in the past', () => {
    const model = full();
    expect(shown(travel(model, ago(600_000))).status?.elections.map((e) => e.term)).toEqual([7, 8]);
    const [first] = versionRows(model);
    const made = { ...(first as NonNullable<typeof first>), version: 42, create_time: at(-30_000) };
    const question = { slice: 'versions' as const, arg: '' };
    const later = send(model, { type: 'answer', question, value: [made], now: START })[0];
    expect(versionRows(later).map((v) => v.version)).toEqual([42]);
    expect(versionRows(travel(later, ago(60_000)))).toEqual([]);
    expect(operationRows(travel(model, ago(60_000))).map((o) => o.id)).toEqual([
      ...['op-6', 'op-5', 'op-4', 'op-3'],
    ]);
  });
});

describe('what only now is known of', () => {
  const textAt = (model: Model) => screenText(model, 200, 60);

  it('an alert is shown as it was recorded, and before the record without who took it', () => {
    const base = full();
    const seen = (now: number) => ({ type: 'status' as const, status: status(), now });
    const recorded = send(base, seen(START + SECOND), seen(START + 5 * SECOND))[0];
    const acked = recorded.picture.alerts.map((a) => ({ ...a, acknowledged_by: 'anna', silenced_by: 's9' }));
    const model = send(recorded, { type: 'alerts', alerts: acked }, seen(START + 9 * SECOND))[0];
    expect(shown(model).alerts[0]).toMatchObject({ acknowledged_by: 'anna' });
    for (const second of [START + 5 * SECOND, ago(60_000)]) {
      const then = travel(model, second);
      expect(shown(then).alerts.length).toBeGreaterThan(0);
      expect(shown(then).alerts.every((a) => a.acknowledged_by !== 'anna' && a.silenced_by !== 's9')).toBe(
        true,
      );
    }
    const gone = send(model, { type: 'alerts', alerts: [] })[0];
    expect(
      alertRows(travel(gone, START + 5 * SECOND)).map((a) => a.id),
      'recorded then',
    ).toContain('a1');
  });

  it('an operation runs until its last phase was over, with the phases that had begun', () => {
    const phases = [
      { name: 'fence', at: at(-10_000), elapsed_ms: 1000, result: 'no new writes' },
      { name: 'transfer', at: at(-9000), elapsed_ms: 7000, result: 'n2 leads' },
    ];
    const value = [operation({ id: 'op-8', state: 'done', phases })];
    const question = { slice: 'operations' as const, arg: '' };
    const model = send(full(), { type: 'answer', question, value, now: START })[0];
    const [running] = operationRows(travel(model, ago(5000)));
    expect(running).toMatchObject({ state: 'running', phases: [{ elapsed_ms: 1000 }, { elapsed_ms: null }] });
    expect(shown(travel(model, ago(5000))).status?.operation).toBe('op-8');
    expect(operationRows(travel(model, ago(9500)))[0]?.phases.map((p) => p.name)).toEqual(['fence']);
    expect(operationRows(travel(model, ago(1000)))[0]).toMatchObject({ state: 'done' });
    expect(operationRows(travel(model, ago(11_000)))).toEqual([]);
  });

  it('an answer that comes while the past is shown is of that second, and moves nothing else', () => {
    const bare = live(status(), { view: 'operations' });
    const past = travel(send(bare, { type: 'history', history: lastMinute() })[0], ago(30_000));
    expect(textAt(past)).toContain('asking the cluster…');
    const question = { slice: 'operations' as const, arg: '' };
    const old = operation({ id: 'op-5', state: 'done', phases: [phaseAt(-50_000)] });
    const value = [old, operation({ id: 'op-6', phases: [phaseAt(-10_000)] })];
    const heard = send(past, { type: 'answer', question, value, now: START })[0];
    expect(operationRows(heard).map((o) => o.id)).toEqual(['op-5']);
    expect(textAt(heard)).not.toContain('asking the cluster…');
    expect(heard.past?.picture.status).toBe(past.past?.picture.status);
    const failure = { code: 'unavailable', message: 'refused', hint: '' };
    const refused = send(past, { type: 'no-answer', question, failure, now: START })[0];
    expect(textAt(refused)).toContain('no answer: refused');
  });

  it('a drain, a pause, a trial and reasons of later are not of then', () => {
    const later = { owner: 'anna', reason: '', since: at(-10_000), expires: at(60_000) };
    const tentative = { version: 41, previous: 40, expires: at(60_000) };
    const nodes = [node('n1', { role: 'leader' }), node('n2', { drain: later, issues: ['slow disk'] })];
    const model = live(
      status({ nodes, pause: later, config: { version: 41, tentative }, operation: 'op-9' }),
    );
    const events = [event(-100_000, 'n1', 'node-started', 'started')];
    const then = shown(travel(send(model, { type: 'events', events, now: START })[0], ago(20_000))).status;
    expect(then).toMatchObject({ pause: null, operation: null, config: { tentative: null } });
    expect(then?.cluster.reasons).toEqual([]);
    expect(then?.nodes[1]).toMatchObject({ drain: null, issues: [] });
  });

  it('what can not be known of then says that it is of now', () => {
    const back = (view: Model['view']) => textAt(press(full({ view }), '{'));
    expect(back('alerts')).toContain('the rule as of now, not of then');
    expect(back('config')).toContain('as of now, not of then');
    expect(back('config')).not.toContain('runs on');
    expect(back('fleet')).toContain('as of now: HISTORY does not apply');
    expect(textAt(full({ view: 'fleet' }))).not.toContain('HISTORY');
  });
});

describe('keys of time', () => {
  it('brackets go by a second, braces by a minute, parentheses by an event, End is live', () => {
    const model = full();
    expect(press(model, '[').past?.at).toBe(ago(SECOND));
    expect(press(model, '{', '}').past).toBeNull();
    expect(press(model, '{', ']').past?.at).toBe(ago(59_000));
    expect(press(model, '(').past?.at).toBe(ago(2000));
    expect(press(model, '(', '(').past?.at).toBe(ago(385_000));
    expect(press(model, '(', '(', ')').past?.at).toBe(ago(2000));
    expect(press(model, '{', 'end').past).toBeNull();
    expect(press(model, '{', 'escape').past).toBeNull();
  });

  it('T takes every view to the second of the selected row', () => {
    expect(press({ ...full(), view: 'events' }, 'j', 'j', 'T').past?.at).toBe(ago(385_000));
    expect(press({ ...full(), view: 'raft' }, 'T').past?.at).toBe(ago(388_000));
    const moved = press({ ...full(), view: 'raft' }, 'j', 'T', '1');
    expect(moved.view).toBe('topology');
    expect(shown(moved).status?.raft.leader_id).toBe('n5');
  });
});

describe('addToRecord', () => {
  it('addToRecord keeps an hour, and thins it where many nodes would fill the memory', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i}`));
    const picture = { ...full().picture, status: status({ nodes }) };
    let record = addToRecord([], picture, START);
    for (let s = 1; s <= 4000; s++) record = addToRecord(record, picture, START + s * SECOND);
    expect(record.length).toBeGreaterThan(50);
    expect(record.length).toBeLessThanOrEqual(68);
    expect(record[0]?.at).toBeGreaterThanOrEqual(START + 400 * SECOND);
  });

  it.each([
    [3, 1],
    [50, 4.5],
    [500, 45],
    [1000, 60],
    [2000, 120],
  ])('addToRecord keeps of %i nodes a picture each %d s', (count, seconds) => {
    const nodes = Array.from({ length: count }, (_, i) => node(`n${i}`));
    const picture = { ...full().picture, status: status({ nodes }) };
    let record = addToRecord([], picture, START);
    for (let tick = 1; tick <= 600; tick++) record = addToRecord(record, picture, START + tick * 500);
    const steps = record.slice(1).map((p, i) => p.at - (record[i]?.at ?? 0));
    expect(new Set(steps).size).toBe(1);
    // refreshes tremble: a tenth early counts
    expect(steps[0]).toBeGreaterThanOrEqual(seconds * 900);
    expect(steps[0]).toBeLessThanOrEqual(seconds * 900 + 500);
  });
});

describe('trace', () => {
  const points: TracePoint[] = [0, 1, 2, 3, 10].map((s) => ({
    ...{ at: START + s * SECOND, cpu: s / 10, lag: s },
    applied: 100 * s,
  }));

  it('pointAt finds the newest point that is not too old', () => {
    expect(pointAt(points, START + 2500, 15_000)?.lag).toBe(2);
    expect(pointAt(points, START - 1, 15_000)).toBeNull();
    expect(pointAt(points, START + 40 * SECOND, 15_000)).toBeNull();
  });

  it('resample holds a value until the next is overdue, then leaves a gap', () => {
    const span = { from: START, to: START + 10 * SECOND };
    expect(resample(points, (p) => p.lag, span, 5)).toEqual([1, 3, 3, null, 10]);
  });

  it('resample tells the highest of each slice, not the newest', () => {
    const span = { from: START, to: START + 10 * SECOND };
    const peak = points.map((p) => ({ ...p, lag: p.lag === 2 ? 900 : p.lag }));
    expect(resample(peak, (p) => p.lag, span, 5)).toEqual([1, 900, 3, null, 10]);
  });

  it('growth draws a burst as high in every second of ten minutes that it is seen', () => {
    let applied = 0;
    const burst: TracePoint[] = Array.from({ length: 1200 }, (_, s) => {
      applied += s >= 500 && s < 506 ? 50 : 4;
      return { at: START + s * SECOND, cpu: null, lag: null, applied };
    });
    const tops = Array.from({ length: 500 }, (_, s) => {
      const now = START + (525 + s) * SECOND;
      const known = burst.filter((p) => p.at <= now);
      return Math.max(...growth(known, slicedSpan(now, 600_000, 46), 46).map((v) => v ?? 0));
    });
    // 6 s of 50 and 7 s of 4 in a slice of 13 s
    expect(new Set(tops.map((top) => Math.round(top)))).toEqual(new Set([25]));
  });

  it('growth knows nothing of a time that nobody saw, nor of what went backwards', () => {
    const list = [0, 1, 100, 101, 102].map((s) => ({
      at: START + s * SECOND,
      cpu: null,
      lag: null,
      applied: s * 10,
    }));
    const last = list.map((p, i) => (i === 4 ? { ...p, applied: 0 } : p));
    const drawn = growth(last, { from: START, to: START + 102 * SECOND }, 102);
    expect(drawn.flatMap((v, i) => (v === null ? [] : [[i, v]]))).toEqual([
      [0, 10],
      [100, 10],
      [101, 0],
    ]);
  });

  it('ratesOf tells growth a second, and nothing below zero', () => {
    expect(ratesOf(points).map((p) => p.applied)).toEqual([100, 100, 100, 100]);
    const again = [...points, { at: START + 11 * SECOND, cpu: 0, lag: 0, applied: 5 }];
    expect(ratesOf(again).at(-1)?.applied).toBe(0);
  });

  it('a trace is bounded by an hour and by its points over all nodes', () => {
    let trace = {};
    for (let s = 0; s < 4000; s++)
      trace = addToTrace(trace, status({ nodes: [node('n1')] }), START + s * SECOND);
    expect(Object.values<readonly unknown[]>(trace)[0]?.length).toBe(3600);
    const nodes = Array.from({ length: 2000 }, (_, i) => node(`n${i}`));
    let wide = {};
    for (let s = 0; s < 70; s++) wide = addToTrace(wide, status({ nodes }), START + s * SECOND);
    expect(Object.values<readonly unknown[]>(wide)[0]?.length).toBeLessThanOrEqual(62);
  });

  it('a trace of many nodes reaches back for as long as it is seen, in steps behind the last minute', () => {
    const nodes = Array.from({ length: 200 }, (_, i) => node(`n${i}`));
    let trace: Trace = {};
    for (let s = 0; s <= 600; s++) trace = addToTrace(trace, status({ nodes }), START + s * SECOND);
    const own = trace['n7'] ?? [];
    expect(own[0]?.at).toBe(START);
    // 200 nodes have a step of 12 s, and seconds tremble
    expect(own.length).toBeLessThanOrEqual(61 + 540 / 11 + 1);
    const old = own.filter((p) => p.at < START + 540 * SECOND);
    const steps = old.slice(1).map((p, i) => p.at - (old[i]?.at ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(13 * SECOND);
    expect(own.slice(-60).map((p) => p.at)).toEqual(
      Array.from({ length: 60 }, (_, i) => START + (541 + i) * SECOND),
    );
  });

  it('fillTrace puts the past before what was seen here', () => {
    const own = addToTrace({}, status({ nodes: [node('n1', { cpu_usage: 0.5 })] }), START);
    const past = [2, 1, 0].map((s) => ({
      ...{ at: at(-s * SECOND), node_id: 'n1', cpu_usage: s / 10, lag_entries: 0 },
      applied_index: 1,
    }));
    const filled = fillTrace(own, { schemaVersion: 1, step_ms: 1000, points: past });
    expect(filled['n1']?.map((p) => p.cpu)).toEqual([0.2, 0.1, 0.5]);
  });
});

describe('views that disagree', () => {
  it('an event that comes while the past is shown does not move it', () => {
    const past = press(full(), '{');
    const news = event(0, 'n2', 'health-changed', 'slow');
    const after = send(past, { type: 'events', events: [news], now: START })[0];
    expect(happenings(after)).toEqual(happenings(past));
    expect(happenings({ ...after, past: null })[0]?.at).toBe(at(0));
  });
});
