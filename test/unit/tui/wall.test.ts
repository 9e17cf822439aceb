import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTop, headLine, headWords, sideBySide, wallLayout } from '../../../tui/wall/board.ts';
import {
  addSample,
  type Sample,
  seriesLine,
  WALL_SAMPLES,
  wallPicture,
  withPast,
} from '../../../tui/wall/picture.ts';
import { inLines, regionWords } from '../../../tui/wall/region-words.ts';
import { placeOf } from '../../../tui/wall/regions.ts';
import { follow } from '../../../tui/wall/wall.ts';
import { event, node, START, status } from '../../tui/recording.ts';
import { fresh, live, send } from './model-kit.ts';

describe('wallLayout', () => {
  it('has latency, rate and regions on a narrow wall too, where the lists keep two lines each', () => {
    for (const [columns, rows, height] of [
      [80, 24, 6],
      [60, 20, 5],
      [200, 21, 5],
    ] as const) {
      const { figures, alerts, elections, log } = wallLayout(columns, rows);
      expect(figures?.height, `${columns}x${rows}`).toBe(height);
      for (const list of [alerts, elections, log]) expect(list?.height).toBeGreaterThanOrEqual(4);
    }
    expect(wallLayout(80, 19).figures).toBeUndefined();
    expect(wallLayout(120, 36).figures, 'charts say it').toBeUndefined();
  });

  it('wallLayout fills the body at any size: nothing overlaps, nothing hangs out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 320 }), fc.integer({ min: 1, max: 100 }), (columns, rows) => {
        const panes = Object.values(wallLayout(columns, rows));
        const area = panes.reduce((sum, p) => sum + p.width * p.height, 0);
        for (const { top, left, width, height } of panes) {
          expect(height).toBeGreaterThan(0);
          expect(top).toBeGreaterThanOrEqual(1);
          expect(top + height).toBeLessThanOrEqual(rows - 1);
          expect(left + width).toBeLessThanOrEqual(columns);
        }
        // equal areas and all inside: without overlap
        if (panes.length > 0) expect(area).toBe(columns * (rows - 2));
      }),
    );
  });
});

describe('regionWords', () => {
  it('has each region once, the worst first, with who leads and who is ill', () => {
    const words = regionWords([...status().nodes, node('n8', { zone: '' })], 'n1');
    expect(words).toEqual([
      'eu-c 2 nodes DEAD n5',
      'eu-b 2 nodes degraded n3',
      'eu-a ★n1 2 nodes ok',
      'no zone 1 node ok',
    ]);
    expect(regionWords([], null)).toEqual([]);
  });

  it.each([
    [40, 1, ['aaaa   bbbb   cccc   dddd']],
    [18, 2, ['aaaa   bbbb   cccc', 'dddd']],
    [18, 1, ['aaaa   bbbb   +2']],
    [11, 2, ['aaaa   bbbb', 'cccc   dddd']],
    [9, 2, ['aaaa', 'bbbb   +2']],
    [3, 1, ['aa…']],
  ])('inLines of %i cells and at most %i lines says how many it left out', (cells, most, lines) => {
    expect(inLines(['aaaa', 'bbbb', 'cccc', 'dddd'], cells, most)).toEqual(lines);
  });
});

describe('headWords', () => {
  it('counts the reasons that have no room, and cuts none', () => {
    const reasons = ['n1 is dead', 'alert NodeDown on n1 is firing', 'n3 is degraded'];
    const at = (cells: number) => headWords('prod  DEGRADED', reasons, cells);
    expect(at(80)).toBe('prod  DEGRADED  n1 is dead; alert NodeDown on n1 is firing; n3 is degraded');
    expect(at(73)).toBe('prod  DEGRADED  n1 is dead; alert NodeDown on n1 is firing; +1 more');
    expect(at(50)).toBe('prod  DEGRADED  n1 is dead; +2 more');
    expect(headWords('prod  HEALTHY', [], 10)).toBe('prod  HEALTHY');
  });
});

describe('headLine', () => {
  it('keeps the clock, and a cut is seen', () => {
    expect(headLine('prod  DEGRADED', '10:37:09', 60)).toBe(` prod  DEGRADED${' '.repeat(36)}10:37:09 `);
    const cutOff = headLine(`prod  DEGRADED${'  alert NodeDown'.repeat(4)}`, '10:37:09', 60);
    expect(cutOff).toMatch(/^ prod {2}DEGRADED.*… {2}10:37:09 $/);
    expect(cutOff).toHaveLength(60);
    // whose board it is stands before what time it is
    expect(headLine('prod  DEGRADED', '10:37:09', 50)).toBe(' prod  DEGRADED');
  });
});

