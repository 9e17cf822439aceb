/** Comparison of what all nodes hold at one index. */
import * as z from 'zod';
import { nodeId, schemaVersion } from './common.ts';

export const verifyRequest = z.object({
  /** Only these nodes; default all. */
  nodes: z.array(nodeId).min(1).max(64).optional(),
});

const differences = z.array(
  z.object({
    /** `table NAME`, `schema`, `key-values`, `cluster record`, … */
    part: z.string(),
    /** Rows there; null = it does not have the part. */
    rows: z.number().int().nullable(),
    /** Rows of those who agree; null = they do not have the part. */
    expected_rows: z.number().int().nullable(),
  }),
);

export const verifyResponse = z.object({
  schemaVersion,
  /** The entry of the log at which everybody was compared. */
  index: z.number().int(),
  /** `ok` only when every node was compared and holds what a majority of all voters holds. */
  verdict: z.enum(['ok', 'differs', 'incomplete']),
  took_ms: z.number(),
  /** Parts that were compared: tables, key-values, the cluster's record, … */
  parts: z.number().int(),
  rows: z.number().int(),
  nodes: z.array(
    z.object({
      node_id: nodeId,
      state: z.enum(['ok', 'differs', 'behind', 'unreachable']),
      differences,
      /** What SQLite finds wrong with the pages of its file; null = nothing. */
      damage: z.string().nullable(),
      applied_index: z.number().int().nullable(),
      error: z.string().nullable(),
    }),
  ),
});
export type VerifyResponse = z.infer<typeof verifyResponse>;

export const verifyPartRequest = z.object({
  /** The mark; null = only get ready for one. */
  id: z.string().max(63).nullable(),
  index: z.number().int().min(0),
  wait_ms: z.number().int().min(0).max(600_000),
});
export type VerifyPartRequest = z.infer<typeof verifyPartRequest>;

/** `parts` null: this node has not come to the mark, or has passed it by; `error` says which. */
export const verifyPartResponse = z.object({
  node_id: nodeId,
  applied_index: z.number().int(),
  /** In which it holds the record of the cluster; absent: a version before this was told. */
  record_format: z.number().int().optional(),
  parts: z.array(z.object({ part: z.string(), rows: z.number().int(), sha256: z.string() })).nullable(),
  damage: z.string().nullable(),
  error: z.string().nullable(),
});
export type VerifyPartResponse = z.infer<typeof verifyPartResponse>;
