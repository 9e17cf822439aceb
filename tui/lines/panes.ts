/** The panes beside the table: elections, quorum, alerts, events; newest or worst first. */

import { plural } from '../../src/base/index.ts';
import type { AlertRow, ElectionRow, EventLine } from '../feed/wire.ts';
import { type Names, namesIn } from '../format/names.ts';
import { cellWidth, clean, fitText } from '../format/width.ts';
import {
  age,
  clockTime,
  span as lasted,
  type Moments,
  momentsIn,
  offset,
  running,
  withLengths,
} from '../format/words.ts';
import { gapOf, liveSteps, type Step, vacantFor } from '../model/election-steps.ts';
import {
  collapsedEvents,
  heardOf,
  isLeaderDead,
  isOfBefore,
  isUnconfirmed,
  type QuorumFacts,
  quorumFacts,
  shown,
  vacancyWords,
  viewGroups,
  viewsAreOlder,
  viewsDisagree,
} from '../model/selectors.ts';
import { type Line, lineWidth, span, type Token } from '../theme/tokens.ts';
import { emptiness, outdated } from './body.ts';
import { nodeNames } from './node-table.ts';
import { BOUNDLESS, placement, type Space } from './placement.ts';
import type { View } from './view.ts';

export interface PaneText {
  readonly title: Line;
  readonly lines: readonly Line[];
}

const SEVERITY: Readonly<Record<EventLine['severity'], { readonly sign: string; readonly token: Token }>> = {
  critical: { sign: '!!', token: 'critical' },
  warning: { sign: '! ', token: 'warning' },
  info: { sign: 'i ', token: 'info' },
};

/** The message without the node's name in front, which stands before it already. */
export function sentence(event: EventLine): string {
  const message = withLengths(clean(event.message));
  const name = `${clean(event.node_id)} `;
  return message.startsWith(name) ? message.slice(name.length) : message;
}

/** The most cells of a name in a list whose width is not known here: beside it the rest has room at 60. */
const NAME_CELLS = 16;
/** Of names up to here columns stand where they always did. */
const WINNER_CELLS = 7;

/** Who voted, or how many when the names are too long. */
function votes(row: ElectionRow): string {
  const names = row.votes.map(clean).join(' ');
  return names.length <= VOTES_CELLS ? names : `${row.votes.length} votes`;
}

const VOTES_CELLS = 14;
/** Where nobody is named: `5 votes`. */
const COUNT_CELLS = 7;

interface ElectionShape {
  readonly names: Names;
  readonly times: Moments;
  readonly votes: number;
}

function electionShape(rows: readonly ElectionRow[], now: number): ElectionShape {
  const isNamed = rows.some((row) => row.votes.length > 0 && !votes(row).endsWith(' votes'));
  const times = momentsIn(
    rows.map((row) => row.at),
    now,
  );
  const cells = isNamed ? VOTES_CELLS : COUNT_CELLS;
  return { names: nodeNames(rows, NAME_CELLS, WINNER_CELLS), times, votes: cells };
}

function electionHeading(shape: ElectionShape): Line {
  const winner = fitText('WINNER', shape.names.width + 2);
  const time = fitText('TIME', shape.times.cells);
  return [span(`${time} TERM   ${winner} ${fitText('VOTES', shape.votes)}  NO LEADER  CAUSE`, 'muted')];
}

function electionLine(row: ElectionRow, shape: ElectionShape, view: View): Line {
  return [
    span(`${shape.times.text(row.at)} `, 'muted'),
    span(`${fitText(String(row.term), 4, 'right')}   `),
    span(`${view.symbols.leader} ${shape.names.fit(clean(row.node_id))} `, 'leader'),
    span(`${fitText(votes(row), shape.votes)}  `),
    span(`${fitText(lasted(gapOf(row)), 9, 'right')}  `, 'title'),
    span(clean(row.cause)),
  ];
}

/** Who and what happened, without the name where the sentence begins with that of another node. */
export function stepWords(event: EventLine, { model }: View): readonly [name: string, words: string] {
  const message = withLengths(clean(event.message));
  const [first = ''] = message.split(' ', 1);
  const isNode = shown(model).status?.nodes.some((n) => clean(n.node_id) === first) === true;
  return isNode ? [first, message.slice(first.length + 1)] : [clean(event.node_id), message];
}

/** The least cells of the column: the steps of most elections need no more. */
const STEP_CELLS = 9;

/** When each of them was, in one column as wide as the longest. */
export function stepTimes(steps: readonly Step[]): readonly string[] {
  const times = steps.map((s) => offset(s.offsetMs));
  const cells = Math.max(STEP_CELLS, ...times.map(cellWidth));
  return times.map((text) => fitText(text, cells, 'right'));
}

