/**
 * The seed's `ConfigVersionManager`: reads the history that the cluster keeps and makes
 * the requests that change it. History is never rewritten: to roll back is to make a
 * new version that says what an old one said.
 */
import type { ConfigVersion, NodeId, Timestamp } from '../base/index.ts';
import { LIMITS } from '../base/index.ts';
import { changeText } from './diff.ts';
import { diffTexts } from './update.ts';

/** One version, as it is replicated (seed: `ConfigVersionInfo`). */
export interface ConfigVersionInfo {
  readonly version: ConfigVersion;
  readonly configHash: string;
  readonly createTime: Timestamp;
  readonly createNode: NodeId;
  readonly author: string;
  readonly reason: string;
  readonly changes: readonly string[];
  readonly isActive: boolean;
  /** YAML of the keys that concern the whole cluster. */
  readonly text: string;
  /** Of a version that was to be confirmed: whether it was. Absent for any other. */
  readonly confirmation?: ConfigConfirmation;
}

export type ConfigConfirmation = 'awaited' | 'confirmed' | 'reverted';

/** What a version says, and in which lines it differs from the one before. */
export interface VersionContent {
  readonly text: string;
  readonly configHash: string;
  readonly changes: readonly string[];
}

/** A new version to propose; becomes the command `config-put`. */
export interface VersionRequest extends VersionContent {
  readonly reason: string;
  /** The version that it replaces: it is refused when another came first. */
  readonly ifVersion: ConfigVersion;
}

export type VersionAnswer =
  | { readonly ok: true; readonly request: VersionRequest }
  | { readonly ok: false; readonly reason: string };

/** The changes of a version that says what `target` said: as many lines as there are changes. */
export function backTo(target: ConfigVersion, differences: readonly string[]): readonly string[] {
  const [first, ...rest] = differences;
  const back = `back to version ${target}`;
  return [first === undefined ? back : `${back}, ${first}`, ...rest];
}

export class ConfigVersionManager {
  readonly #versions: readonly ConfigVersionInfo[];

  /** `versions`: newest last, as the cluster's record holds them. */
  constructor(versions: readonly ConfigVersionInfo[]) {
    this.#versions = versions;
  }

  /** The version in force; undefined before the cluster was made. */
  active(): ConfigVersionInfo | undefined {
    return this.#versions.findLast((v) => v.isActive);
  }

  version(version: ConfigVersion): ConfigVersionInfo | undefined {
    return this.#versions.find((v) => v.version === version);
  }

  /** Newest first. */
  getVersionHistory(): readonly ConfigVersionInfo[] {
    return [...this.#versions].reverse();
  }

  /** A request for a new version; what it says was checked by `checkUpdate`. */
  createNewVersion(content: VersionContent, reason: string): VersionRequest {
    return { ...content, reason, ifVersion: this.active()?.version ?? 0 };
  }

  /**
   * The history with one version more, which is in force from now on; the oldest are forgotten beyond
   * LIMITS.configVersionsKept. Called where the log is applied.
   */
  withVersion(made: Omit<ConfigVersionInfo, 'version' | 'isActive'>): readonly ConfigVersionInfo[] {
    const version = (this.#versions.at(-1)?.version ?? 0) + 1;
    const retired = this.#versions.map((v) => (v.isActive ? { ...v, isActive: false } : v));
    return [...retired, { ...made, version, isActive: true }].slice(-LIMITS.configVersionsKept);
  }

  /** The history with `version` marked. */
  withConfirmation(version: ConfigVersion, confirmation: ConfigConfirmation): readonly ConfigVersionInfo[] {
    return this.#versions.map((v) => (v.version === version ? { ...v, confirmation } : v));
  }

  /** A request for a new version that says what `target` says. */
  rollbackVersion(target: ConfigVersion, reason = `rollback to ${target}`): VersionAnswer {
    const wanted = this.version(target);
    if (wanted === undefined) {
      const oldest = this.#versions[0]?.version ?? 0;
      return { ok: false, reason: `version ${target} is not kept, the oldest is ${oldest}` };
    }
    if (wanted.isActive) return { ok: false, reason: `version ${target} is active already` };
    const { text, configHash } = wanted;
    const differences = diffTexts(this.active()?.text ?? '', text).map(changeText);
    const changes = backTo(target, differences);
    const request = this.createNewVersion({ text, configHash, changes }, reason);
    return { ok: true, request };
  }
}