describe('axisTop', () => {
  it('is above all values and makes round ticks', () => {
    expect([0, 0.31, 1, 4.9, 9, 601, 2404].map(axisTop)).toEqual([0.05, 0.5, 2.5, 10, 10, 1000, 5000]);
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (most) => {
        expect(axisTop(most)).toBeGreaterThan(most);
        expect(Number((axisTop(most) / 5).toExponential().split('e')[0])).toBeOneOf([1, 2, 5]);
      }),
    );
  });
});

describe('placeOf', () => {
  const at = (zone: string, metadata: Record<string, string> = {}) => placeOf(node('n1', { zone, metadata }));

  it('placeOf believes the node first, then the longest known beginning of its zone', () => {
    expect(at('rack-7', { latitude: '48.1', longitude: '11.6' })).toEqual({
      latitude: 48.1,
      longitude: 11.6,
    });
    expect(at('eu-west-2a')).toEqual({ latitude: 51.5, longitude: -0.1 });
    expect(at('eu-a')).toEqual({ latitude: 50.1, longitude: 8.7 });
    expect(at('us-east1')).toEqual({ latitude: 38.9, longitude: -77.4 });
  });

  it('placeOf knows no place for other words, nor for coordinates that are none', () => {
    for (const zone of ['', 'rack-7', 'eureka', 'useful']) expect(at(zone), zone).toBeNull();
    expect(at('x', { latitude: '148', longitude: '11' })).toBeNull();
    expect(at('x', { latitude: '', longitude: '' })).toBeNull();
  });
});

describe('wallPicture', () => {
  it('wallPicture has every part of the recording, and says which nodes no map can show', () => {
    const zones = ['eu-west-1', 'us-east-1', 'rack-7'];
    const nodes = zones.map((zone, i) => node(`n${i}`, { zone, liveness: i === 1 ? 'dead' : 'alive' }));
    const picture = wallPicture(live(status({ nodes })), []);
    expect(picture.markers.map((m) => `${m.nodeId} ${m.tone}`)).toEqual(['n0 good', 'n1 bad']);
    expect(picture.unplaced).toEqual(['n2']);
    expect(picture.title).toContain('prod-eu  DEGRADED  leader n1 DEAD  term 9');
    const [row] = live().picture.status?.elections.toReversed() ?? [];
    const gap = (row?.election_ms ?? 0) + (row?.detect_ms ?? 0);
    // the same figure as NO LEADER of Topology
    expect(picture.elections[0]).toContain(`t9 n1  ${gap} ms  n5 heartbeat lost`);
    expect(gap).toBe(231);
    expect(picture.nodes[1]).toMatch(/^n1 +\w+ +DEAD/);
    expect(picture.clock).toMatch(/^\d\d:\d\d:\d\d {2}\d+m?s old$/);
    expect(wallPicture(fresh(), []).title).toContain('connecting');
  });

  it('wallPicture of an old picture is not healthy', () => {
    const cluster = { ...status().cluster, health: 'healthy' as const };
    const old = { ...cluster, read: { ...cluster.read, age_ms: 60_000 } };
    expect(wallPicture(live(status({ cluster })), [])).toMatchObject({ tone: 'good' });
    const picture = wallPicture(live(status({ cluster: old })), []);
    expect(picture).toMatchObject({ tone: 'warn', title: expect.stringContaining('STALE 1m00s') });
  });

  it('wallPicture of a cluster that never answered, or of a context that is none, is red and says why', () => {
    const failure = { code: 'unavailable', message: 'connection refused\x1b[2J', hint: '' };
    const silent = wallPicture(send(fresh(), { type: 'lost', failure, now: START })[0], []);
    expect(silent).toMatchObject({ title: 'prod-eu  NO ANSWER', tone: 'bad' });
    expect(silent.reasons[0]).toMatch(/^connection refused/);
    expect(silent.reasons.join()).not.toContain('\x1b');
    const model = follow({ name: 'dr', client: null, error: 'no token file' }, 1000).model();
    const none = wallPicture(model, []);
    expect(none).toMatchObject({ title: 'dr  NO ANSWER', tone: 'bad' });
    expect(none.reasons).toEqual(["this context can't be used: no token file"]);
    expect(wallPicture(fresh(), [])).toMatchObject({ tone: 'warn', reasons: [] });
  });

  it('wallPicture of a lost cluster says so, and how old it is', () => {
    const [lost] = send(
      live(),
      { type: 'lost', failure: { code: 'unavailable', message: 'refused', hint: '' }, now: START },
      { type: 'tick', now: START + 65_000, mono: 0 },
    );
    expect(wallPicture(lost, [])).toMatchObject({ tone: 'bad' });
    expect(wallPicture(lost, []).title).toContain('LOST, picture 1m05s old');
  });

  it('wallPicture holds no letter that could steer a terminal, whatever names and messages are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const hostile = `\u001b[2J\u202e${text}\u001b]52;c;eA==\u0007{bold}`;
        const [model] = send(live(status({ nodes: [node(hostile, { zone: hostile })] })), {
          type: 'events',
          events: [event(0, hostile, 'x', hostile)],
          now: START,
        });
        const { markers, unplaced, title, reasons, log } = wallPicture(model, []);
        const all = [...unplaced, ...markers.map((m) => m.nodeId), title, ...reasons, ...log].join('');
        expect(all).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      }),
    );
  });
});

