/** What is wrong with the recorded cluster, judged by the cores: alerts, reasons and events follow from its nodes. */
import { describe, expect, it } from 'vitest';
import { clusterHealth } from '../../../daemon/cluster-health.ts';
import { healthEvent } from '../../../daemon/health-words.ts';
import type { AlertRule, Condition, ReadingOf, Trace } from '../../../src/alerts/index.ts';
import {
  checkCondition,
  DEFAULT_ALERT_RULES,
  evaluateCondition,
  evaluateFixedAlerts,
  explainCondition,
  FIXED_RULES,
  forInForceMs,
  readingsText,
} from '../../../src/alerts/index.ts';
import { must } from '../../../src/base/index.ts';
import { EVENT_KINDS } from '../../../src/cluster/index.ts';
import type { HealthSample, NodeHealth } from '../../../src/health/index.ts';
import { HEALTH_CHECKS, HealthMonitor, lagCheck } from '../../../src/health/index.ts';
import type { Slices } from '../../../tui/feed/slices.ts';
import type { NodeRow } from '../../../tui/feed/wire.ts';
import { answers } from '../../tui/answers.ts';
import { calm, START, sixNodes, status } from '../../tui/recording.ts';
import { bytesOf, LAG_THRESHOLD_BYTES } from './leader-words.ts';

const ALERTS = calm().flatMap((line) => line.alerts ?? []);
const TOLD = calm().flatMap((line) => line.event ?? []);
const LIVING = sixNodes().filter((n) => n.liveness === 'alive');
const RULES = new Map<string, Pick<AlertRule, 'name' | 'condition' | 'severity' | 'forMs'>>(
  [...DEFAULT_ALERT_RULES, ...FIXED_RULES.map((rule) => ({ ...rule, forMs: rule.leastForMs }))].map(
    (rule) => [rule.name, rule],
  ),
);

function ruleOf(name: string) {
  return must(RULES.get(name), name);
}

function conditionOf(name: string): Condition {
  const checked = checkCondition(ruleOf(name).condition);
  if (!checked.ok) throw new TypeError(checked.error.message);
  return checked.condition;
}

const seconds = (ms: number | null | undefined) => (ms == null ? null : ms / 1000);

/** The readings of a node as rules have them; of one that is dead nothing is known but that. */
function readingsOf(row: NodeRow): ReadingOf {
  const told: Readonly<Record<string, number | null | undefined>> =
    row.liveness === 'dead'
      ? { node_up: 0 }
      : {
          ...{
            node_up: 1,
            cpu_usage: row.cpu_usage,
            memory_usage: row.memory_usage,
            fsync: seconds(row.fsync_ms),
          },
          ...{
            disk_usage: row.disk_usage,
            error_rate: row.error_rate,
            clock_offset: seconds(row.clock_offset_ms),
          },
          ...{ query_latency_p95: row.query_latency_p95_ms, sync_lag: bytesOf(row.lag_entries) },
        };
  return (name) => told[name];
}

function healthOf(row: NodeRow): NodeHealth {
  const sample: HealthSample = {
    ...{ cpuUsage: row.cpu_usage, cpuThrottled: null, memoryUsage: row.memory_usage },
    ...{ diskUsage: row.disk_usage, loopLagMs: row.event_loop_lag_ms ?? null, networkRttMs: null },
    ...{ fsyncLatencyMs: row.fsync_ms ?? null, activeConnections: row.active_connections },
    ...{ diskReadRate: null, diskWriteRate: null, queriesPerSecond: row.queries_per_second ?? null },
    ...{ errorRate: row.error_rate ?? null, queryLatencyP50Ms: null, queryLatencyP99Ms: null },
    ...{ queryLatencyP95Ms: row.query_latency_p95_ms, lagBytes: bytesOf(row.lag_entries), at: START },
  };
  const monitor = new HealthMonitor(row.node_id, [...HEALTH_CHECKS, lagCheck(() => LAG_THRESHOLD_BYTES)]);
  monitor.observe(sample, 0);
  return monitor.observe(sample, 60_000);
}

function flat({ text, value, parts }: Trace, depth = 0): { depth: number; text: string; value: string }[] {
  return [{ depth, text, value }, ...parts.flatMap((part) => flat(part, depth + 1))];
}

