/** The five rules of the design document on readings at, over and again at their limits. */
import { describe, expect, it } from 'vitest';
import type { AlertRecord } from '../../../src/alerts/index.ts';
import { AlertEngine, recordOf, SEED_ALERT_RULES } from '../../../src/alerts/index.ts';

const GOOD: Readonly<Record<string, number>> = {
  error_rate: 0.01,
  query_latency_p95: 1000,
  disk_usage: 0.8,
  leader_count: 1,
  total_nodes: 6,
  healthy_nodes: 3,
};

/** What changes when the cluster has `GOOD`, then `bad` beside it, then `GOOD` again. */
function course(bad: Readonly<Record<string, number>>): string[][] {
  const engine = new AlertEngine();
  let records: AlertRecord[] = [];
  return [GOOD, { ...GOOD, ...bad }, GOOD].map((readings, n) => {
    const readingOf = (name: string) => readings[name];
    const nodes = [{ nodeId: 'n1', inMaintenance: false, readingOf }];
    const now = n * 1000;
    const { transitions } = engine.evaluate({ rules: SEED_ALERT_RULES, nodes, readingOf, records, now });
    for (const transition of transitions) {
      const previous = records.find((r) => r.id === transition.id);
      records = [...records.filter((r) => r !== previous), recordOf(transition, previous, now)];
    }
    return transitions.map((t) => `${t.id} ${t.state}`);
  });
}

describe('SEED_ALERT_RULES', () => {
  it.each([
    ['HighErrorRate:n1', { error_rate: 0.0101 }],
    ['HighLatency:n1', { query_latency_p95: 1001 }],
    ['DiskSpaceLow:n1', { disk_usage: 0.801 }],
    ['NodeUnreachable', { healthy_nodes: 2 }],
  ])('%s fires when its reading is over the limit, and ends when it is not', (id, bad) => {
    expect(course(bad)).toEqual([[], [`${id} firing`], [`${id} resolved`]]);
  });

  it('are five, each over its limit at once: LeaderDown alone is left to the facts', () => {
    const all = {
      error_rate: 1,
      query_latency_p95: 5000,
      disk_usage: 0.9,
      leader_count: 0,
      healthy_nodes: 0,
    };
    const [, fired = []] = course(all);
    const rules = fired.map((text) => text.split(/[: ]/)[0]);
    expect([...rules, 'LeaderDown'].sort()).toEqual(SEED_ALERT_RULES.map((rule) => rule.name).sort());
  });
});
