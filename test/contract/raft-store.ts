/**
 * What every `RaftStore` must do (src/raft/ports.ts): entries and snapshots in the order in
 * which they were handed over, whatever each takes, and an answer later to each.
 */
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootstrapRequest, type LogEntry, type RaftStore, type SnapshotMeta } from '../../src/raft/index.ts';
import { LogWriter } from '../unit/state/log.ts';

/** One state machine under test. */
export interface StorePupil {
  readonly store: RaftStore;
  /** A snapshot of another machine that has applied `entries`, ready to be restored here. */
  snapshotOf(entries: readonly LogEntry[]): Promise<SnapshotMeta>;
  /** Resolves once all that was handed over is done. */
  settle(): Promise<void>;
  /** Ends this life; answers the last index that the next one finds. */
  reopen(): Promise<number>;
  stop(): Promise<void>;
}

/** A log of `count` entries: a membership, then key-values and empty ones. */
function logOf(count: number): LogEntry[] {
  const writer = new LogWriter();
  const member = { nodeId: 'n1', instanceId: 'i1', address: 'n1:1' };
  const first = bootstrapRequest(member, 0).entries[0] as LogEntry;
  writer.raw('noop', new Uint8Array(0));
  const rest = Array.from({ length: count - 1 }, (_, n) =>
    n % 3 === 0 ? writer.raw('noop', new Uint8Array(0)) : writer.put(`k${n % 7}`, `value ${n}`),
  );
  return [first, ...rest];
}

/** Registers the suite for one implementation. */
export function describeRaftStore(name: string, open: () => Promise<StorePupil>): void {
  describe(`${name} as RaftStore`, () => {
    const log = logOf(60);
    /** Entries with indexes from `low` to `high`. */
    const part = (low: number, high: number): LogEntry[] => log.slice(low - 1, high);

    async function start() {
      const pupil = await open();
      onTestFinished(() => pupil.stop());
      const said: string[] = [];
      const apply = (low: number, high: number): void =>
        pupil.store.apply(part(low, high), (index) => said.push(`applied ${index}`));
      const restore = (meta: SnapshotMeta): void =>
        pupil.store.restore(meta, (index) => said.push(`restored ${index}`));
      return { ...pupil, said, apply, restore };
    }

    it('begins with nothing applied', async () => {
      expect((await start()).store.appliedIndex()).toBe(0);
    });

    it('acknowledges each group later, in order, with its last index', async () => {
      const { said, apply, settle, reopen } = await start();
      for (const [low, high] of [
        [1, 1],
        [2, 20],
        [21, 21],
        [22, 40],
      ] as const)
        apply(low, high);
      expect(said).toEqual([]);
      await settle();
      expect(said).toEqual(['applied 1', 'applied 20', 'applied 21', 'applied 40']);
      expect(await reopen()).toBe(40);
    });

    it('becomes a snapshot, from nothing and from a state far behind it', async () => {
      for (const before of [0, 10]) {
        const { said, apply, restore, snapshotOf, settle, reopen } = await start();
        const meta = await snapshotOf(part(1, 30));
        expect(meta).toMatchObject({ index: 30, term: 1 });
        if (before > 0) apply(1, before);
        await settle();
        restore(meta);
        expect(said).toHaveLength(before > 0 ? 1 : 0);
        await settle();
        expect(said.at(-1)).toBe('restored 30');
        expect(await reopen()).toBe(30);
      }
    });

    it('applies what is handed over directly behind a restore to the restored state', async () => {
      const { said, apply, restore, snapshotOf, settle, reopen } = await start();
      const meta = await snapshotOf(part(1, 30));
      apply(1, 5);
      restore(meta);
      apply(31, 31);
      apply(32, 40);
      expect(said).toEqual([]);
      await settle();
      expect(said).toEqual(['applied 5', 'restored 30', 'applied 31', 'applied 40']);
      expect(await reopen()).toBe(40);
    });

    it('keeps the order through a second restore behind the first', async () => {
      const { said, apply, restore, snapshotOf, settle, reopen } = await start();
      const [first, second] = [await snapshotOf(part(1, 20)), await snapshotOf(part(1, 45))];
      restore(first);
      apply(21, 25);
      restore(second);
      apply(46, 50);
      await settle();
      expect(said).toEqual(['restored 20', 'applied 25', 'restored 45', 'applied 50']);
      expect(await reopen()).toBe(50);
    });
  });
}
