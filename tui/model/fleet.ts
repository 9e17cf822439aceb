/** Several clusters at a glance: one line each, the sick ones first. Pure; screen and scripts share it. */
import type { StatusResponse } from '../feed/wire.ts';
import { type Names, namesIn } from '../format/names.ts';
import { clean, fitText } from '../format/width.ts';
import { age } from '../format/words.ts';
import type { Symbols } from '../theme/symbols.ts';
import { type Line, span, type Token } from '../theme/tokens.ts';
import { quorumFacts } from './selectors.ts';

/** What is known of one cluster. */
export interface FleetEntry {
  /** Its context in the user's configuration. */
  readonly context: string;
  /** The last status, also when the cluster is lost now. */
  readonly status: StatusResponse | null;
  /** Why nobody answered; null = somebody did, or nobody was asked yet. */
  readonly error: string | null;
  /** How old the status is; absent = it was asked for now. */
  readonly ageMs?: number | null;
}

/** `unknown`: nobody has answered yet, and nobody has refused; or what was answered is old. */
export type FleetHealth = StatusResponse['cluster']['health'] | 'unreachable' | 'unknown';

export interface FleetRow {
  readonly context: string;
  readonly cluster: string | null;
  readonly health: FleetHealth;
  readonly leader_id: string | null;
  readonly term: number | null;
  readonly voters_up: number | null;
  readonly voters: number | null;
  readonly nodes_alive: number | null;
  readonly nodes: number | null;
  readonly alerts_firing: number | null;
  readonly config_version: number | null;
  readonly operation: string | null;
  /** The first thing that is wrong, or what kept it from answering. */
  readonly reason: string | null;
}

const WORST_FIRST: readonly FleetHealth[] = ['critical', 'unreachable', 'degraded', 'unknown', 'healthy'];
const TOKENS: Readonly<Record<FleetHealth, Token>> = {
  healthy: 'ok',
  degraded: 'warning',
  critical: 'critical',
  unreachable: 'dead',
  unknown: 'muted',
};

/** A copy of a cluster's state that is older says nothing of now. */
const STALE_MS = 3000;

function healthOf({ status, error }: FleetEntry, isStale: boolean): FleetHealth {
  if (error !== null) return 'unreachable';
  const health = status?.cluster.health ?? 'unknown';
  return isStale && health === 'healthy' ? 'unknown' : health;
}

export function fleetRow(entry: FleetEntry): FleetRow {
  const { context, status, error } = entry;
  const oldMs = status?.cluster.read.age_ms ?? 0;
  const isStale = oldMs > STALE_MS;
  const stale = isStale ? `STALE: ${age(oldMs)} old` : null;
  const facts = status === null ? null : quorumFacts(status);
  return {
    context,
    cluster: status?.cluster.name ?? null,
    health: healthOf(entry, isStale),
    leader_id: status?.raft.leader_id ?? null,
    term: status?.raft.term ?? null,
    voters_up: facts?.up ?? null,
    voters: facts?.voters ?? null,
    nodes_alive: status?.nodes.filter((n) => n.liveness === 'alive').length ?? null,
    nodes: status?.nodes.length ?? null,
    alerts_firing: status?.alerts.firing ?? null,
    config_version: status?.config.version ?? null,
    operation: status?.operation ?? null,
    reason: error ?? stale ?? status?.cluster.reasons[0] ?? (status === null ? 'asking…' : null),
  };
}

/** Rows, the worst first and equal ones by name. */
export function fleetRows(entries: readonly FleetEntry[]): readonly FleetRow[] {
  return entries
    .map(fleetRow)
    .sort(
      (a, b) =>
        WORST_FIRST.indexOf(a.health) - WORST_FIRST.indexOf(b.health) ||
        (a.context < b.context ? -1 : a.context > b.context ? 1 : 0),
    );
}

/** How the worst cluster is; a fleet of none is healthy. */
export function worstHealth(rows: readonly FleetRow[]): FleetHealth {
  return WORST_FIRST.find((health) => rows.some((row) => row.health === health)) ?? 'healthy';
}

interface Column {
  readonly title: string;
  readonly width: number;
  /** 1 stays longest. */
  readonly priority: number;
  readonly text: (row: FleetRow) => string;
}

function outOf(part: number | null, whole: number | null): string {
  return part === null || whole === null ? '—' : `${part}/${whole}`;
}