describe('the alerts of the recording', () => {
  it('have severity, condition and value of the rules of the core', () => {
    const nodes = sixNodes().map((n) => {
      return { nodeId: n.node_id, dead: n.liveness === 'dead', inMaintenance: n.maintenance !== null };
    });
    const none = { previous: [], leaderlessMs: 0, leaderIncident: '', rules: DEFAULT_ALERT_RULES };
    const fixed = evaluateFixedAlerts({ nodes, leaderId: status().raft.leader_id, ...none });
    const lagging = must(
      sixNodes().find((n) => n.node_id === 'n3'),
      'n3',
    );
    const slow = { ...ruleOf('ReplicaLag'), rule: 'ReplicaLag', nodeId: 'n3' };
    const value = readingsText(conditionOf('ReplicaLag'), readingsOf(lagging));
    const pick = ({
      rule,
      nodeId,
      severity,
      condition,
      value: v,
    }: Omit<(typeof fixed)[number], 'id' | 'state'>) => ({
      rule,
      node_id: nodeId,
      severity,
      condition,
      value: v,
    });
    expect(
      ALERTS.map(({ rule, node_id, severity, condition = '', value: v }) => {
        return { rule, node_id, severity, condition, value: v };
      }),
    ).toEqual([pick({ ...slow, value }), ...fixed.map(pick)]);
    for (const { rule, since } of ALERTS) {
      expect(START - Date.parse(since), rule).toBeGreaterThanOrEqual(forInForceMs(ruleOf(rule)));
    }
  });

  it('are those whose conditions hold; n4 is not behind for as long yet as the rule waits', () => {
    const asked = DEFAULT_ALERT_RULES.filter(({ name }) => conditionOf(name).scope === 'node');
    const holds = asked.flatMap(({ name }) =>
      LIVING.filter((n) => n.maintenance === null)
        .filter((n) => evaluateCondition(conditionOf(name), readingsOf(n)) === true)
        .map((n) => `${name} ${n.node_id}`),
    );
    expect(holds).toEqual(['ReplicaLag n3', 'ReplicaLag n4']);
  });

  it('are explained by the rule, and by what it reads', () => {
    const explained = answers().flatMap(({ answer }) =>
      answer?.to.startsWith('explain ') ? [answer.value as Slices['explain']] : [],
    );
    expect(explained).not.toEqual([]);
    for (const { rule, subjects } of explained) {
      const { condition, severity } = ruleOf(rule.name);
      expect(rule).toMatchObject({ condition, severity, for_ms: forInForceMs(ruleOf(rule.name)) });
      for (const { node_id, value, parts, holds } of subjects) {
        const row = must(
          sixNodes().find((n) => n.node_id === node_id),
          'its node',
        );
        const [checked, readingOf] = [conditionOf(rule.name), readingsOf(row)];
        expect({ value, parts, holds }).toEqual({
          ...{ value: readingsText(checked, readingOf), parts: flat(explainCondition(checked, readingOf)) },
          holds: evaluateCondition(checked, readingOf),
        });
      }
    }
  });
});

describe('the health of the recording', () => {
  it('of each node is what its readings make of it', () => {
    const judged = LIVING.map((n) => [n.node_id, healthOf(n).status, healthOf(n).issues]);
    expect(LIVING.map((n) => [n.node_id, n.health, n.issues])).toEqual(judged);
    expect(judged.filter(([, health]) => health !== 'HEALTHY')).toHaveLength(1);
  });

  it('of the cluster is what its nodes and alerts make of it', () => {
    const { cluster, raft, nodes: rows, alerts: count } = status();
    const alerts = ALERTS.map((a) => ({ ...a, nodeId: a.node_id }));
    const none = { isolated: null, replacement: null };
    const told = clusterHealth({ rows, leaderId: raft.leader_id, minReplicas: 2, alerts, ...none });
    expect({ health: cluster.health, reasons: cluster.reasons }).toEqual(told);
    expect(count.firing).toBe(alerts.length);
  });

  it('is told by whoever answers when it changes', () => {
    const changes = TOLD.filter((e) => e.kind === 'health-changed');
    const ill = LIVING.filter((n) => n.health !== 'HEALTHY');
    const words = ill.map((row) => {
      const change = { nodeId: row.node_id, before: 'HEALTHY' as const, health: healthOf(row) };
      const { nodeId, ...rest } = must(healthEvent('n1', change, 0), 'an event');
      return { node_id: nodeId, ...rest, at: undefined };
    });
    expect(
      changes.map(({ kind, severity, node_id, message, data }) => {
        return { kind, severity, node_id, message, data, at: undefined };
      }),
    ).toEqual(words);
  });

  it('is told by kinds of events that daemons tell', () => {
    const known: readonly string[] = EVENT_KINDS;
    expect(TOLD.map((e) => e.kind).filter((kind) => !known.includes(kind))).toEqual([]);
  });
});
