/** Help, made from the keymap: the keys that work in this view. */

import { clean, fitText } from '../format/width.ts';
import { keyOf } from '../key-names.ts';
import { bindingsOf, type Group } from '../keymap.ts';
import { viewSpec } from '../model/views.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogText } from './dialog-parts.ts';
import type { View } from './view.ts';

const GROUPS: readonly Group[] = ['ACT', 'VIEW', 'FIND', 'LOOK', 'TIME', 'OUT', 'MOVE', 'APP'];

/** Every key that works now, grouped; what is closed says why. */
export function helpText(view: View, scroll: number): DialogText {
  const lines = GROUPS.flatMap((group) =>
    bindingsOf('main', view.model.view)
      .filter((b) => b.group === group)
      .map((b, i): Line => {
        const why = b.disabled?.(view.model) ?? null;
        return [
          span(fitText(i === 0 ? group : '', 6), 'muted'),
          span(fitText(b.label, 9), b.level === undefined ? 'key' : 'critical'),
          span(b.help, why === null ? 'plain' : 'muted'),
          span(why === null ? '' : ` (closed: ${clean(why)})`, 'warning'),
        ];
      }),
  );
  const rules = [
    'Only capital letters can change the cluster. They ask first,',
    `but ${keyOf('ack')}, and ${keyOf('unsilence')} behind a change, act at once.`,
  ].map((text): Line => [span(text, 'muted')]);
  return {
    title: [
      span(`Help ${view.symbols.dot} ${viewSpec(view.model.view).title}`, 'title'),
      span(' keys that work here', 'muted'),
    ],
    lines: [...lines, ...rules].slice(Math.min(scroll, lines.length)),
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}
