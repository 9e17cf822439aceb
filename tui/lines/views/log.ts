/** The newest lines of one node's log. */
import { clean, fitText } from '../../format/width.ts';
import { timeWords } from '../../format/words.ts';
import { keyOf, pairOf } from '../../key-names.ts';
import { answerOf, cursorAt, logRows, subjectNode, unmatched } from '../../model/lists.ts';
import { follows } from '../../model/navigate.ts';
import { shown } from '../../model/selectors.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import { type BandRows, emptiness, outdated, type PaneSpec, type Room, stack } from '../body.ts';
import type { View } from '../view.ts';

const LEVEL: Readonly<Record<string, Token>> = { ERROR: 'critical', WARN: 'warning', DEBUG: 'muted' };

export function logPane(view: View): PaneSpec {
  const { model, symbols } = view;
  const node = subjectNode(model);
  const rows = logRows(model);
  const answer = node === null ? undefined : answerOf(shown(model), 'log', node);
  const level = model.eventLevel === 'info' ? [] : [`${model.eventLevel} and worse`];
  const stands = follows(model) ? `follows ${symbols.live}` : 'stands';
  const facts = ['', 'newest first', ...level, stands, `${pairOf('left', 'right')} other node`].join(
    ` ${symbols.dot} `,
  );
  const title: Line = [
    span(`Log of ${clean(node ?? '?')}`, 'title'),
    span(facts, 'muted'),
    ...outdated(answer),
  ];
  const isCut = model.filter.text !== '' || model.eventLevel !== 'info';
  const none = emptiness(
    answer,
    rows.length,
    isCut ? unmatched(model, `no line matches: ${keyOf('back')} shows all again`) : 'no line yet',
  );
  if (none !== null) return { pane: 'log', title, lines: none, focused: true };
  return {
    pane: 'log',
    title,
    lines: rows.map(
      ({ line }): Line => [
        span(`${timeWords(line.at, model.timeFormat, model.now, true)} `, 'muted'),
        span(`${fitText(clean(line.level), 5)} `, LEVEL[line.level] ?? 'info'),
        span(`${clean(line.event)} `, 'title'),
        span(clean(line.text)),
      ],
    ),
    selected: cursorAt(
      model,
      rows.map((r) => r.key),
      'log',
    ),
    focused: true,
    wrap: model.wrap,
  };
}

export function logView(view: View, room: Room): BandRows[] {
  return stack([[logPane(view), room.rows]], view, room);
}
