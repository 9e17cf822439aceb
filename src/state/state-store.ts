/** The state machine: applies committed entries to one SQLite file. */

import type { LogIndex } from '../base/index.ts';
import { unreachable } from '../base/index.ts';
import type { ClusterState } from '../cluster/index.ts';
import type { LogEntry } from '../raft/index.ts';
import type { AppliedGroup, ApplyCluster, CopiedState } from './types.ts';

export interface StateStoreOptions {
  /** The folder `engine/` of a node's data directory. */
  readonly dir: string;
  readonly applyCluster: ApplyCluster;
  readonly encodeCluster: (state: ClusterState) => Uint8Array;
  readonly decodeCluster: (bytes: Uint8Array) => ClusterState;
}

export class StateStore {
  static open(options: StateStoreOptions): StateStore {
    return unreachable(options as never);
  }

  appliedIndex(): LogIndex {
    return unreachable(this as never);
  }

  clusterState(): ClusterState | null {
    return unreachable(this as never);
  }

  apply(entries: readonly LogEntry[]): AppliedGroup {
    return unreachable(entries as never);
  }

  stateHash(): string {
    return unreachable(this as never);
  }

  snapshotTo(path: string): Promise<CopiedState> {
    return unreachable(path as never);
  }

  restore(path: string): void {
    unreachable(path as never);
  }

  close(): void {}
}
