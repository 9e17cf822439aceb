/** Nodes, leader, status and views. */
import * as z from 'zod';
import { candidateRow, nodeId, readInfo, schemaVersion, time } from './common.ts';
import { tentativeConfig } from './config.ts';

export const maintenance = z.object({ owner: z.string(), reason: z.string(), since: time, expires: time });

const primary = z.object({ node_id: nodeId.nullable(), epoch: z.number().int() });

const nodeRow = z.object({
  node_id: nodeId,
  host: z.string(),
  port: z.number().int(),
  client_port: z.number().int(),
  /** The seed's word; null when the node can't be asked. */
  state: z.enum(['STOPPED', 'STARTING', 'FOLLOWER', 'CANDIDATE', 'LEADER', 'SHUTTING_DOWN']).nullable(),
  role: z.enum(['leader', 'follower', 'pre-candidate', 'candidate', 'learner']).nullable(),
  voter: z.boolean(),
  liveness: z.enum(['alive', 'suspect', 'dead', 'left', 'unknown']),
  health: z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN']),
  issues: z.array(z.string()),
  last_check: time.nullable(),
  maintenance: maintenance.nullable(),
  /** Set where the node serves no clients. */
  drain: maintenance.nullable().optional(),
  version: z.string(),
  zone: z.string(),
  metadata: z.record(z.string(), z.string()),
  term: z.number().int().nullable(),
  match_index: z.number().int().nullable(),
  lag_entries: z.number().int().nullable(),
  last_heartbeat_ms: z.number().nullable(),
  load_factor: z.number().nullable(),
  capacity: z.number().nullable(),
  cpu_usage: z.number().nullable(),
  memory_usage: z.number().nullable(),
  disk_usage: z.number().nullable(),
  disk_used_bytes: z.number().nullable(),
  active_connections: z.number().int().nullable(),
  query_latency_p95_ms: z.number().nullable(),
  /** How far its wall clock is from the nearest one of another node; an older version does not say it. */
  clock_offset_ms: z.number().nullable().optional(),
  /** p99 of its last sample. */
  event_loop_lag_ms: z.number().nullable().optional(),
  /** Until a write of its log is durable, p99 of its last sample. */
  fsync_ms: z.number().nullable().optional(),
  /** Until a write was committed and applied, in its last minute; the leader's alone. */
  commit_latency_p95_ms: z.number().nullable().optional(),
  /** SQL requests a second, and the part of them that the node failed, 0 to 1, in its last sample. */
  queries_per_second: z.number().nullable().optional(),
  error_rate: z.number().nullable().optional(),
  rtt_ms: z.number().nullable(),
  /** Of the newest 128 round trips from the node that answers; null = it measured none. */
  rtt_p50_ms: z.number().nullable().optional(),
  rtt_p99_ms: z.number().nullable().optional(),
  uptime_ms: z.number().nullable(),
});
export type NodeRow = z.infer<typeof nodeRow>;

const electionRow = z.object({
  term: z.number().int(),
  node_id: nodeId,
  at: time,
  cause: z.string(),
  detect_ms: z.number().nullable(),
  election_ms: z.number(),
  votes: z.array(nodeId),
  /** Why it won, in a sentence; null where nobody said so. */
  why: z.string().nullable().optional(),
  /** One row a voter, as the winner saw it; older elections have none. */
  candidates: z.array(candidateRow).optional(),
});
export type ElectionRow = z.infer<typeof electionRow>;

export const statusResponse = z.object({
  schemaVersion,
  cluster: z.object({
    name: z.string(),
    id: z.string(),
    engine: z.string(),
    health: z.enum(['healthy', 'degraded', 'critical']),
    reasons: z.array(z.string()),
    read: readInfo,
  }),
  raft: z.object({
    leader_id: nodeId.nullable(),
    term: z.number().int(),
    commit_index: z.number().int(),
    applied_index: z.number().int(),
    voters: z.array(nodeId),
    quorum: z.number().int(),
    tolerates: z.number().int(),
    election_timeout_ms: z.number(),
    heartbeat_interval_ms: z.number(),
  }),
  /** Set where the answering node reaches no majority: it writes nothing then, and says why. */
  isolation: z
    .object({
      since_ms: z.number().int(),
      reached: z.array(nodeId),
      missing: z.array(nodeId),
      /** Voters that it must reach. */
      needs: z.number().int(),
      text: z.string(),
    })
    .nullable()
    .optional(),
  primary,
  config: z.object({ version: z.number().int(), tentative: tentativeConfig.nullable().optional() }),
  /** Nodes in maintenance. */
  maintenance: z.array(nodeId),
  /** Set while the cluster moves neither leadership nor members by itself. */
  pause: maintenance.nullable().optional(),
  /** What the cluster does not do by itself again for a while, and why. */
  cooldowns: z
    .array(z.object({ name: z.string(), until: time, remaining_ms: z.number().int(), cause: z.string() }))
    .optional(),
  /** The next scheduled operation. */
  scheduled: z
    .object({ id: z.string(), kind: z.string(), to: nodeId.nullable(), at: time })
    .nullable()
    .optional(),
  /** Id of the running operation. */
  operation: z.string().nullable(),
  alerts: z.object({ firing: z.number().int() }),
  /** Time with a leader that had a majority, as the answering node saw it since its start. */
  availability: z
    .object({
      ratio: z.number(),
      observed_ms: z.number().int(),
      downtime_ms: z.number().int(),
      /** In the last hour, day and 30 days, as far as the node goes back. */
      windows: z.record(z.string(), z.number()),
      /** What may still fail in this 30-day window at 99.99 %; below 0 = overspent. */
      error_budget_ms: z.number().int(),
    })
    .optional(),
  elections: z.array(electionRow),
  nodes: z.array(nodeRow),
  /** Whom the answering node takes the caller for, and what such a one may. */
  caller: z.object({ id: z.string(), role: z.string(), scopes: z.array(z.string()) }).optional(),
});
export type StatusResponse = z.infer<typeof statusResponse>;

