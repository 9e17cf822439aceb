/** Operations, the running one first, and the phases of the selected one as they come. */

import type { OperationView } from '../../feed/wire.ts';
import { clean, fitText } from '../../format/width.ts';
import { clockTime, span as lasted } from '../../format/words.ts';
import { keyOf } from '../../key-names.ts';
import { answerOf, cursorAt, operationRows, selectedOf, unmatched } from '../../model/lists.ts';
import { shown } from '../../model/selectors.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import { phaseLines } from '../action-dialog.ts';
import {
  type BandRows,
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

function line(operation: OperationView, view: View): Line {
  const began = operation.phases[0]?.at;
  return [
    span(`${began === undefined ? '--:--:--' : clockTime(began)} `, 'muted'),
    span(`${fitText(operation.state, 9)} `, STATE[operation.state] ?? 'plain'),
    span(`${fitText(clean(operation.kind), 12)} `, 'title'),
    span(`${fitText(wayOf(operation, view), 9)} `),
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
  const head: Line = [
    span(`BEGAN    STATE     ${fitText('KIND', 12)} ${fitText('WAY', 9)}     TOOK  WHO, WHY`, 'muted'),
  ];
  return {
    pane: 'operations',
    title,
    ...(room.tier === 'tiny' ? {} : { heading: head }),
    lines: rows.map((o) => line(o, view)),
    selected: cursorAt(
      model,
      rows.map((o) => o.id),
      'operations',
    ),
    focused: !model.side.focused,
  };
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

export function operationsView(view: View, room: Room): BandRows[] {
  return listAndSide(list(view, room), side(view), view, room);
}
