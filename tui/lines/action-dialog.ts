/**
 * The dialog of an action as text: who may take over and why, the checks, what clients
 * will feel, the same command for scripts, the confirmation; then the phases as they
 * come. What it shows is the server's plan, not a guess made here.
 */

import type { OperationView, Plan } from '../feed/wire.ts';
import { clean, cut, fitText } from '../format/width.ts';
import { age, count, span as lasted, rough } from '../format/words.ts';
import { missing } from '../model/dialog.ts';
import type { ActionDialog } from '../model/model.ts';
import { shown } from '../model/selectors.ts';
import { type Line, span, type Token } from '../theme/tokens.ts';
import { nodeSign } from './node-table.ts';
import type { View } from './view.ts';

export interface DialogText {
  readonly title: Line;
  readonly lines: readonly Line[];
  readonly edge: Token;
  /** Keys that mean something now, for the footer. */
  readonly hint: string;
}

/** What fits between the edges; `rows` lets long lists shrink. */
export interface DialogRoom {
  readonly width: number;
  readonly rows: number;
}

const CHECK: Readonly<Record<'pass' | 'warn' | 'fail', Token>> = {
  pass: 'ok',
  warn: 'warning',
  fail: 'critical',
};

function checkLines(plan: Plan, view: View): Line[] {
  const { symbols } = view;
  const signs = { pass: symbols.pass, warn: '!', fail: symbols.fail };
  return plan.checks.map((c) => [
    span(`  ${signs[c.result]} `, CHECK[c.result]),
    span(clean(c.text), c.result === 'pass' ? 'plain' : CHECK[c.result]),
  ]);
}

function candidateLines(plan: Plan, view: View, most: number): Line[] {
  const rows = shown(view.model).status?.nodes ?? [];
  const ordered = [...plan.candidates].sort((a, b) => Number(b.eligible) - Number(a.eligible));
  const nameWidth = ordered.reduce((w, c) => Math.max(w, clean(c.node_id).length), 6);
  const head: Line = [
    span(`   ${fitText('TARGET', nameWidth + 2)} ${fitText('LAG', 8, 'right')}  VERDICT`, 'muted'),
  ];
  const lines = ordered.slice(0, most).map((c): Line => {
    const chosen = c.node_id === plan.to;
    const row = rows.find((r) => r.node_id === c.node_id);
    const verdict = c.reasons.map(clean).join('; ') || (c.eligible ? 'can take over now' : 'not possible');
    return [
      span(chosen ? `${view.symbols.bar} ` : '  ', 'focus'),
      row === undefined ? span(' ') : nodeSign(row, view),
      span(` ${fitText(clean(c.node_id), nameWidth + 1)} `, chosen ? 'title' : 'plain'),
      span(`${fitText(count(c.lag_entries), 7, 'right')}  `),
      span(`${chosen ? 'TARGET: ' : ''}${verdict}`, c.eligible ? (chosen ? 'ok' : 'plain') : 'muted'),
    ];
  });
  const hidden = ordered.length - most;
  return hidden > 0 ? [head, ...lines, [span(`   and ${hidden} more`, 'muted')]] : [head, ...lines];
}

function changeLines(dialog: ActionDialog, view: View): Line[] {
  if (dialog.changes.length === 0) return [];
  return [[span(`! ${dialog.changes.map(clean).join(` ${view.symbols.dot} `)}`, 'warning')]];
}

/** `text` in lines of at most `cells`, broken between words. */
export function wrap(text: string, cells: number): string[] {
  const out: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && current.length + 1 + word.length > cells) {
      out.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  if (current !== '') out.push(current);
  return out;
}

/** The plan's own command; it may be two lines long. */
function commandLines(plan: Plan, reason: string, width: number): Line[] {
  const told = reason.trim() === '' ? '' : ` --reason "${clean(reason.trim()).replaceAll('"', "'")}"`;
  const command = plan.command.includes('--reason') ? plan.command : `${plan.command}${told}`;
  const lines = wrap(clean(command), Math.max(20, width - 10)).slice(0, 2);
  return lines.map((text, i) => [span(i === 0 ? 'Same as: ' : '         ', 'muted'), span(text, 'key')]);
}

function button(text: string, focused: boolean, token: Token): Line {
  return [span(`[ ${text} ]`, focused ? token : 'muted')];
}

function gapLine(plan: Plan): Line {
  return plan.expected_gap_ms === null
    ? [span('Expected write pause: not known yet', 'muted')]
    : [span('Expected write pause: '), span(lasted(plan.expected_gap_ms), 'title')];
}

