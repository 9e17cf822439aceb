/** Versions of the replicated configuration: a new one is made, never an old one changed; one is active. */
import type { ConfigVersion } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import { ConfigVersionManager } from '../config/index.ts';
import type { ClusterState, ConfigVersionRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused } from './outcome.ts';

const encoder = new TextEncoder();

/** The version in force; every cluster has one from its bootstrap on. */
export function activeConfig(state: ClusterState): ConfigVersionRecord | undefined {
  return new ConfigVersionManager(state.configs).active();
}

export function putConfig(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'config-put' }>,
  at: ApplyPosition,
): Outcome {
  const { text, configHash, changes, reason, createNode, ifVersion } = command;
  const versions = new ConfigVersionManager(state.configs);
  const active = versions.active();
  const current: ConfigVersion = active?.version ?? 0;
  if (ifVersion !== null && ifVersion !== current) {
    const message = `the configuration is at version ${current}, not ${ifVersion}`;
    return refused('conflict', message, { version: current });
  }
  const bytes = encoder.encode(text).length;
  if (bytes > LIMITS.maxConfigBytes) {
    return refused(
      'invalid_argument',
      `a configuration has at most ${LIMITS.maxConfigBytes} bytes, not ${bytes}`,
    );
  }
  if (active?.configHash === configHash) return done(state, [], { version: current, changed: false });
  const configs = versions.withVersion({
    ...{ configHash, text, changes, reason, createNode },
    createTime: at.timestamp,
    author: at.actor,
  });
  const version = configs.at(-1)?.version ?? 0;
  const event: EventDraft = {
    kind: 'config-changed',
    nodeId: createNode,
    message: `configuration version ${version} by ${at.actor}: ${changes.length} changes`,
    data: { version, config_hash: configHash, changes, author: at.actor, reason, create_node: createNode },
  };
  return done({ ...state, configs }, [event], { version, changed: true });
}
