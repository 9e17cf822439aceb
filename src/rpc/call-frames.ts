/**
 * Calls inside one stream: each frame is one JSON document. Keys are short because
 * there are many of them.
 *
 *   call    {id, m: method, p: path with query, h?: headers, b?: body}
 *   answer  {id, s: status, h?: headers, b?: body | t?: text}
 *
 * `farewell` asks the caller to go elsewhere; what is under way is still answered.
 */
import { parseJson } from './json.ts';

export const CALL_FRAME = { call: 10, answer: 11, farewell: 12 } as const;

export interface CallDocument {
  readonly id: number;
  readonly m: string;
  readonly p: string;
  readonly h?: Readonly<Record<string, string>>;
  readonly b?: unknown;
}

export interface AnswerDocument {
  readonly id: number;
  readonly s: number;
  readonly h?: Readonly<Record<string, string>> | undefined;
  readonly b?: unknown;
  readonly t?: string;
}

/** The payload of a frame. */
export function encodeDocument(document: CallDocument | AnswerDocument): string {
  return JSON.stringify(document);
}

/** A call, or null when the frame is none: then the stream cannot be trusted further. */
export function decodeCall(payload: Uint8Array): CallDocument | null {
  const found = documentOf(payload);
  if (found === null || !Number.isSafeInteger(found['id'])) return null;
  if (typeof found['m'] !== 'string' || typeof found['p'] !== 'string') return null;
  return areHeaders(found['h']) ? (found as unknown as CallDocument) : null;
}

export function decodeAnswer(payload: Uint8Array): AnswerDocument | null {
  const found = documentOf(payload);
  if (found === null || !Number.isSafeInteger(found['id']) || !Number.isInteger(found['s'])) return null;
  return areHeaders(found['h']) ? (found as unknown as AnswerDocument) : null;
}

function documentOf(payload: Uint8Array): Record<string, unknown> | null {
  const bytes = Buffer.isBuffer(payload)
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const parsed = parseJson(bytes.toString('utf8'));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) return null;
  return Array.isArray(parsed.value) ? null : (parsed.value as Record<string, unknown>);
}

function areHeaders(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const name in value) if (typeof (value as Record<string, unknown>)[name] !== 'string') return false;
  return true;
}
