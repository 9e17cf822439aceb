/**
 * Checker one: each key is an object of its own, and a history is linearizable if each of
 * its objects is (Herlihy and Wing's locality). It looks at values and instants alone and
 * believes no revision.
 */
import { listProblem, type Problem, registerProblem } from './models.ts';
import { describeOp, type History, type Op } from './record.ts';
import { checkSetValues } from './sets.ts';
import { linearize } from './wgl.ts';

/** `undecided` is no pass: nobody knows whether the history was good. */
export type Decision = 'good' | 'bad' | 'undecided';

export interface LinearizableReport {
  readonly verdict: Decision;
  readonly keys: number;
  readonly steps: number;
  /** A sentence for each key that is not good. */
  readonly findings: readonly string[];
}

export interface Patience {
  /** Asked now and then; true ends the search as undecided. */
  readonly isOver?: () => boolean;
}

/** Operations by key; a scan is one read of each of its keys: what it says of two at once, revisions must judge. */
function byKey(ops: readonly Op[]): Map<string, Op[]> {
  const keys = new Map<string, Op[]>();
  const add = (k: string, op: Op): void => {
    const list = keys.get(k);
    if (list === undefined) keys.set(k, [op]);
    else list.push(op);
  };
  for (const op of ops) {
    if (op.f !== 'scan') add(op.k, op);
    else for (const [k, res] of Object.entries(op.items ?? {})) add(k, { ...op, k, res });
  }
  return keys;
}

function problemOf(ops: readonly Op[]): Problem<unknown> {
  const isList = ops.some((op) => op.f === 'append' || op.f === 'list');
  return (isList ? listProblem(ops) : registerProblem(ops)) as Problem<unknown>;
}

/** Checks every key of a history. */
export function checkLinearizable(history: History, patience: Patience = {}): LinearizableReport {
  const findings: string[] = [];
  const keys = byKey(history.ops);
  let steps = 0;
  let verdict: Decision = 'good';
  for (const [k, ops] of keys) {
    if (ops.some((op) => op.f === 'add' || op.f === 'members')) {
      const wrong = checkSetValues(k, ops);
      if (wrong.length > 0) verdict = 'bad';
      findings.push(...wrong);
      continue;
    }
    const problem = problemOf(ops);
    const result = linearize(problem.calls, problem.model, patience.isOver);
    steps += result.steps;
    if (result.kind === 'linearizable') continue;
    if (result.kind === 'undecided') {
      findings.push(`${k}: undecided after ${result.steps} steps over ${problem.ops.length} operations`);
      if (verdict === 'good') verdict = 'undecided';
      continue;
    }
    verdict = 'bad';
    const stuck = problem.ops[result.stuck];
    findings.push(`${k}: no order explains ${stuck === undefined ? 'its operations' : describeOp(stuck)}`);
  }
  return { verdict, keys: keys.size, steps, findings };
}
