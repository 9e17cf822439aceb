/** A copy of a node's data folder, and what its disk had confirmed by then. */
import type { InstanceId } from '../../src/base/index.ts';
import type { NodeState } from './node-state.ts';
import type { Shadow } from './shadow.ts';
import type { SimStorage } from './storage.ts';

export interface DiskImage {
  readonly instanceId: InstanceId;
  /** Its count of starts. */
  readonly boot: number;
  readonly disk: SimStorage;
  readonly state: NodeState;
  readonly shadow: Shadow;
}