/** The election under way, in ms since the leader's last word: what came last is always seen. */
function liveElection(view: View): Line[] {
  const picture = shown(view.model);
  const vacant = vacantFor(view.model);
  if (vacant === null) return [];
  const steps = liveSteps(picture);
  const doing = picture.status === null ? '' : `, ${vacancyWords(picture.status)}`;
  const head: Line = [span(`${view.symbols.candidate} no leader for ${running(vacant)}${doing}`, 'critical')];
  const last = steps.slice(-6);
  const times = stepTimes(last);
  const told = last.map(({ event }, i): Line => {
    const [name, words] = stepWords(event, view);
    return [span(`${times[i]} `, 'muted'), span(`${name} `, 'title'), span(words)];
  });
  return [head, ...told.reverse()];
}

export function electionsPane(view: View): PaneText {
  const { status } = shown(view.model);
  const past = [...(status?.elections ?? [])].reverse();
  const shape = electionShape(past, view.model.now);
  const rows = past.map((row) => electionLine(row, shape, view));
  const table = past.length === 0 ? [] : [electionHeading(shape), ...rows];
  const lines = [...liveElection(view), ...table];
  return {
    title: [span('Elections', 'title')],
    lines: lines.length > 0 ? lines : [[span(status === null ? '' : 'none seen yet', 'muted')]],
  };
}

/** A word behind what nodes said of who leads when that is no longer fresh. */
function viewsAge({ model }: View): Line {
  const { heard } = shown(model);
  const isOld = heard.views.error !== null || (model.past === null && model.connection.kind === 'lost');
  return isOld ? [span(` ~ of ${clockTime(heard.views.at ?? 0)}`, 'warning')] : [];
}

/** Who names whom: agreed are those only that name one. Nothing while one answer alone had two leaders. */
function viewsLine(view: View): Line[] {
  const picture = shown(view.model);
  const { views, splits, status } = picture;
  if (views === null) return [];
  // what the dead said before is no voice for anybody
  const dead = new Set(status?.nodes.filter((n) => n.liveness === 'dead').map((n) => n.node_id));
  const groups = viewGroups(picture).map(({ leader, term, nodes }) => ({
    ...{ what: `${clean(leader)} term ${term}`, nodes: nodes.map(clean).join(' ') },
    count: nodes.filter((id) => !dead.has(id)).length,
  }));
  if (viewsDisagree(picture)) {
    const told = groups.map(({ what, nodes }) => `${nodes}: ${what}`).join(` ${view.symbols.dot} `);
    return [[span('!! VIEWS DISAGREE ', 'critical'), span(told), ...viewsAge(view)]];
  }
  if (splits > 0) return [];
  if (viewsAreOlder(picture)) {
    const leader = status?.raft.leader_id ?? null;
    const since = leader === null ? 'the leader was lost' : `${clean(leader)} leads`;
    return [[span(`views not heard since ${since}`, 'warning')]];
  }
  const all = views.views.length;
  const heard = views.views.filter((v) => v.error === null && !dead.has(v.node_id)).length;
  const group = groups.find((g) => g.count > 0);
  const named = group?.count ?? 0;
  if (group !== undefined && named === heard)
    return [[span(`views agree ${named}/${all}: `, 'muted'), span(group.what), ...viewsAge(view)]];
  const parts = [
    ...(group === undefined ? [] : [`${named} of ${all} name ${group.what}`]),
    ...(heard === 0 ? ['nobody was heard'] : [`${heard - named} name nobody`]),
    ...(heard === 0 || heard === all ? [] : [`${all - heard} not heard`]),
  ];
  return [[span('views ', 'muted'), span(parts.join(', '), 'warning'), ...viewsAge(view)]];
}

/** The first of these that has room, else the last. */
function fitting(lines: readonly Line[], cells: number): Line {
  return lines.find((line) => lineWidth(line) <= cells) ?? lines.at(-1) ?? [];
}

/** What is needed and there, and what may still be lost: that comes last, and is never cut. */
function majority({ need, voters, up, spare }: QuorumFacts, view: View, cells: number): Line {
  const { dot } = view.symbols;
  const facts = `need ${need} of ${voters} ${dot} up ${up} ${dot} `;
  // what may still be lost is known of nodes that are heard
  if (isOfBefore(view.model))
    return [span(facts), span(`~ of ${clockTime(shown(view.model).statusAt)}`, 'suspect')];
  const token = spare < 0 ? 'critical' : spare === 0 ? 'warning' : 'ok';
  const outlooks =
    spare < 0
      ? ['NO QUORUM, no writes', 'no writes']
      : spare === 0
        ? ['no spare left', 'no spare']
        : [`can lose ${spare} more`, `can lose ${spare}`];
  return fitting(
    outlooks.map((words) => [span(facts), span(words, token)]),
    cells,
  );
}

function fatalZone(name: string, cells: number): Line {
  const zone = clean(name) || 'the unnamed zone';
  const words = [`!! losing ${zone} loses the quorum`, `!! no quorum without ${zone}`];
  return fitting(
    words.map((text) => [span(text, 'critical')]),
    cells,
  );
}

