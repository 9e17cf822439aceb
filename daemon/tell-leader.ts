/** What a node tells its leader by itself: put into the log where it leads, else asked for at the leader. */
import { errorFromWire } from '../src/api/index.ts';
import { SqlccError } from '../src/base/index.ts';
import { resultOf } from './applied.ts';
import type { NodeContext } from './node-context.ts';

const TIMEOUT_MS = 2000;

/** What telling takes of a node. */
export type TellParts = Pick<NodeContext, 'reads' | 'consensus' | 'http'>;

export interface Word {
  /** The encoded command. */
  readonly data: Uint8Array;
  readonly path: string;
  readonly body: object;
}

/** Tells it once; throws no_leader, and what the leader or the way to it says. */
export async function tellLeader(parts: TellParts, { data, path, body }: Word): Promise<void> {
  const { reads, consensus, http } = parts;
  if (reads.isLeader) {
    resultOf((await consensus.proposals.propose('command', data, TIMEOUT_MS)).result);
    return;
  }
  const leader = reads.leader();
  if (leader === null) throw new SqlccError('no_leader', 'nobody leads');
  const { host, port } = leader;
  const answer = await http.request({
    endpoint: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    ...{ method: 'POST', path, body, timeoutMs: TIMEOUT_MS },
  });
  if (answer.status >= 300) throw errorFromWire(answer.status, answer.json());
}
