/**
 * After each start a node tells the cluster that it runs, where it listens and which
 * start of its data directory this is. The leader puts it into the log itself, others
 * ask the leader. It goes on until it is recorded: the record is how the others learn
 * a changed address. A refusal (another disk holds this id) ends the daemon.
 */
import type { AnnounceRequest } from '../src/api/index.ts';
import type { Logger, NodeId } from '../src/base/index.ts';
import { SqlccError } from '../src/base/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import { resultOf } from './applied.ts';
import type { ConsensusLink } from './consensus-link.ts';
import type { Reads } from './reads.ts';
import { encodeCommand } from './requests.ts';
import { announcement } from './routes/cluster.ts';

const RETRY_MS = 200;
const TIMEOUT_MS = 2000;

export interface AnnounceParts {
  readonly nodeId: NodeId;
  readonly consensus: ConsensusLink;
  readonly reads: Reads;
  readonly http: HttpClient;
  readonly logger: Logger;
}

async function once(parts: AnnounceParts, body: AnnounceRequest): Promise<void> {
  const { nodeId, consensus, reads, http } = parts;
  if (reads.isLeader) {
    const data = encodeCommand(announcement(nodeId, body), nodeId);
    resultOf((await consensus.proposals.propose('command', data, TIMEOUT_MS)).result);
    return;
  }
  const leader = reads.leader();
  if (leader === null) throw new SqlccError('no_leader', 'nobody to announce to');
  const answer = await http.request({
    endpoint: `${leader.host}:${leader.port}`,
    method: 'POST',
    path: `/v1/nodes/${encodeURIComponent(nodeId)}/announce`,
    body,
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status >= 400) {
    const error = answer.json() as { code?: string; message?: string };
    if (error.code === 'conflict')
      throw new SqlccError('conflict', error.message ?? 'this node id is in use');
    throw new SqlccError('unavailable', error.message ?? `status ${answer.status}`);
  }
  if (answer.status >= 300) throw new SqlccError('not_leader', 'the leader changed');
}

/**
 * Resolves when the start is recorded, or when `signal` aborts; rejects with conflict when the record
 * refuses it.
 */
export async function announce(
  parts: AnnounceParts,
  body: AnnounceRequest,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await once(parts, body);
      return;
    } catch (error) {
      if (error instanceof SqlccError && error.code === 'conflict') throw error;
      parts.logger.log('debug', 'announce-retry', { error: (error as Error).message });
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
