/** `sqlcc cluster config …`: words, flags and examples. */
import type { CommandSpec, FlagSpec } from '../command-spec.ts';
import { NEVER_ASKS, REASON_FLAG, YES_CLUSTER_FLAGS } from '../command-spec.ts';

const IF_VERSION: FlagSpec = {
  flags: '--if-version <version>',
  text: 'only if this is still the active version',
};
const DRY_RUN: FlagSpec = { flags: '--dry-run', text: 'only check and show the changes' };
const CONFIRM: FlagSpec = {
  flags: '--confirm-within <duration>',
  text: 'take it back by itself unless "config confirm" follows, or at once when the cluster degrades',
};
const CHANGE: readonly FlagSpec[] = [DRY_RUN, CONFIRM, IF_VERSION, REASON_FLAG];

const CHANGES: readonly CommandSpec[] = [
  {
    path: 'cluster config update',
    summary: 'check a configuration file and replicate it',
    details:
      'Takes any of cluster, alerts, metrics and notifiers; what the file does not name ' +
      'stays, or with --replace goes back to its default. Every live node checks it first, and ' +
      'says when it runs with it. Exits 10 with ' +
      'every wrong line, 9 when somebody else changed it first, 12 when a live node did not ' +
      'say that it runs with it.',
    args: ['<file>'],
    flags: [...CHANGE, { flags: '--replace', text: 'the file is the whole configuration' }, NEVER_ASKS],
    online: true,
    examples: [
      'cluster config update cluster.yaml --dry-run',
      'cluster config update whole.yaml --replace --if-version 41',
      'cluster config update cluster.yaml --reason "slower heartbeats on WAN"',
      'cluster config update cluster.yaml --confirm-within 60s',
    ],
    load: async () => (await import('../commands/config-change.ts')).configUpdate,
  },
  {
    path: 'cluster config set',
    summary: 'change single keys',
    details: 'Values are YAML. The word "cluster." may be left out.',
    args: ['<key=value...>'],
    flags: [...CHANGE, NEVER_ASKS],
    online: true,
    examples: [
      'cluster config set raft.heartbeat_interval_ms=40',
      'cluster config set replication.min_replicas=3 log_level=DEBUG --confirm-within 5m',
    ],
    load: async () => (await import('../commands/config-change.ts')).configSet,
  },
  {
    path: 'cluster config edit',
    summary: 'change the whole configuration in $EDITOR',
    details:
      'What is deleted goes back to its default. What is wrong comes back into the editor as ' +
      'comments; a text that is left unchanged ends it and changes nothing.',
    flags: [CONFIRM, REASON_FLAG, NEVER_ASKS],
    online: true,
    examples: ['cluster config edit', 'cluster config edit --confirm-within 5m'],
    load: async () => (await import('../commands/config-edit.ts')).configEdit,
  },
  {
    path: 'cluster config confirm',
    summary: 'keep the configuration that is on trial',
    args: ['[version]'],
    flags: [NEVER_ASKS],
    online: true,
    examples: ['cluster config confirm', 'cluster config confirm 7'],
    load: async () => (await import('../commands/config-change.ts')).configConfirm,
  },
  {
    path: 'cluster config rollback',
    summary: 'make a new version that equals an old one',
    args: ['<version>'],
    flags: [...CHANGE, NEVER_ASKS],
    online: true,
    examples: ['cluster config rollback 3', 'cluster config rollback 3 --reason "n3 could not keep up"'],
    load: async () => (await import('../commands/config-change.ts')).configRollback,
  },
  {
    path: 'cluster config activate',
    summary: 'see to it that a version is in force, whichever is now',
    details:
      'Changes nothing where it is in force already; one that is on trial is confirmed. An old one comes ' +
      'back as a new version that equals it, as with rollback, which refuses (9) the one in force.',
    args: ['<version>'],
    flags: [...CHANGE, NEVER_ASKS],
    online: true,
    examples: ['cluster config activate 3', 'cluster config activate 3 -o json'],
    load: async () => (await import('../commands/config-change.ts')).configActivate,
  },
  {
    path: 'cluster config restore',
    summary: 'put a backup in force again',
    details:
      'Replaces the whole configuration: shows what changes, then asks for the name of the cluster. ' +
      'Refused (6) when it is of another cluster, and (10) when it was changed since it was taken.',
    args: ['<file>'],
    flags: [...CHANGE, ...YES_CLUSTER_FLAGS],
    online: true,
    examples: [
      'cluster config restore backup.yaml --dry-run',
      'cluster config restore backup.yaml',
      'cluster config restore backup.yaml --yes-cluster prod',
    ],
    load: async () => (await import('../commands/config-change.ts')).configRestore,
  },
];

export const CONFIG: readonly CommandSpec[] = [
  ...CHANGES,
  {
    path: 'cluster config validate',
    summary: 'check a configuration file, change nothing',
    details: 'Every live node is asked, unless --offline. Exits 10 with every wrong line.',
    args: ['<file>'],
    flags: [{ flags: '--offline', text: 'only what can be told without a cluster' }],
    online: true,
    examples: ['cluster config validate cluster.yaml', 'cluster config validate n1.yaml --offline'],
    load: async () => (await import('../commands/config-change.ts')).configValidate,
  },
  {
    path: 'cluster config backup',
    summary: 'write the active configuration to a file',
    args: ['<file>'],
    flags: [{ flags: '--force', text: 'replace the file if it exists' }],
    online: true,
    examples: ['cluster config backup backup.yaml', 'cluster config backup - > backup.yaml'],
    load: async () => (await import('../commands/cluster-config.ts')).configBackup,
  },
  {
    path: 'cluster config show',
    summary: 'print the active configuration, or one version',
    args: ['[version]'],
    online: true,
    examples: ['cluster config show', 'cluster config show @3', 'cluster config show -o json'],
    load: async () => (await import('../commands/cluster-config.ts')).configShow,
  },
  {
    path: 'cluster config diff',
    summary: 'what differs between two versions, and when it takes effect',
    details: 'Without versions: the active one and the one before it.',
    args: ['[from]', '[to]'],
    online: true,
    examples: ['cluster config diff', 'cluster config diff 3 5', 'cluster config diff 3 5 -o json'],
    load: async () => (await import('../commands/cluster-config.ts')).configDiff,
  },
  {
    path: 'cluster config history',
    summary: 'versions of the configuration, with author and reason',
    online: true,
    watchable: true,
    examples: ['cluster config history'],
    load: async () => (await import('../commands/cluster-config.ts')).configHistory,
  },
  {
    path: 'cluster config pending',
    summary: 'what waits for a restart, node by node',
    details: 'Exits 12 when a node did not answer.',
    watchable: true,
    online: true,
    examples: ['cluster config pending', 'cluster config pending -o json'],
    load: async () => (await import('../commands/cluster-config.ts')).configPending,
  },
];
