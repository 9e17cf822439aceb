/** What nodes did and what people did, in one order of time; below it all about the selected line. */
import type { Names } from '../../format/names.ts';
import { clean, fitText } from '../../format/width.ts';
import { age, timeWords, withLengths } from '../../format/words.ts';
import { keyOf } from '../../key-names.ts';
import { answerOf, cursorAt, type Happening, happenings, selectedOf, unmatched } from '../../model/lists.ts';
import { follows } from '../../model/navigate.ts';
import { shown } from '../../model/selectors.ts';
import { type Line, span } from '../../theme/tokens.ts';
import { type BandRows, outdated, type PaneSpec, type Room, stack } from '../body.ts';
import { nodeNames } from '../node-table.ts';
import { eventLineText, quietWords } from '../panes.ts';
import type { View } from '../view.ts';

/** Cells of the sign of an event and the blank before it: what people did has none. */
const SIGN_CELLS = 3;

function auditLine(row: Extract<Happening, { audit: unknown }>['audit'], time: string, names: Names): Line {
  const isRefused = /refused|failed|denied/.test(row.outcome);
  return [
    span(`${time} `, 'muted'),
    span(`${fitText('AUDIT', names.width + SIGN_CELLS)} `, 'learner'),
    span(`${clean(row.actor)} `, 'title'),
    span(`${clean(row.action)} ${clean(row.target)} `),
    span(clean(row.outcome), isRefused ? 'warning' : 'ok'),
    span(row.reason === '' ? '' : `  reason: ${clean(row.reason)}`, 'muted'),
  ];
}

function lineOf(row: Happening, names: Names, view: View, withMillis: boolean): Line {
  const { timeFormat, now } = view.model;
  const time = timeWords(row.at, timeFormat, now, withMillis);
  return 'event' in row
    ? eventLineText(row.event, row.times, { time, names })
    : auditLine(row.audit, time, names);
}

/** Of a line names take no more than this. */
const NAME_SHARE = 0.2;

function list(view: View, room: Room): PaneSpec {
  const { model, symbols } = view;
  const rows = happenings(model);
  const audit = answerOf(shown(model), 'audit');
  const facts = [
    model.eventLevel === 'critical' ? 'critical only' : `${model.eventLevel} and worse`,
    follows(model) ? `follows ${symbols.live}` : 'stands',
    String(rows.length),
    ...(audit?.value == null && audit?.error != null ? [`no audit: ${clean(audit.error)}`] : []),
  ].join(` ${symbols.dot} `);
  const title: Line = [span('Events and audit ', 'title'), span(facts, 'muted'), ...outdated(audit)];
  if (rows.length === 0) {
    const isCut = model.filter.text !== '' || model.eventLevel !== 'info';
    const none = unmatched(model, `nothing matches: ${keyOf('back')} shows all again`);
    const words = isCut ? none : quietWords(view);
    return { pane: 'events', title, lines: [[span(words, 'muted')]], focused: true };
  }
  const withMillis = room.tier === 'full' || room.tier === 'compact';
  const events = rows.flatMap((row) => ('event' in row ? [row.event] : []));
  const names = nodeNames(events, room.columns * NAME_SHARE);
  return {
    pane: 'events',
    title,
    lines: rows.map((row) => lineOf(row, names, view, withMillis)),
    selected: cursorAt(
      model,
      rows.map((r) => r.key),
      'events',
    ),
    focused: !model.side.focused,
    wrap: model.wrap,
  };
}

function pair(label: string, value: string): Line {
  return [span(`${fitText(label, 10)} `, 'muted'), span(value)];
}

function side(view: View): PaneSpec {
  const { model } = view;
  const rows = happenings(model);
  const chosen = selectedOf(model, rows, (r) => r.key, 'events');
  const { focused, scroll } = model.side;
  const title: Line = [span('All about it', 'title')];
  if (chosen === undefined) return { pane: 'event', title, lines: [], focused };
  const ago = `${chosen.at}  ${age(model.now - Date.parse(chosen.at))} ago`;
  if ('event' in chosen) {
    const { event } = chosen;
    const data = Object.entries(event.data).map(([k, v]) => pair(clean(k), clean(JSON.stringify(v) ?? '')));
    const place = event.index === null ? 'its own, not in the log' : `log index ${event.index}`;
    const lines = [
      pair('what', withLengths(clean(event.message))),
      pair('kind', `${clean(event.kind)}, ${event.severity}`),
      pair('node', clean(event.node_id)),
      pair('at', ago),
      pair('place', place),
      ...data,
    ];
    return { pane: 'event', title, lines, focused, scroll };
  }
  const { audit } = chosen;
  const lines = [
    pair('who', `${clean(audit.actor)} from ${clean(audit.from)} with ${clean(audit.credential)}`),
    pair('did', `${clean(audit.action)} ${clean(audit.target)}: ${clean(audit.outcome)}`),
    pair('why', clean(audit.reason) || 'no reason given'),
    pair('before', clean(audit.before ?? '—')),
    pair('after', clean(audit.after ?? '—')),
    pair('at', ago),
    pair('chain', `line ${audit.seq}, log index ${audit.index}, hash ${clean(audit.hash).slice(0, 16)}`),
  ];
  return { pane: 'event', title, lines, focused, scroll };
}

export function eventsView(view: View, room: Room): BandRows[] {
  const [rows, about] = [list(view, room), side(view)];
  if (room.tier === 'tiny') return stack([[view.model.side.focused ? about : rows, room.rows]], view, room);
  const wish = view.model.side.focused ? 14 : 9;
  const height = Math.min(wish, Math.floor(room.rows * (view.model.side.focused ? 0.6 : 0.35)));
  return stack(
    [
      [rows, room.rows - height],
      [about, height],
    ],
    view,
    room,
  );
}
