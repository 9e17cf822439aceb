/**
 * The keys of the design document's YAML on the embedded engine, one by one: what each does, what a change of it
 * does and when. A key that the document has and this table has not fails.
 */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { LiveConfig } from '../../../daemon/live-config.ts';
import { raftSettings } from '../../../daemon/node-parts.ts';
import {
  type DigestFacts,
  type MemberFacts,
  statusView,
  type ViewSources,
} from '../../../daemon/node-view.ts';
import { planFailover } from '../../../src/cluster/index.ts';
import type { CheckedUpdate, ClusterConfig } from '../../../src/config/index.ts';
import {
  checkUpdate,
  DistributedConfig,
  overlayConfig,
  parseConfig,
  renderSharedConfig,
} from '../../../src/config/index.ts';
import { HealthMonitor, lagCheck } from '../../../src/health/index.ts';
import type { RaftStatus } from '../../../src/raft/index.ts';
import { fact, facts, NOW, threeNodes } from '../cluster/world.ts';
import { config, LOCAL, OWN } from './loaded.ts';
import { SEED_CLUSTER } from './seed-file.ts';

const CURRENT = renderSharedConfig(OWN);

function leaves(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [prefix];
  return Object.entries(value).flatMap(([key, inner]) =>
    leaves(inner, prefix === '' ? key : `${prefix}.${key}`),
  );
}

/** An update of that one key. */
function set(path: string, value: string | number | boolean): CheckedUpdate {
  const tree = path.split('.').reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
  return checkUpdate(CURRENT, JSON.stringify(tree), LOCAL);
}

/** What a node runs with after an update that must be taken and take effect at once. */
function live(path: string, value: string | number | boolean): ClusterConfig {
  const update = set(path, value);
  if (!update.ok) throw new TypeError(update.issues.map((i) => i.message).join('; '));
  expect(update.changes.map((c) => [c.path, c.effect])).toEqual([[path, 'live']]);
  return overlayConfig(OWN, update.text);
}

function refusal(path: string, value: string | number | boolean): string {
  const update = set(path, value);
  if (update.ok) throw new TypeError('it was taken');
  expect(update.issues.map((i) => i.path)).toContain(path);
  return update.issues.map((i) => i.message).join('; ');
}

/** Of one node: noted when it is what this node has, refused otherwise, restart when its own file says so. */
function belongsToOneNode(path: string, same: string | number, other: string | number): void {
  const known = set(path, same);
  expect(known).toMatchObject({ ok: true, changes: [] });
  expect(known.ok && known.notes).toEqual([`${path} belongs to one node and is the same here: ignored`]);
  expect(refusal(path, other)).toContain('belongs to one node');
  expect(CURRENT).not.toContain(`${path.split('.').at(-1)}:`);
}

function pendingWith(from: string, to: string): string[] {
  return new DistributedConfig(OWN).pending(config(SEED_CLUSTER.replace(from, to))).map((c) => c.effect);
}

/** The whole cluster as it says it is, with so many live copies. */
function reasonsWith(minReplicas: number, alive: number): readonly string[] {
  const { cluster } = threeNodes();
  const voters = Object.values(cluster.nodes).map((n) => ({ nodeId: n.nodeId, instanceId: n.instanceId }));
  const raft = {
    ...{ role: 'leader', leaderId: 'n1', term: 1, commitIndex: 9, peers: [], electionTimeoutMs: 150 },
    ...{ last: { index: 9, term: 1 }, membership: { voters, outgoing: [], learners: [], learnersNext: [] } },
  } as unknown as RaftStatus;
  const member = (nodeId: string, n: number): [string, MemberFacts] => [
    nodeId,
    {
      ...{ nodeId, liveness: n < alive ? 'alive' : 'dead', silenceMs: 0, rttMs: 0 },
      digest: { health: 'HEALTHY', issues: [], role: 'follower', at: NOW } as unknown as DigestFacts,
    },
  ];
  const members = new Map(voters.map((v, n) => member(v.nodeId, n)));
  const sources: ViewSources = {
    nodeId: 'n1',
    cluster,
    raft,
    members,
    minReplicas,
    membershipPolicy: { replaceDeadVoterAfterMs: 0, minVoters: 3, replaceCooldownMs: 0 },
    leaderlessMs: 0,
    rules: OWN.alerts,
    now: NOW,
  };
  const read = { mode: 'quorum', age_ms: 0, node_id: 'n1', applied_index: 9 } as const;
  return statusView(sources, read, { engine: 'sqlite', heartbeatIntervalMs: 50, availability: null }).cluster
    .reasons;
}

