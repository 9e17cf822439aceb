/** The shapes of the answers that the screen draws. */
import { all, fields, list, maybe, orAbsent, orNull, type Shape } from './shape.ts';

const ASIDE = fields(all(['owner', 'reason', 'since', 'expires'], 'text'));
const TEXTS = list('text');

const CANDIDATE = fields({
  node_id: 'text',
  eligible: 'flag',
  reasons: TEXTS,
  lag_entries: orNull('number'),
});

const NODE = fields({
  ...all(['node_id', 'host', 'zone', 'liveness', 'health', 'version'], 'text'),
  ...all(['port', 'client_port'], 'number'),
  ...all(['state', 'role', 'last_check'], orNull('text')),
  voter: 'flag',
  issues: TEXTS,
  maintenance: orNull(ASIDE),
  drain: maybe(ASIDE),
  metadata: { each: 'text' },
  ...all(['term', 'match_index', 'lag_entries', 'last_heartbeat_ms', 'load_factor'], orNull('number')),
  ...all(['capacity', 'cpu_usage', 'memory_usage', 'disk_usage', 'disk_used_bytes'], orNull('number')),
  ...all(['active_connections', 'query_latency_p95_ms', 'rtt_ms', 'uptime_ms'], orNull('number')),
  ...all(['clock_offset_ms', 'event_loop_lag_ms', 'fsync_ms', 'commit_latency_p95_ms'], maybe('number')),
  ...all(['queries_per_second', 'error_rate'], maybe('number')),
});

const ELECTION = fields({
  ...all(['node_id', 'at', 'cause'], 'text'),
  ...all(['term', 'election_ms'], 'number'),
  detect_ms: orNull('number'),
  votes: TEXTS,
  why: maybe('text'),
  candidates: orAbsent(list(CANDIDATE)),
});

const TRIAL = fields({ version: 'number', previous: 'number', expires: 'text' });

export const STATUS = fields({
  cluster: fields({
    ...all(['name', 'engine', 'health'], 'text'),
    reasons: TEXTS,
    read: fields({ age_ms: 'number', node_id: 'text', applied_index: 'number' }),
  }),
  raft: fields({
    leader_id: orNull('text'),
    ...all(['term', 'commit_index', 'quorum', 'election_timeout_ms', 'heartbeat_interval_ms'], 'number'),
    voters: TEXTS,
  }),
  isolation: maybe(fields({ since_ms: 'number', reached: TEXTS, missing: TEXTS, text: 'text' })),
  primary: fields({ node_id: orNull('text'), epoch: 'number' }),
  config: fields({ version: 'number', tentative: maybe(TRIAL) }),
  pause: maybe(ASIDE),
  operation: orNull('text'),
  alerts: fields({ firing: 'number' }),
  elections: list(ELECTION),
  nodes: list(NODE),
  caller: orAbsent(fields({ id: 'text', role: 'text', scopes: TEXTS })),
});

export const ALERTS = list(
  fields({
    ...all(['id', 'rule', 'severity', 'state', 'since', 'value'], 'text'),
    ...all(['node_id', 'acknowledged_by'], orNull('text')),
    ...all(['incident', 'fired_at', 'condition'], orAbsent('text')),
    ...all(['silenced_by', 'inhibited_by'], maybe('text')),
  }),
);

export const VIEWS = fields({
  views: list(
    fields({ node_id: 'text', leader_id: orNull('text'), term: orNull('number'), error: orNull('text') }),
  ),
});

export const HISTORY = fields({
  step_ms: 'number',
  kept_step_ms: maybe('number'),
  points: list(
    fields({
      ...all(['at', 'node_id'], 'text'),
      ...all(['cpu_usage', 'lag_entries', 'applied_index'], orNull('number')),
    }),
  ),
});

const CHECK = fields({ name: 'text', result: 'text', text: 'text' });

export const PLAN = fields({
  ...all(['token', 'expires', 'kind', 'command'], 'text'),
  create_time: orAbsent('text'),
  ...all(['from', 'to'], orNull('text')),
  refusal: maybe('text'),
  allowed: 'flag',
  checks: list(CHECK),
  candidates: list(CANDIDATE),
  expected_gap_ms: orNull('number'),
  measured_gaps_ms: orAbsent(list('number')),
  term: 'number',
});

export const OPERATION = fields({
  ...all(['id', 'kind', 'state', 'phase', 'actor', 'reason'], 'text'),
  ...all(['from', 'to', 'error'], orNull('text')),
  phases: list(fields({ name: 'text', at: 'text', elapsed_ms: orNull('number'), result: orNull('text') })),
  candidates: list(CANDIDATE),
  write_gap_ms: maybe('number'),
});

const CHANGE = fields({ path: 'text', effect: 'text', from: 'any', to: 'any' });

/** Of the questions of single views, those whose answers have parts of their own. */
export const PARTS: Readonly<Record<string, Shape>> = {
  operations: list(OPERATION),
  versions: list(fields({ changes: TEXTS, confirmation: maybe('text') })),
  pending: list(fields({ pending: list(CHANGE), version: orNull('number') })),
  silences: list(fields({ severity: orNull('text') })),
  links: list(fields({ rttMs: orNull('number'), rttP50Ms: maybe('number'), rttP99Ms: maybe('number') })),
  explain: fields({
    rule: fields({ name: 'text', condition: 'text', severity: 'text', for_ms: 'number', actions: TEXTS }),
    subjects: list(
      fields({
        node_id: orNull('text'),
        parts: maybe(list(fields({ depth: 'number', text: 'text', value: 'text' }))),
        notifications: maybe(
          list(
            fields({
              ...{ ...all(['kind', 'channel', 'state', 'at', 'note'], 'text'), times: maybe('number') },
              under_way: maybe(
                fields({ attempts: 'number', last_error: orNull('text'), next_in_ms: orNull('number') }),
              ),
            }),
          ),
        ),
      }),
    ),
  }),
};
