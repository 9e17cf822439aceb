/** Key-values, SQL and client sessions. */
import * as z from 'zod';
import { readInfo, readLevel, time } from './common.ts';

const kvItem = z.object({
  key: z.string(),
  value: z.string(),
  version: z.number().int(),
  term: z.number().int(),
  timestamp: time,
});
export type KvItem = z.infer<typeof kvItem>;

export const kvPutRequest = z.object({ value: z.string() });
export const kvPutResponse = kvItem.omit({ value: true }).extend({ replayed: z.boolean().optional() });
export const kvGetResponse = kvItem.extend({ read: readInfo });
export const kvDeleteResponse = z.object({
  key: z.string(),
  deleted: z.boolean(),
  version: z.number().int(),
  term: z.number().int(),
  timestamp: time,
  replayed: z.boolean().optional(),
});
export const kvListResponse = z.object({ items: z.array(kvItem), truncated: z.boolean(), read: readInfo });
export const kvBatchRequest = z.object({
  keys: z.array(z.string()),
  level: readLevel.optional(),
  min_index: z.number().int().optional(),
});
export const kvBatchResponse = z.object({
  items: z.array(kvItem),
  missing: z.array(z.string()),
  /** The answer was full: keys that are neither in `items` nor `missing` want another batch. */
  truncated: z.boolean(),
  read: readInfo,
});

/**
 * One line of a watch. `progress` says that everything up to `version` was sent; `compacted` that older
 * changes are gone.
 */
export const kvWatchLine = z.object({
  type: z.enum(['put', 'delete', 'progress', 'compacted']),
  key: z.string().nullable(),
  value: z.string().nullable(),
  version: z.number().int(),
  term: z.number().int(),
  timestamp: time.nullable(),
});
export type KvWatchLine = z.infer<typeof kvWatchLine>;

const sqlParam = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.object({ base64: z.string() }),
  z.object({ integer: z.string() }),
]);

export const sqlRequest = z.object({
  statements: z.array(z.object({ sql: z.string(), params: z.array(sqlParam).optional() })).min(1),
  level: readLevel.optional(),
  session: z.string().optional(),
  seq: z.number().int().min(1).optional(),
  /** For level `session`: answer from a state at or after this index. */
  min_index: z.number().int().optional(),
});
export type SqlRequest = z.infer<typeof sqlRequest>;

const sqlValue = z.union([z.string(), z.number(), z.null(), z.object({ base64: z.string() })]);

const sqlResult = z.object({
  columns: z.array(z.string()),
  types: z.array(z.string().nullable()),
  rows: z.array(z.array(sqlValue)),
  rows_affected: z.number().int(),
  last_insert_id: z.union([z.number(), z.string()]).nullable(),
});
export type SqlResult = z.infer<typeof sqlResult>;

export const sqlResponse = z.object({
  results: z.array(sqlResult),
  /** Log index of the write; null for a read. */
  index: z.number().int().nullable(),
  read: readInfo,
  elapsed_ms: z.number(),
  replayed: z.boolean().optional(),
});
export type SqlResponse = z.infer<typeof sqlResponse>;

export const sessionResponse = z.object({ session: z.string(), index: z.number().int() });
export type KvPutResponse = z.infer<typeof kvPutResponse>;
export type KvGetResponse = z.infer<typeof kvGetResponse>;
export type KvDeleteResponse = z.infer<typeof kvDeleteResponse>;
export type KvListResponse = z.infer<typeof kvListResponse>;
export type KvBatchRequest = z.infer<typeof kvBatchRequest>;
export type KvBatchResponse = z.infer<typeof kvBatchResponse>;
export type SessionResponse = z.infer<typeof sessionResponse>;
export type SqlValue = z.infer<typeof sqlValue>;
