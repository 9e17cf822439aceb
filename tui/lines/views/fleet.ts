/** Every cluster of the person's contexts, one line each, the sick ones first. */
import { plural } from '../../../src/base/index.ts';
import { clean } from '../../format/width.ts';
import { fleetLines, fleetRows, worstHealth } from '../../model/fleet.ts';
import { cursorAt, fleetEntries, unmatched } from '../../model/lists.ts';
import { type Line, span } from '../../theme/tokens.ts';
import { type BandRows, type PaneSpec, type Room, stack } from '../body.ts';
import type { View } from '../view.ts';

function list(view: View, room: Room): PaneSpec {
  const { model, symbols } = view;
  const entries = fleetEntries(model);
  const rows = fleetRows(entries);
  const worst = worstHealth(rows);
  const known = Math.max(1, model.contexts.length);
  const title: Line = [
    span('Fleet ', 'title'),
    span(`${plural(known, 'cluster')} ${symbols.dot} here: ${clean(model.contextName)}`, 'muted'),
    ...(model.past === null ? [] : [span(` ${symbols.dot} as of now: HISTORY does not apply`, 'suspect')]),
    ...(worst === 'healthy' || rows.length === 0 ? [] : [span(` ${symbols.dot} worst: ${worst}`, 'warning')]),
  ];
  if (rows.length === 0) {
    const words = unmatched(model, 'no cluster matches the filter');
    return { pane: 'fleet', title, lines: [[span(words, 'muted')]], focused: true };
  }
  const ages = new Map(entries.flatMap((e) => (e.ageMs == null ? [] : [[e.context, e.ageMs] as const])));
  const [heading, ...lines] = fleetLines(rows, room.columns - (room.boxed ? 3 : 1), { ages, symbols });
  return {
    pane: 'fleet',
    title,
    ...(heading === undefined ? {} : { heading }),
    lines: model.contexts.length > 0 ? lines : [...lines, ...ALONE],
    selected: cursorAt(
      model,
      rows.map((row) => row.context),
      'fleet',
    ),
    focused: true,
  };
}

/** Behind the one row of a fleet of one. */
const ALONE: readonly Line[] = [
  [],
  [span('one cluster only: sqlcc context add makes another known here', 'muted')],
];

export function fleetView(view: View, room: Room): BandRows[] {
  return stack([[list(view, room), room.rows]], view, room);
}
