/**
 * A recorded cluster for the screen's tests: six nodes in three zones, one in
 * maintenance, one catching up, one dead since the last election. The clock begins at
 * 12:04:31 UTC and everything is said relative to it.
 */
import type { ReplayLine } from '../../tui/feed/replay-feed.ts';
import type { EventLine, NodeRow, OperationView, Plan, StatusResponse } from '../../tui/feed/wire.ts';

export const START = Date.parse('2026-03-04T12:04:31.000Z');

/** RFC 3339, `ms` after the start of the recording. */
export function at(ms: number): string {
  return new Date(START + ms).toISOString();
}

export function node(id: string, patch: Partial<NodeRow> = {}): NodeRow {
  return {
    node_id: id,
    host: '10.0.0.1',
    port: 5433,
    client_port: 5434,
    state: 'FOLLOWER',
    role: 'follower',
    voter: true,
    liveness: 'alive',
    health: 'HEALTHY',
    issues: [],
    last_check: at(-400),
    maintenance: null,
    version: '0.1.0',
    zone: 'eu-a',
    metadata: {},
    term: 9,
    match_index: 1_204_551,
    lag_entries: 0,
    last_heartbeat_ms: 20,
    load_factor: 0.4,
    capacity: 1e12,
    cpu_usage: 0.12,
    memory_usage: 0.4,
    disk_usage: 0.61,
    disk_used_bytes: 6e11,
    active_connections: 12,
    query_latency_p95_ms: 2.4,
    clock_offset_ms: 2,
    event_loop_lag_ms: 1.4,
    fsync_ms: 0.9,
    commit_latency_p95_ms: null,
    queries_per_second: 640,
    error_rate: 0,
    rtt_ms: 1.2,
    uptime_ms: 86_400_000,
    ...patch,
  };
}

const MAINTENANCE = { owner: 'anna', reason: 'kernel update', since: at(-720_000), expires: at(2_910_000) };

export function sixNodes(): NodeRow[] {
  return [
    node('n1', {
      role: 'leader',
      state: 'LEADER',
      cpu_usage: 0.312,
      rtt_ms: 0,
      query_latency_p95_ms: 3.1,
      commit_latency_p95_ms: 2.7,
      queries_per_second: 812,
      error_rate: 0.002,
    }),
    node('n2', { rtt_ms: 0.9 }),
    node('n3', {
      zone: 'eu-b',
      health: 'DEGRADED',
      issues: ['disk takes 312 ms to sync'],
      lag_entries: 5610,
      match_index: 1_198_941,
      cpu_usage: 0.881,
      fsync_ms: 312,
      rtt_ms: 9.8,
    }),
    node('n4', {
      zone: 'eu-c',
      voter: false,
      role: 'learner',
      match_index: 1_100_002,
      lag_entries: 104_549,
      cpu_usage: 0.4,
      disk_usage: 0.2,
      rtt_ms: 4.1,
    }),
    node('n5', {
      zone: 'eu-c',
      state: null,
      role: null,
      liveness: 'dead',
      health: 'UNKNOWN',
      term: 8,
      match_index: 1_181_400,
      lag_entries: 23_151,
      last_heartbeat_ms: 388_000,
      cpu_usage: null,
      memory_usage: null,
      disk_usage: null,
      active_connections: null,
      query_latency_p95_ms: null,
      clock_offset_ms: null,
      event_loop_lag_ms: null,
      fsync_ms: null,
      queries_per_second: null,
      error_rate: null,
      rtt_ms: null,
      uptime_ms: null,
    }),
    node('n6', { zone: 'eu-b', maintenance: MAINTENANCE, cpu_usage: 0.02, rtt_ms: 8.9 }),
  ];
}

export function status(patch: Partial<StatusResponse> = {}): StatusResponse {
  return {
    schemaVersion: 1,
    caller: { id: 'anna', role: 'admin', scopes: ['read-cluster', 'operate', 'administer'] },
    cluster: {
      name: 'prod-eu',
      id: 'c-1',
      engine: 'sqlite',
      health: 'degraded',
      reasons: [
        ...['n5 is dead', 'alert ReplicaLag on n3 is firing', 'alert NodeDown on n5 is firing'],
        'n3 is degraded: disk takes 312 ms to sync',
      ],
      read: { mode: 'stale', age_ms: 0, node_id: 'n1', applied_index: 1_204_551 },
    },
    raft: {
      leader_id: 'n1',
      term: 9,
      commit_index: 1_204_551,
      applied_index: 1_204_551,
      voters: ['n1', 'n2', 'n3', 'n5', 'n6'],
      quorum: 3,
      tolerates: 1,
      election_timeout_ms: 150,
      heartbeat_interval_ms: 50,
    },
    primary: { node_id: 'n1', epoch: 9 },
    config: { version: 41 },
    maintenance: ['n6'],
    operation: null,
    alerts: { firing: 2 },
    elections: [
      {
        term: 7,
        node_id: 'n2',
        at: at(-3_591_000),
        cause: 'n3 connection lost',
        detect_ms: 12,
        election_ms: 178,
        votes: ['n1', 'n2', 'n3', 'n6'],
      },
      {
        term: 8,
        node_id: 'n5',
        at: at(-2_571_000),
        cause: 'transfer by anna: balance the load',
        detect_ms: null,
        election_ms: 18,
        votes: ['n1', 'n2', 'n3', 'n5', 'n6'],
      },
      {
        term: 9,
        node_id: 'n1',
        at: at(-388_000),
        cause: 'n5 heartbeat lost',
        detect_ms: 181,
        election_ms: 50,
        votes: ['n1', 'n2', 'n3', 'n6'],
      },
    ],
    nodes: sixNodes(),
    ...patch,
  };
}

