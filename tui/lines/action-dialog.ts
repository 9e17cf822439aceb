/**
 * The dialog of an action as text: who may take over and why, the checks, what clients
 * will feel, the same command for scripts, the confirmation; then the phases as they
 * come. What it shows is the server's plan, not a guess made here.
 */

import { shellWord } from '../../src/base/index.ts';
import type { OperationView, Plan } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age, span as lasted, rough } from '../format/words.ts';
import { reasonFlag } from '../model/change-plan.ts';
import { isMove, isTyped, missing, wayBack } from '../model/dialog.ts';
import type { ActionDialog } from '../model/model.ts';
import { MOVES, moveSteps } from '../model/move-steps.ts';
import { shown } from '../model/selectors.ts';
import { type Line, span, wrapWords } from '../theme/tokens.ts';
import { candidateLines, wayOut } from './candidates.ts';
import {
  armedLine,
  checkLines,
  commandLines,
  type DialogRoom,
  type DialogText,
  failed,
  gapLine,
  keysHint,
  lengthsLine,
  NARROW,
  nameLine,
  noteLines,
  pauseOf,
  REFUSED,
  reasonLine,
  untilWhen,
  waiting,
} from './dialog-parts.ts';
import type { View } from './view.ts';

/** Why there is a new plan and what differs from the one that was confirmed: all of it, however long. */
function changeLines({ changes }: ActionDialog, view: View, width: number): readonly Line[] {
  if (changes.length === 0) return [];
  return wrapWords([span(`! ${changes.map(clean).join(` ${view.symbols.dot} `)}`, 'warning')], width);
}

/**
 * The plan's own command, with the reason that was written and the term: run later it is refused where there
 * was another election by then. One that moves leadership names who leads now too.
 */
function sameAs({ action, reason }: ActionDialog, { command, from, term }: Plan, width: number): Line[] {
  const flag = (name: string, value: string): string =>
    command.includes(` ${name}`) ? '' : ` ${name} ${value}`;
  const moves = isMove(action) || action === 'step-down';
  const leader = moves && from !== null ? flag('--expect-leader', shellWord(from)) : '';
  const bound = `${command}${leader}${flag('--expect-term', String(term))}`;
  return commandLines(command.includes(' --reason ') ? bound : `${bound}${reasonFlag(reason)}`, width);
}

/** A plan is renewed before its time is over: said only where that did not happen. */
function checksHead({ step }: ActionDialog, view: View): Line {
  const isOver = step.kind === 'review' && step.until <= view.model.mono;
  return isOver
    ? [span('Checks by the leader, out of date: it does not answer', 'warning')]
    : [span('Checks by the leader:', 'muted')];
}

const GRAVEST: readonly string[] = ['fail', 'warn', 'pass'];

/** Where most has to be scrolled to: what nobody should arm without having seen. */
function gistLine(plan: Plan, view: View): Line {
  const worst = [...plan.checks].sort((a, b) => GRAVEST.indexOf(a.result) - GRAVEST.indexOf(b.result))[0];
  const { dot, pass } = view.symbols;
  const pause = plan.expected_gap_ms === null ? 'none' : lasted(plan.expected_gap_ms);
  const check: Line =
    worst === undefined || worst.result === 'pass'
      ? [span(`${pass} all checks pass`, 'ok')]
      : (checkLines([worst], view)[0] ?? []).map((s, i) =>
          i === 0 ? { ...s, text: s.text.trimStart() } : s,
        );
  return [span(`pause ${pause} ${dot} `, 'title'), ...check];
}

/** What informs, and what is to be typed: the one may scroll, the other is always seen. */
type Review = Pick<DialogText, 'lines' | 'pinned'>;

