/**
 * One seed: a cluster, a nemesis and clients in virtual time. First the safety phase,
 * in which everything breaks; then the world heals and everything must converge.
 *
 * Real in it: the core, the turn loop, the codec and the log on a disk that loses and
 * tears. Not in it, and so not proven by any number of seeds:
 * - The state machine is an index (model-store.ts): no SQL, no key-values, no results.
 * - No client sessions: that a repeated write happens once is told in test/unit/state.
 * - No framing, queues or grouping of payloads: messages cross one by one, and a turn of
 *   many MiB costs nothing (test/contract/raft-transport.ts, transport.ts).
 * - A snapshot is its description: no file, no bytes on the wire, no order between an
 *   install and what the state worker does meanwhile (test/contract/raft-store.ts,
 *   test/unit/daemon/snapshot-transfer.test.ts, test/cluster/snapshot.test.ts).
 * - No threads: what one worker says while another is busy arrives in its turn.
 */
import { createHash } from 'node:crypto';
import { type NodeId, pick, type Random, seededRandom } from '../../src/base/index.ts';
import type { MembershipChange, RaftInput, RaftSettings, RaftStatus } from '../../src/raft/index.ts';
import { Nemesis, type Victim } from './nemesis.ts';
import { SimNetwork } from './network.ts';
import { SimNode } from './node.ts';
import { drawOptions, type SimOptions } from './options.ts';
import { Oracle, Violation } from './oracle.ts';
import type { SimStorage, SimStorageParts } from './storage.ts';
import { World } from './world.ts';

/** Everything must agree this long after the healing. */
const LIVENESS_MS = 15_000;
const FORMING_MS = 60_000;
const STORY_LINES = 400;

export interface SimResult {
  readonly seed: number;
  readonly options: SimOptions;
  readonly simulatedMs: number;
  readonly steps: number;
  readonly checks: number;
  readonly committed: number;
  readonly acked: number;
  readonly reads: number;
  readonly terms: number;
  readonly snapshots: number;
  /** SHA-256 over the whole story: equal for equal seeds. */
  readonly traceHash: string;
  readonly violation: string | null;
  readonly story: readonly string[];
}

export interface SimClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly options?: Partial<SimOptions>;
  /** The disk and the log on it. */
  readonly storage: (parts: SimStorageParts) => SimStorage;
}

const SETTINGS: RaftSettings = {
  heartbeatIntervalMs: 50,
  electionTimeoutMs: 150,
  hintStaggerMs: 7,
  autoPromote: [],
  avoid: [],
};

export class SimCluster implements Victim {
  readonly world = new World();
  readonly nodes: SimNode[];
  readonly options: SimOptions;
  readonly oracle: Oracle;
  readonly network: SimNetwork;
  readonly #nemesis: Nemesis;
  readonly #random: Random;
  readonly #seed: number;
  readonly #hash = createHash('sha256');
  #story: string[] = [];
  #nextSerial = 1;
  #reads = 0;
  #snapshots = 0;

