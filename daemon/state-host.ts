/**
 * The state worker's inside: applies committed entries in groups, answers the two
 * other threads, and takes snapshots when the log has grown. It decides nothing about
 * consensus; it only knows "apply these" and "become that snapshot".
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { LIMITS, type LogIndex, type LogLevel, SqlccError } from '../src/base/index.ts';
import { applyCommand, decodeState, encodeState } from '../src/cluster/index.ts';
import type { LogEntry, SnapshotMeta } from '../src/raft/index.ts';
import { decodeEntries, decodeMembership, encodeEntries } from '../src/raft/index.ts';
import { StateStore } from '../src/state/index.ts';
import { NodeDisk, SnapshotManager, scrub } from '../src/wal/index.ts';
import { DigestWindow } from './digest-window.ts';
import { failStop } from './fail-stop.ts';
import { noteMembership } from './membership-words.ts';
import { packChanges } from './packed-changes.ts';
import { packResults } from './packed-results.ts';
import type {
  ConsensusToState,
  MainToState,
  StateToConsensus,
  StateToMain,
  StateWorkerData,
} from './protocol.ts';
import { Unheard } from './unheard.ts';
import { markIn, type VerifyMark } from './verify-mark.ts';

/** A snapshot is due at the configured number of entries and one of these (README 4.7). */
const SNAPSHOT_LOG_BYTES = 64 * 1024 * 1024;
const SNAPSHOT_AFTER_MS = 30_000;
/** Each start reads the whole log; who runs on looks once a day. */
const SCRUB_EVERY_MS = 24 * 3_600_000;

/** For so long behind a reader the state is written group by group: the next one need not ask and wait. */
const EAGER_MS = 100;

/** Rows that are written in one go while others wait: less than half a millisecond. */
const STEP_ROWS = 64;

/** Entries that are applied as one group. */
interface Batch {
  readonly entries: readonly LogEntry[];
  /** The same, encoded, in a buffer of their own. */
  readonly packed: Uint8Array;
  readonly tags: readonly number[];
  /** The last one, when it is a mark for this node. */
  readonly mark: VerifyMark | null;
}

export class StateHost {
  readonly #data: StateWorkerData;
  readonly #store: StateStore;
  readonly #snapshots: SnapshotManager;
  #digests: DigestWindow;
  #sinceSnapshot = { index: 0 as LogIndex, bytes: 0, at: performance.now() };
  #snapshotting = false;
  /** Snapshots that wait to be loaded: newer ones do not make them old. */
  readonly #wanted = new Set<string>();
  #snapshotThreshold: number;
  readonly #unheard = new Unheard(LIMITS.maxUnheardBytes);
  #waitsForMain = false;
  /** Messages that came while a snapshot is loaded, or disk or main waited for; null when nothing is. */
  #waiting: (() => void)[] | null = null;
  /** Ends the time that applied entries wait in memory; null while none do. */
  #settleTimer: NodeJS.Timeout | null = null;
  /** The next step of writing them; null when none is due. */
  #step: NodeJS.Immediate | null = null;
  #eagerUntil = 0;
  #scrubTimer: NodeJS.Timeout | null = null;
  #scrubbing = false;
  /** While nothing is applied because a mark is being read. */
  #mark: { readonly release: (id: string) => void } | null = null;

  constructor(data: StateWorkerData) {
    this.#data = data;
    this.#snapshotThreshold = data.snapshotThreshold;
    const { dataDir } = data.facts;
    this.#snapshots = new SnapshotManager({ dir: join(dataDir, 'snapshots') });
    this.#store = this.#open(join(dataDir, 'engine'));
    const applied = this.#store.appliedIndex();
    this.#digests = this.#digestsFrom(applied);
    this.#sinceSnapshot.index = applied;
  }

