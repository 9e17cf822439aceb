/** The last line: the filter while it is written, a toast, or the keys that matter here, from the keymap. */

import { clean } from '../format/width.ts';
import { keyOf, pairOf } from '../key-names.ts';
import { type Binding, bindingsOf, type CommandId } from '../keymap.ts';
import type { Layout } from '../layout.ts';
import { wrongFilter } from '../model/filter-fields.ts';
import { cursorAt, rowKeys } from '../model/lists.ts';
import { openAlerts, shown, visibleNodes } from '../model/selectors.ts';
import { subjectOf } from '../model/subject.ts';
import { noAnswerOf } from '../model/under-bar.ts';
import type { ViewId } from '../model/views.ts';
import { closedNow } from '../model/works-now.ts';
import { fitLine, type Line, lineWidth, span, spread, wrapWords } from '../theme/tokens.ts';
import { healthWords } from './health.ts';
import type { View } from './view.ts';

/** Most wanted first; what does not fit is left out from the end. */
const FOOTER: Readonly<Partial<Record<ViewId, readonly CommandId[]>>> = {
  topology: [
    ...(['failover', 'maintenance', 'explain', 'actions', 'detail', 'filter', 'palette'] as const),
    ...(['quit', 'second-back', 'observer'] as const),
  ],
  raft: ['detail', 'jump', 'failover', 'step-down', 'second-back', 'palette', 'quit'],
  alerts: [
    'ack',
    'silence',
    'unsilence',
    'explain',
    'detail',
    'firing-only',
    'jump',
    'filter',
    'palette',
    'quit',
  ],
  config: [
    'apply-config',
    'roll-back',
    'undo-config',
    'keep-config',
    'detail',
    'whole-config',
    'filter',
    'palette',
    'quit',
  ],
  events: ['detail', 'follow', 'level', 'jump', 'filter', 'second-back', 'palette', 'quit'],
  log: ['follow', 'level', 'filter', 'jump', 'second-back', 'palette', 'quit'],
  operations: ['detail', 'cancel-operation', 'failover', 'filter', 'palette', 'quit'],
  fleet: ['detail', 'filter', 'palette', 'quit'],
  node: [
    'back',
    'failover',
    'explain',
    'actions',
    'maintenance',
    'log-of-node',
    'palette',
    'second-back',
    'quit',
  ],
};

/** What is wanted first where the picture is not of now, and what the key does there. */
function wayBack({ connection, frozen, past }: View['model']): readonly (readonly [CommandId, string])[] {
  return [
    ...(connection.kind === 'lost' ? [['reconnect', 'other node'] as const] : []),
    ...(past === null ? [] : [['last', 'live'] as const]),
    ...(frozen === null || past !== null ? [] : [['freeze', 'live'] as const]),
  ];
}

/** They lead to everything else, or out: they stand beside help at any width, and others give way. */
const ALWAYS: ReadonlySet<CommandId> = new Set(['filter', 'palette', 'quit']);
/** Below, signs alone stand there. */
const WORDS_FROM = 80;
/** Below, nothing is said of arrows: who lacks room for words is not to lose one on what everybody tries. */
const ARROWS_FROM = 110;

/** What the key would do with the node under the bar. */
function direction(id: CommandId, model: View['model']): string {
  const node = id === 'maintenance' ? subjectOf(model) : undefined;
  if (node === undefined) return '';
  return node.maintenance === null ? ' on' : ' off';
}

/** The bar is on a cluster that does not answer, and Enter stays here. */
function isShut(model: View['model']): boolean {
  const [keys, isFleet] = [rowKeys(model), model.view === 'fleet'];
  return isFleet && noAnswerOf(model, keys[cursorAt(model, keys)] ?? '') !== null;
}

/** What works here, the most wanted first: why another is closed is said by its key and in the menu. */
function openHere(model: View['model']): readonly Binding[] {
  const all = bindingsOf('main', model.view);
  // what is closed for a moment, because its row has just come under the bar, does not come and go
  const settled = { ...model, underBar: null };
  return (FOOTER[model.view] ?? []).flatMap((id) => {
    const binding = all.find((b) => b.id === id);
    if (binding?.short === undefined || (id === 'detail' && isShut(model))) return [];
    return closedNow(binding, settled) === null ? [binding] : [];
  });
}

