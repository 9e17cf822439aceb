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

export type AuditRow = z.infer<typeof auditRow>;
export type AuditResponse = z.infer<typeof auditResponse>;
export type DenialRow = z.infer<typeof denialRow>;
export type DenialsResponse = z.infer<typeof denialsResponse>;
