/** Alerts, worst first, and beside them why the selected one fires, part by part, and who was told. */
import { plural } from '../../../src/base/index.ts';
import type { AlertRow } from '../../feed/wire.ts';
import { niceTop } from '../../format/braille.ts';
import { sparkline } from '../../format/chart.ts';
import { type Names, namesIn } from '../../format/names.ts';
import { cellWidth, clean, fitText } from '../../format/width.ts';
import { age, clockTime, count, millis, percent, rough } from '../../format/words.ts';
import { firingsOf } from '../../model/firings.ts';
import { alertRows, answerOf, cursorAt, selectedOf, silenceScope, unmatched } from '../../model/lists.ts';
import { lows, peaks } from '../../model/metrics.ts';
import { type Reading, readingOf } from '../../model/readings.ts';
import { heardOf, shown } from '../../model/selectors.ts';
import { held } from '../../model/trace.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import {
  type BandRows,
  beside,
  emptiness,
  listAndSide,
  ofAnybody,
  ofNow,
  outdated,
  type PaneSpec,
  type Room,
} from '../body.ts';
import { type ChartWish, chartPane } from '../chart-pane.ts';
import type { View } from '../view.ts';

const SIGN: Readonly<Record<AlertRow['severity'], readonly [string, Token]>> = {
  critical: ['!!', 'critical'],
  warning: ['! ', 'warning'],
  info: ['i ', 'info'],
};

function stateOf(alert: AlertRow): readonly [string, Token] {
  if (alert.state === 'resolved') return ['RESOLVED', 'ok'];
  if (alert.silenced_by != null) return ['SILENCED', 'muted'];
  if (alert.acknowledged_by !== null) return ['ACKED', 'info'];
  return ['FIRING', (SIGN[alert.severity] ?? SIGN.info)[1]];
}

/** What of a row has room: the instant it began, and cells of the line of its reading. */
interface Columns {
  readonly rules: Names;
  readonly names: Names;
  /** Who acknowledged, at the end of the value; null where nobody did, or where it has no room of its own. */
  readonly owners: Names | null;
  readonly value: number;
  readonly since: boolean;
  readonly curve: number;
}

/** Cells of a row without the rule, the node, the line of its reading and the value. */
const FIXED_CELLS = 23;
const RULE_CELLS = 15;
const RULE_SHARE = 0.3;
const OWNER_CELLS = 2;
const OWNER_SHARE = 0.15;
/** `cluster` stands where no node is meant. */
const NODE_CELLS = 7;
const NODE_SHARE = 0.2;
/** The least of a value that is worth reading. */
const VALUE_CELLS = 18;
const SINCE_CELLS = 9;
const MOST_CURVE_CELLS = 20;
const LEAST_CURVE_CELLS = 8;

function placeOf({ node_id }: AlertRow): string {
  return clean(node_id ?? 'cluster');
}

/** The line takes what the longest value leaves, and of a long value so much that it is seen at all. */
function columnsIn(cells: number, rows: readonly AlertRow[]): Columns {
  const since = cells >= 85;
  const names = namesIn(rows.map(placeOf), Math.floor(cells * NODE_SHARE), NODE_CELLS);
  const rules = namesIn(
    rows.map((a) => clean(a.rule)),
    Math.floor(cells * RULE_SHARE),
    RULE_CELLS,
  );
  const seenBy = rows.flatMap((a) => (a.acknowledged_by === null ? [] : [clean(a.acknowledged_by)]));
  const owners = namesIn(seenBy, Math.floor(cells * OWNER_SHARE), OWNER_CELLS);
  const left = cells - FIXED_CELLS - rules.width - names.width - (since ? SINCE_CELLS : 0) - 1;
  const longest = rows.reduce((most, a) => {
    const owner = a.acknowledged_by === null ? 0 : owners.width + 1;
    return Math.max(most, cellWidth(clean(a.value)) + owner);
  }, 0);
  const hasCurve = left - LEAST_CURVE_CELLS >= VALUE_CELLS;
  const curve = hasCurve ? Math.min(MOST_CURVE_CELLS, Math.max(LEAST_CURVE_CELLS, left - longest - 1)) : 0;
  const value = Math.min(longest, hasCurve ? left - curve - 1 : left);
  const isRoom = seenBy.length > 0 && value - owners.width > LEAST_CURVE_CELLS;
  return { rules, names, owners: isRoom ? owners : null, value, since, curve };
}

