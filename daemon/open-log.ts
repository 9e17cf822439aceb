/**
 * Opens the log beside the state and sees to it that the two meet: the log must reach as far
 * as the state has come, and where it begins behind the state a snapshot must bridge the
 * gap. The newest one is what consensus will ask for; if that is rotten, an older one does
 * as well as long as the log still holds every entry behind it.
 */
import { join } from 'node:path';
import { type LogIndex, must, SqlccError } from '../src/base/index.ts';
import type { SnapshotMeta } from '../src/raft/index.ts';
import { type DurableStorage, NodeDisk, openDurableStorage, type SnapshotManager } from '../src/wal/index.ts';
import type { NodeFacts } from './protocol.ts';
import { systemClock } from './system-clock.ts';

export interface OpenedLog {
  readonly storage: DurableStorage;
  /** Where a torn tail was saved; null when there was none. */
  readonly repaired: string | null;
}

/**
 * Opens the log of the node. Throws `storage_failed` when it is damaged, or ends before `appliedIndex`:
 * then it has lost entries that somebody was told are safe.
 */
export function openLog(facts: NodeFacts, appliedIndex: LogIndex): OpenedLog {
  const { storage, recovered } = openDurableStorage({
    disk: new NodeDisk(),
    dir: join(facts.dataDir, 'wal'),
    clusterId: facts.clusterId,
    nodeId: facts.nodeId,
    instanceId: facts.instanceId,
    clock: systemClock,
    schedule: (fn) => setImmediate(fn),
  });
  const last = storage.lastIndex();
  if (appliedIndex <= last) return { storage, repaired: recovered.repaired };
  storage.close();
  const text = `the log ends at ${last}, the state has applied ${appliedIndex}: the log lost its end`;
  const hint = 'wipe this node and join it again; the others hold the entries';
  throw new SqlccError('storage_failed', text, { hint });
}

export interface Bridge {
  readonly storage: Pick<DurableStorage, 'firstIndex' | 'snapshot' | 'term'>;
  readonly snapshots: Pick<SnapshotManager, 'verifySnapshot' | 'list'>;
  /** What the state holds. */
  readonly appliedIndex: LogIndex;
  /** Makes the state that of a snapshot; resolves when it is. */
  readonly restore: (meta: SnapshotMeta) => Promise<void>;
  /** Hears of a snapshot that is rotten while another one serves. */
  readonly passedOver: (damage: SqlccError, instead: SnapshotMeta) => void;
}

/**
 * The index that the state holds when consensus may begin. Throws `storage_failed`, by file, when no sound
 * snapshot leads from the state to the log.
 */
export async function bridgeToLog(bridge: Bridge): Promise<LogIndex> {
  const { storage, snapshots, appliedIndex } = bridge;
  const first = storage.firstIndex();
  if (appliedIndex + 1 >= first) return appliedIndex;
  const newest = must(storage.snapshot(), 'the snapshot that a compacted log builds on');
  const damage = await damageOf(snapshots, newest.id);
  if (damage === null) return appliedIndex; // consensus asks for it
  for (const meta of snapshots.list().reverse()) {
    const isOfLog = meta.index + 1 >= first && storage.term(meta.index) === meta.term;
    const isOther = meta.index <= newest.index && meta.id !== newest.id;
    if (!isOther || !isOfLog || (await damageOf(snapshots, meta.id)) !== null) continue;
    bridge.passedOver(damage, meta);
    await bridge.restore(meta);
    return meta.index;
  }
  const { message, details } = damage;
  const hint =
    'no older snapshot reaches the log: wipe this node and join it again; ' +
    'if it is the only voter, restore a backup instead';
  throw new SqlccError('storage_failed', message, { details, hint });
}

/** What is wrong with a snapshot, or null. */
async function damageOf(snapshots: Pick<SnapshotManager, 'verifySnapshot'>, id: string) {
  try {
    await snapshots.verifySnapshot(id);
    return null;
  } catch (error) {
    if (!(error instanceof SqlccError)) throw error;
    if (error.code !== 'not_found') return error;
    const { details } = error;
    return new SqlccError('storage_failed', `${details['file']} is missing`, { details });
  }
}
