/** Terms over the last hour, the elections and one of them step by step, and who hears whom. */
import type { ElectionRow } from '../../feed/wire.ts';
import { brailleChart, niceTop, pointsOf } from '../../format/braille.ts';
import { type Names, namesIn } from '../../format/names.ts';
import { cellWidth, clean, cut, fitText } from '../../format/width.ts';
import { age, clockTime, count, span as lasted, millis, percent } from '../../format/words.ts';
import { gapOf, liveSteps, type Step, stepsOf, vacantSince } from '../../model/election-steps.ts';
import { allElections, answerOf, cursorAt, electionRows, selectedOf } from '../../model/lists.ts';
import { compareNames, shown, vacancyWords } from '../../model/selectors.ts';
import { ratesOf, resample } from '../../model/trace.ts';
import { type Line, lineWidth, span, type Token } from '../../theme/tokens.ts';
import { abreast, type BandRows, beside, outdated, type PaneSpec, type Room, stack } from '../body.ts';
import { nodeLine, nodeNames, tableHeading, tableShape } from '../node-table.ts';
import { stepWords } from '../panes.ts';
import type { View } from '../view.ts';

const HOUR_MS = 3_600_000;

/** Since when nobody leads; null = somebody does. */
function vacancy({ model }: View): number | null {
  const picture = shown(model);
  return picture.status?.raft.leader_id === null ? vacantSince(picture) : null;
}

/** How the line of a term ends: with the next one, with nobody behind it, or not yet. */
function endOf(isLast: boolean, isVacant: boolean, { symbols }: View): readonly [string, Token] {
  if (!isLast) return ['┤', 'muted'];
  return isVacant ? [symbols.dead, 'critical'] : ['►', 'leader'];
}

/** A shorter axis is worth its while where the first election is nearer than this part of an hour. */
const NEARLY = 0.9;
const LEAST_AXIS_MS = 60_000;
/** On a shorter axis than this the ends are told to the second. */
const FINE_MS = 600_000;

/** How long ago the axis begins: an hour, or less where all that is known of elections began later. */
function axisMs(rows: readonly ElectionRow[], now: number): number {
  const [first] = rows;
  const since = first === undefined ? HOUR_MS : now - Date.parse(first.at);
  return since > HOUR_MS * NEARLY ? HOUR_MS : Math.max(LEAST_AXIS_MS, since);
}

/** One line a term: from its election to the next one, on an axis of an hour at the most. */
function timeline(view: View, cells: number): PaneSpec {
  const { model, symbols } = view;
  const vacant = vacancy(view);
  const rows = [...allElections(model)].reverse();
  const wholeMs = axisMs(rows, model.now);
  const from = model.now - wholeMs;
  const axis = Math.max(10, cells - 12);
  const place = (at: number) => Math.floor(((Math.max(from, at) - from) / wholeMs) * (axis - 1));
  const across = symbols.box[4];
  const shownRows = rows.filter((_, i) => {
    const end = rows[i + 1];
    return end === undefined || Date.parse(end.at) >= from;
  });
  const lines = shownRows.map((row): Line => {
    const end = rows.find((r) => r.term > row.term);
    const start = place(Date.parse(row.at));
    const until = end === undefined ? vacant : Date.parse(end.at);
    const stop = Math.max(start + 1, until === null ? axis : place(until));
    const room = stop - start - 1;
    const name = namesIn([clean(row.node_id)], room - 4, 1).short(clean(row.node_id));
    const words = ` ${name}${/transfer/.test(row.cause) ? ' (transfer)' : ''} `;
    // a name that would be nothing but dots is left to the list below
    const body = room < 6 ? '' : cut(`${across}${across}${words}`, room);
    const bar = body + across.repeat(Math.max(0, room - cellWidth(body)));
    return [
      span(`${fitText(`t${row.term}`, 6, 'right')} `, 'muted'),
      span(' '.repeat(start)),
      span(symbols.candidate, 'candidate'),
      span(bar, end === undefined && vacant === null ? 'leader' : 'plain'),
      span(...endOf(end === undefined, vacant !== null, view)),
    ];
  });
  const inside = rows.filter((r) => Date.parse(r.at) >= model.now - HOUR_MS);
  const waiting = vacant === null ? 0 : Math.min(HOUR_MS, model.now - vacant);
  const lost = inside.reduce((sum, r) => sum + gapOf(r), waiting);
  const clock = (at: number) => clockTime(at).slice(0, wholeMs < FINE_MS ? 8 : 5);
  const [first, last] = [clock(from), clock(model.now)];
  const marks = `${first}${' '.repeat(Math.max(1, axis - first.length - last.length))}${last}`;
  const shownSpan = wholeMs === HOUR_MS ? '60 min' : age(wholeMs);
  return {
    pane: 'timeline',
    title: [span('Terms', 'title'), span(` ${symbols.dot} last ${shownSpan}`, 'muted')],
    lines: [
      ...(lines.length > 0 ? lines : [[span('no election seen', 'muted')]]),
      [span(`       ${marks}`, 'muted')],
      [
        span('       no leader ', 'muted'),
        span(lasted(lost), lost > 0 ? 'warning' : 'ok'),
        span(` in 60 min: led ${percent(1 - lost / HOUR_MS, 3)} %`, 'muted'),
      ],
    ],
    focused: false,
  };
}

