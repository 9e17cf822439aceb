/** What the dialogs of actions and changes have in common: checks, command, reason, confirmation, failure. */
import type { CheckRow } from '../feed/wire.ts';
import { clean, cut } from '../format/width.ts';
import { type Line, span, type Token } from '../theme/tokens.ts';
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

/** What both dialogs hold of the person's words. */
export interface Written {
  readonly field: string;
  readonly reason: string;
  readonly typed: string;
  readonly note: string;
}

const CHECK: Readonly<Record<CheckRow['result'], Token>> = {
  pass: 'ok',
  warn: 'warning',
  fail: 'critical',
};

export function checkLines(checks: readonly CheckRow[], view: View): Line[] {
  const { symbols } = view;
  const signs = { pass: symbols.pass, warn: '!', fail: symbols.fail };
  return checks.map((c) => [
    span(`  ${signs[c.result]} `, CHECK[c.result]),
    span(clean(c.text), c.result === 'pass' ? 'plain' : CHECK[c.result]),
  ]);
}

/** `text` in lines of at most `cells`, broken between words. */
function wrap(text: string, cells: number): string[] {
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

/** The same for scripts; it may be two lines long. */
export function commandLines(command: string, width: number): Line[] {
  const lines = wrap(clean(command), Math.max(20, width - 10)).slice(0, 2);
  return lines.map((text, i) => [span(i === 0 ? 'Same as: ' : '         ', 'muted'), span(text, 'key')]);
}

function label(dialog: Written, field: string, text: string) {
  return span(text, dialog.field === field ? 'focus' : 'plain');
}

function cursorIn(dialog: Written, field: string, view: View): string {
  return dialog.field === field ? view.symbols.cursor : '';
}

export function reasonLine(dialog: Written, view: View, room: DialogRoom, hint = ''): Line {
  const cursor = cursorIn(dialog, 'reason', view);
  return [
    label(dialog, 'reason', 'Reason: '),
    span(`${cut(clean(dialog.reason), room.width - 12)}${cursor}`),
    span(dialog.reason === '' && cursor === '' ? hint : '', 'muted'),
  ];
}

/** The name to type, and the two buttons. */
export function nameLine(
  dialog: Written,
  view: View,
  { name, isReady, verb }: { readonly name: string; readonly isReady: boolean; readonly verb: string },
): Line {
  const button = (text: string, field: string, token: Token) =>
    span(`[ ${text} ]`, dialog.field === field ? token : 'muted');
  return [
    label(dialog, 'confirm', `Type ${clean(name)} to arm: `),
    span(
      `${clean(dialog.typed)}${cursorIn(dialog, 'confirm', view)}`,
      dialog.typed === name ? 'ok' : 'plain',
    ),
    span('   '),
    button('Cancel', 'cancel', 'selected'),
    span('  '),
    button(verb, 'execute', isReady ? 'armed' : 'selected'),
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

export const REFUSED: Line = [span('The checks refuse it. Esc closes.', 'critical')];
export const TAB_HINT = '(Tab to write one)';

export function noteLine(dialog: Written): Line {
  return [span(dialog.note === '' ? '' : `! ${clean(dialog.note)}`, 'warning')];
}

/** Nothing to decide while an answer is on its way. */
export function waiting(title: Line, words: string, hint: string): DialogText {
  return { title, lines: [[span(words, 'muted')]], edge: 'focus', hint };
}

interface Failed {
  readonly message: string;
  readonly hint: string;
  readonly unknown: boolean;
}

/** No answer, or a refusal; what may have happened all the same is called unknown. */
export function failed(title: Line, step: Failed, view: View): DialogText {
  const what = step.unknown ? 'outcome unknown: ' : '';
  const lines: Line[] = [
    [span(`${view.symbols.fail} ${what}${clean(step.message)}`, 'critical')],
    [span(clean(step.hint), 'muted')],
    [span(step.unknown ? 'It may have happened: read the events before you repeat it.' : '', 'warning')],
  ];
  return { title, lines, edge: 'critical', hint: 'Esc close' };
}
