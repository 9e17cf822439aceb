/** The line above everything and the banner under it: whose view this is, how old, and what is wrong. */
import { plural } from '../../src/base/index.ts';
import type { StatusResponse } from '../feed/wire.ts';
import { cellWidth, clean, cut } from '../format/width.ts';
import { age, clockTime, count, running, zoneMark } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import type { Layout } from '../layout.ts';
import { vacantFor } from '../model/election-steps.ts';
import { isReadOnly } from '../model/gate.ts';
import { hasNoFigures } from '../model/old.ts';
import {
  isLeaderDead,
  isOfBefore,
  isUnconfirmed,
  isUnseen,
  momentOf,
  openAlerts,
  quorumFacts,
  shown,
  staleWords,
  viewGroups,
  viewsDisagree,
} from '../model/selectors.ts';
import { trialLeft } from '../model/trial.ts';
import { VIEWS, viewSpec } from '../model/views.ts';
import { fitLine, type Line, lineWidth, span, spread, textOf } from '../theme/tokens.ts';
import { asideMarks, crowds } from './aside.ts';
import { healthLine, noWritesSentences } from './health.ts';
import { anotherNode, lostBanner } from './lost.ts';
import { pastBanner } from './past-banner.ts';
import type { View } from './view.ts';

function mode(view: View, { isSmall = false, isWide = false } = {}): Line {
  const { connection, frozen } = view.model;
  if (connection.kind === 'lost') return [span(` ${view.symbols.dead} LOST `, 'lost')];
  if (view.model.past !== null) {
    // where there is no banner the second stands here
    const blind = isUnseen(view.model) || hasNoFigures(view.model) ? '~' : '';
    const words = isSmall ? `${blind}${clockTime(view.model.past.at)}` : 'HISTORY';
    return [span(` ${view.symbols.past} ${words} `, 'frozen')];
  }
  if (frozen !== null) return [span(` ${view.symbols.frozen} FROZEN `, 'frozen')];
  if (connection.kind === 'connecting') return [span(`${view.symbols.left} CONNECTING`, 'suspect')];
  const { replay, now } = view.model;
  if (replay?.stands === true)
    return [span(`${view.symbols.frozen} RECORDED${isWide ? ', stands still' : ''}`, 'frozen')];
  if (replay !== null) return [span(now >= replay.until ? 'END' : `${view.symbols.crumb} REPLAY`, 'frozen')];
  const stale = staleWords(view.model);
  if (stale === null) return [span(`${view.symbols.live} LIVE`, 'live')];
  // where there is no room for more the quorum beside it has the word
  return [span(`~ ${isSmall ? stale.replace('NO QUORUM ', '') : stale}`, 'suspect')];
}

function leaderWord(view: View): Line {
  const { status } = shown(view.model);
  if (status === null) return [];
  const leader = status.raft.leader_id;
  const old = oldMark(view);
  if (leader !== null) {
    const dead = isLeaderDead(status);
    const text = `${view.symbols.leader} ${clean(leader)}${dead ? ' DEAD' : ''}`;
    return [span(text, dead ? 'critical' : 'leader'), ...old];
  }
  const vacant = vacantFor(view.model);
  const waited = vacant === null ? '' : ` ${running(vacant)}`;
  return [span(`${view.symbols.candidate} NO LEADER${waited}`, 'critical'), ...old];
}

/** Behind each fact of the first line that nobody confirms any more. */
function oldMark({ model }: View): Line {
  return isOfBefore(model) ? [span('~', 'suspect')] : [];
}

function termWord(view: View, before: string): Line {
  const { status } = shown(view.model);
  return status === null ? [span('')] : [span(`${before}${status.raft.term}`), ...oldMark(view)];
}

function quorumWord(view: View, short: boolean): Line {
  const { status } = shown(view.model);
  if (status === null) return [];
  const facts = quorumFacts(status);
  const counted = `${short ? 'q' : 'quorum '}${facts.up}/${facts.voters}`;
  // how it was is no word of how it is
  if (isOfBefore(view.model)) return [span(counted, 'muted'), ...oldMark(view)];
  const text = short ? counted : `${counted} ${facts.spare < 0 ? 'LOST' : 'OK'}`;
  return [span(text, facts.spare < 0 ? 'critical' : facts.spare === 0 ? 'warning' : 'ok')];
}