export const nodesResponse = z.object({
  schemaVersion,
  nodes: z.array(nodeRow),
  read: readInfo,
  pause: maintenance.nullable().optional(),
});
export const nodeResponse = z.object({ schemaVersion, node: nodeRow, read: readInfo });

export const leaderResponse = z.object({
  schemaVersion,
  leader_id: nodeId.nullable(),
  term: z.number().int(),
  host: z.string().nullable(),
  port: z.number().int().nullable(),
  client_port: z.number().int().nullable(),
  since: time.nullable(),
  primary,
  read: readInfo,
});
export type LeaderResponse = z.infer<typeof leaderResponse>;

/** Each node's own word on who leads; an unreachable node is a row with `error`. */
export const viewsResponse = z.object({
  schemaVersion,
  views: z.array(
    z.object({
      node_id: nodeId,
      leader_id: nodeId.nullable(),
      term: z.number().int().nullable(),
      error: z.string().nullable(),
    }),
  ),
  agree: z.boolean(),
});

const words = {
  zone: z.string().max(63).optional(),
  metadata: z.record(z.string().max(63), z.string().max(255)).optional(),
};

/** Metadata is set as a whole. `expect`: what was read before; `conflict` where it is another by now. */
export const updateNodeRequest = z.object({ ...words, expect: z.object(words).optional() });

const port = z.number().int().min(1).max(65_535);

/** What a daemon says of itself after each start; only the node itself may say it. */
export const announceRequest = z.object({
  instance_id: z.string(),
  boot_counter: z.number().int().min(1),
  host: z.string(),
  port,
  client_port: port,
  peer_port: port,
  metrics_port: port,
  version: z.string().max(63),
  steps: z.array(z.object({ name: z.string().max(63), ms: z.number() })).max(16),
});
export type AnnounceRequest = z.infer<typeof announceRequest>;

/** The key stays what it is: it is pinned in the record. */
export const renewRequest = z.object({ public_key: z.string().max(1024) });
export type RenewRequest = z.infer<typeof renewRequest>;
export const renewResponse = z.object({
  certificate: z.string(),
  /** The CA's key, for a node that is to vote and was admitted without one. */
  ca_key: z.string().nullable().optional(),
});
export type RenewResponse = z.infer<typeof renewResponse>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const authorityKeyRequest = z.object({ sha256 });
export const authorityKeyResponse = z.object({
  /** Of the CA that was asked for, PEM; null where this node has it not. */
  ca_key: z.string().nullable(),
});
export const authorityRequest = z.object({
  stage: z.enum(['settled', 'trusting', 'issuing', 'changed']),
  /** Of the CA that signs. */
  sha256,
});
export type AuthorityKeyRequest = z.infer<typeof authorityKeyRequest>;
export type AuthorityKeyResponse = z.infer<typeof authorityKeyResponse>;
export type AuthorityRequest = z.infer<typeof authorityRequest>;

const healthStatus = z.enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN']);

/** Each node's opinion of itself (seed: NodeHealth), as the answering node heard it last. */
export const healthsResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  nodes: z.array(
    z.object({
      node_id: nodeId,
      status: healthStatus,
      issues: z.array(z.string()),
      cpu_usage: z.number().nullable(),
      memory_usage: z.number().nullable(),
      disk_usage: z.number().nullable(),
      active_connections: z.number().int().nullable(),
      query_latency_p95_ms: z.number().nullable(),
      last_check: time.nullable(),
    }),
  ),
});

/** What the answering node finds of itself now. */
export const checkHealthResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  at: time,
  status: healthStatus,
  issues: z.array(z.string()),
  checks: z.array(
    z.object({
      name: z.string(),
      /** null = this machine can't tell, or it was not done in time. */
      value: z.number().nullable(),
      unit: z.enum(['ratio', 'ms', 'bytes', 'bytes/s', 'per second', 'count']),
      /** From here on it counts against the node; null = it never does. */
      limit: z.number().nullable(),
      status: healthStatus,
    }),
  ),
});
export type HealthsResponse = z.infer<typeof healthsResponse>;
export type CheckHealthResponse = z.infer<typeof checkHealthResponse>;

export const versionResponse = z.object({
  schemaVersion,
  version: z.string(),
  protocol: z.number().int(),
  node_id: nodeId,
  /** Which start of its data folder this process is, and when it was. */
  boot_counter: z.number().int(),
  started_at: time,
});

/**
 * SHA-256 over all rows, key-values and cluster state at `index`; equal on nodes that applied the same
 * index.
 */
export const hashResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  index: z.number().int(),
  state_hash: z.string(),
});
export type NodesResponse = z.infer<typeof nodesResponse>;
export type NodeResponse = z.infer<typeof nodeResponse>;
export type ViewsResponse = z.infer<typeof viewsResponse>;
export type UpdateNodeRequest = z.infer<typeof updateNodeRequest>;
export type VersionResponse = z.infer<typeof versionResponse>;
export type HashResponse = z.infer<typeof hashResponse>;
export type MaintenanceView = z.infer<typeof maintenance>;
