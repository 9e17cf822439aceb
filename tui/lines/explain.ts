/** `e`: what the selected row means, in sentences, and what a person can do about it. */

import type { AlertRow, NodeRow, StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age, count, percent } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { refusal } from '../model/gate.ts';
import { alertRows, answerOf, fleetEntries, selectedOf, subjectNode } from '../model/lists.ts';
import type { Model } from '../model/model.ts';
import {
  missingVoters,
  momentOf,
  quorumFacts,
  selectedNode,
  shown,
  stateIn,
  vacancyWords,
} from '../model/selectors.ts';
import { noAnswerOf } from '../model/under-bar.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
import { clusterUnderBar, rowWords } from './explain-rows.ts';
import { bannerWords } from './head.ts';
import type { View } from './view.ts';

const STATES: Readonly<Record<string, string>> = {
  ok: 'It answers, keeps up and is healthy.',
  dead: 'Its heartbeats are missed by all who watch it. It counts for no majority until it is heard again.',
  suspect: 'Not all who watch it hear it. It is not counted out yet; nothing is moved because of it.',
  unknown: 'Nobody has heard of it yet.',
  unhealthy: 'It says of itself that it can’t serve. It is no candidate.',
  degraded: 'It serves, but not as it should: see what it names below.',
  lagging: 'It is further behind the leader than the limit. It is a slower candidate until it has caught up.',
  'catch-up':
    'It is copying what it has missed. A node without a vote becomes a voter when it has caught up.',
  maint: 'Somebody put it aside: it leads nothing, its alerts are silent, its vote stays.',
  starting: 'It is going through its start: see its log.',
  left: 'It left the cluster in order.',
};

function maintenanceWords(
  { owner, reason, expires }: NonNullable<NodeRow['maintenance']>,
  now: number,
): string {
  const left = age(Date.parse(expires) - now);
  const why = reason === '' ? '' : `: ${clean(reason)}`;
  return `In maintenance by ${clean(owner)}${why}; ends by itself in ${left}.`;
}

function ofNode(row: NodeRow, view: View): string[] {
  const { kind, word } = stateIn(view.model, row);
  const name = clean(row.node_id);
  const heard = row.last_heartbeat_ms === null ? 'never' : `${age(row.last_heartbeat_ms)} ago`;
  const rest = row.maintenance;
  const isLeader = row.role === 'leader';
  const part = isLeader ? 'the leader' : row.voter ? 'a voter' : 'a node without a vote';
  const { leader_id: leader = null } = shown(view.model).status?.raft ?? {};
  // without a leader there is nobody to be behind
  const isBehind = !isLeader && leader !== null;
  const was = kind === 'dead' ? 'was' : 'is';
  const entries = row.lag_entries === 1 ? 'entry' : 'entries';
  const lag =
    row.lag_entries === null
      ? '; how far it is behind only the leader knows'
      : ` and ${was} ${count(row.lag_entries)} ${entries} behind the leader`;
  const behind = isBehind ? lag : '';
  return [
    `${name} is ${part}, state: ${word.replace(/ !$/, '')}.`,
    STATES[kind] ?? '',
    // the node that answers needs no word of itself
    ...(row.node_id === shown(view.model).status?.cluster.read.node_id
      ? isBehind && row.lag_entries !== null
        ? [`It answers this screen${behind}.`]
        : ['It answers this screen.']
      : [`It was heard ${heard}${behind}.`]),
    // what its state says already
    ...row.issues
      .filter((issue) => kind !== 'dead' || !issue.startsWith('dead:'))
      .map((issue) => `It names: ${clean(issue)}.`),
    ...(rest === null ? [] : [maintenanceWords(rest, momentOf(view.model))]),
    ...(row.drain == null ? [] : [`Its clients are sent elsewhere (drain by ${clean(row.drain.owner)}).`]),
    ...(row.cpu_usage === null ? [] : [`Its machine’s processors are ${percent(row.cpu_usage)} % busy.`]),
    kind === 'dead' ? deadWords() : ownKeys(isLeader, view.model),
  ];
}

function deadWords(): string {
  const [out, place] = [keyOf('remove-node'), keyOf('replace-node')];
  const gone = `if its machine is gone, ${out} takes it out`;
  return `Start its daemon; ${gone} and ${place} gives its vote to another node.`;
}

