/** What goes wrong in a seed, and when: crashes, cuts, pauses, sick disks, and orders of the operator. */
import { between, type Instant, type NodeId, pick, type Random, shuffle } from '../../src/base/index.ts';
import type { MembershipChange, RaftStatus } from '../../src/raft/index.ts';
import type { SimNetwork } from './network.ts';
import type { SimNode } from './node.ts';
import type { SimOptions } from './options.ts';
import type { World } from './world.ts';

/** A hanging disk is this much slower. */
const STALL_FACTOR = 100;
const MAX_STALL_MS = 3000;

/** What the nemesis can lay hands on. */
export interface Victim {
  readonly world: World;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly options: SimOptions;
  leader(): { readonly node: SimNode; readonly status: RaftStatus } | null;
  stale(status: RaftStatus): SimNode | undefined;
  change(change: MembershipChange): void;
  restart(node: SimNode): void;
}

export interface NemesisOptions {
  readonly cluster: Victim;
  readonly random: Random;
  readonly say: (who: NodeId, text: string) => void;
}

export class Nemesis {
  readonly #cluster: Victim;
  readonly #random: Random;
  readonly #say: (who: NodeId, text: string) => void;
  readonly #stalledUntil = new Map<NodeId, Instant>();
  #end: Instant = 0;
  #isReplacing = false;

  constructor(options: NemesisOptions) {
    this.#cluster = options.cluster;
    this.#random = options.random;
    this.#say = options.say;
  }

