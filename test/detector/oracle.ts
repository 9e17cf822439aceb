/**
 * What must hold in every run, looked at from outside: the detector may not know the
 * truth, the world does. A broken rule throws with seed, instant and names.
 */
import { assert, LIMITS, type NodeId } from '../../src/base/index.ts';
import { type Incarnation, type MemberEvent, thresholds, timingFor } from '../../src/gossip/index.ts';
import type { SimNode } from './sim-node.ts';
import type { World } from './world.ts';

/** Turns between two looks into a detector; a look costs all of its members. */
const LOOK_EVERY = 500;
/** The same for a thorough oracle, by the most members. */
const THOROUGH = [
  { members: 5, every: 1 },
  { members: 10, every: 3 },
  { members: 20, every: 5 },
] as const;
/** What stands around the updates of a packet of news. */
const HEAD_BYTES = 64;
/** Until all know that somebody is heard again. */
const NEWS_TAKES_MS = 1000;
const RINGS_AGREE_MS = 2000;
/** Three seconds of a fast clock. */
const SLOWEST_CLOCK = 0.98;
/** `check()` asserts everything; above this size it is left to the small clusters. */
const CHECKED_SIZE = 100;

export class Oracle {
  readonly #label: string;
  readonly #isThorough: boolean;
  #world: World | null = null;
  /** By viewer and member: the life in which it ended there. */
  readonly #ended = new Map<string, Incarnation>();
  readonly #lives = new Map<string, Incarnation>();
  #turns = 0;
  /** Longest queue of news that was seen. */
  queueMax = 0;

  /** `isThorough`: the detectors of few members are looked into on every turn, or nearly. */
  constructor(label: string, isThorough = false) {
    this.#label = label;
    this.#isThorough = isThorough;
  }

  watch(world: World): void {
    this.#world = world;
  }

  onEvent(viewer: SimNode, event: MemberEvent): void {
    if (!('nodeId' in event)) return;
    const { nodeId } = event;
    const key = `${viewer.index}.${viewer.boots} ${nodeId}`;
    const life = viewer.detector.member(nodeId, this.#clock(viewer))?.incarnation;
    if (life === undefined) return;
    this.#expectGrowing(viewer, nodeId, { key, life });
    if (event.kind === 'failed') this.#expectUnheard(viewer, event);
    if (event.kind === 'failed' || event.kind === 'left') this.#ended.set(key, life);
    const isBack = event.kind === 'alive' || event.kind === 'joined' || event.kind === 'restarted';
    const ended = this.#ended.get(key);
    if (!isBack || ended === undefined) return;
    this.#ended.delete(key);
    this.#expect(
      compare(life, ended) > 0,
      `${viewer.nodeId}: ${nodeId} came back in the life that had ended`,
    );
  }

  #expectGrowing(
    viewer: SimNode,
    nodeId: NodeId,
    { key, life }: { readonly key: string; readonly life: Incarnation },
  ): void {
    const before = this.#lives.get(key);
    this.#expect(
      before === undefined || compare(life, before) >= 0,
      `${viewer.nodeId}: the life of ${nodeId} went back`,
    );
    this.#lives.set(key, life);
  }

  /** Nobody fails for silence whom H of its observers have heard within S2; of those on the viewer's side. */
  #expectUnheard(viewer: SimNode, event: MemberEvent & { readonly kind: 'failed' }): void {
    const world = this.#world as World;
    const victim = world.node(event.nodeId);
    if (event.cause !== 'silence' || !victim.isUp) return;
    const observers = victim.detector.observers().filter((o) => this.#isReached(viewer, world.node(o)));
    const { voteMs } = timingFor(world.nodes.length);
    // while zones are redrawn, the two sides have different members and so different observers
    if (world.now - world.network.changedAt < voteMs + RINGS_AGREE_MS) return;
    const hear = observers.filter((o) => {
      const heard = world.node(o).heard.get(victim.index);
      if (!world.node(o).isUp || heard === undefined || world.now - heard.lastAt >= voteMs * SLOWEST_CLOCK)
        return false;
      return world.now - heard.againAt >= NEWS_TAKES_MS;
    });
    const { high } = thresholds(observers.length);
    this.#expect(
      hear.length < high,
      `${viewer.nodeId}: ${victim.nodeId} failed although ${hear.length} of ${observers.length} hear it`,
    );
  }

  #isReached(viewer: SimNode, other: SimNode): boolean {
    const { network } = this.#world as World;
    const worst = Math.max(network.loss(viewer.index, other.index), network.loss(other.index, viewer.index));
    return viewer === other || worst < 1;
  }

  onTurn(node: SimNode): void {
    const world = this.#world as World;
    const size = world.nodes.length;
    const queued = node.detector.newsQueued;
    this.queueMax = Math.max(this.queueMax, queued);
    this.#expect(queued <= size + 1, `${node.nodeId}: ${queued} items of news`);
    if (++this.#turns % this.#every(size) === 0 && size <= CHECKED_SIZE) node.detector.check();
  }

  #every(size: number): number {
    const rule = this.#isThorough ? THOROUGH.find(({ members }) => size <= members) : undefined;
    return rule?.every ?? LOOK_EVERY;
  }

  /** Caps, where each message leaves: one that was exceeded between two looks would be forgotten. */
  onSent(node: SimNode, { kind, bytes }: { readonly kind: string; readonly bytes: number }): void {
    this.#expect(
      node.newsPeak <= LIMITS.maxGossipBytesPerSecond,
      `${node.nodeId}: ${node.newsPeak} bytes of news in a second`,
    );
    const most = kind === 'news' ? LIMITS.maxGossipBatchBytes + HEAD_BYTES : LIMITS.maxGossipMessageBytes;
    this.#expect(bytes <= most, `${node.nodeId}: ${kind} of ${bytes} bytes`);
  }

  #clock(node: SimNode): number {
    return node.clock((this.#world as World).now);
  }

  #expect(holds: boolean, text: string): void {
    assert(holds, `${this.#label} at ${Math.round((this.#world as World).now)} ms: ${text}`);
  }
}

function compare(a: Incarnation, b: Incarnation): number {
  return a.boot - b.boot || a.refutation - b.refutation;
}
