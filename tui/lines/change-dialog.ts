/** The dialog of a change as text: checks, what will be different, the command, what arms it. */
import { clean, cut } from '../format/width.ts';
import { rough } from '../format/words.ts';
import { missingForChange } from '../model/change.ts';
import { type ChangePlan, commandOf, LENGTHS, titleOfChange } from '../model/change-plan.ts';
import type { ChangeDialog } from '../model/model.ts';
import { type Line, span, type Token } from '../theme/tokens.ts';
import { armedLine, type DialogRoom, type DialogText, wrap } from './action-dialog.ts';
import type { View } from './view.ts';

const CHECK: Readonly<Record<'pass' | 'warn' | 'fail', Token>> = {
  pass: 'ok',
  warn: 'warning',
  fail: 'critical',
};

function lengthLine(dialog: ChangeDialog): Line[] {
  const { kind } = dialog.act;
  if (LENGTHS[kind].length === 0) return [];
  const ms = LENGTHS[kind][dialog.length] ?? null;
  const value = ms === null ? 'without a trial' : rough(ms);
  const before = kind === 'silence' ? 'For ' : 'Taken back unless confirmed within ';
  return [[span(before), span(`[${value}]`, 'title'), span('  ← → changes', 'muted')]];
}

function planLines(dialog: ChangeDialog, plan: ChangePlan, view: View, room: DialogRoom): Line[] {
  const { symbols } = view;
  const signs = { pass: symbols.pass, warn: '!', fail: symbols.fail };
  const checks = plan.checks.map(
    (c): Line => [
      span(`  ${signs[c.result]} `, CHECK[c.result]),
      span(clean(c.text), c.result === 'pass' ? 'plain' : CHECK[c.result]),
    ],
  );
  const most = Math.max(2, room.rows - checks.length - 10);
  const effects = plan.effects.slice(0, most).map((text): Line => [span('  '), span(clean(text))]);
  const hidden = plan.effects.length - most;
  const command = wrap(clean(commandOf(dialog.act, dialog.reason)), Math.max(20, room.width - 10));
  return [
    ...checks,
    ...effects,
    ...(hidden > 0 ? [[span(`  and ${hidden} more`, 'muted')] as Line] : []),
    ...lengthLine(dialog),
    ...command
      .slice(0, 2)
      .map((text, i): Line => [span(i === 0 ? 'Same as: ' : '         ', 'muted'), span(text, 'key')]),
  ];
}

function confirmLines(dialog: ChangeDialog, plan: ChangePlan, view: View, room: DialogRoom): Line[] {
  const cursor = (field: ChangeDialog['field']) => (dialog.field === field ? view.symbols.cursor : '');
  const reason: Line = [
    span('Reason: ', dialog.field === 'reason' ? 'focus' : 'plain'),
    span(`${cut(clean(dialog.reason), room.width - 12)}${cursor('reason')}`),
    span(dialog.reason === '' && dialog.field !== 'reason' ? '(Tab to write one)' : '', 'muted'),
  ];
  if (!plan.allowed) return [[span('The checks refuse it. Esc closes.', 'critical')]];
  if (plan.arm === null) {
    return [reason, armedLine(dialog.yes)];
  }
  const ready = missingForChange(dialog) === null;
  const button = (field: ChangeDialog['field'], text: string, on: Token) =>
    span(`[ ${text} ]`, dialog.field === field ? on : 'muted');
  return [
    reason,
    [
      span(`Type ${clean(plan.arm)} to arm: `, dialog.field === 'confirm' ? 'focus' : 'plain'),
      span(`${clean(dialog.typed)}${cursor('confirm')}`, dialog.typed === plan.arm ? 'ok' : 'plain'),
      span('   '),
      button('cancel', 'Cancel', 'selected'),
      span('  '),
      button('execute', 'Do it', ready ? 'armed' : 'selected'),
    ],
  ];
}

function noteLine(dialog: ChangeDialog): Line {
  return [span(dialog.note === '' ? '' : `! ${clean(dialog.note)}`, 'warning')];
}

export function changeDialogText(dialog: ChangeDialog, view: View, room: DialogRoom): DialogText {
  const title: Line = [span(clean(titleOfChange(dialog.act)), 'title')];
  const { step } = dialog;
  switch (step.kind) {
    case 'editing':
      return {
        title,
        lines: [
          [span('key=value, several with blanks between, or @file.yaml', 'muted')],
          [span('for example raft.heartbeat_interval_ms=40', 'muted')],
          [],
          [span('Change: ', 'focus'), span(`${clean(dialog.text)}${view.symbols.cursor}`)],
          noteLine(dialog),
        ],
        edge: 'focus',
        hint: 'Enter checks it on every node, nothing changes yet  Esc cancel',
      };
    case 'planning':
      return {
        title,
        lines: [[span('checking it on the nodes…', 'muted')]],
        edge: 'focus',
        hint: 'Esc cancel',
      };
    case 'review': {
      const edge = step.plan.allowed ? (missingForChange(dialog) === null ? 'critical' : 'focus') : 'warning';
      const hint =
        step.plan.arm === null
          ? 'y then Enter confirm  ← → how long  Tab reason  Esc cancel'
          : 'Tab next field  Enter confirm  Esc cancel';
      const lines = [
        ...planLines(dialog, step.plan, view, room),
        [],
        ...confirmLines(dialog, step.plan, view, room),
        noteLine(dialog),
      ];
      return { title, lines, edge, hint };
    }
    case 'starting':
      return {
        title,
        lines: [[span('sent, waiting for the answer…', 'muted')]],
        edge: 'focus',
        hint: 'Esc hide',
      };
    case 'failed': {
      const what = step.unknown ? 'outcome unknown: ' : '';
      const lines: Line[] = [
        [span(`${view.symbols.fail} ${what}${clean(step.message)}`, 'critical')],
        [span(clean(step.hint), 'muted')],
        [span(step.unknown ? 'It may have happened: look before you repeat it.' : '', 'warning')],
      ];
      return { title, lines, edge: 'critical', hint: 'Esc close' };
    }
  }
}
