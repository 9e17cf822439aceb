/** The replicated configuration: versions, differences, updates, and what each node makes of them. */
import * as z from 'zod';
import { nodeId, readInfo, schemaVersion, time } from './common.ts';

const version = z.number().int().min(0);
const reason = z.string().max(500).optional();
/** The version is taken back unless it is confirmed within this time. */
const confirm_within_ms = z.number().int().min(1000).max(86_400_000).optional();

const configVersionRow = z.object({
  version: z.number().int(),
  config_hash: z.string(),
  create_time: time,
  create_node: nodeId,
  changes: z.array(z.string()),
  is_active: z.boolean(),
  author: z.string(),
  reason: z.string(),
  /** Null for a version that nobody had to confirm. */
  confirmation: z.enum(['awaited', 'confirmed', 'reverted']).nullable().optional(),
});
export const configResponse = z.object({
  schemaVersion,
  version: configVersionRow,
  text: z.string(),
  read: readInfo,
});
export const configVersionsResponse = z.object({
  schemaVersion,
  versions: z.array(configVersionRow),
  read: readInfo,
});

const configChange = z.object({
  path: z.string(),
  from: z.unknown(),
  to: z.unknown(),
  effect: z.enum(['live', 'restart', 'forbidden']),
});

/** A configuration that is in force on trial. */
export const tentativeConfig = z.object({
  version: z.number().int(),
  previous: z.number().int(),
  expires: time,
});

export const configPutRequest = z.object({
  text: z.string(),
  reason,
  dry_run: z.boolean().optional(),
  /** The version that must be in force; `If-Match` says the same and is answered with 412. */
  if_version: version.optional(),
  /** What the text does not name goes back to its default instead of staying as it is. */
  replace: z.boolean().optional(),
  confirm_within_ms,
});

/** A live node that has not applied it is `unknown`: it may have, and it will when it hears of it. */
const nodeOutcome = z.object({
  node_id: nodeId,
  outcome: z.enum(['applied', 'unknown', 'not_alive']),
  /** From the proposal to its word, at the answering node's clock. */
  ms: z.number().nullable(),
  error: z.string().nullable(),
});
export const configPutResponse = z.object({
  schemaVersion,
  version: z.number().int(),
  changes: z.array(configChange),
  notes: z.array(z.string()),
  applied: z.boolean(),
  nodes: z.array(nodeOutcome),
  /** Every live node runs with it. */
  acknowledged: z.boolean(),
  tentative: tentativeConfig.nullable(),
});

export const configDiffResponse = z.object({
  schemaVersion,
  from: z.number().int(),
  to: z.number().int(),
  changes: z.array(configChange),
  read: readInfo,
});

/** To make an old version the one in force; null body members as in an update. */
export const configVersionRequest = z.object({
  reason,
  if_version: version.optional(),
  confirm_within_ms,
});
export const configConfirmRequest = z.object({ version: version.optional() });
export const configConfirmResponse = z.object({ schemaVersion, version: z.number().int() });

/** What a start of the node would change, because its own file says something else by now. */
const pendingRow = z.object({
  node_id: nodeId,
  /** Version that it runs with; null when it did not answer. */
  version: z.number().int().nullable(),
  config_file: z.string().nullable(),
  pending: z.array(configChange),
  /** Why the node would not start with its file as it is; null = it would. */
  file_issue: z.string().nullable(),
  error: z.string().nullable(),
});
export const configPendingResponse = z.object({ schemaVersion, nodes: z.array(pendingRow), read: readInfo });

export const configCheckRequest = z.object({ text: z.string() });
export const configCheckResponse = z.object({
  node_id: nodeId,
  issues: z.array(z.object({ path: z.string(), message: z.string(), hint: z.string() })),
  notes: z.array(z.string()),
});
export const configStateRequest = z.object({
  /** Answer once the node runs with this version, or at the deadline. */
  version,
  wait_ms: z.number().int().min(0).max(60_000),
});
export const configStateResponse = pendingRow.omit({ error: true }).extend({ version: z.number().int() });

export type ConfigVersionRow = z.infer<typeof configVersionRow>;
export type ConfigResponse = z.infer<typeof configResponse>;
export type ConfigPutRequest = z.infer<typeof configPutRequest>;
export type ConfigPutResponse = z.infer<typeof configPutResponse>;
export type ConfigVersionsResponse = z.infer<typeof configVersionsResponse>;
export type ConfigVersionRequest = z.infer<typeof configVersionRequest>;
export type ConfigCheckResponse = z.infer<typeof configCheckResponse>;
export type ConfigStateResponse = z.infer<typeof configStateResponse>;
