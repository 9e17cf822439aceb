/**
 * What goes wrong in a seed, and when: crashes, cuts, pauses, sick disks, and orders of
 * the operator. Each fault has a number and draws of its own, so that one can be left out
 * and the others stay as they were.
 */
import {
  between,
  type Instant,
  type NodeId,
  pick,
  type Random,
  seededRandom,
  shuffle,
} from '../../src/base/index.ts';
import type { RaftEvent } from '../../src/raft/index.ts';
import { Aims } from './aims.ts';
import type { DiskImage } from './disk-image.ts';
import type { SimNode } from './node.ts';
import { type Operator, order, replaceVoter, upgradeOne } from './operator.ts';
import type { FaultRates } from './options.ts';
import type { DiskFault } from './storage.ts';
import type { CloneManner, Victim } from './victim.ts';
import { partition, reset, surroundings } from './weather.ts';

/** A hanging disk is this much slower. */
const STALL_FACTOR = 100;
const MAX_STALL_MS = 3000;
/** By then an order was taken or lost, whatever its node went through. */
const ORDER_MS = 3000;
/** As in daemon/distress.ts: a leader whose sync takes so long gives up, and then nobody waits any more. */
const HAND_OVER_AFTER_MS = 1000;
const HANG_ENDS_MS = 10_000;
/** How far a wall clock may be off: nothing, seconds, minutes, ten years. */
const WALLS_MS = [0, 2000, 600_000, 315_360_000_000];
const DISK_FAULTS: readonly DiskFault[] = ['sync', 'sync', 'write', 'read', 'open', 'name', 'full'];

export interface NemesisOptions {
  readonly cluster: Victim;
  readonly seed: number;
  readonly say: (who: string, text: string) => void;
}

export class Nemesis {
  readonly #cluster: Victim;
  readonly #seed: number;
  readonly #say: (who: string, text: string) => void;
  readonly #stalledUntil = new Map<NodeId, Instant>();
  /** Lives in which the disk hangs. */
  readonly #hanging = new Map<NodeId, number>();
  /** When the last of them was ended and started again: healing shortens no hang. */
  hangsUntil: Instant = 0;
  /** Faults that really happened, by kind. */
  readonly counts = new Map<string, number>();
  readonly #images = new Map<NodeId, DiskImage>();
  readonly #copies = new Map<NodeId, DiskImage>();
  #aims: Aims | null = null;
  #end: Instant = 0;
  #isReplacing = false;
  #askedAt: Instant = Number.NEGATIVE_INFINITY;
  /** Numbers of the faults planned so far. */
  readonly planned: number[] = [];

  constructor(options: NemesisOptions) {
    this.#cluster = options.cluster;
    this.#seed = options.seed;
    this.#say = options.say;
  }

