/** Several clusters at a glance: one line each, the sick ones first. Pure; screen and scripts share it. */
import type { StatusResponse } from '../feed/wire.ts';
import { clean, fitText } from '../format/width.ts';
import { type Line, span, type Token } from '../theme/tokens.ts';
import { quorumFacts } from './selectors.ts';

/** What is known of one cluster. */
export interface FleetEntry {
  /** Its context in the user's configuration. */
  readonly context: string;
  /** The last status, also when the cluster is lost now. */
  readonly status: StatusResponse | null;
  /** Why nobody answered; null = somebody did. */
  readonly error: string | null;
}

export type FleetHealth = StatusResponse['cluster']['health'] | 'unreachable';

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

const WORST_FIRST: readonly FleetHealth[] = ['critical', 'unreachable', 'degraded', 'healthy'];
const TOKENS: Readonly<Record<FleetHealth, Token>> = {
  healthy: 'ok',
  degraded: 'warning',
  critical: 'critical',
  unreachable: 'dead',
};

function fleetRow({ context, status, error }: FleetEntry): FleetRow {
  const facts = status === null ? null : quorumFacts(status);
  return {
    context,
    cluster: status?.cluster.name ?? null,
    health: error !== null || status === null ? 'unreachable' : status.cluster.health,
    leader_id: status?.raft.leader_id ?? null,
    term: status?.raft.term ?? null,
    voters_up: facts?.up ?? null,
    voters: facts?.voters ?? null,
    nodes_alive: status?.nodes.filter((n) => n.liveness === 'alive').length ?? null,
    nodes: status?.nodes.length ?? null,
    alerts_firing: status?.alerts.firing ?? null,
    config_version: status?.config.version ?? null,
    operation: status?.operation ?? null,
    reason: error ?? status?.cluster.reasons[0] ?? null,
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

const WIDTHS = { health: 11, leader: 12, term: 6, quorum: 7, nodes: 9, alerts: 6, config: 6 } as const;

function outOf(part: number | null, whole: number | null): string {
  return part === null || whole === null ? '—' : `${part}/${whole}`;
}

/** Heading and one line a cluster, as spans. */
export function fleetLines(rows: readonly FleetRow[], cells: number): readonly Line[] {
  const name = Math.min(
    32,
    Math.max(7, ...rows.map((r) => clean(r.context).length)),
    Math.max(7, Math.floor(cells / 4)),
  );
  const words = (texts: readonly string[]): string =>
    Object.values(WIDTHS)
      .slice(1)
      .map((width, i) => fitText(texts[i] ?? '', width))
      .join(' ');
  const titles = words(['LEADER', 'TERM', 'QUORUM', 'NODES', 'ALERTS', 'CONFIG']);
  const heading = `${fitText('CLUSTER', name)} ${fitText('HEALTH', WIDTHS.health)} ${titles} WHY`;
  const lines = rows.map((row): Line => {
    const facts = words([
      row.leader_id === null ? '—' : clean(row.leader_id),
      row.term === null ? '—' : String(row.term),
      outOf(row.voters_up, row.voters),
      outOf(row.nodes_alive, row.nodes),
      row.alerts_firing === null ? '—' : String(row.alerts_firing),
      row.config_version === null ? '—' : `v${row.config_version}`,
    ]);
    // what is old is marked as such: it was so before the cluster fell silent
    const age: Token = row.health === 'unreachable' ? 'muted' : 'plain';
    return [
      span(`${fitText(clean(row.context), name)} `, 'title'),
      span(`${fitText(row.health, WIDTHS.health)} `, TOKENS[row.health]),
      span(facts, age),
      span(` ${clean(row.reason ?? '')}`, row.health === 'healthy' ? 'muted' : 'warning'),
    ];
  });
  return [[span(heading, 'muted')], ...lines];
}