let cursor = 0;

export function event(
  ms: number,
  id: string,
  kind: string,
  message: string,
  patch: Partial<EventLine> = {},
): EventLine {
  cursor++;
  const place = String(cursor).padStart(6, '0');
  return {
    cursor: place,
    index: cursor,
    node_id: id,
    at: at(ms),
    kind,
    severity: 'info',
    message,
    data: {},
    ...patch,
  };
}

export function plan(patch: Partial<Plan> = {}): Plan {
  return {
    token: 'plan-1',
    create_time: at(0),
    expires: at(30_000),
    kind: 'failover',
    from: 'n1',
    to: 'n2',
    allowed: true,
    checks: [
      { name: 'leader', result: 'pass', text: 'n1 leads term 9' },
      { name: 'operation', result: 'pass', text: 'no other operation is running' },
      { name: 'quorum', result: 'pass', text: '4 of 5 voters are alive, 3 are needed' },
      { name: 'target', result: 'pass', text: 'n2 can take over' },
      { name: 'votes', result: 'pass', text: 'n2 can count on 4 of 5 votes, 3 needed' },
      { name: 'clocks', result: 'pass', text: 'wall clocks agree to 2ms' },
      {
        ...{ name: 'work', result: 'warn' },
        text: '37 writes under way on n1 may need repeating (12 connections)',
      },
    ],
    candidates: [
      ...[
        {
          node_id: 'n2',
          eligible: true,
          reasons: ['0 entries behind', 'healthy', 'rtt 0.9 ms'],
          lag_entries: 0,
        },
        { node_id: 'n6', eligible: false, reasons: ['is in maintenance'], lag_entries: 0 },
      ],
      {
        ...{ node_id: 'n3', eligible: false, lag_entries: 5610 },
        reasons: ['is 5610 entries behind, at most 1000 are allowed'],
      },
      { node_id: 'n5', eligible: false, reasons: ['is dead'], lag_entries: 23_151 },
    ],
    expected_gap_ms: 212,
    measured_gaps_ms: [150, 212, 180],
    command: 'sqlcc cluster failover --to n2 --yes --expect-leader n1 --expect-term 9',
    term: 9,
    ...patch,
  };
}

export function operation(patch: Partial<OperationView> = {}): OperationView {
  return {
    id: 'op-7',
    kind: 'failover',
    state: 'running',
    phase: 'transferring',
    phases: [
      { name: 'accepted', at: at(1000), elapsed_ms: 40, result: 'ok' },
      { name: 'transferring', at: at(1040), elapsed_ms: null, result: null },
    ],
    from: 'n1',
    to: 'n2',
    actor: 'anna',
    reason: 'kernel update',
    error: null,
    candidates: [...plan().candidates],
    ...patch,
  };
}

/** The same before leadership began to move. */
export function acceptedOperation(): OperationView {
  const phases = [{ name: 'accepted', at: at(1000), elapsed_ms: null, result: null }];
  return operation({ phase: 'accepted', phases });
}

export function endedOperation(): OperationView {
  const [accepted, moving] = operation().phases;
  if (accepted === undefined || moving === undefined) throw new TypeError('a failover has two phases');
  const phases = [accepted, { ...moving, elapsed_ms: 82, result: 'done' }];
  return operation({ state: 'done', phases, write_gap_ms: 38 });
}

/** CPU of the last minute, different for each node and the same in each run. */
function history(): NonNullable<ReplayLine['history']> {
  const points = sixNodes().flatMap((n, at60) =>
    Array.from({ length: 60 }, (_, i) => ({
      at: at((i - 60) * 1000),
      node_id: n.node_id,
      cpu_usage: n.cpu_usage === null && i > 20 ? null : 0.35 + 0.3 * Math.sin(i / (4 + at60)) + 0.05 * at60,
      lag_entries: 0,
      applied_index: 1_204_551 - (60 - i) * 40 - Math.round(25 * Math.sin(i / 6)),
    })),
  );
  return { schemaVersion: 1, step_ms: 1000, points };
}

