/**
 * One simulated node: the production turn loop over a log on a simulated disk, and a state
 * machine of production code (node-state.ts). A crash ends a life; a start begins the next
 * on what the disk kept.
 */
import {
  type InstanceId,
  type LogIndex,
  type NodeId,
  SqlccError,
  seededRandom,
} from '../../src/base/index.ts';
import {
  bootstrapRequest,
  type LogEntry,
  type RaftInput,
  type RaftMarks,
  type RaftMember,
  type RaftMessage,
  type RaftSettings,
  type RaftStatus,
  type RaftStorage,
  type RaftStore,
  TurnLoop,
} from '../../src/raft/index.ts';
import { announceStart } from './announce.ts';
import { bridge } from './bridge.ts';
import { Desk, type Reply } from './desk.ts';
import type { DiskImage } from './disk-image.ts';
import { ModelStore } from './model-store.ts';
import type { Life, NodeParts } from './node-parts.ts';
import { NodeState } from './node-state.ts';
import { spied } from './shadow.ts';
import { type DiskFault, isDiskError, type SimStorage } from './storage.ts';
import { unknownCommand, type Version } from './versions.ts';
import { NodeClock } from './world.ts';

/** A failed log must have stopped its node after this long. */
const FAIL_STOP_MS = 5;
/** From the copy of the state to the durable file of a snapshot, at most. */
const SNAPSHOT_MS = 20;

export class SimNode {
  readonly nodeId: NodeId;
  readonly who: string;
  /** Changes with the disk. */
  instanceId: InstanceId;
  state = new NodeState();
  /** Confirmed data was found to be damaged: this disk does not start any more. */
  isRefused = false;
  /** Somebody put an old folder in the place of its own, or bits of it flipped. */
  isSuspect = false;
  /** Grows with each start and each disk. */
  life = 0;
  /** Starts of this disk, counted on it. */
  boot = 0;
  /** Of the program that is started next. */
  version: Version = 'this';
  readonly #parts: NodeParts;
  #settings: RaftSettings;
  #disk: SimStorage;
  #life: Life | null = null;
  /** How far its wall clock is off, in this life and later ones. */
  wallAheadMs = 0;

  constructor(nodeId: NodeId, parts: NodeParts) {
    this.nodeId = nodeId;
    this.who = nodeId;
    this.instanceId = `i-${nodeId}`;
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#disk = parts.makeDisk(this.instanceId);
  }

  get isUp(): boolean {
    return this.#life !== null;
  }

  get isPaused(): boolean {
    return this.#life?.clock.isPaused ?? false;
  }

