/**
 * Snapshots on their way from node to node, as daemon/snapshot-transfer.ts carries them:
 * in chunks, one transfer a peer, resumed where an earlier try ended, verified before the
 * receiver's core hears of it, and each told to the sender's core with its end.
 */
import type { InstanceId, NodeId, Random, Term } from '../../src/base/index.ts';
import type { RaftInput, RaftMessage, SnapshotMeta } from '../../src/raft/index.ts';
import type { SimNetwork } from './network.ts';
import type { NodeState } from './node-state.ts';
import type { World } from './world.ts';

const CHUNKS = 8;

export interface Parcel {
  readonly meta: SnapshotMeta;
  readonly term: Term;
  readonly session: number;
}

/** One end of a transfer. */
export interface Porter {
  readonly who: string;
  readonly nodeId: NodeId;
  readonly instanceId: InstanceId;
  readonly life: number;
  readonly isUp: boolean;
  /** It stands still: nothing is written, nothing is answered. */
  readonly isPaused: boolean;
  readonly state: NodeState;
  submit(input: RaftInput): void;
  /** A snapshot of its own was refused: it looks at the file. */
  suspect(id: string): void;
}

/** How often transfers ended well, ended badly, and went on from an earlier try. */
export interface CourierCounts {
  arrived: number;
  broken: number;
  resumed: number;
}

/** A transfer under way; it dies with either process. */
interface Transfer {
  readonly from: Porter;
  readonly to: Porter;
  readonly lives: readonly [number, number];
  readonly parcel: Parcel;
  chunk: number;
}

export class Courier {
  readonly counts: CourierCounts = { arrived: 0, broken: 0, resumed: 0 };
  readonly #world: World;
  readonly #network: SimNetwork;
  readonly #random: Random;
  /** By sender and receiver. */
  readonly #under = new Map<string, Transfer>();
  /** By disk and snapshot: chunks that an earlier try has left. */
  readonly #parts = new Map<string, number>();

  constructor(world: World, network: SimNetwork, random: Random) {
    this.#world = world;
    this.#network = network;
    this.#random = random;
  }

  /** A second send to a peer while one runs is dropped: the end of the first one is told. */
  send(from: Porter, to: Porter | undefined, peer: NodeId, parcel: Parcel): void {
    const key = `${from.who}>${peer}`;
    const running = this.#under.get(key);
    if (running !== undefined && running.lives[0] === from.life) return;
    if (to === undefined) {
      this.#world.after(this.#network.delay(), () => this.#report(from, from.life, peer, false));
      return;
    }
    const chunk = this.#parts.get(`${to.instanceId} ${parcel.meta.id}`) ?? 0;
    if (chunk > 0) this.counts.resumed++;
    const transfer = { from, to, lives: [from.life, to.life] as const, parcel, chunk };
    this.#under.set(key, transfer);
    this.#next(key, transfer);
  }

  #next(key: string, transfer: Transfer): void {
    this.#world.after(this.#network.delay() + 0.5, () => {
      const { from, to, parcel, lives } = transfer;
      if (this.#under.get(key) !== transfer) return;
      if (from.isPaused || to.isPaused) {
        this.#next(key, transfer);
        return;
      }
      const isWhole = lives[0] === from.life && lives[1] === to.life && from.isUp && to.isUp;
      const isCut =
        this.#network.isCut(from.nodeId, to.nodeId) || this.#network.isCut(to.nodeId, from.nodeId);
      const image = from.state.snapshots.get(parcel.meta.id);
      if (!isWhole || isCut || image === undefined || this.#random.next() < 0.01) {
        this.#end(key, transfer, false);
        return;
      }
      transfer.chunk++;
      const part = `${to.instanceId} ${parcel.meta.id}`;
      this.#parts.set(part, transfer.chunk);
      if (transfer.chunk < CHUNKS) {
        this.#next(key, transfer);
        return;
      }
      this.#parts.delete(part);
      // every byte is read again before anybody believes it
      if (image.isRotten) {
        from.suspect(parcel.meta.id);
        this.#end(key, transfer, false);
        return;
      }
      to.state.arrive({ ...image });
      const ends = { from: from.nodeId, to: to.nodeId };
      const instances = { fromInstance: from.instanceId, toInstance: to.instanceId };
      const message: RaftMessage = { kind: 'snapshot', ...ends, ...instances, ...parcel };
      to.submit({ kind: 'message', message });
      this.#end(key, transfer, true);
    });
  }

  #end(key: string, transfer: Transfer, isWell: boolean): void {
    this.#under.delete(key);
    if (isWell) this.counts.arrived++;
    else this.counts.broken++;
    const { from, to, lives } = transfer;
    this.#world.after(this.#network.delay(), () => this.#report(from, lives[0], to.nodeId, isWell));
  }

  #report(from: Porter, life: number, peer: NodeId, ok: boolean): void {
    if (from.life === life) from.submit({ kind: 'snapshot-report', peer, ok });
  }
}
