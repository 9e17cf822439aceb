/** The schema as a flat list of keys: for hints, effects, the reference and the diff. */
import * as z from 'zod';
import type { KeyInfo } from './schema.ts';
import { fileSchema, KEYS } from './schema.ts';

export interface KeyEntry {
  /** Dotted, e.g. `cluster.raft.heartbeat_interval_ms`. */
  readonly path: string;
  readonly info: KeyInfo;
  readonly schema: z.ZodType;
  readonly fallback: unknown;
}

/** The map inside defaults and optionals, or undefined for a leaf. */
function mapOf(schema: unknown): z.ZodObject | undefined {
  if (schema instanceof z.ZodObject) return schema;
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) return mapOf(schema.def.innerType);
  return undefined;
}

function defaultOf(schema: z.ZodType): unknown {
  const parsed = schema.safeParse(undefined);
  return parsed.success ? parsed.data : undefined;
}

function list(map: z.ZodObject, prefix: string): KeyEntry[] {
  return Object.entries(map.shape).flatMap(([key, type]): KeyEntry[] => {
    const schema = type as z.ZodType;
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const info = KEYS.get(schema);
    if (info !== undefined) return [{ path, info, schema, fallback: defaultOf(schema) }];
    const inner = mapOf(schema);
    return inner === undefined ? [] : list(inner, path);
  });
}

/** All keys of the file, in the order of the schema. */
export const KEY_LIST: readonly KeyEntry[] = list(fileSchema, '');

const BY_PATH = new Map(KEY_LIST.map((entry) => [entry.path, entry]));

/**
 * The entry at `path` or at the nearest part of it that is a key: `notifiers.slack.url` is of
 * `notifiers.slack`.
 */
export function keyAt(path: string): KeyEntry | undefined {
  const entry = BY_PATH.get(path);
  if (entry !== undefined || !path.includes('.')) return entry;
  return keyAt(path.slice(0, path.lastIndexOf('.')));
}

/** Names of the keys directly under `path` ('' = the file). */
export function keysUnder(path: readonly PropertyKey[]): string[] {
  let map: z.ZodObject | undefined = fileSchema;
  for (const step of path) map = map === undefined ? undefined : mapOf(map.shape[String(step)]);
  return map === undefined ? [] : Object.keys(map.shape);
}