/** Cells that a name keeps on a small screen, whatever else there is to say. */
const LEAST_NAME = 6;

/** Whose cluster it is comes first at every size; a long name is cut, and at last `via` gives way. */
function shortHeader(
  view: View,
  { tier, columns }: Layout,
  { name, via }: { readonly name: string; readonly via: string },
): Line {
  const { model, symbols } = view;
  const isTiny = tier === 'tiny';
  const gap = span(isTiny ? ' ' : '  ');
  const facts = [...leaderWord(view), ...termWord(view, ' t'), gap, ...quorumWord(view, true)];
  const where = isTiny || model.view === 'topology' ? '' : ` ${symbols.crumb} ${viewSpec(model.view).title}`;
  const state = [...mode(view, { isSmall: true }), span(isTiny ? '' : ' ')];
  const [before, after] = isTiny ? ['', ' '] : [' ', '   '];
  const room = columns - lineWidth([span(before + where + after), ...facts, ...state]);
  const seen = ` ${via} `;
  const isVia = room - cellWidth(seen) >= Math.min(LEAST_NAME, cellWidth(name));
  const beside = isVia ? seen : ' ';
  const cells = Math.max(0, room - cellWidth(beside));
  const left = [span(`${before}${cut(name, cells)}${where}`, 'title'), span(after), ...facts];
  return spread(left, [span(beside, 'muted'), ...state], columns);
}

/** What gives way where the whole line is too long, in this order; who leads and the quorum never do. */
const YIELDS = ['pace', 'commit', 'words', 'brand', 'context', 'clock'] as const;
type Yielding = (typeof YIELDS)[number];

export function header(view: View, layout: Layout): Line {
  const { model, symbols } = view;
  const { status } = shown(model);
  const name = clean(status?.cluster.name ?? model.clusterName);
  const gap = span('  ');
  const via = status === null ? '' : `via ${clean(status.cluster.read.node_id)}`;
  // a picture that stands is not painted each second for a clock beside it
  const time = clockTime(model.past === null && model.frozen !== null ? model.frozen.at : model.now);
  if (layout.tier === 'tiny' || layout.tier === 'small') return shortHeader(view, layout, { name, via });
  const full = layout.tier === 'full';
  const pinned = full && model.observer !== null && status !== null ? ' (pinned)' : '';
  const named = model.contextName === name ? name : `${name} (${clean(model.contextName)})`;
  const line = (gone: number): readonly [left: Line, right: Line] => {
    const has = (part: Yielding): boolean => YIELDS.indexOf(part) >= gone;
    const brand = full && has('brand') ? ` sqlcc top ${symbols.crumb}` : '';
    const whose = full && has('context') ? named : name;
    const title = `${brand} ${whose} ${symbols.crumb} ${viewSpec(model.view).title}`;
    const index = status?.raft.commit_index ?? Number.NaN;
    const commit = !Number.isNaN(index) && has('commit') ? `  commit ${count(index)}` : '';
    const isWords = full || has('words');
    const term = [...termWord(view, isWords ? 'term ' : 't'), span(full ? commit : '')];
    const facts = [...leaderWord(view), gap, ...term, gap, ...quorumWord(view, !isWords)];
    const every = full && has('pace') ? ` ${symbols.dot} ${age(model.refreshMs)}` : '';
    const clock = !has('clock') ? '' : ` ${symbols.dot} ${time}${zoneMark()}`;
    const right = [
      span(`${via}${pinned}${every}${clock} `, 'muted'),
      ...mode(view, { isWide: full }),
      span(' '),
    ];
    const room = layout.columns - lineWidth([span('    '), ...facts, ...right]);
    const least = Math.max(LEAST_NAME, room);
    return [
      [span(gone === YIELDS.length ? cut(title, least) : title, 'title'), span('   '), ...facts],
      right,
    ];
  };
  const steps = YIELDS.map((_, gone) => line(gone));
  const fits = steps.find(([left, right]) => lineWidth(left) + lineWidth(right) < layout.columns);
  return spread(...(fits ?? line(YIELDS.length)), layout.columns);
}

/** What may have happened, or goes on elsewhere: until the person takes it away. */
export function unsettledBanner(view: View): Line | null {
  const { unsettled } = view.model;
  if (unsettled.length === 0) return null;
  const words = unsettled.map(clean).join(` ${view.symbols.dot} `);
  return [span(` ?? ${words} `, 'warning'), span(` ${keyOf('back')} takes this away`, 'key')];
}