/** The worst samples of the reading over the span of charts, in so many cells. */
function curve({ top, samples, isLowBad }: Reading, { model, symbols }: View, cells: number): string {
  const full = top ?? niceTop(samples.reduce((most, s) => Math.max(most, s.value), 0));
  const values = (isLowBad ? lows : peaks)(samples, { from: model.now - model.spanMs, to: model.now }, cells);
  return sparkline(
    values.map((v) => (v === null ? null : v / full)),
    cells,
    symbols.ascii,
  );
}

function curveSpan(alert: AlertRow, view: View, cells: number): Line {
  if (cells === 0) return [];
  const reading = readingOf(view.model, alert);
  return [span(`${reading === null ? ' '.repeat(cells) : curve(reading, view, cells)} `, 'key')];
}

const LONG_CELLS = 6;

/** For how long it fires, or how long ago it ceased. */
function howLong({ state, since }: AlertRow, { model }: View): string {
  const ms = model.now - Date.parse(since);
  if (state !== 'resolved') return `${fitText(age(ms), LONG_CELLS, 'right')}  `;
  return `${fitText(`${rough(ms)} ago`, LONG_CELLS + 1, 'right')} `;
}

function line(alert: AlertRow, view: View, columns: Columns): Line {
  const [sign, token] = SIGN[alert.severity] ?? SIGN.info;
  const [state, stateToken] = stateOf(alert);
  const { rules, names } = columns;
  return [
    span(`${sign} `, token),
    span(`${fitText(state, 8)} `, stateToken),
    span(`${rules.fit(clean(alert.rule))} `, 'title'),
    span(`${names.fit(placeOf(alert))} `),
    ...(columns.since ? [span(`${clockTime(alert.since)} `, 'muted')] : []),
    span(howLong(alert, view)),
    ...curveSpan(alert, view, columns.curve),
    ...valueSpans(alert, columns),
  ];
}

/** The value, and at its end who acknowledged: a long value gives way to that. */
function valueSpans({ value, acknowledged_by: by }: AlertRow, { value: cells, owners }: Columns): Line {
  if (by === null) return [span(clean(value), 'muted')];
  if (owners === null) return [span(clean(value), 'muted'), span(` ${clean(by)}`, 'info')];
  const room = cells - owners.width - 1;
  return [span(`${fitText(clean(value), room)} `, 'muted'), span(owners.fit(clean(by)), 'info')];
}

function heading({ rules, names, owners, value, since, curve }: Columns, { model }: View): Line {
  const place = `${fitText('RULE', rules.width)} ${fitText('NODE', names.width)}`;
  const began = since ? fitText('SINCE', SINCE_CELLS) : '';
  const last = curve === 0 ? '' : `${fitText(`LAST ${rough(model.spanMs)}`, curve)} `;
  const end = owners === null ? 'VALUE' : `${fitText('VALUE', value - owners.width - 1)} BY`;
  return [span(`   STATE    ${place} ${began}   FOR  ${last}${end}`, 'muted')];
}

/** It fires, and nobody is told. */
function isHeld({ state, silenced_by: by }: AlertRow): boolean {
  return state === 'firing' && by != null;
}

/** Of a title: its first word and the edges. */
const TITLE_CELLS = 12;

/** As many of the words as have room, whole: the first at any rate. */
function whole(words: readonly string[], between: string, cells: number): string {
  let out = words;
  while (out.length > 1 && cellWidth(out.join(between)) > cells) out = out.slice(0, -1);
  return out.join(between);
}

function list(view: View, room: Room): PaneSpec {
  const { model, symbols } = view;
  const rows = alertRows(model);
  const all = shown(model).alerts;
  const of = (test: (a: AlertRow) => boolean) => all.filter(test).length;
  const heard = heardOf(shown(model), 'alerts');
  // one in force is counted, also where nothing that it is of fires
  const silences = answerOf(shown(model), 'silences')?.value;
  // of those that fire: the tab counts the others
  const [held, acked] = [
    of(isHeld),
    of((a) => a.state === 'firing' && !isHeld(a) && a.acknowledged_by !== null),
  ];
  const looked = [...(acked === 0 ? [] : [`${acked} acked`]), ...(held === 0 ? [] : [`${held} silenced`])];
  const facts = whole(
    [
      `firing ${of((a) => a.state === 'firing')}${looked.length === 0 ? '' : ` (${looked.join(', ')})`}`,
      ...(model.firingOnly ? ['firing only'] : []),
      ...(silences == null ? [] : [`silences ${silences.length}`]),
      `resolved ${of((a) => a.state === 'resolved')}`,
    ],
    ` ${symbols.dot} `,
    listWidth(room) - TITLE_CELLS,
  );
  const isKnown = heard !== undefined && heard.value !== null;
  const title: Line = [
    span('Alerts', 'title'),
    ...outdated(heard),
    span(isKnown ? ` ${facts}` : '', 'muted'),
  ];
  if (rows.length === 0) {
    const words =
      model.filter.text !== '' ? unmatched(model, 'no alert matches the filter') : 'none: nothing fires';
    const none: Line = [span(`${symbols.pass} `, 'ok'), span(words, 'ok')];
    return {
      pane: 'alerts',
      title,
      lines: isKnown ? [none] : (emptiness(heard, 0, '') ?? []),
      focused: true,
    };
  }
  const columns = columnsIn(listWidth(room) - (room.boxed ? 2 : 0), rows);
  return {
    pane: 'alerts',
    title,
    ...(room.tier === 'tiny' ? {} : { heading: heading(columns, view) }),
    lines: rows.map((a) => line(a, view, columns)),
    selected: cursorAt(
      model,
      rows.map((a) => a.id),
      'alerts',
    ),
    focused: !model.side.focused,
  };
}

