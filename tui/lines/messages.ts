/** `m`: what the screen said, newest first. */
import { clean } from '../format/width.ts';
import { clockTime } from '../format/words.ts';
import { type Line, span, wrapWords } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
import type { View } from './view.ts';

const CLOCK_CELLS = 9;

export function messagesText({ model }: View, scroll: number, room: DialogRoom): DialogText {
  const lines = model.said.toReversed().flatMap(({ at, text, level, times }): Line[] => {
    const often = times === 1 ? '' : ` (${times} times)`;
    const token = level === 'warning' ? 'warning' : 'plain';
    const words = wrapWords([span(clean(text) + often, token)], room.width - 2 - CLOCK_CELLS);
    return words.map((line, i) => [
      span(i === 0 ? `${clockTime(at)} ` : ' '.repeat(CLOCK_CELLS), 'muted'),
      ...line,
    ]);
  });
  const none: Line = [span('nothing was said yet', 'muted')];
  return {
    title: [span('Messages', 'title'), span(' newest first', 'muted')],
    lines: lines.length === 0 ? [none] : lines,
    scroll,
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}
