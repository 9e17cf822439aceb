/** Help, made from the keymap: the keys that work in this view. */

import { clean, fitText } from '../format/width.ts';
import { keyOf } from '../key-names.ts';
import { bindingsOf, type Group } from '../keymap.ts';
import { fieldsOf } from '../model/filter-fields.ts';
import { viewSpec } from '../model/views.ts';
import { type Line, span, wrapWords } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
import type { View } from './view.ts';

const GROUPS: readonly Group[] = ['ACT', 'VIEW', 'FIND', 'LOOK', 'TIME', 'OUT', 'MOVE', 'APP'];

const GROUP_CELLS = 6;
const KEY_CELLS = 9;

/** Every key that works now, grouped; what is closed says why. */
export function helpText(view: View, scroll: number, { width }: DialogRoom): DialogText {
  const lines = GROUPS.flatMap((group) =>
    bindingsOf('main', view.model.view)
      .filter((b) => b.group === group)
      .flatMap((b, i): Line[] => {
        const why = b.disabled?.(view.model) ?? null;
        const fields = b.id === 'filter' ? fieldsOf(view.model.view) : null;
        const words: Line = [
          span(fields === null ? b.help : `${b.help}  here: ${fields}`, why === null ? 'plain' : 'muted'),
          span(why === null ? '' : ` (closed: ${clean(why)})`, 'warning'),
        ];
        // the reason is the purpose of the line: it is not cut
        return wrapWords(words, Math.max(10, width - GROUP_CELLS - KEY_CELLS)).map((row, at) => [
          span(fitText(i + at === 0 ? group : '', GROUP_CELLS), 'muted'),
          span(fitText(at === 0 ? b.label : '', KEY_CELLS), b.level === undefined ? 'key' : 'critical'),
          ...row,
        ]);
      }),
  );
  const atOnce = `${keyOf('ack')}, and ${keyOf('unsilence')} behind a change, act at once`;
  const rule = `Only capital letters can change the cluster. They ask first, but ${atOnce}.`;
  const all = [...lines, ...wrapWords([span(rule, 'muted')], width)];
  return {
    title: [
      span(`Help ${view.symbols.dot} ${viewSpec(view.model.view).title}`, 'title'),
      span(' keys that work here', 'muted'),
    ],
    lines: all,
    scroll,
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}
