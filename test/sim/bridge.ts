/**
 * What a start does when the log begins behind the state and the newest snapshot has rotted: the choice of
 * `bridgeToLog` (daemon/open-log.ts), which reads files, for snapshots that are objects.
 */
import type { RaftStorage } from '../../src/raft/index.ts';
import type { NodeState } from './node-state.ts';

export interface Bridged {
  /** Why no snapshot leads from the state to the log; null when one does, or none is needed. */
  readonly damage: string | null;
  /** The older snapshot that the state became. */
  readonly instead: string | null;
}

const NOT_NEEDED: Bridged = { damage: null, instead: null };

export function bridge(log: RaftStorage, state: NodeState): Bridged {
  const first = log.firstIndex();
  const newest = log.snapshot();
  if (state.appliedIndex + 1 >= first || newest === null || !state.isRotten(newest.id)) return NOT_NEEDED;
  const older = [...state.snapshots.values()]
    .filter(({ meta, isRotten }) => !isRotten && meta.index + 1 >= first && meta.index <= newest.index)
    .filter(({ meta }) => log.term(meta.index) === meta.term)
    .sort((a, b) => b.meta.index - a.meta.index)[0];
  if (older === undefined) return { damage: `${newest.id} has rotted`, instead: null };
  state.restore(older.meta.id);
  return { damage: null, instead: older.meta.id };
}
