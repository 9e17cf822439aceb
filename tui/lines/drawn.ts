/** The boundary around drawing: what could not be drawn costs a sentence, not the picture or the terminal. */
import { clean } from '../format/width.ts';
import { keyOf } from '../key-names.ts';
import { layoutOf } from '../layout.ts';
import { fitLine, type Line, span } from '../theme/tokens.ts';
import { type Screen, screenOf } from './screen.ts';
import type { View } from './view.ts';

function sentence(error: unknown): Line {
  const why = clean(error instanceof Error ? error.message : String(error));
  return [
    span(' !! this could not be drawn: ', 'critical'),
    span(`${why}; another view may be, and ${keyOf('quit')} leaves`),
  ];
}

/** The screen of `view`; where it can't be drawn the one `before` of that size, with the reason below it. */
export function drawn(view: View, columns: number, rows: number, before: Screen | null): Screen {
  try {
    return screenOf(view, columns, rows);
  } catch (error) {
    const foot = { line: fitLine(sentence(error), columns) };
    const isSameSize = before?.layout.columns === columns && before.layout.rows === rows;
    if (before !== null && isSameSize) return { ...before, overlay: null, foot, isUndrawn: true };
    const layout = layoutOf({ columns, rows, nodes: 1, focus: 'nodes', hasNotice: false });
    return { layout, head: [], bands: [], foot, overlay: null, mostShift: 0, mostScroll: 0, isUndrawn: true };
  }
}
