import { describe, expect, it } from 'vitest';
import { nodeReadings } from '../../../daemon/alert-readings.ts';
import {
  alertRows,
  channelRows,
  explanation,
  type RuleFacts,
  ruleRows,
} from '../../../daemon/alert-views.ts';
import type { DigestFacts, MemberFacts, ViewSources } from '../../../daemon/node-view.ts';
import { TOLD_READINGS, toldReadings } from '../../../daemon/told.ts';
import {
  type AlertRule,
  checkCondition,
  DEFAULT_ALERT_RULES,
  evaluateCondition,
  notificationKey,
} from '../../../src/alerts/index.ts';
import { NODE_READINGS } from '../../../src/alerts/vocabulary.ts';
import { ENDPOINTS } from '../../../src/api/index.ts';
import { LIMITS, must } from '../../../src/base/index.ts';
import { channelLines } from '../../../src/cli/commands/alert.ts';
import { type Ledger, NOW, threeNodes } from '../cluster/world.ts';

const HIGH: AlertRule = {
  ...{ name: 'High', condition: 'error_rate > 0.01 and total_nodes > 2', severity: 'critical' },
  ...{ actions: ['webhook'], forMs: 5000 },
};
const LATER: AlertRule = { ...HIGH, name: 'Later', condition: 'a_metric_of_tomorrow > 1' };

function member(nodeId: string, liveness: MemberFacts['liveness'], errorRate: number): MemberFacts {
  const all = Object.fromEntries(TOLD_READINGS.map((name) => [name, 1]));
  const readings = toldReadings({ ...all, error_rate: errorRate, beside_the_point: 3 });
  const digest = {
    ...{ at: 61_000, startedAt: 1000, lastIndex: 90, appliedIndex: 89, term: 7, readings },
    ...{ cpuUsage: 0.1, memoryUsage: 0.2, diskUsage: 0.3, connections: 4, latencyP95Ms: 5 },
  } as unknown as DigestFacts;
  return { nodeId, liveness, silenceMs: 0, rttMs: 0, digest };
}

function sourcesOf(ledger: Ledger, rules: readonly AlertRule[] = [HIGH, LATER]): ViewSources {
  const members = [member('n1', 'alive', 0), member('n2', 'alive', 0.5), member('n3', 'dead', 0.9)];
  return {
    ...{ nodeId: 'n1', cluster: ledger.cluster, minReplicas: 1, leaderlessMs: 0, rules, now: NOW },
    raft: { leaderId: 'n1', commitIndex: 100 },
    members: new Map(members.map((m) => [m.nodeId, m])),
  } as unknown as ViewSources;
}

function factsOf(ledger: Ledger): RuleFacts {
  const sources = sourcesOf(ledger);
  const values: Readonly<Record<string, number>> = {
    ...{ total_nodes: 3, leader_count: 1 },
    // what this node measures of itself
    error_rate: 0.7,
  };
  const nodes = nodeReadings(sources, (entries) => (entries === null ? null : entries * 10));
  const found = [
    { rule: 'High', nodeId: 'n2', phase: 'pending', truth: true, value: '', pendingMs: 1234.5 },
  ] as const;
  return { sources, nodes, readingOf: (name) => values[name], found };
}

describe('nodeReadings', () => {
  it('gives every reading that rules may use of a live node, and of a dead one only that it is down', () => {
    const ledger = threeNodes();
    ledger.done({ kind: 'node-liveness', nodeId: 'n3', liveness: 'dead', by: ['n1'], cause: 'x' });
    const nodes = nodeReadings(sourcesOf(ledger), (entries) => (entries ?? 0) * 10);
    const of = (nodeId: string) =>
      must(
        nodes.find((n) => n.nodeId === nodeId),
        nodeId,
      ).readingOf;
    for (const name of NODE_READINGS) expect(of('n2')(name), name).toEqual(expect.any(Number));
    expect(NODE_READINGS.map((name) => of('n3')(name)).filter((value) => value !== null)).toEqual([0]);
    expect([of('n3')('node_up'), of('n2')('sync_lag'), of('n2')('uptime')]).toEqual([0, 100, 60]);
    expect(of('n2')('constructor')).toBeNull();
  });

  it('knows that nobody waits where a live node was asked nothing, and of the rest no more than is told', () => {
    const sources = sourcesOf(threeNodes());
    const n2 = must(sources.members.get('n2'), 'n2');
    const digest = { ...must(n2.digest, 'a word'), latencyP95Ms: null };
    const members = new Map([...sources.members, ['n2', { ...n2, digest }]]);
    const nodes = nodeReadings({ ...sources, members }, () => 0);
    const [first, second, third] = nodes;
    expect([first?.restingOf, third?.restingOf]).toEqual([undefined, undefined]);
    const rest = must(second?.restingOf, 'n2');
    expect([rest('query_latency_p95'), rest('query_latency_p99'), rest('error_rate')]).toEqual([0, 0, 0.5]);
    expect(rest('constructor')).toBeNull();
  });

  it('calls a node diverged by the word of any other, in this life of it only, and by the record', () => {
    const { cluster } = threeNodes();
    const { condition } = must(
      DEFAULT_ALERT_RULES.find((r) => r.name === 'DivergedReplica'),
      'the rule',
    );
    const firing = (instanceId: string, world = cluster) => {
      const [n1, ...others] = [...sourcesOf({ cluster: world } as Ledger).members.values()];
      const accuser = must(n1, 'n1');
      const diverged = [{ nodeId: 'n2', instanceId, index: 256 }];
      const word = { ...accuser, digest: { ...must(accuser.digest, 'a word'), diverged } };
      const members = new Map([word, ...others].map((m) => [m.nodeId, m]));
      const nodes = nodeReadings({ ...sourcesOf({ cluster: world } as Ledger), members }, () => 0);
      const checked = checkCondition(condition);
      if (!checked.ok) throw new TypeError('no condition');
      return nodes
        .filter(({ readingOf }) => evaluateCondition(checked.condition, readingOf) === true)
        .map((n) => n.nodeId);
    };
    expect(firing(must(cluster.nodes['n2'], 'n2').instanceId)).toEqual(['n2']);
    expect(firing('a life before')).toEqual([]);
    const found = { ...must(cluster.nodes['n2'], 'n2'), diverged: 40 };
    expect(firing('a life before', { ...cluster, nodes: { ...cluster.nodes, n2: found } })).toEqual(['n2']);
  });
});

