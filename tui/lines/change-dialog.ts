/** The dialog of a change as text: checks, what will be different, the command, what arms it. */

import { clean } from '../format/width.ts';
import { rough } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { missingForChange } from '../model/change.ts';
import {
  type ChangePlan,
  commandOf,
  isCheckOnly,
  LENGTHS,
  needsReason,
  titleOfChange,
} from '../model/change-plan.ts';
import type { ChangeDialog } from '../model/model.ts';
import { type Line, lineWidth, span, wrapWords } from '../theme/tokens.ts';
import {
  armedLine,
  checkLines,
  commandLines,
  type DialogRoom,
  type DialogText,
  failed,
  keysHint,
  NARROW,
  nameLine,
  noteLines,
  REFUSED,
  reasonLine,
  waiting,
} from './dialog-parts.ts';
import type { View } from './view.ts';

const SOONER: Line = [span('and at once where a node falls ill or a critical alert fires', 'muted')];

function lengthLine(dialog: ChangeDialog, { width }: DialogRoom): Line[] {
  const { kind } = dialog.act;
  if (LENGTHS[kind].length === 0) return [];
  const ms = LENGTHS[kind][dialog.length] ?? null;
  const none = kind === 'pause' ? 'an hour, or as long as is allowed' : 'without a trial';
  const words = (length: number | null): string => (length === null ? none : rough(length));
  const steps = (from: number, to?: number): string => LENGTHS[kind].slice(from, to).map(words).join(' ');
  const [shorter, longer] = [steps(0, dialog.length), steps(dialog.length + 1)];
  const isTime = kind === 'silence' || kind === 'pause';
  // there is no canary: one version is in force, on all of them
  const isNarrow = width < NARROW;
  const back = isNarrow ? 'On trial: taken back' : 'On all nodes at once; taken back';
  const kept = `${back} unless ${keyOf('keep-config')} keeps it within `;
  const before = isTime ? 'For ' : ms === null ? 'On all nodes at once, ' : kept;
  return [
    [span(before), span(words(ms), 'title')],
    ...(isTime || ms === null || isNarrow ? [] : [SOONER]),
    [
      span('← → changes: ', 'key'),
      span(shorter === '' ? '' : `${shorter} `, 'muted'),
      span(`[${words(ms)}]`, 'title'),
      span(longer === '' ? '' : ` ${longer}`, 'muted'),
    ],
  ];
}

function planLines(dialog: ChangeDialog, plan: ChangePlan, view: View, room: DialogRoom): Line[] {
  const checks = checkLines(plan.checks, view);
  const most = Math.max(2, room.rows - checks.length - 10);
  const effects = plan.effects.slice(0, most).map((text): Line => [span('  '), span(clean(text))]);
  const hidden = plan.effects.length - most;
  return [
    ...checks,
    ...effects,
    ...(hidden > 0 ? [[span(`  and ${hidden} more`, 'muted')] as Line] : []),
    ...(isCheckOnly(dialog.act) ? [] : lengthLine(dialog, room)),
    ...commandLines(commandOf(dialog.act, dialog.reason, plan.base), room.width),
  ];
}

function confirmLines(dialog: ChangeDialog, plan: ChangePlan, view: View, room: DialogRoom): Line[] {
  if (isCheckOnly(dialog.act))
    return [
      plan.allowed
        ? [span('Valid: ', 'ok'), span(`${keyOf('apply-config')} applies it. Nothing has changed.`)]
        : [span('Not valid: nothing has changed.', 'critical')],
    ];
  if (!plan.allowed) return [REFUSED];
  if (plan.arm === null) {
    const reason = reasonLine(dialog, view, room, { isNeeded: needsReason(dialog.act) });
    return [reason, ...wrapWords(armedLine(dialog), room.width)];
  }
  const isReady = missingForChange(dialog) === null;
  return [
    reasonLine(dialog, view, room, { isNeeded: true }),
    ...nameLine(dialog, view, { name: plan.arm, isReady, verb: 'Do it', width: room.width }),
  ];
}

function reviewHint(dialog: ChangeDialog, plan: ChangePlan, { width }: DialogRoom): string {
  const { act } = dialog;
  if (isCheckOnly(act)) return 'Esc close';
  const words = width < NARROW ? '← → time' : '← → how long';
  const choice = LENGTHS[act.kind].length > 0 ? words : '';
  const does = act.kind === 'rollback' ? `brings v${act.version} back` : 'applies it';
  const isReady = missingForChange(dialog) === null;
  return keysHint(dialog, { isNamed: plan.arm !== null, isReady, does, choice, width });
}

/** Cells of the edge and blanks beside a title. */
const EDGE_CELLS = 1;

/** Whose cluster it is stands in the title; where that has no room for it, in a line that is always seen. */
export function changeDialogText(dialog: ChangeDialog, view: View, room: DialogRoom): DialogText {
  const { model, symbols } = view;
  const cluster = clean(model.picture.status?.cluster.name ?? model.clusterName);
  const title = span(clean(titleOfChange(dialog.act)), 'title');
  const named: Line = [title, span(` ${symbols.dot} ${cluster}`, 'title')];
  if (lineWidth(named) <= room.width - EDGE_CELLS) return textOfStep(dialog, view, room, named);
  const text = textOfStep(dialog, view, { ...room, rows: room.rows - 1 }, [title]);
  return { ...text, pinned: [[span('Cluster: ', 'muted'), span(cluster, 'title')], ...(text.pinned ?? [])] };
}

function textOfStep(dialog: ChangeDialog, view: View, room: DialogRoom, title: Line): DialogText {
  const { step } = dialog;
  switch (step.kind) {
    case 'editing':
      return {
        title,
        scroll: dialog.scroll ?? 0,
        lines: [
          [span('key=value, several with blanks between, or @file.yaml', 'muted')],
          [span('for example raft.heartbeat_interval_ms=40', 'muted')],
          [span('Ctrl-E: the whole configuration in your editor', 'muted')],
        ],
        pinned: [
          ...wrapWords(
            [span('Change: ', 'focus'), span(`${clean(dialog.text)}${view.symbols.cursor}`)],
            room.width,
          ),
          ...noteLines(dialog, room),
        ],
        edge: 'focus',
        hint:
          room.width < NARROW
            ? 'Enter checks it only  ^E editor  Esc cancel'
            : 'Enter checks it on every node, nothing changes yet  ^E editor  Esc cancel',
      };
    case 'planning':
      return waiting(title, 'checking it on the nodes…', 'Esc cancel');
    case 'review': {
      const { plan } = step;
      const edge = plan.allowed ? (missingForChange(dialog) === null ? 'critical' : 'focus') : 'warning';
      const lines = planLines(dialog, plan, view, room);
      const pinned = [...confirmLines(dialog, plan, view, room), ...noteLines(dialog, room)];
      return { title, lines, pinned, scroll: dialog.scroll ?? 0, edge, hint: reviewHint(dialog, plan, room) };
    }
    case 'starting':
      return waiting(title, 'sent, waiting for the answer…', 'Esc hide');
    case 'failed':
      return { ...failed(title, step, view, room), scroll: dialog.scroll ?? 0 };
  }
}
