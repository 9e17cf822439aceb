import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import type { CheckedUpdate, ConfigVersionInfo } from '../../../src/config/index.ts';
import {
  backTo,
  ConfigUpdateManager,
  ConfigVersionManager,
  changeText,
  checkUpdate,
  configHash,
  DistributedConfig,
  diffConfigs,
  diffTexts,
  nextUpdate,
  overlayConfig,
  renderSharedConfig,
  UPDATE_TRANSITIONS,
} from '../../../src/config/index.ts';
import { config, LOCAL, OWN } from './loaded.ts';
import { SEED_ALERTS, SEED_CLUSTER, SEED_METRICS } from './seed-file.ts';

const CURRENT = renderSharedConfig(OWN);

function update(text: string): CheckedUpdate {
  return checkUpdate(CURRENT, text, LOCAL);
}

function version(n: number, text: string, isActive: boolean): ConfigVersionInfo {
  return {
    version: n,
    configHash: configHash(text),
    createTime: n,
    createNode: 'node-001',
    author: 'ann',
    reason: '',
    changes: [],
    isActive,
    text,
  };
}

describe('checkUpdate', () => {
  it('changes nothing when the whole file of the answering node comes back', () => {
    const result = update(SEED_CLUSTER);
    expect(result).toMatchObject({ ok: true, changes: [], text: CURRENT });
    expect(result.ok && result.notes).toEqual([
      'cluster.node_id belongs to one node and is the same here: ignored',
      'cluster.data_dir belongs to one node and is the same here: ignored',
      'cluster.network.host belongs to one node and is the same here: ignored',
      'cluster.network.port belongs to one node and is the same here: ignored',
      'cluster.network.client_port belongs to one node and is the same here: ignored',
      'cluster.monitoring.metrics_port belongs to one node: ignored',
    ]);
  });

  it('keeps what the text does not mention', () => {
    const result = update('cluster:\n  raft:\n    heartbeat_interval_ms: 40\n');
    expect(result).toMatchObject({
      ok: true,
      notes: [],
      changes: [{ path: 'cluster.raft.heartbeat_interval_ms', from: 50, to: 40, effect: 'live' }],
    });
    expect(result.ok && overlayConfig(OWN, result.text).raft).toEqual({
      ...OWN.raft,
      heartbeatIntervalMs: 40,
    });
  });

  it('takes alerts, metrics and notifiers without cluster', () => {
    const result = update(`${SEED_ALERTS}${SEED_METRICS}notifiers: {webhook: {url: "env:HOOK"}}\n`);
    expect(result.ok && result.changes.map((c) => c.path)).toEqual([
      'alerts.HighErrorRate',
      'alerts.LeaderDown',
      'alerts.HighLatency',
      'alerts.DiskSpaceLow',
      'alerts.NodeUnreachable',
      'metrics.cluster',
      'metrics.node',
      'metrics.raft',
      'metrics.replication',
      'notifiers.webhook.url',
    ]);
  });

  it('tells of actions that no channel carries, and of none of the shipped rules', () => {
    const notesOf = (text: string) => {
      const result = update(text);
      return result.ok ? result.notes : result.issues;
    };
    const text = 'alerts use the action "email", notifiers.email is not configured: nothing is sent';
    expect(notesOf(SEED_ALERTS)).toContain(text);
    expect(
      notesOf(`${SEED_ALERTS}notifiers: {email: {smtp_url: "env:SMTP", to: [a@b.example]}}\n`),
    ).not.toContain(text);
    expect(notesOf('cluster: {raft: {heartbeat_interval_ms: 40}}')).toEqual([]);
  });

  it('writes durations with their unit, and finds no difference to a text of before that has none', () => {
    const result = update('cluster: {membership: {replace_cooldown: 90s, replace_dead_voter_after: 1500}}');
    const text = result.ok ? result.text : '';
    const lines = text.split('\n').filter((line) => /replace_|max_/.test(line));
    expect(lines.map((line) => line.trim())).toEqual([
      'replace_dead_voter_after: 1.5s',
      'replace_cooldown: 90s',
      'max_pause: 7d',
      'max_maintenance: 30d',
    ]);
    const before = text
      .replace('90s', '90000')
      .replace('1.5s', '1500')
      .replace('7d', '604800000')
      .replace('30d', '2592000000');
    expect([before === text, diffTexts(before, text), update(before)]).toEqual([
      false,
      [],
      expect.objectContaining({ ok: true, text }),
    ]);
  });

  it.each([
    ['cluster: {node_id: n9}', 'cluster.node_id'],
    ['cluster: {data_dir: /srv/other}', 'cluster.data_dir'],
    ['cluster: {network: {port: 7000}}', 'cluster.network.port'],
    ['cluster: {name: other}', 'cluster.name'],
    ['cluster: {engine: postgres}', 'cluster.engine'],
    ['cluster: {replication: {sync_replication: false}}', 'cluster.replication.sync_replication'],
    ['cluster: {raft: {heartbeat_interval_ms: 100}}', 'cluster.raft.heartbeat_interval_ms'],
    ['cluster: {raft: {hearbeat_interval_ms: 40}}', 'cluster.raft.hearbeat_interval_ms'],
    ['raft: {heartbeat_interval_ms: 40}', 'raft'],
    ['notifiers: {pagerduty: {routing_key: literal}}', 'notifiers.pagerduty.routing_key'],
  ])('refuses %s', (text, path) => {
    const result = update(text);
    expect(result.ok ? [] : result.issues.map((i) => i.path)).toContain(path);
  });

  it('says everything at once, with places in the new text', () => {
    const result = update(
      'cluster:\n  name: other\n  node_id: n9\n  raft:\n    heartbeat_interval_ms: 100\n',
    );
    expect(result.ok ? [] : result.issues.map((i) => [i.line, i.path])).toEqual([
      [2, 'cluster.name'],
      [3, 'cluster.node_id'],
      [5, 'cluster.raft.heartbeat_interval_ms'],
    ]);
  });

  it.each(['', '- a', 'x'])('refuses %j, which is no map', (text) => {
    expect(update(text)).toMatchObject({ ok: false, issues: [{ line: 1 }] });
  });
});

