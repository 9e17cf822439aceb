import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterCommand, ClusterState } from '../../../src/cluster/index.ts';
import { applyCommand, decodeState, encodeState, STATE_FORMAT } from '../../../src/cluster/index.ts';
import { Ledger, NOW, record, threeNodes, token } from './world.ts';

const id = fc.constantFrom('n1', 'n2', 'n3', 'n4', 'constructor', '__proto__', '');
const text = fc.string({ maxLength: 12 });
const count = fc.oneof(fc.nat(9), fc.constant(Number.MAX_SAFE_INTEGER));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const name = fc.constantFrom('x1', 'x2', 't2', 't3', 'toString');

const command: fc.Arbitrary<ClusterCommand> = fc.oneof(
  fc.record({
    kind: fc.constant('bootstrap' as const),
    clusterId: text,
    name: text,
    node: id.map((n) => record(n)),
    configText: text,
    configHash: fc.constant('h1'),
    tokens: fc.array(
      name.map((t) => token(t)),
      { maxLength: 2 },
    ),
  }),
  fc.record({
    kind: fc.constant('node-admit' as const),
    node: id.map((n) => record(n)),
    tokenId: maybe(name),
  }),
  fc
    .record({ nodeId: id, bootCounter: count, instanceId: fc.constantFrom('i-n1', 'i-n2', 'x') })
    .map(({ nodeId, bootCounter, instanceId }) => {
      const { host, port, clientPort, peerPort, metricsPort, version } = record(nodeId);
      const steps = [{ name: 'serve', ms: 1 }];
      return {
        kind: 'node-started' as const,
        ...{ nodeId, bootCounter, instanceId, host, port, clientPort, peerPort, metricsPort, version, steps },
      };
    }),
  fc.record({ kind: fc.constant('node-update' as const), nodeId: id, zone: text }),
  fc.record({ kind: fc.constant('node-stopped' as const), nodeId: id }),
  fc.record({
    kind: fc.constant('node-liveness' as const),
    nodeId: id,
    liveness: fc.constantFrom('alive' as const, 'dead' as const),
    by: fc.array(id, { maxLength: 2 }),
    cause: text,
  }),
  fc.record({ kind: fc.constant('node-remove' as const), nodeId: id, reason: text }),
  fc.record({
    kind: fc.constant('leader-started' as const),
    nodeId: id,
    term: count,
    cause: text,
    silenceMs: maybe(count),
    electionMs: count,
    votes: fc.array(id, { maxLength: 3 }),
  }),
  fc.record({
    kind: fc.constant('maintenance-enable' as const),
    nodeId: id,
    owner: text,
    reason: text,
    forMs: fc.oneof(fc.integer(), fc.double()),
  }),
  fc.record({ kind: fc.constant('maintenance-disable' as const), nodeId: id, cause: text }),
  fc.record({
    kind: fc.constant('cluster-pause' as const),
    owner: text,
    reason: text,
    forMs: fc.oneof(fc.integer(), fc.double()),
  }),
  fc.record({ kind: fc.constant('cluster-resume' as const), cause: text }),
  fc.record({
    kind: fc.constant('schedule-add' as const),
    entry: fc.record({
      id: name,
      kind: fc.constantFrom('failover' as const, 'switchover' as const),
      to: maybe(id),
      expectLeader: maybe(id),
      at: fc.oneof(
        fc.integer(),
        fc.double(),
        fc.integer({ min: 1 }).map((n) => NOW + n),
      ),
      reason: text,
    }),
  }),
  fc.record({ kind: fc.constant('schedule-cancel' as const), id: name, cause: text }),
  fc.record({ kind: fc.constant('schedule-skip' as const), id: name, cause: text }),
  fc.record({
    kind: fc.constant('schedule-start' as const),
    id: name,
    operation: fc.record({ id: name, from: maybe(id), to: maybe(id), candidates: fc.constant([]) }),
  }),
  fc.record({
    kind: fc.constant('hand-over-record' as const),
    ...{ id: name, from: id, term: count, cause: text, candidates: fc.constant([]) },
  }),
  fc.record({
    kind: fc.constant('operation-begin' as const),
    operation: fc.record({
      id: name,
      kind: fc.constantFrom('failover' as const, 'remove-node' as const),
      from: maybe(id),
      to: maybe(id),
      reason: text,
      forMs: fc.constant(null),
      candidates: fc.constant([]),
      phase: text,
    }),
  }),
  fc.record({ kind: fc.constant('operation-phase' as const), id: name, phase: text, result: maybe(text) }),
  fc.record({
    kind: fc.constant('operation-end' as const),
    id: name,
    state: fc.constantFrom('done' as const, 'failed' as const, 'cancelled' as const),
    error: maybe(text),
  }),
  fc.record({
    kind: fc.constant('config-put' as const),
    text,
    configHash: text,
    changes: fc.array(text, { maxLength: 2 }),
    reason: text,
    createNode: id,
    ifVersion: maybe(count),
  }),
  fc.record({
    kind: fc.constant('config-put' as const),
    ...{ text, configHash: text, changes: fc.constant([]), reason: text, createNode: id },
    ifVersion: fc.constant(null),
    trial: fc.record(
      { withinMs: count, sound: fc.array(id, { maxLength: 3 }), ailments: fc.array(text) },
      { requiredKeys: ['withinMs', 'sound'] },
    ),
  }),
  fc.record({ kind: fc.constant('config-confirm' as const), version: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    kind: fc.constant('config-revert' as const),
    version: fc.integer({ min: 1, max: 5 }),
    cause: text,
    changes: fc.array(text, { maxLength: 2 }),
    createNode: id,
  }),
  fc.record({ kind: fc.constant('token-create' as const), token: name.map((t) => token(t)) }),
  fc.record({ kind: fc.constant('token-revoke' as const), id: name }),
  fc.record({
    kind: fc.constant('alert-transition' as const),
    alert: fc.record({
      id: name,
      rule: text,
      nodeId: maybe(id),
      severity: fc.constantFrom('critical' as const, 'warning' as const),
      state: fc.constantFrom('firing' as const, 'resolved' as const),
      condition: text,
      value: text,
    }),
  }),
  fc.record({
    kind: fc.constant('notification-steps' as const),
    steps: fc.array(
      fc.record({
        alertId: name,
        incident: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_030 }).map(String),
        kind: fc.constantFrom('firing' as const, 'acknowledged' as const, 'resolved' as const),
        channel: fc.constantFrom('email' as const, 'slack' as const),
        state: fc.constantFrom('due' as const, 'handed' as const, 'delivered' as const, 'dead' as const),
        note: text,
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({
    kind: fc.constant('silence-create' as const),
    id: name,
    matchers: fc.record({
      rule: maybe(text),
      nodeId: maybe(id),
      severity: maybe(fc.constantFrom('critical' as const, 'info' as const)),
    }),
    forMs: fc.oneof(fc.integer(), fc.double()),
    reason: text,
  }),
  fc.record({ kind: fc.constant('silence-expire' as const), id: name, cause: text }),
  fc.record({ kind: fc.constant('alert-acknowledge' as const), id: name }),
  fc.record({ kind: fc.constant('alert-acknowledge' as const), id: name, incident: text }),
  fc.record({ kind: fc.constant('alert-unacknowledge' as const), id: name, incident: text }),
);

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}

function run(start: ClusterState | null, commands: readonly ClusterCommand[]): ClusterState | null {
  const ledger = new Ledger();
  ledger.state = start;
  for (const one of commands) {
    ledger.now += 1;
    ledger.apply(one);
  }
  return ledger.state;
}

const history = fc.array(command, { maxLength: 30 });
const start = fc
  .constantFrom(null, 'three' as const)
  .map((kind) => (kind === null ? null : threeNodes().cluster));

describe('applyCommand', () => {
  it('gives a result for any command on any state and changes neither', () => {
    const at = { index: 9, term: 1, timestamp: 1_700_000_000_500, actor: 'ann' };
    fc.assert(
      fc.property(start, history, command, (from, before, last) => {
        const state = frozen(run(from, before));
        const applied = applyCommand(state, frozen(last), at);
        expect(typeof applied.result.ok).toBe('boolean');
        for (const event of applied.events) expect(event).toMatchObject({ index: 9, at: at.timestamp });
        if (!applied.result.ok) expect(applied.events).toEqual([]);
        // an event without a node would be told differently by each node
        const hasNodes = Object.keys(applied.state?.nodes ?? {}).length > 0;
        if (hasNodes) for (const event of applied.events) expect(typeof event.nodeId).toBe('string');
      }),
      { numRuns: 300 },
    );
  });

  it('is deterministic to the byte, also across a snapshot in the middle', () => {
    fc.assert(
      fc.property(start, history, history, (from, first, second) => {
        const whole = run(run(from, first), second);
        const half = run(from, first);
        const restored = half === null ? null : decodeState(encodeState(half));
        const resumed = run(restored, second);
        if (whole === null || resumed === null) expect(resumed).toBe(whole);
        else expect(encodeState(resumed)).toEqual(encodeState(whole));
      }),
      { numRuns: 200 },
    );
  });

  it('never has two running operations, two active configurations, or an epoch that goes back', () => {
    fc.assert(
      fc.property(history, (commands) => {
        let state: ClusterState = threeNodes().cluster;
        for (const one of commands) {
          const next = run(state, [one]) ?? state;
          expect(next.primary.epoch).toBeGreaterThanOrEqual(state.primary.epoch);
          expect(next.operations.filter((o) => o.state === 'running').length).toBeLessThanOrEqual(1);
          expect(next.configs.filter((c) => c.isActive)).toHaveLength(1);
          // what is on trial is what is in force, and the only one that waits for a word
          const awaited = next.configs.filter((c) => c.confirmation === 'awaited');
          const onTrial = next.tentative === undefined ? [] : [next.tentative.version];
          expect(awaited.map((c) => c.version)).toEqual(onTrial);
          expect(awaited.every((c) => c.isActive)).toBe(true);
          state = next;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('decodeState', () => {
  it('gives back what encodeState took', () => {
    const { cluster } = threeNodes();
    expect(decodeState(encodeState(cluster))).toEqual(cluster);
  });

  it('refuses a newer format by name', () => {
    const newer = new TextEncoder().encode(JSON.stringify({ format: STATE_FORMAT + 1, state: {} }));
    expect(() => decodeState(newer)).toThrow(`format ${STATE_FORMAT + 1}`);
  });
});
