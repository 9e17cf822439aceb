/** Operations, the running one first, and the phases of the selected one as they come. */

import type { OperationView } from '../../feed/wire.ts';
import { cellWidth, clean, fitText } from '../../format/width.ts';
import { clockTime, span as lasted } from '../../format/words.ts';
import { keyOf } from '../../key-names.ts';
import { answerOf, cursorAt, operationRows, selectedOf, unmatched } from '../../model/lists.ts';
import { shown } from '../../model/selectors.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import { phaseLines } from '../action-dialog.ts';
import {
  type BandRows,
  beside,
  emptiness,
  listAndSide,
  ofAnybody,
  outdated,
  type PaneSpec,
  type Room,
} from '../body.ts';
import type { View } from '../view.ts';

const STATE: Readonly<Record<OperationView['state'], Token>> = {
  running: 'candidate',
  done: 'ok',
  failed: 'critical',
  cancelled: 'muted',
  unknown: 'warning',
};

function took(operation: OperationView): string {
  const measured = operation.phases.map((p) => p.elapsed_ms).filter((ms): ms is number => ms !== null);
  return measured.length === 0 ? '—' : lasted(measured.reduce((a, b) => a + b, 0));
}

function wayOf(operation: OperationView, view: View): string {
  const ends = [operation.from, operation.to].filter((n): n is string => n !== null).map(clean);
  return ends.join(` ${view.symbols.arrow} `);
}

/** Its two ends are told apart in the first letters; the whole name is beside the list. */
const KINDS: Readonly<Record<string, string>> = {
  ...{ 'maintenance-enable': 'maint on', 'maintenance-disable': 'maint off' },
  ...{ 'drain-enable': 'drain on', 'drain-disable': 'drain off' },
  ...{
    'remove-node': 'remove',
    'replace-node': 'replace',
    'replace-voter': 'replace',
    'config-update': 'config',
  },
};
const KIND_CELLS = 11;
const MOST_WAY_CELLS = 13;

/** Cells of the widest way among these rows. */
function wayCells(rows: readonly OperationView[], view: View): number {
  return rows.reduce((most, o) => Math.max(most, cellWidth(wayOf(o, view))), 3);
}

function line(operation: OperationView, view: View, way: number): Line {
  const began = operation.phases[0]?.at;
  return [
    span(`${began === undefined ? '--:--:--' : clockTime(began)} `, 'muted'),
    span(`${fitText(operation.state, 9)} `, STATE[operation.state] ?? 'plain'),
    span(`${fitText(KINDS[operation.kind] ?? clean(operation.kind), KIND_CELLS)} `, 'title'),
    span(`${fitText(wayOf(operation, view), way)} `),
    span(`${fitText(took(operation), 8, 'right')}  `),
    span(`${clean(operation.actor)} `),
    span(clean(operation.reason), 'muted'),
  ];
}

function list(view: View, room: Room): PaneSpec {
  const { model } = view;
  const rows = operationRows(model);
  const answer = answerOf(shown(model), 'operations');
  const running = rows.filter((o) => o.state === 'running').length;
  const title: Line = [
    span('Operations ', 'title'),
    span(running === 0 ? 'none runs' : `${running} running`, running === 0 ? 'muted' : 'candidate'),
    ...outdated(answer),
    ...ofAnybody(view),
  ];
  const isCut = model.filter.text !== '';
  const none = emptiness(
    answer,
    rows.length,
    isCut
      ? unmatched(model, 'none matches the filter')
      : `none so far: ${keyOf('failover')} or ${keyOf('step-down')} begins one`,
  );
  if (none !== null) return { pane: 'operations', title, lines: none, focused: true };
  const way = Math.min(MOST_WAY_CELLS, wayCells(rows, view));
  const head: Line = [
    span(
      `BEGAN    STATE     ${fitText('KIND', KIND_CELLS)} ${fitText('WAY', way)}     TOOK  WHO, WHY`,
      'muted',
    ),
  ];
  return {
    pane: 'operations',
    title,
    ...(room.tier === 'tiny' ? {} : { heading: head }),
    lines: rows.map((o) => line(o, view, way)),
    selected: cursorAt(
      model,
      rows.map((o) => o.id),
      'operations',
    ),
    focused: !model.side.focused,
  };
}

/** Who asked for it and why: in the list the reason may be cut. */
function whoLines({ actor, reason }: OperationView): Line[] {
  const why = reason === '' ? '' : `: ${clean(reason)}`;
  return [[span(`by ${clean(actor)}${why}`, 'muted')]];
}

function side(view: View): PaneSpec {
  const { model } = view;
  const rows = operationRows(model);
  const chosen = selectedOf(model, rows, (o) => o.id, 'operations');
  const { focused, scroll } = model.side;
  if (chosen === undefined) return { pane: 'phases', title: [span('Phases', 'title')], lines: [], focused };
  const candidates = chosen.candidates.map(
    (c): Line => [
      span('  '),
      span(fitText(clean(c.node_id), 7), 'title'),
      span(c.eligible ? 'yes ' : 'no  ', c.eligible ? 'ok' : 'muted'),
      span(c.reasons.map(clean).join('; '), 'muted'),
    ],
  );
  return {
    pane: 'phases',
    title: [
      span(`${clean(chosen.kind)} `, 'title'),
      span(`${clean(chosen.id)} `, 'muted'),
      span(chosen.state, STATE[chosen.state] ?? 'plain'),
    ],
    lines: [
      ...whoLines(chosen),
      ...phaseLines(chosen, view),
      ...(chosen.error === null ? [] : [[span(clean(chosen.error), 'critical')] as Line]),
      ...(chosen.state === 'running'
        ? [
            [
              span(keyOf('cancel-operation'), 'key'),
              span(' cancels it while nothing of it has begun', 'muted'),
            ] as Line,
          ]
        : []),
      ...(candidates.length === 0
        ? []
        : [[], [span('who could have led, and why', 'muted')] as Line, ...candidates]),
      [],
      [span(`Same as: sqlcc op show ${clean(chosen.id)}`, 'muted')],
    ],
    focused,
    scroll,
  };
}

const LIST_SHARE = 0.62;

export function operationsView(view: View, room: Room): BandRows[] {
  const specs = [list(view, room), side(view)] as const;
  // the reason is to be read in the list
  if (room.tier === 'full') return [beside([...specs], LIST_SHARE, room.rows, { view, room })];
  return listAndSide(...specs, view, room);
}
