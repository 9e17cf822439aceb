/** A list to choose from: palette, actions of this place, whose view. */
import { clean, cut, fitText } from '../format/width.ts';
import { keyOf } from '../key-names.ts';
import { choices, type Entry } from '../model/chooser.ts';
import type { Chooser } from '../model/model.ts';
import { type Line, span, textOf, wrapWords } from '../theme/tokens.ts';
import { type DialogRoom, type DialogText, NARROW } from './dialog-parts.ts';
import type { View } from './view.ts';

const TITLES: Readonly<Record<Chooser['purpose'], string>> = {
  palette: 'Palette',
  actions: 'What can be done here',
  observer: 'Whose view: what each node says',
  context: 'Another cluster',
  copy: 'Copy',
};

const NONE: Readonly<Record<Chooser['purpose'], string>> = {
  palette: 'nothing is called so',
  actions: 'nothing can be done here',
  observer: 'no such node',
  context: 'no other cluster: sqlcc context add makes one known here',
  copy: 'nothing is selected',
};

/** One row, or as many as its words and its note need where it is to be read `whole`. */
function entryLines(
  entry: Entry,
  view: View,
  row: { isChosen: boolean; whole: boolean; width: number },
): Line[] {
  const { isChosen, whole, width } = row;
  const wide = Math.min(46, Math.floor(width * 0.55));
  const rest = Math.max(8, width - wide - 5);
  const isClosed = entry.note.includes('closed: ');
  const [token, noteToken] = [
    isClosed ? 'muted' : isChosen ? 'title' : 'plain',
    isClosed ? 'warning' : 'muted',
  ] as const;
  const [words, note] = [clean(entry.words), clean(entry.note)];
  const left = whole ? wrapWords([span(words)], wide).map(textOf) : [words];
  const right = whole ? wrapWords([span(note)], rest).map(textOf) : [cut(note, rest)];
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) => [
    span(isChosen ? `${view.symbols.bar} ` : '  ', 'focus'),
    span(fitText(left[i] ?? '', wide), token),
    span(' '),
    span(i === 0 && entry.acts ? '! ' : '  ', entry.acts ? 'critical' : 'plain'),
    span(right[i] ?? '', noteToken),
  ]);
}

/** What `!` means is said where there is one. */
function hintOf(isNarrow: boolean, acts: boolean): string {
  const keys = isNarrow ? '↑↓ Enter Esc' : '↑↓ choose  Enter take it  Esc close';
  if (!acts) return keys;
  return `${keys}   ! = ${isNarrow ? '' : 'acts: '}asks first, ${keyOf('ack')} at once`;
}

export function chooserText(chooser: Chooser, view: View, room: DialogRoom): DialogText {
  const entries = choices(view.model, chooser);
  const at = Math.min(chooser.at, entries.length - 1);
  const rows = Math.max(1, room.rows - 2);
  const whole = chooser.purpose === 'actions';
  const blocks = entries.map((entry, i) =>
    entryLines(entry, view, { isChosen: i === at, whole: whole || i === at, width: room.width }),
  );
  // the middle of the box is the selected one, and all of it is seen
  const top = blocks.slice(0, Math.max(0, at)).reduce((sum, block) => sum + block.length, 0);
  const all = blocks.flat();
  const middle = Math.min(all.length - rows, top - Math.floor(rows / 2));
  const first = Math.max(0, middle, Math.min(top, top + (blocks[at]?.length ?? 1) - rows));
  const lines = all.slice(first, first + rows);
  const prompt: Line = [
    span(chooser.purpose === 'palette' ? ': ' : '/ ', 'key'),
    span(`${clean(chooser.text)}${view.symbols.cursor}`),
    span(
      chooser.text === '' && chooser.purpose === 'palette' ? '  failover n2, node n3, filter lag>500 …' : '',
      'muted',
    ),
    span(chooser.note ? `  ${chooser.note}` : '', 'warning'),
  ];
  return {
    title: [span(TITLES[chooser.purpose], 'title')],
    lines: [prompt, ...(lines.length > 0 ? lines : [[span(NONE[chooser.purpose], 'muted')]])],
    edge: 'focus',
    hint: hintOf(
      room.width < NARROW,
      entries.some((entry) => entry.acts),
    ),
  };
}
