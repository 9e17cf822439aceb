/**
 * The replicated configuration on this node: takes each version over, hands the parts of the daemon what is
 * theirs, and tells whoever waits for it that this node runs with it.
 */
import type { ConfigVersion, LogLevel } from '../src/base/index.ts';
import { activeConfig, type ClusterState } from '../src/cluster/index.ts';
import type {
  ClusterConfig,
  ConfigChange,
  ConfigVersionInfo,
  DistributedConfig,
} from '../src/config/index.ts';

/** The parts that are told; others read the configuration in force each time they need it. */
export interface LiveParts {
  readonly logger: { setLevel(level: LogLevel | null): void };
  readonly state: { snapshotThreshold(entries: number): void };
}

type Listener = (config: ClusterConfig, changes: readonly ConfigChange[]) => void;

interface Waiter {
  readonly version: ConfigVersion;
  readonly settle: (reached: boolean) => void;
}

export class LiveConfig {
  readonly #inForce: DistributedConfig;
  readonly #parts: LiveParts;
  readonly #listeners: Listener[] = [];
  #waiters: readonly Waiter[] = [];
  #version: ConfigVersion = 0;

  constructor(inForce: DistributedConfig, parts: LiveParts) {
    this.#inForce = inForce;
    this.#parts = parts;
    this.#tell();
  }

  /** The version that all parts of this node run with; 0 = only the node's own file. */
  get version(): ConfigVersion {
    return this.#version;
  }

  /** Calls `listener` with each version that changes something on this node, behind the parts. */
  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Takes the version of the record over; answers what it changed on this node. */
  follow(cluster: ClusterState | null): readonly ConfigChange[] {
    const active = cluster === null ? undefined : activeConfig(cluster);
    return active === undefined ? [] : this.take(active);
  }

  /** Takes a version over; an older or equal one changes nothing. */
  take(version: Pick<ConfigVersionInfo, 'version' | 'text'>): readonly ConfigChange[] {
    const { changes } = this.#inForce.apply(version);
    if (changes.length === 0) return changes;
    this.#tell();
    for (const listener of this.#listeners) listener(this.#inForce.config, changes);
    return changes;
  }

  /** Everybody has been told of the version that was followed last. */
  acknowledge(): void {
    this.#version = this.#inForce.version;
    const due = this.#waiters.filter((w) => w.version <= this.#version);
    this.#waiters = this.#waiters.filter((w) => w.version > this.#version);
    for (const waiter of due) waiter.settle(true);
  }

  /** True once this node runs with `version` or a newer one; false at the deadline. */
  until(version: ConfigVersion, timeoutMs: number): Promise<boolean> {
    if (version <= this.#version) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => waiter.settle(false), timeoutMs);
      const waiter: Waiter = {
        version,
        settle: (reached) => {
          clearTimeout(timer);
          this.#waiters = this.#waiters.filter((w) => w !== waiter);
          resolve(reached);
        },
      };
      this.#waiters = [...this.#waiters, waiter];
    });
  }

  #tell(): void {
    const { logLevel, raft } = this.#inForce.config;
    this.#parts.logger.setLevel(logLevel);
    this.#parts.state.snapshotThreshold(raft.logCompactionThreshold);
  }
}
