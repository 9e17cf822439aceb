/**
 * What came from outside and calls itself a status: is it one that this program can show?
 * A newer schema or a damaged answer becomes a sentence here, and never a blank screen or
 * a stack trace further in. Unknown keys and unknown kinds of events are let through.
 */
import { SqlccError } from '../../src/base/index.ts';
import type { EventLine, StatusResponse } from './wire.ts';

/** The schema of answers that this program reads. */
const SCHEMA_VERSION = 1;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(what: string): never {
  throw new SqlccError('internal', `the answer is no status: ${what}`, {
    hint: 'ask another node (-e host:port), and compare sqlcc version on both sides',
  });
}

function checkNode(value: unknown, at: number): void {
  if (!isRecord(value)) damaged(`nodes.${at} is no object`);
  for (const key of ['node_id', 'zone', 'liveness', 'health'])
    if (typeof value[key] !== 'string') damaged(`nodes.${at}.${key} is no text`);
}

/** Throws a sentence that names what is wrong; the value as it came otherwise. */
export function checkStatus(value: unknown): StatusResponse {
  if (!isRecord(value)) damaged('it is no object');
  const version = value['schemaVersion'];
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new SqlccError(
      'not_implemented',
      `the node speaks schema ${version}, this program ${SCHEMA_VERSION}`,
      {
        hint: 'update sqlcc on this machine; until then use the one on the node',
      },
    );
  }
  const { cluster, raft, nodes, elections } = value;
  if (!isRecord(cluster) || !isRecord(cluster['read'])) damaged('cluster is missing');
  if (!isRecord(raft) || !Array.isArray(raft['voters'])) damaged('raft is missing');
  if (typeof raft['term'] !== 'number') damaged('raft.term is no number');
  if (!Array.isArray(cluster['reasons'])) damaged('cluster.reasons is no list');
  if (!Array.isArray(elections)) damaged('elections is no list');
  for (const key of ['config', 'alerts', 'primary']) if (!isRecord(value[key])) damaged(`${key} is missing`);
  if (!Array.isArray(nodes)) damaged('nodes is no list');
  nodes.forEach(checkNode);
  return value as unknown as StatusResponse;
}

/** True for what can be shown as an event, of whatever kind. */
export function isEvent(value: unknown): value is EventLine {
  return (
    isRecord(value) &&
    ['cursor', 'node_id', 'at', 'kind', 'message', 'severity'].every((k) => typeof value[k] === 'string') &&
    isRecord(value['data'])
  );
}
