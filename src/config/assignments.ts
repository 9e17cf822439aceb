/** `raft.heartbeat_interval_ms=40` … → the text of an update that sets these keys. */
import { parse } from 'yaml';
import type { FileTree } from './convert.ts';
import { keysUnder } from './keys.ts';
import { renderTree } from './render.ts';
import { merge, nested } from './update.ts';

export type AssignedText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** Keys of `cluster` may be said without that word, wrong ones too: the check then names what is wrong. */
function stepsOf(key: string): readonly string[] {
  const steps = key.split('.');
  const isWhole = keysUnder([]).includes(steps[0] ?? '');
  return isWhole ? steps : ['cluster', ...steps];
}

function valueIn(text: string): unknown {
  try {
    return parse(text, { version: '1.2', schema: 'core' });
  } catch {
    return text; // the check of the update says what is wrong with it
  }
}

/** Values are YAML: numbers, words, `[a, b]`. Whether keys and values are right is the update's question. */
export function assignmentsText(assignments: readonly string[]): AssignedText {
  let tree: FileTree = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    if (at < 1) return { ok: false, reason: `"${assignment}" is no key=value` };
    const steps = stepsOf(assignment.slice(0, at).trim());
    if (steps.some((step) => step === '')) return { ok: false, reason: `"${assignment}" has an empty key` };
    tree = merge(tree, nested(steps, valueIn(assignment.slice(at + 1))));
  }
  return { ok: true, text: renderTree(tree) };
}
