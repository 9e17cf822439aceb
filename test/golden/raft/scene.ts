/**
 * A handful of cores on a stage: memory logs, a network that holds messages until told
 * to deliver them, and a clock that stands still until told to move. Whatever the cores
 * want is done at once and in the right order, unless a disk is held.
 */
import { type Instant, LIMITS, must, type NodeId, type Random, type Term } from '../../../src/base/index.ts';
import {
  encodeMembership,
  type LogEntry,
  type Membership,
  MemoryStorage,
  RaftConsensus,
  type RaftInput,
  type RaftMember,
  type RaftMessage,
  type RaftOutput,
  type RaftSettings,
  type SnapshotMeta,
} from '../../../src/raft/index.ts';
import { printEvent, printMessage } from './print.ts';

export const SCENE_SETTINGS: RaftSettings = {
  heartbeatIntervalMs: 50,
  electionTimeoutMs: 150,
  hintStaggerMs: 7,
  autoPromote: [],
  avoid: [],
  trailingEntries: 0,
};

export interface SceneNode {
  readonly id: NodeId;
  readonly storage: MemoryStorage;
  readonly snapshots: Map<string, SnapshotMeta>;
  core: RaftConsensus | null;
  held: { readonly token: number; readonly message: RaftMessage }[];
  acks: number[];
  applied: number;
  isDiskHeld: boolean;
}

export interface TransferOfSnapshot {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly meta: SnapshotMeta;
  readonly term: Term;
  readonly session: number;
}

/** Somebody who looks over the cores' shoulders (test/model). */
export interface SceneWatch {
  started(node: SceneNode): void;
  /** Right after the core took an input, before what it wants is collected. */
  stepped(node: SceneNode, input: RaftInput, now: Instant): void;
  /** The write of this output is queued, nothing of it is sent or acknowledged yet. */
  took(node: SceneNode, output: RaftOutput): void;
}

export function memberOf(nodeId: NodeId, instance = `i-${nodeId}`): RaftMember {
  return { nodeId, instanceId: instance, address: `${nodeId}:1` };
}

/** A log of commands with these terms; its first entry is the membership. */
export function logOf(terms: readonly Term[], membership: Membership): LogEntry[] {
  return terms.map((term, i) => ({
    term,
    index: i + 1,
    kind: i === 0 ? 'membership' : 'command',
    timestamp: 0,
    data: i === 0 ? encodeMembership(membership) : new TextEncoder().encode(`${i + 1} of ${term}`),
  }));
}

export class Scene {
  readonly nodes = new Map<NodeId, SceneNode>();
  readonly settings: RaftSettings;
  now: Instant = 0;
  /** On their way, oldest first. */
  wire: RaftMessage[] = [];
  snapshots: TransferOfSnapshot[] = [];
  /** Every message ever sent, for replays. */
  readonly history: RaftMessage[] = [];
  /** Directed pairs that lose everything. */
  readonly cuts = new Set<string>();
  isQuiet = false;
  watch: SceneWatch | null = null;
  /** What a node draws: its own constant, so that timeouts differ and never change, unless a test wants chance. */
  drawing = (number: number): Random => ({ next: () => (number + 1) / 16 });
  /** While time runs, heartbeats are not worth a line. */
  #isRunning = false;
  #lines: string[] = [];
  #nextId = 1;

  constructor(settings: Partial<RaftSettings> = {}) {
    this.settings = { ...SCENE_SETTINGS, ...settings };
  }

  say(line: string): void {
    if (!this.isQuiet) this.#lines.push(line);
  }