function hints(view: View, cells: number): Line {
  const { model } = view;
  const open = openHere(model);
  const listed = [
    ...wayBack(model).map(([id, words]) => ({ id, words })),
    ...open.map(({ id, short }) => ({ id, words: `${short ?? ''}${direction(id, model)}` })),
  ].map(({ id, words }) => ({ id, sign: span(keyOf(id), 'key'), words: span(` ${words}`) }));
  const right: Line = [
    ...listed
      .filter((l) => ALWAYS.has(l.id))
      .flatMap(({ sign, words }) => [sign, ...(cells >= WORDS_FROM ? [words] : []), span('  ')]),
    span(keyOf('help'), 'key'),
    span(' help '),
  ];
  // the view of a node has no rows to choose from: its text moves
  const move = model.view === 'node' ? ' scroll' : ' select';
  const isStill = model.view !== 'node' && rowKeys(model).length === 0;
  let out: Line =
    cells < ARROWS_FROM || isStill ? [] : [span(' '), span(pairOf('up', 'down', true), 'key'), span(move)];
  for (const { sign, words } of listed.filter((l) => !ALWAYS.has(l.id))) {
    const next: Line = [...out, span(out.length === 0 ? ' ' : '  '), sign, words];
    if (lineWidth(next) + lineWidth(right) + 2 > cells) break;
    out = next;
  }
  return spread(out, right, cells);
}

/** That nothing can be written stands before why; of what is less grave the reason alone. */
function summary({ model }: View): Line {
  const { status } = shown(model);
  if (status === null) return [];
  const [what, [first]] = healthWords(status);
  if (status.cluster.health === 'critical')
    return [span(`${what}: `, 'critical'), span(first ?? '', 'warning')];
  if (first !== undefined) return [span(first, 'warning')];
  return model.past === null ? [span('healthy', 'ok')] : [];
}

/** Alerts and reasons in a few words, for screens without a pane for them. */
function tinySummary(view: View, cells: number): Line {
  const open = openAlerts(shown(view.model)).length;
  const left: Line = [...(open > 0 ? [span(`!!${open} `, 'critical')] : []), ...summary(view)];
  const back = wayBack(view.model).map(([id]) => keyOf(id));
  const acts = openHere(view.model).flatMap((b) => (b.level === undefined ? [] : b.label));
  // all of one node has no rows that a filter could choose from
  const filter = view.model.view === 'node' ? [] : [keyOf('filter')];
  const keys = [...back, ...acts, ...filter, keyOf('quit'), ''].join(' ');
  return spread(left, [span(keys), span(keyOf('help'), 'key'), span('help')], cells);
}

/** The whole toast: as many lines as it needs; none while something else has the last line. */
export function toastLines({ model }: View, cells: number): readonly Line[] {
  const { toast } = model;
  if (toast === null || model.overlay !== null || model.filter.editing) return [];
  const token = toast.level === 'warning' ? 'warning' : 'focus';
  return wrapWords([span(clean(toast.text), token)], cells - 2).map((line) =>
    fitLine([span(' '), ...line], cells),
  );
}

export function footer(view: View, layout: Layout, hint: string | null): Line {
  const { model } = view;
  const cells = layout.columns;
  if (hint !== null) return fitLine([span(` ${hint}`, 'muted')], cells);
  if (model.filter.editing) {
    const matches =
      model.view === 'topology'
        ? `${visibleNodes(model).length} of ${shown(model).status?.nodes.length ?? 0}`
        : `${rowKeys(model).length} match`;
    const wrong = wrongFilter(model.view, model.filter.text);
    const left: Line = [span(' / ', 'key'), span(`${clean(model.filter.text)}${view.symbols.cursor}`)];
    return spread(
      left,
      [
        span(wrong === null ? matches : clean(wrong), wrong === null ? 'muted' : 'warning'),
        span('  Enter keep  Esc clear ', 'muted'),
      ],
      cells,
    );
  }
  const told = model.toast?.isAbove === true ? undefined : toastLines(view, cells).at(-1);
  if (told !== undefined) return told;
  return layout.tier === 'tiny' ? tinySummary(view, cells) : hints(view, cells);
}
