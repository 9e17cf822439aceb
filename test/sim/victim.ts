/** The cluster as those see it who do it harm, or steer it. */
import type { Random } from '../../src/base/index.ts';
import type { MembershipChange, RaftMarks } from '../../src/raft/index.ts';
import type { Reply } from './desk.ts';
import type { DiskImage } from './disk-image.ts';
import type { SimNetwork } from './network.ts';
import type { SimNode } from './node.ts';
import type { SimOptions } from './options.ts';
import type { World } from './world.ts';

/** How a copy runs beside its original. */
export interface CloneManner {
  readonly random: Random;
  /** At the original's address: what is sent there reaches either of the two. */
  readonly isHeard: boolean;
}

export interface Victim {
  readonly world: World;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly options: SimOptions;
  leader(): { readonly node: SimNode; readonly marks: RaftMarks } | null;
  stale(marks: RaftMarks): SimNode | undefined;
  change(change: MembershipChange): void;
  restart(node: SimNode): void;
  /** Has the leader propose a command that is nobody's who waits for it. */
  announce(command: object, reply: Reply): void;
  /** Runs a copy of the node's folder beside it for a while. */
  clone(node: SimNode, image: DiskImage, manner: CloneManner): void;
}