function ownKeys(isLeader: boolean, model: Model): string {
  const [all, log, lead] = [keyOf('detail'), keyOf('log-of-node'), keyOf('failover')];
  const whom = isLeader ? 'another node' : 'it';
  if (refusal(model, 'failover') !== null) return `${all} shows all about it, ${log} its log.`;
  return `${all} shows all about it, ${log} its log, ${lead} makes ${whom} the leader.`;
}

function ofAlert(alert: AlertRow, view: View): string[] {
  const answer = answerOf(shown(view.model), 'explain', alert.rule)?.value;
  const own = answer?.subjects.find((s) => s.node_id === alert.node_id);
  const place = alert.node_id === null ? 'the cluster' : clean(alert.node_id);
  const lasted = momentOf(view.model) - Date.parse(alert.since);
  return [
    `${clean(alert.rule)} on ${place}: ${clean(alert.value)}.`,
    `It is ${alert.severity} and ${alert.state}, for ${age(lasted)} now.`,
    ...(answer == null ? [] : [`It fires while: ${clean(answer.rule.condition)}.`]),
    ...(own?.parts ?? []).map((p) => `  ${'  '.repeat(p.depth)}${clean(p.text)} = ${clean(p.value)}`),
    toldWords(view, alert.rule),
    alert.acknowledged_by === null
      ? `${keyOf('ack')} says that you have seen it, ${keyOf('silence')} silences it for a while.`
      : `${clean(alert.acknowledged_by)} has seen it.`,
    RUNBOOKS.has(alert.rule)
      ? `What it means and what to do: docs/runbooks/${alert.rule}.md`
      : 'It is a rule of your own: what it means and what to do is written where you wrote it.',
  ];
}

/** Rules with a page in docs/runbooks: those that are in force without any of one's own. */
const RUNBOOKS: ReadonlySet<string> = new Set([
  ...['CertExpiry', 'ClockSkew', 'DiskSlow', 'DiskSpaceLow', 'DivergedReplica', 'HighErrorRate'],
  ...['HighLatency', 'LeaderDown', 'MaintenanceExpiring', 'NodeDown', 'NodeUnreachable'],
  ...['PersonCertExpiry', 'ReplicaLag'],
]);

/** Who is told, or that it is not known: nobody is nobody only where the cluster says so. */
function toldWords(view: View, rule: string): string {
  const answer = answerOf(shown(view.model), 'explain', rule);
  if (answer === undefined) return 'Who is told of it is being asked.';
  if (answer.value === null) return `Who is told of it is not known: ${clean(answer.error ?? 'no answer')}.`;
  const { actions } = answer.value.rule;
  return actions.length === 0 ? 'Nobody is told of it.' : `Told by ${actions.map(clean).join(', ')}.`;
}

/** What a person does about a majority that is gone; the last way loses what only the others had. */
function noMajorityWords(missing: readonly string[]): readonly string[] {
  return [
    `Start ${missing.map(clean).join(', ')}, or mend the network to them: a majority elects by itself.`,
    'If their disks are gone for good, one voter that is left can go on alone, and what it never got ' +
      'is lost: sqlcc cluster recover --help.',
  ];
}

interface AboutCluster {
  readonly name?: string;
  /** The reasons stand above already. */
  readonly isWhyTold?: boolean;
}

function ofCluster(
  status: StatusResponse | null,
  { name = 'The cluster', isWhyTold = false }: AboutCluster = {},
): string[] {
  if (status === null) return [`${name} has not answered yet.`];
  const facts = quorumFacts(status);
  const { leader_id: leader, term } = status.raft;
  return [
    `${name} is ${status.cluster.health}.`,
    ...(isWhyTold ? [] : status.cluster.reasons.map((reason) => `Because ${clean(reason)}.`)),
    leader === null
      ? 'Nobody leads: no write is taken until a majority has elected a leader.'
      : `${clean(leader)} leads in term ${term}: every write goes through it.`,
    `${facts.need} of ${facts.voters} voters are needed, ${facts.up} ${facts.up === 1 ? 'is' : 'are'} up: ` +
      (facts.spare < 0 ? 'there is no majority, writes wait.' : `${facts.spare || 'none'} more may fail.`),
    ...(facts.spare < 0 ? noMajorityWords(missingVoters(status)) : []),
  ];
}

