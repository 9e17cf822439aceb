/** What the recorded cluster answers to the questions of single views, and to changes. */
import type { LogFields } from '../../src/base/index.ts';
import type { ReplayLine } from '../../tui/feed/replay-feed.ts';
import type { LogLine, SliceName, Slices } from '../../tui/feed/slices.ts';
import type { OperationView } from '../../tui/feed/wire.ts';
import { logText } from '../../tui/model/log-text.ts';
import { at, endedOperation, sixNodes, status } from './recording.ts';

function answer<K extends SliceName>(to: K | `${K} ${string}`, value: Slices[K]): ReplayLine {
  return { at: at(0), answer: { to, value } };
}

const VERSIONS: Slices['versions'] = [
  {
    ...{ version: 39, config_hash: '9f1c22d07a33', create_time: at(-9 * 86_400_000), create_node: 'n2' },
    ...{ changes: ['raft.snapshot_threshold'], is_active: false, author: 'bob', reason: 'fewer snapshots' },
    confirmation: 'reverted',
  },
  {
    ...{ version: 40, config_hash: '51d0c3aa90e1', create_time: at(-2 * 86_400_000), create_node: 'n1' },
    ...{ changes: ['alerts'], is_active: false, author: 'ci', reason: 'rules as code' },
    confirmation: null,
  },
  {
    ...{ version: 41, config_hash: '77be01c9d4f8', create_time: at(-10_800_000), create_node: 'n1' },
    ...{ changes: ['raft.election_timeout_ms', 'monitoring.interval_ms'], is_active: true, author: 'anna' },
    ...{ reason: 'slow links to eu-c', confirmation: 'confirmed' as const },
  },
];

const DIFF: Slices['diff'] = [
  { path: 'cluster.raft.election_timeout_ms', from: [1000, 2000], to: [1500, 3000], effect: 'live' },
  { path: 'cluster.monitoring.interval_ms', from: 1000, to: 500, effect: 'live' },
  { path: 'cluster.network.port', from: 5433, to: 5434, effect: 'restart' },
];

/** As a daemon renders a version: every key, set or not. */
const TEXT = (version: number, election: string): Slices['text'] => ({
  version,
  text: [
    ...['cluster:', '  name: prod-eu', '  raft:', '    heartbeat_interval_ms: 50'],
    ...[`    election_timeout_ms: ${election}`, '    snapshot_threshold: 50000'],
    ...['  monitoring:', `    interval_ms: ${version === 41 ? 500 : 1000}`, ''],
  ].join('\n'),
});

const PENDING: Slices['pending'] = sixNodes().map((n) => ({
  node_id: n.node_id,
  version: n.node_id === 'n5' ? null : n.node_id === 'n4' ? 40 : 41,
  config_file: '/etc/sqlcc/cluster.yaml',
  pending:
    n.node_id === 'n3' ? [{ path: 'log.level', from: 'INFO', to: 'DEBUG', effect: 'restart' as const }] : [],
  file_issue: null,
  error: n.node_id === 'n5' ? 'connection refused' : null,
}));

const EXPLAIN: Slices['explain'] = {
  ...{ schemaVersion: 1, node_id: 'n1' },
  rule: {
    ...{ name: 'NodeDown', condition: 'node_up == 0', severity: 'warning', for_ms: 0 },
    ...{ actions: ['email', 'webhook'], fixed: true, error: null },
  },
  subjects: [
    {
      ...{ id: 'a1', node_id: 'n5', state: 'firing', holds: true, value: 'node_up 0' },
      ...{ pending_ms: null, in_maintenance: false, silenced_by: null, inhibited_by: null },
      notifications: [
        {
          ...{ kind: 'firing', channel: 'email', state: 'delivered', at: at(-384_000), times: 1 },
          note: '250 queued',
        },
        {
          ...{ kind: 'firing', channel: 'webhook', state: 'dead', at: at(-360_000), times: 5 },
          note: 'HTTP 502 five times',
        },
      ],
      parts: [
        { depth: 0, text: 'node_up == 0', value: 'true' },
        { depth: 1, text: 'node_up', value: '0' },
      ],
    },
  ],
  read: { mode: 'stale', age_ms: 0, node_id: 'n2', applied_index: 1_204_551 },
};

const SILENCES: Slices['silences'] = [
  {
    ...{ id: 's1', rule: 'CertExpiry', node_id: 'n4', severity: null, created: at(-3_600_000) },
    ...{ until: at(7_200_000), by: 'ci', reason: 'renewal is planned' },
  },
];

