export type {
  ChangeEffect,
  CheckedUpdate,
  ClusterConfig,
  ConfigChange,
  ConfigIssue,
  LocalKeys,
  MetricSelection,
  MonitoringConfig,
  NetworkConfig,
  NotifierConfig,
  ParsedConfig,
  RaftConfig,
  ReplicationConfig,
} from './cluster-config.ts';
export { configHash } from './hash.ts';
