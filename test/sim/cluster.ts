/**
 * One seed: a cluster, a nemesis and clients in virtual time. First the safety phase, in
 * which everything breaks; then liveness: a bare quorum is healed and must do, while the
 * rest may stay down or cut off; then all of it, and all must agree.
 *
 * Real in it: the core, the turn loop, the codec, the log on a disk that loses and tears,
 * key-values and sessions. Not in it, and so not proven by any number of seeds:
 * - No SQL, no SQLite (kv-machine.test.ts holds the simulated machine against it), no keys that wait in memory
 *   (a power cut takes as much; test/storage/kill.test.ts), no watches (test/history).
 * - No framing, queues or grouping of payloads: messages cross one by one, and a turn of
 *   many MiB costs nothing (test/contract/raft-transport.ts, transport.ts).
 * - A snapshot's file is an object: its bytes are checked in test/unit/wal.
 * - Versions differ in the state only: the codec of messages has one version (src/raft/codec.ts).
 * - An old image of a data folder in its place, a copy at its original's address: never drawn (pinned.ts).
 * - No threads: what one worker says while another is busy arrives in its turn.
 */
import { type LogIndex, type NodeId, type Random, seededRandom, shuffle } from '../../src/base/index.ts';
import type { MembershipChange, RaftEvent, RaftInput, RaftMarks, RaftStorage } from '../../src/raft/index.ts';
import { bareQuorum } from './bare-quorum.ts';
import { type ClientCounts, SimClient } from './clients.ts';
import { Courier } from './courier.ts';
import type { Reply } from './desk.ts';
import type { DiskImage } from './disk-image.ts';
import { Doubles } from './doubles.ts';
import { History } from './history.ts';
import { Nemesis } from './nemesis.ts';
import { SimNetwork } from './network.ts';
import { SimNode } from './node.ts';
import { drawOptions, type FirstWrite, LIVENESS_MS, PACE_MS, SETTINGS, type SimOptions } from './options.ts';
import { Oracle } from './oracle.ts';
import { startReaders } from './readers.ts';
import type { SimResult } from './sim-result.ts';
import type { SimStorage, SimStorageParts } from './storage.ts';
import { eventText, Story } from './story.ts';
import type { ByteTrace } from './trace.ts';
import type { CloneManner, Victim } from './victim.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

const FORMING_MS = 60_000;
/** Events that are run in one go. */
const PIECE = 256;

export interface SimClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly options?: Partial<SimOptions>;
  /** The disk and the log on it. */
  readonly storage: (parts: SimStorageParts) => SimStorage;
  /** Hears of every byte that is sent and written; it makes a play slower by a fifth. */
  readonly trace?: ByteTrace;
}

interface Leader {
  readonly node: SimNode;
  readonly marks: RaftMarks;
}

export class SimCluster implements Victim {
  readonly world = new World();
  readonly story = new Story(this.world);
  readonly oracle = new Oracle();
  readonly history = new History((rule, text) => this.oracle.fail(rule, text));
  readonly nodes: SimNode[];
  readonly options: SimOptions;
  readonly network: SimNetwork;
  readonly #nemesis: Nemesis;
  readonly #clients: SimClient[];
  readonly #random: Random;
  readonly #seed: number;
  readonly #trace: ByteTrace | null;
  readonly #courier: Courier;
  readonly #doubles: Doubles;
  readonly #struck = new Map<string, number>();
  readonly #disks: SimStorage[] = [];
  readonly #clientCounts: ClientCounts = { answered: 0, reads: 0, retries: 0, unknown: 0, refused: 0 };
  /** Nodes that are meant to work. */
  #wanted: readonly SimNode[] = [];
  #serial = 0;

