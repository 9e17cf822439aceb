import { describe, expect, it } from 'vitest';
import { metricsOf, peaks } from '../../../tui/model/metrics.ts';
import type { Model } from '../../../tui/model/model.ts';
import { travel } from '../../../tui/model/time.ts';
import { START, status } from '../../tui/recording.ts';
import { fresh, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const SECOND = 1000;

/** `seconds` pictures a second apart, in which n3 has what `figures` says of each second. */
function watched(seconds: number, figures: (second: number) => object, patch: Partial<Model> = {}): Model {
  const messages = Array.from({ length: seconds }, (_, i) => {
    const picture = status();
    const nodes = picture.nodes.map((n) => (n.node_id === 'n3' ? { ...n, ...figures(i) } : n));
    const now = START + i * SECOND;
    return { type: 'status' as const, status: { ...picture, nodes }, now };
  });
  return send(fresh({ view: 'node', selected: 'n3', ...patch }), ...messages)[0];
}

function metric(model: Model, name: string) {
  const { samples, ...figures } = metricsOf(model, 'n3').find((m) => m.name === name) ?? { samples: [] };
  return { ...figures, count: samples.length };
}

describe('metricsOf', () => {
  it('metricsOf gives the present value, the least, the nearest rank of 99 % and the most', () => {
    // 200 samples 1…200, out of order: 7 is prime to 200
    const model = watched(200, (i) => ({ fsync_ms: ((i * 7) % 200) + 1, cpu_usage: (i % 10) / 10 }));
    const fsync = { name: 'fsync ms', unit: 'ms', now: 194, min: 1, p99: 198, max: 200, count: 200 };
    expect(metric(model, 'fsync ms')).toEqual(fsync);
    expect(metric(model, 'cpu %')).toMatchObject({ now: 0.9, min: 0, p99: 0.9, max: 0.9 });
    expect(metricsOf(model, 'n3'), 'asked again with nothing new').toBe(metricsOf(model, 'n3'));
  });

  it('applied a second is the growth between neighbours', () => {
    const model = watched(10, (i) => ({ match_index: 1000 + i * i }));
    // differences of squares: 1, 3, … 17
    expect(metric(model, 'applied/s')).toMatchObject({ now: 17, min: 1, p99: 17, max: 17, count: 9 });
  });

  it('applied a second of a node that fell silent is nothing of now', () => {
    const figures = (i: number) => ({ match_index: i < 30 ? 1000 + i * 5 : null });
    expect(metric(watched(32, figures), 'applied/s'), 'two intervals').toMatchObject({ now: 5, max: 5 });
    expect(metric(watched(33, figures), 'applied/s')).toMatchObject({ now: null, max: 5 });
    expect(metric(watched(60, figures), 'applied/s')).toMatchObject({ now: null, max: 5 });
  });

  it('applied a second is one figure in the table and above the chart, and none of a dead node', () => {
    const shownOf = (figures: (second: number) => object) => {
      const text = screenText(watched(30, figures), 120, 36);
      return [/applied\/s +(\S+)/, /Applied a second +(\S+) ·/].map((r) => r.exec(text)?.[1]);
    };
    // one slice of the chart has several samples, and the newest alone is of now
    expect(shownOf((i) => ({ match_index: 1000 + i * i }))).toEqual(['57', '57']);
    const dead = (i: number) => (i < 28 ? {} : { liveness: 'dead' });
    expect(shownOf((i) => ({ match_index: 1000 + i * i, ...dead(i) }))).toEqual(['—', '—']);
  });

  it('what was before the span does not count, and + takes it in', () => {
    const figures = (i: number) => ({ query_latency_p95_ms: i < 30 ? 500 : 2 });
    expect(metric(watched(120, figures, { spanMs: 60_000 }), 'query ms')).toMatchObject({
      max: 2,
      count: 61,
    });
    expect(metric(watched(120, figures, { spanMs: 600_000 }), 'query ms')).toMatchObject({ max: 500 });
  });

  it('what a node does not say is no figure, and what it says no longer has a past alone', () => {
    const model = watched(20, (i) => ({ rtt_ms: i < 10 ? i + 1 : null, event_loop_lag_ms: null }));
    expect(metric(model, 'loop ms')).toEqual({ count: 0 });
    expect(metric(model, 'RTT ms')).toMatchObject({ now: null, min: 1, max: 10, count: 10 });
    const itself = watched(20, () => ({ rtt_ms: 0 }));
    expect(metric(itself, 'RTT ms'), 'a node has no round trip to itself').toEqual({ count: 0 });
    expect(metricsOf(model, 'gone')).toEqual([]);
  });

  it('an earlier second has its own figures and none of later ones', () => {
    const model = watched(60, (i) => ({ memory_usage: i / 100, cpu_usage: i / 100 }));
    const then = travel(model, START + 30 * SECOND);
    const seen = { ...then, now: then.past?.at ?? 0 };
    for (const name of ['memory %', 'cpu %'])
      expect(metric(seen, name)).toMatchObject({ now: 0.3, max: 0.3, count: 31 });
  });
});

describe('peaks', () => {
  it('peaks keeps the highest sample of each slice and leaves the others open', () => {
    const samples = [0, 10, 20, 90].map((at) => ({ at, value: 100 - at }));
    expect(peaks(samples, { from: 0, to: 100 }, 4)).toEqual([100, null, null, 10]);
    expect(peaks([{ at: 100, value: 5 }], { from: 0, to: 100 }, 4)).toEqual([null, null, null, 5]);
  });
});

describe('the figures of the Node view', () => {
  const model = watched(120, (i) => ({ fsync_ms: i === 60 ? 31.4 : 1.26, cpu_usage: 0.9 }), {
    spanMs: 120_000,
    now: START,
  });

  it('stand beside the facts with their curve, at every size', () => {
    const ticked = send(model, { type: 'tick', now: START + 119_000, mono: 1 })[0];
    const row = /fsync ms +1\.3 +1\.3 +1\.3 +31 (▁+[▂-█]▁+)/;
    for (const [columns, rows] of [
      [200, 60],
      [120, 36],
      [80, 24],
      [60, 15],
    ] as const) {
      const text = screenText(ticked, columns, rows);
      expect(text, `${columns}x${rows}`).toMatch(row);
      expect(text).toMatch(/now +min +p99 +max/);
    }
    expect(screenText(ticked, 60, 20), 'without the other three').toMatch(/cpu % +90\.0 +90\.0/);
    const tiny = { ...ticked, side: { focused: false, scroll: 8 } };
    expect(screenText(tiny, 44, 12)).toMatch(/fsync ms +1\.3 ▁+/);
  });

  it('come into sight by scrolling where there is no room for all', () => {
    const ticked = send(model, { type: 'tick', now: START + 119_000, mono: 1 })[0];
    expect(screenText(ticked, 60, 15)).not.toContain('clients  ');
    const down = { ...ticked, side: { focused: false, scroll: 30 } };
    expect(screenText(down, 60, 15)).toMatch(/clients +12 +12/);
  });
});