const HEALTH_CELLS = 11;
/** A sign of at most two cells, and a blank. */
const SIGN_CELLS = 3;

/** The word says it too: colours and signs are for whoever looks over many rows. */
function signOf(health: FleetHealth, symbols: Symbols): string {
  switch (health) {
    case 'critical':
      return '!!';
    case 'unreachable':
      return symbols.dead;
    case 'degraded':
      return '!';
    case 'unknown':
      return symbols.suspect;
    case 'healthy':
      return symbols.pass;
  }
}

const LEADER_CELLS = 12;
const LEADER = ({ width, short }: Names): Column => ({
  ...{ title: 'LEADER', width, priority: 1 },
  text: (r) => short(leaderOf(r)),
});

function leaderOf({ leader_id }: FleetRow): string {
  return clean(leader_id ?? '—');
}

const COLUMNS: readonly Column[] = [
  { title: 'TERM', width: 6, priority: 5, text: (r) => (r.term === null ? '—' : String(r.term)) },
  { title: 'QUORUM', width: 7, priority: 2, text: (r) => outOf(r.voters_up, r.voters) },
  { title: 'NODES', width: 9, priority: 6, text: (r) => outOf(r.nodes_alive, r.nodes) },
  {
    ...{ title: 'ALERTS', width: 6, priority: 3 },
    text: (r) => (r.alerts_firing === null ? '—' : String(r.alerts_firing)),
  },
  {
    ...{ title: 'CONFIG', width: 6, priority: 7 },
    text: (r) => (r.config_version === null ? '—' : `v${r.config_version}`),
  },
];
const AGE = (entries: ReadonlyMap<string, number>): Column => ({
  ...{ title: 'AGE', width: 6, priority: 4 },
  text: (r) => {
    const ms = entries.get(r.context);
    return ms === undefined ? '—' : age(ms);
  },
});
/** What is left for the reason before a column is given up for it. */
const LEAST_REASON = 8;

/** What a screen adds to what is printed: how old each status is, and signs. */
interface FleetStyle {
  readonly ages: ReadonlyMap<string, number>;
  readonly symbols: Symbols;
}

/** Heading and one line a cluster; what does not fit into `cells` is left out, the least wanted first. */
export function fleetLines(
  rows: readonly FleetRow[],
  cells: number,
  { ages, symbols }: Partial<FleetStyle> = {},
): readonly Line[] {
  const signCells = symbols === undefined ? 0 : SIGN_CELLS;
  const sign = (health: FleetHealth): string =>
    fitText(symbols === undefined ? '' : signOf(health, symbols), signCells);
  const most = Math.floor(cells / 4);
  const names = namesIn(
    rows.map((r) => clean(r.context)),
    Math.min(32, most),
    7,
  );
  const leaders = namesIn(rows.map(leaderOf), Math.min(20, most), LEADER_CELLS);
  const all = [LEADER(leaders), ...COLUMNS, ...(ages === undefined ? [] : [AGE(ages)])];
  let left = cells - names.width - 1 - signCells - HEALTH_CELLS - 1 - LEAST_REASON;
  const kept = new Set<Column>();
  for (const column of [...all].sort((a, b) => a.priority - b.priority)) {
    left -= column.width + 1;
    if (left < 0) break;
    kept.add(column);
  }
  const columns = all.filter((c) => kept.has(c));
  const join = (read: (column: Column) => string): string =>
    columns.map((c) => fitText(read(c), c.width)).join(' ');
  const titles = `${fitText('', signCells)}${fitText('HEALTH', HEALTH_CELLS)} ${join((c) => c.title)}`;
  const heading = `${fitText('CLUSTER', names.width)} ${titles} WHY`;
  const lines = rows.map((row): Line => {
    // what is old is marked as such: it was so before the cluster fell silent
    const token: Token = row.health === 'unreachable' ? 'muted' : 'plain';
    return [
      span(`${names.fit(clean(row.context))} `, 'title'),
      span(`${sign(row.health)}${fitText(row.health, HEALTH_CELLS)} `, TOKENS[row.health]),
      span(
        join((c) => c.text(row)),
        token,
      ),
      span(` ${clean(row.reason ?? '')}`, row.health === 'healthy' ? 'muted' : 'warning'),
    ];
  });
  return [[span(heading, 'muted')], ...lines];
}
