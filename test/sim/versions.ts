/**
 * Two versions of the program side by side. The older one is the production code as it is; the next one exists
 * only here: it knows one command more, and writes the cluster's record in the format behind this one. What the
 * older one does with that is asked of the production code: src/cluster `applyCommand` and `decodeState`.
 */
import { AssertionError, must, SqlccError } from '../../src/base/index.ts';
import {
  applyCommand,
  type ClusterCommand,
  decodeState,
  encodeState,
  STATE_FORMAT,
} from '../../src/cluster/index.ts';
import { Violation } from './violation.ts';

export type Version = 'this' | 'next';

/** What only the next version can do: it counts. */
export const NEXT_COMMAND = 'next-mark';

const AT = { index: 1, term: 1, timestamp: 0, actor: 'sim' };

const FIRST = {
  ...{ kind: 'bootstrap', clusterId: 'sim', name: 'sim', configText: '', configHash: '', tokens: [] },
  node: { nodeId: 'n1', instanceId: 'i-n1' },
} as unknown as ClusterCommand;

/** The record of a cluster that was just made. */
const RECORD = must(applyCommand(null, FIRST, AT).state, 'the record of a new cluster');
const OURS = encodeState(RECORD);
const THEIRS = new TextEncoder().encode(JSON.stringify({ format: STATE_FORMAT + 1, state: RECORD }));

/** The record as `version` writes it into its state file and its snapshots. */
export function recordOf(version: Version): Uint8Array {
  return version === 'this' ? OURS : THEIRS;
}

/** Why this version does not read that record, by its own word; null when it does. `read`: the product's. */
export function unreadable(
  version: Version,
  record: Uint8Array,
  read: (record: Uint8Array) => unknown = decodeState,
): string | null {
  // a version reads what it writes itself, and all before it
  if (version === 'next') return null;
  try {
    read(record);
  } catch (error) {
    if (error instanceof SqlccError && error.code === 'storage_failed') return error.message;
    throw error;
  }
  if (record === THEIRS)
    throw new Violation('MixedVersions: a record of the next version is read by this one');
  return null;
}

/** Why this version does not apply the command of the next one, by an assertion; null when it does: wrong. */
export function unknownCommand(): string | null {
  try {
    applyCommand(RECORD, { kind: NEXT_COMMAND } as unknown as ClusterCommand, AT);
    return null;
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
}
