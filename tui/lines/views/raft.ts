/** Terms over the last hour, the elections and one of them step by step, and who hears whom. */
import type { ElectionRow } from '../../feed/wire.ts';
import { type Names, namesIn } from '../../format/names.ts';
import { cellWidth, clean, cut, fitText } from '../../format/width.ts';
import {
  age,
  clockTime,
  span as lasted,
  type Moments,
  momentsIn,
  percent,
  running,
} from '../../format/words.ts';
import {
  countedFrom,
  gapOf,
  liveSteps,
  type Step,
  stepsOf,
  vacantFor,
  vacantSince,
} from '../../model/election-steps.ts';
import { allElections, cursorAt, electionRows, selectedOf } from '../../model/lists.ts';
import type { Model, Wall } from '../../model/model.ts';
import { seenTo, shown, vacancyWords } from '../../model/selectors.ts';
import { type Line, span, type Token } from '../../theme/tokens.ts';
import { type BandRows, beside, type PaneSpec, type Room, stack } from '../body.ts';
import { timesOf } from '../chart-pane.ts';
import { nodeNames } from '../node-table.ts';
import { stepTimes, stepWords } from '../panes.ts';
import type { View } from '../view.ts';
import { figures } from './raft-figures.ts';

const HOUR_MS = 3_600_000;

/** Since when nobody leads; null = somebody does. */
function vacancy({ model }: View): number | null {
  const picture = shown(model);
  return picture.status?.raft.leader_id === null ? vacantSince(picture) : null;
}

/** How the line of a term ends: with the next one, with nobody behind it, not yet, or nobody knows how. */
function endOf(isLast: boolean, isVacant: boolean, { model, symbols }: View): readonly [string, Token] {
  if (!isLast) return ['┤', 'muted'];
  if (seenTo(model) < model.now) return ['?', 'suspect'];
  return isVacant ? [symbols.dead, 'critical'] : ['►', 'leader'];
}

/** A shorter axis is worth its while where the first election is nearer than this part of an hour. */
const NEARLY = 0.9;
const LEAST_AXIS_MS = 60_000;

/**
 * How long ago the axis begins: as long as charts are, once somebody chose that, else an hour; less where all
 * that is known of elections began later.
 */
function axisMs(rows: readonly ElectionRow[], model: Model): number {
  const most = model.spanChosen ? model.spanMs : HOUR_MS;
  const [first] = rows;
  const since = first === undefined ? most : seenTo(model) - Date.parse(first.at);
  return since > most * NEARLY ? most : Math.max(LEAST_AXIS_MS, since);
}

/** The time of which it is counted who led: as long as the axis, and not before the first election began. */
function countedFor(
  rows: readonly ElectionRow[],
  model: Model,
): { readonly from: Wall; readonly ms: number } {
  const to = seenTo(model);
  const most = model.spanChosen ? model.spanMs : HOUR_MS;
  const [first] = rows;
  const begun = first === undefined ? to - most : Date.parse(first.at) - gapOf(first);
  const isYoung = to - begun <= most * NEARLY;
  const from = isYoung ? begun : to - axisMs(rows, model);
  return { from, ms: Math.max(1, to - from) };
}

/** For how long of the time from `from` nobody led. */
function vacantMs(rows: readonly ElectionRow[], vacant: Wall | null, from: Wall, now: Wall): number {
  const within = (start: Wall, end: Wall) => Math.max(0, end - Math.max(from, start));
  const waiting = vacant === null ? 0 : within(vacant, now);
  return rows.reduce((sum, r) => sum + within(Date.parse(r.at) - gapOf(r), Date.parse(r.at)), waiting);
}

/** One line a term: from its election to the next one, and for how long of the time nobody led. */
function timeline(view: View, cells: number): PaneSpec {
  const { model, symbols } = view;
  const vacant = vacancy(view);
  const rows = [...allElections(model)].reverse();
  const wholeMs = axisMs(rows, model);
  const to = seenTo(model);
  const from = to - wholeMs;
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
      // of one that began before the axis does the beginning is not seen
      Date.parse(row.at) < from ? span(across, 'plain') : span(symbols.candidate, 'candidate'),
      span(bar, end === undefined && vacant === null ? 'leader' : 'plain'),
      span(...endOf(end === undefined, vacant !== null, view)),
    ];
  });
  const counted = countedFor(rows, model);
  const lost = vacantMs(rows, vacant, counted.from, to);
  const spanOf = (ms: number): string => {
    const words = ms === HOUR_MS ? '60 min' : age(ms);
    return to < model.now ? `${words} to ${clockTime(to)}` : words;
  };
  const shownSpan = spanOf(wholeMs);
  return {
    pane: 'timeline',
    title: [
      span('Terms', 'title'),
      span(` ${symbols.dot} last ${shownSpan}`, 'muted'),
      span(` ${symbols.dot} + -`, 'muted'),
    ],
    lines: [
      ...(lines.length > 0 ? lines : [[span('no election seen', 'muted')]]),
      [span(`       ${timesOf({ from, to }, axis)}`, 'muted')],
      [
        span('       no leader ', 'muted'),
        span(lasted(lost), lost > 0 ? 'warning' : 'ok'),
        span(` in ${spanOf(counted.ms)}: led ${percent(1 - lost / counted.ms, 3)} %`, 'muted'),
      ],
    ],
    focused: false,
  };
}

