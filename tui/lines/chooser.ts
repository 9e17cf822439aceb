/** A list to choose from: palette, actions of this place, whose view. */
import { clean, cut, fitText } from '../format/width.ts';
import { choices, type Entry } from '../model/chooser.ts';
import type { Chooser } from '../model/model.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
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

function entryLine(entry: Entry, isChosen: boolean, view: View, width: number): Line {
  const wide = Math.min(46, Math.floor(width * 0.55));
  const isClosed = entry.note.includes('closed: ');
  return [
    span(isChosen ? `${view.symbols.bar} ` : '  ', 'focus'),
    span(fitText(clean(entry.words), wide), isClosed ? 'muted' : isChosen ? 'title' : 'plain'),
    span(' '),
    span(entry.acts ? '! ' : '  ', entry.acts ? 'critical' : 'plain'),
    span(cut(clean(entry.note), Math.max(0, width - wide - 5)), isClosed ? 'warning' : 'muted'),
  ];
}

export function chooserText(chooser: Chooser, view: View, room: DialogRoom): DialogText {
  const entries = choices(view.model, chooser);
  const at = Math.min(chooser.at, entries.length - 1);
  const rows = Math.max(1, room.rows - 2);
  const first = Math.max(0, Math.min(entries.length - rows, at - Math.floor(rows / 2)));
  const lines = entries
    .slice(first, first + rows)
    .map((entry, i) => entryLine(entry, first + i === at, view, room.width));
  const prompt: Line = [
    span(chooser.purpose === 'palette' ? ': ' : '/ ', 'key'),
    span(`${clean(chooser.text)}${view.symbols.cursor}`),
    span(
      chooser.text === '' && chooser.purpose === 'palette' ? '  failover n2, node n3, filter lag>500 …' : '',
      'muted',
    ),
  ];
  return {
    title: [span(TITLES[chooser.purpose], 'title')],
    lines: [prompt, ...(lines.length > 0 ? lines : [[span(NONE[chooser.purpose], 'muted')]])],
    edge: 'focus',
    hint: '↑↓ choose  Enter take it  Esc close   ! = may change the cluster, and asks first',
  };
}
