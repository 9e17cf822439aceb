/** Audit and refusals: what those read who look into what happened. */
import * as z from 'zod';
import { nodeId, readInfo, schemaVersion, time } from './common.ts';

/** Place and hash in a chain: SHA-256, hex, over the hash before and the line itself. */
const link = { seq: z.number().int(), hash: z.string() };
const auditRow = z.object({
  index: z.number().int(),
  at: time,
  actor: z.string(),
  credential: z.string(),
  from: z.string(),
  action: z.string(),
  target: z.string(),
  reason: z.string(),
  before: z.string().nullable(),
  after: z.string().nullable(),
  outcome: z.string(),
  ...link,
});
/** `anchor`: the last line that was forgotten. */
export const auditResponse = z.object({
  schemaVersion,
  anchor: z.object(link),
  records: z.array(auditRow),
  read: readInfo,
});

const denialRow = z.object({
  at: time,
  who: z.string(),
  from: z.string(),
  what: z.string(),
  count: z.number().int(),
  ...link,
});
export const denialsResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  /** Since the start of the daemon, told or not yet. */
  total: z.number().int(),
  anchor: z.object(link),
  records: z.array(denialRow),
  /** Where its file can't be read, or null. */
  damage: z.string().nullable(),
});

/** The newest lines of a node's log, oldest first; bounded by LIMITS.logTail. */
export const logResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  lines: z.array(
    z.object({
      at: time,
      level: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']),
      event: z.string(),
      fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    }),
  ),
});

const logLevel = z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']);

/** `default`: back to what the daemon was started with. `for_ms` default 10 minutes, at most a day. */
export const logLevelRequest = z.object({
  level: z.union([logLevel, z.literal('default')]),
  for_ms: z.number().int().min(1000).max(86_400_000).optional(),
});
export const logLevelResponse = z.object({
  schemaVersion,
  node_id: nodeId,
  level: logLevel,
  default: logLevel,
  /** When it goes back by itself; null: it is at its default. */
  until: time.nullable(),
});
export type LogResponse = z.infer<typeof logResponse>;
export type LogLevelRequest = z.infer<typeof logLevelRequest>;
export type LogLevelResponse = z.infer<typeof logLevelResponse>;

export type AuditRow = z.infer<typeof auditRow>;
export type AuditResponse = z.infer<typeof auditResponse>;
export type DenialRow = z.infer<typeof denialRow>;
export type DenialsResponse = z.infer<typeof denialsResponse>;