/** The nodes do not agree on who leads: which say what; where that is too long, how many of them. */
export function disagreement(view: View, columns: number): Line | null {
  const picture = shown(view.model);
  if (!viewsDisagree(picture)) return null;
  const groups = viewGroups(picture);
  const line = (name: string, who: (nodes: readonly string[]) => string, key: string): Line => {
    const told = groups.map(({ leader, term, nodes }) => `${who(nodes)} ${clean(leader)} t${term}`);
    return [
      span(` !! ${name} `, 'lost'),
      span(` ${told.join(` ${view.symbols.dot} `)} `, 'warning'),
      span(key, 'key'),
    ];
  };
  const all = (nodes: readonly string[]): string => `${nodes.map(clean).join(' ')}:`;
  const most = (nodes: readonly string[]): string => (nodes.length > 1 ? `${nodes.length}×` : all(nodes));
  const compares = `  ${keyOf('observer')} compares`;
  const lines = [
    line('VIEWS DISAGREE', all, compares),
    line('VIEWS DISAGREE', most, compares),
    line('VIEWS DISAGREE', most, ` ${keyOf('observer')}`),
    line('DISAGREE', most, ` ${keyOf('observer')}`),
  ];
  return lines.find((l) => lineWidth(l) < columns) ?? lines.at(-1) ?? null;
}

interface Tab {
  readonly line: Line;
  /** It is open, or says something that needs a look. */
  readonly isKept: boolean;
}

/** Their cells without the blank at the end, which may be cut; a bracket there may not. */
function cellsOf(tabs: readonly Tab[]): number {
  const line = tabs.flatMap((t) => t.line);
  return lineWidth(line) - (line.at(-1)?.text === ' ' ? 1 : 0);
}

/** Where they are too many the last go whole, and never the open one. */
function fitTabs(all: readonly Tab[], columns: number): Line {
  let tabs = all;
  while (cellsOf(tabs) > columns) {
    const gone = tabs.findLastIndex((t) => !t.isKept);
    if (gone < 0) break;
    tabs = tabs.toSpliced(gone, 1);
  }
  return tabs.flatMap((t) => t.line);
}

/** The views by their digits; what needs a look is counted. */
export function tabs(view: View, layout: Layout): Line {
  const { model } = view;
  const { status, heard } = shown(model);
  const open = openAlerts(shown(model)).length;
  const short = layout.tier !== 'full';
  const tail = (id: string): readonly [string, 'critical' | 'candidate' | 'muted'] => {
    const isOld = id === 'alerts' && heard.alerts.error !== null;
    if (id === 'alerts' && open > 0) return [` ${isOld ? '~' : '!'}${open}`, 'critical'];
    if (isOld) return [' ?', 'critical'];
    if (id === 'config' && status !== null) {
      return [` v${status.config.version}`, status.config.tentative == null ? 'muted' : 'candidate'];
    }
    return id === 'operations' && status?.operation != null ? [' 1', 'candidate'] : ['', 'muted'];
  };
  // a fleet of one is no view worth a place
  const isListed = (id: string): boolean => id !== 'fleet' || model.contexts.length > 1;
  const listed = VIEWS.filter((v) => (v.key !== null && isListed(v.id)) || v.id === model.view);
  const tab = (v: (typeof VIEWS)[number], gap: string): Tab => {
    const name = short ? v.short : v.title;
    const words = v.key === null ? name : `${keyOf(`view:${v.id}`)} ${name}`;
    const [more, token] = short && v.id === 'config' ? (['', 'muted'] as const) : tail(v.id);
    const isOpen = v.id === model.view;
    const line: Line = [
      span(isOpen ? `${gap}[${words}` : `${gap} ${words}`, isOpen ? 'focus' : 'plain'),
      span(more, token),
      span(isOpen ? ']' : ' ', 'focus'),
    ];
    return { line, isKept: isOpen || more !== '' };
  };
  // closer together before one of them goes: who looks for its digit would not find it
  const rows = [' ', ''].map((gap) => listed.map((v) => tab(v, gap)));
  const whole = rows.find((row) => cellsOf(row) <= layout.columns);
  const left = fitTabs(whole ?? rows.at(-1) ?? [], layout.columns);
  const caller = status?.caller;
  // an older node does not say who one is
  if (short || caller === undefined) return fitLine(left, layout.columns);
  const who = `${clean(caller.id)}: ${clean(caller.role)} `;
  return spread(left, [span(who, caller.scopes.includes('operate') ? 'muted' : 'warning')], layout.columns);
}

