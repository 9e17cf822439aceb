/** Operations, tokens, joining, events, metrics. */
import * as z from 'zod';
import type { Scope } from '../../auth/index.ts';
import { LIMITS } from '../../base/index.ts';
import { maintenance } from './cluster.ts';
import { candidateRow, nodeId, readInfo, schemaVersion, time } from './common.ts';

const checkRow = z.object({
  name: z.string(),
  result: z.enum(['pass', 'warn', 'fail']),
  text: z.string(),
});
const operationKind = z.enum([
  ...(['failover', 'switchover', 'maintenance', 'remove-node', 'replace-node', 'drain'] as const),
  ...(['rotate-ca', 'retire-ca'] as const),
]);

const operationFields = z.object({
  kind: operationKind,
  /** Of a node that leads and is put aside, drained or removed: who takes over, where that one can. */
  to: nodeId.optional(),
  node_id: nodeId.optional(),
  /** For maintenance and drain. */
  enable: z.boolean().optional(),
  for_ms: z
    .number()
    .int()
    .min(1000)
    .max(30 * 86_400_000)
    .optional(),
  /** For drain: what clients get to go by themselves, ms; default 10 s. */
  grace_ms: z.number().int().min(0).max(LIMITS.maxDrainGraceMs).optional(),
  /** For maintenance of the node that leads: leadership may move first. */
  allow_switchover: z.boolean().optional(),
  /** For maintenance: the others may be left without a majority when the node stops. */
  accept_quorum_risk: z.boolean().optional(),
  /** For replace-node: the old node stays as a spare without a vote. */
  keep: z.boolean().optional(),
  reason: z.string().max(500).optional(),
  dry_run: z.boolean().optional(),
  plan_token: z.string().optional(),
  expect_term: z.number().int().optional(),
  /** Refused unless this node leads. */
  expect_leader: nodeId.optional(),
});

/** Kinds that are about the cluster, or find their nodes by themselves. */
const WITHOUT_NODE: ReadonlySet<string> = new Set(['failover', 'switchover', 'rotate-ca', 'retire-ca']);

/** There is no default node: the one that answers is the leader, the worst one to take by mistake. */
export const operationRequest = operationFields
  .refine((o) => WITHOUT_NODE.has(o.kind) || o.node_id !== undefined, {
    path: ['node_id'],
    message: 'maintenance, drain, remove-node and replace-node name their node',
  })
  .refine((o) => o.kind !== 'replace-node' || o.to !== undefined, {
    path: ['to'],
    message: 'replace-node names who takes the place',
  });
export type OperationRequest = z.infer<typeof operationRequest>;

const ADMINISTRATIVE: ReadonlySet<string> = new Set([
  ...['remove-node', 'replace-node', 'rotate-ca', 'retire-ca'],
]);

/** Taking a node out for good is the administrator's, by whichever route it is asked for; the CA too. */
export function operationScope(request: unknown): Scope {
  const { kind } = request as OperationRequest;
  return ADMINISTRATIVE.has(kind) ? 'administer' : 'operate';
}

const plan = z.object({
  token: z.string(),
  /** By the leader's clock, as `expires` is: their difference is how long the plan holds. */
  create_time: time.optional(),
  expires: time,
  kind: operationKind,
  from: nodeId.nullable(),
  to: nodeId.nullable(),
  /** False when a check fails: running it would be refused. */
  allowed: z.boolean(),
  /** What running it would be refused with. */
  refusal: z.enum(['conflict', 'failed_precondition']).nullable().optional(),
  checks: z.array(checkRow),
  candidates: z.array(candidateRow),
  expected_gap_ms: z.number().nullable(),
  /** Pauses of the newest hand-overs, oldest first: what is expected is from them. None: estimated. */
  measured_gaps_ms: z.array(z.number()).optional(),
  command: z.string(),
  term: z.number().int(),
});
export type Plan = z.infer<typeof plan>;

const operation = z.object({
  id: z.string(),
  kind: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled', 'unknown']),
  phase: z.string(),
  phases: z.array(
    z.object({
      name: z.string(),
      at: time,
      elapsed_ms: z.number().nullable(),
      result: z.string().nullable(),
    }),
  ),
  from: nodeId.nullable(),
  to: nodeId.nullable(),
  actor: z.string(),
  reason: z.string(),
  error: z.string().nullable(),
  candidates: z.array(candidateRow),
  /** How long writers waited while it moved leadership; null or absent = not known, or it moved none. */
  write_gap_ms: z.number().nullable().optional(),
});
export type OperationView = z.infer<typeof operation>;

/** 200 with `plan` for a dry run, 202 with `operation` for a run. */
export const operationResponse = z.object({ plan: plan.optional(), operation: operation.optional() });
export const operationsResponse = z.object({
  schemaVersion,
  operations: z.array(operation),
  read: readInfo,
  pause: maintenance.nullable().optional(),
});

