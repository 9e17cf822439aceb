/**
 * From what zod complains about to sentences with a place and a hint, all at once and in the order of the
 * file.
 */
import type * as z from 'zod';
import { LIMITS, nearest } from '../base/index.ts';
import type { ConfigIssue } from './cluster-config.ts';
import { keyAt, keysUnder } from './keys.ts';
import type { ReadYaml } from './yaml-text.ts';

export type Readable = Extract<ReadYaml, { ok: true }>;

/** The value at `path` in plain data; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    const isOwn = typeof inner === 'object' && inner !== null && Object.hasOwn(inner, step);
    return isOwn ? (inner as Record<PropertyKey, unknown>)[step] : undefined;
  }, value);
}

function dotted(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** A value as it may be shown in a message: short, on one line. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

function unknownKeys(read: Readable, path: readonly PropertyKey[], keys: readonly string[]): ConfigIssue[] {
  const known = keysUnder(path);
  return keys.map((key) => {
    const full = [...path, key];
    const meant = nearest(key, known);
    const all = known.length === 0 ? 'remove it' : `keys here are ${known.join(', ')}`;
    const where = path.length === 0 ? 'at the top' : `in ${dotted(path)}`;
    return {
      ...read.placeOf(full, 'key'),
      path: dotted(full),
      message: `unknown key ${shown(key)} ${where}`,
      hint: meant === undefined ? all : `did you mean "${meant}"?`,
    };
  });
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return /^(is|must) /.test(issue.message) ? issue.message : `must be ${article(issue.expected)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
    case 'too_small':
      if (/^(is|must) /.test(issue.message)) return issue.message;
      return issue.code === 'too_big' ? `has more than ${issue.maximum}` : `has fewer than ${issue.minimum}`;
    default:
      return issue.message;
  }
}

function article(type: string): string {
  const words: Record<string, string> = {
    object: 'a map of keys',
    array: 'a list',
    string: 'a text',
    record: 'a map of keys',
    boolean: 'true or false',
  };
  return words[type] ?? `a ${type}`;
}

function hintFor(path: string): string {
  const entry = keyAt(path);
  if (path.startsWith('alerts.')) return 'a rule has name, condition, severity, actions, for';
  if (entry === undefined) return `keys here are ${keysUnder(path.split('.')).join(', ')}`;
  const { fallback, info } = entry;
  const usual = info.sample ?? (typeof fallback === 'object' ? undefined : fallback);
  if (usual === undefined) return info.doc;
  return `${info.doc}; e.g. ${typeof usual === 'string' ? usual : shown(usual)}`;
}

function issuesOf(read: Readable, issue: z.core.$ZodIssue): ConfigIssue[] {
  if (issue.code === 'unrecognized_keys') return unknownKeys(read, issue.path, issue.keys);
  const path = dotted(issue.path);
  const value = valueAt(read.value, issue.path);
  const name = issue.path.length === 0 ? 'the file' : path;
  const hint = hintFor(path);
  if (value === undefined) {
    return [{ ...read.placeOf(issue.path, 'key'), path, message: `${name} is missing`, hint }];
  }
  // a record's key that is refused is reported at the key
  const of = issue.code === 'invalid_key' ? 'key' : 'value';
  // what stands under notifiers may be a secret: it is not repeated
  const isQuiet = (typeof value === 'object' && value !== null) || path.startsWith('notifiers.');
  const but = isQuiet ? '' : `, it is ${shown(value)}`;
  return [{ ...read.placeOf(issue.path, of), path, message: `${name} ${wordsOf(issue)}${but}`, hint }];
}

/** All issues, one for each place and sentence. */
export function configIssues(read: Readable, issues: readonly z.core.$ZodIssue[]): ConfigIssue[] {
  return issues.flatMap((issue) => issuesOf(read, issue));
}

/** In the order of the file, without repetitions, at most LIMITS.maxConfigIssues. */
export function ordered(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const seen = new Set<string>();
  return [...issues]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter((issue) => {
      const key = `${issue.line}:${issue.column}:${issue.message}`;
      return !seen.has(key) && seen.add(key);
    })
    .slice(0, LIMITS.maxConfigIssues);
}

/** An issue with a key that is there, or should be. */
export function issueAtKey(read: Readable, path: string, message: string, hint: string): ConfigIssue {
  return { ...read.placeOf(path.split('.')), path, message, hint };
}