function reviewFailover(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Review {
  const changes = changeLines(dialog, view, room.width);
  const fixed = 9 + plan.checks.length + changes.length;
  const lines = [
    ...candidateLines(dialog, plan, view, { most: Math.max(2, room.rows - fixed), width: room.width }),
    checksHead(dialog, view),
    ...checkLines(plan.checks, view),
    gapLine(plan, room.width),
    ...sameAs(dialog, plan, room.width),
    ...changes,
  ];
  const below = [
    reasonLine(dialog, view, room, { isNeeded: true }),
    ...(plan.allowed
      ? nameLine(dialog, view, {
          ...{ name: plan.to ?? '?', isReady: missing(dialog) === null, width: room.width },
          verb: dialog.action === 'failover' ? 'Fail over' : 'Switch over',
        })
      : wrapWords([span(wayOut(plan), 'critical')], room.width)),
    ...noteLines(dialog, room),
  ];
  const isWhole = room.width >= NARROW || lines.length + below.length + 1 <= room.rows;
  return { lines, pinned: isWhole ? below : [gistLine(plan, view), ...below] };
}

/** Taking a node out, or giving its place to another. */
function reviewRemoval(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Review {
  const node = clean(dialog.request.node_id ?? '?');
  const { to } = dialog.request;
  const effect: Line[] =
    dialog.action === 'replace-node'
      ? [
          [
            span(clean(to ?? '?'), 'title'),
            span(` catches up, takes the vote of ${node}, which leaves for good`),
          ],
          [span('↑↓ chooses another node that follows without a vote', 'muted')],
        ]
      : [
          [
            span(node, 'title'),
            span(' leaves for good: it comes back only by joining anew, with an empty disk'),
          ],
          [span('its data stays on its own disk', 'muted')],
        ];
  const lines = [
    ...checkLines(plan.checks, view),
    ...effect.flatMap((line) => wrapWords(line, room.width)),
    ...sameAs(dialog, plan, room.width),
    ...changeLines(dialog, view, room.width),
  ];
  const pinned = [
    reasonLine(dialog, view, room, { isNeeded: true }),
    ...(plan.allowed
      ? nameLine(dialog, view, {
          ...{ name: node, isReady: missing(dialog) === null, width: room.width },
          verb: dialog.action === 'replace-node' ? 'Replace' : 'Remove',
        })
      : [REFUSED]),
    ...noteLines(dialog, room),
  ];
  return { lines, pinned };
}

/** What a dialog that `y` arms would do. */
function effectLine(dialog: ActionDialog, plan: Plan, now: number): Line {
  const { request, action } = dialog;
  if (action === 'step-down')
    return [
      span(`${clean(plan.from ?? 'the leader')} hands over to `),
      span(clean(plan.to ?? '?'), 'title'),
      span('; writes pause for '),
      span(pauseOf(plan)?.time ?? 'a moment', 'title'),
    ];
  const isDrain = action === 'drain';
  if (request.for_ms === undefined)
    return [
      span(
        isDrain
          ? 'Ends the draining: clients may come back to the node.'
          : 'Ends the maintenance: the node may lead again and its alerts sound again.',
      ),
    ];
  return [
    span(
      isDrain
        ? 'Clients are sent elsewhere, vote and copy stay, off by itself after '
        : 'No candidacy, alerts of the node are silent, off by itself after ',
    ),
    ...untilWhen(request.for_ms, now),
  ];
}

/** Maintenance, draining and step down: `y`, then Enter. */
function reviewByYes(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Review {
  const lines = [
    ...checkLines(plan.checks, view),
    ...wrapWords(effectLine(dialog, plan, view.model.now), room.width),
    ...wrapWords(lengthsLine(dialog.request.for_ms), room.width),
    ...sameAs(dialog, plan, room.width),
    ...changeLines(dialog, view, room.width),
  ];
  const pinned = [
    reasonLine(dialog, view, room, { isNeeded: false }),
    ...(plan.allowed ? wrapWords(armedLine(dialog), room.width) : [REFUSED]),
    ...noteLines(dialog, room),
  ];
  const isWhole = room.width >= NARROW || lines.length + pinned.length + 1 <= room.rows;
  const { for_ms: forMs } = dialog.request;
  if (isWhole || forMs === undefined) return { lines, pinned };
  return { lines, pinned: [[span('for '), ...untilWhen(forMs, view.model.now)], ...pinned] };
}

/** Below the phase in which leadership moves: what is heard of it, with ms since the first phase. */
function stepLines(operation: OperationView, began: number, view: View): Line[] {
  return moveSteps(operation, shown(view.model)).map(({ at, words }): Line => {
    const offset = String(Math.round(at - began)).padStart(6);
    return [span(`    ${offset} ms    `, 'muted'), span(clean(words))];
  });
}

/** Phases with the ms at which each began, and what came of it. */
export function phaseLines(operation: OperationView, view: View): Line[] {
  const { symbols } = view;
  const frame = symbols.spinner[Math.floor(view.model.mono / 120) % symbols.spinner.length] ?? '';
  const began = operation.phases[0] === undefined ? 0 : Date.parse(operation.phases[0].at);
  return operation.phases.flatMap((phase, i): Line[] => {
    const isLast = i === operation.phases.length - 1;
    const going = isLast && operation.state === 'running';
    const bad = isLast && (operation.state === 'failed' || operation.state === 'cancelled');
    const sign = going
      ? span(frame, 'candidate')
      : bad
        ? span(symbols.fail, 'critical')
        : span(symbols.pass, 'ok');
    const offset = String(Math.max(0, Date.parse(phase.at) - began)).padStart(6);
    const line: Line = [
      span('  '),
      sign,
      span(` ${offset} ms  `, 'muted'),
      span(clean(phase.name), 'title'),
      span(phase.result === null ? '' : `  ${clean(phase.result)}`),
      span(phase.elapsed_ms === null ? '' : `  ${lasted(phase.elapsed_ms)}`, 'muted'),
    ];
    return MOVES.has(phase.name) ? [line, ...stepLines(operation, began, view)] : [line];
  });
}

/** What is so now, of whom: where a node is put aside, who leads since then is not the news. */
function resultOf({ action, request }: ActionDialog, operation: OperationView): string {
  const node = clean(request.node_id ?? '?');
  const time = request.for_ms === undefined ? '' : ` for ${rough(request.for_ms)}`;
  if (action === 'maintenance')
    return request.enable === true ? `${node} in maintenance${time}` : `maintenance of ${node} has ended`;
  if (action === 'drain')
    return request.enable === true ? `${node} is drained${time}` : `draining of ${node} has ended`;
  return operation.to === null ? 'done' : `done: ${clean(operation.to)}`;
}

function outcome(dialog: ActionDialog, operation: OperationView, view: View): Line {
  const { symbols } = view;
  if (operation.state === 'done') {
    const ms = operation.phases.reduce((sum, p) => sum + (p.elapsed_ms ?? 0), 0);
    const result = resultOf(dialog, operation);
    const gapMs = operation.write_gap_ms ?? null;
    const paused = gapMs === null ? '' : `, writes paused ${lasted(gapMs)}`;
    return [
      span(`${symbols.pass} ${result}`, 'ok'),
      span(ms > 0 ? ` in ${lasted(ms)}${paused}` : '', 'muted'),
    ];
  }
  if (operation.state === 'running') return [span('Esc hides it, it is not cancelled.', 'muted')];
  const error = operation.error === null ? '' : `: ${clean(operation.error)}`;
  return [span(`${symbols.fail} ${operation.state}${error}`, 'critical')];
}

function operationLines(
  dialog: ActionDialog,
  operation: OperationView,
  view: View,
  room: DialogRoom,
): Line[] {
  const phases = phaseLines(operation, view);
  return [
    ...phases.slice(-Math.max(2, room.rows - 5)),
    [],
    outcome(dialog, operation, view),
    [span(`Look again: sqlcc op show ${clean(operation.id)}`, 'muted')],
  ];
}

const WORDS: Readonly<Record<ActionDialog['action'], string>> = {
  ...{
    failover: 'FAILOVER',
    switchover: 'SWITCHOVER',
    'step-down': 'STEP DOWN',
    maintenance: 'MAINTENANCE',
    drain: 'DRAIN',
  },
  ...{ 'remove-node': 'REMOVE', 'replace-node': 'REPLACE' },
};

function titleOf(dialog: ActionDialog, view: View): Line {
  const { step, request, action } = dialog;
  const cluster = clean(view.model.picture.status?.cluster.name ?? view.model.clusterName);
  const { dot, arrow } = view.symbols;
  const node = clean(request.node_id ?? '?');
  if (action === 'maintenance' || action === 'drain') {
    const on = request.enable === true ? 'ON' : 'OFF';
    return [span(`${WORDS[action]} ${on} ${dot} ${node} ${dot} ${cluster}`, 'title')];
  }
  if (action === 'remove-node' || action === 'replace-node') {
    const by = request.to === undefined ? '' : ` ${arrow} ${clean(request.to)}`;
    return [span(`${WORDS[action]} ${dot} ${node}${by} ${dot} ${cluster}`, 'title')];
  }
  const ends =
    step.kind === 'review' || step.kind === 'starting'
      ? step.plan
      : step.kind === 'running' || step.kind === 'ended'
        ? step.operation
        : null;
  const way = ends === null ? '' : ` ${dot} ${clean(ends.from ?? '?')} ${arrow} ${clean(ends.to ?? '?')}`;
  return [span(`${WORDS[action]} ${dot} ${cluster}${way}`, 'title')];
}

/** News of an operation comes several times a second: after this much silence its age is said. */
const SILENT_MS = 3000;

/** What ← → or ↑↓ change in it. */
const CHOICE: Readonly<Partial<Record<ActionDialog['action'], readonly [short: string, long: string]>>> = {
  failover: ['↑↓ target', '↑↓ other target'],
  switchover: ['↑↓ target', '↑↓ other target'],
  'replace-node': ['↑↓ target', '↑↓ other target'],
  maintenance: ['← → time', '← → how long'],
  drain: ['← → time', '← → how long'],
};

/** What the last button of a dialog with a name to type does. */
function doesOf({ action, request }: ActionDialog, plan: Plan): string {
  if (isMove(action))
    return `${action === 'failover' ? 'fails' : 'switches'} over to ${clean(plan.to ?? '?')}`;
  return `${action === 'remove-node' ? 'removes' : 'replaces'} ${clean(request.node_id ?? '?')}`;
}

function hintOf(dialog: ActionDialog, plan: Plan, { width }: DialogRoom): string {
  const words = CHOICE[dialog.action]?.[width < NARROW ? 0 : 1] ?? '';
  // the end of maintenance or draining has no length
  const choice = dialog.request.enable === false ? '' : words;
  const isReady = missing(dialog) === null;
  const does = doesOf(dialog, plan);
  return keysHint(dialog, { isNamed: isTyped(dialog.action), isReady, does, choice, width });
}

function reviewLines(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Review {
  if (isMove(dialog.action)) return reviewFailover(dialog, plan, view, room);
  return isTyped(dialog.action)
    ? reviewRemoval(dialog, plan, view, room)
    : reviewByYes(dialog, plan, view, room);
}

export function actionDialogText(dialog: ActionDialog, view: View, room: DialogRoom): DialogText {
  const { step } = dialog;
  const title = titleOf(dialog, view);
  switch (step.kind) {
    case 'planning':
      return waiting(title, 'asking the leader for a plan…', 'Esc cancel');
    case 'review': {
      const edge = step.plan.allowed ? (missing(dialog) === null ? 'critical' : 'focus') : 'warning';
      const hint = hintOf(dialog, step.plan, room);
      return { title, ...reviewLines(dialog, step.plan, view, room), scroll: dialog.scroll ?? 0, edge, hint };
    }
    case 'starting':
      return waiting(title, 'sent, waiting for the answer…', 'Esc hide');
    case 'running':
    case 'ended': {
      const done = step.operation.state === 'done';
      const edge = step.kind === 'running' ? 'focus' : done ? 'ok' : 'critical';
      const back = wayBack(dialog);
      const offer: Line[] =
        back === null ? [] : [[span('F', 'critical'), span(` fail back to ${clean(back)}`)]];
      const told: Line[] = dialog.note === '' ? [] : [[span(clean(dialog.note), 'warning')]];
      const heardAt = step.kind === 'running' ? (step.heardAt ?? null) : null;
      const silentMs = heardAt === null ? 0 : view.model.now - heardAt;
      if (silentMs > SILENT_MS) told.push([span(`last heard ${age(silentMs)} ago`, 'warning')]);
      const rows = room.rows - offer.length - told.length;
      const lines = [...operationLines(dialog, step.operation, view, { ...room, rows }), ...offer, ...told];
      const hint = step.kind === 'running' ? 'Esc hides it, it is not cancelled' : 'Esc close';
      return { title, lines, edge, hint: back === null ? hint : `${hint}  F plan the way back` };
    }
    case 'failed':
      return { ...failed(title, step, view, room), scroll: dialog.scroll ?? 0 };
  }
}
