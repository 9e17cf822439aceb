export type { Metric } from './catalogue.ts';
export { METRICS } from './catalogue.ts';
export { dashboard } from './dashboard.ts';
export type { ExpositionFormat, ExpositionOptions, SeriesRow } from './exposition.ts';
export { ALL_METRICS, CONTENT_TYPES } from './exposition.ts';
export type { Family } from './families.ts';
export { FAMILIES, familyOf } from './families.ts';
export type { HistogramSnapshot } from './histogram.ts';
export { Histogram } from './histogram.ts';
export type {
  ClusterMetrics,
  Incident,
  NodeMetrics,
  RaftMetrics,
  Readings,
  RealTimeMetrics,
  ReplicationMetrics,
} from './metrics-collector.ts';
export { MetricsCollector } from './metrics-collector.ts';
export type { MetricGroup, MetricKind, MetricUnit } from './names.ts';
export { exposedName } from './names.ts';
export { promqlOf } from './promql.ts';
export { metricsReference } from './reference.ts';
export type { Series } from './registry.ts';
export type { RuleToExport } from './rules-file.ts';
export { rulesFile } from './rules-file.ts';
