export type { AssignedText } from './assignments.ts';
export { assignmentsText } from './assignments.ts';
export type { BackupHead, ReadBackup } from './backup.ts';
export { backupText, readBackup } from './backup.ts';
export type {
  ChangeEffect,
  CheckedUpdate,
  ClusterConfig,
  ConfigChange,
  ConfigIssue,
  LocalKeys,
  MessageTemplates,
  MetricSelection,
  MonitoringConfig,
  NetworkConfig,
  NotifierConfig,
  ParsedConfig,
  RaftConfig,
  ReplicationConfig,
  UpdateMode,
} from './cluster-config.ts';
export type { PreparedUpdate, UpdateInput, UpdateState } from './config-update-manager.ts';
export { ConfigUpdateManager, nextUpdate, UPDATE_TRANSITIONS } from './config-update-manager.ts';
export type {
  ConfigConfirmation,
  ConfigVersionInfo,
  VersionAnswer,
  VersionRequest,
} from './config-version-manager.ts';
export { backTo, ConfigVersionManager } from './config-version-manager.ts';
export { changeText, diffConfigs } from './diff.ts';
export type { AppliedVersion } from './distributed-config.ts';
export { DistributedConfig } from './distributed-config.ts';
export { configHash } from './hash.ts';
export type { ParseOptions } from './parse.ts';
export { formatIssues, parseConfig } from './parse.ts';
export { configReference, sampleConfig } from './reference.ts';
export { renderConfig, renderSharedConfig } from './render.ts';
export {
  checkText,
  checkUpdate,
  diffTexts,
  issueIn,
  overlayConfig,
  overlayIssues,
} from './update.ts';
