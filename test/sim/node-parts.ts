/** What a simulated node is made of. */
import type { InstanceId, NodeId, Random } from '../../src/base/index.ts';
import type {
  RaftEvent,
  RaftInput,
  RaftMessage,
  RaftSettings,
  RaftStorage,
  TurnLoop,
} from '../../src/raft/index.ts';
import type { Courier, Porter } from './courier.ts';
import type { Desk, Reply } from './desk.ts';
import type { History } from './history.ts';
import type { SimNetwork } from './network.ts';
import type { SimOptions } from './options.ts';
import type { Oracle } from './oracle.ts';
import type { SimStorage } from './storage.ts';
import type { ByteTrace } from './trace.ts';
import type { NodeClock, World } from './world.ts';

export interface NodeParts {
  readonly world: World;
  readonly network: SimNetwork;
  readonly courier: Courier;
  readonly oracle: Oracle;
  readonly history: History;
  readonly trace: ByteTrace | null;
  readonly random: Random;
  readonly options: SimOptions;
  readonly settings: RaftSettings;
  /** A new, empty disk for an instance of this node. */
  readonly makeDisk: (instanceId: InstanceId) => SimStorage;
  readonly peer: (nodeId: NodeId) => Porter | undefined;
  /** A message has come to whom it is for. */
  readonly deliver: (message: RaftMessage) => void;
  /** What its core tells of itself; `log` is that of the life which it is told in. */
  readonly onEvents: (nodeId: NodeId, events: readonly RaftEvent[], log: RaftStorage) => void;
  /** Has the leader propose what a node says of itself. */
  readonly announce: (command: object, reply: Reply) => void;
  /** Notes that something happened. */
  readonly count: (what: string) => void;
  readonly say: (who: string, text: string) => void;
}

/** What a life has and its crash takes. */
export interface Life {
  readonly loop: TurnLoop;
  readonly storage: RaftStorage;
  readonly clock: NodeClock;
  readonly desk: Desk;
  /** Work of the state machine, one after the other. */
  busyUntil: number;
  isSnapshotting: boolean;
  /** What came while the process stands still. */
  readonly held: Set<RaftInput>;
  /** When the log was first seen to drop a write. */
  dropped: number | null;
}
