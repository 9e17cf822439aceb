/** How a metric's id and unit become its name and kind on `/metrics`. */

export type MetricGroup = 'cluster' | 'node' | 'raft' | 'replication';
/** `untyped`: names that end in `_count` would be taken for a histogram's part otherwise. */
export type MetricKind = 'gauge' | 'counter' | 'untyped' | 'histogram';
/** Unit of a value under its id; '' = a count. */
export type MetricUnit = '' | 'ratio' | 'bytes' | 'bytes/s' | 'per second' | 'seconds' | 'ms';

interface Named {
  readonly id: string;
  readonly unit: MetricUnit;
}

const METRIC_PREFIX = 'sqlcc_';

const SUFFIX: Readonly<Record<MetricUnit, string>> = {
  '': '',
  ratio: '',
  bytes: '_bytes',
  'bytes/s': '_bytes_per_second',
  'per second': '',
  seconds: '_seconds',
  ms: '_milliseconds',
};

/**
 * The name on `/metrics`: prefix, the seed's name, and the unit where the convention asks for one and the
 * name lacks it.
 */
export function exposedName({ id, unit }: Named): string {
  return `${METRIC_PREFIX}${id}${SUFFIX[unit]}`;
}

export function kindOf({ id }: Pick<Named, 'id'>): MetricKind {
  if (id.endsWith('_total')) return 'counter';
  return id.endsWith('_count') ? 'untyped' : 'gauge';
}
