import { describe, expect, it } from 'vitest';
import type { AlertPhase, AlertRecord, AlertRule, EngineInput, Finding } from '../../../src/alerts/index.ts';
import { ALERT_TRANSITIONS, AlertEngine, recordOf } from '../../../src/alerts/index.ts';

type Readings = Readonly<Record<string, number>>;

const HIGH: AlertRule = {
  name: 'High',
  condition: 'error_rate > 0.01',
  severity: 'critical',
  actions: [],
  forMs: 2000,
};
const FEW: AlertRule = { ...HIGH, name: 'Few', condition: 'healthy_nodes < total_nodes * 0.5', forMs: 0 };

/** An engine with a record that follows what it says. */
class Desk {
  readonly engine = new AlertEngine();
  records: AlertRecord[] = [];
  rules: readonly AlertRule[] = [HIGH];
  nodes: Record<string, Readings> = { n1: { error_rate: 0 }, n2: { error_rate: 0 } };
  maintenance = new Set<string>();
  cluster: Readings = {};
  /** Nodes that had nothing to measure. */
  resting = new Set<string>();

  /** Evaluates at `now` and records; answers what changed as `id state`. */
  at(now: number): string[] {
    const input: EngineInput = {
      rules: this.rules,
      nodes: Object.entries(this.nodes).map(([nodeId, readings]) => ({
        ...{ nodeId, inMaintenance: this.maintenance.has(nodeId) },
        readingOf: (name) => readings[name],
        ...(this.resting.has(nodeId) && { restingOf: () => 0 }),
      })),
      readingOf: (name) => this.cluster[name],
      records: this.records,
      now,
    };
    const { transitions } = this.engine.evaluate(input);
    for (const transition of transitions) {
      const previous = this.records.find((r) => r.id === transition.id);
      const others = this.records.filter((r) => r !== previous);
      this.records = [...others, recordOf(transition, previous, now)];
    }
    return transitions.map((t) => `${t.id} ${t.state}`);
  }

  phase(now: number): AlertPhase | undefined {
    const readingOf = () => this.nodes['n1']?.['error_rate'];
    const nodes = [{ nodeId: 'n1', inMaintenance: false, readingOf }];
    const { rules, records } = this;
    return this.engine.evaluate({ rules, nodes, readingOf, records, now }).states[0]?.phase;
  }
}

