/**
 * The cluster's record as the state file of a data folder holds it, with or without a
 * daemon that runs on it: what is known of the others when nobody can be asked.
 */
import { join } from 'node:path';
import { type ClusterState, decodeState } from '../src/cluster/index.ts';
import { decodeMembership, type Membership } from '../src/raft/index.ts';
import { StateReader } from '../src/state/index.ts';

export interface OfflineRecord {
  readonly appliedIndex: number;
  readonly cluster: ClusterState | null;
  readonly membership: Membership | null;
}

/** Throws what the state file throws: it is missing, damaged, or of a later version. */
export function readRecord(dataDir: string): OfflineRecord {
  const reader = StateReader.open(join(dataDir, 'engine'));
  try {
    const { appliedIndex, cluster, membership } = reader.own();
    const group = membership === null ? null : decodeMembership(membership);
    return {
      appliedIndex,
      cluster: cluster === null ? null : decodeState(cluster),
      membership: group?.ok ? group.value : null,
    };
  } finally {
    reader.close();
  }
}