  /**
   * The state is made of the newest snapshot and the log, which have checksums of their own: when its file
   * is damaged an empty one takes its place, and consensus brings it up again (open-log.ts).
   */
  #open(dir: string): StateStore {
    const options = {
      dir,
      applyCluster: applyCommand,
      noteMembership,
      encodeCluster: encodeState,
      decodeCluster: decodeState,
    };
    try {
      return StateStore.open(options);
    } catch (error) {
      const isDamage = error instanceof SqlccError && error.details['reason'] !== undefined;
      if (!isDamage) throw error;
      this.#log('error', 'state-damaged', { error: error.message, next: 'made again from snapshot and log' });
      StateStore.discard(dir);
      return StateStore.open(options);
    }
  }

  start(): void {
    this.#scrubTimer = setInterval(() => void this.#scrub(), this.#data.scrubEveryMs ?? SCRUB_EVERY_MS);
    this.#scrubTimer.unref();
    this.#data.consensus.on('message', (message: ConsensusToState) => {
      if (message.kind === 'restore') this.#wanted.add(message.meta.id);
      this.#inOrder(() => this.#onConsensus(message));
    });
    this.#data.main.on('message', (message: MainToState) => {
      if (message.kind === 'marked') this.#mark?.release(message.id);
      else if (message.kind === 'settle') this.#settleForReader();
      else if (message.kind === 'heard') this.#onHeard(message.upTo);
      else this.#inOrder(() => this.#onMain(message));
    });
    this.#main({
      kind: 'open',
      appliedIndex: this.#store.appliedIndex(),
      clusterState: this.#store.clusterState(),
    });
  }

  /** Everything is done in the order in which it came, also when one thing takes its time. */
  #inOrder(work: () => void): void {
    if (this.#waiting === null) work();
    else this.#waiting.push(work);
  }

  /** What has come meanwhile; one of it may take its time again: then the rest waits behind that. */
  #goOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const work of waiting) this.#inOrder(work);
  }

  async #waitForDisk(): Promise<void> {
    this.#waiting = [];
    await this.#store.settled();
    this.#goOn();
  }

  /** Behind everything else that is waited for: what waits in the port is applied already. */
  #waitForMain(): void {
    if (this.#waiting !== null) return;
    this.#waiting = [];
    this.#waitsForMain = true;
  }

  #onHeard(upTo: number): void {
    this.#unheard.heard(upTo);
    if (!this.#waitsForMain || this.#unheard.isTooMuch) return;
    this.#waitsForMain = false;
    this.#goOn();
  }

  async #stop(): Promise<void> {
    if (this.#scrubTimer !== null) clearInterval(this.#scrubTimer);
    this.#waiting = [];
    await this.#store.settled();
    this.#forgetDue();
    this.#store.close();
    this.#main({ kind: 'stopped' });
  }

  #onConsensus(message: ConsensusToState): void {
    switch (message.kind) {
      case 'apply':
        return this.#apply(message.packed, message.tags);
      case 'restore':
        void this.#restore(message.meta);
        return;
      case 'snapshot':
        void this.#snapshot();
        return;
      case 'compare':
        return this.#digests.compare(message.peer, message.index, message.digest);
    }
  }

  #onMain(message: Exclude<MainToState, { kind: 'marked' | 'settle' | 'heard' }>): void {
    switch (message.kind) {
      case 'snapshot':
        void this.#snapshot();
        return;
      case 'snapshot-threshold':
        this.#snapshotThreshold = message.entries;
        return;
      case 'stop':
        void this.#stop();
        return;
    }
  }

  #apply(packed: Uint8Array, tags: readonly number[]): void {
    const decoded = decodeEntries(packed);
    if (!decoded.ok) failStop('state', `entries from the own log do not decode: ${decoded.reason}`);
    const cut = markIn(decoded.value, this.#data.facts.nodeId);
    if (cut === null) return this.#applyEntries({ entries: decoded.value, packed, tags, mark: null });
    const [before, behind] = [decoded.value.slice(0, cut.count), decoded.value.slice(cut.count)];
    this.#applyEntries({ entries: before, packed: encodeEntries(before), tags, mark: cut });
    if (behind.length > 0) this.#inOrder(() => this.#apply(encodeEntries(behind), tags));
  }

  /** At once, whatever waits: what a reader asks for has been applied. */
  #settleForReader(): void {
    this.#eagerUntil = performance.now() + EAGER_MS;
    this.#settle();
    this.#main({ kind: 'settled', index: this.#store.settledIndex() });
  }

  #settle(): void {
    this.#forgetDue();
    this.#writing(() => this.#store.settle());
  }

  #forgetDue(): void {
    if (this.#settleTimer !== null) clearTimeout(this.#settleTimer);
    this.#settleTimer = null;
    if (this.#step !== null) clearImmediate(this.#step);
    this.#step = null;
  }

  /** A step in each turn: what comes meanwhile is applied, and its callers are answered. */
  #settleInSteps(): void {
    this.#forgetDue();
    this.#step = setImmediate(() => {
      this.#step = null;
      if (!this.#store.isSettling && !this.#store.maySettleSome) return this.#settleLater(1);
      if (!this.#writing(() => this.#store.settleSome(STEP_ROWS))) this.#settleInSteps();
      else if (this.#store.settledIndex() < this.#store.appliedIndex()) this.#settleLater(1);
    });
  }

  #settleLater(factor: number): void {
    const settle = (): void => (this.#store.maySettleSome ? this.#settleInSteps() : this.#settle());
    this.#settleTimer ??= setTimeout(settle, LIMITS.unsettledMs / factor);
  }

  #writing<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      return failStop('state', `writing the state failed: ${(error as Error).message}`);
    }
  }

  /** What was applied is written now, or with what comes in the next moments; seldomer where nobody waits. */
  #settleInTime(isServing: boolean): void {
    if (this.#store.settledIndex() === this.#store.appliedIndex()) return;
    const factor = isServing ? LIMITS.servingSettleFactor : 1;
    const share = this.#store.unsettledShare * factor;
    // no more than twice the share waits: what is being written, and what comes meanwhile
    if (share >= (this.#store.isSettling ? 1 : 2)) this.#settle();
    else if (this.#step !== null) return;
    else if (share >= 1 && this.#store.maySettleSome) this.#settleInSteps();
    else this.#settleLater(factor);
  }

  /** Applies nothing more until what is there now has been fixed by a reader, or that takes too long. */
  #hold({ id, index }: VerifyMark): void {
    this.#waiting ??= [];
    const done = (): void => {
      clearTimeout(timer);
      this.#mark = null;
      this.#goOn();
    };
    const timer = setTimeout(done, LIMITS.verifyHoldMs);
    this.#mark = { release: (released) => (released === id ? done() : undefined) };
    this.#main({ kind: 'mark', id, index });
  }

  #applyEntries({ entries, packed, tags, mark }: Batch): void {
    let group: ReturnType<StateStore['apply']>;
    try {
      group = this.#store.apply(entries);
    } catch (error) {
      // disk full, I/O error, damage: never skip an entry, never go on
      failStop('state', `applying up to ${entries.at(-1)?.index} failed: ${(error as Error).message}`);
    }
    if (mark !== null || performance.now() < this.#eagerUntil) this.#settle();
    // before anybody hears that this much is applied
    if (mark !== null) this.#hold(mark);
    this.#consensus({ kind: 'applied', index: group.lastIndex });
    for (const { index, digest: own } of group.results) {
      const digest = this.#digests.add(index, own);
      if (digest !== null) this.#consensus({ kind: 'digest', index, digest });
    }
    this.#sinceSnapshot.bytes += packed.byteLength;
    const kvChanges = packChanges({ entries, packed, changes: group.kvChanges });
    const results = packResults(group.results, tags);
    const record = group.clusterState === null ? 0 : this.#store.clusterBytes;
    this.#main(
      {
        kind: 'applied',
        appliedIndex: group.lastIndex,
        settledIndex: this.#store.settledIndex(),
        results,
        events: group.events,
        clusterState: group.clusterState,
        kvChanges,
        hear: this.#unheard.posted(packed.byteLength + results.others.length + record),
      },
      kvChanges.map((pack) => pack.entries.buffer as ArrayBuffer),
    );
    // behind the results, whose callers would wait for it; what a crash takes of it is in the log
    this.#settleInTime(tags.length > 0);
    if (this.#snapshotDue()) void this.#snapshot();
    if (this.#store.isOutrun) void this.#waitForDisk();
    else if (this.#unheard.isTooMuch) this.#waitForMain();
  }

  #snapshotDue(): boolean {
    const since = this.#sinceSnapshot;
    if (this.#snapshotting || this.#store.appliedIndex() - since.index < this.#snapshotThreshold)
      return false;
    return since.bytes >= SNAPSHOT_LOG_BYTES || performance.now() - since.at >= SNAPSHOT_AFTER_MS;
  }

  async #snapshot(): Promise<void> {
    if (this.#snapshotting || this.#store.appliedIndex() === 0) return;
    this.#snapshotting = true;
    const began = performance.now();
    const copy = join(this.#data.facts.dataDir, 'engine', 'snapshot.tmp');
    try {
      const taken = await this.#store.snapshotTo(copy);
      const membership = decodeMembership(taken.membership);
      if (!membership.ok) failStop('state', 'the stored membership does not decode');
      const meta: Omit<SnapshotMeta, 'size'> = {
        id: `${String(taken.index).padStart(16, '0')}-${this.#data.facts.nodeId}-${Date.now().toString(36)}`,
        index: taken.index,
        term: taken.term,
        membership: membership.value,
        membershipIndex: taken.membershipIndex,
      };
      const made = await this.#snapshots.createSnapshot(copy, meta);
      this.#sinceSnapshot = { index: taken.index, bytes: 0, at: performance.now() };
      this.#consensus({ kind: 'snapshot-made', meta: made });
      this.#main({
        kind: 'snapshot-made',
        index: made.index,
        size: made.size,
        ms: Math.round(performance.now() - began),
      });
      await this.#snapshots.cleanupOldSnapshots(LIMITS.snapshotsKept, this.#wanted);
    } catch (error) {
      // a missed snapshot costs disk space, not safety: the log stays until one succeeds
      this.#log('error', 'snapshot-failed', { error: (error as Error).message });
      this.#sinceSnapshot = { ...this.#sinceSnapshot, bytes: 0, at: performance.now() };
    } finally {
      rmSync(copy, { force: true });
      this.#snapshotting = false;
    }
  }

  /**
   * Looks at files that nobody reads for long. What is damaged is told, and a new snapshot is made: it takes
   * the place of a damaged one, and the log lets go of what lies far enough behind it.
   */
  async #scrub(): Promise<void> {
    if (this.#scrubbing || this.#snapshotting) return;
    this.#scrubbing = true;
    const { facts } = this.#data;
    const [disk, snapshots] = [new NodeDisk(), this.#snapshots];
    try {
      const { files, damages } = await scrub({ ...facts, disk, dir: join(facts.dataDir, 'wal'), snapshots });
      for (const { message } of damages)
        this.#log('error', 'cold-file-damaged', { error: message, next: 'a new snapshot is made' });
      this.#log('info', 'scrubbed', { files, damaged: damages.length });
      if (damages.length > 0) await this.#snapshot();
    } catch (error) {
      this.#log('warn', 'scrub-failed', { error: (error as Error).message });
    } finally {
      this.#scrubbing = false;
    }
  }

  async #restore(meta: SnapshotMeta): Promise<void> {
    this.#waiting = [];
    const target = join(this.#data.facts.dataDir, 'engine', 'restore.tmp');
    try {
      await this.#snapshots.loadSnapshot(meta.id, target);
      await this.#store.settled();
      this.#store.restore(target);
      this.#wanted.delete(meta.id);
    } catch (error) {
      failStop('state', `snapshot ${meta.id} can't be restored: ${(error as Error).message}`);
    }
    this.#digests = this.#digestsFrom(this.#store.appliedIndex());
    this.#sinceSnapshot = { index: this.#store.appliedIndex(), bytes: 0, at: performance.now() };
    this.#consensus({ kind: 'restored', index: this.#store.appliedIndex() });
    this.#main({
      kind: 'restored',
      appliedIndex: this.#store.appliedIndex(),
      clusterState: this.#store.clusterState(),
    });
    this.#goOn();
  }

  #digestsFrom(applied: LogIndex): DigestWindow {
    return new DigestWindow(applied, (peer, index) => this.#main({ kind: 'diverged', peer, index }));
  }

  #consensus(message: StateToConsensus): void {
    this.#data.consensus.postMessage(message);
  }

  #main(message: StateToMain, transfer: ArrayBuffer[] = []): void {
    this.#data.main.postMessage(message, transfer);
  }

  #log(level: LogLevel, event: string, fields: Record<string, string | number | boolean | null>): void {
    this.#main({ kind: 'log', level, event, fields });
  }
}