describe('AlertEngine', () => {
  it('waits for `for` without a gap, fires once, resolves once', () => {
    const desk = new Desk();
    expect(desk.at(0)).toEqual([]);
    desk.nodes['n1'] = { error_rate: 0.5 };
    expect(desk.at(1000)).toEqual([]);
    expect(desk.at(2999)).toEqual([]);
    expect(desk.at(3000)).toEqual(['High:n1 firing']);
    expect(desk.records[0]).toMatchObject({ value: 'error_rate 0.5', condition: HIGH.condition });
    expect(desk.at(4000)).toEqual([]);
    desk.nodes['n1'] = { error_rate: 0 };
    expect(desk.at(5000)).toEqual(['High:n1 resolved']);
    expect(desk.at(6000)).toEqual([]);
  });

  it('ends where there is nothing to measure any more, begins nothing by it, and goes on where nobody knows', () => {
    const desk = new Desk();
    const slow = { ...HIGH, name: 'Slow', condition: 'query_latency_p95 > 1000ms', forMs: 0 };
    const quick = { ...slow, name: 'Quick', condition: 'query_latency_p95 < 1ms' };
    desk.rules = [slow, quick];
    desk.nodes = { n1: { query_latency_p95: 1800 }, n2: { query_latency_p95: 1800 } };
    expect(desk.at(0)).toEqual(['Slow:n1 firing', 'Slow:n2 firing']);
    // n2 fell silent, n1 says that nobody asked it anything
    desk.nodes = { n1: {}, n2: {} };
    desk.resting.add('n1');
    expect(desk.at(1000)).toEqual(['Slow:n1 resolved']);
    const told = desk.records.find((r) => r.id === 'Slow:n1');
    expect(told?.value).toBe('nothing to measure; query_latency_p95 unknown');
    expect(desk.at(2000)).toEqual([]);
  });

  it('begins the wait anew after a moment without the condition, or without data', () => {
    const cases: readonly Readings[] = [{ error_rate: 0 }, {}];
    for (const gap of cases) {
      const desk = new Desk();
      desk.nodes = { n1: { error_rate: 1 } };
      expect(desk.at(0)).toEqual([]);
      desk.nodes = { n1: gap };
      expect(desk.at(1500)).toEqual([]);
      desk.nodes = { n1: { error_rate: 1 } };
      expect(desk.at(2500)).toEqual([]);
      expect(desk.at(4499)).toEqual([]);
      expect(desk.at(4500)).toEqual(['High:n1 firing']);
    }
  });

  it('never resolves an incident from missing data, neither does a new leader', () => {
    const desk = new Desk();
    desk.nodes = { n1: { error_rate: 1 } };
    desk.at(0);
    desk.at(2000);
    desk.nodes = { n1: {} };
    expect(desk.at(3000)).toEqual([]);
    const next = new Desk();
    next.records = desk.records;
    next.nodes = { n1: {} };
    expect(next.at(50)).toEqual([]);
    next.nodes = { n1: { error_rate: 1 } };
    expect(next.at(60)).toEqual([]);
    next.nodes = { n1: { error_rate: 0 } };
    expect(next.at(70)).toEqual(['High:n1 resolved']);
  });

  it('reads of a node what that node told, never what the evaluating node measures of itself', () => {
    const desk = new Desk();
    desk.rules = [{ ...HIGH, condition: 'disk_usage > 0.8 and total_nodes > 2', forMs: 0 }];
    desk.nodes = { n1: { disk_usage: 0.9 }, n2: {}, n3: { disk_usage: 0.99 } };
    desk.cluster = { total_nodes: 3, disk_usage: 0.9 };
    expect(desk.at(0)).toEqual(['High:n1 firing', 'High:n3 firing']);
    // n3 dies of its full disk, the leader's has room again: nobody knows that of n3
    desk.nodes = { n1: { disk_usage: 0.4 }, n2: {}, n3: {} };
    desk.cluster = { total_nodes: 3, disk_usage: 0.4 };
    expect(desk.at(1)).toEqual(['High:n1 resolved']);
  });

  it('asks cluster rules once, node rules of every node, mixed ones too', () => {
    const desk = new Desk();
    const mixed = { ...HIGH, name: 'Mixed', condition: 'error_rate > 0.5 and total_nodes > 2', forMs: 0 };
    desk.rules = [FEW, { ...HIGH, forMs: 0 }, mixed];
    desk.nodes = { n1: { error_rate: 1 }, n2: { error_rate: 0.1 } };
    desk.cluster = { healthy_nodes: 1, total_nodes: 3 };
    expect(desk.at(0)).toEqual(['Few firing', 'High:n1 firing', 'High:n2 firing', 'Mixed:n1 firing']);
  });

  it('lets a node in maintenance rest, and resolves what fired there', () => {
    const desk = new Desk();
    desk.rules = [{ ...HIGH, forMs: 0 }];
    desk.nodes = { n1: { error_rate: 1 } };
    desk.maintenance.add('n1');
    expect(desk.at(0)).toEqual([]);
    desk.maintenance.clear();
    expect(desk.at(1)).toEqual(['High:n1 firing']);
    desk.maintenance.add('n1');
    expect(desk.at(2)).toEqual(['High:n1 resolved']);
    expect(desk.records[0]?.value).toBe('in maintenance; error_rate 1');
  });

  it('resolves what no rule asks for any more, and keeps what it can not read', () => {
    const desk = new Desk();
    desk.rules = [{ ...HIGH, forMs: 0 }];
    desk.nodes = { n1: { error_rate: 1 } };
    desk.at(0);
    desk.rules = [{ ...HIGH, condition: 'a_metric_of_tomorrow > 1' }];
    expect(desk.at(1)).toEqual([]);
    expect(desk.records).toHaveLength(1);
    desk.rules = [];
    expect(desk.at(2)).toEqual(['High:n1 resolved']);
    expect(desk.records[0]?.value).toBe('the rule was removed');
  });

  it('leaves the fixed rules to the facts', () => {
    const desk = new Desk();
    desk.rules = [{ ...FEW, name: 'LeaderDown', condition: 'leader_count == 0' }];
    desk.cluster = { leader_count: 0 };
    expect(desk.at(0)).toEqual([]);
  });

  it('says of a rule that it can not read why', () => {
    const broken = { ...HIGH, condition: 'bananas > 1' };
    const none = () => undefined;
    const empty = { nodes: [], records: [], readingOf: none, now: 0 };
    const { states } = new AlertEngine().evaluate({ rules: [broken], ...empty });
    expect(states).toMatchObject([{ rule: 'High', truth: null, value: 'there is no metric "bananas"' }]);
  });
});

describe('ALERT_TRANSITIONS', () => {
  /** What makes each finding, with a `for` of 2 s that began at 0. */
  const readings: Record<Exclude<Finding, 'gone'>, readonly [rate: number | undefined, at: number]> = {
    ...{ holds: [1, 1000], held: [1, 2000], fails: [0, 1000], unknown: [undefined, 1000] },
  };
  const phases: readonly AlertPhase[] = ['inactive', 'pending', 'firing', 'resolved'];
  const findings = ['holds', 'held', 'fails', 'unknown'] as const;
  const cells = phases.flatMap((from) => findings.map((finding) => [from, finding] as const));

  function deskIn(from: AlertPhase): Desk {
    const desk = new Desk();
    const rate = (value: number) => {
      desk.nodes = { n1: { error_rate: value } };
    };
    if (from === 'firing' || from === 'resolved') {
      rate(1);
      desk.at(-9000);
      desk.at(-5000);
    }
    if (from === 'resolved') {
      rate(0);
      desk.at(-4000);
    }
    rate(1);
    if (from === 'pending') desk.at(0);
    return desk;
  }

  it.each(cells)('the engine walks it: %s, %s', (from, finding) => {
    const desk = deskIn(from);
    const [rate, at] = readings[finding];
    // without a wait under way `held` needs a rule that does not wait
    if (finding === 'held' && from !== 'pending') desk.rules = [{ ...HIGH, forMs: 0 }];
    desk.nodes = { n1: rate === undefined ? {} : { error_rate: rate } };
    expect(desk.phase(at)).toBe(ALERT_TRANSITIONS[from][finding]);
  });

  it('ends in resolved for whatever is gone while it fires', () => {
    expect(ALERT_TRANSITIONS.firing.gone).toBe('resolved');
    const desk = deskIn('firing');
    desk.nodes = {};
    expect(desk.at(0)).toEqual(['High:n1 resolved']);
    expect(desk.records[0]?.value).toBe('its subject was removed');
  });
});