function pair(label: string, value: string, token: Token = 'plain'): Line {
  return [span(`${fitText(label, 11)} `, 'muted'), span(value, token)];
}

const READING_WORDS: Readonly<Record<Reading['unit'], (value: number) => string>> = {
  // a share of errors is told finer than one of a disk
  ratio: (v) => `${percent(v, v < 0.1 ? 1 : 0)} %`,
  ms: (v) => `${millis(v)} ms`,
  count,
};
/** A chart in the text beside the list with its times, and the rows of a screen that has room for it. */
const CHART_ROWS = 7;
const LEAST_WITH_CHART = 28;

/** The reading over the span of charts, its worst values, with what the rule says is too much. */
function readingChart(found: Reading, view: View, room: Room): Line[] {
  const { name, unit, top, bound, samples, isLowBad } = found;
  const wish: ChartWish = {
    ...{ title: name, unit: READING_WORDS[unit], bound },
    ...(top !== null && bound === null && { top }),
    values: (window, slices) => {
      // two points a cell: of samples that come slower a value holds until the next
      const worst = (isLowBad ? lows : peaks)(samples, window, slices);
      return held(worst, samples, window, (s) => s.value);
    },
  };
  const width = room.columns - listWidth(room);
  return [...chartPane(wish, view, { width, height: CHART_ROWS + 2 }).lines];
}

/** What the line in the list stands for, as long as it can be; where there is room as a chart. */
function reading(alert: AlertRow, view: View, room: Room): Line[] {
  const found = readingOf(view.model, alert);
  if (found === null) return [];
  const label = `last ${rough(view.model.spanMs)}`;
  const isYesOrNo = found.unit === 'count' && found.top !== null;
  if (room.rows >= LEAST_WITH_CHART && room.tier === 'full' && !isYesOrNo)
    return [pair(label, found.name, 'muted'), ...readingChart(found, view, room)];
  const drawn = pair(label, curve(found, view, MOST_CURVE_CELLS), 'key');
  return [[...drawn, span(` ${found.name}`, 'muted')]];
}

/** Why a message that is handed has not come: of the last attempt. */
function kept(error: string | null = null): string {
  return error === null ? '' : ` ${clean(error)}`;
}

function explained(alert: AlertRow, view: View): Line[] {
  const answer = answerOf(shown(view.model), 'explain', alert.rule);
  if (answer === undefined) return [[span('asking why it fires…', 'muted')]];
  if (answer.value === null) return [[span(`no explanation: ${clean(answer.error ?? '')}`, 'muted')]];
  const { rule, subjects } = answer.value;
  const own = subjects.find((s) => s.node_id === alert.node_id);
  const parts = (own?.parts ?? []).map(
    (part): Line => [
      span('  '.repeat(part.depth + 1)),
      span(clean(part.text)),
      span('  = ', 'muted'),
      span(clean(part.value), 'title'),
    ],
  );
  const told = (own?.notifications ?? []).map(
    (n): Line => [
      span(`  ${clockTime(n.at)} `, 'muted'),
      span(`${n.channel} ${n.kind} `),
      span(n.state, n.state === 'dead' ? 'critical' : n.state === 'delivered' ? 'ok' : 'plain'),
      span(n.note === '' ? kept(n.under_way?.last_error) : ` ${clean(n.note)}`, 'muted'),
    ],
  );
  const mark = ofNow(view);
  return [
    ...(mark.length === 0 ? [] : [[span('the rule', 'muted'), ...mark] as Line]),
    ...(outdated(answer).length === 0 ? [] : [[span('explained', 'muted'), ...outdated(answer)] as Line]),
    pair('condition', clean(rule.condition)),
    pair('must hold', rule.for_ms === 0 ? 'at once' : age(rule.for_ms)),
    pair('tells', rule.actions.join(' ') || 'nobody'),
    ...(parts.length > 0 ? [[span('part by part', 'muted')], ...parts] : []),
    ...(told.length > 0 ? [[span('told', 'muted')], ...told] : []),
  ];
}