const AUDIT: Slices['audit'] = [
  {
    ...{ index: 1_180_002, at: at(-720_000), actor: 'anna', credential: 'cert anna', from: '10.0.0.7' },
    ...{ action: 'maintenance-enable', target: 'n6', reason: 'kernel update', before: 'off', after: 'on' },
    ...{ outcome: 'ok', seq: 211, hash: 'c0ffee1122334455c0ffee1122334455' },
  },
  {
    ...{ index: 1_204_100, at: at(-40_000), actor: 'bob', credential: 'token t4', from: '10.0.0.9' },
    ...{ action: 'alert-acknowledge', target: 'a2', reason: '', before: null, after: 'bob' },
    ...{ outcome: 'ok', seq: 212, hash: 'deadbeef1122334455c0ffee11223344' },
  },
];

/** A failover of before, ended at `ms`, in which writes waited for `elapsedMs`. */
function failedOver(ms: number, elapsedMs: number, patch: Partial<OperationView>): OperationView {
  const [accepted, moved] = [ms - elapsedMs - 38, ms - elapsedMs];
  return {
    ...endedOperation(),
    phases: [
      { name: 'accepted', at: at(accepted), elapsed_ms: 38, result: 'ok' },
      { name: 'transferring', at: at(moved), elapsed_ms: elapsedMs, result: 'done' },
    ],
    write_gap_ms: elapsedMs,
    ...patch,
  };
}

/** What was done in the cluster before, oldest first. */
export function doneOperations(): OperationView[] {
  const accepted = { name: 'accepted', at: at(-720_140), elapsed_ms: 161, result: 'done' };
  return [
    failedOver(-183_000_000, 150, { id: 'op-3', from: 'n4', to: 'n3', reason: 'new disks' }),
    failedOver(-104_000_000, 212, { id: 'op-4', from: 'n1', to: 'n3', reason: 'new disks' }),
    failedOver(-2_571_000, 180, { id: 'op-5', from: 'n2', to: 'n5', reason: 'balance the load' }),
    {
      ...endedOperation(),
      ...{ id: 'op-6', kind: 'maintenance-enable', phase: 'accepted', phases: [accepted], candidates: [] },
      ...{ from: 'n6', to: null, write_gap_ms: null },
    },
  ];
}

/** A spare that is to take the vote of the dead node, and can be called back still. */
export function runningOperation(): OperationView {
  return {
    ...endedOperation(),
    ...{ id: 'op-8', kind: 'replace-node', state: 'running', phase: 'catching-up', from: 'n5', to: 'n4' },
    ...{ reason: 'disk of n5 is lost', candidates: [], write_gap_ms: null },
    phases: [{ name: 'catching-up', at: at(-4000), elapsed_ms: null, result: null }],
  };
}

function links(): Slices['links'] {
  const names = sixNodes().map((n) => n.node_id);
  return names
    .filter((n) => n !== 'n5')
    .flatMap((from, i) =>
      names.map((to, j) => ({
        ...{ from, to, rttMs: to === 'n5' ? null : Math.abs(i - j) * 2.1 + 0.9 },
        ...(to !== 'n5' && {
          rttP50Ms: Math.abs(i - j) * 2.1 + 0.7,
          rttP99Ms: Math.abs(i - j) * 3.4 + 1.6 + (to === 'n3' ? 22 : 0),
        }),
        liveness: to === 'n5' ? 'dead' : 'alive',
      })),
    );
}

/** Other clusters of the same person: one well, one silent, one without a majority. */
function fleet(): ReplayLine[] {
  const quick = { health: 'HEALTHY' as const, issues: [], fsync_ms: 0.9 };
  const well = status({
    nodes: sixNodes()
      .slice(0, 3)
      .map((n) => ({ ...n, ...quick })),
  });
  const us = { ...well.cluster, name: 'prod-us', health: 'healthy' as const, reasons: [] };
  const down = [
    ...['no quorum: 1 of 3 voters are alive, 2 are needed', 'no leader is known', 'n2 and n3 are dead'],
    '1 live copy, min_replicas is 2',
  ];
  const dr = { ...well.cluster, name: 'dr', health: 'critical' as const, reasons: down };
  const nodes = well.nodes.map((n) =>
    n.node_id === 'n1'
      ? { ...n, role: 'follower' as const, state: 'FOLLOWER' as const, term: 17 }
      : { ...n, role: null, state: null, liveness: 'dead' as const, health: 'UNKNOWN' as const },
  );
  const three = { ...well.raft, voters: ['n1', 'n2', 'n3'], quorum: 2 };
  return [
    answer('fleet prod-eu', status()),
    answer('fleet prod-us', { ...well, cluster: us, raft: { ...three, term: 4 }, alerts: { firing: 0 } }),
    answer('fleet dr-site', { ...well, cluster: dr, nodes, raft: { ...three, leader_id: null, term: 17 } }),
    { at: at(0), answer: { to: 'fleet staging', error: 'connection refused' } },
  ];
}