/** In so many rows the newest terms, and how long nobody led: what has no room are the oldest ones. */
function newestTerms(terms: PaneSpec, rows: number): PaneSpec {
  const gone = terms.lines.length - Math.max(0, rows);
  if (gone <= 0) return terms;
  const older = span(`, ${gone} older`, 'muted');
  return { ...terms, title: terms.title.toSpliced(-1, 0, older), lines: terms.lines.slice(gone) };
}

/** Of names up to here columns stand where they always did; of longer ones a fifth of the line is theirs. */
const WINNER_CELLS = 7;
const WINNER_SHARE = 0.2;

interface Voted {
  readonly cells: number;
  readonly words: (row: ElectionRow) => string;
}

const VOTES_CELLS = 5;
/** From here on a name a voter is worth trying. */
const VOTERS_COLUMNS = 150;
const VOTERS_CELLS = 18;

/** Who voted where that has room in every row, else how many: never one of them here and the other there. */
function votedIn(rows: readonly ElectionRow[], { columns }: Room): Voted {
  const named = ({ votes }: ElectionRow): string => votes.map(clean).join(' ');
  const isNamed = columns >= VOTERS_COLUMNS && rows.every((row) => cellWidth(named(row)) <= VOTERS_CELLS);
  if (!isNamed) return { cells: VOTES_CELLS, words: ({ votes }) => String(votes.length) };
  return { cells: VOTERS_CELLS, words: (row) => named(row) || '—' };
}

interface ElectionShape {
  readonly names: Names;
  readonly times: Moments;
  /** Null where there is no room for votes. */
  readonly voted: Voted | null;
}

function electionLine(row: ElectionRow, { names, times, voted }: ElectionShape, view: View): Line {
  return [
    span(`${times.text(row.at)} `, 'muted'),
    span(`${fitText(String(row.term), 5, 'right')} `),
    span(`${view.symbols.leader} ${names.fit(clean(row.node_id))} `, 'leader'),
    ...(voted === null ? [] : [span(`${fitText(voted.words(row), voted.cells)} `)]),
    span(`${fitText(lasted(gapOf(row)), 9, 'right')}  `, 'title'),
    span(clean(row.cause)),
  ];
}

function elections(view: View, room: Room): PaneSpec {
  const { model } = view;
  const rows = electionRows(model);
  const names = nodeNames(rows, room.columns * WINNER_SHARE, WINNER_CELLS);
  const times = momentsIn(
    rows.map((row) => row.at),
    model.now,
  );
  const voted = room.tier === 'tiny' ? null : votedIn(rows, room);
  const lines = rows.map((row) => electionLine(row, { names, times, voted }, view));
  const selected = cursorAt(
    model,
    rows.map((r) => String(r.term)),
    'raft',
  );
  const title: Line = [span('Elections ', 'title'), span(String(rows.length), 'muted')];
  if (lines.length === 0)
    return { pane: 'elections', title, lines: [[span('none seen yet', 'muted')]], focused: true };
  const votes = voted === null ? '' : `${fitText('VOTES', voted.cells)} `;
  const winner = fitText('WINNER', names.width + 2);
  return {
    pane: 'elections',
    title,
    heading: [
      span(
        `${fitText('TIME', times.cells)} ${fitText('TERM', 5, 'right')} ${winner} ${votes}NO LEADER CAUSE`,
        'muted',
      ),
    ],
    lines,
    selected,
    focused: !model.side.focused,
  };
}

function stepLines(steps: readonly Step[], view: View): Line[] {
  const times = stepTimes(steps);
  return steps.map(({ event }, i): Line => {
    const [name, words] = stepWords(event, view);
    const isWon = event.kind === 'leader-elected';
    return [
      span(`${times[i]} `, 'muted'),
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
  const vacant = picture.status?.raft.leader_id === null ? vacantFor(model) : null;
  if (vacant !== null && picture.status !== null) {
    return {
      pane: 'steps',
      title: [span(`${symbols.candidate} NO LEADER for ${running(vacant)}`, 'critical')],
      lines: [[span(vacancyWords(picture.status), 'warning')], ...stepLines(liveSteps(picture), view)],
      focused,
      scroll,
    };
  }
  const rows = electionRows(model);
  const chosen = selectedOf(model, rows, (r) => String(r.term), 'raft');
  const title: Line = [
    span(chosen === undefined ? 'Step by step' : `Term ${chosen.term}`, 'title'),
    span(` ${symbols.dot} step by step, ms${chosen === undefined ? '' : ` ${countedFrom(chosen)}`}`, 'muted'),
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

/** What a text has of it: all terms, the elections, and the newest step by step or the one under way. */
export function raftPanes(view: View, room: Room): readonly [PaneSpec, PaneSpec, PaneSpec] {
  return [timeline(view, room.columns), elections(view, room), steps(view)];
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
  return [...stack([[newest, height]], view, { ...room, rows: height }), ...lowerBands(view, room, height)];
}

/** Elections and their steps need no more than this, unless many are listed: the rest is for charts. */
const ELECTION_ROWS = 17;

function lowerBands(view: View, room: Room, above: number): BandRows[] {
  const rest = room.rows - above;
  const { wanted, bands } = figures(view, room);
  const list = elections(view, room);
  // the matrix is as high as the cluster is large; what it leaves belongs to the steps of an election
  const least = Math.min(Math.max(8, Math.min(wanted, Math.floor(rest * 0.45))), rest);
  const listed = Math.min(list.lines.length + 3, Math.floor(rest / 2));
  const low = Math.max(least, rest - Math.max(ELECTION_ROWS, listed));
  return [beside([list, steps(view)], 0.5, rest - low, { view, room }), ...bands(low)];
}
