/**
 * What every `RaftStorage` must do (src/raft/ports.ts), run against each implementation.
 * A pupil brings a new storage, a way to let the world run until all is durable, and a
 * way to come back after a power cut.
 */
import { describe, expect, it } from 'vitest';
import type { LogEntry, PersistRequest, RaftStorage, SnapshotMeta } from '../../src/raft/index.ts';

/** One storage under test. */
export interface StoragePupil {
  readonly storage: RaftStorage;
  /** Lets everything that was handed over become durable. */
  settle(): void;
  /** A power cut now; answers the storage as the next life finds it. */
  crash(): RaftStorage;
  /** The disk fails for good; the next settle tells. */
  breakDisk(): void;
}

const NOTHING = { hardState: null, truncateFrom: null, entries: [], snapshot: null, compactTo: null };

function request(token: number, parts: Partial<PersistRequest>): PersistRequest {
  return { token, ...NOTHING, ...parts };
}

function entries(first: number, last: number, term = 1): LogEntry[] {
  const made: LogEntry[] = [];
  for (let index = first; index <= last; index++) {
    made.push({
      index,
      term,
      kind: 'command',
      timestamp: index,
      data: new Uint8Array(100).fill(index % 256),
    });
  }
  return made;
}

function snapshot(index: number, term = 1): SnapshotMeta {
  const member = { nodeId: 'n1', instanceId: 'i1', address: 'n1:1' };
  const membership = { voters: [member], outgoing: [], learners: [], learnersNext: [] };
  return { id: `s-${index}`, index, term, membership, membershipIndex: 1, size: 10 };
}

const IGNORE = (): void => {};

