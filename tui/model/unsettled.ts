/** What was begun here and whose end nobody here has seen: said until Esc, with the command that shows it. */
import { shellWord } from '../../src/base/index.ts';
import { type ChangeAct, titleOfChange } from './change-plan.ts';
import type { ActionDialog, Model } from './model.ts';

/** So many at a time; the newest stay. */
const MOST = 3;

export function addUnsettled(model: Model, words: string): Model {
  return { ...model, unsettled: [...model.unsettled, words].slice(-MOST) };
}

/** What an action is called: its name, and the node that it is about or the new leader. */
function nameOf({ action, request }: ActionDialog): string {
  const subject = request.node_id ?? request.to;
  return subject === undefined ? action : `${action} ${subject}`;
}

/** An action whose answer was lost; the command comes before the cause, for narrow screens. */
export function unknownAction(dialog: ActionDialog, why: string): string {
  const { step } = dialog;
  const look = step.kind === 'running' ? `sqlcc op show ${shellWord(step.operation.id)}` : 'sqlcc op list';
  return `outcome unknown: ${nameOf(dialog)}: ${look} (${why}; it may have happened)`;
}

/** A change whose answer was lost. */
export function unknownChange(act: ChangeAct, why: string): string {
  const what = titleOfChange(act).toLowerCase();
  return `outcome unknown: ${what}: ${lookFor(act)} (${why}; it may have happened)`;
}

function lookFor(act: ChangeAct): string {
  switch (act.kind) {
    case 'ack':
      return 'sqlcc alert list';
    case 'silence':
    case 'unsilence':
      return 'sqlcc alert silence list';
    case 'apply':
    case 'rollback':
    case 'confirm':
      return 'sqlcc cluster config history';
    case 'cancel':
      return `sqlcc op show ${shellWord(act.id)}`;
  }
}

/** What goes on in the cluster that is left, for the next one's screen; null = nothing was begun there. */
export function leftBehind({ running, overlay, contextName }: Model): string | null {
  const dialog = running ?? (overlay?.kind === 'action' ? overlay : null);
  if (dialog?.step.kind !== 'running' && dialog?.step.kind !== 'starting') return null;
  const { step } = dialog;
  const look = step.kind === 'running' ? `op show ${shellWord(step.operation.id)}` : 'op list';
  return `${nameOf(dialog)} goes on in ${contextName}: sqlcc ${look} --context ${shellWord(contextName)}`;
}
