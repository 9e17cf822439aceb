/**
 * Shapes that several routes share. Keys are snake_case as on the wire; `schemaVersion` is the only camel-
 * case key.
 */
import * as z from 'zod';

const SCHEMA_VERSION = 1;

export const schemaVersion = z.literal(SCHEMA_VERSION);
/** RFC 3339 time with milliseconds, UTC. */
export const time = z.string();
export const nodeId = z.string().min(1).max(63);

/** How an answer was read: from a quorum, or a node's own copy with its age. */
export const readInfo = z.object({
  mode: z.enum(['quorum', 'stale']),
  age_ms: z.number(),
  node_id: nodeId,
  applied_index: z.number().int(),
});
export type ReadInfo = z.infer<typeof readInfo>;

/** Consistency of a read: see README, "Reads". */
export const readLevel = z.enum(['linearizable', 'session', 'weak', 'none']);
export type ReadLevel = z.infer<typeof readLevel>;

export const errorBody = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  details: z.record(z.string(), z.unknown()),
  retryable: z.boolean(),
});
export type ErrorBody = z.infer<typeof errorBody>;

export const nothing = z.object({});
/** A document whose shape another standard describes. */
export const anything = z.record(z.string(), z.unknown());

/** One node that could lead, and what speaks for and against it. */
export const candidateRow = z.object({
  node_id: nodeId,
  eligible: z.boolean(),
  reasons: z.array(z.string()),
  lag_entries: z.number().int().nullable(),
});
