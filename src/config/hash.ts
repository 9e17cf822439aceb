/**
 * The identity of a configuration: SHA-256 of its meaning, so that comments, order and spelling don't count.
 */
import { createHash } from 'node:crypto';
import { compareText } from '../base/index.ts';
import { readYaml } from './yaml-text.ts';

/** JSON with sorted keys and no spaces. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as Record<string, unknown>)
      .filter(([, v]) => v !== undefined)
      .sort(([a], [b]) => compareText(a, b));
    return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** Hash of a configuration's text, hex. Total: text that is no YAML counts as it stands. */
export function configHash(text: string): string {
  const read = readYaml(text);
  return sha256Hex(read.ok ? canonicalJson(read.value) : text);
}
