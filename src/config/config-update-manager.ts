/**
 * The seed's `ConfigUpdateManager` as a state machine: validated → proposed → committed
 * → applied by the nodes → active. It decides only which step comes next; proposing and
 * waiting are the daemon's.
 */
import type { ConfigVersion, NodeId } from '../base/index.ts';
import type { CheckedUpdate, LocalKeys, UpdateMode } from './cluster-config.ts';
import type { ConfigVersionInfo, VersionRequest } from './config-version-manager.ts';
import { ConfigVersionManager } from './config-version-manager.ts';
import { changeText } from './diff.ts';
import { checkUpdate } from './update.ts';

export type UpdateState =
  | { readonly state: 'validated'; readonly request: VersionRequest }
  | { readonly state: 'proposed'; readonly request: VersionRequest }
  | { readonly state: 'committed'; readonly version: ConfigVersion; readonly waitingFor: readonly NodeId[] }
  | { readonly state: 'active'; readonly version: ConfigVersion }
  | { readonly state: 'refused'; readonly reason: string };

/** What may follow what. */
export const UPDATE_TRANSITIONS: Readonly<Record<UpdateState['state'], readonly UpdateState['state'][]>> = {
  validated: ['proposed'],
  proposed: ['committed', 'active', 'refused'],
  committed: ['committed', 'active'],
  active: [],
  refused: [],
};

export type UpdateInput =
  | { readonly kind: 'proposed' }
  | { readonly kind: 'committed'; readonly version: ConfigVersion; readonly nodes: readonly NodeId[] }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'node-applied'; readonly nodeId: NodeId; readonly version: ConfigVersion };

/** The next state; an input that does not fit the state changes nothing. */
export function nextUpdate(current: UpdateState, input: UpdateInput): UpdateState {
  switch (current.state) {
    case 'validated':
      return input.kind === 'proposed' ? { state: 'proposed', request: current.request } : current;
    case 'proposed':
      if (input.kind === 'refused') return { state: 'refused', reason: input.reason };
      if (input.kind !== 'committed') return current;
      return waiting(input.version, input.nodes);
    case 'committed': {
      if (input.kind !== 'node-applied' || input.version < current.version) return current;
      return waiting(
        current.version,
        current.waitingFor.filter((id) => id !== input.nodeId),
      );
    }
    case 'active':
    case 'refused':
      return current;
  }
}

function waiting(version: ConfigVersion, nodes: readonly NodeId[]): UpdateState {
  if (nodes.length === 0) return { state: 'active', version };
  return { state: 'committed', version, waitingFor: nodes };
}

export type PreparedUpdate =
  | {
      readonly ok: true;
      readonly update: UpdateState;
      /** What is to be proposed. */
      readonly request: VersionRequest;
      readonly checked: Extract<CheckedUpdate, { ok: true }>;
    }
  | Extract<CheckedUpdate, { ok: false }>;

export class ConfigUpdateManager {
  readonly #versions: ConfigVersionManager;
  readonly #local: LocalKeys;

  constructor(versions: readonly ConfigVersionInfo[], local: LocalKeys) {
    this.#versions = new ConfigVersionManager(versions);
    this.#local = local;
  }

  /**
   * Validates a text against the version in force; the answer is ready to be proposed, or lists all issues.
   */
  updateClusterConfig(newText: string, reason: string, mode: UpdateMode = 'merge'): PreparedUpdate {
    const checked = checkUpdate(this.#versions.active()?.text ?? '', newText, this.#local, mode);
    if (!checked.ok) return checked;
    const { text, configHash, changes } = checked;
    const content = { text, configHash, changes: changes.map(changeText) };
    const request = this.#versions.createNewVersion(content, reason);
    return { ok: true, update: { state: 'validated', request }, request, checked };
  }

  /** What is said of a whole text of before that comes back: it was valid once, and is not refused now. */
  notesOnReturn(text: string): readonly string[] {
    const checked = checkUpdate(this.#versions.active()?.text ?? '', text, this.#local, 'replace');
    return checked.ok ? checked.notes : [];
  }
}
