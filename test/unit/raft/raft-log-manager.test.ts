import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '../../../src/raft/memory-storage.ts';
import { RaftLogManager } from '../../../src/raft/raft-log-manager.ts';
import type { LogEntry, SnapshotMeta } from '../../../src/raft/types.ts';

const MB = 1024 * 1024;

function entries(first: number, terms: readonly number[], bytes = 1): LogEntry[] {
  return terms.map((term, i) => ({
    term,
    index: first + i,
    kind: 'command',
    timestamp: 0,
    data: new Uint8Array(bytes),
  }));
}

function meta(index: number, term: number): SnapshotMeta {
  const membership = { voters: [], outgoing: [], learners: [], learnersNext: [] };
  return { id: `s${index}`, index, term, membership, membershipIndex: 0, size: 1 };
}

/** A log over a memory disk that acknowledges when told to. */
class Bench {
  readonly storage = new MemoryStorage();
  readonly log: RaftLogManager;
  #token = 0;

  constructor(terms: readonly number[] = [], applied = 0) {
    const rest = { truncateFrom: null, snapshot: null, compactTo: null };
    const hardState = { term: 1, votedFor: null };
    this.storage.write({ token: 0, hardState, entries: entries(1, terms), ...rest }, () => {});
    this.storage.flush();
    this.log = new RaftLogManager(this.storage, applied);
  }

