/**
 * Versions of the replicated configuration: a new one is made, never an old one changed; one is active. One
 * on trial stays when it is confirmed and is taken back otherwise; who decides that is the leader's daemon.
 */
import type { ConfigVersion } from '../base/index.ts';
import { LIMITS, must, plural } from '../base/index.ts';
import { ConfigVersionManager } from '../config/index.ts';
import type { ClusterState, ConfigVersionRecord, TentativeConfig } from './cluster-state.ts';
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
  const { text, configHash, changes, reason, createNode, ifVersion, trial } = command;
  const versions = new ConfigVersionManager(state.configs);
  const active = versions.active();
  const current: ConfigVersion = active?.version ?? 0;
  if (ifVersion !== null && ifVersion !== current) {
    const message = `the configuration is at version ${current}, not ${ifVersion}`;
    return refused('conflict', message, { version: current });
  }
  if (state.tentative !== undefined) {
    const { version } = state.tentative;
    return refused('failed_precondition', `configuration version ${version} is on trial: confirm it first`, {
      version,
    });
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
    ...(trial === undefined ? {} : { confirmation: 'awaited' }),
  });
  const version = configs.at(-1)?.version ?? 0;
  const event: EventDraft = {
    kind: 'config-changed',
    nodeId: createNode,
    message: `configuration version ${version} by ${at.actor}: ${plural(changes.length, 'change')}`,
    data: {
      ...{ version, config_hash: configHash, changes, author: at.actor, reason, create_node: createNode },
      ...(trial === undefined ? {} : { confirm_within_ms: trial.withinMs }),
    },
  };
  const moved = { ...state, configs };
  if (trial === undefined) return done(moved, [event], { version, changed: true });
  const { withinMs, sound, ailments } = trial;
  const { timestamp: since, term } = at;
  const tentative: TentativeConfig = {
    ...{ version, previous: current, since, withinMs, term, sound },
    ...(ailments === undefined ? {} : { ailments }),
  };
  return done({ ...moved, tentative }, [event], { version, changed: true });
}

/** The state without its trial, or why there is none to end. */
function ended(state: ClusterState, version: ConfigVersion) {
  const { tentative, ...rest } = state;
  if (tentative?.version === version) return { ok: true, tentative, rest } as const;
  const known = new ConfigVersionManager(state.configs).version(version)?.confirmation;
  const was = known === undefined ? 'is not on trial' : `was ${known} before`;
  return { ok: false, refusal: refused('conflict', `configuration version ${version} ${was}`) } as const;
}

export function confirmConfig(
  state: ClusterState,
  { version }: Extract<ClusterCommand, { kind: 'config-confirm' }>,
  at: ApplyPosition,
): Outcome {
  const trial = ended(state, version);
  if (!trial.ok) return trial.refusal;
  const configs = new ConfigVersionManager(state.configs).withConfirmation(version, 'confirmed');
  const message = `configuration version ${version} was confirmed by ${at.actor}`;
  const event: EventDraft = {
    ...{ kind: 'config-confirmed', nodeId: null, message },
    data: { version, actor: at.actor },
  };
  return done({ ...trial.rest, configs }, [event], { version });
}

/** No version is made while one is on trial, so that the one before it is still kept. */
export function revertConfig(
  state: ClusterState,
  command: Extract<ClusterCommand, { kind: 'config-revert' }>,
  at: ApplyPosition,
): Outcome {
  const { version: tried, cause, changes, createNode } = command;
  const trial = ended(state, tried);
  if (!trial.ok) return trial.refusal;
  const marked = new ConfigVersionManager(
    new ConfigVersionManager(state.configs).withConfirmation(tried, 'reverted'),
  );
  const { previous } = trial.tentative;
  const { text, configHash } = must(marked.version(previous), 'the version before the trial');
  const reason = `version ${tried} was taken back: ${cause}`;
  const configs = marked.withVersion({
    ...{ configHash, text, changes, reason, createNode },
    createTime: at.timestamp,
    author: at.actor,
  });
  const version = configs.at(-1)?.version ?? 0;
  const data = {
    version,
    config_hash: configHash,
    changes,
    author: at.actor,
    reason,
    create_node: createNode,
  };
  const events: EventDraft[] = [
    {
      ...{ kind: 'config-reverted', severity: 'warning', nodeId: null },
      message: `configuration ${reason}; version ${version} says what version ${previous} said`,
      data: { version: tried, previous, cause },
    },
    {
      ...{ kind: 'config-changed', nodeId: createNode, data },
      message: `configuration version ${version} by ${at.actor}: ${plural(changes.length, 'change')}`,
    },
  ];
  return done({ ...trial.rest, configs }, events, { version });
}
