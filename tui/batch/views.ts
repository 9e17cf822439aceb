/** Views of the screen as texts: the same panes, below each other and whole, without charts. */
import { clean } from '../format/width.ts';
import { tierOf } from '../layout.ts';
import type { PaneSpec, Room } from '../lines/body.ts';
import type { View } from '../lines/view.ts';
import { configPanes } from '../lines/views/config.ts';
import { aboutNode } from '../lines/views/node.ts';
import { metricsPane } from '../lines/views/node-metrics.ts';
import { operationsPanes } from '../lines/views/operations.ts';
import { raftPanes } from '../lines/views/raft.ts';
import { linksPane } from '../lines/views/raft-figures.ts';
import { answerOf, subjectNode } from '../model/lists.ts';
import { shown } from '../model/selectors.ts';
import { span, textOf } from '../theme/tokens.ts';
import { paneSection } from './section.ts';

/** Where a text draws: no row is the last one. */
function roomOf(cells: number): Room {
  return { columns: cells - 2, rows: Number.POSITIVE_INFINITY, tier: tierOf(cells), boxed: false };
}

/** Terms, elections, the newest of them or the one under way step by step, and who hears whom. */
export function raftText(view: View, cells: number): string[] {
  // a filter chooses from the table of nodes above
  const all: View = { ...view, model: { ...view.model, filter: { ...view.model.filter, text: '' } } };
  const [terms, elections, steps] = raftPanes(all, roomOf(cells));
  const links = linksPane(all, roomOf(cells));
  return [
    ...paneSection(terms, 'TERMS', cells),
    ...paneSection(elections, 'ELECTIONS', cells),
    ...paneSection(steps, titleOf(steps), cells),
    ...paneSection(links, titleOf(links).replace('→', 'to'), cells),
  ];
}

/** As the other titles of a text. */
function titleOf({ title }: PaneSpec): string {
  return textOf(title)
    .trimEnd()
    .replace(/^\w+/, (word) => word.toUpperCase());
}

export function configText(view: View, cells: number): string[] {
  const [versions, diff] = configPanes(view, roomOf(cells));
  return [...paneSection(versions, titleOf(versions), cells), ...paneSection(diff, titleOf(diff), cells)];
}

export function operationsText(view: View, cells: number): string[] {
  const [operations, phases] = operationsPanes(view, roomOf(cells));
  const isEmpty = answerOf(shown(view.model), 'operations')?.value != null && phases.lines.length === 0;
  // the screen names the keys that begin one
  const none = view.model.filter.text === '' ? 'none so far' : 'none matches the filter';
  const list = isEmpty ? { ...operations, lines: [[span(none, 'muted')]] } : operations;
  return [
    ...paneSection(list, titleOf(list), cells),
    ...(phases.lines.length === 0 ? [] : paneSection(phases, textOf(phases.title), cells)),
  ];
}

export function nodeText(view: View, cells: number): string[] {
  const id = subjectNode(view.model);
  const row = shown(view.model).status?.nodes.find((n) => n.node_id === id);
  if (id === null || row === undefined) return ['', `no node ${clean(id ?? '?')} in this cluster`];
  const about = aboutNode(row, view);
  return [
    ...paneSection(about, textOf(about.title), cells),
    ...paneSection(metricsPane(view, id, cells), 'METRICS', cells),
  ];
}