/** Of which other alert it is, or was, a consequence: nobody is told then. */
function cause({ state, inhibited_by: by }: AlertRow): Line[] {
  if (by == null) return [];
  return [pair('follows from', `${clean(by)}${state === 'firing' ? '' : ', told to nobody'}`)];
}

const MOST_FIRINGS = 10;

/** Each time that it fired, where that was more than once. */
function firings(alert: AlertRow, { model }: View): Line[] {
  const all = firingsOf(shown(model), alert);
  if (all.length < 2) return [];
  const lines = all
    .slice(0, MOST_FIRINGS)
    .map(
      ({ from, to, value }): Line => [
        span(`  ${clockTime(from)} `, 'muted'),
        span(to === null ? 'fires still' : `for ${age(to - from)}`),
        span(`  ${clean(value)}`, 'muted'),
      ],
    );
  return [[span(`fired ${all.length} times`, 'muted')], ...lines];
}

/** No silence is listed because nobody says which there are. */
function silencesUnknown(answer: ReturnType<typeof answerOf<'silences'>>): Line[] {
  if (answer?.error == null) return [];
  if (answer.value !== null) return [[], [span('no silence', 'muted'), ...outdated(answer)]];
  return [[], [span('silences: no answer: ', 'warning'), span(clean(answer.error))]];
}

/** Since when it is so; of what is over, when that was. */
function began({ state, since }: AlertRow, { model }: View): Line {
  const [at, long] = [clockTime(since), age(model.now - Date.parse(since))];
  return state === 'resolved' ? pair('resolved', `${at}, ${long} ago`) : pair('since', `${at}, ${long}`);
}

function side(view: View, room: Room): PaneSpec {
  const { model } = view;
  const rows = alertRows(model);
  const chosen = selectedOf(model, rows, (a) => a.id, 'alerts');
  const silencesAnswer = answerOf(shown(model), 'silences');
  const silences = silencesAnswer?.value ?? [];
  const { focused, scroll } = model.side;
  const inForce = silences.map((s): Line => {
    return [
      span('  '),
      span(clean(silenceScope(s))),
      span(` by ${clean(s.by)}, ${age(Date.parse(s.until) - model.now)} left`, 'muted'),
      span(s.reason === '' ? '' : `: ${clean(s.reason)}`, 'muted'),
    ];
  });
  const silenced: Line[] =
    inForce.length === 0
      ? silencesUnknown(silencesAnswer)
      : [
          [],
          [
            span(plural(inForce.length, 'silence'), 'muted'),
            ...outdated(silencesAnswer),
            ...ofNow(view),
            ...ofAnybody(view),
          ],
          ...inForce,
        ];
  if (chosen === undefined)
    return { pane: 'explain', title: [span('Why', 'title')], lines: silenced, focused, scroll };
  const [state, token] = stateOf(chosen);
  const place = ` ${view.symbols.dot} ${clean(chosen.node_id ?? 'cluster')} `;
  return {
    pane: 'explain',
    title: [span(clean(chosen.rule), 'title'), span(place, 'muted'), span(state, token)],
    lines: [
      pair('value', clean(chosen.value), token),
      began(chosen, view),
      // its place is scarce below the list, which has the line already
      ...(room.tier === 'compact' ? [] : reading(chosen, view, room)),
      ...(chosen.acknowledged_by === null ? [] : [pair('acked by', clean(chosen.acknowledged_by))]),
      ...cause(chosen),
      ...firings(chosen, view),
      ...explained(chosen, view),
      ...silenced,
    ],
    focused,
    scroll,
  };
}

/** Beside its list the alerts’ side is narrower than others: values and their lines are to be read. */
const LIST_SHARE = 0.62;

function listWidth({ tier, columns }: Room): number {
  return tier === 'full' ? Math.floor(columns * LIST_SHARE) : columns;
}

export function alertsView(view: View, room: Room): BandRows[] {
  const specs = [list(view, room), side(view, room)] as const;
  if (room.tier === 'full') return [beside([...specs], LIST_SHARE, room.rows, { view, room })];
  return listAndSide(...specs, view, room);
}
