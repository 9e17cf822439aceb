/** `e`: what the selected row means, in sentences, and what a person can do about it. */

import type { AlertRow, NodeRow } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age, count, percent, plural } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import { alertRows, answerOf, selectedOf, subjectNode } from '../model/lists.ts';
import { nodeState } from '../model/node-state.ts';
import { quorumFacts, selectedNode, shown } from '../model/selectors.ts';
import { type Line, span } from '../theme/tokens.ts';
import type { DialogRoom, DialogText } from './dialog-parts.ts';
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
  return `In maintenance by ${clean(owner)}: ${clean(reason)}; ends by itself in ${left}.`;
}

function ofNode(row: NodeRow, view: View): string[] {
  const { now } = view.model;
  const { kind, word } = nodeState(row, now);
  const name = clean(row.node_id);
  const heard = row.last_heartbeat_ms === null ? 'never' : `${age(row.last_heartbeat_ms)} ago`;
  const rest = row.maintenance;
  const part = row.role === 'leader' ? 'the leader' : row.voter ? 'a voter' : 'a node without a vote';
  return [
    `${name} is ${part}, state: ${word}.`,
    STATES[kind] ?? '',
    `It was heard ${heard} and is ${count(row.lag_entries)} entries behind the leader.`,
    ...row.issues.map((issue) => `It names: ${clean(issue)}.`),
    ...(rest === null ? [] : [maintenanceWords(rest, now)]),
    ...(row.drain == null ? [] : [`Its clients are sent elsewhere (drain by ${clean(row.drain.owner)}).`]),
    ...(row.cpu_usage === null ? [] : [`It uses ${percent(row.cpu_usage)} % of its CPU.`]),
    kind === 'dead' ? deadWords() : ownKeys(),
  ];
}

function deadWords(): string {
  const [out, place] = [keyOf('remove-node'), keyOf('replace-node')];
  const gone = `if its machine is gone, ${out} takes it out`;
  return `Start its daemon; ${gone} and ${place} gives its vote to another node.`;
}

function ownKeys(): string {
  const [all, log, lead] = [keyOf('detail'), keyOf('log-of-node'), keyOf('failover')];
  return `${all} shows all about it, ${log} its log, ${lead} makes it the leader.`;
}

function ofAlert(alert: AlertRow, view: View): string[] {
  const answer = answerOf(shown(view.model), 'explain', alert.rule)?.value;
  const own = answer?.subjects.find((s) => s.node_id === alert.node_id);
  const place = alert.node_id === null ? 'the cluster' : clean(alert.node_id);
  return [
    `${clean(alert.rule)} on ${place}: ${clean(alert.value)}.`,
    `It is ${alert.severity} and ${alert.state}, since ${age(view.model.now - Date.parse(alert.since))}.`,
    ...(answer == null ? [] : [`It fires while: ${clean(answer.rule.condition)}.`]),
    ...(own?.parts ?? []).map((p) => `  ${'  '.repeat(p.depth)}${clean(p.text)} = ${clean(p.value)}`),
    answer == null || answer.rule.actions.length === 0
      ? 'Nobody is told of it.'
      : `Told by ${answer.rule.actions.map(clean).join(', ')}.`,
    alert.acknowledged_by === null
      ? `${keyOf('ack')} says that you have seen it, ${keyOf('silence')} silences it for a while.`
      : `${clean(alert.acknowledged_by)} has seen it.`,
    `What it means and what to do: docs/runbooks/${clean(alert.rule)}.md`,
  ];
}

function ofCluster(view: View): string[] {
  const { status } = shown(view.model);
  if (status === null) return ['The cluster has not answered yet.'];
  const facts = quorumFacts(status);
  const { leader_id: leader, term } = status.raft;
  return [
    `The cluster is ${status.cluster.health}.`,
    ...status.cluster.reasons.map((reason) => `Because ${clean(reason)}.`),
    leader === null
      ? 'Nobody leads: no write is taken until a majority has elected a leader.'
      : `${clean(leader)} leads in term ${term}: every write goes through it.`,
    `${facts.need} of ${facts.voters} voters are needed, ${facts.up} are up: ` +
      (facts.spare < 0 ? 'there is no majority, writes wait.' : `${plural(facts.spare, 'more')} may fail.`),
  ];
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
  const told = alert !== undefined ? ofAlert(alert, view) : node !== undefined ? ofNode(node, view) : [];
  const sentences = [...told, ...(told.length > 0 ? [''] : []), ...ofCluster(view)];
  const lines = sentences.flatMap((text): Line[] =>
    wrapped(text, room.width - 2).map((line) => [span(line, 'plain')]),
  );
  return {
    title: [span('In words', 'title')],
    lines: lines.slice(Math.min(scroll, Math.max(0, lines.length - 1))),
    edge: 'focus',
    hint: '↑↓ scroll  Esc close',
  };
}
