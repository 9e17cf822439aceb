/**
 * The seed's `ConfigVersionManager`: reads the history that the cluster keeps and makes
 * the requests that change it. History is never rewritten: to roll back is to make a
 * new version that says what an old one said.
 */
import type { ConfigVersion, NodeId, Timestamp } from '../base/index.ts';
import { configHash } from './hash.ts';

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
}

/** A new version to propose; becomes the command `config-put`. */
export interface VersionRequest {
  readonly text: string;
  readonly configHash: string;
  readonly changes: readonly string[];
  readonly reason: string;
  /** The version that it replaces: it is refused when another came first. */
  readonly ifVersion: ConfigVersion;
}

export type VersionAnswer =
  | { readonly ok: true; readonly request: VersionRequest }
  | { readonly ok: false; readonly reason: string };

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

  /** A request for a new version; `text` was checked by `checkUpdate`. */
  createNewVersion(text: string, changes: readonly string[], reason: string): VersionRequest {
    return { text, configHash: configHash(text), changes, reason, ifVersion: this.active()?.version ?? 0 };
  }

  /** A request for a new version that says what `target` says. */
  rollbackVersion(target: ConfigVersion): VersionAnswer {
    const wanted = this.version(target);
    if (wanted === undefined) {
      const oldest = this.#versions[0]?.version ?? 0;
      return { ok: false, reason: `version ${target} is not kept, the oldest is ${oldest}` };
    }
    if (wanted.isActive) return { ok: false, reason: `version ${target} is active already` };
    const changes = [`back to version ${target}`];
    return { ok: true, request: this.createNewVersion(wanted.text, changes, `rollback to ${target}`) };
  }
}
