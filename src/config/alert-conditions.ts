/**
 * Conditions of alert rules in a text that somebody wrote: parsed and checked where they can still be
 * corrected. What is replicated already is not judged again: a rule that another version accepted must not
 * take the rest of the configuration with it.
 */
import { caretLines, checkCondition, FIXED_RULES, forInForceMs, forOf } from '../alerts/index.ts';
import { formatDuration } from '../base/index.ts';
import type { ConfigIssue } from './cluster-config.ts';
import type { Readable } from './issues.ts';
import { valueAt } from './issues.ts';

function conditionIssue(read: Readable, path: string, condition: string): ConfigIssue[] {
  const checked = checkCondition(condition);
  if (checked.ok) return [];
  const { error } = checked;
  const place = read.placeIn(path.split('.'), condition, error.column - 1);
  const message = `${path}: ${error.message}`;
  return [{ ...place, path, message, hint: error.hint, excerpt: caretLines(error) }];
}

/** A fixed rule may get other actions, never another meaning. */
function fixedRuleIssue(read: Readable, path: string, rule: unknown): ConfigIssue[] {
  const fixed = FIXED_RULES.find((known) => known.name === valueAt(rule, ['name']));
  const condition = valueAt(rule, ['condition']);
  if (fixed === undefined || typeof condition !== 'string') return [];
  const bare = (text: string) => text.replace(/\s+/g, '');
  if (bare(condition) === bare(fixed.condition)) return [];
  const message = `${fixed.name} is a fixed rule: its condition is ${fixed.condition}`;
  const hint = 'give your rule another name';
  return [{ ...read.placeOf(path.split('.')), path, message, hint }];
}

/** A fixed rule's `for` that would not be obeyed is refused. */
function fixedForIssue(read: Readable, path: string, rule: unknown): ConfigIssue[] {
  const fixed = FIXED_RULES.find((known) => known.name === valueAt(rule, ['name']));
  const written = valueAt(rule, ['for']);
  if (fixed === undefined || (typeof written !== 'string' && typeof written !== 'number')) return [];
  const forMs = forOf(written);
  const { name, leastForMs, mostForMs } = fixed;
  // nothing is no wish; the schema speaks about what is no duration
  if (forMs === undefined || forMs === 0 || forInForceMs({ name, forMs }) === forMs) return [];
  const place = read.placeOf(path.split('.'));
  if (mostForMs === 0) {
    const message = `${name} is a fixed rule: it fires at once`;
    const hint = `remove it; a rule of another name may wait, with condition: ${fixed.condition}`;
    return [{ ...place, path, message, hint }];
  }
  const message = `${name} is a fixed rule: it waits ${formatDuration(leastForMs)} at least`;
  return [{ ...place, path, message, hint: 'remove it, or write a longer time' }];
}

/** What is wrong with the conditions of `alerts:`, each at its line and column. */
export function alertConditionIssues(read: Readable): ConfigIssue[] {
  const rules = valueAt(read.value, ['alerts']);
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: unknown, n) => {
    const path = `alerts.${n}.condition`;
    const condition = valueAt(rule, ['condition']);
    // the schema has spoken about what is empty or too long
    if (typeof condition !== 'string' || condition === '' || condition.length > 500) return [];
    const issues = conditionIssue(read, path, condition);
    const others = () => [
      ...fixedRuleIssue(read, path, rule),
      ...fixedForIssue(read, `alerts.${n}.for`, rule),
    ];
    return issues.length > 0 ? issues : others();
  });
}