/** Of the fleet: the cluster under the bar, and not the one that the screen is in. */
function ofOther(model: Model, context: string): string[] {
  const entry = fleetEntries(model).find((e) => e.context === context);
  const name = clean(context);
  const silent = entry?.error == null ? [] : [`${name} does not answer now: ${clean(entry.error)}.`];
  const isNews = entry?.status != null || silent.length === 0;
  const old = silent.length > 0 && isNews ? ['As it was when it answered last:'] : [];
  return [
    ...silent,
    ...old,
    ...(isNews ? ofCluster(entry?.status ?? null, { name }) : []),
    ...wayThere(model, context),
  ];
}

/** What the keys do; none goes to where one is. */
function wayThere(model: Model, context: string): string[] {
  if (context === model.contextName) return [];
  const sign = keyOf(noAnswerOf(model, context) === null ? 'detail' : 'contexts');
  return [`${sign} leaves this cluster and goes there${sign === keyOf('detail') ? '.' : ' all the same.'}`];
}

/** What a failover can't do, and what there is instead: where a majority is gone, and where one is there. */
function noForceWords(status: StatusResponse | null): readonly string[] {
  const why =
    'A failover can’t be forced: whoever led without a majority could lack writes that were acknowledged, ' +
    'or be the second leader.';
  if (status === null || quorumFacts(status).spare >= 0) {
    return [
      why,
      '',
      `It need not be: ${keyOf('failover')} hands over while a majority is up, however ill the rest is, ` +
        'and loses nothing that was acknowledged. What its checks refuse is named beside each candidate.',
      '',
      'Only where a majority is gone for good something is lost, by one command on the machine of the ' +
        'voter that is left: sqlcc cluster recover --help.',
    ];
  }
  const [first, second] = noMajorityWords(missingVoters(status));
  return [
    `There is ${vacancyWords(status)}.`,
    '',
    `1. ${first} Nothing is lost then.`,
    '',
    `2. ${second}`,
    'On its machine, its daemon stopped, this shows what it holds and who would go, and changes nothing:',
    '  sqlcc cluster recover --data-dir DIR --dry-run',
    'Without --dry-run it wants the cluster’s name typed, and the audit keeps who did it and why.',
    '',
    why,
  ];
}

export function noForceText({ model }: View, scroll: number, room: DialogRoom): DialogText {
  const lines = noForceWords(model.picture.status).flatMap((text) => rowsOf(text, room));
  return { ...READ, title: [span('No forced failover', 'title')], lines, scroll };
}

const READ = { edge: 'focus', hint: '↑↓ scroll  Esc close' } as const;

function rowsOf(text: string, room: DialogRoom): Line[] {
  return wrapped(text, room.width - 2).map((line): Line => [span(line, 'plain')]);
}

/** Wrapped between words. */
function wrapped(text: string, cells: number): string[] {
  const out: string[] = [];
  for (const word of text.split(' ')) {
    const last = out.at(-1);
    if (last === undefined || last.length + word.length + 1 > cells) out.push(word);
    else out[out.length - 1] = `${last} ${word}`;
  }
  return out;
}

export function explainText(view: View, scroll: number, room: DialogRoom): DialogText {
  const { model } = view;
  const alert =
    model.view === 'alerts' ? selectedOf(model, alertRows(model), (a) => a.id, 'alerts') : undefined;
  const nodes = shown(model).status?.nodes ?? [];
  const node =
    model.view === 'topology'
      ? selectedNode(model)
      : model.view === 'node' || model.view === 'log'
        ? nodes.find((n) => n.node_id === subjectNode(model))
        : undefined;
  const told =
    alert !== undefined ? ofAlert(alert, view) : node !== undefined ? ofNode(node, view) : rowWords(model);
  const other = clusterUnderBar(model);
  const grave = bannerWords(view);
  const { status } = shown(model);
  const isWhyTold = status?.cluster.health === 'critical';
  const rest =
    other === null
      ? [...told, ...(told.length > 0 ? [''] : []), ...ofCluster(status, { isWhyTold })]
      : ofOther(model, other);
  const sentences = [...grave, ...(grave.length > 0 ? [''] : []), ...rest];
  const lines = sentences.flatMap((text) => rowsOf(text, room));
  return { ...READ, title: [span('In words', 'title')], lines, scroll };
}