  constructor({ seed, nodes, options, storage, trace }: SimClusterOptions) {
    this.#seed = seed;
    this.#trace = trace ?? null;
    this.#random = seededRandom(seed);
    this.options = { ...drawOptions(seededRandom(seed ^ 0x5eed), nodes), ...options };
    this.network = new SimNetwork(this.world, seededRandom(seed ^ 0x0e7), this.options);
    this.#courier = new Courier(this.world, this.network, seededRandom(seed ^ 0xc0a));
    this.#doubles = new Doubles({
      ...{ world: this.world, network: this.network, random: seededRandom(seed ^ 0xdb1) },
      node: (nodeId) => this.nodes.find((n) => n.nodeId === nodeId),
      elected: (nodeId) => this.oracle.fail('Twin', `a copy of ${nodeId} is elected`),
    });
    this.#nemesis = new Nemesis({ cluster: this, seed: seed ^ 0xbad, say: this.story.say });
    const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
    this.nodes = names.map((name, i) => this.#makeNode(name, names, { i, storage }));
    this.#wanted = this.nodes;
    this.#clients = Array.from({ length: this.options.clients }, (_, i) => this.#makeClient(i));
  }

  #makeNode(
    name: NodeId,
    names: readonly NodeId[],
    { i, storage }: { i: number; storage: SimClusterOptions['storage'] },
  ): SimNode {
    const random = seededRandom((this.#seed ^ 0xd15c) + i * 7919);
    const { electionTimeoutMs, trailingEntries, maxAppendBytes } = this.options;
    const { world, network, oracle, history, options } = this;
    return new SimNode(name, {
      ...{ world, network, oracle, history, random, options, courier: this.#courier, trace: this.#trace },
      settings: { ...SETTINGS, electionTimeoutMs, autoPromote: names, trailingEntries, maxAppendBytes },
      makeDisk: (instanceId) => {
        const latencyMs = (): number => this.#nemesis.diskLatencyMs(name, random);
        const seed = (): number => Math.floor(random.next() * 2 ** 32);
        const { cacheBytes } = options;
        const disk = storage({ nodeId: name, instanceId, latencyMs, cacheBytes, seed });
        this.#disks.push(disk);
        return disk;
      },
      peer: (nodeId) => this.nodes.find((n) => n.nodeId === nodeId),
      deliver: this.#doubles.deliver,
      onEvents: (nodeId, events, log) => this.#onEvents(nodeId, events, log),
      announce: (command, reply) => this.announce(command, reply),
      count: (what) => this.#nemesis.count(what),
      say: this.story.say,
    });
  }

  #makeClient(i: number): SimClient {
    const { world, options, history, nodes } = this;
    const isCalm = (): boolean => this.network.isCalm;
    const random = seededRandom((this.#seed ^ 0xc11e) + i * 104_729);
    const serial = (): number => ++this.#serial;
    return new SimClient(
      `c${i}`,
      { world, options, history, nodes, random, serial, isCalm },
      this.#clientCounts,
    );
  }

  #onEvents(nodeId: NodeId, events: readonly RaftEvent[], log: RaftStorage): void {
    const node = this.nodes.find((n) => n.nodeId === nodeId);
    if (node === undefined) return;
    for (const event of events) {
      this.story.say(node.who, eventText(event));
      if (event.kind === 'elected') {
        this.oracle.elected(node.who, event.term, log);
        const { membership } = node.marks ?? {};
        if (membership !== undefined) this.oracle.chosen(node.who, event.term, membership);
      }
      this.#nemesis.heard(node, event);
    }
  }

  /** Plays the whole seed. */
  run(): SimResult {
    let violation: string | null = null;
    try {
      this.form();
      const end = this.world.now + this.options.safetyMs;
      this.#nemesis.begin(end);
      this.work();
      this.#runUntil(end);
      this.#nemesis.stop();
      this.#nemesis.count(`quorum ${this.options.quorumFirst ? this.#healQuorum() : 'not drawn'}`);
      this.#healAll();
    } catch (error) {
      // what follows from a violation is no news
      const first = this.oracle.violation ?? error;
      violation = first instanceof Violation ? first.message : ((first as Error).stack ?? String(first));
    }
    return this.#result(violation);
  }

  /** The next event; what was found wrong ends the play, also where somebody caught what the oracle threw. */
  #step(until: number): boolean {
    const isStepped = this.world.step(until);
    if (this.oracle.violation !== null) throw this.oracle.violation;
    return isStepped;
  }

  #runUntil(end: number): void {
    while (this.#some(end));
    this.world.now = end;
  }

  /** Some events, false behind the last. Pieces, because V8 compiles a loop that lasts a whole seed anew in each. */
  #some(end: number): boolean {
    for (let n = 0; n < PIECE; n++) if (!this.#step(end)) return false;
    return true;
  }

  /** The leader of the highest term, as far as anybody leads, and what it says of itself. */
  leader(): Leader | null {
    let best: Leader | null = null;
    for (const node of this.nodes) {
      const { marks } = node;
      if (marks?.role === 'leader' && marks.term > (best?.marks.term ?? 0)) best = { node, marks };
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
    if (node.isUp || node.isRefused) return;
    node.start();
    this.story.say(node.who, node.isUp ? 'started' : 'did not start');
  }

  clone(node: SimNode, image: DiskImage, manner: CloneManner): void {
    this.#doubles.start(node, image, manner);
  }

  /** Starts the clients; for whoever plays phases of his own. */
  work(): void {
    for (const client of this.#clients) client.start();
    const { world, history, nodes } = this;
    if (this.options.readEveryMs === 0) return;
    const random = seededRandom(this.#seed ^ 0x4ead);
    startReaders({
      ...{ world, history, nodes, random, everyMs: this.options.readEveryMs },
      leader: () => this.leader()?.node,
      serial: () => ++this.#serial,
      isOver: () => this.network.isCalm,
      answered: () => this.#nemesis.count('steady read'),
    });
  }

  /** n1 begins alone, the others join as learners and are promoted by the core. */
  form(): void {
    for (const [i, node] of this.nodes.entries()) {
      node.init(i === 0);
      node.start();
    }
    const deadline = this.world.now + FORMING_MS;
    const tries = (): void => {
      const marks = this.leader()?.marks;
      if (marks !== undefined) this.#admit(marks);
      if ((marks?.membership.voters.length ?? 0) < this.nodes.length) this.world.after(50, tries);
    };
    tries();
    while (this.#step(deadline)) if (this.world.steps % 64 === 0 && this.#isFormed()) return;
    if (this.#isFormed()) return;
    this.oracle.fail('Forming', `no ${this.nodes.length} voters after ${FORMING_MS} ms`);
  }

  #isFormed(): boolean {
    const marks = this.leader()?.marks;
    if (marks === undefined || marks.membership.voters.length < this.nodes.length) return false;
    return this.stale(marks) === undefined;
  }

  /** The node whose disk is not the one that the membership names, if any. */
  stale({ membership }: RaftMarks): SimNode | undefined {
    const members = [...membership.voters, ...membership.learners];
    const known = new Map(members.map((m) => [m.nodeId, m.instanceId]));
    return this.nodes.find((n) => (known.get(n.nodeId) ?? n.instanceId) !== n.instanceId);
  }

  /** One step towards everybody being a voter with the disk that it has. */
  #admit(marks: RaftMarks): void {
    const wiped = this.stale(marks);
    if (wiped !== undefined) {
      this.change({ kind: 'remove', nodeId: wiped.nodeId });
      return;
    }
    const { membership } = marks;
    const members = new Set([...membership.voters, ...membership.learners].map((m) => m.nodeId));
    const missing = this.nodes.find((n) => !members.has(n.nodeId));
    if (missing !== undefined) this.change({ kind: 'add-learner', member: missing.member });
  }

  /**
   * Just enough nodes for every configuration that somebody believes in, and the others out of reach or down.
   * Answers that they did, or why they were not asked.
   */
  #healQuorum(): string {
    this.network.calm();
    // of those who become voters while others go a bare quorum may miss one more than it can
    this.#promote([]);
    for (const node of this.nodes) this.restart(node);
    // whoever did not start (its disk failed as it was opened) does now
    for (const node of this.nodes) this.restart(node);
    const memberships = this.nodes.map((n) => n.marks?.membership).filter((m) => m !== undefined);
    const order = shuffle(this.#random, this.nodes).filter((n) => !n.isRefused);
    const core = bareQuorum(order, memberships);
    if (core === null) return 'skipped: too many disks are refused';
    // a disk that is about to be refused may be one too many
    if (this.nodes.some((n) => n.isSuspect)) return 'skipped: a disk is suspect';
    // whoever stands still may wake to an order that needs another quorum than this one
    if (this.nodes.some((n) => n.isPaused && (this.#nemesis.isAsking || n.holdsOrder)))
      return 'skipped: an order beside a pause';
    this.#shutOut(core);
    this.#wanted = core;
    this.story.say('net', `heals ${core.map((n) => n.nodeId).join(' ')} only`);
    this.#converge('QuorumLiveness', (index) => core.every((n) => this.#isMemberThere(n, index)));
    return core.length < this.nodes.length ? 'healed' : 'healed: all were needed';
  }

  #promote(autoPromote: readonly NodeId[]): void {
    for (const node of this.nodes) node.change({ autoPromote });
  }

  /** The rest is down, or cut off both ways or one way. */
  #shutOut(core: readonly SimNode[]): void {
    for (const node of this.nodes) {
      if (core.includes(node)) continue;
      const draw = this.#random.next();
      if (draw < 0.4) node.crash(false);
      for (const other of core) {
        if (draw < 0.8) this.network.cut(node.nodeId, other.nodeId);
        this.network.cut(other.nodeId, node.nodeId);
      }
    }
  }

  /** A node that the leader knows as a member, with this disk, has applied up to `index`; others need not. */
  #isMemberThere(node: SimNode, index: LogIndex): boolean {
    const membership = this.leader()?.marks.membership;
    if (membership === undefined) return false;
    const members = [...membership.voters, ...membership.learners];
    const isMember = members.some((m) => m.instanceId === node.instanceId);
    return !isMember || node.appliedIndex >= index;
  }

  /** All faults end; within the limit one leader leads and every node has applied the same. */
  #healAll(): void {
    this.network.calm();
    this.#wanted = this.nodes;
    this.story.say('net', 'healed');
    this.#promote(this.nodes.map((n) => n.nodeId));
    for (const client of this.#clients) client.stop();
    this.#converge('Liveness', () => {
      const isDone = this.#clients.every((c) => c.pending === 0) && this.#isFormed();
      return isDone && this.nodes.every((n) => n.appliedIndex === this.oracle.appliedIndex);
    });
    const [first, ...rest] = this.nodes;
    for (const node of this.nodes) this.history.finish(node.who, node.state.machine);
    const text = first?.state.machine.text();
    for (const node of rest)
      if (text !== node.state.machine.text())
        this.oracle.fail('EqualStates', `${first?.who} and ${node.who} hold different states`);
  }

  /** A write is done and `isThere` within the limit. */
  #converge(rule: string, isThere: (index: LogIndex) => boolean): void {
    const end = Math.max(this.world.now, this.#nemesis.hangsUntil) + LIVENESS_MS;
    let done = null as FirstWrite | null;
    let isOver = false;
    const ask = (): void => {
      if (isOver) return;
      this.world.after(100, ask);
      for (const node of this.#wanted) {
        // the operator finds a node that refuses its disk, and gives it another one
        if (node.isRefused && this.#wanted === this.nodes) node.wipe();
        this.restart(node);
      }
      const leader = this.leader();
      if (leader === null) return;
      if (this.#wanted === this.nodes) this.#admit(leader.marks);
      if (done === null && this.#wanted.includes(leader.node))
        this.#ping(leader.node, () => (done = { at: this.world.now, index: this.oracle.appliedIndex }));
    };
    ask();
    while (this.#step(end)) {
      if (this.world.steps % 16 > 0 || done === null) continue;
      if (!isThere(this.world.now < done.at + PACE_MS ? this.oracle.appliedIndex : done.index)) continue;
      isOver = true;
      return;
    }
    isOver = true;
    this.oracle.fail(
      rule,
      `not converged ${LIVENESS_MS} ms after healing and the last hang: ${this.#picture()}`,
    );
  }

  announce(command: object, reply: Reply): void {
    const data = new TextEncoder().encode(JSON.stringify({ command, actor: String(++this.#serial) }));
    this.leader()?.node.propose(data, reply);
  }

  /** A write of the simulator itself. */
  #ping(node: SimNode, done: () => void): void {
    const serial = ++this.#serial;
    const command = { kind: 'kv-put', key: 'ping', value: `v${serial}`, ifVersion: null };
    const data = new TextEncoder().encode(JSON.stringify({ command, actor: String(serial) }));
    const operation = { serial, client: 'sim', kind: 'put', key: 'ping', minIndex: null } as const;
    const { floor } = this.history;
    node.propose(data, (answer) => {
      if (answer.kind !== 'written') return;
      this.history.answered({ ...operation, floor }, answer.result);
      done();
    });
  }

  #picture(): string {
    const waiting = this.#clients.flatMap((c) => c.waiting);
    const where = this.nodes.map((n) => {
      const { role, term } = n.marks ?? { role: n.isRefused ? 'refused' : 'down', term: 0 };
      return `${n.who}${this.#wanted.includes(n) ? '' : ' (out)'} ${role} t${term} applied ${n.appliedIndex}`;
    });
    return [...where, ...waiting].join(', ');
  }

  #result(violation: string | null): SimResult {
    const { oracle, history, world, network, story } = this;
    for (const disk of this.#disks)
      for (const [name, n] of disk.struck)
        this.#struck.set(`disk ${name}`, (this.#struck.get(`disk ${name}`) ?? 0) + n);
    const named = (prefix: string, record: object): [string, number][] =>
      Object.entries(record).map(([name, n]) => [`${prefix} ${name}`, n as number]);
    const counts = Object.fromEntries([
      ...this.#nemesis.counts,
      ...this.#struck,
      ...named('net', network.counts),
      ...named('snapshot', this.#courier.counts),
      ...named('client', this.#clientCounts),
      ['client replays', history.replays],
      ['voter replaced', oracle.replacements],
    ]);
    return {
      seed: this.#seed,
      options: this.options,
      simulatedMs: world.now,
      steps: world.steps,
      checks: oracle.checks,
      committed: oracle.appliedIndex,
      acked: history.acked,
      reads: this.#clientCounts.reads,
      terms: oracle.terms,
      snapshots: story.restores,
      counts,
      faults: this.#nemesis.planned,
      traceHash: story.digest(
        `${world.steps} ${oracle.appliedIndex} ${history.acked} ${JSON.stringify(counts)}` +
          (this.#trace?.digest() ?? ''),
      ),
      violation,
      story: story.lines,
    };
  }
}