/** Before the first picture: what is waited for. */
export function waitingBanner({ model, symbols }: View): Line {
  const error = model.connection.kind === 'connecting' ? model.connection.error : null;
  return error === null
    ? [span(' asking the cluster…', 'muted')]
    : [span(` ${symbols.dead} no answer yet: ${clean(error)}`, 'warning')];
}

function stateBanner(view: View): Line {
  const { symbols } = view;
  const { status } = shown(view.model);
  if (view.model.frozen !== null) {
    const at = clockTime(view.model.frozen.at);
    return [
      span(` ${symbols.frozen} the picture stands at ${at}; ${keyOf('freeze')} returns to live`, 'suspect'),
    ];
  }
  if (status === null) return waitingBanner(view);
  const { health, reasons } = status.cluster;
  if (status.pause != null && health !== 'critical') {
    const { owner, reason, expires } = status.pause;
    const until = clockTime(Date.parse(expires));
    const why = reason === '' ? '' : `: ${clean(reason)}`;
    const ailing =
      health === 'healthy' ? '' : ` ${symbols.dot} ${reasons.map(clean).join(` ${symbols.dot} `)}`;
    return [
      span(' || paused', 'warning'),
      span(` by ${clean(owner)} until ${until}${why}`),
      span(` ${keyOf('palette')} resume`, 'key'),
      span(` ends it${ailing}`),
    ];
  }
  if (health === 'healthy') {
    const nodes = plural(status.nodes.length, 'node');
    const parts = ['', nodes, `engine ${clean(status.cluster.engine)}`, configWords(status.config)];
    const facts = parts.join(` ${symbols.dot} `);
    return [span(` ${symbols.pass} healthy`, 'ok'), span(facts, 'muted')];
  }
  return healthLine(status, ` ${symbols.dot} `);
}

/** A configuration on trial says what comes back and when. */
export function configWords({ version, tentative }: StatusResponse['config']): string {
  if (tentative == null) return `config v${version}`;
  const until = clockTime(Date.parse(tentative.expires));
  return `config v${version} on trial: v${tentative.previous} again at ${until}`;
}

/** What is on trial, how long still, and the key that keeps it: in every view, beside what is gravest. */
export function trialMark({ model }: View, isShort = false): Line {
  const config = shown(model).status?.config;
  const left = config === undefined ? null : trialLeft(config, momentOf(model));
  if (left === null) return [];
  const mark = `v${config?.tentative?.version}${isShort ? '' : ' on'} trial`;
  // of a second that is over nothing can be kept
  if (model.past !== null) return [span(`${mark} `, 'candidate')];
  // nor by whoever may only look
  if (isReadOnly(model)) return [span(`${mark} ${age(left)} `, 'candidate')];
  const keeps = isShort ? ' ' : ' keeps it ';
  return [span(`${mark} ${age(left)}: `, 'candidate'), span(keyOf('keep-config'), 'key'), span(keeps)];
}

/** Behind a banner that was cut: the key that says all of it. */
export function readsOn(): Line {
  return [span(` ${keyOf('explain')} reads on `, 'key')];
}

/** Why nobody has answered yet, and what may be done about it. */
function unansweredWords({ model: { connection, frozen } }: View): readonly string[] {
  if (connection.kind !== 'connecting' || connection.error === null || frozen !== null) return [];
  const { error, hint = '' } = connection;
  return [`No answer yet: ${clean(error)}.`, ...(hint === '' ? [] : [`What to do: ${clean(hint)}.`])];
}

/** What is not of now where somebody answers, and what that forbids. */
function staleSentences({ model }: View): readonly string[] {
  const { status } = shown(model);
  const words = model.connection.kind === 'live' ? staleWords(model) : null;
  if (status === null || words === null) return [];
  const via = clean(status.cluster.read.node_id);
  if (!isUnconfirmed(model))
    return [`~ ${words}: what ${via} tells is that old; nothing can be changed by it.`];
  return [
    `~ ${words}: ${via} answers, and which nodes it hears and how they do is of now.`,
    'What all share, as configuration, maintenance and operations, no majority has confirmed for so long.',
  ];
}