/** In so many rows the newest terms, and how long nobody led: what has no room are the oldest ones. */
function newestTerms(terms: PaneSpec, rows: number): PaneSpec {
  const gone = terms.lines.length - Math.max(0, rows);
  if (gone <= 0) return terms;
  const older: Line = [span(`, ${gone} older`, 'muted')];
  return { ...terms, title: [...terms.title, ...older], lines: terms.lines.slice(gone) };
}

/** Of names up to here columns stand where they always did; of longer ones a fifth of the line is theirs. */
const WINNER_CELLS = 7;
const WINNER_SHARE = 0.2;

/** How many voted, and where there is room for all of their names also who. */
function votesOf({ votes }: ElectionRow, cells: number): string {
  const whole = [String(votes.length), ...votes.map(clean)].join(' ');
  return cellWidth(whole) <= cells ? whole : String(votes.length);
}

function votesCells({ columns }: Room): number {
  return columns >= 150 ? 18 : 5;
}

function electionLine(row: ElectionRow, names: Names, view: View, room: Room): Line {
  const votes = votesCells(room);
  return [
    span(`${clockTime(row.at)} `, 'muted'),
    span(`${fitText(String(row.term), 5, 'right')} `),
    span(`${view.symbols.leader} ${names.fit(clean(row.node_id))} `, 'leader'),
    ...(room.tier === 'tiny' ? [] : [span(`${fitText(votesOf(row, votes), votes)} `)]),
    span(`${fitText(lasted(gapOf(row)), 9, 'right')}  `, 'title'),
    span(clean(row.cause)),
  ];
}

function elections(view: View, room: Room): PaneSpec {
  const { model } = view;
  const rows = electionRows(model);
  const names = nodeNames(rows, room.columns * WINNER_SHARE, WINNER_CELLS);
  const lines = rows.map((row) => electionLine(row, names, view, room));
  const selected = cursorAt(
    model,
    rows.map((r) => String(r.term)),
    'raft',
  );
  const title: Line = [span('Elections ', 'title'), span(String(rows.length), 'muted')];
  if (lines.length === 0)
    return { pane: 'elections', title, lines: [[span('none seen yet', 'muted')]], focused: true };
  const votes = room.tier === 'tiny' ? '' : `${fitText('VOTES', votesCells(room))} `;
  const winner = fitText('WINNER', names.width + 2);
  return {
    pane: 'elections',
    title,
    heading: [span(`TIME     ${fitText('TERM', 5, 'right')} ${winner} ${votes}NO LEADER CAUSE`, 'muted')],
    lines,
    selected,
    focused: !model.side.focused,
  };
}

function stepLines(steps: readonly Step[], view: View): Line[] {
  return steps.map(({ event, offsetMs }): Line => {
    const [name, words] = stepWords(event, view);
    const isWon = event.kind === 'leader-elected';
    return [
      span(`${fitText(count(Math.round(offsetMs)), 6, 'right')} ms `, 'muted'),
      span(isWon ? `${view.symbols.leader} ` : '  ', 'leader'),
      span(`${name} `, 'title'),
      span(words),
    ];
  });
}

/** Why this one: a sentence, and what the winner saw of each voter. */
function standingOf({ why, candidates = [] }: ElectionRow): { sentence: Line[]; standing: Line[] } {
  const sentence: Line[] = why == null ? [] : [[span('why ', 'muted'), span(clean(why))]];
  const standing = candidates.map((row): Line => {
    const words = row.reasons.map(clean).join(', ');
    return [span(`  ${clean(row.node_id)} `, 'title'), span(words, row.eligible ? 'plain' : 'muted')];
  });
  return { sentence, standing };
}