function reviewFailover(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Line[] {
  const { symbols } = view;
  const cursor = (field: ActionDialog['field']) => (dialog.field === field ? symbols.cursor : '');
  const armed = missing(dialog) === null;
  const left = Math.max(0, Date.parse(plan.expires) - view.model.now);
  const label = (field: ActionDialog['field'], text: string) =>
    span(text, dialog.field === field ? 'focus' : 'plain');
  const fixed = 9 + plan.checks.length + dialog.changes.length;
  return [
    ...candidateLines(plan, view, Math.max(2, room.rows - fixed)),
    [span(`Checks by the leader, valid ${age(left)}:`, 'muted')],
    ...checkLines(plan, view),
    [...gapLine(plan), span(`   term ${plan.term}, leader ${clean(plan.from ?? 'none')}`, 'muted')],
    ...commandLines(plan, dialog.reason, room.width),
    ...changeLines(dialog, view),
    [],
    [label('reason', 'Reason: '), span(`${cut(clean(dialog.reason), room.width - 12)}${cursor('reason')}`)],
    [
      label('confirm', `Type ${clean(plan.to ?? '?')} to arm: `),
      span(`${clean(dialog.typed)}${cursor('confirm')}`, dialog.typed === plan.to ? 'ok' : 'plain'),
      span('   '),
      ...button('Cancel', dialog.field === 'cancel', 'selected'),
      span('  '),
      ...button('Fail over', dialog.field === 'execute', armed ? 'armed' : 'selected'),
    ],
    [span(dialog.note === '' ? '' : `! ${dialog.note}`, 'warning')],
  ];
}

/** Maintenance and step down: `y`, then Enter. */
function reviewByYes(dialog: ActionDialog, plan: Plan, view: View, room: DialogRoom): Line[] {
  const { symbols } = view;
  const { request } = dialog;
  const length: Line =
    dialog.action === 'step-down'
      ? [
          span(`${clean(plan.from ?? 'the leader')} hands over to `),
          span(clean(plan.to ?? '?'), 'title'),
          span('; writes pause for '),
          span(plan.expected_gap_ms === null ? 'a moment' : lasted(plan.expected_gap_ms), 'title'),
        ]
      : request.for_ms === undefined
        ? [span('Ends the maintenance: the node may lead again and its alerts sound again.')]
        : [
            span('No candidacy, alerts of the node are silent, off by itself after '),
            span(`[${rough(request.for_ms)}]`, 'title'),
            span('  ← → changes', 'muted'),
          ];
  const cursor = dialog.field === 'reason' ? symbols.cursor : '';
  return [
    ...checkLines(plan, view),
    length,
    ...commandLines(plan, dialog.reason, room.width),
    ...changeLines(dialog, view),
    [],
    [
      span('Reason: ', dialog.field === 'reason' ? 'focus' : 'plain'),
      span(`${cut(clean(dialog.reason), room.width - 12)}${cursor}`),
      span(dialog.reason === '' && cursor === '' ? '(Tab to write one)' : '', 'muted'),
    ],
    plan.allowed ? armedLine(dialog.yes) : [span('The checks refuse it. Esc closes.', 'critical')],
    [span(dialog.note === '' ? '' : `! ${dialog.note}`, 'warning')],
  ];
}

/** What y and Enter would do now. */
export function armedLine(isArmed: boolean): Line {
  if (isArmed)
    return [span(' armed: Enter confirms ', 'armed'), span('  any other key takes it back', 'muted')];
  return [
    span('y', 'key'),
    span(' then '),
    span('Enter', 'key'),
    span(' confirms, '),
    span('Esc', 'key'),
    span(' cancels'),
  ];
}

/** Phases with the ms at which each began, and what came of it. */
export function phaseLines(operation: OperationView, view: View): Line[] {
  const { symbols } = view;
  const frame = symbols.spinner[Math.floor(view.model.mono / 120) % symbols.spinner.length] ?? '';
  const began = operation.phases[0] === undefined ? 0 : Date.parse(operation.phases[0].at);
  return operation.phases.map((phase, i): Line => {
    const isLast = i === operation.phases.length - 1;
    const going = isLast && operation.state === 'running';
    const bad = isLast && (operation.state === 'failed' || operation.state === 'cancelled');
    const sign = going
      ? span(frame, 'candidate')
      : bad
        ? span(symbols.fail, 'critical')
        : span(symbols.pass, 'ok');
    const offset = String(Math.max(0, Date.parse(phase.at) - began)).padStart(6);
    return [
      span('  '),
      sign,
      span(` ${offset} ms  `, 'muted'),
      span(clean(phase.name), 'title'),
      span(phase.result === null ? '' : `  ${clean(phase.result)}`),
      span(phase.elapsed_ms === null ? '' : `  ${lasted(phase.elapsed_ms)}`, 'muted'),
    ];
  });
}

function outcome(operation: OperationView, view: View): Line {
  const { symbols } = view;
  if (operation.state === 'done') {
    const ms = operation.phases.reduce((sum, p) => sum + (p.elapsed_ms ?? 0), 0);
    const result = operation.to === null ? 'done' : `done: ${clean(operation.to)}`;
    return [span(`${symbols.pass} ${result}`, 'ok'), span(ms > 0 ? ` in ${lasted(ms)}` : '', 'muted')];
  }
  if (operation.state === 'running') return [span('Esc hides it, it is not cancelled.', 'muted')];
  const error = operation.error === null ? '' : `: ${clean(operation.error)}`;
  return [span(`${symbols.fail} ${operation.state}${error}`, 'critical')];
}

function operationLines(operation: OperationView, view: View, room: DialogRoom): Line[] {
  const phases = phaseLines(operation, view);
  return [
    ...phases.slice(-Math.max(2, room.rows - 5)),
    [],
    outcome(operation, view),
    [span(`Look again: sqlcc op show ${clean(operation.id)}`, 'muted')],
  ];
}

function titleOf(dialog: ActionDialog, view: View): Line {
  const { step, request } = dialog;
  const cluster = clean(view.model.picture.status?.cluster.name ?? view.model.clusterName);
  const { dot, arrow } = view.symbols;
  const word = dialog.action === 'step-down' ? 'STEP DOWN' : 'FAILOVER';
  if (dialog.action === 'maintenance') {
    const on = request.enable === true ? 'ON' : 'OFF';
    return [span(`MAINTENANCE ${on} ${dot} ${clean(request.node_id ?? '?')} ${dot} ${cluster}`, 'title')];
  }
  const ends =
    step.kind === 'review' || step.kind === 'starting'
      ? step.plan
      : step.kind === 'running' || step.kind === 'ended'
        ? step.operation
        : null;
  const way = ends === null ? '' : ` ${dot} ${clean(ends.from ?? '?')} ${arrow} ${clean(ends.to ?? '?')}`;
  return [span(`${word} ${dot} ${cluster}${way}`, 'title')];
}

const REVIEW_HINT = {
  failover: 'Tab next field  ↑↓ other target  Enter confirm  Esc cancel',
  maintenance: 'y then Enter confirm  ← → how long  Tab reason  Esc cancel',
  'step-down': 'y then Enter confirm  Tab reason  Esc cancel',
};

export function actionDialogText(dialog: ActionDialog, view: View, room: DialogRoom): DialogText {
  const { step } = dialog;
  const title = titleOf(dialog, view);
  switch (step.kind) {
    case 'planning':
      return {
        title,
        lines: [[span('asking the leader for a plan…', 'muted')]],
        edge: 'focus',
        hint: 'Esc cancel',
      };
    case 'review': {
      const review = dialog.action === 'failover' ? reviewFailover : reviewByYes;
      const edge = step.plan.allowed ? (missing(dialog) === null ? 'critical' : 'focus') : 'warning';
      return { title, lines: review(dialog, step.plan, view, room), edge, hint: REVIEW_HINT[dialog.action] };
    }
    case 'starting':
      return {
        title,
        lines: [[span('sent, waiting for the answer…', 'muted')]],
        edge: 'focus',
        hint: 'Esc hide',
      };
    case 'running':
    case 'ended': {
      const done = step.operation.state === 'done';
      const edge = step.kind === 'running' ? 'focus' : done ? 'ok' : 'critical';
      const hint = step.kind === 'running' ? 'Esc hides it, it is not cancelled' : 'Esc close';
      return { title, lines: operationLines(step.operation, view, room), edge, hint };
    }
    case 'failed': {
      const what = step.unknown ? 'outcome unknown: ' : '';
      const lines: Line[] = [
        [span(`${view.symbols.fail} ${what}${clean(step.message)}`, 'critical')],
        [span(clean(step.hint), 'muted')],
        [span(step.unknown ? 'It may have happened: read the events before you repeat it.' : '', 'warning')],
      ];
      return { title, lines, edge: 'critical', hint: 'Esc close' };
    }
  }
}