/** What n1 told of the election that it won, and the record of it. */
function lastElection(): EventLine[] {
  const lost = 'n1 asks for pre-votes for term 9 (no leader heard, last word of the leader 181 ms ago)';
  const asks = { campaign: 'timeout', term: 8, silence_ms: 181 };
  const votes = ['n1', 'n2', 'n3', 'n6'];
  const won = `n1 leads term 9 (n5 heartbeat lost, 231 ms without a leader, votes of ${votes.join(', ')})`;
  return [
    event(-388_050, 'n1', 'campaign-started', lost, { data: asks }),
    event(-388_049, 'n1', 'leader-lost', 'n1 knows no leader (term 8)', {
      ...{ severity: 'warning', data: { term: 8 } },
    }),
    event(-388_030, 'n1', 'role-changed', 'n1 is candidate in term 9', {
      data: { role: 'candidate', term: 9 },
    }),
    event(-388_000, 'n1', 'role-changed', 'n1 is leader in term 9', { data: { role: 'leader', term: 9 } }),
    event(-388_000, 'n1', 'leader-elected', won, { data: { term: 9, leader_id: 'n1', votes } }),
  ];
}

/** The calm recording of the golden screens, with the answers of a failover. */
export function calm(): ReplayLine[] {
  cursor = 0;
  const alerts: NonNullable<ReplayLine['alerts']> = [
    {
      id: 'a2',
      rule: 'ReplicaLag',
      condition: 'sync_lag > 100MB',
      node_id: 'n3',
      severity: 'warning',
      state: 'firing',
      since: at(-450_000),
      value: 'sync_lag 112.2 MB',
      acknowledged_by: 'bob',
    },
    {
      id: 'a1',
      incident: '1772625600000',
      rule: 'NodeDown',
      condition: 'node_up == 0',
      node_id: 'n5',
      severity: 'warning',
      state: 'firing',
      since: at(-385_000),
      value: 'dead',
      acknowledged_by: null,
    },
  ];
  return [
    { at: at(0), history: history() },
    { at: at(0), alerts },
    {
      at: at(0),
      views: {
        schemaVersion: 1,
        agree: true,
        views: ['n1', 'n2', 'n3', 'n4', 'n6'].map((id) => ({
          node_id: id,
          leader_id: 'n1',
          term: 9,
          error: null,
        })),
      },
    },
    {
      at: at(0),
      event: event(-450_000, 'n3', 'alert-fired', 'ReplicaLag on n3 fires: sync_lag 112.2 MB', {
        severity: 'warning',
      }),
    },
    ...lastElection().map((told) => ({ at: at(0), event: told })),
    {
      at: at(0),
      event: event(-385_040, 'n5', 'member-failed', 'n1 sees n5 dead: silent for too long', {
        severity: 'critical',
      }),
    },
    {
      at: at(0),
      event: event(-385_000, 'n5', 'node-dead', 'n5 is dead: silent for too long', {
        severity: 'warning',
      }),
    },
    {
      at: at(0),
      event: event(-2000, 'n3', 'health-changed', 'n3 says it is DEGRADED: disk takes 312 ms to sync', {
        severity: 'warning',
        data: { status: 'DEGRADED', before: 'HEALTHY', issues: ['disk takes 312 ms to sync'] },
      }),
    },
    { at: at(0), status: status() },
    { at: at(0), plan: plan() },
    {
      at: at(0),
      plan: plan({
        ...{ kind: 'maintenance', token: 'plan-2', from: 'n4', to: null },
        checks: [
          { name: 'leader', result: 'pass', text: 'n1 leads term 9' },
          { name: 'node', result: 'pass', text: 'n4 is known' },
          { name: 'operation', result: 'pass', text: 'no other operation is running' },
          { name: 'others', result: 'warn', text: 'in maintenance too: n6' },
        ],
        ...{ candidates: [], expected_gap_ms: null, measured_gaps_ms: [] },
        command: 'sqlcc node maintenance enable --node n4 --for 1h --expect-term 9',
      }),
    },
    { at: at(0), operation: acceptedOperation() },
    { at: at(0), operation: operation() },
    { at: at(0), operation: endedOperation() },
  ];
}

/** The calm recording with everything that its views may ask for. */
export function calmWith(answers: readonly ReplayLine[]): ReplayLine[] {
  return [...calm(), ...answers];
}

export function asNdjson(lines: readonly ReplayLine[]): string {
  return `${lines.map((l) => JSON.stringify(l)).join('\n')}\n`;
}
