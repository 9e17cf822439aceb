/**
 * Two processes with one identity: a data folder was copied, and both the original and
 * the copy run. Raft can't tell them apart, so the later one is stopped before it
 * speaks: it asks whoever answers at the address that the record has for its name.
 */
import type { VersionResponse } from '../src/api/index.ts';
import type { NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { NodeRecord } from '../src/cluster/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';

/**
 * A process that does not answer by then counts as gone; if it comes back, it is the one that was
 * superseded.
 */
const ASK_MS = 1000;

export interface Claimant {
  readonly nodeId: NodeId;
  readonly bootCounter: number;
  /** ISO time of its start; null where only the counter is known. */
  readonly startedAt: string | null;
  readonly host: string;
  readonly port: number;
}

type Place = Pick<NodeRecord, 'host' | 'port'>;

const addressOf = ({ host, port }: Place): string => `${host}:${port}`;

/**
 * The conflict with another process that answers at the recorded address as the same node; null when nobody
 * does, or when it is the claimant itself under another name of its host.
 */
export async function twinConflict(
  http: HttpClient,
  claimant: Claimant,
  recorded: Place | undefined,
): Promise<SqlccError | null> {
  if (recorded === undefined || addressOf(recorded) === addressOf(claimant)) return null;
  const endpoint = recorded.host.includes(':') ? `[${recorded.host}]:${recorded.port}` : addressOf(recorded);
  let there: Partial<VersionResponse>;
  try {
    const answer = await http.request({ endpoint, method: 'GET', path: '/v1/version', timeoutMs: ASK_MS });
    if (answer.status !== 200) return null;
    there = (answer.json() ?? {}) as Partial<VersionResponse>;
  } catch {
    return null;
  }
  const { nodeId, bootCounter, startedAt } = claimant;
  const isSelf = there.boot_counter === bootCounter && (startedAt === null || there.started_at === startedAt);
  if (there.node_id !== nodeId || isSelf) return null;
  const [holder, asker] = [addressOf(recorded), addressOf(claimant)];
  const running = `${nodeId} runs at ${holder} (start ${there.boot_counter})`;
  const text = `${running}; the one at ${asker} is a copy of it`;
  const hint = `stop the one at ${holder} first to move the node, or join under another --node-id`;
  return new SqlccError('conflict', text, { hint, details: { node_id: nodeId, holder, claimant: asker } });
}

type Own = { readonly nodeId: NodeId; readonly instanceId: string; readonly bootCounter: number };
type Named = Pick<NodeRecord, 'host' | 'port' | 'bootCounter' | 'instanceId'>;

/**
 * Looks at each state of the record whether this process must stop: a later start of its folder, or
 * another disk, has its name. In its first start a disk reads the cluster's past, where its name may be
 * that of a node that was removed: until it comes to its own admission, another disk is not its successor
 * but its predecessor.
 */
export class Succession {
  #wasOnRecord = false;

  /** Why to stop; null = nothing speaks against going on. */
  look(record: Named | undefined, self: Own): SqlccError | null {
    if (record === undefined) return null;
    const isSame = record.instanceId === self.instanceId;
    this.#wasOnRecord ||= isSame;
    if (isSame ? record.bootCounter <= self.bootCounter : !this.#wasOnRecord && self.bootCounter === 1)
      return null;
    const at = addressOf(record);
    const what = isSame
      ? `start ${record.bootCounter} of it runs at ${at}, this is start ${self.bootCounter}`
      : `the name belongs to another disk, at ${at}`;
    const hint = 'this folder is an older copy, or its boot.json was lost: wipe it and join the node again';
    return new SqlccError('conflict', `${self.nodeId} was superseded: ${what}`, { hint });
  }
}