  begin(end: Instant): void {
    this.#end = end;
    const { options, nodes } = this.#cluster;
    const random = this.#random;
    this.#every(options.crashEveryMs, () => this.#crash(pick(random, nodes)));
    this.#every(options.partitionEveryMs, () => this.#partition());
    this.#every(options.pauseEveryMs, () => pick(random, nodes).pause(between(random, 20, 1500)));
    this.#every(options.transferEveryMs, () => this.#order());
    this.#every(options.membershipEveryMs, () => this.#membership());
    this.#every(options.diskFaultEveryMs, () => pick(random, nodes).failDisk());
    this.#every(options.wipeEveryMs, () => this.#wipe(pick(random, nodes)));
    this.#every(options.diskStallEveryMs, () => {
      this.#stalledUntil.set(
        pick(random, nodes).nodeId,
        this.#cluster.world.now + between(random, 100, 2000),
      );
    });
    // whoever was stopped by its own fault comes back some time
    this.#every(300, () => this.#cluster.restart(pick(random, nodes)));
  }

  stop(): void {
    this.#end = 0;
    this.#stalledUntil.clear();
  }

  /** Latency of a node's next sync, ms. */
  diskLatencyMs(nodeId: NodeId, random: Random): number {
    const { world, options } = this.#cluster;
    const latency = 0.02 - Math.log(1 - random.next()) * options.diskMeanMs;
    const isStalled = world.now < (this.#stalledUntil.get(nodeId) ?? 0);
    return isStalled ? Math.min(latency * STALL_FACTOR, MAX_STALL_MS) : latency;
  }

  #crash(node: SimNode): void {
    if (!node.up) return;
    const { options, network, nodes, world } = this.#cluster;
    const isPowerCut = this.#random.next() < options.powerCutRatio;
    node.crash(isPowerCut);
    this.#say(node.nodeId, isPowerCut ? 'power cut' : 'killed');
    for (const other of options.hints ? nodes : []) {
      if (!other.up || network.isCut(node.nodeId, other.nodeId)) continue;
      const hint = { kind: 'peer-hint', peer: node.nodeId, status: 'lost' } as const;
      world.after(2 + network.delay(), () => other.submit(hint));
    }
    world.after(between(this.#random, 1, between(this.#random, 20, 2500)), () => this.#cluster.restart(node));
  }

  /** One disk at a time: a cluster that lost two before it replaced one may have lost what both held. */
  #wipe(node: SimNode): void {
    const leader = this.#cluster.leader();
    if (leader === null || leader.node === node || this.#isReplacing) return;
    const { voters } = leader.status.membership;
    const isSafe = leader.status.membershipCommitted && voters.length === this.#cluster.nodes.length;
    if (!isSafe || this.#cluster.stale(leader.status) !== undefined) return;
    this.#say(node.nodeId, 'gets another disk');
    node.wipe();
    this.#isReplacing = true;
    this.#cluster.world.after(200, () => this.#replace(node));
  }

  /** Removes the old instance and admits the new one, until the new one votes. */
  #replace(node: SimNode): void {
    const { world } = this.#cluster;
    const status = this.#cluster.leader()?.status;
    const { nodeId, instanceId } = node;
    const isVoter = status?.membership.voters.some((v) => v.instanceId === instanceId) ?? false;
    this.#isReplacing = !(isVoter && status?.membershipCommitted);
    if (!this.#isReplacing || world.now > this.#end) return;
    if (status !== undefined && this.#cluster.stale(status) === node)
      this.#cluster.change({ kind: 'remove', nodeId });
    else this.#cluster.change({ kind: 'add-learner', member: node.member });
    world.after(100, () => this.#replace(node));
  }

  #partition(): void {
    const { network, nodes } = this.#cluster;
    network.heal();
    if (this.#random.next() < 0.3) return;
    const shuffled = shuffle(this.#random, nodes);
    const left = shuffled.slice(0, between(this.#random, 1, nodes.length - 1));
    const isOneWay = this.#random.next() < 0.3;
    for (const a of left) {
      for (const b of shuffled.slice(left.length)) {
        network.cut(a.nodeId, b.nodeId);
        if (!isOneWay) network.cut(b.nodeId, a.nodeId);
      }
    }
    this.#say('net', `${isOneWay ? 'one-way ' : ''}cut of ${left.map((n) => n.nodeId).join(' ')}`);
  }

  /** What operators and drivers may say at any moment. */
  #order(): void {
    const leader = this.#cluster.leader()?.node;
    const draw = this.#random.next();
    const peer = pick(this.#random, this.#cluster.nodes).nodeId;
    if (draw < 0.5) leader?.submit({ kind: 'transfer', id: 1, to: null });
    else if (draw < 0.7) leader?.submit({ kind: 'transfer', id: 2, to: peer });
    else if (draw < 0.8) leader?.submit({ kind: 'distress', reason: 'the simulator says so' });
    else if (draw < 0.9) leader?.submit({ kind: 'unreachable', peer });
    else if (leader !== undefined) this.#leave(leader);
  }

  #leave(node: SimNode): void {
    const { world } = this.#cluster;
    this.#say(node.nodeId, 'leaves');
    node.submit({ kind: 'leave' });
    world.after(5, () => node.crash(false));
    world.after(between(this.#random, 50, 500), () => this.#cluster.restart(node));
  }

  #membership(): void {
    const status = this.#cluster.leader()?.status;
    // an operator who removes a voter while another one is lost may leave no majority of the rest
    if (status === undefined || this.#isReplacing) return;
    const { voters, learners } = status.membership;
    const node = pick(this.#random, this.#cluster.nodes);
    const { nodeId } = node;
    const isVoter = voters.some((m) => m.nodeId === nodeId);
    if (!isVoter && !learners.some((m) => m.nodeId === nodeId)) {
      this.#cluster.change({ kind: 'add-learner', member: node.member });
      return;
    }
    if (isVoter && voters.length <= 2) return;
    const draw = this.#random.next();
    const kind = draw < 0.3 ? 'remove' : isVoter ? 'demote' : 'promote';
    this.#say(nodeId, `ask ${kind}`);
    this.#cluster.change({ kind, nodeId });
  }

  #every(meanMs: number, act: () => void): void {
    if (meanMs === 0) return;
    const plan = (): void => {
      const wait = -Math.log(1 - this.#random.next()) * meanMs;
      this.#cluster.world.after(wait, () => {
        if (this.#cluster.world.now > this.#end) return;
        act();
        plan();
      });
    };
    plan();
  }
}