/** Registers the suite for one implementation. */
export function describeStorage(name: string, open: () => StoragePupil): void {
  /** A storage with entries 1–10 of term 1, durable. */
  function withTen(): StoragePupil {
    const pupil = open();
    pupil.storage.write(
      request(1, { hardState: { term: 1, votedFor: 'n1' }, entries: entries(1, 10) }),
      IGNORE,
    );
    pupil.settle();
    return pupil;
  }

  describe(`${name}: reads`, () => {
    it('begins empty', () => {
      const { storage } = open();
      expect(storage.initialState()).toEqual({ hardState: { term: 0, votedFor: null }, snapshot: null });
      expect([storage.firstIndex(), storage.lastIndex(), storage.term(0), storage.term(1)]).toEqual([
        1,
        0,
        0,
        undefined,
      ]);
      expect(storage.entries(1, 5, 1000)).toEqual([]);
      expect(storage.snapshot()).toBeNull();
    });

    it('show a write at once, durable or not', () => {
      const { storage } = open();
      storage.write(request(1, { entries: entries(1, 3) }), IGNORE);
      expect(storage.lastIndex()).toBe(3);
      expect(storage.term(3)).toBe(1);
      expect(storage.entries(1, 3, 1e6)).toEqual(entries(1, 3));
    });

    it('cut entries after maxBytes and never to nothing', () => {
      const { storage } = withTen();
      expect(storage.entries(1, 10, 0)).toEqual(entries(1, 1));
      const some = storage.entries(2, 10, 500) ?? [];
      expect(some.length).toBeGreaterThan(1);
      expect(some.length).toBeLessThan(6);
      expect(some).toEqual(entries(2, 1 + some.length));
      expect(storage.entries(8, 99, 1e6)).toEqual(entries(8, 10));
    });
  });

  describe(`${name}: sizes`, () => {
    it('tailWithin answers the longest tail within a number of bytes', () => {
      const { storage } = withTen();
      // 100 bytes of data each, and a share of at most 100 for their frames
      expect(storage.tailWithin(10, 1e6)).toBe(1);
      expect(storage.tailWithin(10, 0)).toBe(11);
      expect(storage.tailWithin(10, 99)).toBe(11);
      expect(storage.tailWithin(10, 200)).toBe(10);
      expect(storage.tailWithin(4, 200)).toBe(4);
      const five = storage.tailWithin(9, 750);
      expect(five).toBeGreaterThan(2);
      expect(five).toBeLessThan(7);
      expect(storage.tailWithin(0, 1e6)).toBe(1);
    });

    it('tailWithin ends at the first entry that is held, and counts what is not durable yet', () => {
      const pupil = withTen();
      pupil.storage.write(
        request(2, { snapshot: { meta: snapshot(8), keepSuffix: true }, compactTo: 6 }),
        IGNORE,
      );
      pupil.storage.write(request(3, { entries: entries(11, 12) }), IGNORE);
      expect(pupil.storage.tailWithin(12, 1e6)).toBe(7);
      expect(pupil.storage.tailWithin(12, 200)).toBe(12);
      expect(pupil.storage.tailWithin(6, 1e6)).toBe(7);
      expect(pupil.storage.tailWithin(3, 1e6)).toBe(4);
      pupil.settle();
      expect(pupil.crash().tailWithin(12, 1e6)).toBe(7);
    });
  });

  describe(`${name}: writes`, () => {
    it('count as waiting until they are durable', () => {
      const pupil = withTen();
      expect(pupil.storage.waitingBytes()).toBe(0);
      pupil.storage.write(request(2, { entries: entries(11, 12) }), IGNORE);
      pupil.storage.write(request(3, { entries: entries(13, 20) }), IGNORE);
      // 100 bytes of data each, and a share of at most 100 for their frames
      expect(pupil.storage.waitingBytes()).toBeGreaterThan(1000);
      expect(pupil.storage.waitingBytes()).toBeLessThan(2000);
      pupil.settle();
      expect(pupil.storage.waitingBytes()).toBe(0);
    });

    it('are acknowledged later, in order, with their token', () => {
      const { storage, settle } = open();
      const acks: number[] = [];
      for (let n = 1; n <= 5; n++)
        storage.write(request(n, { entries: entries(n, n) }), (token) => acks.push(token));
      expect(acks).toEqual([]);
      settle();
      expect(acks).toEqual([1, 2, 3, 4, 5]);
    });

    it('without any part are acknowledged behind the ones before', () => {
      const { storage, settle } = open();
      const acks: number[] = [];
      storage.write(request(1, { entries: entries(1, 1) }), (token) => acks.push(token));
      storage.write(request(2, {}), (token) => acks.push(token));
      expect(acks).toEqual([]);
      settle();
      storage.write(request(3, {}), (token) => acks.push(token));
      settle();
      expect(acks).toEqual([1, 2, 3]);
    });

    it('truncate before they append', () => {
      const pupil = withTen();
      pupil.storage.write(request(2, { truncateFrom: 6, entries: entries(6, 7, 2) }), IGNORE);
      pupil.settle();
      expect(pupil.storage.lastIndex()).toBe(7);
      expect(pupil.storage.term(6)).toBe(2);
      expect(pupil.crash().entries(5, 7, 1e6)).toEqual([...entries(5, 5), ...entries(6, 7, 2)]);
    });

    it('with a snapshot made here keep the entries and compact what they are told', () => {
      const pupil = withTen();
      pupil.storage.write(
        request(2, { snapshot: { meta: snapshot(8), keepSuffix: true }, compactTo: 4 }),
        IGNORE,
      );
      pupil.settle();
      for (const look of [() => pupil.storage, () => pupil.crash()]) {
        const storage = look();
        expect([storage.firstIndex(), storage.lastIndex(), storage.term(4), storage.term(3)]).toEqual([
          5,
          10,
          1,
          undefined,
        ]);
        expect(storage.snapshot()).toEqual(snapshot(8));
        expect(storage.entries(4, 10, 1e6)).toBeUndefined();
        expect(storage.entries(5, 10, 1e6)).toEqual(entries(5, 10));
      }
    });

    it('may compact all entries and go on behind them', () => {
      const pupil = withTen();
      pupil.storage.write(
        request(2, { snapshot: { meta: snapshot(10), keepSuffix: true }, compactTo: 10 }),
        IGNORE,
      );
      pupil.storage.write(request(3, { entries: entries(11, 12) }), IGNORE);
      pupil.settle();
      const storage = pupil.crash();
      expect([storage.firstIndex(), storage.lastIndex(), storage.term(10)]).toEqual([11, 12, 1]);
    });

    it('with a snapshot from a leader replace the log, shorter or longer', () => {
      for (const index of [5, 10, 40]) {
        const pupil = withTen();
        const hardState = { term: 3, votedFor: null };
        pupil.storage.write(
          request(2, { hardState, snapshot: { meta: snapshot(index, 2), keepSuffix: false } }),
          IGNORE,
        );
        pupil.storage.write(request(3, { entries: entries(index + 1, index + 2, 3) }), IGNORE);
        pupil.settle();
        for (const look of [() => pupil.storage, () => pupil.crash()]) {
          const storage = look();
          expect([storage.firstIndex(), storage.lastIndex(), storage.term(index)]).toEqual([
            index + 1,
            index + 2,
            2,
          ]);
          expect(storage.initialState()).toEqual({ hardState, snapshot: snapshot(index, 2) });
          expect(storage.entries(index + 1, index + 2, 1e6)).toEqual(entries(index + 1, index + 2, 3));
        }
      }
    });
  });

  describe(`${name}: crashes`, () => {
    it('keep all that was acknowledged', () => {
      const storage = withTen().crash();
      expect(storage.initialState().hardState).toEqual({ term: 1, votedFor: 'n1' });
      expect(storage.entries(1, 10, 1e6)).toEqual(entries(1, 10));
    });

    it('keep unacknowledged writes whole or not at all, and none without those before it', () => {
      const pupil = withTen();
      pupil.storage.write(
        request(2, { hardState: { term: 2, votedFor: 'n2' }, entries: entries(11, 12, 2) }),
        IGNORE,
      );
      pupil.storage.write(request(3, { truncateFrom: 12, entries: entries(12, 14, 2) }), IGNORE);
      const storage = pupil.crash();
      const { term } = storage.initialState().hardState;
      const state = [term, storage.lastIndex()];
      expect([
        [1, 10],
        [2, 12],
        [2, 14],
      ]).toContainEqual(state);
      expect(storage.entries(1, 10, 1e6)).toEqual(entries(1, 10));
    });
  });

  describe(`${name}: failures`, () => {
    it('are told once, and nothing is acknowledged any more', () => {
      const pupil = withTen();
      const acks: number[] = [];
      const reasons: string[] = [];
      pupil.storage.onFailure((reason) => reasons.push(reason));
      pupil.storage.write(request(2, { entries: entries(11, 11) }), (token) => acks.push(token));
      pupil.breakDisk();
      pupil.storage.write(request(3, { entries: entries(12, 12) }), (token) => acks.push(token));
      pupil.settle();
      pupil.storage.write(request(4, { entries: entries(13, 13) }), (token) => acks.push(token));
      pupil.settle();
      expect(acks).toEqual([]);
      expect(reasons).toHaveLength(1);
    });
  });
}
