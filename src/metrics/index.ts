export type { Metric, MetricGroup, MetricKind } from './catalogue.ts';
export { exposedName, METRICS } from './catalogue.ts';
export type { ExpositionFormat, ExpositionOptions } from './exposition.ts';
export { ALL_METRICS, CONTENT_TYPES } from './exposition.ts';
export type {
  ClusterMetrics,
  NodeMetrics,
  RaftMetrics,
  Readings,
  RealTimeMetrics,
  ReplicationMetrics,
} from './metrics-collector.ts';
export { MetricsCollector } from './metrics-collector.ts';