  constructor({ seed, nodes, options, storage }: SimClusterOptions) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.options = { ...drawOptions(seededRandom(seed ^ 0x5eed), nodes), ...options };
    this.network = new SimNetwork(this.world, seededRandom(seed ^ 0x0e7), this.options);
    const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
    this.oracle = new Oracle();
    const { trailingEntries, maxAppendBytes } = this.options;
    const settings = { ...SETTINGS, autoPromote: names, trailingEntries, maxAppendBytes };
    this.nodes = names.map((name, i) => {
      const random = seededRandom((seed ^ 0xd15c) + i * 7919);
      const latencyMs = (): number => this.#nemesis.diskLatencyMs(name, random);
      const seedOf = (): number => Math.floor(random.next() * 2 ** 32);
      return new SimNode(name, {
        world: this.world,
        network: this.network,
        oracle: this.oracle,
        random,
        options: this.options,
        settings,
        makeDisk: (instanceId) => storage({ nodeId: name, instanceId, latencyMs, seed: seedOf }),
        peer: (nodeId) => this.nodes.find((n) => n.nodeId === nodeId),
        say: (nodeId, text) => this.#say(nodeId, text),
      });
    });
    this.#nemesis = new Nemesis({
      cluster: this,
      random: seededRandom(seed ^ 0xbad),
      say: (who, text) => this.#say(who, text),
    });
  }

  /** Plays the whole seed. */
  run(): SimResult {
    let violation: string | null = null;
    try {
      this.#form();
      const end = this.world.now + this.options.safetyMs;
      this.#nemesis.begin(end);
      this.#clients(end);
      while (this.world.step(end));
      this.world.now = end;
      this.#heal();
    } catch (error) {
      // what follows from a violation is no news
      const first = this.oracle.violation ?? error;
      violation = first instanceof Violation ? first.message : ((first as Error).stack ?? String(first));
    }
    return this.#result(violation);
  }

  /** The leader of the highest term, as far as anybody leads, and what it says of itself. */
  leader(): { readonly node: SimNode; readonly status: RaftStatus } | null {
    let best: { readonly node: SimNode; readonly status: RaftStatus } | null = null;
    for (const node of this.nodes) {
      const { status } = node;
      if (status?.role === 'leader' && status.term > (best?.status.term ?? 0)) best = { node, status };
    }
    return best;
  }

  /** Asks the leader for a change of membership, if there is one. */
  change(change: MembershipChange): void {
    const fixed = { kind: 'propose-membership', id: 0, expectedMembershipIndex: null, timestamp: 0 } as const;
    const input: RaftInput = { ...fixed, change };
    this.leader()?.node.submit(input);
  }

  restart(node: SimNode): void {
    if (node.up) return;
    node.start();
    this.#say(node.nodeId, 'started');
  }

  /** n1 begins alone, the others join as learners and are promoted by the core. */
  #form(): void {
    for (const [i, node] of this.nodes.entries()) {
      node.init(i === 0);
      node.start();
    }
    const deadline = this.world.now + FORMING_MS;
    const tries = (): void => {
      const status = this.leader()?.status;
      if (status !== undefined) this.#admit(status);
      if ((status?.membership.voters.length ?? 0) < this.nodes.length) this.world.after(50, tries);
    };
    tries();
    while (this.world.step(deadline)) if (this.world.steps % 64 === 0 && this.#isFormed()) return;
    this.oracle.fail('Forming', `no ${this.nodes.length} voters after ${FORMING_MS} ms`);
  }

  #isFormed(): boolean {
    const status = this.leader()?.status;
    if (status === undefined || status.membership.voters.length < this.nodes.length) return false;
    return this.stale(status) === undefined;
  }

  /** The node whose disk is not the one that the membership names, if any. */
  stale({ membership }: RaftStatus): SimNode | undefined {
    const members = [...membership.voters, ...membership.learners];
    const known = new Map(members.map((m) => [m.nodeId, m.instanceId]));
    return this.nodes.find((n) => (known.get(n.nodeId) ?? n.instanceId) !== n.instanceId);
  }

  /** One step towards everybody being a voter with the disk that it has. */
  #admit(status: RaftStatus): void {
    const wiped = this.stale(status);
    if (wiped !== undefined) {
      this.change({ kind: 'remove', nodeId: wiped.nodeId });
      return;
    }
    const { membership } = status;
    const members = new Set([...membership.voters, ...membership.learners].map((m) => m.nodeId));
    const missing = this.nodes.find((n) => !members.has(n.nodeId));
    if (missing !== undefined) this.change({ kind: 'add-learner', member: missing.member });
  }

  #clients(end: number): void {
    const next = (): void => {
      if (this.world.now > end) return;
      this.#request();
      this.world.after(-Math.log(1 - this.#random.next()) * this.options.clientEveryMs, next);
    };
    next();
  }

  #request(): void {
    // clients know their leader, mostly
    const leader = this.#random.next() < 0.6 ? this.leader()?.node : undefined;
    const node = leader ?? pick(this.#random, this.nodes);
    const { oracle } = this;
    if (this.#random.next() < 0.3) {
      const floor = oracle.ackedFloor;
      node.read((index) => {
        if (index === null) return;
        this.#reads++;
        oracle.read(floor, index);
      });
      return;
    }
    const serial = this.#nextSerial++;
    node.propose(serial, (index) => {
      if (index !== null) oracle.ack(serial, index);
    });
  }

  /** All faults end; within the limit one leader leads and every node has applied the same. */
  #heal(): void {
    this.#nemesis.stop();
    this.network.calm();
    this.#say('net', 'healed');
    const end = this.world.now + LIVENESS_MS;
    let isAcked = false;
    const ask = (): void => {
      this.world.after(100, ask);
      for (const node of this.nodes) this.restart(node);
      const leader = this.leader();
      if (leader !== null) this.#admit(leader.status);
      if (isAcked) return;
      const serial = this.#nextSerial++;
      leader?.node.propose(serial, (index) => {
        isAcked ||= index !== null;
        if (index !== null) this.oracle.ack(serial, index);
      });
    };
    ask();
    const hasConverged = (): boolean =>
      isAcked && this.#isFormed() && this.nodes.every((n) => n.appliedIndex === this.oracle.appliedIndex);
    while (this.world.step(end)) {
      if (this.world.steps % 16 > 0 || !hasConverged()) continue;
      this.oracle.finish();
      return;
    }
    const where = this.nodes.map((n) => {
      const { role, term } = n.status ?? { role: 'down', term: 0 };
      return `${n.nodeId} ${role} t${term} applied ${n.appliedIndex}`;
    });
    this.oracle.fail('Liveness', `not converged ${LIVENESS_MS} ms after healing: ${where.join(', ')}`);
  }

  #say(who: NodeId, text: string): void {
    const line = `${this.world.now.toFixed(3).padStart(10)} ${who} ${text}`;
    this.#hash.update(line);
    if (text.startsWith('restores')) this.#snapshots++;
    this.#story.push(line);
    if (this.#story.length > STORY_LINES * 2) this.#story = this.#story.slice(-STORY_LINES);
  }

  #result(violation: string | null): SimResult {
    this.#hash.update(`${this.world.steps} ${this.oracle.appliedIndex} ${this.oracle.acked}`);
    return {
      seed: this.#seed,
      options: this.options,
      simulatedMs: this.world.now,
      steps: this.world.steps,
      checks: this.oracle.checks,
      committed: this.oracle.appliedIndex,
      acked: this.oracle.acked,
      reads: this.#reads,
      terms: this.oracle.terms,
      snapshots: this.#snapshots,
      traceHash: this.#hash.digest('hex'),
      violation,
      story: this.#story,
    };
  }
}
