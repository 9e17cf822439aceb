/** The picture as plain text: the same table and panes as the screen, without boxes, cursor or Ink. */

import { clean } from '../format/width.ts';
import { type Layout, tierOf } from '../layout.ts';
import { header } from '../lines/head.ts';
import { nodeLine, tableHeading, tableShape } from '../lines/node-table.ts';
import { alertsPane, electionsPane, eventLines, eventsPane, quorumPane } from '../lines/panes.ts';
import type { View } from '../lines/view.ts';
import { logPane } from '../lines/views/log.ts';
import { alertRows, happenings, subjectNode } from '../model/lists.ts';
import { visibleNodes } from '../model/selectors.ts';
import type { TextView } from '../options.ts';
import { toAscii } from '../theme/symbols.ts';
import { type Line, span, textOf } from '../theme/tokens.ts';
import { saidLines } from './said.ts';
import { section, whole } from './section.ts';
import { configText, nodeText, operationsText, raftText } from './views.ts';

export interface TextStyle {
  readonly cells: number;
  readonly view?: TextView | undefined;
  /** Only these columns of the node table. */
  readonly columns?: readonly string[] | undefined;
}

const FEW_ELECTIONS = 5;
const RAFT_COLUMNS = ['role', 'state', 'term', 'match', 'lag', 'replication', 'rtt'];

function table(view: View, style: TextStyle): string[] {
  const rows = visibleNodes(view.model);
  const shape = tableShape(rows, style.cells, style.columns);
  const plain = { isSelected: false, isStale: false };
  return [
    '',
    textOf(tableHeading(shape, style.cells)),
    ...rows.map((row) => textOf(nodeLine(row, shape, view, plain))),
  ];
}

/** As a file is read: the newest line is the last. */
function logLines(view: View, { cells }: TextStyle): string[] {
  const title = `LOG OF ${clean(subjectNode(view.model) ?? '?')}`;
  return section(title, logPane(view).lines.toReversed(), cells);
}

function nothing({ model }: View): Line[] {
  return [[span(`nothing matches ${clean(model.filter.text)}`, 'muted')]];
}

/** Those that the filter lets through; beside the table of nodes it chooses of that, and all alerts stand. */
function alertLines(view: View, { cells }: TextStyle): string[] {
  const { model } = view;
  const alerts = alertRows(model);
  const left: View = { ...view, model: { ...model, picture: { ...model.picture, alerts } } };
  const isCut = alerts.length === 0 && model.picture.alerts.length > 0;
  return whole('ALERTS', isCut ? nothing(view) : alertsPane(left).lines, cells);
}

function eventsText(view: View, { cells }: TextStyle): string[] {
  const { model } = view;
  if (model.filter.text === '') return section('EVENTS', eventsPane(view).lines, cells);
  const rows = eventLines(happenings(model).filter((row) => 'event' in row));
  return section('EVENTS', rows.length === 0 ? nothing(view) : rows, cells);
}

/** The view whose rows a filter chooses from in each text; null = it has none. */
export const ROWS_OF: Readonly<Record<TextView, TextView | null>> = {
  ...{ topology: 'topology', raft: 'topology', alerts: 'alerts', events: 'events', log: 'log' },
  ...{ config: 'config', operations: 'operations', node: null },
};

const BODIES: Readonly<Record<TextView, (view: View, style: TextStyle) => string[]>> = {
  topology: (view, style) => [
    ...table(view, style),
    ...whole('QUORUM', quorumPane(view).lines, style.cells),
    ...whole('ELECTIONS', electionsPane(view).lines.slice(0, FEW_ELECTIONS), style.cells),
    ...whole('ALERTS', alertsPane(view).lines, style.cells),
  ],
  raft: (view, style) => [
    ...table(view, { ...style, columns: style.columns ?? RAFT_COLUMNS }),
    ...whole('QUORUM', quorumPane(view).lines, style.cells),
    ...raftText(view, style.cells),
  ],
  alerts: alertLines,
  config: (view, { cells }) => configText(view, cells),
  operations: (view, { cells }) => operationsText(view, cells),
  node: (view, { cells }) => nodeText(view, cells),
  events: eventsText,
  log: logLines,
};

/** Lines without trailing blanks and without escape sequences. */
export function textPicture(view: View, style: TextStyle): string {
  const { cells } = style;
  const none = { rows: 0, headRows: 3 as const, bands: [], detailRows: 0, boxed: false };
  const layout: Layout = { tier: tierOf(cells), columns: cells, ...none };
  // the head names what is below it
  const asked: View = { ...view, model: { ...view.model, view: style.view ?? 'topology' } };
  const lines = [
    textOf(header(asked, layout)),
    ...saidLines(view, cells).map(textOf),
    ...BODIES[style.view ?? 'topology'](view, style),
  ];
  const trimmed = lines.map((l) => l.trimEnd()).join('\n');
  return `${view.symbols.ascii ? trimmed.split('\n').map(toAscii).join('\n') : trimmed}\n`;
}