  /** An order to change the membership lies before it while it stands still, however long that is. */
  get holdsOrder(): boolean {
    return [...(this.#life?.held ?? [])].some((input) => input.kind === 'propose-membership');
  }

  get member(): RaftMember {
    return { nodeId: this.nodeId, instanceId: this.instanceId, address: `${this.nodeId}:1` };
  }

  get appliedIndex(): LogIndex {
    return this.state.appliedIndex;
  }

  get marks(): RaftMarks | null {
    return this.#life?.loop.marks() ?? null;
  }

  get status(): RaftStatus | null {
    return this.#life?.loop.status() ?? null;
  }

  /** The disk, for whoever hurts it. */
  get disk(): SimStorage {
    return this.#disk;
  }

  /** Makes an empty log; the first node also writes itself as the only voter. */
  init(isFirst: boolean): void {
    const request = isFirst ? bootstrapRequest(this.member, 0) : null;
    this.#disk.init(new NodeClock(this.#parts.world), request);
    if (request === null) return;
    const shadow = this.#parts.oracle.shadowOf(this.instanceId);
    this.#parts.oracle.written(this.who, request, () => 0);
    shadow.written(request);
    shadow.acknowledged(0);
  }

  start(): void {
    if (this.isRefused || this.#life !== null) return;
    const { oracle, random, options, world, trace } = this.#parts;
    const shadow = oracle.shadowOf(this.instanceId);
    this.life++;
    this.boot++;
    const clock = new NodeClock(world, 1 + options.clockDrift * (2 * random.next() - 1));
    const opened = this.#open(clock);
    if (opened === null) return;
    const refusal = this.state.refusal(this.version) ?? this.#unbridged(opened);
    if (refusal !== null) {
      this.#parts.say(this.who, `refuses to start: ${refusal}`);
      clock.kill();
      this.#disk.kill();
      return;
    }
    this.state.written(this.version);
    const wrong = shadow.reopened(opened);
    if (wrong !== null) oracle.fail('Recovery', `${this.who} ${wrong}`);
    const storage = spied(opened, shadow, (request) => {
      trace?.written(world.now, this.who, request);
      oracle.written(this.who, request, (index) => opened.term(index));
    });
    const sent = storage.snapshot()?.index ?? 0;
    oracle.started(this.who, storage.initialState().hardState.term, { applied: this.appliedIndex, sent });
    const desk = new Desk((input) => this.submit(input));
    const loop = this.#makeLoop(storage, clock, desk);
    const nothing = { busyUntil: 0, isSnapshotting: false, dropped: null, held: new Set<RaftInput>() };
    this.#life = { loop, storage, clock, desk, ...nothing };
    loop.start();
    if (options.imageEveryMs > 0) announceStart(this, this.#parts);
  }

  #makeLoop(storage: RaftStorage, clock: NodeClock, desk: Desk): TurnLoop {
    const { random, courier, peer, say, oracle, onEvents } = this.#parts;
    let failure: string | null = null;
    storage.onFailure((reason) => {
      failure ??= reason;
      say(this.who, `fail-stop: ${reason}`);
    });
    const fatal = (reason: string): void => {
      if (isDiskError(reason, this.#disk.isRotten)) say(this.who, `fail-stop: ${reason.split('\n')[0]}`);
      // an assertion is one also while the disk fails
      else if (reason !== failure) {
        if (oracle.violation !== null) throw oracle.violation;
        oracle.fail('Fatal', `${this.who}: ${reason}`);
      }
      this.crash(false);
    };
    return new TurnLoop({
      nodeId: this.nodeId,
      instanceId: this.instanceId,
      settings: this.#settings,
      storage,
      transport: {
        send: (messages) => this.#send(messages),
        sendSnapshot: (to, meta, term, session) => courier.send(this, peer(to), to, { meta, term, session }),
      },
      store: this.#store(clock),
      clock,
      random: seededRandom(Math.floor(random.next() * 2 ** 32)),
      schedule: (fn) => clock.soon(() => this.#turn(fn)),
      listener: {
        proposals: (results) => desk.onProposals(results),
        reads: (results) => desk.onReads(results, this.state.machine),
        events: (events) => onEvents(this.nodeId, events, storage),
        fatal,
      },
    });
  }

  /** The log, or null when the disk fails just now or holds damage; damage that nobody did is not forgiven. */
  #open(clock: NodeClock): RaftStorage | null {
    try {
      return this.#disk.open(clock);
    } catch (error) {
      if (!(error instanceof SqlccError) || !('errno' in error.details || this.#disk.isRotten)) throw error;
      const isDamage = !('errno' in error.details);
      this.isRefused = isDamage;
      this.#parts.say(this.who, `${isDamage ? 'refuses to start' : 'does not start'}: ${error.message}`);
      clock.kill();
      this.#disk.kill();
      return null;
    }
  }

  /** As `bridgeToLog` of the daemon: why the state can't be led to the log; that disk is lost. */
  #unbridged(log: RaftStorage): string | null {
    const { say, count } = this.#parts;
    const { damage, instead } = bridge(log, this.state);
    if (instead !== null) {
      count('snapshot passed over');
      say(this.who, `begins with ${instead} instead of a rotten one`);
    }
    this.isRefused = damage !== null;
    return damage;
  }

  /** Ends this life at once; a power cut loses or tears what was not synced, a kill keeps the page cache. */
  crash(isPowerCut: boolean): void {
    const life = this.#life;
    if (life === null) return;
    life.loop.stop();
    life.clock.kill();
    this.#life = null;
    if (isPowerCut) {
      this.#disk.powerCut();
      this.state.powerCut(this.#parts.random);
    } else this.#disk.kill();
    life.desk.close();
  }

  pause(ms: number): void {
    this.#life?.clock.pauseUntil(this.#parts.world.now + ms);
  }

  /** The disk fails once: while it runs, or as it starts. */
  failDisk(fault: DiskFault): void {
    this.#disk.strike(fault);
  }

  /** The machine is replaced: an empty disk under a new instance. It keeps no promise of the old one. */
  wipe(): void {
    this.crash(false);
    this.life++;
    this.instanceId = `i-${this.nodeId}-${this.life}`;
    this.#disk = this.#parts.makeDisk(this.instanceId);
    this.state = new NodeState();
    this.isRefused = false;
    this.isSuspect = false;
    this.boot = 0;
    this.init(false);
  }

  /** A copy of its folder; null when the disk can't be copied. */
  image(): DiskImage | null {
    const disk = this.#disk.copy();
    const { instanceId, boot, state } = this;
    const shadow = this.#parts.oracle.shadowOf(instanceId).copy();
    return disk === null ? null : { instanceId, boot, disk, state: state.copy(), shadow };
  }

  get settings(): RaftSettings {
    return this.#settings;
  }

  /** New settings, now and for lives to come. */
  change(settings: Partial<RaftSettings>): void {
    this.#settings = { ...this.#settings, ...settings };
    this.submit({ kind: 'settings', settings: this.#settings });
  }

  /** Somebody puts an old folder in the place of its own. */
  rollBack({ instanceId, boot, disk, state, shadow }: DiskImage): void {
    this.crash(false);
    this.#disk = disk;
    this.state = state;
    this.isSuspect = boot < this.boot;
    this.boot = boot;
    this.#parts.oracle.replaceShadow(instanceId, shadow);
  }

  /** The record names a later start of this disk: this process is an old copy, and stops. */
  #checkRecord(): void {
    const known = this.state.machine.starts.get(this.instanceId) ?? 0;
    if (known > this.boot) this.supersede(`is start ${this.boot}, the record says start ${known}`);
  }

  /** Somebody has told it that its disk is an old copy. */
  supersede(why: string): void {
    this.#parts.say(this.who, `${why}: its disk is an old copy`);
    this.crash(false);
    this.isRefused = true;
  }

  /** A paused process reads its sockets when it wakes, in order. */
  submit(input: RaftInput): void {
    if (this.#life === null) return;
    const { clock, held, loop } = this.#life;
    if (!clock.isPaused) loop.submit(input);
    else {
      held.add(input);
      clock.later(0, () => {
        held.delete(input);
        loop.submit(input);
      });
    }
  }

  /** Asks for a write; it is answered once it is applied here, or when it is known that it won't be. */
  propose(data: Uint8Array, reply: Reply): void {
    const life = this.#life;
    if (life === null) return reply({ kind: 'error', code: 'unavailable' });
    life.clock.later(0, () => life.desk.propose(data, life.clock.wall() + this.wallAheadMs, reply));
  }

  /** Asks for the value of a key: as it is now, or as it was at `minIndex` or later. */
  read(key: string, minIndex: LogIndex | null, reply: Reply): void {
    const life = this.#life;
    if (life === null) return reply({ kind: 'error', code: 'unavailable' });
    life.clock.later(0, () => {
      if (minIndex === null) life.desk.read(key, reply);
      else life.desk.readAt({ index: minIndex, key, reply }, this.state.machine);
    });
  }

  /** A turn, and what the oracle says to its outcome. */
  #turn(fn: () => void): void {
    const { oracle, world } = this.#parts;
    fn();
    const life = this.#life;
    if (life === null) return oracle.ended();
    const marks = life.loop.marks();
    // a log that has failed and says so in a moment dropped this turn's write: its reads tell nothing now
    if (life.storage.lastIndex() !== marks.last.index) {
      life.dropped ??= world.now;
      if (world.now - life.dropped < FAIL_STOP_MS || life.clock.isPaused) return oracle.ended();
      oracle.fail('FailStop', `${this.who} lives on with a log that dropped a write`);
    }
    oracle.turned(this.who, marks, (index) => life.storage.term(index));
  }

  #send(messages: readonly RaftMessage[]): void {
    const { network, oracle, deliver, trace, world } = this.#parts;
    trace?.sent(world.now, this.who, messages);
    for (const m of messages) oracle.sent(m);
    network.send(messages, deliver);
  }

  #store(clock: NodeClock): RaftStore {
    const store = new ModelStore({
      appliedIndex: this.appliedIndex,
      work: (ms, fn) => this.#work(clock, ms, fn),
      apply: (entry) => this.#apply(entry),
      restore: ({ id }) => this.#restore(id),
    });
    return {
      appliedIndex: () => store.appliedIndex(),
      restore: (meta, done) => {
        this.state.wanted.add(meta.id);
        store.restore(meta, done);
      },
      apply: (entries, done) =>
        store.apply(entries, (index) => {
          done(index);
          this.#life?.desk.moved(this.state.machine);
          this.#maybeSnapshot();
          this.#checkRecord();
        }),
    };
  }

  /** The state machine's thread: one thing after the other. */
  #work(clock: NodeClock, ms: number, fn: () => void): void {
    const life = this.#life;
    if (life === null) return;
    const { now } = this.#parts.world;
    life.busyUntil = Math.max(now, life.busyUntil) + ms;
    clock.later(life.busyUntil - now, fn);
  }

  #apply(entry: LogEntry): boolean {
    const { oracle, history } = this.#parts;
    if (entry.index !== this.appliedIndex + 1) {
      oracle.fail('ApplyOrder', `${this.who} gets ${entry.index} after ${this.appliedIndex}`);
    }
    oracle.applies(this.who, entry);
    const result = this.state.apply(entry, this.version);
    if (result === null) return this.#stopAt(entry);
    history.applied(this.who, entry, result);
    this.#life?.desk.applied(entry, result);
    return true;
  }

  /** A command of the next version: this one does not guess what it means, it stops. */
  #stopAt({ index }: LogEntry): false {
    const why = unknownCommand();
    if (why === null) this.#parts.oracle.fail('MixedVersions', `${this.who} knows ${index}, and must not`);
    return this.#stop('unknown command', `applying ${index}: ${why}`);
  }

  /** The state worker ends the process. */
  #stop(kind: string, why: string): false {
    this.#parts.count(kind);
    this.#parts.say(this.who, `fail-stop: ${why}`);
    this.crash(false);
    return false;
  }

  #maybeSnapshot(): void {
    const every = this.#parts.options.snapshotEveryEntries;
    const life = this.#life;
    if (every === 0 || life === null || life.isSnapshotting) return;
    const newest = this.state.newestSnapshot?.meta.index ?? 0;
    if (this.appliedIndex - newest >= every) this.#snapshot(life, '');
  }

  /** One was refused: if it has rotted another one is made, of the same index or a later one. */
  suspect(id: string): void {
    const life = this.#life;
    if (life === null || life.isSnapshotting || !this.state.isRotten(id)) return;
    this.#parts.count('snapshot made again');
    this.#snapshot(life, `-${Math.floor(this.#parts.world.now)}`);
  }

  #snapshot(life: Life, mark: string): void {
    life.isSnapshotting = true;
    const image = this.state.capture(`${this.nodeId}-${this.appliedIndex}-${this.life}${mark}`, this.version);
    life.clock.later(this.#parts.random.next() * SNAPSHOT_MS, () => {
      life.isSnapshotting = false;
      this.state.keep(image, life.storage.snapshot()?.id ?? null);
      this.submit({ kind: 'snapshot-made', meta: image.meta });
    });
  }

  /** False: what it holds can't be read, and ends it. */
  #restore(id: string): boolean {
    const { oracle, say } = this.#parts;
    if (this.state.isRotten(id)) return this.#stop('snapshot rotten at load', `${id} has rotted`);
    if (!this.state.restore(id)) oracle.fail('SnapshotFile', `${this.who} has no ${id}`);
    const refusal = this.state.refusal(this.version);
    if (refusal !== null) return this.#stop('snapshot of the next version', `loading ${id}: ${refusal}`);
    const { index } = this.state.machine.applied;
    oracle.checks++;
    say(this.who, `restores ${id}`);
    this.#life?.desk.restored(index);
    this.#life?.desk.moved(this.state.machine);
    this.#checkRecord();
    return true;
  }
}