  /** What was said since the last call. */
  takeLines(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  nextId(): number {
    return this.#nextId++;
  }

  node(id: NodeId): SceneNode {
    return must(this.nodes.get(id), `node ${id}`);
  }

  core(id: NodeId): RaftConsensus {
    return must(this.node(id).core, `a running ${id}`);
  }

  /** A node whose disk holds `entries` in `term`. */
  add(id: NodeId, entries: readonly LogEntry[], term: Term): void {
    const storage = new MemoryStorage();
    const hardState = { term, votedFor: null };
    const rest = { truncateFrom: null, snapshot: null, compactTo: null };
    storage.write({ token: 0, hardState, entries, ...rest }, () => {});
    storage.flush();
    const fresh = { core: null, held: [], acks: [], applied: 0, isDiskHeld: false };
    this.nodes.set(id, { id, storage, snapshots: new Map(), ...fresh });
    this.start(id);
  }

  start(id: NodeId, appliedIndex = this.node(id).applied): void {
    const node = this.node(id);
    node.applied = appliedIndex;
    const { storage } = node;
    const number = [...this.nodes.keys()].indexOf(id);
    node.core = new RaftConsensus({
      nodeId: id,
      instanceId: `i-${id}`,
      settings: this.settings,
      storage,
      random: this.drawing(number),
      appliedIndex: node.applied,
      now: this.now,
    });
    this.watch?.started(node);
    this.#carryOut(node);
  }

  /** Ends a life; what the disk had not acknowledged is lost. */
  crash(id: NodeId): void {
    const node = this.node(id);
    node.core = null;
    node.held = [];
    node.acks = [];
    node.storage.crash();
    this.snapshots = this.snapshots.filter((s) => s.from !== id);
  }

  step(id: NodeId, input: RaftInput): void {
    const node = this.node(id);
    if (node.core === null) return;
    node.core.step(input, this.now);
    node.core.check();
    this.watch?.stepped(node, input, this.now);
    this.#carryOut(node);
  }

  /** The disk acknowledges everything that waits, or the oldest `count` writes. */
  flush(id: NodeId, count?: number): void {
    const node = this.node(id);
    node.storage.flush(count);
    this.#acknowledge(node);
  }

  /** Delivers those of the messages under way now that `wanted` picks; answers wait for the next call. */
  deliver(wanted: (m: RaftMessage) => boolean): number {
    const picked = this.wire.filter(wanted);
    this.wire = this.wire.filter((m) => !picked.includes(m));
    for (const message of picked) this.step(message.to, { kind: 'message', message });
    return picked.length;
  }

  /** Until nothing moves any more: messages, and snapshots under way. */
  stabilize(): void {
    for (let round = 0; round < 200; round++) {
      const moved = this.deliver(() => true) + this.arrive();
      if (moved === 0) return;
    }
    this.say('… and so on');
  }

  /** The bytes of all snapshots under way arrive. */
  arrive(isOk = true): number {
    const moved = this.snapshots.splice(0);
    for (const { from, to, meta, term, session } of moved) {
      const target = this.node(to);
      const isThere = isOk && target.core !== null && !this.cuts.has(`${from}>${to}`);
      if (isThere) {
        target.snapshots.set(meta.id, meta);
        const instances = { fromInstance: `i-${from}`, toInstance: `i-${to}` };
        this.step(to, {
          kind: 'message',
          message: { kind: 'snapshot', from, to, ...instances, term, meta, session },
        });
      }
      this.step(from, { kind: 'snapshot-report', peer: to, ok: isThere });
    }
    return moved.length;
  }

  /** Time passes with every timer and message in order. */
  run(ms: number): void {
    const end = this.now + ms;
    this.#isRunning = true;
    for (let guard = 0; guard < 10_000; guard++) {
      this.stabilize();
      const due = [...this.nodes.values()]
        .map((node) => ({ id: node.id, at: node.core?.status().wakeAt ?? Number.POSITIVE_INFINITY }))
        .sort((a, b) => a.at - b.at)[0];
      if (due === undefined || due.at > end) break;
      this.now = Math.max(this.now, due.at);
      this.step(due.id, { kind: 'tick' });
    }
    this.now = end;
    this.#isRunning = false;
  }

  #carryOut(node: SceneNode): void {
    for (let guard = 0; guard < 100; guard++) {
      const output = node.core?.take();
      if (output === undefined) return;
      if (output.persist !== null) node.storage.write(output.persist, (token) => node.acks.push(token));
      this.watch?.took(node, output);
      this.#tell(node.id, output);
      for (const message of output.sendNow) this.#post(message);
      node.held.push(...output.sendAfter);
      for (const s of output.snapshotsToSend) {
        this.say(`${node.id} ⇒ ${s.peer} snapshot ${s.meta.index}/${s.meta.term}`);
        const term = must(node.core, 'a core').status().term;
        this.snapshots.push({ from: node.id, to: s.peer, meta: s.meta, term, session: s.session });
      }
      const isIdle = !this.#apply(node, output);
      if (node.isDiskHeld || node.storage.queued === 0) {
        if (isIdle) return;
        continue;
      }
      node.storage.flush();
      this.#acknowledge(node);
      return;
    }
  }

  #apply(node: SceneNode, output: RaftOutput): boolean {
    if (output.restore !== null) {
      this.say(`${node.id} restores ${output.restore.index}/${output.restore.term}`);
      node.applied = output.restore.index;
    }
    const last = output.apply.at(-1);
    if (last !== undefined) node.applied = last.index;
    if (last === undefined && output.restore === null) return false;
    const input = { kind: 'apply-ack', index: node.applied } as const;
    node.core?.step(input, this.now);
    this.watch?.stepped(node, input, this.now);
    return true;
  }

  #acknowledge(node: SceneNode): void {
    const token = node.acks.at(-1);
    node.acks = [];
    if (token === undefined || node.core === null) return;
    const ready = node.held.filter((h) => h.token <= token);
    node.held = node.held.filter((h) => h.token > token);
    for (const { message } of ready) this.#post(message);
    this.step(node.id, { kind: 'storage-ack', token });
  }

  #tell(id: NodeId, output: RaftOutput): void {
    for (const event of output.events) this.say(`${id} ${printEvent(event)}`);
    for (const p of output.proposals) {
      if (p.kind === 'refused') this.say(`${id} refuses: ${p.reason}, ${p.text}`);
    }
    for (const r of output.reads) this.say(`${id} read ${r.index === null ? 'unknown' : `at ${r.index}`}`);
  }

  #post(message: RaftMessage): void {
    this.history.push(message);
    if (this.cuts.has(`${message.from}>${message.to}`)) return;
    if (!this.#isRunning || !message.kind.startsWith('heartbeat')) this.say(printMessage(message));
    if (this.nodes.has(message.to)) this.wire.push(message);
    if (this.wire.length > LIMITS.maxTurnInputs) this.wire.shift();
  }
}
