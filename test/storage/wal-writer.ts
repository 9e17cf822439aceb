/**
 * A process that writes the production log and snapshots without end until it is killed, or its
 * disk is. Says on its channel what was acknowledged.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../src/base/index.ts';
import { initDurableStorage, openDurableStorage, SnapshotManager } from '../../src/wal/index.ts';
import { entriesFrom, request, snapshotMeta } from '../unit/wal/wal-kit.ts';
import { logOptions } from './real-log.ts';

/** What was acknowledged so far. */
export interface Acked {
  readonly index: number;
  readonly term: number;
  /** Index of the newest snapshot that the log was told of. */
  readonly snapshot: number;
}

export const WRITER_SEGMENT_BYTES = 64 * 1024;
const ENTRIES_PER_SNAPSHOT = 60;

/** Bytes of entry `index`: some are larger than a page. */
export function bytesOf(index: number): number {
  return 50 + ((index * 7919) % 5000);
}

export function contentOf(index: number): string {
  return `state at ${index} `.repeat(3000);
}

async function run(root: string): Promise<void> {
  const options = logOptions(join(root, 'wal'), { segmentBytes: WRITER_SEGMENT_BYTES });
  const snapshots = new SnapshotManager({ dir: join(root, 'snapshots') });
  if (!options.disk.list(options.dir).some((name) => name.endsWith('.wal')))
    initDurableStorage({ ...options, bootstrap: null });
  const { storage } = openDurableStorage(options);
  storage.onFailure(() => process.exit(3));
  let next = storage.lastIndex() + 1;
  let { term } = storage.initialState().hardState;
  let acked: Acked = { index: next - 1, term, snapshot: storage.snapshot()?.index ?? 0 };
  const ack = (more: Partial<Acked>): void => {
    acked = { ...acked, ...more };
    process.send?.(acked);
  };
  /** One write after the other, up to three in flight. */
  const write = (): void => {
    const index = next++;
    const hardState = index % 17 === 0 ? { term: ++term, votedFor: 'n2' } : null;
    const entries = entriesFrom(index, 1, { bytes: bytesOf(index) });
    storage.write(request(index, { hardState, entries }), () => {
      ack({ index, ...(hardState !== null && { term: hardState.term }) });
      write();
    });
  };
  for (let n = 0; n < 3; n++) write();
  for (let at = acked.snapshot; ; ) {
    if (acked.index < at + ENTRIES_PER_SNAPSHOT) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    at = acked.index;
    const copy = join(root, 'copy');
    writeFileSync(copy, contentOf(at));
    const { size: _, ...draft } = snapshotMeta(at);
    const meta = await snapshots.createSnapshot(copy, draft);
    storage.write(request(at, { snapshot: { meta, keepSuffix: true }, compactTo: at - 10 }), () =>
      ack({ snapshot: at }),
    );
    await snapshots.cleanupOldSnapshots();
  }
}

if (process.argv[2] === 'write') {
  assert(process.argv[3] !== undefined, 'a folder');
  run(process.argv[3]).catch(() => process.exit(4));
}
