/**
 * The second port between the screen and the world: what single views ask for, dry runs of changes, and the
 * changes themselves. Operations of the leader go through the feed; everything else through here.
 */
import type { ChangeAct, ChangePlan } from '../model/change-plan.ts';
import type { Question, SliceName, Slices } from './slices.ts';

/** What became of a change. */
export interface Acted {
  /** One sentence for a toast. */
  readonly words: string;
  /** The change that takes it back, if there is one. */
  readonly undo: ChangeAct | null;
}

export interface ActRequest {
  readonly act: ChangeAct;
  readonly reason: string;
  /** The version of the configuration that must still be in force. */
  readonly base: number | null;
  /** The text that was shown and confirmed, where the change is one. */
  readonly text?: string | undefined;
}

export interface Desk {
  /** Names of the clusters that `fleet` may be asked about. */
  readonly contexts: readonly string[];
  /** `node`: who is to answer, for what each node can tell itself; others answer the rest. */
  read<K extends SliceName>(question: Question<K>, node?: string | null): Promise<Slices[K]>;
  /** What `act` would do; only asked for what `ownPlan` leaves to the server. */
  preflight(act: ChangeAct): Promise<ChangePlan>;
  act(request: ActRequest): Promise<Acted>;
}
