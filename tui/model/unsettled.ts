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

/** An action whose answer was lost; the command comes first, for narrow screens. */
export function unknownAction(dialog: ActionDialog, why: string): string {
  return unknown(commandFor(dialog), nameOf(dialog), why);
}

/** A change whose answer was lost. */
export function unknownChange(act: ChangeAct, why: string): string {
  return unknown(lookFor(act), titleOfChange(act).toLowerCase(), why);
}

function unknown(command: string, what: string, why: string): string {
  return `${command}: ${what}, outcome unknown (${why}; it may have happened)`;
}

function lookFor(act: ChangeAct): string {
  switch (act.kind) {
    case 'ack':
    case 'unack':
      return 'sqlcc alert list';
    case 'silence':
    case 'unsilence':
      return 'sqlcc alert silence list';
    case 'apply':
    case 'rollback':
    case 'confirm':
      return 'sqlcc cluster config history';
    case 'pause':
    case 'resume':
      return 'sqlcc cluster status';
    case 'cancel':
      return `sqlcc op show ${shellWord(act.id)}`;
  }
}

/** The action that was begun here and has not ended, shown or hidden. */
function begun({ running, overlay }: Model): ActionDialog | null {
  const dialog = running ?? (overlay?.kind === 'action' ? overlay : null);
  return dialog?.step.kind === 'running' || dialog?.step.kind === 'starting' ? dialog : null;
}

function commandFor({ step }: ActionDialog): string {
  return step.kind === 'running' ? `sqlcc op show ${shellWord(step.operation.id)}` : 'sqlcc op list';
}

/** What goes on, or is not known, in the cluster that is left, for the next one's screen. */
export function leftBehind(model: Model): readonly string[] {
  const { unsettled, acting, contextName } = model;
  const dialog = begun(model);
  const there = `--context ${shellWord(contextName)}`;
  return [
    ...unsettled.map((words) => `in ${contextName}: ${words}`),
    ...acting.map(
      ({ act }) =>
        `${titleOfChange(act).toLowerCase()} was sent in ${contextName} and not answered: ` +
        `${lookFor(act)} ${there}`,
    ),
    ...(dialog === null
      ? []
      : [`${nameOf(dialog)} goes on in ${contextName}: ${commandFor(dialog)} ${there}`]),
  ];
}

/** What goes on, or may have happened, when this screen ends, each with the command that shows it. */
export function goesOn(model: Model): readonly string[] {
  const { contexts, contextName, acting, unsettled } = model;
  // a cluster that was named by an address is found as it was found by this screen
  const there = contexts.includes(contextName) ? ` --context ${shellWord(contextName)}` : '';
  const dialog = begun(model);
  return [
    ...unsettled,
    ...(dialog === null ? [] : [`${nameOf(dialog)} goes on: ${commandFor(dialog)}${there}`]),
    ...acting.map(
      ({ act }) => `${titleOfChange(act).toLowerCase()} was sent and not answered: ${lookFor(act)}${there}`,
    ),
  ];
}