describe('ruleRows', () => {
  it('has the configured and the fixed rules, each with what it found about its subjects', () => {
    const rows = ruleRows(factsOf(threeNodes()));
    expect(rows.map((r) => [r.name, r.fixed, r.states.length])).toEqual([
      ...[
        ['High', false, 3],
        ['Later', false, 0],
        ['LeaderDown', true, 1],
        ['NodeDown', true, 3],
      ],
    ]);
    expect(rows[0]?.states).toMatchObject([
      { id: 'High:n1', state: 'inactive', holds: false, pending_ms: null },
      { id: 'High:n2', state: 'pending', holds: true, pending_ms: 1235 },
      { id: 'High:n3', state: 'inactive', holds: null, value: 'error_rate unknown, total_nodes 3' },
    ]);
    expect(rows[1]?.error).toBe('there is no metric "a_metric_of_tomorrow"');
    expect(rows.map((r) => r.for_ms)).toEqual([5000, 5000, 1000, 0]);
    expect(rows[2]?.states).toMatchObject([{ id: 'LeaderDown', holds: false, value: 'leader_count 1' }]);
    ENDPOINTS.alertRules.response.shape.rules.parse(rows);
  });
});

describe('channelRows', () => {
  it('say what waits, why the last attempt failed, and for how long the receiver asked for silence', () => {
    const row = {
      channel: 'slack',
      configured: true,
      queued: 2,
      underWay: 0,
      delivered: 1,
      dead: 0,
    } as const;
    const at = { lastErrorAt: NOW, lastDeliveredAt: null, lastError: '429 slow down', heldForMs: 59_999.6 };
    const rows = channelRows([{ ...row, ...at }]);
    expect(rows).toEqual([
      {
        ...{ channel: 'slack', configured: true, queued: 2, last_error: '429 slow down' },
        ...{ last_error_at: new Date(NOW).toISOString(), last_delivered_at: null, held_for_ms: 60_000 },
      },
    ]);
    ENDPOINTS.alertRules.response.shape.channels.parse(rows);
    const [line] = rows.flatMap(channelLines);
    expect(line).toBe('slack: 2 to be sent; its receiver asked for 1m of silence: 429 slow down');
    expect(rows.map((one) => ({ ...one, queued: 0, held_for_ms: 0 })).flatMap(channelLines)).toEqual([]);
  });
});

