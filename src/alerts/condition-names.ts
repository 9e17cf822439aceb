/** The names that a condition may use: whose they are, how a number of them is written, what they mean. */
import type { Metric } from '../metrics/index.ts';
import { dimensionExample, dimensionOf } from './units.ts';
import { metricOf, READINGS, SEED_NAMES, scopeOfReading } from './vocabulary.ts';

export interface ConditionName {
  readonly name: string;
  /** Asked of each node, or once of the cluster. */
  readonly of: 'node' | 'cluster';
  readonly unit: string;
  /** How a number to compare it with may be written. */
  readonly example: string;
  readonly meaning: string;
  /** Other names that conditions may use for it. */
  readonly aliases: readonly string[];
}

function exampleOf(metric: Metric): string {
  // yes is 1 and no is 0; neither they nor a count are written as a share
  if (metric.unit === '') return '1';
  // times are latencies as well as what is left of a certificate
  if (metric.unit === 'seconds' || metric.unit === 'ms') return '500ms, 30s or 14d';
  return dimensionExample(dimensionOf(metric));
}

function row(name: string): ConditionName[] {
  const metric = metricOf(name);
  const scope = scopeOfReading(name);
  if (metric === undefined || scope === null) return [];
  const aliases = [...SEED_NAMES].flatMap(([alias, of]) => (of === name ? [alias] : []));
  const unit = metric.unit === '' ? 'count' : metric.unit;
  return [{ name, of: scope, unit, example: exampleOf(metric), meaning: metric.help, aliases }];
}

/** Those of nodes first, each part in the order of docs/alerts.md. */
export function conditionNames(): readonly ConditionName[] {
  return READINGS.flatMap(row);
}