export const event = z.object({
  /** Where to resume: give it back as `after`. Opaque. */
  cursor: z.string(),
  index: z.number().int().nullable(),
  node_id: nodeId,
  at: time,
  kind: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  message: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type EventLine = z.infer<typeof event>;

export const tokenCreateRequest = z.object({
  kind: z.enum(['access', 'join']),
  role: z.string(),
  ttl_ms: z
    .number()
    .int()
    .min(1000)
    .max(365 * 86_400_000)
    .optional(),
  node_id: nodeId.optional(),
  /** A user on record: the token has whatever role the user has. */
  user: z.string().max(63).optional(),
});
export const tokenCreateResponse = z.object({ id: z.string(), token: z.string(), expires: time });
const tokenRow = z.object({
  id: z.string(),
  kind: z.enum(['access', 'join']),
  role: z.string(),
  node_id: nodeId.nullable(),
  created: time,
  expires: time,
  created_by: z.string(),
  used_by: nodeId.nullable(),
  user: z.string().nullable(),
});
export const tokensResponse = z.object({ schemaVersion, tokens: z.array(tokenRow), read: readInfo });

/** What a new node sends once it has pinned the CA: proof of its key, never a wish for rights. */
export const joinRequest = z.object({
  token: z.string(),
  node_id: nodeId,
  instance_id: z.string(),
  csr: z.string(),
  host: z.string(),
  port: z.number().int().min(1).max(65_535),
  client_port: z.number().int().min(1).max(65_535),
  peer_port: z.number().int().min(1).max(65_535),
  metrics_port: z.number().int().min(1).max(65_535),
  zone: z.string().max(63).optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  version: z.string(),
});
export type JoinRequest = z.infer<typeof joinRequest>;
export const joinResponse = z.object({
  cluster_id: z.string(),
  cluster_name: z.string(),
  suffrage: z.enum(['voter', 'observer']),
  certificate: z.string(),
  ca_certificate: z.string(),
  /** Only for voters, inside this pinned TLS session. */
  ca_key: z.string().nullable(),
  /** YAML of the replicated configuration. */
  config_text: z.string(),
  seeds: z.array(
    z.object({ node_id: nodeId, host: z.string(), port: z.number().int(), peer_port: z.number().int() }),
  ),
  /** Version of the protocol that nodes speak. */
  protocol: z.number().int(),
});
export type JoinResponse = z.infer<typeof joinResponse>;

export const metricsResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  at: time,
  /** Newest value of every metric with one value a node, by the seed's name. */
  metrics: z.record(z.string(), z.number()),
  /** Values by peer, cause or thread; of a histogram the number of observations and their sum. */
  series: z.array(
    z.object({
      id: z.string(),
      labels: z.record(z.string(), z.string()),
      value: z.number().optional(),
      count: z.number().int().optional(),
      sum: z.number().optional(),
    }),
  ),
  /** The cluster as the answering node sees it (seed: ClusterMetrics); ratios 0 to 1. */
  cluster: z.object({
    total_nodes: z.number().int(),
    healthy_nodes: z.number().int().nullable(),
    leader_nodes: z.number().int(),
    follower_nodes: z.number().int(),
    average_load: z.number().nullable(),
    total_queries: z.number().int(),
    total_errors: z.number().int(),
    cluster_availability: z.number(),
  }),
  /** The answering node (seed: NodeMetrics); ratios 0 to 1, bytes since its start, latencies in ms. */
  node: z.object({
    cpu_usage: z.number().nullable(),
    memory_usage: z.number().nullable(),
    disk_io_read: z.number().nullable(),
    disk_io_write: z.number().nullable(),
    active_connections: z.number().int().nullable(),
    queries_per_second: z.number().nullable(),
    query_latency_p50: z.number().nullable(),
    query_latency_p95: z.number().nullable(),
    query_latency_p99: z.number().nullable(),
  }),
});
export const historyResponse = z.object({
  schemaVersion,
  /** Between two points of a node in this answer. */
  step_ms: z.number(),
  /** Between two that the node keeps; absent from older nodes, which know no `step_ms` of a request. */
  kept_step_ms: z.number().optional(),
  points: z.array(
    z.object({
      at: time,
      node_id: nodeId,
      cpu_usage: z.number().nullable(),
      lag_entries: z.number().nullable(),
      applied_index: z.number(),
    }),
  ),
});
export type CheckRow = z.infer<typeof checkRow>;
export type CandidateView = z.infer<typeof candidateRow>;
export type OperationKindName = z.infer<typeof operationKind>;
export type OperationResponse = z.infer<typeof operationResponse>;
export type OperationsResponse = z.infer<typeof operationsResponse>;
export type TokenCreateRequest = z.infer<typeof tokenCreateRequest>;
export type TokenCreateResponse = z.infer<typeof tokenCreateResponse>;
export type TokenRow = z.infer<typeof tokenRow>;
export type TokensResponse = z.infer<typeof tokensResponse>;
export type MetricsResponse = z.infer<typeof metricsResponse>;
export type HistoryResponse = z.infer<typeof historyResponse>;
