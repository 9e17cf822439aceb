import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { ExpositionOptions } from '../../../src/metrics/index.ts';
import { ALL_METRICS, Histogram, MetricsCollector } from '../../../src/metrics/index.ts';

const OPTIONS: ExpositionOptions = {
  ...{ format: 'prometheus', labels: { cluster: 'c', node: 'n1' }, version: '1', selection: ALL_METRICS },
};

function lines(collector: MetricsCollector, word: string, options = OPTIONS): string[] {
  return collector
    .exportMetrics(options)
    .split('\n')
    .filter((line) => line.includes(word));
}

describe('MetricsCollector.observe', () => {
  it('counts failovers by cause, and how long each took', () => {
    const collector = new MetricsCollector();
    const times = { durationMs: 40, writeGapMs: 60 };
    for (const cause of ['hint', 'timeout', 'hint']) collector.observe({ kind: 'failover', cause, ...times });
    expect(lines(collector, 'sqlcc_failover_total')).toEqual([
      '# HELP sqlcc_failover_total Times that this node took leadership over from another one, by why it asked for it',
      '# TYPE sqlcc_failover_total counter',
      'sqlcc_failover_total{cluster="c",node="n1",cause="hint"} 2',
      'sqlcc_failover_total{cluster="c",node="n1",cause="timeout"} 1',
    ]);
    const open = lines(collector, 'failover ', { ...OPTIONS, format: 'openmetrics' });
    expect(open).toContain('# TYPE sqlcc_failover counter');
    expect(
      lines(collector, 'failover_duration_seconds_bucket{cluster="c",node="n1",le="0.05"} 3'),
    ).toHaveLength(1);
    expect(
      lines(collector, 'failover_duration_seconds_bucket{cluster="c",node="n1",le="0.025"} 0'),
    ).toHaveLength(1);
    expect(lines(collector, 'write_gap_seconds_bucket{cluster="c",node="n1",le="0.05"} 0')).toHaveLength(1);
    expect(lines(collector, 'write_gap_seconds_count{cluster="c",node="n1"} 3')).toHaveLength(1);
  });

  it('has a histogram before anything happened, and no counter of a cause that nobody knows', () => {
    const collector = new MetricsCollector();
    expect(lines(collector, 'election_duration_seconds_count{cluster="c",node="n1"} 0')).toHaveLength(1);
    expect(lines(collector, 'failover_total')).toEqual([]);
    expect(lines(collector, 'append_rtt')).toEqual([]);
  });

  it('counts notifications by channel and result', () => {
    const collector = new MetricsCollector();
    for (const result of ['delivered', 'dead', 'delivered'] as const)
      collector.observe({ kind: 'notification', channel: 'email', result });
    collector.observe({ kind: 'notification', channel: 'slack', result: 'dead' });
    expect(lines(collector, 'sqlcc_notifications_sent_total{')).toEqual([
      'sqlcc_notifications_sent_total{cluster="c",node="n1",channel="email",result="delivered"} 2',
      'sqlcc_notifications_sent_total{cluster="c",node="n1",channel="email",result="dead"} 1',
      'sqlcc_notifications_sent_total{cluster="c",node="n1",channel="slack",result="dead"} 1',
    ]);
    const labels = { channel: 'slack', result: 'dead' };
    expect(collector.getSeries()).toContainEqual({ id: 'notifications_sent_total', labels, value: 1 });
  });

  it('counts values of a label beyond the limit together', () => {
    const collector = new MetricsCollector();
    for (let n = 0; n < 3 * LIMITS.maxMetricSeries; n++)
      collector.observe({ kind: 'failover', cause: `c${n}`, durationMs: 1, writeGapMs: 1 });
    const series = lines(collector, 'sqlcc_failover_total{');
    expect(series).toHaveLength(LIMITS.maxMetricSeries);
    expect(series.at(-1)).toBe(`sqlcc_failover_total{cluster="c",node="n1",cause="other"} ${2 * 64 + 1}`);
  });
});

describe('MetricsCollector.give', () => {
  it('shows what others count, by label, and no more of it than the limit', () => {
    const collector = new MetricsCollector();
    const histogram = new Histogram([0.1, 1]);
    histogram.observe(0.05, 3);
    histogram.observe(7);
    collector.give('append_rtt', [{ label: 'n2', value: histogram.snapshot() }]);
    expect(lines(collector, 'append_rtt_seconds_')).toEqual([
      'sqlcc_append_rtt_seconds_bucket{cluster="c",node="n1",peer="n2",le="0.1"} 3',
      'sqlcc_append_rtt_seconds_bucket{cluster="c",node="n1",peer="n2",le="1"} 3',
      'sqlcc_append_rtt_seconds_bucket{cluster="c",node="n1",peer="n2",le="+Inf"} 4',
      'sqlcc_append_rtt_seconds_sum{cluster="c",node="n1",peer="n2"} 7.15',
      'sqlcc_append_rtt_seconds_count{cluster="c",node="n1",peer="n2"} 4',
    ]);
    expect(collector.getSeries()).toContainEqual({
      ...{ id: 'append_rtt', labels: { peer: 'n2' }, count: 4 },
      sum: expect.closeTo(7.15, 9) as number,
    });
    const peers = Array.from({ length: 100 }, (_, n) => ({ label: `n${n}`, value: n / 1000 }));
    collector.give('peer_rtt', peers);
    expect(lines(collector, 'sqlcc_peer_rtt_seconds{')).toHaveLength(LIMITS.maxMetricSeries);
    collector.give('peer_rtt', []);
    expect(lines(collector, 'peer_rtt')).toEqual([]);
    expect(() => collector.give('no_such', [])).toThrow(/the family no_such/);
  });
});