const GROUP = {
  voters: ['n1', 'n2', 'n3', 'n4', 'n5'].map((nodeId) => ({ nodeId, address: `${nodeId}.eu:5435` })),
  ...{ outgoing: [], learners: [{ nodeId: 'n6', address: 'n6.eu:5435' }], learnersNext: [] },
};
/** As daemons write them: `test/unit/tui/log-text.test.ts` looks for each event and field there. */
export const LOG: readonly (Omit<LogLine, 'text'> & { readonly fields: LogFields })[] = [
  { at: at(-190_000), level: 'INFO', event: 'raft-elected', fields: elected(9, 62.112561999998434) },
  {
    ...{ at: at(-120_000), level: 'INFO', event: 'raft-membership-changed' },
    fields: { membership: JSON.stringify(GROUP), index: 1_204_102, committed: true },
  },
  {
    ...{ at: at(-90_000), level: 'INFO', event: 'audit' },
    fields: {
      ...{
        seq: 11,
        hash: '6026cc9f41be5233f78a88525ae5c7c74bec3c18b458b1ca9a06719f7fea0d18',
        index: 1_204_110,
      },
      ...{ actor: 'anna', credential: 'certificate:76d5f8f6f4f00359561f1f1adeda8991', from: '10.0.0.7' },
      ...{ action: 'maintenance-enable', target: 'n6', reason: 'new disks', before: 'off' },
      ...{ after: 'until 13:04:31', outcome: 'ok' },
    },
  },
  { at: at(-30_000), level: 'WARN', event: 'own-health', fields: { value: 3 } },
  {
    ...{ at: at(-2000), level: 'ERROR', event: 'notification-dead' },
    fields: {
      alert: 'a1',
      kind: 'fired',
      incident: '1772625600000',
      channel: 'webhook',
      reason: 'status 502',
    },
  },
];

function elected(term: number, electionMs: number): LogFields {
  return { term, campaign: 'timeout', electionMs, silenceMs: 1812.151637000002, votes: '["n1","n2","n3"]' };
}

/** Everything that a view of the calm recording may ask for. */
export function answers(): ReplayLine[] {
  const log = LOG.map(({ fields, ...line }) => ({ ...line, text: logText(line.event, fields) }));
  return [
    answer('versions', VERSIONS),
    answer('diff 40..41', DIFF),
    answer('diff 39..40', DIFF.slice(1, 2)),
    answer('text 41', TEXT(41, '[1500, 3000]')),
    answer('text 40', TEXT(40, '[1000, 2000]')),
    answer('text 39', TEXT(39, '[1000, 2000]')),
    answer('pending', PENDING),
    answer('silences', SILENCES),
    answer('explain NodeDown', EXPLAIN),
    answer('audit', AUDIT),
    answer('operations', [...doneOperations(), runningOperation()]),
    answer('links', links()),
    ...fleet(),
    ...sixNodes().map((n) => answer(`log ${n.node_id}`, log)),
    {
      at: at(0),
      preflight: {
        kind: 'rollback',
        plan: {
          checks: [
            { name: 'valid', result: 'pass', text: 'valid on every live node' },
            { name: 'restart', result: 'warn', text: '1 key waits for a restart' },
          ],
          effects: ['cluster.raft.election_timeout_ms: [1500,3000] → [1000,2000] (live)'],
          ...{ allowed: true, arm: 'v40', base: 41 },
        },
      },
    },
    {
      at: at(0),
      preflight: {
        kind: 'apply',
        plan: {
          checks: [{ name: 'valid', result: 'pass', text: 'valid on every live node' }],
          effects: ['cluster.monitoring.interval_ms: 500 → 250 (live)'],
          ...{ allowed: true, arm: null, base: 41 },
        },
      },
    },
    {
      at: at(0),
      acted: { kind: 'apply', result: { words: 'v42 is on trial for 1m: K keeps it', undo: null } },
    },
    { at: at(0), answer: { to: 'text', value: { version: 41, text: 'cluster:\n  name: prod-eu\n' } } },
    {
      at: at(0),
      acted: {
        kind: 'ack',
        result: {
          words: 'acknowledged NodeDown on n5',
          undo: {
            ...{ kind: 'unack', id: 'a1', incident: '1772625600000' },
            ...{ by: 'anna', label: 'NodeDown on n5' },
          },
        },
      },
    },
    {
      at: at(0),
      acted: {
        kind: 'silence',
        result: {
          words: 'silenced NodeDown on n5 for 1h',
          undo: { kind: 'unsilence', id: 's2', label: 'NodeDown on n5' },
        },
      },
    },
    {
      at: at(0),
      acted: { kind: 'unsilence', result: { words: 'the silence of NodeDown on n5 has ended', undo: null } },
    },
    { at: at(0), acted: { kind: 'rollback', result: { words: 'v42 is in force', undo: null } } },
    { at: at(0), acted: { kind: 'cancel', result: { words: 'operation op-8: cancelled', undo: null } } },
  ];
}
