/** Versions of the replicated configuration: a new one is made, never an old one changed; one is active. */
import type { ConfigVersion } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import type { ClusterState, ConfigVersionRecord } from './cluster-state.ts';
import type { ClusterCommand } from './command.ts';
import type { ApplyPosition, EventDraft, Outcome } from './outcome.ts';
import { done, refused, ring } from './outcome.ts';

const encoder = new TextEncoder();

/** The version in force; every cluster has one from its bootstrap on. */
export function activeConfig(state: ClusterState): ConfigVersionRecord | undefined {
  return state.configs.findLast((c) => c.isActive);
}

export function putConfig(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'config-put' }>,
  at: ApplyPosition,
): Outcome {
  const { text, configHash, changes, reason, createNode, ifVersion } = command;
  const active = activeConfig(state);
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
  const version = (state.configs.at(-1)?.version ?? 0) + 1;
  const record: ConfigVersionRecord = {
    ...{ version, configHash, text, changes, reason, createNode },
    createTime: at.timestamp,
    author: at.actor,
    isActive: true,
  };
  const retired = state.configs.map((c) => (c.isActive ? { ...c, isActive: false } : c));
  const event: EventDraft = {
    kind: 'config-changed',
    nodeId: createNode,
    message: `configuration version ${version} by ${at.actor}: ${changes.length} changes`,
    data: { version, config_hash: configHash, changes, author: at.actor, reason, create_node: createNode },
  };
  const configs = ring(retired, record, LIMITS.configVersionsKept);
  return done({ ...state, configs }, [event], { version, changed: true });
}
