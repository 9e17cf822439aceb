/** Operations, the running one first, and the phases of the selected one as they come. */

import type { OperationView } from '../../feed/wire.ts';
import { namesIn } from '../../format/names.ts';
import { cellWidth, clean, fitText } from '../../format/width.ts';
import { span as lasted, type Moments, momentsIn } from '../../format/words.ts';
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
import { nodeNames } from '../node-table.ts';
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

type Way = (operation: OperationView) => string;

function endsOf({ from, to }: OperationView): string[] {
  return [from, to].filter((n): n is string => n !== null).map(clean);
}

/** From whom to whom, for rows that have so many cells for both names and what is between them. */
function waysOf(rows: readonly OperationView[], cells: number, view: View): { way: Way; cells: number } {
  const between = ` ${view.symbols.arrow} `;
  const names = namesIn(rows.flatMap(endsOf), Math.floor((cells - cellWidth(between)) / 2), 2);
  const way: Way = (operation) => endsOf(operation).map(names.short).join(between);
  return { way, cells: rows.reduce((most, o) => Math.max(most, cellWidth(way(o))), LEAST_WAY_CELLS) };
}

/** Its two ends are told apart in the first letters. */
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

function kindWord({ kind }: OperationView): string {
  return KINDS[kind] ?? clean(kind);
}

/** The daemon's own word, by which events and commands call it, where the list has a shorter one. */
function ownWord({ kind }: OperationView): Line[] {
  return KINDS[kind] === undefined ? [] : [[span(`in events: ${clean(kind)}`, 'muted')]];
}
const LEAST_WAY_CELLS = 3;
/** Of a line the way takes no more than this. */
const WAY_SHARE = 0.3;

function beganAt({ phases }: OperationView): string {
  return phases[0]?.at ?? '';
}

function line(operation: OperationView, way: string, times: Moments): Line {
  return [
    span(`${times.text(beganAt(operation))} `, 'muted'),
    span(`${fitText(operation.state, 9)} `, STATE[operation.state] ?? 'plain'),
    span(`${fitText(kindWord(operation), KIND_CELLS)} `, 'title'),
    span(`${way} `),
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
  const { way, cells } = waysOf(rows, Math.floor(listWidth(room) * WAY_SHARE), view);
  // a very small screen has room for both names rather than for seconds
  const times = momentsIn(rows.map(beganAt), model.now, room.tier === 'tiny');
  const began = fitText('BEGAN', times.cells);
  const head: Line = [
    span(
      `${began} STATE     ${fitText('KIND', KIND_CELLS)} ${fitText('WAY', cells)}     TOOK  WHO, WHY`,
      'muted',
    ),
  ];
  return {
    pane: 'operations',
    title,
    ...(room.tier === 'tiny' ? {} : { heading: head }),
    lines: rows.map((o) => line(o, fitText(way(o), cells), times)),
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

const NAME_CELLS = 20;
const LEAST_NAME_CELLS = 6;

function side(view: View): PaneSpec {
  const { model } = view;
  const rows = operationRows(model);
  const chosen = selectedOf(model, rows, (o) => o.id, 'operations');
  const { focused, scroll } = model.side;
  if (chosen === undefined) return { pane: 'phases', title: [span('Phases', 'title')], lines: [], focused };
  const names = nodeNames(chosen.candidates, NAME_CELLS, LEAST_NAME_CELLS);
  const candidates = chosen.candidates.map(
    (c): Line => [
      span('  '),
      span(`${names.fit(clean(c.node_id))} `, 'title'),
      span(c.eligible ? 'yes ' : 'no  ', c.eligible ? 'ok' : 'muted'),
      span(c.reasons.map(clean).join('; '), 'muted'),
    ],
  );
  return {
    pane: 'phases',
    title: [
      span(`${kindWord(chosen)} `, 'title'),
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
      ...ownWord(chosen),
    ],
    focused,
    scroll,
  };
}

const LIST_SHARE = 0.62;

function listWidth({ tier, columns }: Room): number {
  return tier === 'full' ? Math.floor(columns * LIST_SHARE) : columns;
}

/** The operations, and the phases of the selected one. */
export function operationsPanes(view: View, room: Room): readonly [PaneSpec, PaneSpec] {
  return [list(view, room), side(view)];
}

export function operationsView(view: View, room: Room): BandRows[] {
  const specs = operationsPanes(view, room);
  // the reason is to be read in the list
  if (room.tier === 'full') return [beside([...specs], LIST_SHARE, room.rows, { view, room })];
  return listAndSide(...specs, view, room);
}