describe('explanation', () => {
  it('shows the tree of one alert or of all of a rule, and nothing of what there is not', () => {
    const facts = factsOf(threeNodes());
    const one = must(explanation(facts, 'High:n2'), 'an explanation');
    expect(one.subjects).toHaveLength(1);
    expect(one.subjects[0]?.parts.map((p) => `${p.depth} ${p.text} ${p.value}`)).toEqual([
      '0 error_rate > 0.01 and total_nodes > 2 true',
      '1 error_rate > 0.01 true',
      '2 error_rate 0.5',
      '1 total_nodes > 2 true',
      '2 total_nodes 3',
    ]);
    expect(explanation(facts, 'High')?.subjects).toHaveLength(3);
    expect(explanation(facts, 'High:n9')?.subjects).toEqual([]);
    expect(explanation(facts, 'Nothing')).toBeUndefined();
    expect(explanation(facts, 'Later')).toMatchObject({ subjects: [], rule: { name: 'Later' } });
  });

  it('says why nobody is told: a silence, or another alert of which it follows', () => {
    const ledger = threeNodes();
    const fire = (rule: string) => {
      const alert = { id: `${rule}:n2`, rule, nodeId: 'n2', severity: 'critical' } as const;
      const transition = { ...alert, condition: '', value: '', state: 'firing' } as const;
      ledger.done({ kind: 'alert-transition', alert: transition });
    };
    fire('NodeDown');
    fire('High');
    const matchers = { rule: 'High', nodeId: null, severity: null };
    ledger.done({ kind: 'silence-create', id: 's1', matchers, forMs: 1000, reason: '' });
    const step = { alertId: 'NodeDown:n2', incident: `${NOW}`, kind: 'firing', channel: 'webhook' } as const;
    ledger.done({ kind: 'notification-steps', steps: [{ ...step, state: 'due', note: '' }] });
    const marks = { silenced_by: 's1', inhibited_by: 'NodeDown:n2' };
    expect(explanation(factsOf(ledger), 'High:n2')?.subjects).toMatchObject([marks]);
    const rows = alertRows(sourcesOf(ledger));
    expect(rows.find((r) => r.id === 'High:n2')).toMatchObject({ ...marks, notifications: [] });
    expect(rows.find((r) => r.id === 'NodeDown:n2')).toMatchObject({
      ...{ silenced_by: null, inhibited_by: null, incident: `${NOW}` },
      notifications: [{ kind: 'firing', channel: 'webhook', state: 'due', times: 0 }],
    });
    ENDPOINTS.alerts.response.shape.alerts.parse(rows);
  });

  it('says of what is handed what keeps it, and of nothing else', () => {
    const ledger = threeNodes();
    const alert = { id: 'High:n2', rule: 'High', nodeId: 'n2', severity: 'critical' } as const;
    ledger.done({
      kind: 'alert-transition',
      alert: { ...alert, condition: '', value: '', state: 'firing' },
    });
    const ref = { alertId: 'High:n2', incident: `${NOW}`, kind: 'firing' } as const;
    const handed = { ...ref, channel: 'webhook', state: 'handed', note: '' } as const;
    const sent = { ...ref, channel: 'slack', state: 'delivered', note: 'ok' } as const;
    ledger.done({ kind: 'notification-steps', steps: [handed, sent] });
    const key = notificationKey(ledger.cluster.clusterId, 'High:n2', `${NOW}`);
    const kept = { attempts: 2, lastError: 'answered 503', nextInMs: 1499.6 };
    const waiting = (['webhook', 'slack'] as const).map((channel) => {
      return { key, kind: 'firing', channel, ...kept } as const;
    });
    const underWay = { attempts: 2, last_error: 'answered 503', next_in_ms: 1500 };
    const rows = alertRows(sourcesOf(ledger), waiting);
    expect(rows[0]?.notifications).toEqual([
      expect.objectContaining({ channel: 'webhook', state: 'handed', under_way: underWay }),
      expect.not.objectContaining({ under_way: expect.anything() }),
    ]);
    ENDPOINTS.alerts.response.shape.alerts.parse(rows);
    const { subjects = [] } = explanation({ ...factsOf(ledger), waiting }, 'High:n2') ?? {};
    expect(subjects[0]?.notifications[0]).toMatchObject({ under_way: underWay });
    const other = waiting.map((row) => ({ ...row, kind: 'resolved' as const }));
    expect(alertRows(sourcesOf(ledger), other)[0]?.notifications?.[0]).not.toHaveProperty('under_way');
  });

  it('says of one that is over why nobody was told of it', () => {
    const ledger = threeNodes();
    const move = (rule: string, nodeId: string | null, state: 'firing' | 'resolved') => {
      ledger.now += 1000;
      const id = nodeId === null ? rule : `${rule}:${nodeId}`;
      const condition = rule === 'Disk' ? 'disk_usage > 80%' : 'error_rate > 0.01';
      const alert = { id, rule, nodeId, severity: 'critical', condition, value: '', state } as const;
      ledger.done({ kind: 'alert-transition', alert });
    };
    const both = (rule: string, nodeId: string | null = 'n2') => {
      move(rule, nodeId, 'firing');
      move(rule, nodeId, 'resolved');
    };
    const cause = (id: string) => alertRows(sourcesOf(ledger)).find((row) => row.id === id)?.inhibited_by;
    both('Before');
    both('LeaderDown', null);
    both('High');
    both('Disk');
    move('NodeDown', 'n3', 'firing');
    both('Disk', 'n3');
    move('Told', 'n1', 'firing');
    const { incident } = must(ledger.cluster.alerts.at(-1), 'an alert');
    const step = { alertId: 'Told:n1', incident, kind: 'firing', channel: 'email', note: '' } as const;
    ledger.done({ kind: 'notification-steps', steps: [{ ...step, state: 'delivered' }] });
    move('Told', 'n1', 'resolved');
    move('NodeDown', 'n3', 'resolved');
    const causes = ['Before:n2', 'High:n2', 'Disk:n2', 'Disk:n3', 'Told:n1'].map(cause);
    expect(causes).toEqual([null, 'LeaderDown', null, 'NodeDown:n3', null]);
    expect(explanation(factsOf(ledger), 'High:n2')?.subjects[0]?.inhibited_by).toBe('LeaderDown');
    // what lasted beyond the aftermath would have been told then: no channel was there to tell it by
    move('High', 'n2', 'firing');
    ledger.now += LIMITS.leaderDownAftermathMs;
    move('High', 'n2', 'resolved');
    expect(cause('High:n2')).toBeNull();
  });
});