  begin(end: Instant): void {
    this.#end = end;
    const { nodes, network } = this.#cluster;
    const operator: Operator = { cluster: this.#cluster, count: (kind) => this.count(kind), say: this.#say };
    const any = (random: Random): SimNode => pick(random, nodes);
    this.#every('crash', (random) => this.#crash(any(random), random));
    this.#every('blackout', (random) => {
      this.count('blackout');
      for (const node of nodes) this.#crash(node, random);
    });
    this.#every('partition', (random) => partition(operator, random));
    this.#every('clog', (random) => {
      const [a, b] = shuffle(random, nodes) as [SimNode, SimNode];
      this.count('clog');
      network.clog(a.nodeId, b.nodeId, this.#cluster.world.now + between(random, 50, 3000));
    });
    this.#every('reset', (random) => reset(operator, random));
    this.#every('pause', (random) => this.#pause(any(random), random));
    this.#every('transfer', (random) => order(operator, random));
    this.#every('membership', (random) => this.#membership(random));
    this.#every('diskFault', (random) => {
      const fault = pick(random, DISK_FAULTS);
      const node = any(random);
      this.#say(node.who, `disk fault to come: ${fault}`);
      node.failDisk(fault);
    });
    this.#every('diskStall', (random) => {
      const until = this.#cluster.world.now + between(random, 100, 2000);
      this.#stalledUntil.set(any(random).nodeId, until);
    });
    this.#every('wipe', (random) => this.#wipe(any(random)));
    this.#every('rot', (random) => this.#rot(any(random), random));
    this.#every('move', (random) => this.#move(any(random), random));
    this.#every('clone', (random) => this.#clone(any(random), { random, isHeard: false }));
    this.#every('share', (random) => this.#clone(any(random), { random, isHeard: true }));
    this.#every('surroundings', (random) => surroundings(operator, any(random), random));
    this.#every('image', (random) => this.#image(any(random), random));
    this.#every('snapshotRot', (random) => this.#snapshotRot(random));
    this.#every('replace', (random) => {
      if (!this.#isReplacing && replaceVoter(operator, random)) this.#askedAt = this.#cluster.world.now;
    });
    this.#every('upgrade', (random) => upgradeOne(operator, random));
    // whoever is replaced by a learner finds one
    if (this.#cluster.options.replaceEveryMs > 0) for (const node of nodes) node.change({ autoPromote: [] });
    this.#every('wallJump', (random) => {
      const sign = random.next() < 0.5 ? -1 : 1;
      this.count('wall jump');
      any(random).wallAheadMs = sign * pick(random, WALLS_MS);
    });
    this.#aims = new Aims({
      ...{ operator, crash: (node, random) => this.#crash(node, random) },
      stall: (nodeId, ms) => this.#stalledUntil.set(nodeId, this.#cluster.world.now + ms),
    });
    this.#every('aim', (random) => this.#aims?.take(random));
    this.#every('hang', (random) => this.#hang(any(random)));
    this.#returning(seededRandom(this.#seed ^ 0x4e7));
  }

  /** What a node's core told of itself. */
  heard(node: SimNode, event: RaftEvent): void {
    this.#aims?.heard(node, event);
  }

  stop(): void {
    this.#end = 0;
    this.#aims?.stop();
    this.#stalledUntil.clear();
    const { nodes, options } = this.#cluster;
    for (const node of nodes) node.disk.repair();
    if (options.upgradeEveryMs === 0) return;
    // an upgrade that was begun is ended
    for (const node of nodes.filter((n) => n.version === 'this')) {
      node.crash(false);
      node.version = 'next';
      this.#say(node.who, 'is upgraded');
      this.#cluster.restart(node);
    }
  }

  /** An order of the operator may still be on its way. */
  get isAsking(): boolean {
    return this.#cluster.world.now - this.#askedAt < ORDER_MS;
  }

  /** Latency of a node's next sync, ms. */
  diskLatencyMs(nodeId: NodeId, random: Random): number {
    const { options, world } = this.#cluster;
    const latency = -Math.log(1 - random.next()) * options.diskMeanMs;
    const node = this.#cluster.nodes.find((n) => n.nodeId === nodeId);
    if (node !== undefined && this.#hanging.get(nodeId) === node.life) {
      this.count('hanging sync');
      return Number.POSITIVE_INFINITY;
    }
    const isStalled = world.now < (this.#stalledUntil.get(nodeId) ?? 0);
    if (!isStalled) return latency;
    this.count('stalled sync');
    return Math.min(latency * STALL_FACTOR, MAX_STALL_MS);
  }

  /** Notes that something happened. */
  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  #crash(node: SimNode, random: Random): void {
    const { options, network, nodes, world } = this.#cluster;
    const isPowerCut = random.next() < options.powerCutRatio;
    const downMs = between(random, 1, between(random, 20, 2500));
    if (!node.isUp) return;
    node.crash(isPowerCut);
    this.count(isPowerCut ? 'power cut' : 'kill');
    this.#say(node.who, isPowerCut ? 'power cut' : 'killed');
    for (const other of options.hints ? nodes : []) {
      if (!other.isUp || network.isCut(node.nodeId, other.nodeId)) continue;
      this.count('hint');
      world.after(2 + network.delay(), () =>
        other.submit({ kind: 'peer-hint', peer: node.nodeId, status: 'lost' }),
      );
    }
    world.after(downMs, () => this.#cluster.restart(node));
  }

  /** Its syncs never return: a leader hands over as the daemon has it do, and in the end the process is ended. */
  #hang(node: SimNode): void {
    const { life } = node;
    const { world } = this.#cluster;
    if (!node.isUp) return;
    this.#hanging.set(node.nodeId, life);
    this.#say(node.who, 'has a disk that hangs');
    this.hangsUntil = world.now + HANG_ENDS_MS + HAND_OVER_AFTER_MS;
    world.after(HAND_OVER_AFTER_MS, () => {
      if (node.life === life && this.#cluster.leader()?.node === node)
        node.submit({ kind: 'distress', reason: 'the disk hangs' });
    });
    world.after(HANG_ENDS_MS, () => {
      if (node.life !== life || !node.isUp) return;
      this.count('hang ended');
      this.#say(node.who, 'is ended: its disk hangs');
      node.crash(false);
      world.after(HAND_OVER_AFTER_MS, () => this.#cluster.restart(node));
    });
  }

  #pause(node: SimNode, random: Random): void {
    const ms = between(random, 20, 1500);
    if (!node.isUp) return;
    this.count('pause');
    this.#say(node.who, `paused for ${ms} ms`);
    node.pause(ms);
  }

  /**
   * One disk at a time: a cluster that lost two before it replaced one may have lost what both held.
   * Answers whether this one may go now; the one that leads only when that is asked.
   */
  #maySpare(node: SimNode, orLeader = false): boolean {
    const leader = this.#cluster.leader();
    // two nodes can't spare one
    if (this.#cluster.nodes.length < 3) return false;
    if (leader === null || (leader.node === node && !orLeader) || this.#isReplacing) return false;
    // a change that was asked for may still lie before a leader that stands still
    if (this.isAsking) return false;
    const { marks } = leader;
    const isWhole =
      marks.membershipCommitted && marks.membership.voters.length === this.#cluster.nodes.length;
    return isWhole && this.#cluster.stale(marks) === undefined;
  }

  #wipe(node: SimNode): void {
    const isLeader = this.#cluster.leader()?.node === node;
    if (!this.#maySpare(node, true)) return;
    this.count(isLeader ? 'wipe of the leader' : 'wipe');
    this.#say(node.who, 'gets another disk');
    node.wipe();
    this.#isReplacing = true;
    this.#cluster.world.after(200, () => this.#replace(node));
  }

  /** A bit flips; the node finds out while it runs or when it starts, and its disk is replaced. */
  #rot(node: SimNode, random: Random): void {
    const waitMs = between(random, 1, 1500);
    const isLeader = this.#cluster.leader()?.node === node;
    if (!this.#maySpare(node, true) || !node.disk.rot(random)) return;
    node.isSuspect = true;
    this.count(isLeader ? 'rot of the leader' : 'rot');
    this.#say(node.who, 'a bit of its log flips');
    this.#isReplacing = true;
    const { instanceId } = node;
    this.#cluster.world.after(waitMs, () => {
      if (this.#end === 0 || node.instanceId !== instanceId) return;
      node.crash(false);
      node.disk.repair();
      this.#say(node.who, 'is restarted');
      this.#cluster.restart(node);
      // damage in what is needed no more hurts nobody; the disk goes all the same
      this.count(node.isRefused ? 'rot refused' : 'rot not met');
      node.wipe();
      this.#say(node.who, 'gets another disk');
      this.#replace(node);
    });
  }

  /**
   * A bit of the newest snapshot flips, and the power goes: a state that lags needs the snapshot. Whoever finds
   * no other way refuses to start, and its disk is replaced.
   */
  #snapshotRot(random: Random): void {
    const [waitMs, downMs] = [between(random, 1, 1500), between(random, 1, 300)];
    const node = pick(random, this.#cluster.nodes);
    const image = node.state.newestSnapshot;
    if (image === undefined || !this.#maySpare(node, true)) return;
    image.isRotten = true;
    node.isSuspect = true;
    this.count('snapshot rot');
    this.#say(node.who, `a bit of its snapshot ${image.meta.id} flips`);
    this.#isReplacing = true;
    const { instanceId } = node;
    const isOver = (): boolean => this.#end === 0 || node.instanceId !== instanceId;
    this.#cluster.world.after(waitMs, () => {
      if (isOver()) return;
      node.crash(true);
      this.#say(node.who, 'power cut');
    });
    this.#cluster.world.after(waitMs + downMs, () => {
      if (isOver()) return;
      this.#cluster.restart(node);
      if (node.isRefused) {
        this.count('snapshot rot refused');
        node.wipe();
        this.#say(node.who, 'gets another disk');
        this.#replace(node);
        return;
      }
      // what nobody needed hurts nobody later
      for (const each of node.state.snapshots.values()) each.isRotten = false;
      node.isSuspect = false;
      this.#isReplacing = false;
    });
  }

  /** The folder goes to another machine, all of it, while nobody runs it. */
  #move(node: SimNode, random: Random): void {
    const downMs = between(random, 1, 500);
    node.crash(false);
    const image = node.image();
    if (image === null) return;
    node.rollBack(image);
    this.count('move');
    this.#say(node.who, 'is moved');
    this.#cluster.world.after(downMs, () => this.#cluster.restart(node));
  }

  /** A copy of a folder is kept, or an earlier one started beside the original. */
  #clone(node: SimNode, manner: CloneManner): void {
    const kept = this.#copies.get(node.nodeId);
    const image = kept?.instanceId === node.instanceId && manner.random.next() < 0.5 ? kept : node.image();
    if (image === null || node.isSuspect) return;
    this.#copies.set(node.nodeId, image);
    this.count(manner.isHeard ? 'share' : 'clone');
    this.#say(
      node.who,
      `start ${image.boot} of it runs at ${manner.isHeard ? 'its' : 'another'} address too`,
    );
    this.#cluster.clone(node, { ...image, disk: image.disk.copy() ?? image.disk }, manner);
  }

  /**
   * The operator keeps an image of a node's folder, or puts one back that is older than the node's last
   * start: the others know a later start of that disk, and it stops when it hears of that.
   */
  #image(node: SimNode, random: Random): void {
    const image = this.#images.get(node.nodeId);
    const waitMs = between(random, 1, 1500);
    const isOld = image?.instanceId === node.instanceId && image.boot + 1 < node.boot;
    if (image === undefined || !isOld) {
      if (image?.instanceId === node.instanceId) return;
      const fresh = node.image();
      if (fresh === null) return;
      this.#images.set(node.nodeId, fresh);
      this.#say(node.who, 'is copied to an image');
      return;
    }
    if (!this.#maySpare(node)) return;
    this.count('rollback');
    this.#say(node.who, `gets its image of start ${image.boot} back`);
    this.#images.delete(node.nodeId);
    node.rollBack(image);
    this.#isReplacing = true;
    this.#cluster.world.after(waitMs, () => this.#expose(node));
  }

  /** Starts the old image until somebody tells it what it is; then it is replaced. */
  #expose(node: SimNode): void {
    if (this.#cluster.world.now > this.#end) return;
    this.#cluster.restart(node);
    if (!node.isRefused) {
      this.#cluster.world.after(100, () => this.#expose(node));
      return;
    }
    this.count('rollback refused');
    node.wipe();
    this.#say(node.who, 'gets another disk');
    this.#replace(node);
  }

  /** Removes the old instance and admits the new one, until the new one votes. */
  #replace(node: SimNode): void {
    const { world } = this.#cluster;
    const marks = this.#cluster.leader()?.marks;
    const { nodeId, instanceId } = node;
    const isVoter = marks?.membership.voters.some((v) => v.instanceId === instanceId) ?? false;
    this.#isReplacing = !(isVoter && marks?.membershipCommitted);
    if (!this.#isReplacing || world.now > this.#end) return;
    this.#cluster.restart(node);
    if (marks !== undefined && this.#cluster.stale(marks) === node)
      this.#cluster.change({ kind: 'remove', nodeId });
    else this.#cluster.change({ kind: 'add-learner', member: node.member });
    world.after(100, () => this.#replace(node));
  }

  #membership(random: Random): void {
    const marks = this.#cluster.leader()?.marks;
    const node = pick(random, this.#cluster.nodes);
    const draw = random.next();
    // an operator who removes a voter while another one is lost may leave no majority of the rest
    if (marks === undefined || this.#isReplacing) return;
    const { voters, learners } = marks.membership;
    const { nodeId } = node;
    const isVoter = voters.some((m) => m.nodeId === nodeId);
    if (!isVoter && !learners.some((m) => m.nodeId === nodeId)) {
      this.#cluster.change({ kind: 'add-learner', member: node.member });
      return;
    }
    if (isVoter && voters.length <= 2) return;
    const kind = draw < 0.3 ? 'remove' : isVoter ? 'demote' : 'promote';
    this.count(`ask ${kind}`);
    this.#askedAt = this.#cluster.world.now;
    this.#say(nodeId, `ask ${kind}`);
    this.#cluster.change({ kind, nodeId });
  }

  /** Whoever was stopped by its own fault comes back some time. */
  #returning(random: Random): void {
    this.#cluster.world.after(-Math.log(1 - random.next()) * 300, () => {
      if (this.#cluster.world.now > this.#end) return;
      this.#cluster.restart(pick(random, this.#cluster.nodes));
      this.#returning(random);
    });
  }

  #every(kind: Kind, act: (random: Random) => void): void {
    const meanMs = this.#cluster.options[`${kind}EveryMs`];
    if (meanMs === 0) return;
    const own = KINDS.indexOf(kind) + 1;
    const times = seededRandom(this.#seed ^ (own * 0x9e37));
    let count = 0;
    const plan = (): void => {
      this.#cluster.world.after(-Math.log(1 - times.next()) * meanMs, () => {
        if (this.#cluster.world.now > this.#end) return;
        const number = own * 10_000 + count++;
        this.planned.push(number);
        if (!this.#cluster.options.without.includes(number)) {
          this.#say('nemesis', `${kind} ${number}`);
          act(seededRandom(this.#seed ^ (number * 0x85eb)));
        }
        plan();
      });
    };
    plan();
  }
}

type Kind = { [K in keyof FaultRates]: K extends `${infer Name}EveryMs` ? Name : never }[keyof FaultRates];

/** In an order that stays: a kind's place is part of its numbers. */
const KINDS: readonly Kind[] = [
  ...(['crash', 'blackout', 'partition', 'clog', 'reset', 'pause'] as const),
  ...(['membership', 'transfer', 'diskFault', 'diskStall', 'wipe', 'rot', 'image', 'move'] as const),
  ...(['clone', 'surroundings', 'snapshotRot', 'replace', 'upgrade', 'wallJump', 'hang'] as const),
  ...(['share', 'aim'] as const),
];
