/** What the selected row of a list means, in sentences: elections, versions, operations, events, clusters. */
import { clean } from '../format/width.ts';
import { clockTime, span as lasted } from '../format/words.ts';
import { keyOf } from '../key-names.ts';
import {
  cursorAt,
  electionRows,
  happenings,
  operationRows,
  rowKeys,
  selectedOf,
  versionRows,
} from '../model/lists.ts';
import type { Model } from '../model/model.ts';

function ofElection(model: Model): string[] {
  const row = selectedOf(model, electionRows(model), (e) => String(e.term), 'raft');
  if (row === undefined) return [];
  const { term, node_id, at, cause, votes, why, detect_ms: detect, election_ms: took } = row;
  const found = detect === null ? '' : `, ${lasted(detect)} after the leader before it fell silent`;
  return [
    `${clean(node_id)} was elected for term ${term} at ${clockTime(at)}: ${clean(cause)}.`,
    `The election took ${lasted(took)}${found}.`,
    ...(votes.length === 0 ? [] : [`Voted for by ${votes.map(clean).join(', ')}.`]),
    ...(why == null ? [] : [`It won because ${clean(why)}.`]),
  ];
}

function ofVersion(model: Model): string[] {
  const row = selectedOf(model, versionRows(model), (v) => String(v.version), 'config');
  if (row === undefined) return [];
  const { version, author, create_time: at, reason, is_active: isActive } = row;
  const why = reason === '' ? '' : `: ${clean(reason)}`;
  return [
    `Configuration v${version} was written by ${clean(author)} at ${clockTime(at)}${why}.`,
    isActive
      ? 'It is in force.'
      : `It is not in force: ${keyOf('roll-back')} plans to bring it back, as a new version.`,
    `Beside the list: what it changed. ${keyOf('diff-with')} compares with another version.`,
  ];
}

const OPERATION_STATES: Readonly<Record<string, string>> = {
  running: 'It runs.',
  done: 'It is done.',
  failed: 'It has failed.',
  cancelled: 'It was cancelled before anything of it had begun.',
  unknown: 'Nobody knows whether it happened: compare what it was to change with what is.',
};

function ofOperation(model: Model): string[] {
  const row = selectedOf(model, operationRows(model), (o) => o.id, 'operations');
  if (row === undefined) return [];
  const { id, kind, state, actor, reason, from, to, error, phases } = row;
  const last = phases.at(-1);
  const way = [from, to].filter((n): n is string => n !== null).map(clean);
  const why = reason === '' ? '' : `: ${clean(reason)}`;
  return [
    `Operation ${clean(id)} is a ${clean(kind)}, ${way.join(' to ')}, begun by ${clean(actor)}${why}.`,
    OPERATION_STATES[state] ?? `Its state is ${state}.`,
    ...(last === undefined ? [] : [`Its last phase: ${clean(last.name)}, from ${clockTime(last.at)} on.`]),
    ...(error === null ? [] : [`It says: ${clean(error)}.`]),
    ...(state === 'running'
      ? [`${keyOf('cancel-operation')} cancels it while nothing of it has begun.`]
      : []),
  ];
}

function ofHappening(model: Model): string[] {
  const row = selectedOf(model, happenings(model), (h) => h.key, 'events');
  if (row === undefined) return [];
  if ('audit' in row) {
    const { actor, action, target, reason, outcome, from, before, after } = row.audit;
    const why = reason === '' ? '' : `: ${clean(reason)}`;
    return [
      `${clean(actor)} did ${clean(action)} to ${clean(target)} at ${clockTime(row.at)}${why}.`,
      `It came from ${clean(from)}; the outcome: ${clean(outcome)}.`,
      ...(before === null ? [] : [`Before: ${clean(before)}.`]),
      ...(after === null ? [] : [`After: ${clean(after)}.`]),
    ];
  }
  const { node_id, kind, severity, message } = row.event;
  const times = row.times === 1 ? '' : `, ${row.times} times in a row`;
  return [
    `${clean(node_id)}, at ${clockTime(row.at)}${times}: ${clean(message)}.`,
    `It is ${severity}, of the kind ${clean(kind)}.`,
    `${keyOf('jump')} takes all views to that second.`,
  ];
}

/** Empty where there is no row, or the view's rows are explained elsewhere. */
export function rowWords(model: Model): readonly string[] {
  switch (model.view) {
    case 'raft':
      return ofElection(model);
    case 'config':
      return ofVersion(model);
    case 'operations':
      return ofOperation(model);
    case 'events':
      return ofHappening(model);
    default:
      return [];
  }
}

/** The cluster under the bar of the fleet; null elsewhere. */
export function clusterUnderBar(model: Model): string | null {
  if (model.view !== 'fleet') return null;
  const keys = rowKeys(model);
  return keys[cursorAt(model, keys)] ?? null;
}
