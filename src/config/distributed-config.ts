/**
 * The seed's `DistributedConfig`: the configuration that is in force on this node, key
 * by key, and what changed when a new version arrives. It holds no truth of its own:
 * that is the replicated version; a watcher gets changes with their version and can
 * resume from it.
 */
import type { ConfigVersion } from '../base/index.ts';
import type { ClusterConfig, ConfigChange } from './cluster-config.ts';
import type { ConfigVersionInfo } from './config-version-manager.ts';
import { toFile } from './convert.ts';
import { diffConfigs } from './diff.ts';
import { valueAt } from './issues.ts';
import { overlayConfig } from './update.ts';

/** What a new version changed on this node. */
export interface AppliedVersion {
  readonly version: ConfigVersion;
  readonly changes: readonly ConfigChange[];
}

export class DistributedConfig {
  readonly #own: ClusterConfig;
  #config: ClusterConfig;
  #version: ConfigVersion = 0;
  #text = '';

  /** `own`: the node's file, in force until the first replicated version arrives. */
  constructor(own: ClusterConfig) {
    this.#own = own;
    this.#config = own;
  }

  get config(): ClusterConfig {
    return this.#config;
  }

  /** Version in force; 0 = only the node's own file. */
  get version(): ConfigVersion {
    return this.#version;
  }

  /** Takes a replicated version over; an older or equal one changes nothing. */
  apply(record: Pick<ConfigVersionInfo, 'version' | 'text'>): AppliedVersion {
    if (record.version <= this.#version) return { version: this.#version, changes: [] };
    const next = overlayConfig(this.#own, record.text);
    const changes = diffConfigs(this.#config, next);
    this.#config = next;
    this.#version = record.version;
    this.#text = record.text;
    return { version: record.version, changes };
  }

  /**
   * What a start would change if the node's file said `own`: all that the file changed in keys of the node,
   * because what is replicated takes effect at once.
   */
  pending(own: ClusterConfig): readonly ConfigChange[] {
    const next = this.#version === 0 ? own : overlayConfig(own, this.#text);
    return diffConfigs(this.#config, next);
  }

  /** The value of a key by its dotted name in the file; undefined for no key. */
  getConfig(key: string): unknown {
    return valueAt(toFile(this.#config), key.split('.'));
  }

  /** Values of several keys at one version. */
  getConfigs(keys: readonly string[]): ReadonlyMap<string, unknown> {
    const file = toFile(this.#config);
    return new Map(keys.map((key) => [key, valueAt(file, key.split('.'))]));
  }
}
