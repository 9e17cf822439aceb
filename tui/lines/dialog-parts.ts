/** What the dialogs of actions and changes have in common: checks, command, reason, confirmation, failure. */
import { pauseWords } from '../../src/base/index.ts';
import type { CheckRow, Plan } from '../feed/wire.ts';
import { cellWidth, clean, cut } from '../format/width.ts';
import { clockTime, rough, zoneMark } from '../format/words.ts';
import { LENGTHS_MS } from '../model/dialog.ts';
import { type Line, lineWidth, span, type Token, wrapUnderText, wrapWords } from '../theme/tokens.ts';
import type { View } from './view.ts';

export interface DialogText {
  readonly title: Line;
  /** What gives way where not all fits: it scrolls. */
  readonly lines: readonly Line[];
  /** Below them and always shown: what is to be typed and what confirms. */
  readonly pinned?: readonly Line[];
  /** First of `lines` that is shown where they scroll. */
  readonly scroll?: number;
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

/** Below this width hints are the short ones and long lines are wrapped. */
export const NARROW = 68;

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

/** How long writes will pause, and since what that is known; null where nobody can take over. */
export function pauseOf({ expected_gap_ms: most, measured_gaps_ms: measured = [] }: Plan) {
  return most === null ? null : pauseWords(most, measured);
}

/** Term and leader stand in the checks too: they give way. */
export function gapLine(plan: Plan, width: number): Line {
  const pause = pauseOf(plan);
  const gap =
    pause === null
      ? [span('Expected write pause: none, leadership stays where it is', 'muted')]
      : [span('Expected write pause: '), span(pause.time, 'title'), span(`, ${pause.from}`)];
  const whole = [...gap, span(`   term ${plan.term}, leader ${clean(plan.from ?? 'none')}`, 'muted')];
  return lineWidth(whole) <= width ? whole : gap;
}

/** `text` in lines of at most `cells`, broken between words; a word that is longer is broken too. */
function wrap(text: string, cells: number): string[] {
  const out: string[] = [];
  let current = '';
  for (const word of text.split(' ').flatMap((w) => pieces(w, cells))) {
    if (current !== '' && cellWidth(current) + 1 + cellWidth(word) > cells) {
      out.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  if (current !== '') out.push(current);
  return out;
}

function pieces(word: string, cells: number): string[] {
  if (cellWidth(word) <= cells) return [word];
  const out = [''];
  for (const letter of word) {
    const last = out.at(-1) ?? '';
    if (cellWidth(last) + cellWidth(letter) > cells) out.push(letter);
    else out[out.length - 1] = last + letter;
  }
  return out;
}

const COMMAND_ROWS = 2;

/** The same for scripts, whole in at most two lines; of a longer one it is said that more follows. */
export function commandLines(command: string, width: number): Line[] {
  const cells = Math.max(20, width - 10);
  const lines = wrap(clean(command), cells);
  const hidden = lines.length - COMMAND_ROWS;
  const more = hidden > 0 ? `… +${hidden} ${hidden === 1 ? 'line' : 'lines'}` : '';
  return lines.slice(0, COMMAND_ROWS).map((text, i) => {
    const isCut = more !== '' && i === COMMAND_ROWS - 1;
    const shown = isCut ? cut(text, cells - more.length - 1).replace(/…$/, '') : text;
    return [
      span(i === 0 ? 'Same as: ' : '         ', 'muted'),
      span(shown, 'key'),
      span(isCut ? ` ${more}` : '', 'warning'),
    ];
  });
}

function label(dialog: Written, field: string, text: string) {
  return span(text, dialog.field === field ? 'focus' : 'plain');
}

function cursorIn(dialog: Written, field: string, view: View): string {
  return dialog.field === field ? view.symbols.cursor : '';
}

export function reasonLine(
  dialog: Written,
  view: View,
  room: DialogRoom,
  { isNeeded }: { readonly isNeeded: boolean },
): Line {
  const cursor = cursorIn(dialog, 'reason', view);
  const name = isNeeded ? 'Reason (needed): ' : 'Reason (optional): ';
  const hint = isNeeded ? '' : TAB_HINT;
  return [
    label(dialog, 'reason', name),
    span(`${cut(clean(dialog.reason), room.width - name.length - 4)}${cursor}`),
    span(dialog.reason === '' && cursor === '' ? hint : '', 'muted'),
  ];
}

/** The name to type, and the two buttons. */
export function nameLine(
  dialog: Written,
  view: View,
  {
    name,
    isReady,
    verb,
    width,
  }: { readonly name: string; readonly isReady: boolean; readonly verb: string; readonly width: number },
): Line[] {
  const button = (text: string, field: string, token: Token) =>
    span(`[ ${text} ]`, dialog.field === field ? token : 'muted');
  const typed: Line = [
    label(dialog, 'confirm', `Type ${clean(name)} to arm: `),
    span(
      `${clean(dialog.typed)}${cursorIn(dialog, 'confirm', view)}`,
      dialog.typed === name ? 'ok' : 'plain',
    ),
  ];
  const buttons: Line = [
    button('Cancel', 'cancel', 'selected'),
    span('  '),
    button(verb, 'execute', isReady ? 'armed' : 'selected'),
  ];
  const line = [...typed, span('   '), ...buttons];
  return lineWidth(line) <= width ? [line] : [typed, buttons];
}

/** What y and Enter would do now; in the reason a y is a letter of it. */
export function armedLine({ yes, field }: { readonly yes: boolean; readonly field: string }): Line {
  if (field === 'reason')
    return [span('Enter', 'key'), span(' ends the reason; then '), span('y', 'key'), span(' arms')];
  if (yes) return [span(' armed: Enter confirms ', 'armed'), span('  any other key takes it back', 'muted')];
  return [
    span('y', 'key'),
    span(' then '),
    span('Enter', 'key'),
    span(' confirms, '),
    span('Esc', 'key'),
    span(' cancels'),
  ];
}

/** For how long, and which time of the day that is. */
export function untilWhen(forMs: number, now: number): Line {
  const [from, to] = [clockTime(now).slice(0, 5), clockTime(now + forMs).slice(0, 5)];
  // nothing lasts longer than a day
  const day = to < from || forMs >= 86_400_000 ? ' tomorrow' : '';
  return [span(rough(forMs), 'title'), span(', at '), span(`${to}${day}${zoneMark()}`, 'title')];
}

/** Each step that the arrows go through, with the chosen one marked; none where nothing has a length. */
export function lengthsLine(forMs: number | undefined): Line {
  if (forMs === undefined) return [];
  // the longest that a cluster allows may lie between two steps
  const steps = [...new Set([...LENGTHS_MS, forMs])].sort((a, b) => a - b);
  const before = steps.filter((ms) => ms < forMs).map(rough);
  const behind = steps.filter((ms) => ms > forMs).map(rough);
  return [
    span('← → changes:', 'key'),
    span(['', ...before, ''].join(' '), 'muted'),
    span(`[${rough(forMs)}]`, 'title'),
    span(['', ...behind].join(' '), 'muted'),
  ];
}

export const REFUSED: Line = [span('The checks refuse it. Esc closes.', 'critical')];
const TAB_HINT = '(Tab to write one)';

/** The keys of the last line where the cursor is: what Enter does there comes first. */
export function keysHint(
  { field, yes = false }: { readonly field: string; readonly yes?: boolean },
  { isNamed, isReady, does, choice = '', width }: Keys,
): string {
  const isNarrow = width < NARROW;
  const more = choice === '' ? '' : `  ${choice}`;
  if (!isNamed) {
    if (field === 'reason')
      return isNarrow ? 'Enter ends it  Tab  Esc' : 'Enter ends the reason  Tab back  Esc cancel';
    if (yes) return 'Enter confirms  any other key takes it back';
    const y = isNarrow ? 'y, Enter: do it' : 'y arms, then Enter confirms';
    return isNarrow ? `${y}${more}  Tab reason  Esc` : `${y}${more}  Enter reason  Esc cancel`;
  }
  const enter =
    field === 'cancel'
      ? 'cancels'
      : field !== 'execute'
        ? 'next field'
        : isReady
          ? does
          : 'says what is missing';
  return isNarrow ? `Enter ${enter}${more}  Tab  Esc` : `Enter ${enter}  Tab other field${more}  Esc cancel`;
}

/** `does`: what Enter on the last button would do. `choice`: what arrows change. */
interface Keys {
  readonly isNamed: boolean;
  readonly isReady: boolean;
  readonly does: string;
  readonly choice?: string;
  readonly width: number;
}

/** The whole of it: what is wrong is not cut. */
export function noteLines(dialog: Written, room: DialogRoom): readonly Line[] {
  const note = dialog.note === '' ? '' : `! ${clean(dialog.note)}`;
  return wrapWords([span(note, 'warning')], room.width);
}

/**
 * The dialog in `rows` lines: all of it where it fits, else the pinned lines at the bottom, above them
 * as much of the rest as fits, and between them how much is not shown and which keys move it.
 */
/** How far a text without pinned lines can be moved, in so many rows. */
export function mostScroll({ lines, scroll, pinned }: DialogText, rows: number): number {
  if (scroll === undefined || pinned !== undefined || lines.length <= rows) return 0;
  return lines.length - Math.max(0, rows - 1);
}

export function fitDialog(text: DialogText, { width, rows }: DialogRoom, view: View): readonly Line[] {
  const { pinned = [], scroll = 0 } = text;
  // a wide screen cuts the rare long line, a narrow one would cut most of them
  const lines =
    pinned.length > 0 && width < NARROW
      ? text.lines.flatMap((line) => wrapUnderText(line, width))
      : text.lines;
  const gap: Line[] = pinned.length === 0 || lines.length === 0 ? [] : [[]];
  if (lines.length + gap.length + pinned.length <= rows) return [...lines, ...gap, ...pinned];
  if (pinned.length === 0 && text.scroll === undefined) return lines.slice(0, rows);
  const kept = pinned.filter((line) => lineWidth(line) > 0);
  const room = Math.max(0, rows - kept.length - 1);
  if (lines.length <= room) return [...lines, ...gap, ...kept];
  const first = Math.min(scroll, lines.length - room);
  const [above, below] = [first, lines.length - room - first];
  const { up, down } = view.symbols.ascii ? { up: '^', down: 'v' } : { up: '↑', down: '↓' };
  const hidden = [above > 0 ? `${up}${above}` : '', below > 0 ? `${down}${below}` : ''].filter(
    (t) => t !== '',
  );
  const mark: Line = [span(`${hidden.join(' ')} more lines: PgUp PgDn`, 'muted')];
  return [...lines.slice(first, first + room), mark, ...kept.slice(-rows)];
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
export function failed(title: Line, step: Failed, view: View, room: DialogRoom): DialogText {
  const what = step.unknown ? 'outcome unknown: ' : '';
  const lines: Line[] = [
    [span(`${view.symbols.fail} ${what}${clean(step.message)}`, 'critical')],
    [span(clean(step.hint), 'muted')],
  ];
  const whole = lines.flatMap((line) => wrapWords(line, room.width));
  const warning: Line = [span('It may have happened: read the events before you repeat it.', 'warning')];
  const pinned = step.unknown ? wrapWords(warning, room.width) : [[]];
  return { title, lines: whole, pinned, edge: 'critical', hint: 'Esc close' };
}
