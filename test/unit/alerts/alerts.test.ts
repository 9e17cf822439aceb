import { describe, expect, it } from 'vitest';
import type { AlertRecord, FixedAlertFacts } from '../../../src/alerts/index.ts';
import {
  alertRuleSchema,
  DEFAULT_ALERT_RULES,
  evaluateFixedAlerts,
  forInForceMs,
  LEADERLESS_ALERT_MS,
} from '../../../src/alerts/index.ts';

function firing(id: string, nodeId: string | null, rule: string): AlertRecord {
  const common = { severity: 'warning', state: 'firing', since: 1, value: '', acknowledgedBy: null } as const;
  const incident = { incident: '1', firedAt: 1, condition: '' };
  return { id, nodeId, rule, ...common, ...incident };
}

function facts(changes: Partial<FixedAlertFacts> = {}): FixedAlertFacts {
  const nodes = ['n1', 'n2'].map((nodeId) => ({ nodeId, dead: false, inMaintenance: false }));
  const leader = { leaderId: 'n1', leaderlessMs: 0, leaderIncident: 'term-7', rules: [] };
  return { previous: [], nodes, ...leader, ...changes };
}

const dead = { nodeId: 'n2', dead: true, inMaintenance: false };

describe('evaluateFixedAlerts', () => {
  it('says nothing while all is well', () => {
    expect(evaluateFixedAlerts(facts())).toEqual([]);
  });

  it('fires NodeDown for a dead node, once', () => {
    const expected = {
      id: 'NodeDown:n2',
      rule: 'NodeDown',
      nodeId: 'n2',
      severity: 'warning',
      condition: 'node_up == 0',
      value: 'dead',
      state: 'firing',
    };
    expect(evaluateFixedAlerts(facts({ nodes: [dead] }))).toEqual([expected]);
    const previous = [firing('NodeDown:n2', 'n2', 'NodeDown')];
    expect(evaluateFixedAlerts(facts({ nodes: [dead], previous }))).toEqual([]);
  });

  it.each([
    ['alive again', [{ ...dead, dead: false }], 'alive'],
    ['in maintenance', [{ ...dead, inMaintenance: true }], 'dead, in maintenance'],
    ['removed', [], 'removed'],
  ])('resolves NodeDown when the node is %s', (_case, nodes, value) => {
    const previous = [firing('NodeDown:n2', 'n2', 'NodeDown')];
    expect(evaluateFixedAlerts(facts({ nodes, previous }))).toMatchObject([
      { id: 'NodeDown:n2', state: 'resolved', value },
    ]);
  });

  it('does not alarm for a node in maintenance', () => {
    expect(evaluateFixedAlerts(facts({ nodes: [{ ...dead, inMaintenance: true }] }))).toEqual([]);
  });

  it('fires LeaderDown only when an election would be over, and resolves it by name', () => {
    const without = (leaderlessMs: number) => evaluateFixedAlerts(facts({ leaderId: null, leaderlessMs }));
    expect(without(LEADERLESS_ALERT_MS - 1)).toEqual([]);
    expect(without(1500)).toMatchObject([
      { id: 'LeaderDown', severity: 'critical', value: 'no leader for 1.5s', incident: 'term-7' },
    ]);
    const previous = [firing('LeaderDown', null, 'LeaderDown')];
    expect(evaluateFixedAlerts(facts({ previous }))).toMatchObject([
      { state: 'resolved', value: 'n1 leads' },
    ]);
  });
});

describe("a configured rule of a fixed rule's name", () => {
  const rule = { name: 'LeaderDown', condition: 'leader_count == 0', actions: [] } as const;
  const rules = [{ ...rule, severity: 'info', forMs: 5000 }] as const;
  it('changes severity and patience, and no other fixed rule', () => {
    const found = (leaderlessMs: number) =>
      evaluateFixedAlerts(facts({ leaderId: null, leaderlessMs, rules, nodes: [dead] }));
    expect(found(4999)).toMatchObject([{ rule: 'NodeDown', severity: 'warning' }]);
    expect(found(5000)).toMatchObject([{ rule: 'LeaderDown', severity: 'info' }, { rule: 'NodeDown' }]);
  });
});

describe('forInForceMs', () => {
  it.each([
    ['LeaderDown', 0, LEADERLESS_ALERT_MS],
    ['LeaderDown', 5000, 5000],
    ['NodeDown', 300_000, 0],
    ['Own', 300_000, 300_000],
  ])('%s with for: %i ms waits %i ms', (name, forMs, expected) => {
    expect(forInForceMs({ name, forMs })).toBe(expected);
  });
});

describe('alertRuleSchema', () => {
  it('reads the shipped rules back as they are', () => {
    for (const { forMs: _forMs, ...rule } of DEFAULT_ALERT_RULES) {
      expect(alertRuleSchema.parse(rule)).toEqual({ ...rule, forMs: 0 });
    }
  });

  it('takes a duration for `for` and refuses other keys', () => {
    const rule = { name: 'Slow', condition: 'query_latency_p95 > 1s', severity: 'info' };
    expect(alertRuleSchema.parse({ ...rule, for: '30s' })).toMatchObject({ forMs: 30_000, actions: [] });
    expect(alertRuleSchema.safeParse({ ...rule, for: 'soon' }).success).toBe(false);
    expect(alertRuleSchema.safeParse({ ...rule, fro: '30s' }).success).toBe(false);
  });
});
