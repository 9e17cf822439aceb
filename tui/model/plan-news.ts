/**
 * A plan that has come, the first one or a newer one: how long it holds, when it is asked for again, in which
 * order its candidates stand, and what of it is news to a person who has read the one before.
 */
import type { Plan } from '../feed/wire.ts';
import { DEAF_MS, isMove, orderOf } from './dialog.ts';
import type { Change } from './messages.ts';
import type { ActionDialog, Model, Mono } from './model.ts';

/** Of a plan that does not say when it was made. */
const PLAN_MS = 30_000;
/** After this part of its time a plan is asked for anew. */
const RENEWAL_AT = 2 / 3;
/** A question for a newer plan that has no answer is asked again after this. */
const ASK_AGAIN_MS = 5000;

/**
 * How long a plan holds, ms: by the clock of the leader alone. What this machine takes for the time says
 * nothing of it; the leader checks again anyway.
 */
function lengthOf({ create_time: made, expires }: Plan): number {
  const ms = made === undefined ? PLAN_MS : Date.parse(expires) - Date.parse(made);
  return Number.isFinite(ms) ? ms : PLAN_MS;
}

/** The plan that is read is asked for again before its time is over: whoever reads slowly loses nothing. */
export function renewed(model: Model): Change {
  const dialog = model.overlay;
  if (dialog?.kind !== 'action' || dialog.step.kind !== 'review') return [model, []];
  if (model.mono < dialog.step.renewAt) return [model, []];
  const step = { ...dialog.step, renewAt: model.mono + ASK_AGAIN_MS };
  const request = { ...dialog.request, dry_run: true };
  return [{ ...model, overlay: { ...dialog, step } }, [{ kind: 'plan', dialogId: dialog.id, request }]];
}

/** The plan has come: it is shown, and what differs from the one before is said. */
export function receivePlan(dialog: ActionDialog, plan: Plan, mono: Mono): ActionDialog {
  // a late renewal says nothing of what was sent already
  if (dialog.step.kind !== 'planning' && dialog.step.kind !== 'review') return dialog;
  const ms = lengthOf(plan);
  const step = { kind: 'review' as const, plan, until: mono + ms, renewAt: mono + ms * RENEWAL_AT };
  const order = orderOf(dialog.order, plan.candidates);
  if (dialog.step.kind === 'review')
    return withNews({ ...dialog, step, order }, dialog.step.plan, plan, mono);
  const leads = isMove(dialog.action) || dialog.action === 'step-down';
  const to = leads && plan.to !== null ? { to: plan.to } : {};
  const differences = dialog.previous === null ? [] : planDifferences(dialog.previous, plan);
  return {
    ...dialog,
    previous: null,
    changes: [...dialog.changes, ...differences],
    request: { ...dialog.request, ...to },
    ...{ step, order },
    deafUntil: Math.max(dialog.deafUntil, mono + DEAF_MS),
  };
}

/** Renewed: what was typed stands unless something changed that a person would have to know first. */
function withNews(dialog: ActionDialog, before: Plan, after: Plan, mono: Mono): ActionDialog {
  const news = graveDifferences(before, after);
  if (news.length === 0) return dialog;
  const changes = ['the plan has changed while you looked', ...news];
  const field = dialog.field === 'execute' ? 'confirm' : dialog.field;
  return { ...dialog, changes, typed: '', yes: false, field, note: '', deafUntil: mono + DEAF_MS };
}

type Say = (what: string, a: string | number | null, b: string | number | null) => void;

function saying(out: string[]): Say {
  return (what, a, b) => {
    if (a !== b) out.push(`${what} ${a ?? 'none'} → ${b ?? 'none'}`);
  };
}

function endsDiffer(say: Say, before: Plan, after: Plan): void {
  say('term', before.term, after.term);
  say('leader', before.from, after.from);
  say('target', before.to, after.to);
}

/** What a person who confirmed the old plan would want to know about the new one. */
function planDifferences(before: Plan, after: Plan): string[] {
  const out: string[] = [];
  endsDiffer(saying(out), before, after);
  for (const check of after.checks) {
    const old = before.checks.find((c) => c.name === check.name);
    if (old !== undefined && old.result !== check.result)
      out.push(`${check.name}: ${old.result} → ${check.result}`);
  }
  return out;
}

/** Of these the ones that make another plan of it; lag and pause differ in every one. */
function graveDifferences(before: Plan, after: Plan): string[] {
  const out: string[] = [];
  endsDiffer(saying(out), before, after);
  const may = ({ candidates, to }: Plan): string | null => {
    const target = candidates.find((c) => c.node_id === to);
    return target === undefined ? null : target.eligible ? 'able' : 'not able';
  };
  saying(out)(`${after.to}:`, may(before), may(after));
  for (const { name, result } of after.checks) {
    const old = before.checks.find((c) => c.name === name)?.result ?? 'not there';
    if (result === 'fail' && old !== 'fail') out.push(`${name}: ${old} → ${result}`);
  }
  if (before.allowed && !after.allowed && out.length === 0) out.push('it is not allowed any more');
  return out;
}
