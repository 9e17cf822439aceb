/** Help, made from the keymap: the keys that work in this view now, and apart from them the closed ones. */

import { clean, fitText } from '../format/width.ts';
import { keyOf } from '../key-names.ts';
import { type Binding, bindingsOf, type Group } from '../keymap.ts';
import { fieldsOf } from '../model/filter-fields.ts';
import { viewSpec } from '../model/views.ts';
import { closedNow } from '../model/works-now.ts';
import { type Line, span, wrapWords } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
import type { View } from './view.ts';

const GROUPS: readonly Group[] = ['ACT', 'VIEW', 'FIND', 'LOOK', 'TIME', 'OUT', 'MOVE', 'APP'];

const GROUP_CELLS = 6;
const KEY_CELLS = 9;

interface Shown {
  readonly binding: Binding;
  /** Null = it works now. */
  readonly why: string | null;
}

/** The keys in their groups, each with what it does, or why it does nothing now. */
function keyLines(keys: readonly Shown[], view: View, width: number): Line[] {
  return GROUPS.flatMap((group) =>
    keys
      .filter(({ binding }) => binding.group === group)
      .flatMap(({ binding: b, why }, i): Line[] => {
        const fields = b.id === 'filter' ? fieldsOf(view.model.view) : null;
        const words: Line = [
          span(fields === null ? b.help : `${b.help}  here: ${fields}`, why === null ? 'plain' : 'muted'),
          span(why === null ? '' : ` (${clean(why)})`, 'warning'),
        ];
        // the reason is the purpose of the line: it is not cut
        return wrapWords(words, Math.max(10, width - GROUP_CELLS - KEY_CELLS)).map((row, at) => [
          span(fitText(i + at === 0 ? group : '', GROUP_CELLS), 'muted'),
          span(fitText(at === 0 ? b.label : '', KEY_CELLS), b.level === undefined ? 'key' : 'critical'),
          ...row,
        ]);
      }),
  );
}

/** Every key that works now, grouped; below them the closed ones, and why. */
export function helpText(view: View, scroll: number, { width }: DialogRoom): DialogText {
  const keys = bindingsOf('main', view.model.view).map(
    (binding): Shown => ({ binding, why: closedNow(binding, view.model) }),
  );
  const open = keys.filter((k) => k.why === null);
  const closed = keys.filter((k) => k.why !== null);
  const head: Line[] = closed.length === 0 ? [] : [[], [span('closed now, and why', 'title')]];
  const lines = [...keyLines(open, view, width), ...head, ...keyLines(closed, view, width)];
  const atOnce = `${keyOf('ack')}, and ${keyOf('unsilence')} behind a change, act at once`;
  const rule = `Only capital letters can change the cluster. They ask first, but ${atOnce}.`;
  const all = [...lines, [], ...wrapWords([span(rule, 'muted')], width)];
  return {
    title: [
      span(`Help ${view.symbols.dot} ${viewSpec(view.model.view).title}`, 'title'),
      span(' keys that work now', 'muted'),
    ],
    lines: all,
    scroll,
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}
