/**
 * Conditions and what is said of them: the tree with values, or the mistake under a caret. The values are
 * those of READINGS below. `UPDATE=1` rewrites; review the difference as text.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Trace } from '../../../src/alerts/index.ts';
import {
  caretLines,
  checkCondition,
  evaluateCondition,
  explainCondition,
} from '../../../src/alerts/index.ts';

/** fsync is missing: nobody has measured it. */
const READINGS: Readonly<Record<string, number>> = {
  ...{ error_rate: 0.02, leader_count: 1, query_latency_p95: 1200, query_latency_p99: 2500 },
  ...{ disk_usage: 0.83, healthy_nodes: 2, total_nodes: 5, node_count: 5, sync_lag: 120e6 },
  ...{ replication_rate: 2e6, queries_per_second: 240, uptime: 90, cpu_usage: 0.97, average_load: 5 },
};

function treeLines(trace: Trace, depth = 1): string[] {
  const line = `${'  '.repeat(depth)}${trace.text} → ${trace.value}`;
  return [line, ...trace.parts.flatMap((part) => treeLines(part, depth + 1))];
}

function transcript(text: string): string {
  if (text.startsWith('#')) return `\n${text}\n`;
  const checked = checkCondition(text);
  if (!checked.ok) {
    const [shown, carets] = caretLines(checked.error);
    const { message, hint, column } = checked.error;
    return `  ${shown}\n  ${carets}\n  ${column}: ${message} (${hint})\n`;
  }
  const { condition } = checked;
  const readingOf = (name: string) => READINGS[name];
  const truth = evaluateCondition(condition, readingOf);
  const head = `${text}\n  is ${truth ?? 'unknown'}, asked of ${condition.scope === 'node' ? 'each node' : 'the cluster'}`;
  return `${head}\n${treeLines(explainCondition(condition, readingOf)).join('\n')}\n`;
}

describe('alert conditions', () => {
  it('are explained, or refused under a caret', () => {
    const lines = readFileSync(join(import.meta.dirname, 'conditions.txt'), 'utf8')
      .trimEnd()
      .split('\n');
    const text = `${lines.map(transcript).join('\n').trim()}\n`;
    const golden = join(import.meta.dirname, 'conditions.golden');
    if (process.env['UPDATE'] === '1') writeFileSync(golden, text);
    expect(text).toBe(readFileSync(golden, 'utf8'));
  });
});
