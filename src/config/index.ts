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
export type { PreparedUpdate, UpdateInput, UpdateState } from './config-update-manager.ts';
export { ConfigUpdateManager, nextUpdate, UPDATE_TRANSITIONS } from './config-update-manager.ts';
export type { ConfigVersionInfo, VersionAnswer, VersionRequest } from './config-version-manager.ts';
export { ConfigVersionManager } from './config-version-manager.ts';
export { changeText, diffConfigs } from './diff.ts';
export type { AppliedVersion } from './distributed-config.ts';
export { DistributedConfig } from './distributed-config.ts';
export { configHash } from './hash.ts';
export type { ParseOptions } from './parse.ts';
export { formatIssues, parseConfig } from './parse.ts';
export { configReference, sampleConfig } from './reference.ts';
export { renderConfig, renderSharedConfig } from './render.ts';
export { checkUpdate, overlayConfig } from './update.ts';