export function quorumPane(view: View, { cells, rows }: Space = BOUNDLESS): PaneText {
  const { status } = shown(view.model);
  if (status === null) return { title: [span('Quorum', 'title')], lines: [] };
  const facts = quorumFacts(status);
  const { dot } = view.symbols;
  const { raft } = status;
  const isPrimaryDead = isLeaderDead(status) && status.primary.node_id === raft.leader_id;
  const others: Line[] = [
    ...facts.fatalZones.map((zone) => fatalZone(zone, cells)),
    ...viewsLine(view),
    [
      span('election ', 'muted'),
      span(`${Math.round(raft.election_timeout_ms)} ms`),
      span(` ${dot} heartbeat `, 'muted'),
      span(`${raft.heartbeat_interval_ms} ms`),
    ],
    [
      span('primary ', 'muted'),
      span(clean(status.primary.node_id ?? 'none')),
      span(isPrimaryDead ? ' DEAD' : '', 'critical'),
      span(` ${dot} epoch `, 'muted'),
      span(String(status.primary.epoch)),
      span(` ${dot} config `, 'muted'),
      span(`v${status.config.version}`),
      span(isUnconfirmed(view.model) ? '~' : '', 'suspect'),
    ],
  ];
  // a row more for zones only where nothing else goes for it
  const left = Math.max(1, rows - others.length - 1);
  return {
    title: [span('Quorum', 'title')],
    lines: [majority(facts, view, cells), ...placement(view, { cells, rows: left }), ...others],
  };
}

const SEVERITY_RANK: Readonly<Record<AlertRow['severity'], number>> = { critical: 0, warning: 1, info: 2 };

function alertLine(alert: AlertRow, view: View): Line {
  const { sign, token } = SEVERITY[alert.severity] ?? SEVERITY.info;
  const acked =
    alert.acknowledged_by === null ? [] : [span(` acked ${clean(alert.acknowledged_by)}`, 'muted')];
  return [
    span(`${sign} `, token),
    span(`${clean(alert.rule)} `, 'title'),
    span(`${clean(alert.node_id ?? 'cluster')} `),
    span(`${age(view.model.now - Date.parse(alert.since))} `),
    span(clean(alert.value), 'muted'),
    ...acked,
  ];
}

export function alertsPane(view: View): PaneText {
  const picture = shown(view.model);
  const firing = picture.alerts
    .filter((a) => a.state === 'firing')
    .sort((a, b) => SEVERITY_RANK[a.severity] - SEVERITY_RANK[b.severity] || (a.since < b.since ? 1 : -1));
  const resolved = picture.alerts
    .filter((a) => a.state === 'resolved')
    .slice(-5)
    .reverse();
  const none: Line = [span(`${view.symbols.pass} none firing`, 'ok')];
  const past = resolved.map(
    (a): Line => [
      span(`${view.symbols.pass}  ${clean(a.rule)} ${clean(a.node_id ?? 'cluster')} resolved`, 'muted'),
    ],
  );
  const heard = heardOf(picture, 'alerts');
  const title: Line =
    firing.length === 0
      ? [span('Alerts', 'title')]
      : [span('Alerts ', 'title'), span(`${firing.length} firing`, 'critical')];
  const unknown = heard?.value == null ? emptiness(heard, 0, '') : null;
  return {
    title: [...title, ...outdated(heard)],
    lines: unknown ?? [...(firing.length === 0 ? [none] : firing.map((a) => alertLine(a, view))), ...past],
  };
}

interface EventStyle {
  readonly time?: string;
  /** The column of all that stand in the list with it; alone it has its whole name. */
  readonly names?: Names;
}

export function eventLineText(event: EventLine, times: number, style: EventStyle = {}): Line {
  const { time = clockTime(event.at), names = namesIn([clean(event.node_id)], NAME_CELLS * 4) } = style;
  // a newer node may know a severity that this program does not
  const { sign, token } = SEVERITY[event.severity] ?? SEVERITY.info;
  return [
    span(`${time} `, 'muted'),
    span(`${names.fit(clean(event.node_id))} `, 'title'),
    span(`${sign} `, token),
    span(sentence(event)),
    ...(times > 1 ? [span(` ×${times}`, 'muted')] : []),
  ];
}

/** A list of them: the names of its nodes in one column. */
export function eventLines(events: readonly { event: EventLine; times: number }[]): Line[] {
  const nodes = events.map((e) => e.event);
  const names = nodeNames(nodes, NAME_CELLS);
  return events.map((e) => eventLineText(e.event, e.times, { names }));
}

/** Instead of events: before anybody has answered it is not known that nothing has happened. */
export function quietWords({ model }: View): string {
  if (shown(model).status === null) return 'asking the cluster…';
  return model.replay?.tells === false ? 'the recording has no events' : 'quiet so far';
}

/** Whose events these are, where one node alone is looked through. */
function ofObserver({ model }: View): string {
  return model.observer === null ? '' : ` of ${clean(model.observer)}`;
}

export function eventsPane(view: View): PaneText {
  const events = collapsedEvents(shown(view.model));
  const kept = shown(view.model).events.length;
  return {
    title: [
      span(`Events${ofObserver(view)}`, 'title'),
      span(kept === 0 ? '' : ` ${plural(kept, 'line')}`, 'muted'),
    ],
    lines: events.length > 0 ? eventLines(events) : [[span(quietWords(view), 'muted')]],
  };
}