describe('diffConfigs', () => {
  it('says when each change takes effect', () => {
    const other = config(
      SEED_CLUSTER.replace('5000', '4000').replace('1000', '2000').replace('cluster-001', 'cluster-002'),
    );
    expect(diffConfigs(OWN, other).map((c) => [c.path, c.effect])).toEqual([
      ['cluster.name', 'forbidden'],
      ['cluster.raft.log_compaction_threshold', 'live'],
      ['cluster.monitoring.health_check_interval_ms', 'live'],
    ]);
  });

  it('reads as a line', () => {
    expect(changeText({ path: 'a.b', from: 1, to: 'x', effect: 'live' })).toBe('a.b: 1 → "x"');
  });
});

describe('DistributedConfig', () => {
  it('takes newer versions over, tells the changes, and ignores older ones', () => {
    const distributed = new DistributedConfig(OWN);
    const text = CURRENT.replace('heartbeat_interval_ms: 50', 'heartbeat_interval_ms: 30');
    expect(distributed.apply({ version: 2, text }).changes).toHaveLength(1);
    expect(distributed.getConfig('cluster.raft.heartbeat_interval_ms')).toBe(30);
    expect(distributed.apply({ version: 2, text: CURRENT })).toEqual({ version: 2, changes: [] });
    expect(distributed.apply({ version: 1, text: CURRENT }).changes).toEqual([]);
    expect(distributed.version).toBe(2);
  });

  it("keeps the node's own keys, whatever a version says", () => {
    const distributed = new DistributedConfig(OWN);
    distributed.apply({ version: 1, text: 'cluster: {node_id: evil, network: {port: 1}}' });
    expect(distributed.config).toEqual(OWN);
    distributed.apply({ version: 2, text: '{' });
    expect(distributed.config).toEqual(OWN);
  });

  it('answers several keys at one version, and undefined for no key', () => {
    const values = new DistributedConfig(OWN).getConfigs(['cluster.name', 'cluster.nope', 'toString']);
    expect([...values.values()]).toEqual(['sqlcc-cluster-001', undefined, undefined]);
  });
});

