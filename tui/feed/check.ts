/**
 * What came from outside and calls itself a status: is it one that this program can show?
 * A newer schema or a damaged answer becomes a sentence here, and never a blank screen or
 * a stack trace further in. Unknown keys and unknown kinds of events are let through.
 */
import { SqlccError } from '../../src/base/index.ts';
import { misshapen, type Shape } from './shape.ts';
import { ALERTS, HISTORY, OPERATION, PARTS, PLAN, STATUS, VIEWS } from './shapes.ts';
import type { SliceName, Slices } from './slices.ts';
import type {
  AlertRow,
  EventLine,
  HistoryResponse,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from './wire.ts';

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
  const wrong = misshapen(value, STATUS, '');
  if (wrong !== null) damaged(wrong);
  return value as unknown as StatusResponse;
}

/** The value as it came, or a sentence of what is wrong with the answer called `what`. */
function shaped<T>(value: unknown, shape: Shape, what: string): T {
  const wrong = misshapen(value, shape, what);
  if (wrong === null) return value as T;
  throw new SqlccError('internal', `the answer can't be shown: ${wrong}`, {
    hint: 'compare sqlcc version on both sides',
  });
}

export function checkAlerts(value: unknown): readonly AlertRow[] {
  return shaped(value, ALERTS, 'alerts');
}

export function checkViews(value: unknown): ViewsResponse {
  return shaped(value, VIEWS, 'views');
}

export function checkHistory(value: unknown): HistoryResponse {
  return shaped(value, HISTORY, 'history');
}

export function checkPlan(value: unknown): Plan {
  return shaped(value, PLAN, 'plan');
}

export function checkOperation(value: unknown): OperationView {
  return shaped(value, OPERATION, 'operation');
}

type Kind = 'text' | 'text or null' | 'number' | 'list';

/** Slices that are lists of rows. */
type Listed = Exclude<SliceName, 'explain' | 'fleet' | 'text'>;

/** What a row of each slice must have so that a view can show it; more is let through. */
const ROWS: Readonly<Record<Listed, Readonly<Record<string, Kind>>>> = {
  operations: {
    ...{ id: 'text', kind: 'text', state: 'text', phases: 'list', candidates: 'list' },
    ...{ actor: 'text', reason: 'text', from: 'text or null', to: 'text or null', error: 'text or null' },
  },
  versions: {
    ...{ version: 'number', create_time: 'text', create_node: 'text', author: 'text', reason: 'text' },
    ...{ changes: 'list', config_hash: 'text' },
  },
  pending: { node_id: 'text', pending: 'list', error: 'text or null', file_issue: 'text or null' },
  diff: { path: 'text', effect: 'text' },
  silences: {
    id: 'text',
    until: 'text',
    by: 'text',
    reason: 'text',
    rule: 'text or null',
    node_id: 'text or null',
  },
  audit: {
    ...{ seq: 'number', at: 'text', actor: 'text', action: 'text', target: 'text', outcome: 'text' },
    ...{ reason: 'text', from: 'text', credential: 'text', hash: 'text' },
    ...{ before: 'text or null', after: 'text or null' },
  },
  links: { from: 'text', to: 'text', liveness: 'text' },
  log: { at: 'text', level: 'text', event: 'text', text: 'text' },
};

function is(kind: Kind, value: unknown): boolean {
  if (kind === 'list') return Array.isArray(value);
  if (kind === 'text or null') return value === null || typeof value === 'string';
  return typeof value === (kind === 'text' ? 'string' : 'number');
}

/** Throws a sentence when an answer to the question of a view can't be shown. */
export function checkAnswer<K extends SliceName>(slice: K, value: unknown): Slices[K] {
  const wrong = (what: string): never => {
    throw new SqlccError('internal', `the answer can't be shown: ${slice}${what}`, {
      hint: 'compare sqlcc version on both sides',
    });
  };
  if (slice === 'fleet') return checkStatus(value) as Slices[K];
  if (slice === 'explain') {
    const { rule, subjects } = isRecord(value) ? value : {};
    const isWhole = isRecord(rule) && Array.isArray(rule['actions']) && Array.isArray(subjects);
    if (!isWhole) wrong(' is no explanation');
    return shaped(value, PARTS['explain'] ?? 'any', slice);
  }
  if (slice === 'text') {
    const { version, text } = isRecord(value) ? value : {};
    if (typeof version !== 'number' || typeof text !== 'string') wrong(' is no configuration');
    return value as Slices[K];
  }
  if (!Array.isArray(value)) return wrong(' is no list');
  const wish = ROWS[slice as Listed];
  value.forEach((row: unknown, at) => {
    const fields: Readonly<Record<string, unknown>> = isRecord(row) ? row : wrong(`.${at} is no object`);
    for (const [key, kind] of Object.entries(wish))
      if (!is(kind, fields[key])) wrong(`.${at}.${key} is no ${kind}`);
  });
  return shaped(value, PARTS[slice] ?? 'any', slice);
}

/** True for what can be shown as an event, of whatever kind. */
export function isEvent(value: unknown): value is EventLine {
  return (
    isRecord(value) &&
    ['cursor', 'node_id', 'at', 'kind', 'message', 'severity'].every((k) => typeof value[k] === 'string') &&
    isRecord(value['data'])
  );
}