function steps(view: View): PaneSpec {
  const { model, symbols } = view;
  const picture = shown(model);
  const { focused, scroll } = model.side;
  const vacant = vacancy(view);
  if (vacant !== null && picture.status !== null) {
    const waited = ((model.now - vacant) / 1000).toFixed(2);
    return {
      pane: 'steps',
      title: [span(`${symbols.candidate} NO LEADER for ${waited} s`, 'critical')],
      lines: [[span(vacancyWords(picture.status), 'warning')], ...stepLines(liveSteps(picture), view)],
      focused,
      scroll,
    };
  }
  const rows = electionRows(model);
  const chosen = selectedOf(model, rows, (r) => String(r.term), 'raft');
  const title: Line = [
    span(chosen === undefined ? 'Step by step' : `Term ${chosen.term}`, 'title'),
    span(` ${symbols.dot} step by step, ms after the last heartbeat`, 'muted'),
  ];
  if (chosen === undefined) return { pane: 'steps', title, lines: [], focused };
  const at = Date.parse(chosen.at);
  const { sentence, standing } = standingOf(chosen);
  const facts: Line[] = [
    [
      span('cause ', 'muted'),
      span(clean(chosen.cause)),
      span(`  ${symbols.dot} votes `, 'muted'),
      span(chosen.votes.map(clean).join(' ') || 'not known'),
    ],
    [
      span('noticed ', 'muted'),
      span(chosen.detect_ms === null ? 'not measured' : lasted(chosen.detect_ms)),
      span(`  ${symbols.dot} elected `, 'muted'),
      span(lasted(chosen.election_ms)),
      span(`  ${symbols.dot} ${age(model.now - at)} ago`, 'muted'),
    ],
    ...sentence,
  ];
  const told = stepLines(stepsOf(picture, chosen), view);
  const gone: Line[] = [[span('its events are no longer kept', 'muted')]];
  return {
    pane: 'steps',
    title,
    lines: [...facts, ...(told.length > 0 ? told : gone), ...standing],
    focused,
    scroll,
  };
}

const MOST_COLUMNS = 12;
/** The least of the chart beside the matrix. */
const RATE_CELLS = 30;

function linkCell(view: View, from: string, to: string): readonly [string, Token] {
  if (from === to) return [view.symbols.dot, 'muted'];
  const links = answerOf(shown(view.model), 'links')?.value ?? [];
  const link = links.find((l) => l.from === from && l.to === to);
  if (link === undefined) return ['?', 'muted'];
  if (link.liveness === 'dead') return [view.symbols.dead, 'dead'];
  if (link.liveness !== 'alive') return [link.liveness.slice(0, 5), 'suspect'];
  return link.rttMs === null ? ['ok', 'ok'] : [millis(link.rttMs), link.rttMs > 100 ? 'warning' : 'ok'];
}

/** Row → column: what the node of the row says of the one of the column; `?` = it could not be asked. */
function matrix(view: View, room: Room): PaneSpec {
  const names = (shown(view.model).status?.nodes ?? []).map((n) => n.node_id).sort(compareNames);
  const answer = answerOf(shown(view.model), 'links');
  const title: Line = [
    span('Links', 'title'),
    ...outdated(answer),
    span(' round trip ms, row → column', 'muted'),
  ];
  if (names.length > MOST_COLUMNS) {
    const text = `not drawn for ${names.length} nodes: see each in its Node view`;
    return { pane: 'links', title, lines: [[span(text, 'muted')]], focused: false };
  }
  if (answer === undefined || answer.value === null) {
    const words = answer === undefined ? 'asking each node…' : `no answer: ${clean(answer.error ?? '')}`;
    return { pane: 'links', title, lines: [[span(words, 'muted')]], focused: false };
  }
  const most = Math.floor((room.columns - RATE_CELLS - 3) / (names.length + 1)) - 1;
  const columns = namesIn(names.map(clean), most);
  const width = columns.width + 1;
  const lines = names.map((from): Line => {
    const cells = names.map((to) => {
      const [text, token] = linkCell(view, from, to);
      return span(fitText(text, width, 'right'), token);
    });
    return [span(fitText(columns.short(clean(from)), width), 'title'), ...cells];
  });
  return {
    pane: 'links',
    title,
    heading: [
      span(' '.repeat(width)),
      ...names.map((to) => span(fitText(columns.short(clean(to)), width, 'right'), 'muted')),
    ],
    lines,
    focused: false,
  };
}

