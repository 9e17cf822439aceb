/**
 * JSON from outside: bounded in depth, and without the keys by which a document
 * reaches into the prototypes of the program that merges it. Total: any text gives a
 * value or a reason.
 */
const MAX_DEPTH = 32;
const BANNED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // the parser's message repeats the text, which may be a secret
    return { ok: false, reason: 'this is no JSON' };
  }
  const reason = objection(value, 0);
  return reason === null ? { ok: true, value } : { ok: false, reason };
}

/** Why the value is refused, or null. Goes as deep as is allowed and no deeper. */
function objection(value: unknown, depth: number): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (depth >= MAX_DEPTH) return `JSON nested deeper than ${MAX_DEPTH}`;
  if (Array.isArray(value)) {
    for (const item of value) {
      const reason = objection(item, depth + 1);
      if (reason !== null) return reason;
    }
    return null;
  }
  // what JSON.parse makes has no other keys than its own
  for (const key in value) {
    if (BANNED.has(key)) return `the key ${key} is not allowed`;
    const reason = objection((value as Record<string, unknown>)[key], depth + 1);
    if (reason !== null) return reason;
  }
  return null;
}
