/** What the filter finds in the rows of each view: its fields, and the text that a bare word looks in. */
import type { Slices } from '../feed/slices.ts';
import type {
  AlertRow,
  AuditRow,
  ConfigVersionRow,
  ElectionRow,
  EventLine,
  NodeRow,
  OperationView,
} from '../feed/wire.ts';
import { type Fields, fieldNames, parseFilter } from './filter.ts';
import { nodeState } from './node-state.ts';
import type { ViewId } from './views.ts';

/** A line of the Events view: what a node did, or what a person did. */
export type Happening =
  | { readonly key: string; readonly at: string; readonly event: EventLine; readonly times: number }
  | { readonly key: string; readonly at: string; readonly audit: AuditRow };

function share(value: number | null): number | null {
  return value === null ? null : value * 100;
}

const NODE_WORDS: Fields<NodeRow>['words'] = {
  name: (r) => r.node_id,
  zone: (r) => r.zone,
  role: (r) => r.role ?? (r.voter ? 'voter' : 'learner'),
  state: (r) => `${nodeState(r).kind} ${r.liveness} ${r.health} ${r.state ?? ''}`,
  host: (r) => r.host,
  version: (r) => r.version,
};

/** Of a dead node no figures are shown, so none are found either. */
function ofLiving(read: (row: NodeRow) => number | null): (row: NodeRow) => number | null {
  return (row) => (row.liveness === 'dead' ? null : read(row));
}

export const NODE_FIELDS: Fields<NodeRow> = {
  words: NODE_WORDS,
  text: (row) =>
    Object.values(NODE_WORDS)
      .map((read) => read(row))
      .join(' '),
  numbers: {
    lag: ofLiving((r) => r.lag_entries),
    cpu: ofLiving((r) => share(r.cpu_usage)),
    mem: ofLiving((r) => share(r.memory_usage)),
    disk: ofLiving((r) => share(r.disk_usage)),
    rtt: ofLiving((r) => r.rtt_ms),
    term: (r) => r.term,
  },
};

export const ELECTION_FIELDS: Fields<ElectionRow> = {
  text: (r) => `${r.term} ${r.node_id} ${r.cause}`,
  words: { node: (r) => r.node_id, cause: (r) => r.cause },
  numbers: { term: (r) => r.term },
};

export const ALERT_FIELDS: Fields<AlertRow> = {
  text: (a) => `${a.rule} ${a.node_id ?? 'cluster'} ${a.state} ${a.value}`,
  words: {
    rule: (a) => a.rule,
    node: (a) => a.node_id ?? 'cluster',
    state: (a) => a.state,
    severity: (a) => a.severity,
    level: (a) => a.severity,
  },
};

export const VERSION_FIELDS: Fields<ConfigVersionRow> = {
  text: (v) => `v${v.version} ${v.author} ${v.reason}`,
  words: { who: (v) => v.author },
  numbers: { version: (v) => v.version },
};

export const OPERATION_FIELDS: Fields<OperationView> = {
  text: (o) => `${o.id} ${o.kind} ${o.state} ${o.actor} ${o.reason}`,
  words: { kind: (o) => o.kind, state: (o) => o.state, who: (o) => o.actor },
};

/** Who did what an event tells of; nobody where it came by itself. */
function actorOf({ data }: EventLine): string {
  const { actor, author, owner } = data;
  return [actor, author, owner].filter((who) => typeof who === 'string').join(' ');
}

export const HAPPENING_FIELDS: Fields<Happening> = {
  text: (row) => {
    if ('event' in row) return `${row.event.node_id} ${row.event.kind} ${row.event.message}`;
    const { actor, action, target, reason } = row.audit;
    return `audit ${actor} ${action} ${target} ${reason}`;
  },
  words: {
    node: (row) => ('event' in row ? row.event.node_id : row.audit.target),
    kind: (row) => ('event' in row ? row.event.kind : `audit ${row.audit.action}`),
    level: (row) => ('event' in row ? row.event.severity : ''),
    severity: (row) => ('event' in row ? row.event.severity : ''),
    who: (row) => ('event' in row ? actorOf(row.event) : row.audit.actor),
  },
};

/** The log's levels and the words that the level key has for them. */
const LOG_LEVELS: Readonly<Record<string, string>> = { ERROR: 'critical', WARN: 'warning' };

export const LOG_FIELDS: Fields<Slices['log'][number]> = {
  text: (l) => `${l.level} ${l.event} ${l.text}`,
  words: { level: (l) => `${l.level} ${LOG_LEVELS[l.level] ?? 'info'}`, event: (l) => l.event },
};

/** Of a row of the fleet its context, and what is known of the cluster. */
interface OfCluster {
  readonly context: string;
  readonly cluster: string | null;
  readonly health: string;
  readonly leader_id: string | null;
  readonly term: number | null;
  readonly nodes: number | null;
  readonly alerts_firing: number | null;
}

export const FLEET_FIELDS: Fields<OfCluster> = {
  text: (r) => `${r.context} ${r.cluster ?? ''} ${r.health}`,
  words: { name: (r) => r.context, health: (r) => r.health, leader: (r) => r.leader_id ?? '' },
  numbers: { alerts: (r) => r.alerts_firing, nodes: (r) => r.nodes, term: (r) => r.term },
};

const OF_VIEW: Readonly<Partial<Record<ViewId, Fields<never>>>> = {
  topology: NODE_FIELDS,
  raft: ELECTION_FIELDS,
  alerts: ALERT_FIELDS,
  config: VERSION_FIELDS,
  events: HAPPENING_FIELDS,
  log: LOG_FIELDS,
  operations: OPERATION_FIELDS,
  fleet: FLEET_FIELDS,
};

/** For whoever gave one on a command line that can't be meant. */
export const FILTERS = 'such as state:!ok, zone:eu-a, lag>500, !word or ~regex; see docs/keys.md';

/** What is wrong with the filter where `view` shows its rows; null = nothing. */
export function wrongFilter(view: ViewId, text: string): string | null {
  const fields = OF_VIEW[view];
  return fields === undefined ? null : parseFilter(text, fields).wrong;
}

/** The fields that the filter knows in `view`; null where it has no list. */
export function fieldsOf(view: ViewId): string | null {
  const fields = OF_VIEW[view];
  return fields === undefined ? null : fieldNames(fields);
}
