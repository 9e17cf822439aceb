/**
 * Text → `ClusterConfig`, or everything that is wrong with it, with line and column. Total: any text, no
 * exception.
 */
import { alertConditionIssues } from './alert-conditions.ts';
import type { ConfigIssue, ParsedConfig } from './cluster-config.ts';
import { toConfig } from './convert.ts';
import type { Readable } from './issues.ts';
import { configIssues, ordered } from './issues.ts';
import { relationIssues, warningsOf } from './relations.ts';
import type { ConfigFile } from './schema.ts';
import { fileSchema } from './schema.ts';
import { readYaml } from './yaml-text.ts';

export interface ParseOptions {
  /** Where the text is from: a file name, or `replicated`; goes before messages. */
  readonly source: string;
}

export type CheckedFile =
  | { readonly ok: true; readonly file: ConfigFile }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Checks plain data against schema and relations, beside what was `found`; places come from `read`. */
export function checkFile(read: Readable, found: readonly ConfigIssue[] = []): CheckedFile {
  if (typeof read.value !== 'object' || read.value === null || Array.isArray(read.value)) {
    const message = read.value === null ? 'the file is empty' : 'the file is no map of keys';
    const hint = 'begin with "cluster:" and its keys below, indented';
    return { ok: false, issues: [{ line: 1, column: 1, path: '', message, hint }] };
  }
  const parsed = fileSchema.safeParse(read.value);
  const issues = ordered([
    ...(parsed.success ? [] : configIssues(read, parsed.error.issues)),
    ...relationIssues(read),
    ...found,
  ]);
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  return { ok: true, file: parsed.data };
}

/** Parses the configuration file of a node. */
export function parseConfig(text: string, options: ParseOptions): ParsedConfig {
  const read = readYaml(text);
  if (!read.ok) return read;
  const checked = checkFile(read, alertConditionIssues(read));
  if (!checked.ok) return checked;
  const config = toConfig(checked.file);
  return { ok: true, config, warnings: warningsOf(config).map((w) => `${options.source}: ${w}`) };
}

/** Issues as a compiler prints them: `file:line:column: message (hint)`, an excerpt below. */
export function formatIssues(source: string, issues: readonly ConfigIssue[]): string[] {
  return issues.flatMap((i) => [
    `${source}:${i.line}:${i.column}: ${i.message} (${i.hint})`,
    ...(i.excerpt ?? []).map((line) => `    ${line}`),
  ]);
}