  /** Hands the changes to the disk; they are not durable yet. */
  write(): void {
    const write = this.log.takeWrite();
    if (write === null) return;
    this.log.handedOver(++this.#token);
    const request = { token: this.#token, hardState: null, ...write };
    this.storage.write(request, (token) => this.log.acknowledge(token));
  }

  terms(): (number | undefined)[] {
    return Array.from({ length: this.log.lastIndex }, (_, i) => this.log.term(i + 1));
  }
}

describe('RaftLogManager.merge', () => {
  it.each([
    // log, prev index, prev term, new terms, resulting log, cut at
    [[1, 2, 3], 3, 3, [], [1, 2, 3], null],
    [[1, 2, 3], 3, 3, [4, 4], [1, 2, 3, 4, 4], null],
    [[1, 2, 3], 1, 1, [2], [1, 2, 3], null],
    [[1, 2, 3], 0, 0, [1, 2], [1, 2, 3], null],
    [[1, 2, 3], 1, 1, [4], [1, 4], 2],
    [[1, 2, 2, 2], 1, 1, [2, 3, 3], [1, 2, 3, 3], 3],
    [[1, 1, 1], 0, 0, [2, 2, 2], [2, 2, 2], 1],
    [[], 0, 0, [1, 1], [1, 1], null],
  ])('of %j after %i/%i with %j gives %j', (terms, index, term, added, expected, cutAt) => {
    const { log } = new Bench(terms);
    const merged = log.merge({ prev: { index, term }, entries: entries(index + 1, added) });
    expect(merged?.cutAt).toBe(cutAt);
    expect(log.lastIndex).toBe(expected.length);
    expect(expected.map((_, i) => log.term(i + 1))).toEqual(expected);
  });

  it.each([
    [3, 2],
    [4, 3],
    [2, 3],
  ])('refuses what follows %i/%i, which is not there', (index, term) => {
    const bench = new Bench([1, 2, 3]);
    expect(bench.log.merge({ prev: { index, term }, entries: entries(index + 1, [4]) })).toBeNull();
    expect(bench.terms()).toEqual([1, 2, 3]);
  });

  it('never truncates a committed entry', () => {
    const { log } = new Bench([1, 1, 1]);
    log.commitTo(2);
    expect(() => log.merge({ prev: { index: 1, term: 1 }, entries: entries(2, [2]) })).toThrow(
      /committed entry 2/,
    );
  });

  it('replayed old slices change nothing, before and after the write (bug 3)', () => {
    const bench = new Bench([1]);
    const slices = [
      { prev: { index: 1, term: 1 }, entries: entries(2, [1]) },
      { prev: { index: 2, term: 1 }, entries: entries(3, [2, 2]) },
      { prev: { index: 1, term: 1 }, entries: entries(2, [1, 2]) },
    ];
    for (const slice of slices) bench.log.merge(slice);
    for (const slice of slices) expect(bench.log.merge(slice)).toEqual({ added: [], cutAt: null });
    bench.write();
    for (const slice of slices) expect(bench.log.merge(slice)).toEqual({ added: [], cutAt: null });
    expect(bench.terms()).toEqual([1, 1, 2, 2]);
  });
});

describe('RaftLogManager.takeWrite', () => {
  it('makes one write of a conflict and of what replaces it: no crash falls between (bug 3)', () => {
    const { log } = new Bench([1, 1, 1, 1]);
    log.merge({ prev: { index: 2, term: 1 }, entries: entries(3, [2]) });
    expect(log.takeWrite()).toMatchObject({ truncateFrom: 3, entries: [{ index: 3, term: 2 }] });
  });
});

describe('RaftLogManager.agreementHint', () => {
  it.each([
    // leader's 9/5 against a follower of terms 1 3 3 3 5 5 5 5 5: ask at the end of what is not newer
    [[1, 3, 3, 3, 5, 5, 5, 5, 5], 9, 5, 9, 5],
    [[1, 3, 3, 3, 5, 5, 5, 5, 5], 9, 4, 4, 3],
    [[1, 3, 3, 3, 5, 5, 5, 5, 5], 3, 9, 3, 3],
    [[1, 2, 4, 4, 4, 4, 4], 6, 3, 2, 2],
    [[1, 2, 4, 4, 4, 4, 4], 6, 0, 0, 0],
    [[1, 1], 9, 5, 2, 1],
    [[], 4, 4, 0, 0],
  ])('of %j for %i/%i is %i/%i', (terms, index, term, hintIndex, hintTerm) => {
    expect(new Bench(terms).log.agreementHint(index, term)).toEqual({ index: hintIndex, term: hintTerm });
  });
});

describe('RaftLogManager.durable', () => {
  it('follows acknowledgements in order', () => {
    const { log, storage, write } = bound(new Bench([1]));
    log.append(entries(2, [1]));
    write();
    log.append(entries(3, [1]));
    write();
    expect(log.durable).toBe(1);
    storage.flush(1);
    expect(log.durable).toBe(2);
    storage.flush(1);
    expect(log.durable).toBe(3);
  });

  it('is not vouched for by the late acknowledgement of an overwritten entry (ABA)', () => {
    const { log, storage, write } = bound(new Bench([1]));
    log.append(entries(2, [1, 1, 1]));
    write();
    // another leader replaces 3 and 4 while that write is under way
    log.merge({ prev: { index: 2, term: 1 }, entries: entries(3, [2]) });
    write();
    storage.flush(1);
    expect(log.durable).toBe(2);
    storage.flush(1);
    expect(log.durable).toBe(3);
    log.check();
  });

  it('falls when durable entries are truncated', () => {
    const { log, write } = bound(new Bench([1, 1, 1]));
    log.merge({ prev: { index: 1, term: 1 }, entries: entries(2, [2]) });
    expect(log.durable).toBe(1);
    write();
    expect(log.durable).toBe(1);
  });
});

describe('RaftLogManager.takeApply', () => {
  it('hands out what is committed and durable, once, and within its bytes', () => {
    const { log, storage, write } = bound(new Bench());
    log.append(entries(1, [1, 1, 1], MB));
    write();
    log.commitTo(3);
    expect(log.takeApply(10 * MB)).toEqual([]);
    storage.flush();
    expect(log.takeApply(2.5 * MB).map((e) => e.index)).toEqual([1, 2]);
    expect(log.takeApply(1.5 * MB)).toEqual([]);
    log.applyAcknowledged(1);
    expect(log.takeApply(2.5 * MB).map((e) => e.index)).toEqual([3]);
    expect(log.takeApply(2.5 * MB)).toEqual([]);
  });

  it('refuses an acknowledgement of what was never handed out', () => {
    expect(() => new Bench([1, 1]).log.applyAcknowledged(1)).toThrow(/before it was handed out/);
  });
});

describe('RaftLogManager and snapshots', () => {
  it('replaces the whole log by an installed one, and restores it only when that is durable (bug 20)', () => {
    const { log, storage, write } = bound(new Bench([1, 1, 1, 1, 1, 1]));
    log.commitTo(2);
    log.install(meta(4, 3));
    expect(log.isInstalling).toBe(true);
    expect([log.lastIndex, log.firstIndex, log.commit, log.last.term]).toEqual([4, 5, 4, 3]);
    write();
    expect(log.takeRestore()).toBeNull();
    expect(log.takeApply(MB)).toEqual([]);
    log.append(entries(5, [3]));
    write();
    storage.flush();
    expect(log.takeRestore()?.index).toBe(4);
    log.commitTo(5);
    expect(log.takeApply(MB).map((e) => e.index)).toEqual([5]);
    // what the old state machine still reports belongs to the old state
    log.applyAcknowledged(2);
    expect(log.applied).toBe(0);
    log.applyAcknowledged(5);
    expect(log.applied).toBe(5);
    log.check();
  });

  it('compacts behind its own one, never beyond what is applied, and keeps the tail', () => {
    const { log, storage, write } = bound(new Bench([1, 1, 1, 2, 2], 4));
    log.compact(meta(4, 2), 9);
    write();
    expect([log.firstIndex, log.lastIndex, log.term(4), log.term(3)]).toEqual([5, 5, 2, undefined]);
    storage.flush();
    log.compact(meta(3, 1), 3);
    expect(log.takeWrite()).toBeNull();
    expect(log.snapshot()?.index).toBe(4);
    expect(log.entries(4, 5, MB)).toBeUndefined();
    expect(log.entries(5, 5, MB)?.map((e) => e.index)).toEqual([5]);
  });

  it('takes a snapshot of the same index under another id for the newest, once', () => {
    const { log, storage, write } = bound(new Bench([1, 1, 1, 2, 2], 4));
    log.compact(meta(4, 2), 2);
    write();
    storage.flush();
    log.compact({ ...meta(4, 2), id: 'another' }, 2);
    write();
    storage.flush();
    expect(storage.snapshot()?.id).toBe('another');
    expect([log.firstIndex, log.lastIndex]).toEqual([3, 5]);
    log.compact({ ...meta(4, 2), id: 'another' }, 2);
    expect(log.takeWrite()).toBeNull();
  });

  it('starts with a restore when the state lies behind what the log still holds (bug 22)', () => {
    const storage = new MemoryStorage();
    const snapshot = { meta: meta(9, 2), keepSuffix: false };
    const hardState = { term: 2, votedFor: null };
    storage.write(
      { token: 0, hardState, truncateFrom: null, entries: [], snapshot, compactTo: null },
      () => {},
    );
    storage.flush();
    expect(new RaftLogManager(storage, 4).takeRestore()?.index).toBe(9);
    expect(new RaftLogManager(storage, 9).takeRestore()).toBeNull();
  });

  it('starts with the entries between the state and the snapshot when the log still holds them (bug 24)', () => {
    const { log, storage, write } = bound(new Bench([1, 1, 1, 2, 2], 4));
    log.compact(meta(4, 2), 1);
    write();
    storage.flush();
    // a power cut took the newest transactions of the state, the log and its mark are there
    const next = new RaftLogManager(storage, 2);
    expect([next.commit, next.applied, next.takeRestore()]).toEqual([4, 2, null]);
    expect(next.takeApply(MB).map((e) => e.index)).toEqual([3, 4]);
  });

  it('refuses to start when the state is ahead of the log', () => {
    expect(() => new Bench([1, 1], 3)).toThrow(/state at 3 is ahead of the log at 2/);
  });
});

/** The parts of a bench as plain names. */
function bound(bench: Bench) {
  return { log: bench.log, storage: bench.storage, write: () => bench.write() };
}
