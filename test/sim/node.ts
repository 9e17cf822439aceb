/**
 * One simulated node: the production turn loop over a log on a simulated disk, with a
 * state machine that is a number. A crash ends a life; a start begins the next on what
 * the disk kept.
 *
 * The state is only the index up to which it was applied: the oracle checks each entry
 * when it is applied, so equal indexes are equal states.
 */
import {
  type InstanceId,
  type LogIndex,
  type NodeId,
  type Random,
  SqlccError,
  seededRandom,
} from '../../src/base/index.ts';
import {
  bootstrapRequest,
  type LogEntry,
  type RaftEvent,
  type RaftInput,
  type RaftMember,
  type RaftMessage,
  type RaftSettings,
  type RaftStatus,
  type RaftStorage,
  type RaftStore,
  type SnapshotMeta,
  TurnLoop,
} from '../../src/raft/index.ts';
import { ModelStore } from './model-store.ts';
import type { SimNetwork } from './network.ts';
import type { SimOptions } from './options.ts';
import type { Oracle } from './oracle.ts';
import { spied } from './shadow.ts';
import type { SimStorage } from './storage.ts';
import { NodeClock, type World } from './world.ts';

export interface NodeParts {
  readonly world: World;
  readonly network: SimNetwork;
  readonly oracle: Oracle;
  readonly random: Random;
  readonly options: SimOptions;
  readonly settings: RaftSettings;
  /** A new, empty disk for an instance of this node. */
  readonly makeDisk: (instanceId: InstanceId) => SimStorage;
  readonly peer: (nodeId: NodeId) => SimNode | undefined;
  readonly say: (nodeId: NodeId, text: string) => void;
}

type Done = (index: LogIndex | null) => void;

/** What a life has and its crash takes. */
interface Life {
  readonly loop: TurnLoop;
  readonly storage: RaftStorage;
  readonly clock: NodeClock;
  readonly proposed: Map<number, Done>;
  readonly awaited: Map<LogIndex, { readonly term: number; readonly done: Done }>;
  readonly reads: Map<number, Done>;
  /** Work of the state machine, one after the other. */
  busyUntil: number;
  nextId: number;
  /** When the log was first seen to drop a write. */
  dropped: number | null;
}

/** A failed log must have stopped its node after this long. */
const FAIL_STOP_MS = 5;

export class SimNode {
  readonly nodeId: NodeId;
  /** Changes with the disk. */
  instanceId: InstanceId;
  readonly #parts: NodeParts;
  #disk: SimStorage;
  /** Finished snapshots on this node's disk, by id. */
  readonly #snapshots = new Map<string, SnapshotMeta>();
  #applied: LogIndex = 0;
  /** Up to here the state machine's own file is durable. */
  #appliedDurable: LogIndex = 0;
  #life: Life | null = null;
  #lives = 0;

  constructor(nodeId: NodeId, parts: NodeParts) {
    this.nodeId = nodeId;
    this.instanceId = `i-${nodeId}`;
    this.#parts = parts;
    this.#disk = parts.makeDisk(this.instanceId);
  }

  get up(): boolean {
    return this.#life !== null;
  }

  get member(): RaftMember {
    return { nodeId: this.nodeId, instanceId: this.instanceId, address: `${this.nodeId}:1` };
  }

  get appliedIndex(): LogIndex {
    return this.#applied;
  }

  get status(): RaftStatus | null {
    return this.#life?.loop.status() ?? null;
  }

  /** Makes an empty log; the first node also writes itself as the only voter. */
  init(isFirst: boolean): void {
    const request = isFirst ? bootstrapRequest(this.member, 0) : null;
    this.#disk.init(new NodeClock(this.#parts.world), request);
    if (request === null) return;
    const shadow = this.#parts.oracle.shadowOf(this.instanceId);
    shadow.written(request);
    shadow.acknowledged(0);
  }