const TABLE: Readonly<Record<string, () => void>> = {
  'cluster.name': () => {
    expect(set('cluster.name', 'sqlcc-cluster-001')).toMatchObject({ ok: true, changes: [], notes: [] });
    expect(refusal('cluster.name', 'other')).toContain("can't be changed");
  },
  'cluster.node_id': () => {
    belongsToOneNode('cluster.node_id', 'node-001', 'node-002');
    expect(pendingWith('node-001', 'node-002')).toEqual(['forbidden']);
  },
  'cluster.data_dir': () => {
    belongsToOneNode('cluster.data_dir', '/var/lib/sqlcc/data', '/srv/data');
    expect(pendingWith('/var/lib', '/srv')).toEqual(['restart']);
  },
  'cluster.network.host': () => {
    belongsToOneNode('cluster.network.host', '0.0.0.0', '10.0.0.1');
    // a wildcard can't be told to others
    expect(OWN.network.advertiseHost).toBeNull();
    const own = parseConfig(SEED_CLUSTER, { source: 'f' });
    expect(own.ok && own.warnings.join()).toContain('advertise_host');
  },
  'cluster.network.port': () => {
    belongsToOneNode('cluster.network.port', 5433, 6433);
    expect(OWN.network.peerPort).toBe(5435);
    expect(pendingWith('port: 5433', 'port: 6433')).toEqual(['restart', 'restart']);
  },
  'cluster.network.client_port': () => {
    belongsToOneNode('cluster.network.client_port', 5434, 6434);
    expect(parseConfig(SEED_CLUSTER.replace('5434', '5433'), { source: 'f' }).ok).toBe(false);
  },
  'cluster.raft.election_timeout_ms': () => {
    const next = live('cluster.raft.election_timeout_ms', 300);
    expect(raftSettings(next, [], [])).toMatchObject({ electionTimeoutMs: 300, heartbeatIntervalMs: 50 });
    expect(set('cluster.raft.election_timeout_ms', 99)).toMatchObject({ ok: false });
  },
  'cluster.raft.heartbeat_interval_ms': () => {
    const next = live('cluster.raft.heartbeat_interval_ms', 75);
    expect(raftSettings(next, [], [])).toMatchObject({ heartbeatIntervalMs: 75 });
    // at most half of the timeout
    expect(refusal('cluster.raft.heartbeat_interval_ms', 76)).toContain('more than election_timeout_ms 150');
  },
  'cluster.raft.log_compaction_threshold': () => {
    const entries: number[] = [];
    const inForce = new DistributedConfig(OWN);
    const parts = {
      logger: { setLevel: () => {} },
      state: { snapshotThreshold: (n: number) => entries.push(n) },
    };
    const update = set('cluster.raft.log_compaction_threshold', 5000);
    new LiveConfig(inForce, parts).take({ version: 2, text: update.ok ? update.text : '' });
    expect(entries).toEqual([1000, 5000]);
  },
  'cluster.replication.sync_replication': () => {
    expect(set('cluster.replication.sync_replication', true)).toMatchObject({ ok: true, changes: [] });
    expect(refusal('cluster.replication.sync_replication', false)).toContain(
      'not possible with engine sqlite',
    );
  },
  'cluster.replication.min_replicas': () => {
    const { minReplicas } = live('cluster.replication.min_replicas', 3).replication;
    expect(reasonsWith(minReplicas, 3)).toEqual([]);
    // two of three are a quorum: it is degraded, not critical, and writes go on
    expect(reasonsWith(minReplicas, 2)).toEqual(['n3 is dead', '2 live copies, min_replicas is 3']);
    expect(reasonsWith(2, 2)).toEqual(['n3 is dead']);
  },
  'cluster.replication.replica_lag_threshold': () => {
    expect(OWN.replication.replicaLagThresholdBytes).toBe(100_000_000);
    const { replicaLagThresholdBytes: limit } = live(
      'cluster.replication.replica_lag_threshold',
      '1MB',
    ).replication;
    const lag = (lagBytes: number) => {
      const sample = {
        ...{ cpuUsage: 0, cpuThrottled: 0, memoryUsage: 0, diskUsage: 0, loopLagMs: 0, fsyncLatencyMs: 0 },
        ...{ activeConnections: 0, diskReadRate: 0, diskWriteRate: 0, queriesPerSecond: 0, errorRate: 0 },
        ...{ queryLatencyP50Ms: null, queryLatencyP95Ms: null, queryLatencyP99Ms: null, networkRttMs: null },
        ...{ at: NOW, lagBytes },
      };
      return new HealthMonitor('n1', [lagCheck(() => limit)]).observe(sample, 0).status;
    };
    expect([lag(1_000_000), lag(1_000_001)]).toEqual(['HEALTHY', 'DEGRADED']);
    const behind = (lagBytes: number) => {
      const told = { ...facts({}, [fact('n2', { lagBytes })]), lagThresholdBytes: limit };
      const plan = planFailover(threeNodes().cluster, told, { to: 'n2', reason: '' } as never, NOW);
      return plan.plan.candidates.find((c) => c.nodeId === 'n2')?.eligible;
    };
    expect([behind(1_000_000), behind(1_000_001)]).toEqual([true, false]);
  },
  'cluster.monitoring.enable_metrics': () => {
    expect(live('cluster.monitoring.enable_metrics', false).monitoring.enableMetrics).toBe(false);
  },
  'cluster.monitoring.metrics_port': () => {
    const other = set('cluster.monitoring.metrics_port', 9099);
    expect(other).toMatchObject({ ok: true, changes: [] });
    expect(other.ok && other.notes).toEqual(['cluster.monitoring.metrics_port belongs to one node: ignored']);
    expect(pendingWith('9090', '9099')).toEqual(['restart']);
  },
  'cluster.monitoring.health_check_interval_ms': () => {
    expect(live('cluster.monitoring.health_check_interval_ms', 1000).monitoring).toMatchObject({
      healthCheckIntervalMs: 1000,
    });
  },
};

describe('the YAML of the design document', () => {
  const paths = leaves(parse(SEED_CLUSTER));

  it('has no key that the table lacks, and the table none that it lacks', () => {
    expect(Object.keys(TABLE).sort()).toEqual([...paths].sort());
  });

  it.each(paths)('%s does what it says', (path) => {
    TABLE[path]?.();
    expect.hasAssertions();
  });
});