describe('sideBySide', () => {
  it('sideBySide gives each marker of a place a cell of its own, the leader that of the place', () => {
    const at = (nodeId: string, longitude: number, tone: 'good' | 'bad', isLeader = false) => ({
      ...{ nodeId, latitude: 50, longitude, tone, isLeader },
    });
    const markers = [at('n1', 10, 'good'), at('n2', 10, 'bad'), at('n3', 10, 'good', true)];
    const placed = sideBySide([...markers, at('n4', 178, 'good'), at('n5', 178, 'good')], 60);
    expect(placed.map((m) => `${m.nodeId} ${m.longitude}`)).toEqual([
      ...['n3 10', 'n2 16', 'n1 22'],
      ...['n4 178', 'n5 -176'],
    ]);
  });
});

describe('addSample', () => {
  const commit = (index: number, at: number) =>
    send(fresh(), {
      type: 'status',
      status: status({ raft: { ...status().raft, commit_index: index } }),
      now: START + at,
    })[0];

  it('addSample tells the rate between two pictures, never below zero, once a picture', () => {
    let samples: readonly Sample[] = addSample([], commit(1000, 0));
    samples = addSample(samples, commit(3000, 2000));
    samples = addSample(samples, commit(3000, 2000));
    samples = addSample(samples, commit(2900, 3000));
    expect(samples.map((s) => s.commitsPerSecond)).toEqual([null, 1000, 0]);
    expect(samples[0]?.latencyMs).toBe(2.7);
  });

  it('addSample forgets the oldest', () => {
    let samples: readonly Sample[] = [];
    for (let i = 0; i < WALL_SAMPLES + 5; i++) samples = addSample(samples, commit(i, i * 1000));
    expect(samples).toHaveLength(WALL_SAMPLES);
    expect(samples[0]?.commitIndex).toBe(5);
  });

  it('withPast begins with what the leader applied in the seconds that the cluster remembers', () => {
    const point = (second: number) => {
      const at = new Date(START + second * 1000).toISOString();
      return { at, node_id: 'n1', cpu_usage: 0.5, lag_entries: 0, applied_index: 5000 + second * 7 };
    };
    const opened = live(status(), { trace: {} });
    const points = Array.from({ length: 300 }, (_, i) => point(i - 300));
    const history = { schemaVersion: 1 as const, step_ms: 1000, points };
    const told = send(opened, { type: 'history', history })[0];
    const samples = addSample([], told);
    const seen = withPast(samples, told);
    expect(seen).toHaveLength(WALL_SAMPLES);
    expect(new Set(seen.slice(0, -1).map((s) => s.commitsPerSecond))).toEqual(new Set([7]));
    expect(seen.at(-1)).toBe(samples[0]);
    expect(seen.every((s, i) => i === 0 || s.at > (seen[i - 1]?.at ?? 0))).toBe(true);
    expect(wallPicture(told, samples).latency).toEqual(seen);
  });

  it('seriesLine says the newest value first', () => {
    expect(seriesLine('p95', [1, null, 4], true)).toMatch(/^p95 4\.0 {2}\S/);
    expect(seriesLine('p95', [], false)).toContain('—');
  });
});