describe('ConfigVersionManager', () => {
  const manager = new ConfigVersionManager([version(1, 'a: 1', false), version(2, 'a: 2', true)]);

  it('shows history newest first, each with who, when, where and what changed', () => {
    const old = { ...version(1, 'a: 1', false), author: 'bob', createTime: 77, changes: ['a: 0 → 1'] };
    const history = new ConfigVersionManager([old, version(2, 'a: 2', true)]).getVersionHistory();
    expect(history).toEqual([version(2, 'a: 2', true), old]);
    expect(history[0]?.configHash).not.toBe(history[1]?.configHash);
    expect(manager.active()?.version).toBe(2);
  });

  it('makes a version of a text, bound to the one in force', () => {
    const content = { text: 'a: 3', configHash: configHash('a: 3'), changes: ['a: 2 → 3'] };
    const request = manager.createNewVersion(content, 'more');
    expect(request).toMatchObject({ ...content, reason: 'more', ifVersion: 2 });
    expect(manager.getVersionHistory()).toHaveLength(2);
  });

  it('rolls back by a new version with the old text', () => {
    expect(manager.rollbackVersion(1)).toMatchObject({
      ok: true,
      request: {
        text: 'a: 1',
        configHash: configHash('a: 1'),
        ifVersion: 2,
        changes: ['back to version 1, a: 2 → 1'],
      },
    });
    // what is counted is what changes, and not that it is a way back
    expect(backTo(1, ['a: 2 → 1', 'b: 4 → 3'])).toEqual(['back to version 1, a: 2 → 1', 'b: 4 → 3']);
    expect(backTo(1, [])).toEqual(['back to version 1']);
  });

  it('adds a version that is in force, retires the last and forgets the oldest', () => {
    const made = { ...version(9, 'a: 3', false), reason: 'more' };
    const { version: _n, isActive: _a, ...content } = made;
    const next = manager.withVersion(content);
    expect(next.map((v) => [v.version, v.isActive, v.text])).toEqual([
      [1, false, 'a: 1'],
      [2, false, 'a: 2'],
      [3, true, 'a: 3'],
    ]);
    let all = next;
    for (let n = 0; n < LIMITS.configVersionsKept; n++)
      all = new ConfigVersionManager(all).withVersion(content);
    expect(all).toHaveLength(LIMITS.configVersionsKept);
    expect(all.at(-1)).toMatchObject({ version: 3 + LIMITS.configVersionsKept, isActive: true });
  });

  it('refuses to roll back to what is active or gone', () => {
    expect(manager.rollbackVersion(2)).toEqual({ ok: false, reason: 'version 2 is active already' });
    expect(manager.rollbackVersion(7)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('not kept'),
    });
  });
});

describe('ConfigUpdateManager', () => {
  const manager = new ConfigUpdateManager([version(3, CURRENT, true)], LOCAL);

  it('goes from validated to active when every node has applied it', () => {
    const prepared = manager.updateClusterConfig('cluster: {raft: {heartbeat_interval_ms: 40}}', 'faster');
    if (!prepared.ok) throw new TypeError('refused');
    expect(prepared.update).toMatchObject({
      state: 'validated',
      request: { ifVersion: 3, reason: 'faster' },
    });
    let state = nextUpdate(prepared.update, { kind: 'proposed' });
    state = nextUpdate(state, { kind: 'committed', version: 4, nodes: ['n1', 'n2'] });
    expect(state).toEqual({ state: 'committed', version: 4, waitingFor: ['n1', 'n2'] });
    state = nextUpdate(state, { kind: 'node-applied', nodeId: 'n1', version: 3 });
    state = nextUpdate(state, { kind: 'node-applied', nodeId: 'n1', version: 4 });
    expect(state).toMatchObject({ waitingFor: ['n2'] });
    expect(nextUpdate(state, { kind: 'node-applied', nodeId: 'n2', version: 5 })).toEqual({
      state: 'active',
      version: 4,
    });
  });

  it('says of a text that comes back what a new one would be told', () => {
    const text = 'alerts use the action "email", notifiers.email is not configured: nothing is sent';
    const textOf = (change: string): string => {
      const result = update(change);
      return result.ok ? result.text : '';
    };
    const manager = new ConfigUpdateManager([version(3, textOf(SEED_ALERTS), true)], LOCAL);
    expect(manager.notesOnReturn(textOf(SEED_ALERTS))).toContain(text);
    // what comes back is the whole: the alerts in force go with it
    expect(manager.notesOnReturn(textOf('cluster: {raft: {heartbeat_interval_ms: 40}}'))).toEqual([]);
  });

  it('lists the issues of a wrong text and takes only steps of its table', () => {
    expect(manager.updateClusterConfig('cluster: 5', '')).toMatchObject({ ok: false });
    const refusedState = { state: 'refused', reason: 'version moved' } as const;
    expect(nextUpdate(refusedState, { kind: 'proposed' })).toBe(refusedState);
    expect(UPDATE_TRANSITIONS.active).toEqual([]);
  });
});