  start(): void {
    const { oracle, random, settings, world } = this.#parts;
    const shadow = oracle.shadowOf(this.instanceId);
    this.#lives++;
    const clock = new NodeClock(world);
    const opened = this.#open(clock);
    if (opened === null) return;
    const wrong = shadow.reopened(opened);
    if (wrong !== null) oracle.fail('Recovery', `${this.nodeId} ${wrong}`);
    const storage = spied(opened, shadow, (request) =>
      oracle.written(this.nodeId, request, (index) => opened.term(index)),
    );
    let isFailing = false;
    storage.onFailure((reason) => {
      isFailing = true;
      this.#parts.say(this.nodeId, `fail-stop: ${reason}`);
    });
    oracle.started(this.nodeId, storage.initialState().hardState.term, this.#applied);
    const fatal = (reason: string): void => {
      if (!isFailing) {
        if (oracle.violation !== null) throw oracle.violation;
        oracle.fail('Fatal', `${this.nodeId}: ${reason}`);
      }
      this.crash(false);
    };
    const loop = new TurnLoop({
      nodeId: this.nodeId,
      instanceId: this.instanceId,
      settings,
      storage,
      transport: {
        send: (messages) => this.#send(messages),
        sendSnapshot: (peer, meta, term, session) => this.#sendSnapshot(peer, { meta, term, session }),
      },
      store: this.#store(),
      clock,
      random: seededRandom(Math.floor(random.next() * 2 ** 32)),
      schedule: (fn) => void clock.after(0.001, () => this.#turn(fn)),
      listener: {
        proposals: (results) => {
          for (const r of results)
            this.#take(this.#life?.proposed, r.id, r.kind === 'accepted' ? r.position : null);
        },
        reads: (results) => {
          for (const r of results) {
            const read = this.#life?.reads.get(r.id);
            this.#life?.reads.delete(r.id);
            read?.(r.index);
          }
        },
        events: (events) => this.#onEvents(events),
        fatal,
      },
    });
    const maps = { proposed: new Map(), awaited: new Map(), reads: new Map() };
    this.#life = { loop, storage, clock, ...maps, busyUntil: 0, nextId: 1, dropped: null };
    loop.start();
  }

  /** The log, or null when the disk fails just now; damage that is found is not forgiven. */
  #open(clock: NodeClock): RaftStorage | null {
    try {
      return this.#disk.open(clock);
    } catch (error) {
      if (!(error instanceof SqlccError) || !('errno' in error.details)) throw error;
      this.#parts.say(this.nodeId, `does not start: ${error.message}`);
      clock.kill();
      this.#disk.kill();
      return null;
    }
  }

  /** Ends this life at once; a power cut loses or tears what was not synced, a kill keeps the page cache. */
  crash(powerCut: boolean): void {
    const life = this.#life;
    if (life === null) return;
    life.loop.stop();
    life.clock.kill();
    this.#life = null;
    const { random } = this.#parts;
    if (powerCut) {
      this.#disk.powerCut();
      // the state file keeps its last sync and whatever came after it by luck
      const luck = Math.floor(random.next() * (this.#applied - this.#appliedDurable + 1));
      this.#applied = this.#appliedDurable + luck;
    } else this.#disk.kill();
    for (const done of life.proposed.values()) done(null);
    for (const { done } of life.awaited.values()) done(null);
    for (const read of life.reads.values()) read(null);
  }

  pause(ms: number): void {
    this.#life?.clock.pauseUntil(this.#parts.world.now + ms);
  }

  failDisk(): void {
    if (this.#life !== null) this.#disk.failNextSync();
  }

  /** The machine is replaced: an empty disk under a new instance. It keeps no promise of the old one. */
  wipe(): void {
    this.crash(false);
    this.#lives++;
    this.instanceId = `i-${this.nodeId}-${this.#lives}`;
    this.#disk = this.#parts.makeDisk(this.instanceId);
    this.#snapshots.clear();
    this.#applied = 0;
    this.#appliedDurable = 0;
    this.init(false);
  }

  /** A paused process reads its sockets when it wakes, in order. */
  submit(input: RaftInput): void {
    const life = this.#life;
    life?.clock.after(0, () => void life.loop.submit(input));
  }

  /** Proposes a serial; `done(index)` once it is applied here, `done(null)` when that is not known. */
  propose(serial: number, done: Done): void {
    if (this.#life === null) return;
    const id = this.#life.nextId++;
    this.#life.proposed.set(id, done);
    const data = new TextEncoder().encode(String(serial));
    this.submit({ kind: 'propose', proposals: [{ id, kind: 'command', timestamp: 0, data }] });
  }

  read(done: Done): void {
    if (this.#life === null) return;
    const id = this.#life.nextId++;
    this.#life.reads.set(id, done);
    this.submit({ kind: 'read-index', id });
  }

  #take(
    proposed: Map<number, Done> | undefined,
    id: number,
    at: { index: LogIndex; term: number } | null,
  ): void {
    const done = proposed?.get(id);
    if (done === undefined) return;
    proposed?.delete(id);
    if (at === null) done(null);
    else this.#life?.awaited.set(at.index, { term: at.term, done });
  }

  /** A turn, and what the oracle says to its outcome. */
  #turn(fn: () => void): void {
    fn();
    const life = this.#life;
    if (life === null) return;
    const status = life.loop.status();
    // a log that has failed and says so in a moment dropped this turn's write: its reads tell nothing now
    if (life.storage.lastIndex() !== status.last.index) {
      life.dropped ??= this.#parts.world.now;
      if (this.#parts.world.now - life.dropped < FAIL_STOP_MS) return;
      this.#parts.oracle.fail('FailStop', `${this.nodeId} lives on with a log that dropped a write`);
    }
    this.#parts.oracle.turned(status, (index) => life.storage.term(index));
  }

  #send(messages: readonly RaftMessage[]): void {
    const { network, oracle, peer } = this.#parts;
    for (const m of messages) oracle.sent(m);
    network.send(messages, (m) => peer(m.to)?.submit({ kind: 'message', message: m }));
  }

  /** The state machine's thread: one thing after the other. */
  #work(ms: number, fn: () => void): void {
    const life = this.#life;
    if (life === null) return;
    const { now } = this.#parts.world;
    life.busyUntil = Math.max(now, life.busyUntil) + ms;
    life.clock.after(life.busyUntil - now, fn);
  }

  #store(): RaftStore {
    const store = new ModelStore({
      appliedIndex: this.#applied,
      work: (ms, fn) => this.#work(ms, fn),
      apply: (entry) => this.#apply(entry),
      restore: (meta) => this.#restore(meta),
    });
    return {
      appliedIndex: () => store.appliedIndex(),
      restore: (meta, done) => store.restore(meta, done),
      apply: (entries, done) =>
        store.apply(entries, (index) => {
          done(index);
          this.#maybeSnapshot();
        }),
    };
  }

  #apply(entry: LogEntry): void {
    const { oracle } = this.#parts;
    if (entry.index !== this.#applied + 1) {
      oracle.fail('ApplyOrder', `${this.nodeId} gets ${entry.index} after ${this.#applied}`);
    }
    oracle.applies(this.nodeId, entry);
    this.#applied = entry.index;
    const waiting = this.#life?.awaited.get(entry.index);
    this.#life?.awaited.delete(entry.index);
    waiting?.done(waiting.term === entry.term ? entry.index : null);
  }

  #maybeSnapshot(): void {
    const every = this.#parts.options.snapshotEveryEntries;
    const status = this.status;
    const newest = Math.max(this.#appliedDurable, status?.snapshotIndex ?? 0);
    if (every === 0 || status === null || this.#applied - newest < every) return;
    // only a settled configuration is known to belong to this very index
    if (!status.membershipCommitted || status.membershipIndex > this.#applied) return;
    const term = this.#life?.storage.term(this.#applied);
    if (term === undefined) return;
    const { membership, membershipIndex } = status;
    const id = `${this.nodeId}-${this.#applied}-${this.#lives}`;
    const meta: SnapshotMeta = { id, index: this.#applied, term, membership, membershipIndex, size: 100 };
    this.#snapshots.set(id, meta);
    this.#appliedDurable = this.#applied;
    this.submit({ kind: 'snapshot-made', meta });
  }

  #restore(meta: SnapshotMeta): void {
    const { oracle } = this.#parts;
    if (!this.#snapshots.has(meta.id)) oracle.fail('SnapshotFile', `${this.nodeId} has no ${meta.id}`);
    oracle.snapshot(this.nodeId, meta);
    this.#parts.say(this.nodeId, `restores ${meta.id}`);
    this.#applied = meta.index;
    this.#appliedDurable = meta.index;
    for (const [index, { done: tell }] of [...(this.#life?.awaited ?? [])]) {
      if (index > meta.index) continue;
      this.#life?.awaited.delete(index);
      tell(null);
    }
  }

  #sendSnapshot(peer: NodeId, what: { meta: SnapshotMeta; term: number; session: number }): void {
    const { network, world } = this.#parts;
    const life = this.#lives;
    world.after(5 + network.delay(), () => {
      const target = this.#parts.peer(peer);
      const isThere = target?.up === true && this.up && !network.isCut(this.nodeId, peer);
      if (isThere) target.#takeSnapshot(this, what);
      world.after(network.delay(), () => {
        if (life === this.#lives) this.submit({ kind: 'snapshot-report', peer, ok: isThere });
      });
    });
  }

  #takeSnapshot(
    from: SimNode,
    { meta, term, session }: { meta: SnapshotMeta; term: number; session: number },
  ): void {
    this.#snapshots.set(meta.id, meta);
    const ends = { from: from.nodeId, to: this.nodeId };
    const instances = { fromInstance: from.instanceId, toInstance: this.instanceId };
    const message: RaftMessage = { kind: 'snapshot', ...ends, ...instances, term, meta, session };
    this.submit({ kind: 'message', message });
  }

  #onEvents(events: readonly RaftEvent[]): void {
    for (const event of events) {
      this.#parts.say(this.nodeId, JSON.stringify(event));
      if (event.kind !== 'elected' || this.#life === null) continue;
      this.#parts.oracle.elected(this.nodeId, event.term, this.#life.storage);
    }
  }
}
