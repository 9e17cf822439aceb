/**
 * Metrics of many series: histograms, and values that one label tells apart. How many values a label may
 * have is bounded (LIMITS.maxMetricSeries): a scraper's memory is not ours to fill.
 */
import type { MetricGroup, MetricKind, MetricUnit } from './names.ts';

export interface Family {
  readonly id: string;
  readonly group: MetricGroup;
  readonly kind: Exclude<MetricKind, 'untyped'>;
  readonly unit: MetricUnit;
  readonly help: string;
  /** What its series are told apart by, beside `cluster` and `node`; of two, `a,b`; null = there is one. */
  readonly label: string | null;
  /** Upper bounds of a histogram's buckets, ascending, in `unit`. */
  readonly buckets: readonly number[];
}

/** From half a millisecond, a fast answer, to ten seconds, where callers have given up. */
const ANSWER_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** From a cache that lies to a disk that hangs. */
const SYNC_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];
/** Elections take tens of milliseconds; the election timeout is 150 to 300. */
const ELECTION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60];

/** What every daemon tells beside its values: it is one, and its version. No condition can use it. */
export const BUILD_INFO = {
  id: 'build_info',
  group: 'node',
  kind: 'gauge',
  unit: '',
  label: 'version',
  help: 'Version of the daemon; always 1',
} as const;

type Row = readonly [
  id: string,
  kind: Family['kind'],
  unit: MetricUnit,
  label: string | null,
  buckets: readonly number[],
  help: string,
];

function rows(group: MetricGroup, table: readonly Row[]): Family[] {
  return table.map(([id, kind, unit, label, buckets, help]) => ({
    ...{ id, group, kind, unit, label, buckets, help },
  }));
}

export const FAMILIES: readonly Family[] = [
  ...rows('cluster', [
    [
      ...(['availability', 'gauge', 'ratio', 'window', []] as const),
      'Share of time in which a leader with a majority was known, as far as this node goes back',
    ],
    [
      ...(['failover_total', 'counter', '', 'cause', []] as const),
      'Times that this node took leadership over from another one, by why it asked for it',
    ],
    [
      ...(['failover_duration', 'histogram', 'seconds', null, ELECTION_SECONDS] as const),
      "From the former leader's last word to this node's election",
    ],
    [
      ...(['write_gap', 'histogram', 'seconds', null, ELECTION_SECONDS] as const),
      "From the former leader's last word until this node, elected, had applied an entry of its own term",
    ],
  ]),
  ...rows('node', [
    [
      ...(['notifications_sent_total', 'counter', '', 'channel,result', []] as const),
      'Notifications that this node has brought to their end: delivered, or dead after the last attempt',
    ],
    [
      ...(['query_latency', 'histogram', 'seconds', null, ANSWER_SECONDS] as const),
      'Latency of SQL requests',
    ],
    ['event_loop_lag', 'histogram', 'seconds', 'thread', LAG_SECONDS, 'How late the event loops are'],
    ['peer_rtt', 'gauge', 'seconds', 'peer', [], 'Round trip to another node by its connection, newest'],
  ]),
  ...rows('raft', [
    ['fsync', 'histogram', 'seconds', null, SYNC_SECONDS, 'Time until a write of the log is durable'],
    [
      ...(['append_rtt', 'histogram', 'seconds', 'peer', ANSWER_SECONDS] as const),
      'From sending entries to a follower to its word that they are durable there; only the leader knows',
    ],
    [
      ...(['election_duration', 'histogram', 'seconds', null, ELECTION_SECONDS] as const),
      'From the first question for votes to leadership, of the elections that this node won',
    ],
  ]),
];

/** The labels that a series of it has, by name. */
export function labelsOf({ label }: Family, value: string): Readonly<Record<string, string>> {
  if (label === null) return {};
  const names = label.split(',');
  // one label's value may have a comma; values of several have none
  const values = names.length === 1 ? [value] : value.split(',');
  return Object.fromEntries(names.map((name, n) => [name, values[n] ?? value]));
}

export function familyOf(id: string): Family | undefined {
  return FAMILIES.find((family) => family.id === id);
}