/** Entries a second that the leader applied: what the cluster commits. */
function rate(view: View, width: number, rows: number): PaneSpec {
  const { model, symbols } = view;
  const leader = shown(model).status?.raft.leader_id ?? null;
  const points = ratesOf(leader === null ? [] : (model.trace[leader] ?? []));
  const cells = Math.max(10, width - 14);
  const window = { from: model.now - model.spanMs, to: model.now };
  const values = resample(points, (p) => p.applied, window, pointsOf(cells));
  const most = values.reduce<number>((m, v) => Math.max(m, v ?? 0), 0);
  const top = niceTop(most);
  const chart = brailleChart(values, {
    columns: cells,
    rows: Math.max(1, rows - 2),
    top,
    ascii: symbols.ascii,
  });
  return {
    pane: 'rate',
    title: [
      span('Commits', 'title'),
      span(` a second ${symbols.dot} ${age(model.spanMs)} ${symbols.dot} + -`, 'muted'),
    ],
    lines: chart.map(
      (text, i): Line => [
        span(fitText(i === 0 ? count(top) : i === chart.length - 1 ? '0' : '', 9, 'right'), 'muted'),
        span(symbols.box[5], 'muted'),
        span(text, 'key'),
      ],
    ),
    focused: false,
  };
}

/** Cells of a node's log in figures and as a bar, with its edges. */
const LOG_CELLS = 46;
const MOST_TITLE_CELLS = 40;
const LOG_COLUMNS = ['match', 'lag', 'replication'];

/** How far each node's log is: the entry that it is known to hold, and how far that is behind. */
function logs(view: View): PaneSpec {
  const nodes = shown(view.model).status?.nodes ?? [];
  const rows = [...nodes].sort((a, b) => compareNames(a.node_id, b.node_id));
  const shape = tableShape(rows, LOG_CELLS - 4, LOG_COLUMNS);
  const plain = { isSelected: false, isStale: false };
  return {
    pane: 'logs',
    title: [span('Logs', 'title'), span(' entries held and behind', 'muted')],
    heading: tableHeading(shape, LOG_CELLS - 4),
    lines: rows.map((row) => nodeLine(row, shape, view, plain)),
    focused: false,
  };
}

/** Links, logs and commits side by side; where the matrix needs the room, without the logs. */
function figures(links: PaneSpec, height: number, view: View, room: Room): BandRows {
  // a title that is no longer than usual is whole too
  const titled = Math.min(MOST_TITLE_CELLS, lineWidth(links.title) + 4);
  const needed = Math.max(titled, ...links.lines.map((line) => lineWidth(line) + 3));
  const left = Math.max(needed, Math.floor((room.columns - LOG_CELLS) / 2));
  const right = room.columns - left - LOG_CELLS;
  if (right < RATE_CELLS) {
    const share = Math.max(needed, Math.floor(room.columns * 0.5));
    const rest = room.columns - share;
    return abreast([links, rate(view, rest, height)], [share, rest], height, { view, room });
  }
  const panes = [links, logs(view), rate(view, right, height)];
  return abreast(panes, [left, LOG_CELLS, right], height, { view, room });
}

export function raftView(view: View, room: Room): BandRows[] {
  const terms = timeline(view, room.columns - (room.boxed ? 2 : 0));
  if (room.tier === 'tiny')
    return stack([[view.model.side.focused ? steps(view) : elections(view, room), room.rows]], view, room);
  if (room.tier === 'small')
    return stack(
      [
        [elections(view, room), Math.floor(room.rows * 0.45)],
        [steps(view), room.rows],
      ],
      view,
      room,
    );
  const isCompact = room.tier === 'compact';
  const height = Math.min(terms.lines.length + 2, Math.floor(room.rows * (isCompact ? 0.36 : 0.3)));
  const newest = newestTerms(terms, height - 2);
  if (isCompact) {
    const rest = room.rows - height;
    const list = Math.floor(rest * 0.47);
    return stack(
      [
        [newest, height],
        [elections(view, room), list],
        [steps(view), rest - list],
      ],
      view,
      room,
    );
  }
  const rest = room.rows - height;
  const links = matrix(view, room);
  // the matrix is as high as the cluster is large; what it leaves belongs to the steps of an election
  const wanted = links.lines.length + (links.heading === undefined ? 2 : 3);
  const lower = Math.min(Math.max(8, Math.min(wanted, Math.floor(rest * 0.45))), rest);
  return [
    ...stack([[newest, height]], view, { ...room, rows: height }),
    beside([elections(view, room), steps(view)], 0.5, rest - lower, { view, room }),
    figures(links, lower, view, room),
  ];
}