/** All that a banner may have to cut, a sentence each: what `e` begins with. */
export function bannerWords(view: View): readonly string[] {
  const lost = lostBanner(view);
  const picture = shown(view.model);
  const pause = picture.status?.pause ?? null;
  return [
    ...(lost === null ? [] : [`${textOf(lost).replaceAll(/ +/g, ' ').trim()}.`]),
    ...unansweredWords(view),
    ...noWritesSentences(picture.status),
    ...staleSentences(view),
    ...view.model.unsettled.map((words) => `?? ${clean(words)}`),
    ...(viewsDisagree(picture) ? ['!! VIEWS DISAGREE: the nodes do not name one leader.'] : []),
    ...(viewsDisagree(picture) ? viewGroups(picture) : []).map(
      ({ leader, term, nodes }) => `  ${nodes.map(clean).join(', ')}: ${clean(leader)} in term ${term}`,
    ),
    ...(picture.status?.config.tentative == null
      ? []
      : [`${configWords(picture.status.config)} unless it is kept.`]),
    ...(pause === null
      ? []
      : [
          `Paused by ${clean(pause.owner)} until ${clockTime(pause.expires)}: ${clean(pause.reason)}`,
          'Until then neither leadership nor members move by themselves. To end it now: ' +
            `${keyOf('palette')} resume here, or sqlcc cluster resume.`,
        ]),
  ];
}

/** At every size: no key can change anything here; `role` says why where that is the caller's. */
export function readOnlyMark({ model }: View, isShort = false): Line {
  if (!isReadOnly(model)) return [];
  const role = isShort || model.readOnly ? undefined : model.picture.status?.caller?.role;
  const why = role === undefined ? '' : ` (${clean(role)})`;
  return [span(`READ-ONLY${why}${isShort ? '' : ' '}`, 'frozen'), span(' ')];
}

/** Connection loss before everything, then the past, nodes that do not agree, a frozen picture, health. */
export function banner(view: View, layout: Layout): Line {
  const { model } = view;
  const running = shown(model).status?.operation ?? null;
  const aside = asideMarks(view);
  const rightWith = (mark: Line, isShort = false): Line => [
    ...mark,
    ...readOnlyMark(view, isShort),
    ...(running === null ? [] : [span(`${isShort ? '' : 'operation '}${clean(running)} runs `, 'candidate')]),
    ...trialMark(view, isShort),
    ...anotherNode(view, false),
    span(model.filter.text === '' ? '' : `/${clean(model.filter.text)} `, 'key'),
  ];
  const room = layout.columns - lineWidth(rightWith([]));
  const said = lostBanner(view, room) ?? unsettledBanner(view);
  const past = said === null ? pastBanner(view) : null;
  const split = said === null && past === null ? disagreement(view, room) : null;
  const full = said ?? past ?? split ?? stateBanner(view);
  // a blank between what stands at both edges
  const fits = (a: Line, b: Line): boolean =>
    lineWidth(a) + lineWidth(b) + (lineWidth(b) > 0 ? 1 : 0) <= layout.columns;
  const whole = rightWith(aside.long);
  // of a cluster that is well the facts give way to what is out of the ordinary
  const isSound = full[0]?.token === 'ok' && aside.long.length > 0;
  const left = isSound && !fits(full, whole) ? full.slice(0, 1) : full;
  // what is critical, or not as it is shown, is not cut short for it
  const isGrave = said !== null || split !== null || left[0]?.token === 'critical';
  const short = rightWith(aside.short);
  const isCrowded = !fits(left, short) && (isGrave || crowds(left, short, layout.columns));
  const wanted = fits(left, whole) ? whole : isCrowded ? rightWith([]) : short;
  // words of marks go before words of what is wrong
  const isTight = !fits(left, wanted) && crowds(left, wanted, layout.columns);
  const right = isTight ? rightWith([], true) : wanted;
  const told = fits(left, right) ? right : [...(past === null ? readsOn() : [span(' ')]), ...right];
  return told.every((s) => s.text === '')
    ? fitLine(left, layout.columns)
    : spread(left, told, layout.columns);
}
