/** A word of this node for the record: proposed where it leads itself, else told to whoever leads. */
import type { NodeId } from '../src/base/index.ts';
import type { ClusterCommand } from '../src/cluster/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import type { ConsensusLink } from './consensus-link.ts';
import type { Reads } from './reads.ts';
import { encodeCommand } from './requests.ts';

const TIMEOUT_MS = 2000;

export interface LeaderWordParts {
  readonly nodeId: NodeId;
  readonly consensus: Pick<ConsensusLink, 'proposals'>;
  readonly reads: Pick<Reads, 'leader' | 'isLeader'>;
  readonly http: Pick<HttpClient, 'request'>;
}

export interface LeaderWord {
  readonly command: ClusterCommand;
  /** The same as a route of the leader takes it; behind `/v1/nodes/{this node}/`. */
  readonly route: string;
  readonly body: unknown;
}

/** Null when it is recorded, else why it is not. Throws what a request throws. */
export async function tellLeader(parts: LeaderWordParts, word: LeaderWord): Promise<string | null> {
  const { nodeId, consensus, reads, http } = parts;
  if (reads.isLeader) {
    const data = encodeCommand(word.command, nodeId);
    const { result } = await consensus.proposals.propose('command', data, TIMEOUT_MS);
    return result.ok ? null : result.message;
  }
  const to = reads.leader();
  if (to === null) return 'the address of the leader is unknown';
  const answer = await http.request({
    endpoint: `${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`,
    ...{ method: 'POST', path: `/v1/nodes/${encodeURIComponent(nodeId)}/${word.route}` },
    ...{ body: word.body, timeoutMs: TIMEOUT_MS },
  });
  return answer.status < 300 ? null : `status ${answer.status}`;
}
