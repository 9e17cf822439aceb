/**
 * Reads what nobody has to read for long: finished segments of the log, and snapshots. Bits rot in cold
 * files too, and are met when the file is needed most. Found while the state and the other nodes are sound
 * they cost little. Nothing is written and nothing removed here.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { SqlccError } from '../base/index.ts';
import type { Disk } from './disk.ts';
import { IdentityPrint, type WalIdentity } from './frame.ts';
import { checkSegment } from './recover.ts';
import type { SnapshotManager } from './snapshot-manager.ts';

export interface ScrubOptions extends WalIdentity {
  readonly disk: Disk;
  /** Folder of the log; another thread may write it meanwhile. */
  readonly dir: string;
  readonly snapshots: Pick<SnapshotManager, 'ids' | 'verifySnapshot'>;
}

export interface Scrubbed {
  /** Files that were read. */
  readonly files: number;
  /** `storage_failed` by file and offset. */
  readonly damages: readonly SqlccError[];
}

/** What a file is found to be; null = sound, or gone meanwhile, which is no damage. */
async function damageOf(read: () => unknown, isThere: () => boolean): Promise<SqlccError | null> {
  try {
    await read();
    return null;
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    return isThere() ? error : null;
  }
}

/** Reads each cold file whole, one a turn of the event loop. */
export async function scrub(options: ScrubOptions): Promise<Scrubbed> {
  const { disk, dir, snapshots } = options;
  const place = { disk, dir, print: new IdentityPrint(options) };
  const segments = (): string[] => disk.list(dir).filter((name) => name.endsWith('.wal'));
  // the last one is being written; it is finished before the next one has a name
  const finished = segments().slice(0, -1);
  const ids = snapshots.ids();
  const found: (SqlccError | null)[] = [];
  for (const name of finished) {
    found.push(
      await damageOf(
        () => checkSegment(place, name),
        () => segments().includes(name),
      ),
    );
    await turn();
  }
  for (const id of ids)
    found.push(
      await damageOf(
        () => snapshots.verifySnapshot(id),
        () => snapshots.ids().includes(id),
      ),
    );
  return { files: found.length, damages: found.filter((damage) => damage !== null) };
}
